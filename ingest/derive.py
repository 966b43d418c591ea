"""The derivations that mappings may name: each a function of a file, and of fields mapped before."""

from collections.abc import Mapping

from ingest import coordinates, footprint, spectral
from ingest.fitsfile import FitsFile
from ingest.hidden import circle_around, shape_and_box
from ingest.layout import science_hdu
from ingest.phase3 import derive as phase3
from ingest.raw import derive as raw
from ingest.rules import Derivation, Underivable
from vo_server import sky
from vo_server.errors import UsageFault


def region_text(region: sky.Region | None) -> str | None:
    """`s_region` as it is stored.

    Raises
    ------
    Underivable
        The region is one that no query could be tested against: half the sky, or a line.
    """
    if region is None:
        return None
    text = sky.format_stcs(region)
    try:
        shape_and_box(text)
    except UsageFault as exc:
        raise Underivable("WCS", f"the covered region cannot be used: {exc}") from exc
    return text


def image_region(file: FitsFile) -> str | None:
    """The footprint of the science images, by WCS."""
    return region_text(file.once(footprint.footprint))


def catalogue_region(file: FitsFile) -> str | None:
    """The footprint of a catalogue, by its corners."""
    return region_text(phase3.catalogue_region(file))


def aperture_region(file: FitsFile, ra: float | None, dec: float | None) -> str | None:
    """The circle that a spectrum's aperture covers."""
    return region_text(phase3.aperture_region(file, ra, dec))


def field_region(file: FitsFile, ra: float | None, dec: float | None) -> str | None:
    """The field of view of a raw frame."""
    return region_text(raw.field_region(file, ra, dec))


def field_diameter(file: FitsFile, region: str | None) -> float | None:
    """`s_fov`, degrees: diameter of the smallest circle around a region."""
    return None if region is None else 2 * circle_around(region).radius


def centre_ra(file: FitsFile) -> float | None:
    """Right ascension of the middle of the science images."""
    found = file.once(footprint.centre)
    return found[0] if found else None


def centre_dec(file: FitsFile) -> float | None:
    """Declination of the middle of the science images."""
    found = file.once(footprint.centre)
    return found[1] if found else None


def region_ra(file: FitsFile, region: str | None) -> float | None:
    """Right ascension of the centre of a region."""
    return None if region is None else circle_around(region).ra


def region_dec(file: FitsFile, region: str | None) -> float | None:
    """Declination of the centre of a region."""
    return None if region is None else circle_around(region).dec


def pixel_scale(file: FitsFile) -> float | None:
    """`s_pixel_scale`, arcsec, of the first science image."""
    found = file.once(footprint.outlines)
    return found[0].pixel_scale if found else None


def columns(file: FitsFile) -> int | None:
    """`s_xel1` of the first science image."""
    found = file.once(footprint.outlines)
    return found[0].pixels[0] if found else None


def rows(file: FitsFile) -> int | None:
    """`s_xel2` of the first science image."""
    found = file.once(footprint.outlines)
    return found[0].pixels[1] if found else None


def _end(found: tuple[float, float] | None, index: int) -> float | None:
    return None if found is None else found[index]


def keyword_minimum(file: FitsFile) -> float | None:
    """WAVELMIN in vacuum."""
    return _end(file.once(spectral.keyword_range), 0)


def keyword_maximum(file: FitsFile) -> float | None:
    """WAVELMAX in vacuum."""
    return _end(file.once(spectral.keyword_range), 1)


def axis_minimum(file: FitsFile) -> float | None:
    """The short end of the spectral axis."""
    return _end(file.once(spectral.axis_range), 0)


def axis_maximum(file: FitsFile) -> float | None:
    """The long end of the spectral axis."""
    return _end(file.once(spectral.axis_range), 1)


def column_minimum(file: FitsFile, *, unit: str = "", air: bool = False) -> float | None:
    """The shortest wavelength of a table's column."""
    return _end(spectral.column_range(file, unit=unit, air=air), 0)


def column_maximum(file: FitsFile, *, unit: str = "", air: bool = False) -> float | None:
    """The longest wavelength of a table's column."""
    return _end(spectral.column_range(file, unit=unit, air=air), 1)


def filter_minimum(file: FitsFile, instrument: str | None, name: str | None) -> float | None:
    """The short limit of the filters."""
    return _end(spectral.filter_range(instrument, name), 0)


def filter_maximum(file: FitsFile, instrument: str | None, name: str | None) -> float | None:
    """The long limit of the filters."""
    return _end(spectral.filter_range(instrument, name), 1)


def band_resolution(
    file: FitsFile, product_type: str | None, low: float | None, high: float | None
) -> float | None:
    """`em_res_power` of an image: wavelength over width of its band."""
    if product_type != "image" or not low or not high or high <= low:
        return None
    return (low + high) / 2 / (high - low)


def galactic_longitude(file: FitsFile, ra: float | None, dec: float | None) -> float | None:
    """Galactic longitude, degrees."""
    return _end(coordinates.galactic(ra, dec), 0)


def galactic_latitude(file: FitsFile, ra: float | None, dec: float | None) -> float | None:
    """Galactic latitude, degrees."""
    return _end(coordinates.galactic(ra, dec), 1)


