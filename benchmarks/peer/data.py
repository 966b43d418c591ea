"""The data of the comparison: one seed, the same rows every time, in Parquet and CSV.

``python -m benchmarks.peer.data --out DIR``: ``sources``, uniform on the sphere, and ``obscore``, an ESO-like
mix of instruments whose footprints are rotated squares.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as parquet

SEED = 20251122

#: ``name, SQL type, datatype, unit, UCD, description``.
SOURCES = (
    ("source_id", "bigint", "long", "", "meta.id;meta.main", "Unique source number"),
    ("ra", "double precision", "double", "deg", "pos.eq.ra;meta.main", "Right ascension (ICRS)"),
    ("dec", "double precision", "double", "deg", "pos.eq.dec;meta.main", "Declination (ICRS)"),
    ("parallax", "real", "float", "mas", "pos.parallax.trig", "Parallax"),
    ("pmra", "real", "float", "mas/yr", "pos.pm;pos.eq.ra", "Proper motion in RA, times cos(dec)"),
    ("pmdec", "real", "float", "mas/yr", "pos.pm;pos.eq.dec", "Proper motion in Dec"),
    ("g_mag", "real", "float", "mag", "phot.mag;em.opt", "Mean G magnitude"),
    ("bp_rp", "real", "float", "mag", "phot.color;em.opt.B;em.opt.R", "BP-RP colour, where measured"),
    ("name", "text", "text", "", "meta.id", "Designation"),
    ("obs_time", "double precision", "double", "d", "time.epoch", "Mean epoch (MJD)"),
    ("n_obs", "integer", "int", "", "meta.number;obs", "Number of observations"),
    ("flags", "smallint", "short", "", "meta.code.qual", "Quality flags"),
)


@dataclass(frozen=True)
class Instrument:
    """What its products look like; wavelengths in um, field and pixel in degrees and arcsec."""

    name: str
    share: float
    facility: str
    product: str
    band: tuple[float, float]
    resolution: tuple[float, float]
    field: float
    pixel: float
    pixels: int
    ucd: str


FLUX, COUNT = "phot.flux.density;em.wl", "phot.count"
INSTRUMENTS = (
    Instrument("UVES", 0.22, "ESO-VLT-U2", "spectrum", (0.30, 1.10), (40000, 110000), 0.0030, 0.25, 1, FLUX),
    Instrument(
        "X-SHOOTER", 0.18, "ESO-VLT-U3", "spectrum", (0.30, 2.48), (3000, 18000), 0.0031, 0.16, 1, FLUX
    ),
    Instrument("GIRAFFE", 0.20, "ESO-VLT-U2", "spectrum", (0.37, 0.90), (5600, 46000), 0.0003, 1.20, 1, FLUX),
    Instrument("HAWK-I", 0.16, "ESO-VLT-U4", "image", (0.97, 2.31), (3, 60), 0.1250, 0.106, 4096, COUNT),
    Instrument("MUSE", 0.14, "ESO-VLT-U4", "cube", (0.465, 0.93), (1770, 3590), 0.0167, 0.20, 320, FLUX),
    Instrument("HARPS", 0.06, "ESO-3.6", "spectrum", (0.378, 0.691), (80000, 120000), 0.0003, 0.50, 1, FLUX),
    Instrument("OMEGACAM", 0.04, "ESO-VST", "image", (0.32, 1.05), (3, 12), 1.0000, 0.21, 16384, COUNT),
)


def make_sources(count: int) -> pa.Table:
    """Rows of `SOURCES`; ``bp_rp`` is null in every twentieth."""
    rng = np.random.default_rng([SEED, 1])
    return pa.table(
        {
            "source_id": np.arange(count, dtype="i8") * 7919 + 4_000_000_000_000,
            "ra": rng.uniform(0, 360, count),
            "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, count))),
            "parallax": rng.gamma(1.2, 0.8, count).astype("f4"),
            "pmra": rng.normal(0, 8, count).astype("f4"),
            "pmdec": rng.normal(-2, 8, count).astype("f4"),
            "g_mag": (21.5 - rng.exponential(1.8, count)).astype("f4"),
            "bp_rp": pa.array(rng.normal(1, 0.5, count).astype("f4"), mask=rng.random(count) < 0.05),
            "name": [f"BS {number:09d}" for number in rng.permutation(count).tolist()],
            "obs_time": rng.uniform(56863.9, 60676.0, count),
            "n_obs": rng.poisson(180, count).astype("i4"),
            "flags": rng.integers(0, 4096, count).astype("i2"),
        }
    )


def offset(ra: Any, dec: Any, xi: Any, eta: Any) -> tuple[Any, Any]:
    """Degrees in the tangent plane of a position, on the sphere."""
    x, y, lat = np.radians(xi), np.radians(eta), np.radians(dec)
    divisor = np.cos(lat) - y * np.sin(lat)
    lon = np.radians(ra) + np.arctan2(x, divisor)
    return np.degrees(lon) % 360, np.degrees(np.arctan2(np.sin(lat) + y * np.cos(lat), np.hypot(x, divisor)))


def footprints(rng: np.random.Generator, ra: Any, dec: Any, field: Any) -> list[str]:
    """Rotated squares as STC-S."""
    angle = rng.uniform(0, 2 * np.pi, len(ra))
    numbers: list[Any] = []
    for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        east = field * (x * np.cos(angle) - y * np.sin(angle))
        north = field * (x * np.sin(angle) + y * np.cos(angle))
        numbers += offset(ra, dec, east, north)
    return ["POLYGON ICRS " + " ".join(f"{v:.7f}" for v in row) for row in np.stack(numbers, 1).tolist()]


def make_obscore(count: int) -> pa.Table:
    """ObsCore 1.1: fields that are visited many times, each by one of `INSTRUMENTS`."""
    rng = np.random.default_rng([SEED, 2])
    fields = max(50, count // 40)
    weight = rng.pareto(1.3, fields) + 0.2
    field = rng.choice(fields, count, p=weight / weight.sum())
    center = rng.uniform(0, 360, fields)[field], np.degrees(np.arcsin(rng.uniform(-1, 0.5, fields)))[field]
    ra, dec = offset(*center, rng.normal(0, 0.03, count), rng.normal(0, 0.03, count))
    which = rng.choice(len(INSTRUMENTS), count, p=[i.share for i in INSTRUMENTS])

    def of(attribute: str) -> Any:
        return np.array([getattr(i, attribute) for i in INSTRUMENTS])[which]

    band, resolution, product = of("band") * 1e-6, of("resolution"), of("product")
    part = rng.uniform(0.15, 0.6, count)
    em_min = band[:, 0] + (band[:, 1] - band[:, 0]) * rng.uniform(0, 1, count) * (1 - part)
    exposure = np.round(np.exp(rng.normal(6.2, 1.1, count)), 3).clip(0.5, 36000)
    t_min = rng.uniform(51544.0, 60675.9, count)
    ids = [f"ADP.{2000 + i % 25}-{1 + i % 12:02d}-{1 + i % 28:02d}T{i:09d}" for i in range(count)]
    spectral = np.where(product == "spectrum", rng.integers(4000, 90000, count), 1)
    return pa.table(
        {
            "dataproduct_type": product,
            "dataproduct_subtype": pa.nulls(count, pa.string()),
            "calib_level": rng.choice([1, 2, 3], count, p=[0.35, 0.5, 0.15]).astype("i2"),
            "obs_collection": np.char.add("PHASE3-", of("name")),
            "obs_id": [f"OB{i // 4:08d}" for i in range(count)],
            "obs_title": [f"{name} of field {n}" for name, n in zip(of("name"), field, strict=True)],
            "obs_publisher_did": [f"ivo://bench.example/ID?{dp_id}" for dp_id in ids],
            "obs_creator_did": pa.nulls(count, pa.string()),
            "access_url": [f"http://archive.example/links?ID=ivo://bench.example/ID?{i}" for i in ids],
            "access_format": ["application/x-votable+xml;content=datalink"] * count,
            "access_estsize": (of("pixels").astype("i8") ** 2 * 4 + spectral * 12) // 1024 + 20,
            "target_name": [f"field {n}" for n in field.tolist()],
            "target_class": pa.nulls(count, pa.string()),
            "s_ra": ra,
            "s_dec": dec,
            "s_fov": of("field") * np.sqrt(2),
            "s_region": footprints(rng, ra, dec, of("field")),
            "s_resolution": np.round(rng.uniform(0.3, 1.6, count), 3),
            "s_xel1": of("pixels").astype("i8"),
            "s_xel2": of("pixels").astype("i8"),
            "s_pixel_scale": pa.array(of("pixel"), mask=product == "spectrum"),
            "t_min": t_min,
            "t_max": t_min + exposure / 86400 * rng.uniform(1, 1.3, count),
            "t_exptime": exposure,
            "t_resolution": exposure,
            "t_xel": np.ones(count, "i8"),
            "em_min": em_min,
            "em_max": em_min + (band[:, 1] - band[:, 0]) * part,
            "em_res_power": np.round(rng.uniform(resolution[:, 0], resolution[:, 1])),
            "em_xel": spectral.astype("i8"),
            "em_ucd": ["em.wl"] * count,
            "o_ucd": of("ucd"),
            "pol_states": pa.nulls(count, pa.string()),
            "pol_xel": pa.nulls(count, pa.int64()),
            "facility_name": of("facility"),
            "instrument_name": of("name"),
        }
    )


def write(directory: Path, sources: int, obscore: int) -> None:
    """Both tables in both formats; what is there already is kept."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, make, count in (("sources", make_sources, sources), ("obscore", make_obscore, obscore)):
        if (directory / f"{name}.csv").exists():
            continue
        table = make(count)
        parquet.write_table(table, directory / f"{name}.parquet", compression="zstd")
        csv.write_csv(table, directory / f"{name}.part")
        (directory / f"{name}.part").rename(directory / f"{name}.csv")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sources", type=int, default=2_000_000)
    parser.add_argument("--obscore", type=int, default=200_000)
    options = parser.parse_args(arguments)
    write(options.out, options.sources, options.obscore)


if __name__ == "__main__":
    main()
