"""The page about the standard, made from its data: ``python -m ingest.phase3.document > docs/phase3.md``."""

import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files

from ingest.collections import presets
from ingest.phase3.checks.values import range_of
from ingest.phase3.finding import where
from ingest.phase3.standard import VERSIONS, Category, Keyword, Obligation, Standard, load
from ingest.rules import Header

NEWEST = VERSIONS[-1]
_WORDS = {"mandatory": "M", "recommended": "R", "optional": "O", "forbidden": "no", "contact": "ask"}
_MAPPINGS = ("eso-sdp", "eso-sdp-spectrum", "eso-sdp-catalogue")


def page() -> str:
    """The whole page as Markdown."""
    standard = load(NEWEST)
    head = files("ingest.phase3").joinpath("document.md").read_text(encoding="utf-8")
    return "\n".join([head.rstrip(), "", *_categories(standard), *_keywords(standard), *_notes(standard),
                      *_versions(), *_rules(standard)]) + "\n"  # fmt: skip


def _table(headings: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|" + " --- |" * len(headings)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def _categories(standard: Standard) -> Iterator[str]:
    yield "## Categories\n"
    yield f"Of {standard.title}; sections are those of version 8.\n"
    rows = (
        [f"`{c.name}`", c.key, c.text, " or ".join(f"`{name}`" for name in c.needs), c.section]
        for c in standard.categories.values()
    )
    yield from _table(["PRODCATG", "column below", "what it is", "comes with", "section"], rows)


def _keywords(standard: Standard) -> Iterator[str]:
    columns = sources()
    yield "## Keywords\n"
    yield "M is mandatory, R recommended, O optional; `+x` means the extension as well, `x` there alone,"
    yield "`e` for ESO data, `?` where a note says so; `no` is refused. What is not said is tolerated.\n"
    rows = (
        [
            f"`{k.name}`",
            k.text,
            k.type,
            _values(k),
            _uses(standard, k),
            ", ".join(columns.get(k.name, ())),
            k.section,
        ]
        for k in standard.keywords.values()
    )
    headings = ["keyword", "what it is", "type", "values", "who needs it", "ObsCore", "section"]
    yield from _table(headings, rows)


def _columns(columns: Mapping[str, tuple[str, ...]], keyword: Keyword) -> str:
    return ", ".join(columns.get(keyword.name, ()))


def _values(keyword: Keyword) -> str:
    told = [range_of(keyword)] if range_of(keyword) else []
    if keyword.allowed:
        told = [", ".join(f"`{value}`" for value in keyword.allowed)]
    elif keyword.pattern is not None:
        told = [f"`{keyword.pattern.pattern}`"]
    if keyword.blank:
        told.append("may be empty")
    if keyword.spellings:
        told.append(f"formerly {', '.join(keyword.spellings)}")
    return "; ".join(told)


def _uses(standard: Standard, keyword: Keyword) -> str:
    if keyword.instead_of:
        return f"instead of `{keyword.instead_of}`"
    groups: dict[str, list[str]] = {}
    for category in standard.categories.values():
        if word := _cell(keyword.use(category)):
            groups.setdefault(word, []).append(category.key)
    everywhere = len(standard.categories)
    return "; ".join(
        f"{word}: {'all' if len(keys) == everywhere else ', '.join(keys)}" for word, keys in groups.items()
    )


def _cell(use: Obligation) -> str:
    word = _WORDS.get(use.demand, "")
    if not word or use.demand in ("forbidden", "contact"):
        return word
    place = "+x" if use.primary and use.extension else "x" if use.extension else ""
    notes = f" ({', '.join(use.notes)})" if use.notes else ""
    return f"{word}{place}{'e' if use.eso else ''}{'?' if use.where_applicable else ''}{notes}"


def sources() -> Mapping[str, tuple[str, ...]]:
    """The ObsCore columns that read each keyword, from the mappings of Phase 3 products."""
    found: dict[str, list[str]] = {}
    for collection in presets():
        if collection.name in _MAPPINGS:
            for field in collection.fields:
                for rule, _ in field.rules:
                    for keyword in rule.keywords if isinstance(rule, Header) else ():
                        names = found.setdefault(keyword, [])
                        if field.name not in names:
                            names.append(field.name)
    return {keyword: tuple(names) for keyword, names in found.items()}


def _notes(standard: Standard) -> Iterator[str]:
    yield "## Notes\n"
    yield "Numbers are those of version 6. Conditions are tested; without one, the file itself cannot tell.\n"
    rows = (
        [number, note.text, f"`{note.when.source}`" if note.when else f"`{note.rule}`" if note.rule else ""]
        for number, note in standard.notes.items()
    )
    yield from _table(["note", "when", "condition, or rule that looks after it"], rows)


def _versions() -> Iterator[str]:
    old, new = load("6"), load("8")
    yield "## Version 8 against version 6\n"
    rows: list[list[str]] = []
    for name, keyword in new.keywords.items():
        before = old.keywords.get(name)
        for category in new.categories.values():
            now = _cell(keyword.use(category))
            was = _before(before, category)
            if now != was:
                rows.append([f"`{name}`", category.key, was or "–", now or "–"])
    yield from _table(["keyword", "category", "6", "8"], iter(rows))
    added = ", ".join(f"`{name}`" for name in new.rules if name not in old.rules)
    yield f"Rules of version 8 alone: {added}.\n"


def _before(keyword: Keyword | None, category: Category) -> str:
    if keyword is None or category.key not in load("6").categories:
        return ""
    return _cell(keyword.use(category))


def _rules(standard: Standard) -> Iterator[str]:
    yield f"## Rules ({len(standard.rules)})\n"
    families: dict[str, list[list[str]]] = {}
    for rule in standard.rules.values():
        told = f"`{rule.that.source}`" if rule.that and rule.that.needs else ""
        row = [f"`{rule.name}`", rule.severity, rule.wanted, told, rule.mend, where(rule)]
        families.setdefault(rule.family, []).append(row)
    for family, rows in families.items():
        yield f"### {family}\n"
        headings = ["rule", "severity", "wanted", "tested as", "how to mend it", "where it is written"]
        yield from _table(headings, iter(rows))


if __name__ == "__main__":
    sys.stdout.write(page())
