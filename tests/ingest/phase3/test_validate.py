"""A validation as a whole: reports, exit codes, batches, files that try to break it."""

import gzip
import json
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from demo.fitsbytes import image_extension
from ingest.fitsfile import Limits
from ingest.phase3.batch import Batch
from ingest.phase3.batch import marks as batch_marks
from ingest.phase3.cli import app
from ingest.phase3.report.page import page
from ingest.phase3.report.text import lines
from ingest.phase3.standard import load
from ingest.phase3.validate import PARALLEL_FROM, examine, validate
from tests.ingest.phase3.bench import Bench
from tests.ingest.phase3.drafts import Draft
from tests.ingest.phase3.products import CATEGORIES, SYNTHETIC, Sample
from vo_server.cli import main

NOW = 70_000.0
RUNNER = CliRunner()
PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="'")


def rules(paths: list[Path], standard: str = SYNTHETIC, **options: object) -> set[str]:
    """The rules of errors and warnings."""
    report = validate(paths, standard, processes=1, now=NOW, **options)  # type: ignore[arg-type]
    return {finding.rule for finding in report.findings if finding.severity != "info"}


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_valid_batch_is_valid(category: str, valid: dict[str, Sample], tmp_path: Path) -> None:
    sample = valid[category]
    assert rules(sample.write(tmp_path), sample.standard) == set()


def test_all_products_of_the_synthetic_observatory_are_valid(products: list[Path]) -> None:
    report = validate(products, SYNTHETIC, processes=1, now=NOW)
    assert [str(finding) for finding in report.findings if finding.severity != "info"] == []
    assert report.is_valid
    assert len(report.files) == len(products)
    assert {finding.rule for finding in report.findings} == {"KEYWORD_RESERVED"}


def test_processes_find_what_one_process_finds(products: list[Path]) -> None:
    paths = products[: PARALLEL_FROM + 8]
    alone = validate(paths, "8", processes=1, now=NOW)
    together = validate(paths, "8", processes=2, now=NOW)
    assert alone == together


def test_a_report_names_its_standard_and_counts(valid: dict[str, Sample], tmp_path: Path) -> None:
    bench = Bench.of(valid["SCIENCE.SPECTRUM"])
    bench.head.remove("SPECSYS", "SPEC_ERR")
    report = validate(bench.write(tmp_path), SYNTHETIC, processes=1, now=NOW)
    assert not report.is_valid
    told = report.as_json()
    assert told["standard"] == "6, synthetic"
    assert told["families"]["KEYWORD_MISSING"] == 2
    assert told["severities"]["error"] == 1
    assert told["files"][0]["status"] == "error"
    finding = next(entry for entry in told["files"][0]["findings"] if entry["keyword"] == "SPECSYS")
    assert finding == {
        "file": str(tmp_path / bench.main.name),
        "rule": "KEYWORD_MISSING",
        "severity": "error",
        "family": "KEYWORD_MISSING",
        "hdu": 0,
        "keyword": "SPECSYS",
        "came": "not there",
        "wanted": "SPECSYS: frame of the spectral coordinates",
        "mend": "write SPECSYS",
        "section": "SDP 13, table 8",
    }
    assert json.loads(json.dumps(told)) == told


def test_text_tells_the_least_severity_that_is_asked_for(valid: dict[str, Sample], tmp_path: Path) -> None:
    bench = Bench.of(valid["SCIENCE.SPECTRUM"])
    bench.head.remove("SPECSYS", "SPEC_ERR")
    report = validate(bench.write(tmp_path), SYNTHETIC, processes=1, now=NOW)
    for least, expected in (
        ("error", {"ERROR"}),
        ("warning", {"ERROR", "WARNING"}),
        ("info", {"ERROR", "WARNING", "INFO"}),
    ):
        text = "\n".join(lines(report, least=least))
        assert set(re.findall(r"^  (ERROR|WARNING|INFO)", text, re.MULTILINE)) == expected
        assert str(report) in text


