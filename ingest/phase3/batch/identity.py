"""Whether every product is one of its own: names, identifiers, titles, data (SDP 3.4.2, 5.6.1, 5.12)."""

from collections.abc import Callable, Hashable, Iterator

from ingest.phase3.batch.files import Batch
from ingest.phase3.facts import Facts
from ingest.phase3.finding import Mark


def check(batch: Batch) -> Iterator[tuple[str, Mark]]:
    """Every file that repeats another one, told at the later of the two."""
    science = [facts for facts in batch.facts if facts.kind == "science"]
    yield from _repeated(batch.facts, lambda facts: facts.name, "DUPLICATE_NAME", None)
    yield from _repeated(science, lambda facts: facts.arcfile, "DUPLICATE_IDENTITY", "ARCFILE")
    yield from _repeated(science, lambda facts: facts.data, "DUPLICATE_DATA", None)
    yield from _repeated(science, lambda facts: facts.title, "DUPLICATE_TITLE", "TITLE")


def _repeated(
    files: list[Facts] | tuple[Facts, ...], key: Callable[[Facts], Hashable], rule: str, keyword: str | None
) -> Iterator[tuple[str, Mark]]:
    seen: dict[Hashable, Facts] = {}
    for facts in files:
        value = key(facts)
        if not value:
            continue
        if value in seen:
            told = f"{value!r}, as" if isinstance(value, str) and keyword else "as"
            yield facts.path, Mark(rule, f"{told} {seen[value].path}", None, keyword)
        seen.setdefault(value, facts)
