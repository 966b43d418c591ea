"""The nights: enough of everything, no identifier twice, the same every time, headers as ESO's."""

import re
from collections import Counter
from pathlib import Path

from astropy.io import fits

from demo.ephemeris import pointing
from demo.observatory import PROPRIETARY, Exposure, observe
from demo.raw import frame

CATEGORIES = {
    "UVES": {"BIAS", "LAMP,FLAT", "LAMP,WAVE", "LAMP,FMTCHK", "LAMP,ORDERDEF", "STD", "OBJECT,POINT"},
    "XSHOOTER": {"BIAS", "DARK", "LAMP,FLAT", "LAMP,WAVE", "LAMP,FMTCHK", "STD,FLUX", "OBJECT"},
    "GIRAFFE": {"BIAS", "LAMP,FLAT", "LAMP,WAVE", "STD", "OBJECT,OzPoz"},
    "MUSE": {"BIAS", "FLAT,LAMP", "FLAT,SKY", "WAVE", "STD", "OBJECT"},
    "HAWKI": {"DARK", "FLAT,TWILIGHT", "STD", "OBJECT"},
}
PREFIXES = {"UVES": "UVES", "XSHOOTER": "XSHOO", "GIRAFFE": "GIRAF", "MUSE": "MUSE", "HAWKI": "HAWKI"}
#: HDUs of a raw file by instrument and arm.
LAYOUTS = {("MUSE", "IFU"): 25, ("HAWKI", "CAMERA"): 5, ("UVES", "RED"): 3, ("UVES", "BLUE"): 1}


def test_there_are_hundreds_of_frames_of_every_kind(exposures: list[Exposure]) -> None:
    assert len(exposures) > 400
    kinds: dict[str, set[str]] = {}
    for exposure in exposures:
        kinds.setdefault(exposure.instrument.name, set()).add(exposure.template.type)
    assert kinds == CATEGORIES
    assert len({exposure.night for exposure in exposures}) == 4


def test_no_two_frames_have_the_same_identifier(exposures: list[Exposure]) -> None:
    assert max(Counter(exposure.dp_id for exposure in exposures).values()) == 1
    assert max(Counter(exposure.origfile for exposure in exposures).values()) == 1
    for exposure in exposures:
        prefix = PREFIXES[exposure.instrument.name]
        assert re.fullmatch(prefix + r"\.\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", exposure.dp_id)


def test_a_target_is_above_the_horizon_while_it_is_exposed(exposures: list[Exposure]) -> None:
    for exposure in exposures:
        if exposure.target:
            for instant in (exposure.start, exposure.end):
                here = pointing(exposure.target.ra, exposure.target.dec, instant)
                assert here.alt > 20, f"{exposure.target.name} at {instant}"


def test_a_second_run_gives_the_same_bytes(exposures: list[Exposure]) -> None:
    again = observe()
    assert again == exposures
    assert [frame(a) for a in again[::23]] == [frame(b) for b in exposures[::23]]


def test_another_seed_gives_other_times(exposures: list[Exposure]) -> None:
    assert {exposure.dp_id for exposure in observe(seed=7)} != {exposure.dp_id for exposure in exposures}


def test_every_raw_file_is_faithful(exposures: list[Exposure], raw_files: list[Path]) -> None:
    for exposure, path in zip(exposures, raw_files, strict=True):
        with fits.open(path, checksum=True) as hdus:
            hdus.verify("exception")
            header = hdus[0].header
            assert len(header) >= 150
            assert f"{header['ARCFILE']}" == path.name == f"{exposure.dp_id}.fits"
            assert f"{PREFIXES[header['INSTRUME']]}.{header['DATE-OBS']}" == exposure.dp_id
            assert header["ESO DPR CATG"] in ("SCIENCE", "CALIB")
            assert header["VOS SYNTHETIC"] is True
            assert header["ORIGIN"].startswith("SYNTHETIC")
            assert header["ESO TPL EXPNO"] <= header["ESO TPL NEXP"]
            has_target = header["ESO DPR CATG"] == "SCIENCE" or "STD" in header["ESO DPR TYPE"]
            assert ("RA" in header) == has_target
            is_closed = header["ESO OBS ID"] in PROPRIETARY and header["ESO DPR CATG"] == "SCIENCE"
            assert ("VOS RELEASE DATE" in header) == is_closed
            assert len(hdus) == LAYOUTS.get((exposure.instrument.name, exposure.arm.name), 1)
            names = [hdu.name for hdu in hdus[1:]]
            assert len(set(names)) == len(names)
            assert hdus[-1].data.min() >= 0
            assert hdus[-1].data.mean() > 150
    assert sum(path.stat().st_size for path in raw_files) < 100e6


def test_muse_has_its_24_channels(exposures: list[Exposure], raw_files: list[Path]) -> None:
    path = next(p for e, p in zip(exposures, raw_files, strict=True) if e.instrument.name == "MUSE")
    with fits.open(path) as hdus:
        assert [hdu.name for hdu in hdus[1:]] == [f"CHAN{i:02d}" for i in range(1, 25)]


def test_an_arc_of_muse_burns_one_lamp_after_the_other(exposures: list[Exposure]) -> None:
    arcs = [e for e in exposures if e.instrument.name == "MUSE" and e.template.kind == "arc"][:3]
    open_shutters = []
    for exposure in arcs:
        header = fits.Header.fromstring(frame(exposure))
        open_shutters.append([i for i in (3, 4, 5) if header[f"ESO INS SHUT{i} ST"]])
    assert open_shutters == [[3], [4], [5]]
