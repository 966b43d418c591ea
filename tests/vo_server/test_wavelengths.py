"""Vacuum wavelengths of spectral coordinates."""

import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st

from vo_server.wavelengths import air_to_vacuum, vacuum_wavelengths


@pytest.mark.parametrize(
    ("air", "vacuum"),
    # Lines of the NIST database: H alpha, Na D1, [O III], H beta (angstrom).
    [(6562.79, 6564.61), (5895.92, 5897.558), (5006.84, 5008.24), (4861.33, 4862.69)],
)
def test_air_wavelengths_become_those_of_vacuum(air: float, vacuum: float) -> None:
    assert air_to_vacuum(air * 1e-10) * 1e10 == pytest.approx(vacuum, abs=0.02)


@given(st.floats(1e-9, 1e-4))
def test_vacuum_wavelengths_are_a_little_longer_above_200_nm(wavelength: float) -> None:
    ratio = air_to_vacuum(wavelength) / wavelength
    assert ratio == 1.0 if wavelength < 200e-9 else 1.00027 < ratio < 1.00034


@given(st.floats(1e-8, 1.0))
def test_frequencies_energies_and_wave_numbers_are_those_of_astropy(wavelength: float) -> None:
    light = wavelength * u.m
    for kind, unit in (("FREQ", "Hz"), ("ENER", "J"), ("WAVN", "1/m"), ("WAVE", "m")):
        value = light.to_value(unit, u.spectral())
        assert float(vacuum_wavelengths(kind, value)) == pytest.approx(wavelength, rel=1e-8)


@given(st.floats(-0.5, 0.5).map(lambda beta: beta * 299_792_458.0))
def test_velocities_are_those_of_astropy(velocity: float) -> None:
    rest = 656.461e-9 * u.m
    for kind, doppler in (
        ("VOPT", u.doppler_optical),
        ("VRAD", u.doppler_radio),
        ("VELO", u.doppler_relativistic),
    ):
        wanted = (velocity * u.m / u.s).to_value("m", doppler(rest))
        assert float(vacuum_wavelengths(kind, velocity, rest.value)) == pytest.approx(wanted, rel=1e-9)


def test_what_is_no_spectral_coordinate_has_no_wavelength() -> None:
    assert str(float(vacuum_wavelengths("LAMB", 1.0))) == "nan"
    assert str(float(vacuum_wavelengths("FREQ", -1.0))) == "nan"
