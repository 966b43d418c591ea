"""Footprints against spherical trigonometry of our own, at poles and RA 0 too."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from ingest.coordinates import counter_clockwise, ecliptic, galactic
from ingest.derive import image_region
from ingest.fitsfile import FitsFile
from ingest.footprint import centre, footprint, outlines, separation
from ingest.rules import Underivable
from ingest.scan import Candidate, candidate, scan
from tests.ingest import samples
from vo_server import sky


def opened(path: Path) -> FitsFile:
    found = candidate(path)
    assert isinstance(found, Candidate)
    file = scan(found).file
    assert file is not None
    return file


def vector(ra: float, dec: float) -> NDArray[np.float64]:
    lon, lat = math.radians(ra), math.radians(dec)
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


def from_plane(ra: float, dec: float, x: float, y: float) -> NDArray[np.float64]:
    """The unit vector of a point of the tangent plane, x to the east and y to the north, in degrees."""
    pole = vector(ra, dec)
    east = vector(ra + 90.0, 0.0)
    north = np.cross(pole, east)
    point = pole + math.radians(x) * east + math.radians(y) * north
    return np.asarray(point / np.linalg.norm(point))


PLACES = [
    (150.25, -30.5),
    (0.0, 0.0),
    (359.99, 12.0),
    (10.0, 90.0),
    (77.0, -90.0),
    (200.0, 89.97),
    (0.01, -89.99),
]


@pytest.mark.parametrize(("ra", "dec"), PLACES)
@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_the_corners_of_a_gnomonic_image(tmp_path: Path, ra: float, dec: float, angle: float) -> None:
    side = 0.2
    path = samples.image(tmp_path / "x.fits", **samples.tangent(ra, dec, 20, side, angle))
    region = footprint(opened(path))
    assert isinstance(region, sky.Polygon)
    turn = math.radians(angle)
    corners = []
    for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        column, row = i * side / 2, j * side / 2
        x = -column * math.cos(turn) + row * math.sin(turn)
        y = column * math.sin(turn) + row * math.cos(turn)
        corners.append(from_plane(ra, dec, x, y))
    found = [vector(*vertex) for vertex in region.vertices]
    for corner in corners:
        assert min(np.linalg.norm(corner - vertex) for vertex in found) < 1e-12
    assert len(found) == 4
    assert all(0 <= lon < 360 for lon, _ in region.vertices)


@pytest.mark.parametrize(("ra", "dec"), PLACES)
def test_vertices_turn_left_as_seen_from_the_origin(tmp_path: Path, ra: float, dec: float) -> None:
    for flipped in (1.0, -1.0):
        cards = samples.tangent(ra, dec, 20, 0.2)
        cards["CD1_1"] *= flipped
        region = footprint(opened(samples.image(tmp_path / "x.fits", **cards)))
        assert isinstance(region, sky.Polygon)
        vectors = [vector(*vertex) for vertex in region.vertices]
        middle = vector(ra, dec)
        for i, corner in enumerate(vectors):
            edge, following = vectors[(i + 1) % 4] - corner, vectors[(i + 2) % 4] - vectors[(i + 1) % 4]
            # Seen from outside of the sphere the turn would be positive.
            assert float(np.cross(edge, following) @ middle) < 0


def test_north_east_south_west_is_counter_clockwise_from_inside() -> None:
    cross = ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (359.0, 0.0))
    assert counter_clockwise(cross) == cross
    assert counter_clockwise(cross[::-1]) == cross


@pytest.mark.parametrize(("ra", "dec"), PLACES)
def test_size_and_centre_of_an_image(tmp_path: Path, ra: float, dec: float) -> None:
    file = opened(samples.image(tmp_path / "x.fits", ra, dec, side=0.1))
    (outline,) = outlines(file)
    found = centre(file)
    assert found is not None
    assert separation(*found, ra, dec) < 1e-9
    assert outline.pixel_scale == pytest.approx(0.1 / 20 * 3600, rel=1e-9)
    assert outline.pixels == (20, 20)
    region = footprint(file)
    assert region is not None
    circle = sky.bounding_circle(region)
    diameter = 2 * math.degrees(math.atan(math.radians(0.1) / 2 * math.sqrt(2)))
    assert 2 * circle.radius == pytest.approx(diameter, rel=1e-9)


def test_detectors_are_a_union_with_the_gap_left_out(tmp_path: Path) -> None:
    region = footprint(opened(samples.mosaic(tmp_path / "x.fits", 40.0, 10.0)))
    assert isinstance(region, sky.Union)
    assert len(region.parts) == 2
    declinations = [
        [dec for _, dec in part.vertices] for part in region.parts if isinstance(part, sky.Polygon)
    ]
    assert max(declinations[0]) < 9.96 < 10.04 < min(declinations[1])


def test_long_edges_are_cut_so_that_pixel_rows_are_followed(tmp_path: Path) -> None:
    """In a plate carrée a row is a parallel, which at Dec 60 is far from a great circle."""
    cards = {
        "CTYPE1": "RA---CAR", "CTYPE2": "DEC--CAR", "CRVAL1": 40.0, "CRVAL2": 0.0, "CRPIX1": 10.5,
        "CRPIX2": -579.5, "CD1_1": -1.5, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 0.1,
    }  # fmt: skip
    region = footprint(opened(samples.image(tmp_path / "x.fits", **dict[str, Any](cards))))
    assert isinstance(region, sky.Polygon)
    upper = [(ra, dec) for ra, dec in region.vertices if dec > 60.0]
    lower = [(ra, dec) for ra, dec in region.vertices if dec == pytest.approx(58.0, abs=1e-9)]
    assert len(upper) + len(lower) <= len(region.vertices)
    assert len(lower) >= 15
    assert min(ra for ra, _ in lower) == pytest.approx(25.0)
    assert max(ra for ra, _ in lower) == pytest.approx(55.0)
    steps = zip(region.vertices, region.vertices[1:], strict=False)
    assert max(separation(*one, *two) for one, two in steps) <= 1.0 + 1e-9


def test_galactic_images_are_icrs_footprints(tmp_path: Path) -> None:
    cards = samples.tangent(0.0, 90.0, 20, 0.1) | {
        "CTYPE1": "GLON-TAN",
        "CTYPE2": "GLAT-TAN",
        "RADESYS": None,
    }
    found = centre(opened(samples.image(tmp_path / "x.fits", **cards)))
    assert found is not None
    # The north galactic pole (Reid & Brunthaler 2004, ICRS).
    assert separation(*found, 192.85948, 27.12825) < 1e-4


def test_frames_of_old_headers_are_turned_to_icrs(tmp_path: Path) -> None:
    cards = samples.tangent(83.0, -5.0, 20, 0.1) | {"RADESYS": "FK4", "EQUINOX": 1950.0}
    found = centre(opened(samples.image(tmp_path / "x.fits", **cards)))
    assert found is not None
    # General precession of 50 years: (m + n sin ra tan dec) in RA, n cos ra in Dec (Newcomb; arcsec a year).
    years, m, n = 50.0, 46.09, 20.04
    ra, dec = math.radians(83.0), math.radians(-5.0)
    expected = (83.0 + years * (m + n * math.sin(ra) * math.tan(dec)) / 3600,
                -5.0 + years * n * math.cos(ra) / 3600)  # fmt: skip
    assert separation(*found, *expected) < 0.005


def test_companions_are_not_part_of_the_footprint(tmp_path: Path) -> None:
    assert len(outlines(opened(samples.cube(tmp_path / "x.fits")))) == 1


def test_a_tile_compressed_image_has_its_footprint(tmp_path: Path) -> None:
    data = np.zeros((20, 20), np.int16)
    header = fits.Header(samples.tangent(12.0, 34.0, 20, 0.1))
    path = samples.write(tmp_path / "x.fits.fz", fits.PrimaryHDU(), fits.CompImageHDU(data, header=header))
    found = centre(opened(path))
    assert found is not None
    assert separation(*found, 12.0, 34.0) < 1e-9


@pytest.mark.parametrize(
    "cards",
    [
        {"CTYPE1": "RA---TAN", "CTYPE2": "RA---TAN"},
        {"CTYPE1": "RA---XYZ", "CTYPE2": "DEC--XYZ"},
        {"CD1_1": 0.001, "CD1_2": 0.001, "CD2_1": 0.001, "CD2_2": 0.001},
        {"CTYPE1": "RA---AIT", "CTYPE2": "DEC--AIT", "CD1_1": -30.0, "CD2_2": 30.0},
        {"CUNIT1": "furlong"},
    ],
)
def test_unusable_coordinates_are_a_finding(tmp_path: Path, cards: dict[str, Any]) -> None:
    path = samples.image(tmp_path / "x.fits", **cards)
    with pytest.raises(Underivable) as caught:
        image_region(opened(path))
    assert caught.value.rule == "WCS"


def test_galactic_and_ecliptic_coordinates_of_known_places() -> None:
    # Sgr A* is 0.056 degrees from the origin of galactic coordinates (Reid & Brunthaler 2004).
    lon, lat = galactic(266.41684, -29.00781) or (math.nan, math.nan)
    assert (lon, lat) == pytest.approx((359.9442, -0.0462), abs=2e-4)
    lon, lat = ecliptic(0.0, 0.0) or (math.nan, math.nan)
    assert min(lon, 360 - lon) < 1e-4
    assert abs(lat) < 1e-4
    # The pole of the equator lies 90 degrees minus the obliquity (23.4393 deg, J2000) from the ecliptic.
    _, lat = ecliptic(0.0, 90.0) or (math.nan, math.nan)
    assert lat == pytest.approx(90 - 23.4393, abs=1e-4)
