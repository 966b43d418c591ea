"""Parts of files, pixel by pixel and coordinate by coordinate against astropy on the whole file."""

import io
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import healpy
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from datalink.soda.cutting import cut_file
from datalink.soda.faults import Inapplicable, NothingThere
from datalink.soda.params import Cut, parse_section
from tests.datalink.soda import samples
from tests.datalink.soda.samples import CENTRE, STEP
from vo_server.errors import FatalFault, UsageFault
from vo_server.intervals import Interval
from vo_server.positions import parse_pos
from vo_server.sky import parse_cells

Make = Callable[[Path], Path]
IMAGES: dict[str, Make] = {
    "tan": samples.image,
    "rotated": partial(samples.image, turn=33.0),
    "sin": partial(samples.image, projection="SIN"),
    "fk5": partial(samples.image, frame="FK5"),
    "galactic": partial(samples.image, frame="GALACTIC"),
    "swapped": samples.swapped,
    "zea": partial(samples.image, projection="ZEA", turn=-70.0),
    "sip": samples.sip,
    "tpv": samples.tpv,
    "scaled": samples.scaled,
    "unsigned": samples.unsigned,
    "rice": samples.compressed("i2", compression_type="RICE_1", tile_shape=(16, 16)),
    "rice unsigned": samples.compressed("u2", compression_type="RICE_1"),
    "gzip floats": samples.compressed("f4", compression_type="GZIP_2", quantize_level=0),
    "packed": samples.packed,
}


@contextmanager
def cut(path: Path, **wanted: Any) -> Iterator[fits.HDUList]:
    """The part of a file, as astropy reads it; its checksums are right and its headers valid."""
    sink = io.BytesIO()
    cut_file(path, Cut(**wanted), "ADP.TEST", sink, 10**9)
    with fits.open(io.BytesIO(sink.getvalue()), checksum=True) as hdus:
        hdus.verify("exception")
        assert len(sink.getvalue()) % 2880 == 0
        for hdu in hdus:
            assert "CHECKSUM" in hdu.header
        yield hdus


def circle(ra: float, dec: float, radius: float) -> Any:
    return parse_pos(f"CIRCLE {ra!r} {dec!r} {radius!r}")


def whole(path: Path, number: int) -> tuple[NDArray[Any], WCS]:
    with fits.open(path) as hdus, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(hdus[number].data), WCS(hdus[number].header, hdus)


def positions(wcs: WCS, shape: tuple[int, ...]) -> SkyCoord:
    y, x = np.indices(shape[-2:])
    return wcs.celestial.pixel_to_world(x, y).icrs


def science(hdus: fits.HDUList) -> int:
    return next(n for n, hdu in enumerate(hdus) if hdu.shape)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("images")
    return {name: make(directory / f"{n}.fits") for n, (name, make) in enumerate(IMAGES.items())}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.02, -0.01), (-0.024, 0.026)])
