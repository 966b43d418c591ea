"""Wavelengths: vacuum, metres, from keywords, axes, columns and filters."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from ingest.spectral import (
    axis_range,
    column_range,
    filter_range,
    filters,
    keyword_range,
)
from tests.ingest import samples
from tests.ingest.test_footprint import opened
from vo_server.wavelengths import LIGHT


def test_keywords_are_nanometres_and_air_is_told_by_the_ucd(tmp_path: Path) -> None:
    low, high = keyword_range(opened(samples.spectrum(tmp_path / "a.fits", air=False))) or (0, 0)
    assert (low, high) == pytest.approx((400e-9, 700e-9))
    low, high = keyword_range(opened(samples.spectrum(tmp_path / "b.fits", air=True))) or (0, 0)
    assert (low, high) == pytest.approx((400.1131e-9, 700.1930e-9), rel=1e-6)


def test_a_cube_reaches_from_edge_to_edge_of_its_planes(tmp_path: Path) -> None:
    low, high = axis_range(opened(samples.cube(tmp_path / "a.fits", air=False))) or (0, 0)
    assert low == pytest.approx((4800 - 6.25) * 1e-10, rel=1e-12)
    assert high == pytest.approx((4800 + 15.5 * 12.5) * 1e-10, rel=1e-12)


def axis(path: Path, **cards: object) -> tuple[float, float]:
    head = {"CRVAL1": 0.0, "CRPIX1": 1.0, "CDELT1": 1.0} | cards
    hdu = samples.with_cards(fits.PrimaryHDU(np.zeros(11, np.float32)), head)
    return axis_range(opened(samples.write(path, hdu))) or (0.0, 0.0)


def test_frequencies_velocities_and_wave_numbers_are_wavelengths(tmp_path: Path) -> None:
    line = 1.420405752e9
    low, high = axis(tmp_path / "f.fits", CTYPE1="FREQ", CUNIT1="GHz", CRVAL1=1.4, CDELT1=0.001)
    assert (low, high) == pytest.approx((LIGHT / 1.4105e9, LIGHT / 1.3995e9))
    low, high = axis(
        tmp_path / "r.fits", CTYPE1="VRAD", CUNIT1="km/s", CRVAL1=1000.0, CDELT1=10.0, RESTFRQ=line
    )
    frequency = line * (1 - 995e3 / LIGHT)
    assert low == pytest.approx(LIGHT / frequency, rel=1e-9)
    low, high = axis(tmp_path / "o.fits", CTYPE1="VOPT", CUNIT1="m/s", CRVAL1=1e6, CDELT1=1e4, RESTWAV=0.21)
    assert high == pytest.approx(0.21 * (1 + 1.105e6 / LIGHT), rel=1e-9)
    low, high = axis(tmp_path / "w.fits", CTYPE1="WAVN", CUNIT1="/m", CRVAL1=1e6, CDELT1=1e3)
    assert low == pytest.approx(1 / (1e6 + 10.5e3), rel=1e-9)


def test_a_column_of_wavelengths_is_read_where_no_keyword_tells_its_ends(tmp_path: Path) -> None:
    low, high = column_range(opened(samples.spectrum(tmp_path / "a.fits", air=False))) or (0, 0)
    assert (low, high) == pytest.approx((400e-9, 700e-9))
    columns = [fits.Column("loglam", "E", array=np.array([3.6, 3.7, 3.8]))]
    path = samples.write(tmp_path / "b.fits", fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns))
    low, high = column_range(opened(path)) or (0, 0)
    assert (low, high) == pytest.approx((10**3.6 * 1e-10, 10**3.8 * 1e-10), rel=1e-6)


def test_filters_are_found_by_instrument_first(tmp_path: Path) -> None:
    assert filter_range("VIRCAM", "Y") == pytest.approx((975e-9, 1065e-9))
    assert filter_range("HAWKI", "Y") == pytest.approx((970e-9, 1070e-9))
    assert filter_range("HAWKI", "J,Ks") == pytest.approx((1170e-9, 2310e-9))
    assert filter_range("HAWKI", "U") != filter_range("HAWKI", "u")
    assert filter_range("HAWKI", "nothing") is None
    assert filter_range(None, None) is None
    assert all(0 < low < high < 1e-5 for low, high in filters().values())
