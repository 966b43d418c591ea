"""Frames of HAWK-I for the recipes of ESO's own pipeline, and the recipes themselves.

Headers are those of the demo's observatory: Debian has neither raw frames nor static calibrations. The sky is
known: the stars of a catalogue are in the frames, and the recipe calibrates by the same catalogue.
"""

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from demo.instruments import HAWKI
from demo.observatory import Block, Exposure
from demo.raw import frame
from demo.targets import Target

PLUGINS = sorted(Path("/usr/lib").glob("*/cpl/plugins/hawki-*"))
IS_INSTALLED = bool(PLUGINS) and shutil.which("esorex") is not None

TARGET = Target("NGC 1316", 50.6738, -37.2082)
FILTER = "Ks"
WHOLE = 2048  #: pixels along a chip; the recipe for flats looks at a fixed part in the middle
WINDOW = 512  #: pixels along the window that the science frames are read from, in the middle of each chip
SCALE = 0.1064 / 3600  #: degrees a pixel
CENTRE = 2163.0 - (WHOLE - WINDOW) // 2  #: pixel of the first chip's window on the optical axis
#: Where the chips are, in pixels of the first: the science recipe takes this for granted when it fits all.
PLACES = ((0.0, 0.0), (2202.8, 2.5), (7.4, 2189.7), (2207.3, 2191.1))
ZERO_POINT = 25.0  #: magnitude of a star of one ADU a second
WIDTH = 3.0  #: sigma of a star, pixels
JITTER = ((0.0, 0.0), (9.0, -6.0), (-7.0, 8.0), (5.0, 11.0))  #: arcsec
NIGHT = datetime(2024, 10, 4, tzinfo=UTC)

Frames = list[tuple[str, Path]]  #: classification and file, as a set of frames lists them


@dataclass(frozen=True)
class Stars:
    """Stars of the field: degrees, and magnitudes in the one filter."""

    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    magnitude: NDArray[np.float64]