def test_the_pixels_in_a_circle_are_there_with_their_values_and_positions(
    files: dict[str, Path], name: str, offset: tuple[float, float]
) -> None:
    path = files[name]
    region = circle(CENTRE[0] + offset[0], CENTRE[1] + offset[1], 0.009)
    with fits.open(path) as hdus:
        number = science(hdus)
    data, wcs = whole(path, number)
    place = positions(wcs, data.shape)
    inside = place.separation(SkyCoord(region.ra, region.dec, unit="deg")).deg <= 0.009
    assert inside.sum() > 20
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    with cut(path, pos=region) as parts:
        got = parts[science(parts)]
        part, here = np.array(got.data), WCS(got.header, parts)
        # The box is that of the pixels, or one pixel more where the circle touches another at its edge.
        first = [int(np.rint(a - b)) for a, b in zip(wcs.wcs.crpix[:2], here.wcs.crpix[:2], strict=True)]
        ny, nx = part.shape
        assert 0 <= columns[0] - first[0] <= 1
        assert 0 <= rows[0] - first[1] <= 1
        assert 0 <= first[0] + nx - 1 - columns[-1] <= 1
        assert 0 <= first[1] + ny - 1 - rows[-1] <= 1
        window = (slice(first[1], first[1] + ny), slice(first[0], first[0] + nx))
        np.testing.assert_array_equal(part, data[window])
        assert part.dtype.newbyteorder("=") == data.dtype.newbyteorder("=")
        separation = positions(here, part.shape).separation(place[window]).deg
        assert separation.max() < 1e-10


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["tan", "rotated", "sip", "galactic"]),
    ra=st.floats(-0.08, 0.08),
    dec=st.floats(-0.08, 0.08),
    corners=st.lists(st.tuples(st.floats(-0.03, 0.03), st.floats(-0.03, 0.03)), min_size=3, max_size=3),
)
def test_any_triangle_gives_its_pixels_or_nothing(
    files: dict[str, Path], name: str, ra: float, dec: float, corners: list[tuple[float, float]]
) -> None:
    vertices = [(CENTRE[0] + ra + x, CENTRE[1] + dec + y) for x, y in corners]
    (x0, y0), (x1, y1), (x2, y2) = vertices
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    if abs(area) < (5 * STEP) ** 2:
        return
    data, wcs = whole(files[name], 0)
    place = positions(wcs, data.shape)
    x, y = place.ra.deg, place.dec.deg
    # So near to the equator the plane is good to a hundredth of a pixel.
    sides = [
        ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) * np.sign(area) / np.hypot(bx - ax, by - ay)
        for (ax, ay), (bx, by) in (((x0, y0), (x1, y1)), ((x1, y1), (x2, y2)), ((x2, y2), (x0, y0)))
    ]
    depth = np.minimum.reduce(sides)
    region = parse_pos("POLYGON " + " ".join(f"{a!r} {b!r}" for a, b in vertices))
    try:
        with cut(files[name], pos=region) as parts:
            got = parts[0]
            first = [
                int(np.rint(a - b)) for a, b in zip(wcs.wcs.crpix, WCS(got.header).wcs.crpix, strict=True)
            ]
            ny, nx = got.data.shape
            kept = np.zeros(data.shape, bool)
            kept[first[1] : first[1] + ny, first[0] : first[0] + nx] = True
            np.testing.assert_array_equal(got.data, data[kept].reshape(ny, nx))
            assert kept[depth > 0.1 * STEP].all()
            assert depth[kept].max() > -2 * STEP
    except NothingThere:
        assert depth.max() < 0.1 * STEP


