"""Products that ESO's pipeline for HAWK-I makes are validated as they come, adapted, and validated again."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from ingest.phase3.adapt import adapt
from ingest.phase3.standard import load
from ingest.phase3.validate import validate
from tests.ingest.phase3 import hawki

NOW = 70_000.0
CHIPS = 4

pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(
        not hawki.IS_INSTALLED, reason="esorex and cpl-plugin-hawki are not installed: see .ci/debian.sh"
    ),
]


@dataclass(frozen=True)
class Reduced:
    """Products by PRO CATG: of the recipes for calibrations, and of that for science frames."""

    calibrations: dict[str, list[Path]]
    science: dict[str, list[Path]]


@pytest.fixture(scope="module")
def reduced(tmp_path_factory: pytest.TempPathFactory) -> Reduced:
    """Raw frames through three recipes; nothing of a product is touched."""
    directory = tmp_path_factory.mktemp("hawki")
    raw = directory / "raw"
    raw.mkdir()
    darks, flats = hawki.calibration_frames(raw)
    masters = hawki.run("hawki_dark_combine", darks, directory / "dark")
    flats.append(("MASTER_DARK", masters["MASTER_DARK"][0]))
    masters |= hawki.run("hawki_twilight_flat_combine", flats, directory / "flat")
    stars = hawki.stars_around(hawki.TARGET)
    frames = hawki.science_frames(raw, stars) + hawki.static_calibrations(directory, stars)
    for category in ("MASTER_DARK", "MASTER_TWILIGHT_FLAT", "MASTER_CONF"):
        frames.append((category, hawki.window_of(masters[category][0], directory)))
    return Reduced(masters, hawki.run("hawki_science_process", frames, directory / "science"))


def rules_by_category(files: dict[str, list[Path]], standard: str = "8") -> dict[str, Counter[str]]:
    """The rules that files of each PRO CATG break, with the number of findings."""
    every = [path for paths in files.values() for path in paths]
    report = validate(every, standard, processes=1, now=NOW)
    found = {}
    for category, paths in files.items():
        names = {str(path) for path in paths}
        found[category] = Counter(finding.rule for finding in report.findings if finding.file in names)
    return found


def test_master_calibrations_are_no_products(reduced: Reduced) -> None:
    found = rules_by_category(reduced.calibrations)
    # Calibrations have no category in the standard and the recipes claim none. That is all.
    assert found == {
        category: Counter(CATEGORY_MISSING=1)
        for category in ("MASTER_DARK", "MASTER_TWILIGHT_FLAT", "MASTER_CONF", "MASTER_BPM")
    }


def test_what_is_found_in_science_products_as_they_come(reduced: Reduced) -> None:
    assert {category: len(paths) for category, paths in reduced.science.items()} == {
        "BASIC_CALIBRATED_SCI": 4,
        "BASIC_VAR_MAP": 4,
        "MEAN_SKY": 1,
        "MEAN_SKY_VAR": 1,
        "JITTERED_IMAGE_SCI": 1,
        "JITTERED_VAR_IMAGE": 1,
        "CONFIDENCE_MAP_JITTERED": 1,
        "OBJECT_CATALOGUE_JITTERED": 1,
    }
    # 37 of 80 columns of the source list are in ADU; words stand for the units of all others.
    words = 80 - 37
    assert rules_by_category(reduced.science) == {
        # Each names its variances, which do not tell what they are; its zero point has no error.
        "BASIC_CALIBRATED_SCI": Counter(
            ASSOCIATION_INCOMPLETE=4, KEYWORD_RECOMMENDED=4 * CHIPS, KEYWORD_RESERVED=4
        ),
        "BASIC_VAR_MAP": Counter(CATEGORY_MISSING=4),
        "MEAN_SKY": Counter(CATEGORY_MISSING=1),
        "MEAN_SKY_VAR": Counter(CATEGORY_MISSING=1),
        # The recipe writes the name of the first raw frame as the name of every product.
        "JITTERED_IMAGE_SCI": Counter(DUPLICATE_IDENTITY=1, KEYWORD_RESERVED=1),
        "JITTERED_VAR_IMAGE": Counter(),
        "CONFIDENCE_MAP_JITTERED": Counter(),
        "OBJECT_CATALOGUE_JITTERED": Counter(
            UNIT_FORM=words * CHIPS, DUPLICATE_IDENTITY=1, KEYWORD_RESERVED=1
        ),
    }


@pytest.fixture(scope="module")
def adapted(reduced: Reduced, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Every product but the skies, by the recipe that is chosen for it."""
    directory = tmp_path_factory.mktemp("adapted")
    found: dict[str, list[Path]] = {}
    for category, paths in reduced.science.items():
        if category.startswith("MEAN_SKY"):
            continue
        for path in paths:
            done = adapt(path, directory, load("8"))
            assert done.recipe == "hawki"
            assert done.left_out == ()
            found.setdefault(category, []).extend(done.paths)
    return found