def stars_around(target: Target, count: int = 2000) -> Stars:
    """Stars all over the field of the camera, 7.4 arcmin on a side."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-3.7 / 60, 3.7 / 60, (2, count))
    ra = target.ra + x / np.cos(np.radians(target.dec))
    return Stars(ra, target.dec + y, rng.uniform(12.0, 16.0, count))


def exposures(kind: str, count: int, first: datetime, size: int) -> list[Exposure]:
    """``count`` exposures of one template, 90 s apart, with chips of ``size`` pixels."""
    template = next(one for one in HAWKI.templates if one.kind == kind)
    arm = replace(HAWKI.arms[0], shape=(size, size))
    block = Block(4_100_042, "NGC_1316_HAWKI_2", "114.27HA.001", "A field", TARGET, first, FILTER)
    found = []
    for number, (d_ra, d_dec) in enumerate(JITTER[:count]):
        ra = TARGET.ra + d_ra / 3600 / np.cos(np.radians(TARGET.dec))
        aim = replace(TARGET, ra=round(float(ra), 6), dec=round(TARGET.dec + d_dec / 3600, 6))
        found.append(
            Exposure(
                instrument=HAWKI,
                arm=arm,
                template=template,
                start=first + timedelta(seconds=90 * number),
                tpl_start=first,
                expno=number + 1,
                night=date(2024, 10, 3),
                target=aim if kind == "science" else None,
                block=block,
                filter=FILTER,
                counter=number + 1,
            )
        )
    return found


def calibration_frames(directory: Path) -> tuple[Frames, Frames]:
    """Three darks and three twilight flats of whole chips."""
    kinds = (("dark", "DARK", timedelta(hours=12)), ("flat", "FLAT_TWILIGHT", timedelta(hours=-1)))
    found: list[Frames] = []
    for kind, tag, when in kinds:
        frames: Frames = []
        for exposure in exposures(kind, 3, NIGHT + when, WHOLE):
            path = directory / f"{exposure.dp_id}.fits"
            path.write_bytes(frame(exposure))
            frames.append((tag, path))
        found.append(frames)
    return found[0], found[1]


def science_frames(directory: Path, stars: Stars) -> Frames:
    """Four jittered frames of a window in the middle of each chip."""
    frames: Frames = []
    for exposure in exposures("science", 4, NIGHT + timedelta(hours=7), WINDOW):
        path = directory / f"{exposure.dp_id}.fits"
        with fits.HDUList.fromstring(frame(exposure)) as hdus:
            for hdu, place in zip(hdus[1:], PLACES, strict=True):
                for axis, other in ((1, 2), (2, 1)):
                    hdu.header[f"CRPIX{axis}"] = CENTRE - place[axis - 1]
                    hdu.header[f"CD{axis}_{axis}"] = -SCALE if axis == 1 else SCALE
                    hdu.header[f"CD{axis}_{other}"] = 0.0
                light = _image(WCS(hdu.header), stars, exposure.template.exptime)
                hdu.data = np.clip(hdu.data + light, 0, 65_535).astype(np.uint16)
            hdus.writeto(path, checksum=True)
        frames.append(("OBJECT", path))
    return frames


def _image(wcs: WCS, stars: Stars, exptime: float) -> NDArray[np.float64]:
    """What the stars leave in a window, ADU."""
    image = np.zeros((WINDOW, WINDOW))
    half = 5 * round(WIDTH)
    rows, columns = np.mgrid[-half : half + 1, -half : half + 1]
    counts = 10 ** (-0.4 * (stars.magnitude - ZERO_POINT)) * exptime
    for x, y, count in zip(*wcs.all_world2pix(stars.ra, stars.dec, 0), counts, strict=True):
        i, j = round(x), round(y)
        if half <= min(i, j) and max(i, j) < WINDOW - half:
            distance = (columns - (x - i)) ** 2 + (rows - (y - j)) ** 2
            light = count * np.exp(-distance / 2 / WIDTH**2) / (2 * np.pi * WIDTH**2)
            image[j - half : j + half + 1, i - half : i + half + 1] += light
    return image


def window_of(master: Path, directory: Path) -> Path:
    """A master calibration cut to the window of the science frames."""
    low = (WHOLE - WINDOW) // 2
    path = directory / master.name
    with fits.open(master) as hdus:
        for hdu in hdus[1:]:
            hdu.data = hdu.data[low : low + WINDOW, low : low + WINDOW]
        hdus.writeto(path, checksum=True)
    return path


def static_calibrations(directory: Path, stars: Stars) -> Frames:
    """What the science recipe takes beside masters: stars, colour equations, gains, dust of the Galaxy."""
    catalogue = [
        fits.Column("RA", "D", array=stars.ra),
        fits.Column("Dec", "D", array=stars.dec),
        fits.Column("Ksmag", "E", array=stars.magnitude),
        fits.Column("e_Ksmag", "E", array=np.full_like(stars.magnitude, 0.02)),
    ]
    photometry = [
        fits.Column(name, form, array=[value])
        for name, form, value in (
            ("filter_name", "16A", FILTER),
            ("atm_extcoef", "E", 0.05),
            ("mag_offset", "E", 0.0),
            ("coleq_columns", "64A", "Ksmag"),
            ("coleq_errcols", "64A", "e_Ksmag"),
            ("coleq_coefs", "64A", "1.0"),
            ("gal_extcoef", "E", 0.31),
            ("default_zp", "E", ZERO_POINT),
            ("default_zp_err", "E", 0.1),
        )
    ]
    gains = [
        fits.Column("EXTNAME", "16A", array=list(HAWKI.arms[0].chips)),
        fits.Column("READNOISE", "E", array=[5.0] * 4),
        fits.Column("GAIN", "E", array=[2.0] * 4),
    ]
    field = _table(directory / "stars.fits", "local", catalogue, {"CATNAME": "local"})
    frames: Frames = [
        ("MASTER_LOCAL_CATALOGUE_ASTROM", field),
        ("MASTER_LOCAL_CATALOGUE_PHOTOM", field),
        ("PHOTCAL_TAB", _table(directory / "photcal.fits", "local", photometry, {}, {"PHOTOSYS": "VEGA"})),
        ("MASTER_READGAIN", _table(directory / "readgain.fits", "READGAIN", gains)),
    ]
    for pole in ("NORTH", "SOUTH"):
        path = directory / f"dust_{pole.lower()}.fits"
        fits.PrimaryHDU(np.full((16, 16), 0.02, np.float32)).writeto(path)
        frames.append((f"SCHLEGEL_MAP_{pole}", path))
    return frames


def _table(
    path: Path,
    name: str,
    columns: Sequence[fits.Column],
    head: Mapping[str, str] | None = None,
    extension: Mapping[str, str] | None = None,
) -> Path:
    primary, table = fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns, name=name)
    primary.header.update(head or {})
    table.header.update(extension or {})
    fits.HDUList([primary, table]).writeto(path)
    return path


def run(recipe: str, frames: Iterable[tuple[str, Path]], directory: Path) -> dict[str, list[Path]]:
    """Run a recipe by esorex in a new ``directory``; its products by PRO CATG."""
    directory.mkdir()
    listed = directory.with_suffix(".sof")
    listed.write_text("".join(f"{path} {tag}\n" for tag, path in frames))
    logs = directory.with_suffix(".logs")
    logs.mkdir()
    done = subprocess.run(
        [
            "esorex",
            f"--recipe-dir={PLUGINS[-1]}",
            f"--output-dir={directory}",
            f"--log-dir={logs}",
            recipe,
            str(listed),
        ],
        cwd=logs,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, list[Path]] = {}
    for path in sorted(directory.glob("*.fits")):
        found.setdefault(fits.getval(path, "HIERARCH ESO PRO CATG"), []).append(path)
    return found