def ecliptic_longitude(file: FitsFile, ra: float | None, dec: float | None) -> float | None:
    """Ecliptic longitude, degrees."""
    return _end(coordinates.ecliptic(ra, dec), 0)


def ecliptic_latitude(file: FitsFile, ra: float | None, dec: float | None) -> float | None:
    """Ecliptic latitude, degrees."""
    return _end(coordinates.ecliptic(ra, dec), 1)


def science_extension(file: FitsFile) -> str | None:
    """EXTNAME of the HDU that speaks for the data."""
    return file.once(science_hdu).name or None


PLACE = ("s_ra", "s_dec")
TARGET = ("ra", "dec")

DERIVATIONS: Mapping[str, Derivation] = {
    "aperture_diameter": Derivation(phase3.aperture_diameter, unit="deg"),
    "aperture_region": Derivation(aperture_region, PLACE),
    "axis_maximum": Derivation(axis_maximum, unit="m"),
    "axis_minimum": Derivation(axis_minimum, unit="m"),
    "band_resolution": Derivation(band_resolution, ("dataproduct_type", "em_min", "em_max")),
    "calibration_level": Derivation(phase3.calibration_level, ("dataproduct_subtype", "obs_collection")),
    "catalogue_region": Derivation(catalogue_region),
    "centre_dec": Derivation(centre_dec, unit="deg"),
    "centre_ra": Derivation(centre_ra, unit="deg"),
    "column_maximum": Derivation(column_maximum, unit="m"),
    "column_minimum": Derivation(column_minimum, unit="m"),
    "columns": Derivation(columns),
    "creator_identifier": Derivation(phase3.creator_identifier),
    "ecliptic_latitude": Derivation(ecliptic_latitude, TARGET, unit="deg"),
    "ecliptic_longitude": Derivation(ecliptic_longitude, TARGET, unit="deg"),
    "exposure_start": Derivation(raw.exposure_start),
    "field_diameter": Derivation(field_diameter, ("s_region",), unit="deg"),
    "field_region": Derivation(field_region, ("ra_pnt", "dec_pnt")),
    "file_name": Derivation(phase3.file_name),
    "filter_maximum": Derivation(filter_maximum, ("instrument_name", "filter"), unit="m"),
    "filter_minimum": Derivation(filter_minimum, ("instrument_name", "filter"), unit="m"),
    "filter_names": Derivation(phase3.filter_names),
    "flux_calibration": Derivation(phase3.flux_calibration),
    "flux_ucd": Derivation(phase3.flux_ucd, ("dataproduct_type",)),
    "galactic_latitude": Derivation(galactic_latitude, PLACE, unit="deg"),
    "galactic_longitude": Derivation(galactic_longitude, PLACE, unit="deg"),
    "image_region": Derivation(image_region),
    "instruments": Derivation(phase3.instruments),
    "keyword_maximum": Derivation(keyword_maximum, unit="m"),
    "keyword_minimum": Derivation(keyword_minimum, unit="m"),
    "limiting_magnitude": Derivation(phase3.limiting_magnitude, ("dataproduct_type",), unit="mag"),
    "longest_wavelength": Derivation(raw.longest_wavelength, unit="nm"),
    "night": Derivation(raw.night, ("exp_start",)),
    "observation": Derivation(phase3.observation),
    "optical_path": Derivation(raw.optical_path),
    "period": Derivation(raw.period, ("prog_id", "exp_start")),
    "pixel_scale": Derivation(pixel_scale, unit="arcsec"),
    "pointing_dec": Derivation(raw.pointing_dec, unit="deg"),
    "pointing_ra": Derivation(raw.pointing_ra, unit="deg"),
    "polarization_length": Derivation(phase3.polarization_length),
    "polarization_states": Derivation(phase3.polarization_states),
    "product_subtype": Derivation(phase3.product_subtype),
    "product_type": Derivation(phase3.product_type),
    "programme_type": Derivation(raw.programme_type, ("prog_id",)),
    "programmes": Derivation(phase3.programmes),
    "region_dec": Derivation(region_dec, ("s_region",), unit="deg"),
    "region_ra": Derivation(region_ra, ("s_region",), unit="deg"),
    "rows": Derivation(rows),
    "science_extension": Derivation(science_extension),
    "shortest_wavelength": Derivation(raw.shortest_wavelength, unit="nm"),
    "signal_to_noise": Derivation(phase3.signal_to_noise, ("dataproduct_type",)),
    "spatial_resolution": Derivation(phase3.spatial_resolution, ("dataproduct_type",), unit="arcsec"),
    "spectral_length": Derivation(phase3.spectral_length, ("dataproduct_type",)),
    "target_dec": Derivation(raw.target_dec, unit="deg"),
    "target_galactic_latitude": Derivation(galactic_latitude, TARGET, unit="deg"),
    "target_galactic_longitude": Derivation(galactic_longitude, TARGET, unit="deg"),
    "target_ra": Derivation(raw.target_ra, unit="deg"),
    "telescopes": Derivation(phase3.telescopes),
    "time_resolution": Derivation(phase3.time_resolution, ("t_min", "t_max", "multi_ob"), unit="s"),
    "visits": Derivation(phase3.visits),
}
