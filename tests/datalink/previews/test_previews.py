"""Previews: pictures of what is in the file, small, kept, and honest about what cannot be drawn."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image
from starlette.testclient import TestClient

from datalink.previews.drawings import Drawings, draw_all, drawable_files
from datalink.previews.plots import DOTS, HIGH, WIDE
from datalink.previews.reading import main, picture_of
from datalink.previews.thumbnails import NOTHING, PLOT, SIDE, draw_image, draw_spectrum, shrink
from datalink.previews.views import Unpicturable
from tests.datalink.conftest import BROKEN, CATALOGUE, CUBE, IMAGE, PNG, SPECTRUM, Archive
from vo_server.db import Database


def picture(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def test_the_star_of_an_image_is_where_it_is_in_the_sky(client: TestClient, archive: Archive) -> None:
    answer = client.get(f"/thumbnail/{IMAGE}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    drawn = np.asarray(picture(answer.content))
    assert drawn.shape == (100, 133)
    # The star is at x = 100, y = 250 from below; three pixels are one here.
    y, x = np.unravel_index(int(np.argmax(drawn)), drawn.shape)
    assert abs(x - 100 / 3) <= 5
    assert abs(y - (299 - 250) / 3) <= 5


def test_a_preview_has_axes_and_a_scale_around_its_image(client: TestClient, archive: Archive) -> None:
    answer = client.get(f"/preview/{IMAGE}")
    assert answer.headers["content-type"] == "image/png"
    drawn = picture(answer.content).convert("RGB")
    assert drawn.size == (WIDE * DOTS, HIGH * DOTS)
    # White around, colours within.
    assert drawn.getpixel((2, 300)) == (255, 255, 255)
    assert len(drawn.getcolors(1 << 24) or ()) > 100


def test_a_cube_is_seen_as_one_image(client: TestClient, archive: Archive) -> None:
    assert picture(client.get(f"/thumbnail/{CUBE}").content).size == (60, 50)
    # The image and, below it, the mean spectrum.
    width, height = picture(client.get(f"/preview/{CUBE}").content).size
    assert height > width


def test_the_provider_s_picture_comes_first(client: TestClient, archive: Archive) -> None:
    answer = client.get(f"/preview/{SPECTRUM}")
    assert answer.content == PNG
    assert answer.headers["content-disposition"].startswith("inline")


def test_a_spectrum_is_drawn_from_its_columns(archive: Archive) -> None:
    assert picture(picture_of(archive.paths[SPECTRUM], "thumbnail")).size == PLOT
    assert picture(picture_of(archive.paths[SPECTRUM], title="A title")).size == (
        WIDE * DOTS,
        WIDE * DOTS / 2,
    )


@pytest.mark.parametrize(
    "hdu",
    [
        fits.PrimaryHDU(),
        fits.PrimaryHDU(np.full((4, 4), np.nan)),
        fits.PrimaryHDU(np.zeros((1, 1))),
        fits.BinTableHDU.from_columns([fits.Column("MAG", "D", array=np.arange(5.0))]),
        fits.BinTableHDU.from_columns([fits.Column(name, "A", array=["a"]) for name in ("WAVE", "FLUX")]),
    ],
)
def test_what_is_no_picture_is_said_to_be_none(tmp_path: Path, hdu: fits.PrimaryHDU) -> None:
    path = tmp_path / "file.fits"
    hdu.writeto(path)
    for kind in ("preview", "thumbnail"):
        with pytest.raises(Unpicturable):
            picture_of(path, kind)
        assert main([kind, str(path)]) == NOTHING


@pytest.mark.parametrize("hdu", [fits.ImageHDU, fits.CompImageHDU])
def test_packed_and_long_spectra_are_drawn(tmp_path: Path, hdu: type) -> None:
    path = tmp_path / "file.fits"
    fits.HDUList([fits.PrimaryHDU(), hdu(np.arange(600.0, dtype="f4").reshape(20, 30))]).writeto(path)
    assert picture(picture_of(path, "thumbnail")).size == (30, 20)
    fits.PrimaryHDU(np.arange(600.0)).writeto(path, overwrite=True)
    assert picture(picture_of(path, "thumbnail")).size == PLOT


@pytest.mark.parametrize("kind", [fits.ImageHDU, fits.CompImageHDU])
@pytest.mark.parametrize("dtype", ["u2", "i2"])
def test_scaled_and_blank_pixels_are_what_they_mean(tmp_path: Path, kind: type, dtype: str) -> None:
    path = tmp_path / "file.fits"
    values = np.arange(600, dtype=dtype).reshape(20, 30)
    hdu = kind(values)
    if dtype == "i2":
        hdu.header["BLANK"] = 599
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    drawn = np.asarray(picture(picture_of(path, "thumbnail"))).astype(int)
    assert (np.diff(drawn[1:], axis=1) >= 0).all()
    assert drawn[0, -1] == (0 if dtype == "i2" else 255)


def test_a_catalogue_without_positions_has_none(client: TestClient, archive: Archive) -> None:
    assert client.get(f"/preview/{CATALOGUE}").status_code == 404


@pytest.mark.parametrize(("lon", "lat"), [((359.0, 361.0), (-1.0, 1.0)), ((0.0, 360.0), (-89.0, 89.0))])
def test_a_catalogue_is_seen_on_the_sky(
    tmp_path: Path, lon: tuple[float, float], lat: tuple[float, float]
) -> None:
    rng = np.random.default_rng(1)
    columns = [
        fits.Column("RA", "D", array=rng.uniform(*lon, 300) % 360),
        fits.Column("DEC", "D", array=rng.uniform(*lat, 300)),
    ]
    path = tmp_path / "catalogue.fits"
    fits.BinTableHDU.from_columns(columns).writeto(path)
    drawn = np.asarray(picture(picture_of(path)).convert("RGB")).astype(int)
    ink = drawn[..., 2] - drawn[..., 0] > 50
    # The dots are all over the picture, not in one corner of it.
    assert np.ptp(np.flatnonzero(ink.any(axis=0))) > 300
    assert np.ptp(np.flatnonzero(ink.any(axis=1))) > 200
    assert picture(picture_of(path, "thumbnail")).size == PLOT


def test_all_pictures_are_drawn_once_and_a_second_run_goes_on(
    archive: Archive, database: Database, tmp_path: Path
) -> None:
    drawings = Drawings(tmp_path / "previews")
    told: list[tuple[int, int | None]] = []
    files = [file for file in drawable_files(database.owner, drawings) if file.dp_id in (IMAGE, CUBE, BROKEN)]
    assert len(files) == 3
    draw_all(files[:1], drawings, 2, lambda done, total, what: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    draw_all(files, drawings, 2, lambda done, total, what: told.append((done, total)))
    assert told[-1] == (4, 4)
    assert all(drawings.has(file, kind) for file in files for kind in ("preview", "thumbnail"))
    by_name = {file.dp_id: file for file in files}
    assert drawings.get(by_name[IMAGE]).startswith(b"\x89PNG")
    assert not drawings.may_have(by_name[BROKEN])
    left = [file.dp_id for file in drawable_files(database.owner, drawings)]
    assert not {IMAGE, CUBE, BROKEN} & set(left)


def test_a_preview_is_drawn_once(client: TestClient, archive: Archive) -> None:
    first = client.get(f"/preview/{IMAGE}")
    again = client.get(f"/preview/{IMAGE}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(f"/preview/{IMAGE}").status_code == 200
    assert client.get(f"/preview/{IMAGE}").content == first.content


@pytest.mark.parametrize("shape", [(3, 3), (2000, 30), (1, 5000), (700, 1500)])
def test_pictures_are_small(shape: tuple[int, int]) -> None:
    drawn = picture(draw_image(np.arange(np.prod(shape), dtype=np.float64).reshape(shape)))
    assert max(drawn.size) <= SIDE
    assert min(drawn.size) >= 1


def test_shrinking_keeps_the_mean_and_leaves_nan_out() -> None:
    values = np.arange(16.0).reshape(4, 4)
    values[0, 0] = np.nan
    np.testing.assert_allclose(shrink(values, 2), [[(1 + 4 + 5) / 3, 4.5], [10.5, 12.5]])


def test_an_image_of_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="finite"):
        draw_image(np.full((5, 5), np.nan))


def test_a_line_of_a_spectrum_is_at_its_wavelength() -> None:
    wave = np.linspace(400, 700, 3000)
    flux = np.ones(3000)
    flux[1470:1530] = 0.0
    drawn = np.asarray(picture(draw_spectrum(wave, flux)).convert("RGB")).astype(int)
    assert drawn.shape == (PLOT[1], PLOT[0], 3)
    ink = drawn[..., 2] - drawn[..., 0] > 50
    low = np.flatnonzero(ink[PLOT[1] * 3 // 4 :].any(axis=0))
    assert abs(low.mean() - PLOT[0] / 2) < 4


@pytest.mark.parametrize(
    ("wave", "flux"), [([1.0], [1.0]), ([1.0, 1.0], [1.0, 2.0]), ([1.0, 2.0], [np.nan, 1.0])]
)
def test_a_spectrum_of_nothing_cannot_be_drawn(wave: list[float], flux: list[float]) -> None:
    with pytest.raises(ValueError, match="two finite points"):
        draw_spectrum(np.array(wave), np.array(flux))


def test_a_constant_spectrum_is_drawn() -> None:
    assert picture(draw_spectrum(np.arange(10.0), np.zeros(10))).size == PLOT
