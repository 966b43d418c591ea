"""Whatever is done to a required keyword of a valid product, the validator says so."""

from collections import Counter
from pathlib import Path

import pytest

from ingest.phase3 import batch
from ingest.phase3.batch.files import Batch
from ingest.phase3.finding import Finding
from ingest.phase3.standard import load
from ingest.phase3.validate import Examined, examine
from tests.ingest.phase3.mutants import mutants, required
from tests.ingest.phase3.products import CATEGORIES, Sample

NOW = 70_000.0  #: MJD of the year 2050: nothing here is in the future
ENOUGH = 0.98


def findings(path: Path, others: list[Examined], standard: str) -> set[tuple[str, str | None]]:
    """Rules and keywords of errors and warnings of the file, and of those of the whole batch."""
    said = load(standard)
    done = examine(path, said, NOW)
    together = Batch(tuple(one.facts for one in (done, *others)), said)
    found = [*done.findings, *(Finding.of(place, mark, said) for place, mark in batch.marks(together))]
    assert "NOT_CHECKED" not in {finding.rule for finding in found}, path.read_bytes()[:20000]
    return {(finding.rule, finding.keyword) for finding in found if finding.severity != "info"}


def tally(category: str, sample: Sample, directory: Path) -> tuple[Counter[str], list[str]]:
    """How many mutants of each kind were made, and which of them nothing was found in."""
    paths = sample.write(directory)
    others = [examine(path, load(sample.standard), NOW) for path in paths[1:]]
    assert findings(paths[0], others, sample.standard) == set(), "the product itself is valid"
    made, missed = Counter[str](), []
    for mutant in mutants(category, sample.main):
        mutant.draft.write(directory, with_sums=mutant.with_sums)
        made[mutant.kind] += 1
        if not findings(paths[0], others, sample.standard):
            missed.append(str(mutant))
    return made, missed


@pytest.mark.parametrize("category", CATEGORIES)
def test_mutants_are_caught(category: str, valid: dict[str, Sample], tmp_path: Path) -> None:
    made, missed = tally(category, valid[category], tmp_path)
    always = [keyword for keyword, code in required(category).items() if code != "Meso"]
    assert made["removed"] >= len(always)
    assert set(made) == {"removed", "wrong type", "wrong unit", "out of range"}
    assert len(missed) <= made.total() * (1 - ENOUGH), missed
