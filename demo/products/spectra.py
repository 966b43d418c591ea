"""Synthetic spectra: one-row tables of wavelength, flux, error and quality arrays (SCIENCE.SPECTRUM)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from demo.ephemeris import mjd
from demo.fitsbytes import Card, primary, table_extension
from demo.observatory import Exposure
from demo.products.product import Origin, Shelf, exposure_cards, identity_cards, primary_cards, reduced
from demo.products.tables import Field, rows_of
from demo.raw import generator
from demo.targets import Target

FIBRES = 11  #: spectra that one GIRAFFE block gives
LINES_NM = (393.37, 396.85, 410.17, 434.05, 486.13, 517.27, 589.0, 589.59, 656.28, 854.21, 1083.0, 2166.1)
FLUX_UNIT = "erg.cm**(-2).s**(-1).angstrom**(-1)"


@dataclass(frozen=True, slots=True)
class Setup:
    """How the spectra of one arm look: label, range in nm, resolving power, number of elements, aperture."""

    label: str
    low: float
    high: float
    resolution: float
    elements: int
    aperture: float  #: degrees
    unit: str
    is_air: bool


SETUPS = {
    ("UVES", "BLUE"): (Setup("BLUE", 328.0, 456.0, 40_970, 6000, 1.0 / 3600, "angstrom", True),),
    ("UVES", "RED"): (
        Setup("REDL", 476.0, 577.0, 42_310, 5200, 1.0 / 3600, "angstrom", True),
        Setup("REDU", 584.0, 684.0, 42_310, 5200, 1.0 / 3600, "angstrom", True),
    ),
    ("XSHOOTER", "UVB"): (Setup("UVB", 298.92, 555.98, 5453, 4000, 1.0 / 3600, "nm", False),),
    ("XSHOOTER", "VIS"): (Setup("VIS", 533.66, 1020.0, 8935, 5000, 0.9 / 3600, "nm", False),),
    ("XSHOOTER", "NIR"): (Setup("NIR", 994.06, 2478.96, 5573, 4500, 0.9 / 3600, "nm", False),),
    ("GIRAFFE", "MEDUSA"): (Setup("H627.3", 612.06, 640.46, 22_500, 3000, 1.2 / 3600, "nm", True),),
}


def make_spectra(blocks: Sequence[Sequence[Exposure]], shelf: Shelf) -> None:
    """The spectra of every block of the spectrographs, on the shelf."""
    for block in blocks:
        instrument = block[0].instrument.name
        for arm in block[0].instrument.arms:
            taken = [exposure for exposure in block if exposure.arm is arm]
            for setup in SETUPS.get((instrument, arm.name), ()):
                for origin in _targets(reduced(taken), instrument):
                    _put(origin, setup, shelf)


def _targets(origin: Origin, instrument: str) -> Iterator[Origin]:
    """One origin per object: a fibre spectrograph has many in its field."""
    if instrument != "GIRAFFE":
        yield origin
        return
    centre = origin.target
    rng = generator(f"fibres of {origin.provenance[0]}")
    for fibre in range(1, FIBRES + 1):
        d_ra, d_dec = rng.uniform(-0.19, 0.19, 2)
        dec = round(centre.dec + float(d_dec), 6)
        ra = round((centre.ra + float(d_ra) / np.cos(np.radians(dec))) % 360, 6)
        yield replace(origin, target=Target(f"{centre.name} {fibre:03d}", ra, dec))


def _put(origin: Origin, setup: Setup, shelf: Shelf) -> None:
    """Write one spectrum."""
    dp_id = shelf.next_id()
    stem = "_".join((origin.collection[10:], origin.target.name, setup.label, str(origin.ob_ids[0])))
    name = f"{stem.replace(' ', '_')}.fits"
    shelf.put(origin.collection, name, spectrum(origin, setup, dp_id, name))


def spectrum(origin: Origin, setup: Setup, dp_id: str, name: str) -> bytes:
    """One spectrum file (SDP standard, section on 1-D spectra)."""
    fields, snr = _fields(setup, generator(name))
    title = f"Synthetic spectrum of {origin.target.name}, {setup.label}"
    head: list[Card] = [
        *primary_cards(origin, "SCIENCE.SPECTRUM", title),
        *exposure_cards(origin),
        *identity_cards(dp_id, name, "IDP"),
        ("PRODLVL", 2, "Phase 3 product level: 1-raw, 2-science grade, 3-advanced"),
        ("SPECSYS", "BARYCENT" if setup.is_air else "HELIOCEN", "Reference frame for spectral coordinates"),
        ("EXT_OBJ", False, "TRUE if extended"),
        ("CONTNORM", False, "TRUE if normalised to the continuum"),
        ("TOT_FLUX", False, "TRUE if phot. cond. and all source flux is captured"),
        ("FLUXCAL", "ABSOLUTE", "Type of flux calibration"),
        ("FLUXERR", 5.0, "Uncertainty in flux scale (%)"),
        ("WAVELMIN", setup.low, "[nm] Minimum wavelength"),
        ("WAVELMAX", setup.high, "[nm] Maximum wavelength"),
        ("SPEC_BIN", round((setup.high - setup.low) / (setup.elements - 1), 9), "[nm] Wavelength bin size"),
        ("SPEC_ERR", 0.001, "[nm] Statistical error in spectral coordinate"),
        ("SPEC_SYE", 0.0005, "[nm] Systematic error in spectral coordinate"),
        ("RA_ERR", round(setup.aperture / 2, 8), "[deg] Error of the right ascension of the target"),
        ("DEC_ERR", round(setup.aperture / 2, 8), "[deg] Error of the declination of the target"),
        ("SPEC_RES", float(setup.resolution), "Reference spectral resolving power"),
        ("LAMNLIN", 120, "Number of arc lines used for the wavelength solution"),
        ("LAMRMS", 0.0008, "[nm] Standard deviation of the wavelength solution"),
        ("SNR", snr, "Average signal to noise ratio per pixel"),
    ]
    elapsed = (origin.end - origin.start) / timedelta(seconds=1)
    middle = mjd(origin.start + (origin.end - origin.start) / 2)
    cards: list[Card] = [
        ("EXTNAME", "SPECTRUM", "FITS Extension name"),
        ("INHERIT", True, "Primary header keywords are inherited"),
        ("VOCLASS", "SPECTRUM V1.0", "VO data model"),
        ("VOPUB", "SYNTHETIC", "VO publishing authority"),
        ("TITLE", title, "Dataset title"),
        ("OBJECT", origin.target.name, "Target designation"),
        ("RA", origin.target.ra, "[deg] Spectroscopic target position (J2000.0)"),
        ("DEC", origin.target.dec, "[deg] Spectroscopic target position (J2000.0)"),
        ("APERTURE", round(setup.aperture, 8), "[deg] Aperture diameter"),
        ("TELAPSE", round(elapsed, 3), "[s] Total elapsed time"),
        ("TMID", middle, "[d] MJD mid exposure"),
        ("SPEC_VAL", round((setup.low + setup.high) / 2, 6), "[nm] Mean wavelength"),
        ("SPEC_BW", round(setup.high - setup.low, 6), "[nm] Bandpass width Wmax - Wmin"),
        ("NELEM", setup.elements, "Length of the data arrays"),
    ]
    columns = [field.cards(number) for number, field in enumerate(fields, 1)]
    return primary(head) + table_extension(cards, rows_of(fields), columns)


def _fields(setup: Setup, rng: np.random.Generator) -> tuple[tuple[Field, ...], float]:
    """The four columns, and the median signal to noise: a continuum with lines in absorption or emission."""
    wave = np.linspace(setup.low, setup.high, setup.elements)
    redshift = float(rng.choice([0.0, 0.0, 0.01, 0.3, 1.2]))
    slope, depth, snr = float(rng.uniform(-2, 1)), float(rng.uniform(-0.7, 2.0)), float(rng.uniform(8, 60))
    flux = (wave / setup.low) ** slope
    for line in LINES_NM:
        centre = line * (1 + redshift)
        width = max(0.05, 3 * centre / setup.resolution)
        flux = flux * (1 + depth * np.exp(-(((wave - centre) / width) ** 2) / 2))
    error = flux.clip(0.02) / snr
    noisy = flux + error * rng.standard_normal(setup.elements)
    scale = 10.0 ** -float(rng.uniform(15, 17.5))
    quality = (rng.random(setup.elements) < 0.002).astype(np.int32)
    factor = 10.0 if setup.unit == "angstrom" else 1.0
    spectral = "em.wl;obs.atmos" if setup.is_air else "em.wl"
    limits = (("TDMIN", setup.low * factor), ("TDMAX", setup.high * factor))
    density, axis = "phot.flux.density;em.wl", "Spectrum.Data.FluxAxis"
    fields = (
        Field("WAVE", (wave * factor)[None], setup.unit, spectral, "Wavelength",
              "Spectrum.Data.SpectralAxis.Value", limits),
        Field("FLUX", (noisy * scale).astype(np.float32)[None], FLUX_UNIT, f"{density};src.net;meta.main",
              "Flux", f"{axis}.Value"),
        Field("ERR", (error * scale).astype(np.float32)[None], FLUX_UNIT, f"stat.error;{density};meta.main",
              "Error of the flux", f"{axis}.Accuracy.StatError"),
        Field("QUAL", quality[None], "", "meta.code.qual;meta.main", "0 is good, 1 is bad",
              f"{axis}.Accuracy.QualityStatus"),
    )  # fmt: skip
    return fields, round(float(np.median(np.abs(noisy) / error)), 2)
