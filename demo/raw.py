"""Synthetic raw frames: small detectors, faithful headers."""

from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from demo.ephemeris import iso
from demo.fitsbytes import Card, image_extension, primary
from demo.headers import ORIGIN, primary_cards
from demo.observatory import SEED, Exposure

BIAS_LEVEL = 200.0  #: ADU
READ_NOISE = 3.5  #: ADU


def write_raw(exposures: list[Exposure], directory: Path) -> list[Path]:
    """Write each exposure into ``directory/<night>/<dp_id>.fits``; the same bytes every time."""
    paths = []
    for exposure in exposures:
        path = directory / exposure.night.isoformat() / f"{exposure.dp_id}.fits"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(frame(exposure))
        paths.append(path)
    return paths


def frame(exposure: Exposure) -> bytes:
    """One raw FITS file: the frame in the primary HDU, or one extension per detector."""
    rng = generator(exposure.dp_id)
    cards = primary_cards(exposure, rng)
    chips = exposure.arm.chips
    pixels = _pixels(exposure, max(len(chips), 1), rng)
    if not chips:
        return primary(cards, pixels[0])
    extensions = [image_extension(_chip_cards(exposure, index), pixels[index]) for index in range(len(chips))]
    return b"".join([primary(cards), *extensions])


def generator(name: str) -> np.random.Generator:
    """The random numbers of the file called ``name``: independent of every other file and of their order."""
    return np.random.default_rng([SEED, crc32(name.encode())])


def _pixels(exposure: Exposure, count: int, rng: np.random.Generator) -> NDArray[np.uint16]:
    """``count`` frames of uint16: bias and read noise, and what the light of this kind of frame leaves."""
    ny, nx = exposure.arm.shape
    kind = exposure.template.kind
    light = np.zeros((ny, nx), dtype=np.float32)
    rows, columns = np.mgrid[0:ny, 0:nx].astype(np.float32)
    if exposure.arm.resolution == 0 or kind in ("bias", "dark"):
        light += {"bias": 0.0, "dark": 12.0, "flat": 21_000.0}.get(kind, 900.0)
    else:
        # Traces of orders, slices or fibres: bright ridges eight pixels apart, slightly curved.
        phase = (columns + 3 * np.sin(rows / ny * 3)) % 8 - 4
        ridge = np.exp(-(phase**2) / 3)
        if kind == "arc":
            ridge *= np.isin(np.arange(ny), rng.integers(0, ny, ny // 5))[:, None]
        light += ridge * {"flat": 26_000.0, "arc": 9_000.0, "standard": 15_000.0}.get(kind, 1_800.0)
    noise = rng.standard_normal((count, ny, nx), dtype=np.float32)
    frames = BIAS_LEVEL + light + noise * np.sqrt(READ_NOISE**2 + light)
    if exposure.arm.resolution == 0 and kind in ("science", "standard"):
        stars = rng.integers(0, (ny, nx), (25, 2))
        frames[:, stars[:, 0], stars[:, 1]] += rng.pareto(1.2, 25).astype(np.float32) * 500
    result: NDArray[np.uint16] = np.clip(frames, 0, 65_535).astype(np.uint16)
    return result


def _chip_cards(exposure: Exposure, index: int) -> list[Card]:
    """The header of detector ``index``: name, gain, and for imagers and IFUs the celestial coordinates."""
    name = exposure.arm.chips[index]
    cards: list[Card] = [
        ("EXTNAME", name, "FITS Extension name"),
        ("ORIGIN", ORIGIN, "Synthetic observatory"),
        ("INSTRUME", exposure.instrument.name, "Instrument used"),
        ("EXPTIME", exposure.template.exptime, "[s] Integration time"),
        ("MJD-OBS", exposure.mjd, "[d] Obs start"),
        ("DATE-OBS", iso(exposure.start), "Observing date"),
        ("ESO DET CHIP DATE", "2012-10-23", "Date of installation"),
        ("ESO DET CHIP ID", f"chip-{index + 1:02d}", "Detector chip identification"),
        ("ESO DET CHIP INDEX", index + 1, "Chip index"),
        ("ESO DET CHIP LIVE", True, "Detector alive"),
        ("ESO DET CHIP NAME", name, "Detector chip name"),
        ("ESO DET CHIP PSZX", 15.0, "[um] Size of pixel in X"),
        ("ESO DET CHIP PSZY", 15.0, "[um] Size of pixel in Y"),
        ("ESO DET CHIP X", index % 6 + 1, "X location in array"),
        ("ESO DET CHIP Y", index // 6 + 1, "Y location in array"),
        ("ESO DET OUT1 CONAD", round(0.84 + 0.01 * index, 2), "[e-/ADU] Conversion ADUs to electrons"),
        ("ESO DET OUT1 GAIN", round(1 / (0.84 + 0.01 * index), 3), "[ADU/e-] Conversion electrons to ADU"),
        ("ESO DET OUT1 RON", round(2.3 + 0.02 * index, 2), "[e-] Readout noise per output"),
    ]
    if exposure.instrument.name == "HAWKI" and exposure.target:
        cards += _chip_wcs(exposure, index)
    return cards


def _chip_wcs(exposure: Exposure, index: int) -> list[Card]:
    """Gnomonic coordinates of one of the chips of HAWK-I: 217 arcsec each, gaps of 15 arcsec."""
    if not exposure.target:
        return []
    ny, nx = exposure.arm.shape
    scale = 217.3 / 3600 / nx
    gap = 7.5 / 3600 / scale
    # The file has 1, 2, 4, 3: 1 and 2 below, 4 and 3 above, from left to right.
    left, low = (index in (0, 2), index in (0, 1))
    return [
        ("CTYPE1", "RA---TAN", "Gnomonic projection"),
        ("CTYPE2", "DEC--TAN", "Gnomonic projection"),
        ("CRVAL1", round(exposure.target.ra, 6), "[deg] RA at reference pixel"),
        ("CRVAL2", round(exposure.target.dec, 6), "[deg] DEC at reference pixel"),
        ("CRPIX1", round(nx + gap + 0.5 if left else 0.5 - gap, 3), "[pix] Reference pixel in X"),
        ("CRPIX2", round(ny + gap + 0.5 if low else 0.5 - gap, 3), "[pix] Reference pixel in Y"),
        ("CUNIT1", "deg", "unit of axis 1"),
        ("CUNIT2", "deg", "unit of axis 2"),
        ("CD1_1", -scale, "Coordinate translation matrix"),
        ("CD1_2", 0.0, "Coordinate translation matrix"),
        ("CD2_1", 0.0, "Coordinate translation matrix"),
        ("CD2_2", scale, "Coordinate translation matrix"),
    ]