@pytest.mark.parametrize("name", ["tan", "rotated", "sip", "galactic"])
@pytest.mark.parametrize("order", [9, 12, 14])
def test_the_pixels_in_the_cells_of_a_moc_are_there(files: dict[str, Path], name: str, order: int) -> None:
    data, wcs = whole(files[name], 0)
    place = positions(wcs, data.shape)
    cells = healpy.ang2pix(1 << order, place.ra.deg, place.dec.deg, nest=True, lonlat=True)
    chosen = np.unique(cells)[:: max(1, len(np.unique(cells)) // 3)][:2]
    inside = np.isin(cells, chosen)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    moc = f"{order}/{' '.join(map(str, chosen))}"
    with cut(files[name], pos=parse_cells(moc)) as parts:
        got = parts[0]
        first = [int(np.rint(a - b)) for a, b in zip(wcs.wcs.crpix, WCS(got.header).wcs.crpix, strict=True)]
        ny, nx = got.data.shape
        np.testing.assert_array_equal(got.data, data[first[1] : first[1] + ny, first[0] : first[0] + nx])
        assert 0 <= columns[0] - first[0] <= 2
        assert 0 <= rows[0] - first[1] <= 2
        assert 0 <= first[0] + nx - 1 - columns[-1] <= 2
        assert 0 <= first[1] + ny - 1 - rows[-1] <= 2
        assert f"MOC {order}/{chosen[0]}" in "".join(str(card) for card in got.header["HISTORY"])


def test_a_range_and_the_whole_sky(files: dict[str, Path]) -> None:
    data, _ = whole(files["tan"], 0)
    for text in ("RANGE 0 360 -90 90", "CIRCLE 10 -40 180", "CIRCLE 150 2 60", "RANGE 100 200 -Inf +Inf"):
        with cut(files["tan"], pos=parse_pos(text)) as parts:
            np.testing.assert_array_equal(parts[0].data, data)
    with cut(files["tan"], pos=parse_pos("RANGE 149.99 150.01 2.0 2.01")) as parts:
        assert parts[0].data.shape == (11, 21)


def test_a_region_smaller_than_a_pixel_gives_the_pixel(files: dict[str, Path]) -> None:
    with cut(files["tan"], pos=circle(*CENTRE, 0.0)) as parts:
        assert parts[0].data.shape == (1, 1) or parts[0].data.size <= 2


@pytest.mark.parametrize(
    "text", ["CIRCLE 10 10 0.1", "CIRCLE 150.2 2 0.01", "RANGE 149 149.9 1 3", "CIRCLE 330 -2 80"]
)
def test_a_region_beside_the_image_gives_nothing(files: dict[str, Path], text: str) -> None:
    for name in ("tan", "rotated", "sip", "galactic"):
        with pytest.raises(NothingThere):
            cut_file(files[name], Cut(pos=parse_pos(text)), "x", io.BytesIO(), 10**9)


def test_headers_keep_provenance_and_tell_their_history(files: dict[str, Path]) -> None:
    with cut(files["tan"], pos=circle(*CENTRE, 0.01)) as parts:
        header = parts[0].header
        assert header["PROV1"] == "RAW.2025-01-01T00:00:00.000.fits"
        history = "".join(str(line) for line in header["HISTORY"])
        assert "Part of ADP.TEST" in history
        assert "Circle(ra=150.0" in history


def test_detectors_that_the_region_does_not_touch_are_left_out(tmp_path: Path) -> None:
    path = samples.mosaic(tmp_path / "a.fits")
    with cut(path, pos=circle(*CENTRE, 0.01)) as parts:
        assert [hdu.name for hdu in parts] == ["PRIMARY", "CHIP1", "MASK1"]
        assert parts["CHIP1"].shape == parts["MASK1"].shape
        assert parts[0].header["PRODCATG"] == "SCIENCE.MEFIMAGE"
    with cut(path, pos=parse_pos("RANGE 149.85 150 1.99 2.01")) as parts:
        assert [hdu.name for hdu in parts] == ["PRIMARY", "CHIP1", "MASK1", "CHIP2", "MASK2"]


CUBES: dict[str, tuple[Make, Callable[[NDArray[Any]], NDArray[Any]]]] = {
    "wavelengths": (samples.cube, lambda n: 4e-7 + 1e-8 * n),
    "frequencies": (
        partial(samples.cube, ctype="FREQ", CRVAL3=4e14, CUNIT3="Hz", CD3_3=1e12),
        lambda n: 299792458.0 / (4e14 + 1e12 * (n - 0.5)),
    ),
    "velocities": (
        partial(samples.cube, ctype="VOPT", CRVAL3=-1e6, CUNIT3="m/s", CD3_3=5e4, RESTWAV=5e-7),
        lambda n: 5e-7 * (1 + (-1e6 + 5e4 * (n - 0.5)) / 299792458.0),
    ),
    "angstrom": (
        partial(samples.cube, CRVAL3=4050.0, CUNIT3="Angstrom", CD3_3=100.0),
        lambda n: 4e-7 + 1e-8 * n,
    ),
    "a table": (samples.tabular, lambda n: 4e-7 * 1.02 ** (n - 0.5)),
}


@pytest.mark.parametrize("name", CUBES)
@pytest.mark.parametrize("share", [(0.0, 0.2), (0.33, 0.335), (0.5, 1.0), (-1.0, 2.0), (0.9, 0.9)])
def test_the_channels_that_touch_a_band_are_there(
    tmp_path: Path, name: str, share: tuple[float, float]
) -> None:
    make, wavelength = CUBES[name]
    path = make(tmp_path / "a.fits")
    edges = wavelength(np.arange(41.0))
    low, high = sorted(edges.min() + (edges.max() - edges.min()) * np.array(share))
    # In a table the edges between two entries are straight lines, not the formula.
    slack = 2e-4 if name == "a table" else 1e-12
    left, right = np.minimum(edges[1:], edges[:-1]), np.maximum(edges[1:], edges[:-1])
    must = np.flatnonzero((right > low * (1 + slack)) & (left < high * (1 - slack)))
    may = np.flatnonzero((right > low * (1 - slack)) & (left < high * (1 + slack)))
    data, wcs = whole(path, 1)
    with cut(path, band=Interval(float(low), float(high))) as parts:
        here = WCS(parts[1].header, parts)
        first = int(np.rint(wcs.wcs.crpix[2] - here.wcs.crpix[2]))
        count = parts[1].shape[0]
        assert set(must) <= set(range(first, first + count)) <= set(may)
        np.testing.assert_array_equal(parts[1].data, data[first : first + count])
        old = wcs.all_pix2world([[5, 6, first + n] for n in range(count)], 0)
        np.testing.assert_allclose(here.all_pix2world([[5, 6, n] for n in range(count)], 0), old, rtol=1e-12)


def test_wavelengths_in_air_are_asked_for_in_vacuum(tmp_path: Path) -> None:
    path = samples.cube(tmp_path / "a.fits", "AWAV", CRVAL3=6.563e-7, CD3_3=1e-11)
    # Channel 0 is from 6562.95 to 6563.05 angstrom in air, which is 6564.76 to 6564.86 in vacuum.
    with cut(path, band=Interval(6.5648e-7, 6.5648e-7)) as parts:
        assert parts[1].shape[0] == 1
        assert parts[1].header["CRPIX3"] == 1.0


def test_space_and_spectrum_are_cut_together(tmp_path: Path) -> None:
    path = samples.cube(tmp_path / "a.fits")
    data, wcs = whole(path, 1)
    with cut(path, pos=circle(*CENTRE, 0.005), band=Interval(5.02e-7, 5.18e-7)) as parts:
        assert [hdu.name for hdu in parts] == ["PRIMARY", "DATA", "STAT"]
        x, y, z = np.rint(wcs.wcs.crpix - WCS(parts[1].header).wcs.crpix).astype(int)
        nz, ny, nx = parts[1].shape
        assert (z, nz) == (10, 2)
        assert 10 <= ny <= 12
        np.testing.assert_array_equal(parts["STAT"].data, data[z : z + nz, y : y + ny, x : x + nx])


def test_polarizations_are_chosen_by_name(tmp_path: Path) -> None:
    path = samples.stokes(tmp_path / "a.fits")
    data, _ = whole(path, 0)
    for names, planes in ((("I",), slice(0, 1)), (("Q", "U"), slice(1, 3)), (("V", "I"), slice(0, 4))):
        with cut(path, pol=names) as parts:
            np.testing.assert_array_equal(parts[0].data, data[planes])
    with pytest.raises(NothingThere):
        cut_file(path, Cut(pol=("RR",)), "x", io.BytesIO(), 10**9)


def test_pixels_are_counted_from_one(tmp_path: Path) -> None:
    path = samples.mosaic(tmp_path / "a.fits")
    data, _ = whole(path, 3)
    for text in ("[3][11:20,31:31]", "[CHIP2][11:20,31]"):
        with cut(path, section=parse_section(text)) as parts:
            assert [hdu.name for hdu in parts] == ["PRIMARY", "CHIP2"]
            np.testing.assert_array_equal(parts[1].data, data[30:31, 10:20])
    with cut(path, section=parse_section("[*,60:500]")) as parts:
        assert parts["CHIP1"].shape == (11, 90)
    with pytest.raises(NothingThere):
        cut_file(path, Cut(section=parse_section("[91:95,1:2]")), "x", io.BytesIO(), 10**9)


def test_a_spectrum_is_cut_to_the_points_in_a_band(tmp_path: Path) -> None:
    path = samples.spectrum(tmp_path / "a.fits")
    with cut(path, band=Interval(500.05e-9, 510.0e-9)) as parts:
        table = parts[1]
        wave = table.data["WAVE"][0]
        assert (wave[0], wave[-1], len(wave)) == (pytest.approx(500.1), pytest.approx(510.0), 100)
        np.testing.assert_array_equal(table.data["FLUX"][0], np.arange(1001, 1101))
        assert table.data["NAME"][0] == "star"
        assert table.header["NELEM"] == 100
        assert (table.header["TDMIN1"], table.header["TDMAX1"]) == (wave[0], wave[-1])
        assert table.header["TUTYP2"] == "spec:Data.FluxAxis.Value"
        assert str(table.columns["FLUX"].unit) == "erg.cm**(-2).s**(-1).nm**(-1)"


def test_a_spectrum_in_air_and_angstrom_is_asked_for_in_vacuum_and_metres(tmp_path: Path) -> None:
    path = samples.spectrum(tmp_path / "a.fits", "angstrom", "em.wl;obs.atmos")
    with cut(path, band=Interval(656.46e-9, 656.47e-9)) as parts:
        assert parts[1].data["WAVE"][0] == pytest.approx(6563.0)


def test_a_spectrum_is_in_a_region_or_not(tmp_path: Path) -> None:
    path = samples.spectrum(tmp_path / "a.fits")
    with cut(path, pos=circle(*CENTRE, 0.001), band=Interval(5e-7, 6e-7)) as parts:
        assert parts[1].header["NELEM"] == 1001
    for wanted in (Cut(pos=circle(CENTRE[0] + 1, CENTRE[1], 0.1)), Cut(band=Interval(1e-6, 2e-6))):
        with pytest.raises(NothingThere):
            cut_file(path, wanted, "x", io.BytesIO(), 10**9)


def test_a_spectrum_before_paper_iii_is_cut_in_angstrom(tmp_path: Path) -> None:
    with cut(samples.old_spectrum(tmp_path / "a.fits"), band=Interval(420.1e-9, 420.5e-9)) as parts:
        np.testing.assert_array_equal(parts[0].data, [100, 101, 102])
        assert parts[0].header["CRPIX1"] == -99.0


def test_a_catalogue_is_cut_to_the_rows_in_a_region(tmp_path: Path) -> None:
    path = samples.catalogue(tmp_path / "a.fits")
    with fits.open(path) as hdus:
        rows = hdus[1].data
        place = SkyCoord(rows["RA2000"], rows["DEC2000"], unit="deg")
        wanted = rows["ID"][place.separation(SkyCoord(*CENTRE, unit="deg")) <= 0.02 * u.deg]
    with cut(path, pos=circle(*CENTRE, 0.02)) as parts:
        np.testing.assert_array_equal(parts[1].data["ID"], wanted)
        assert 100 < len(wanted) < 1000
    with pytest.raises(NothingThere):
        cut_file(path, Cut(pos=circle(10, 10, 1)), "x", io.BytesIO(), 10**9)


@pytest.mark.parametrize(
    ("make", "wanted", "message"),
    [
        (samples.image, {"band": Interval(4e-7, 5e-7)}, "BAND needs a spectral axis, and the image has none"),
        (samples.image, {"pol": ("I",)}, "POL needs an axis of polarizations"),
        (samples.image, {"time": Interval(1, 2)}, "TIME needs an axis of times"),
        (samples.catalogue, {"band": Interval(4e-7, 5e-7)}, "the table has no column of wavelengths"),
        (samples.spectrum, {"pol": ("I",)}, "POL needs an axis that a table does not have"),
        (samples.old_spectrum, {"pos": circle(1, 2, 3)}, "need an image of the sky"),
        (samples.image, {"section": parse_section("[1:2]")}, "SUB has 1 axes, and the image has 2"),
        (samples.image, {"section": parse_section("[9][1:2,3:4]")}, "the file has no HDU '9'"),
        (samples.catalogue, {"section": parse_section("[1][1:2,3:4]")}, "there is no image in the file"),
    ],
)
def test_what_the_data_do_not_have_is_said(
    tmp_path: Path, make: Make, wanted: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageFault, match=message.replace("(", r"\(").replace("[", r"\[")):
        cut_file(make(tmp_path / "a.fits"), Cut(**wanted), "x", io.BytesIO(), 10**9)


def test_a_part_that_is_too_large_is_refused_before_it_is_made(files: dict[str, Path]) -> None:
    sink = io.BytesIO()
    with pytest.raises(UsageFault, match="the part has 25200 bytes of pixels, and at most 25199 are cut"):
        cut_file(files["tan"], Cut(pos=circle(*CENTRE, 5)), "x", sink, 25_199)
    assert sink.getvalue() == b""


@pytest.mark.parametrize(
    "content", [b"", b"SIMPLE  =                    T" + b" " * 5000, b"\x1f\x8bnonsense", b"x" * 9000]
)
def test_what_is_no_fits_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(content)
    with pytest.raises((FatalFault, Inapplicable)):
        cut_file(path, Cut(pos=circle(1, 2, 3)), "x", io.BytesIO(), 10**9)


def test_only_the_pixels_that_are_wanted_are_read(tmp_path: Path) -> None:
    """A sparse cube of 6 GB: what is not read takes neither time nor space."""
    header = fits.Header(
        {"SIMPLE": True, "BITPIX": -32, "NAXIS": 3, "NAXIS1": 600, "NAXIS2": 600, "NAXIS3": 4200}
    )
    samples.sky(header)
    header.update({"CTYPE3": "WAVE", "CRVAL3": 4.75e-7, "CRPIX3": 1.0, "CUNIT3": "m", "CD3_3": 1.25e-10})
    with tempfile.NamedTemporaryFile(dir=tmp_path) as file:
        file.write(header.tostring().encode())
        file.truncate(file.tell() + 600 * 600 * 4200 * 4)
        file.flush()
        with cut(Path(file.name), pos=circle(*CENTRE, 0.01), band=Interval(6e-7, 6.01e-7)) as parts:
            assert parts[0].shape[0] in (8, 9)
            assert not parts[0].data.any()
