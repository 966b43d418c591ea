"""Files of pipelines become products by recipes, and pass."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from typer.testing import CliRunner

from ingest.phase3.adapt import adapt, recipes
from ingest.phase3.cli import app
from ingest.phase3.standard import load
from ingest.phase3.validate import validate
from tests.ingest import samples
from tests.ingest.phase3.bench import Bench
from tests.ingest.phase3.products import SYNTHETIC, Sample
from vo_server.errors import UsageFault

NOW = 70_000.0
RUNNER = CliRunner()


def pipeline_cube(path: Path) -> Path:
    """A cube as the pipeline of MUSE writes it: 12 x 10 spaxels, 20 planes, pixel values known."""
    head = fits.PrimaryHDU()
    for keyword, value in {
        "ORIGIN": "ESO-PARANAL",
        "TELESCOP": "ESO-VLT-U4",
        "INSTRUME": "MUSE",
        "OBJECT": "NGC 1",
        "RA": 10.0,
        "DEC": -20.0,
        "EQUINOX": 2000.0,
        "RADECSYS": "FK5",
        "EXPTIME": 900.0,
        "MJD-OBS": 60000.25,
        "DATE-OBS": "2023-02-25T06:00:00.000",
        "DATAMD5": "0" * 32,
        "ARCFILE": "MUSE.2023-02-25T06:00:00.000.fits",
        "HIERARCH ESO OBS ID": 4000123,
        "HIERARCH ESO OBS PROG ID": "110.23XY.001",
        "HIERARCH ESO PRO TECH": "IFU",
        "HIERARCH ESO PRO REC1 PIPE ID": "muse/2.8",
        "HIERARCH ESO TEL AMBI FWHM START": 0.9,
        "HIERARCH ESO TEL AMBI FWHM END": 1.1,
        "HIERARCH ESO PRO REC1 RAW1 NAME": "MUSE.2023-02-25T06:00:00.000.fits.fz",
    }.items():
        head.header[keyword] = value
    data = np.arange(20 * 10 * 12, dtype=np.float32).reshape(20, 10, 12)
    data[0, 0, 0] = np.nan
    axis = {
        "CTYPE3": "AWAV",
        "CUNIT3": "Angstrom",
        "CRVAL3": 5000.0,
        "CRPIX3": 1.0,
        "CD3_3": 1.25,
        "CD1_3": 0.0,
        "CD2_3": 0.0,
        "CD3_1": 0.0,
        "CD3_2": 0.0,
        "CDELT1": 1.0,
        "CDELT2": 1.0,
        "CRDER1": 1e-5,
        "CRDER2": 1e-5,
        "CSYER1": 1e-5,
        "CSYER2": 1e-5,
    }
    sky = samples.tangent(10.0, -20.0, 10, 2 / 3600) | {"CRPIX1": 6.5, "CRPIX2": 5.5}
    science = samples.with_cards(
        fits.ImageHDU(data, name="DATA"), sky, axis, {"BUNIT": "10**(-20)*erg/s/cm**2/Angstrom"}
    )
    errors = samples.with_cards(fits.ImageHDU(np.full_like(data, 4.0), name="STAT"), sky, axis)
    flags = fits.ImageHDU(np.zeros(data.shape, np.uint8), name="DQ")
    extra = fits.ImageHDU(np.zeros((10, 12), np.int16), name="FIELDMAP")
    return samples.write(path, head, science, errors, flags, extra)


def test_a_cube_of_the_pipeline_becomes_a_product(tmp_path: Path) -> None:
    source = pipeline_cube(tmp_path / "DATACUBE_FINAL.fits")
    before = source.read_bytes()
    done = adapt(source, tmp_path / "out", load("8"))
    assert done.recipe == "muse-cube"
    assert done.left_out == ("FIELDMAP",)
    assert [path.name for path in done.paths] == ["DATACUBE_FINAL.fits", "DATACUBE_FINAL_white.fits"]
    report = validate(done.paths, "8", processes=1, now=NOW)
    assert [str(finding) for finding in report.findings if finding.severity != "info"] == []
    assert source.read_bytes() == before
    head = fits.getheader(done.paths[0])
    assert head["PROV1"] == "MUSE.2023-02-25T06:00:00.000"
    assert (head["PROG_ID"], head["OBID1"], head["NCOMBINE"]) == ("110.23XY.001", 4000123, 1)
    assert (head["WAVELMIN"], head["WAVELMAX"]) == (500.0, 502.375)
    assert head["PIXNOISE"] == pytest.approx(2e-20), "the root of the variance, 4, in 1e-20"
    assert head["SKY_RES"] == 1.0
    # Five times the noise of the mean of 20 planes in 4 pi s^2 pixels, s = 1 arcsec / 0.2 / 2.3548.
    flux = 5 * 2e-20 / 20**0.5 * (4 * np.pi) ** 0.5 * (1 / 0.2 / 2.3548) * 5011.875**2 / 2.99792458e18
    assert head["ABMAGLIM"] == pytest.approx(-2.5 * np.log10(flux) - 48.6, abs=0.001)
    white = fits.getdata(done.paths[1])
    cube = fits.getdata(source, "DATA")
    np.testing.assert_allclose(white, np.nanmean(cube, axis=0), rtol=1e-6)


def test_adapting_again_gives_the_same_files(tmp_path: Path) -> None:
    source = pipeline_cube(tmp_path / "cube.fits")
    first = [path.read_bytes() for path in adapt(source, tmp_path / "a", load("8")).paths]
    again = adapt(source, tmp_path / "a", load("8"))
    assert [path.read_bytes() for path in again.paths] == first
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["cube.fits", "cube_white.fits"]


def test_a_compressed_spectrum_in_old_spelling_is_mended(valid: dict[str, Sample], tmp_path: Path) -> None:
    bench = Bench.of(valid["SCIENCE.SPECTRUM"])
    bench.head.rename("RADESYS", "RADECSYS")
    source = tmp_path / f"{bench.main.name}.gz"
    source.write_bytes(gzip.compress(bench.main.to_bytes()))
    done = adapt(source, tmp_path / "out", load(SYNTHETIC))
    assert done.recipe == "general"
    report = validate(done.paths, SYNTHETIC, processes=1, now=NOW)
    assert {finding.rule for finding in report.findings} <= {"KEYWORD_RESERVED"}


def test_what_no_file_tells_is_given(tmp_path: Path) -> None:
    source = pipeline_cube(tmp_path / "cube.fits")
    values = {
        "PROG_ID": "111.AAAA.001",
        "PROV1": "MUSE.2023-02-25T06:00:01.000",
        "SNR": "3.5",
        "SKY_RES": "0.7",
    }
    head = fits.getheader(adapt(source, tmp_path / "out", load("8"), values=values).paths[0])
    assert (head["PROG_ID"], head["PROV1"], head["SKY_RES"]) == (
        "111.AAAA.001",
        "MUSE.2023-02-25T06:00:01.000",
        0.7,
    )


@pytest.mark.parametrize(
    ("values", "recipe", "reason"),
    [
        ({"NONSENSE": "1"}, None, "no keyword NONSENSE"),
        ({"SNR": "good"}, None, "SNR is a real"),
        ({}, "nothing", "there are .*muse-cube"),
        ({"OBJECT": "x" * 80}, None, "more than 68"),
    ],
)
def test_what_cannot_be_is_refused(
    values: dict[str, str], recipe: str | None, reason: str, tmp_path: Path
) -> None:
    source = pipeline_cube(tmp_path / "cube.fits")
    with pytest.raises(UsageFault, match=reason):
        adapt(source, tmp_path / "out", load("8"), recipe, values)
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_units_of_a_program_are_mended_where_a_recipe_knows_them(tmp_path: Path) -> None:
    columns = [
        fits.Column("X", "E", unit="Pixels", array=[1.0]),
        fits.Column("Y", "E", unit="Blank7", array=[2.0]),
        fits.Column("Z", "E", unit="mag", array=[3.0]),
    ]
    source = samples.write(tmp_path / "list.fits", fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns))
    recipe = tmp_path / "mine.toml"
    recipe.write_text('name = "mine"\n[units]\nPixels = "pixel"\n"Blank*" = ""\n')
    done = adapt(source, tmp_path / "out", load("8"), str(recipe))
    head = fits.getheader(done.paths[0], 1)
    assert [head[f"TUNIT{n}"] for n in (1, 2, 3)] == ["pixel", "", "mag"]


@pytest.mark.parametrize("table", ["units = 3", "[units]\nPixels = 1", "match = ['x']"])
def test_a_recipe_of_another_form_is_refused(table: str, tmp_path: Path) -> None:
    source = pipeline_cube(tmp_path / "cube.fits")
    recipe = tmp_path / "mine.toml"
    recipe.write_text(f'name = "mine"\n{table}\n')
    with pytest.raises(UsageFault, match=r"gives each name a string"):
        adapt(source, tmp_path / "out", load("8"), str(recipe))


def test_a_file_is_not_written_over_itself(tmp_path: Path) -> None:
    source = pipeline_cube(tmp_path / "cube.fits")
    with pytest.raises(UsageFault, match="over itself"):
        adapt(source, tmp_path, load("8"))


def test_the_command_adapts_and_checks(tmp_path: Path) -> None:
    source = pipeline_cube(tmp_path / "cube.fits")
    done = RUNNER.invoke(app, ["adapt", str(source), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "by muse-cube" in done.output
    assert "FIELDMAP" in done.output


def test_every_recipe_fits_something_and_the_last_fits_all() -> None:
    names = [recipe.name for recipe in recipes()]
    assert names == ["hawki", "muse-cube", "general"]
    assert not recipes()[-1].match