def test_a_page_escapes_what_files_say(valid: dict[str, Sample], tmp_path: Path) -> None:
    bench = Bench.of(valid["SCIENCE.SPECTRUM"])
    bench.set(SPECSYS="<script>alert(1)</script>")
    html = page(validate(bench.write(tmp_path), SYNTHETIC, processes=1, now=NOW))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_single_files_are_not_called_orphans(valid: dict[str, Sample], tmp_path: Path) -> None:
    paths = valid["SCIENCE.IMAGE"].write(tmp_path)
    weights = next(path for path in paths if "_weight" in path.name)
    assert rules([weights]) == {"ASSOCIATION_ORPHAN"}
    assert rules([weights], is_whole=False) == set()
    assert rules(paths[:1], is_whole=False) == set(), "its companions lie beside it"
    assert rules(paths[:1]) == {"ASSOCIATION_MISSING"}


def test_what_the_archive_has_is_asked(valid: dict[str, Sample], tmp_path: Path) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    paths = sample.write(tmp_path)
    asked: list[str] = []

    def known(name: str) -> bool:
        asked.append(name)
        return not asked[1:]

    assert rules(paths, known=known) == {"PROVENANCE_UNRESOLVED"}
    assert asked[0].startswith("XSHOO.")
    assert not asked[0].endswith(".fits")


def test_cycles_are_found_through_several_files(valid: dict[str, Sample], tmp_path: Path) -> None:
    paths = []
    for number in range(3):
        bench = Bench.of(valid["SCIENCE.CATALOG"])
        bench.main.name = f"part{number}.fits"
        bench.head.remove("NOESODAT", "ARCFILE")
        bench.set(
            PROG_ID="110.23XY.001", OBID1=1, PROV1=f"part{(number + 1) % 3}.fits", OBJECT=f"Part {number}"
        )
        bench.ext.data = bench.ext.data[:-1] + bytes([number])
        paths += bench.write(tmp_path)
    facts = tuple(examine(path, load(SYNTHETIC), NOW).facts for path in paths)
    found = [
        mark for _, mark in batch_marks(Batch(facts, load(SYNTHETIC))) if mark.rule == "PROVENANCE_CYCLE"
    ]
    assert [mark.came for mark in found] == ["part0.fits <- part1.fits <- part2.fits <- part0.fits"]


def test_a_long_chain_of_products_is_followed(valid: dict[str, Sample], tmp_path: Path) -> None:
    path = valid["SCIENCE.SPECTRUM"].write(tmp_path)[0]
    facts = examine(path, load(SYNTHETIC), NOW).facts
    chain = tuple(
        replace(facts, path=f"{i}.fits", provenance=(f"{i + 1}.fits",) if i < 4999 else ("0.fits",), data=(),
                arcfile="", title="")
        for i in range(5000)
    )  # fmt: skip
    found = [mark.rule for _, mark in batch_marks(Batch(chain, load(SYNTHETIC)))]
    assert found == ["PROVENANCE_CYCLE"]


def test_a_white_light_image_of_several_hdus_has_classes(valid: dict[str, Sample], tmp_path: Path) -> None:
    bench = Bench.of(valid["SCIENCE.CUBE.IFS"])

    def add(draft: Draft) -> None:
        content = draft.to_bytes() + b"".join(
            image_extension([("EXTNAME", name, "")], np.ones((30, 30), np.float32)) for name in ("A", "B")
        )
        draft.hdus[:] = Draft.read(draft.name, content).hdus

    bench.edit("_white.fits", add)
    path = tmp_path / "synthetic8.toml"
    path.write_text(Path(SYNTHETIC).read_text().replace('extends = "6"', 'extends = "8"'))
    assert rules(bench.write(tmp_path), str(path)) == {"WHITELIGHT_CLASS"}


