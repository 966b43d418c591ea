"""Every broken product gets the findings that it deserves, and no others."""

from collections import Counter
from pathlib import Path

import pytest

from ingest.phase3.standard import load
from ingest.phase3.validate import validate
from tests.ingest.phase3.bench import Bench
from tests.ingest.phase3.corpus import CASES, Case
from tests.ingest.phase3.products import Sample

NOW = 70_000.0
#: Rules that no file of a few bytes can break, and where they are tested.
ELSEWHERE = {
    "UNREADABLE": "test_validate", "HEADER_SIZE": "test_validate", "COMPRESSION": "test_validate",
    "NOT_CHECKED": "test_validate", "KEYWORD_RESERVED": "test_validate", "WHITELIGHT_CLASS": "test_validate",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_broken_product_gets_its_findings(case: Case, valid: dict[str, Sample], tmp_path: Path) -> None:
    sample = valid[case.category]
    bench = Bench.of(sample)
    case.spoil(bench)
    report = validate(bench.write(tmp_path), sample.standard, processes=1, now=NOW)
    found = {finding.rule for finding in report.findings if finding.severity != "info"}
    assert found == case.rules, [str(finding) for finding in report.findings if finding.severity != "info"]
    for finding in report.findings:
        assert finding.came
        assert finding.wanted
        assert finding.mend
        assert finding.section


def test_the_corpus_is_large_and_its_titles_are_unique() -> None:
    assert len(CASES) >= 150
    assert not [title for title, count in Counter(case.title for case in CASES).items() if count > 1]


def test_the_corpus_breaks_every_rule() -> None:
    broken = frozenset().union(*(case.rules for case in CASES))
    assert set(load("8").rules) - broken == set(ELSEWHERE)