def test_adapted_products_are_valid(adapted: dict[str, list[Path]]) -> None:
    found = rules_by_category(adapted)
    # Nobody knows the error of the zero point of a single exposure: the pipeline calibrates the stack.
    single = found.pop("BASIC_CALIBRATED_SCI")
    assert single == Counter(KEYWORD_RECOMMENDED=4 * CHIPS)
    assert found == {category: Counter() for category in found}


def test_the_stack_is_valid_alone_with_its_maps_and_sources(adapted: dict[str, list[Path]]) -> None:
    names = [category for category in adapted if "JITTERED" in category]
    assert len(names) == 4
    files = [adapted[name][0] for name in names]
    assert [str(finding) for finding in validate(files, "8", processes=1, now=NOW).findings] == []


def test_pixels_and_rows_stay_as_they_were(reduced: Reduced, adapted: dict[str, list[Path]]) -> None:
    for category in adapted:
        for before, after in zip(reduced.science[category], adapted[category], strict=True):
            with fits.open(before) as former, fits.open(after, checksum=True) as present:
                assert len(former) == len(present) == CHIPS + 1
                for one, other in zip(former[1:], present[1:], strict=True):
                    assert one.name == other.name
                    assert np.asarray(one.data).tobytes() == np.asarray(other.data).tobytes()


def test_what_was_adapted_is_told_in_the_header(adapted: dict[str, list[Path]]) -> None:
    stack, sources = adapted["JITTERED_IMAGE_SCI"][0], adapted["OBJECT_CATALOGUE_JITTERED"][0]
    head = fits.getheader(stack)
    assert head["PROCSOFT"].startswith("hawki/")
    assert head["OBSTECH"] == "IMAGE,JITTER"
    assert not {"ARCFILE", "DATAMD5"} & set(head)
    assert (head["NCOMBINE"], head["PROV1"]) == (4, "HAWKI.2024-10-04T07:00:00.000.fits")
    assert (head["RA"], head["DEC"]) == pytest.approx((hawki.TARGET.ra, hawki.TARGET.dec), abs=10 / 3600)
    table = fits.getheader(sources, 1)
    units = {table[f"TTYPE{n}"]: table[f"TUNIT{n}"] for n in range(1, table["TFIELDS"] + 1)}
    assert Counter(units.values()) == {"adu": 37, "pixel": 16, "deg": 3, "": 24}
    assert (units["RA"], units["X_coordinate"], units["Blank63"]) == ("deg", "pixel", "")
    assert fits.getheader(sources)["PROV1"] == stack.name


def test_the_reduced_sky_is_the_one_that_was_put_in(adapted: dict[str, list[Path]]) -> None:
    """Recipes ran on frames that they could calibrate: sources are where stars of the catalogue are."""
    stars = hawki.stars_around(hawki.TARGET)
    with fits.open(adapted["OBJECT_CATALOGUE_JITTERED"][0]) as hdus:
        rows = hdus[1].data
        bright = rows[np.asarray(rows["Aper_flux_3"]) > 20_000]
        assert len(bright) > 10
        d_ra = (np.asarray(bright["RA"], float)[:, None] - stars.ra) * np.cos(np.radians(hawki.TARGET.dec))
        d_dec = np.asarray(bright["DEC"], float)[:, None] - stars.dec
    nearest = np.hypot(d_ra, d_dec).min(axis=1) * 3600
    assert np.median(nearest) < 0.1