def test_a_confidence_map_is_known_by_its_class(valid: dict[str, Sample], tmp_path: Path) -> None:
    bench = Bench.of(valid["SCIENCE.IMAGE (MEF)"])
    confidence = Draft.read("x", bench.main.to_bytes()).hdus[3]
    for keyword, value in (("EXTNAME", "LAYER"), ("HDUCLAS2", "CONF")):
        confidence.set(keyword, value)
    confidence.remove("HDUCLAS3")
    bench.main.hdus.append(confidence)
    assert rules(bench.write(tmp_path), "8") == {"HDUCLASS_REFERENCE"}, "CONFDATA is missing"
    bench.set(1, CONFDATA="LAYER")
    assert rules(bench.write(tmp_path), "8") == set()


def test_a_tile_compressed_image_is_valid(valid: dict[str, Sample], tmp_path: Path) -> None:
    sample = valid["SCIENCE.IMAGE"]
    paths = sample.write(tmp_path)
    with fits.open(paths[0]) as plain:
        header = plain[0].header.copy()
        for keyword in ("CHECKSUM", "DATASUM"):
            header.remove(keyword)
        packed = fits.CompImageHDU(plain[0].data, header, compression_type="RICE_1")
        path = paths[0].with_name(f"{paths[0].name}.fz")
        fits.HDUList([fits.PrimaryHDU(), packed]).writeto(path, checksum=True)
    paths[0].unlink()
    assert rules([path, *paths[1:]]) == set()
    assert rules([path.rename(paths[0]), *paths[1:]]) == {"FILE_NAME_SUFFIX"}


# ---------------------------------------------------------------- files that try to break it


@pytest.mark.parametrize("name", [".", "..", "", "/etc/passwd", "../other.fits", "x" * 60 + ".fits"])
def test_names_of_companions_lead_nowhere_else(name: str, valid: dict[str, Sample], tmp_path: Path) -> None:
    bench = Bench.of(valid["SCIENCE.IMAGE"])
    bench.set(ASSON2=name, PROV1=name)
    paths = bench.write(tmp_path)
    for is_whole in (True, False):
        found = rules(paths[:1], is_whole=is_whole)
        assert {"ASSOCIATION_MISSING", "PROVENANCE_UNRESOLVED"} <= found


def test_a_compressed_file_is_read_and_told(valid: dict[str, Sample], tmp_path: Path) -> None:
    sample = valid["SCIENCE.SPECTRUM"]
    path = tmp_path / f"{sample.main.name}.gz"
    path.write_bytes(gzip.compress(sample.main.to_bytes()))
    assert rules([path]) == {"FILE_NAME_SUFFIX"}
    path.write_bytes(path.read_bytes()[:-2000])
    assert rules([path]) == {"TRUNCATED"}
    path.write_bytes(b"\x1f\x8b" + bytes(200))
    assert rules([path]) == {"COMPRESSION"}


def test_a_file_that_inflates_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.fits.gz"
    path.write_bytes(gzip.compress(bytes(5_000_000)))
    found = examine(path, load("8"), NOW, Limits(inflated_bytes=1_000_000))
    assert [finding.rule for finding in found.findings] == ["COMPRESSION"]


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "endless.fits"
    path.write_bytes(b"SIMPLE  =                    T".ljust(2880) + b" " * 2880 * 200)
    found = examine(path, load("8"), NOW, Limits(header_bytes=100_000))
    assert [finding.rule for finding in found.findings] == ["HEADER_SIZE"]


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gone.fits"
    path.symlink_to(tmp_path / "nothing")
    assert rules([path]) == {"UNREADABLE"}


