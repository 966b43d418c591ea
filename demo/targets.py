"""Where the synthetic observatory points: real places of the sky, in degrees ICRS."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A place on the sky; ``ra`` and ``dec`` in degrees ICRS."""

    name: str
    ra: float
    dec: float


#: what is high at Paranal in the first half of October, at about 04:00 and 07:00 UTC
OCTOBER = {
    "UVES": ((Target("Q 0000-263", 0.8443, -26.0553), Target("HE 0515-4414", 79.2750, -44.1833)),
             (Target("47 Tuc", 6.0236, -72.0813), Target("zeta Ret", 49.4425, -62.5753))),
    "XSHOOTER": ((Target("NGC 253", 11.8881, -25.2883), Target("30 Dor", 84.6766, -69.1009)),
                 (Target("Q 2343+125", 356.6180, 12.8140), Target("NGC 1365", 53.4016, -36.1405))),
    "GIRAFFE": ((Target("NGC 330", 14.0754, -72.4631), Target("Fornax dSph", 39.9971, -34.4492)),
                (Target("Sculptor dSph", 15.0388, -33.7092), Target("NGC 1851", 78.5281, -40.0466))),
    "MUSE": ((Target("M31", 10.6847, 41.2690), Target("GOODS-S", 53.1220, -27.8050)),
             (Target("NGC 300", 13.7228, -37.6844), Target("HUDF", 53.1625, -27.7914))),
    "HAWKI": ((Target("M31 halo", 10.2500, 40.6500), Target("NGC 1316", 50.6738, -37.2082)),
              (Target("M33", 23.4621, 30.6599), Target("RMC 136", 84.6767, -69.1010))),
}  # fmt: skip

#: the same for the end of March
MARCH = {
    "UVES": ((Target("3C 273", 187.2779, 2.0524), Target("alpha Cen", 219.9021, -60.8340)),
             (Target("HE 1104-1805", 166.6390, -18.3567), Target("M 4", 245.8968, -26.5258))),
    "XSHOOTER": ((Target("GRB 240328A", 171.3300, -12.4500), Target("M83", 204.2540, -29.8657)),
                 (Target("M104", 189.9976, -11.6231), Target("NGC 5253", 204.9832, -31.6401))),
    "GIRAFFE": ((Target("Carina Tr 14", 160.9800, -59.5500), Target("omega Cen", 201.6970, -47.4795)),
                (Target("NGC 3201", 154.4034, -46.4125), Target("NGC 6121", 245.8970, -26.5260))),
    "MUSE": ((Target("M87", 187.7059, 12.3911), Target("Cen A", 201.3651, -43.0191)),
             (Target("Antennae", 180.4710, -18.8770), Target("NGC 5128 halo", 201.7000, -42.8000))),
    "HAWKI": ((Target("COSMOS", 150.1192, 2.2058), Target("NGC 5139", 201.6970, -47.4795)),
              (Target("Abell 1689", 197.8730, -1.3411), Target("M83 disc", 204.2000, -29.9000))),
}  # fmt: skip

#: spectrophotometric standard stars, the first for October, the second for March
STANDARDS = (Target("Feige 110", 349.9933, -5.1656), Target("LTT 3218", 130.3917, -32.9436))

#: fields of the survey that test the edges of the sphere: both poles, RA 0, and a grid round M31
EDGES = (
    Target("North celestial pole", 0.0, 90.0),
    Target("Near the north pole", 123.0, 89.6),
    Target("South celestial pole", 0.0, -90.0),
    Target("Near the south pole", 281.0, -89.6),
    Target("RA 0 equator", 0.0, 0.0),
    Target("RA 0 north", 359.95, 35.0),
    Target("RA 0 south", 0.05, -48.0),
    *(Target(f"M31 field {i}{j}", 10.6847 + 0.55 * (i - 2), 41.2690 + 0.42 * (j - 2))
      for i in range(5) for j in range(5)),
)  # fmt: skip