VALUES = st.one_of(
    st.text(PRINTABLE, max_size=40),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
)
PLACE = st.integers(0, 100_000)
STRANGE = st.sampled_from(list(b"0123456789 '=/.-ETFANxi\x00\xff"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    category=st.sampled_from(CATEGORIES),
    changes=st.lists(st.tuples(PLACE, STRANGE), min_size=1, max_size=12),
)
def test_no_change_of_bytes_stops_a_validation(
    category: str, changes: list[tuple[int, int]], valid: dict[str, Sample], tmp_path: Path
) -> None:
    sample = valid[category]
    content = bytearray(sample.main.to_bytes())
    headers = sum(len(hdu.lines) for hdu in sample.main.hdus[:2]) * 80
    for at, byte in changes:
        content[at % min(headers, len(content))] = byte
    path = tmp_path / sample.main.name
    path.write_bytes(bytes(content))
    found = examine(path, load(sample.standard), NOW)
    assert "NOT_CHECKED" not in {finding.rule for finding in found.findings}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    category=st.sampled_from(CATEGORIES),
    changes=st.lists(st.tuples(PLACE, PLACE, VALUES), min_size=1, max_size=6),
)
def test_no_value_of_a_keyword_stops_a_validation(
    category: str,
    changes: list[tuple[int, int, str | int | float | bool]],
    valid: dict[str, Sample],
    tmp_path: Path,
) -> None:
    bench = Bench.of(valid[category])
    for which, at, value in changes:
        hdu = bench.main.hdus[which % len(bench.main.hdus)]
        keywords = [line[:8].rstrip() for line in hdu.lines if line[8:10] == "= "]
        keyword = keywords[at % len(keywords)]
        if keyword not in ("NAXIS", "BITPIX"):
            hdu.set(keyword, value)
    path = bench.main.write(tmp_path)
    found = examine(path, load(valid[category].standard), NOW)
    assert "NOT_CHECKED" not in {finding.rule for finding in found.findings}


# ---------------------------------------------------------------- the command


def test_the_command_tells_by_its_status(valid: dict[str, Sample], tmp_path: Path) -> None:
    paths = valid["SCIENCE.SPECTRUM"].write(tmp_path)
    good = RUNNER.invoke(app, ["validate", str(tmp_path), "--standard", SYNTHETIC])
    assert (good.exit_code, "1 clean" in good.output) == (0, True)
    bad = RUNNER.invoke(app, ["validate", str(paths[0]), "--standard", "6"])
    assert bad.exit_code == 1
    assert "KEYWORD_VALUE" in bad.output


def test_the_command_writes_json_and_html(valid: dict[str, Sample], tmp_path: Path) -> None:
    batch = tmp_path / "batch"
    valid["SCIENCE.IMAGE"].write(batch)
    for form in ("json", "html"):
        output = tmp_path / f"report.{form}"
        done = RUNNER.invoke(
            app, ["validate", str(batch), "--standard", SYNTHETIC, "--format", form, "-o", str(output)]
        )
        assert done.exit_code == 0, done.output
        assert output.stat().st_size > 500
    assert json.loads((tmp_path / "report.json").read_text())["valid"] is True


@pytest.mark.parametrize(
    "arguments",
    [["/nowhere/at/all"], [".", "--standard", "7"], [".", "--least", "fatal"], [".", "--format", "pdf"], []],
)
def test_a_wrong_call_has_status_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["vo-server", "phase3", "validate", *arguments])
    former = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as left:
            main()
    finally:
        signal.signal(signal.SIGTERM, former)
    assert left.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_names_that_the_archive_has_come_from_a_file(valid: dict[str, Sample], tmp_path: Path) -> None:
    batch = tmp_path / "batch"
    sample = valid["SCIENCE.SPECTRUM"]
    sample.write(batch)
    names = tmp_path / "known.txt"
    names.write_text("nothing\n")
    call = ["validate", str(batch), "--standard", SYNTHETIC, "--known", str(names)]
    assert RUNNER.invoke(app, call).exit_code == 1
    lines_of = [line for line in sample.main.hdus[0].lines if line.startswith("PROV")]
    names.write_text("\n".join(line[11:].split("'")[0].removesuffix(".fits") for line in lines_of))
    assert RUNNER.invoke(app, call).exit_code == 0
