"""Files that products name by ASSONi: there, the right ones, and nothing besides (SDP 4.2, 4.3)."""

import re
from collections.abc import Iterator
from os.path import dirname, join
from pathlib import Path

from ingest.phase3.batch.files import Batch
from ingest.phase3.facts import Association, Facts, md5_of
from ingest.phase3.finding import Mark

_CATEGORY = re.compile(r"ANCILLARY(\.[A-Z0-9_]+)+")
#: Categories whose image lies on the pixels of the science data.
_SAME_PIXELS = frozenset(
    f"ANCILLARY.{kind}"
    for kind in ("WEIGHTMAP", "MASK", "RMSMAP", "SNRMAP", "GAINMAP", "EXPMAP", "IMAGE.WHITELIGHT", "VARMAP")
)


def check(batch: Batch) -> Iterator[tuple[str, Mark]]:
    """What is wrong with associations, path and mark."""
    named: set[str] = set()
    for facts in batch.facts:
        for association in facts.associations:
            named.add(association.name)
            yield from _each(batch, facts, association)
        if facts.kind == "science":
            yield from _required(batch, facts)
        elif facts.kind == "ancillary" and facts.associations:
            keyword = f"ASSON{facts.associations[0].number}"
            yield facts.path, Mark("ASSOCIATION_NESTED", facts.associations[0].name, 0, keyword)
    if batch.is_whole:
        yield from _orphans(batch, named)


def _each(batch: Batch, facts: Facts, association: Association) -> Iterator[tuple[str, Mark]]:
    number, name = association.number, association.name
    target = batch.by_name.get(name)
    if target is None and not batch.is_beside(facts, name) and not batch.is_archived(name):
        yield facts.path, Mark("ASSOCIATION_MISSING", repr(name), 0, f"ASSON{number}")
    if target is not None and target.kind == "science":
        yield facts.path, Mark("ASSOCIATION_SCIENCE", f"{name}, a {target.category}", 0, f"ASSON{number}")
        return
    is_fits = target.kind == "ancillary" if target is not None else name.endswith((".fits", ".fits.fz"))
    if not is_fits:
        for keyword, value in (("ASSOC", association.category), ("ASSOM", association.md5)):
            if not value:
                yield facts.path, Mark("ASSOCIATION_INCOMPLETE", f"{name} alone", 0, f"{keyword}{number}")
    told = target.category if target is not None and is_fits else ""
    if association.category and not _CATEGORY.fullmatch(association.category):
        yield facts.path, Mark("ASSOCIATION_CATEGORY", association.category, 0, f"ASSOC{number}")
    elif association.category and told and association.category != told:
        came = f"{association.category}, the file says {told}"
        yield facts.path, Mark("ASSOCIATION_CATEGORY", came, 0, f"ASSOC{number}")
    if association.md5:
        yield from _md5(batch, facts, association, target)
    if target is not None:
        yield from _image(batch, facts, target, f"ASSON{number}")


def _image(batch: Batch, facts: Facts, target: Facts, keyword: str) -> Iterator[tuple[str, Mark]]:
    """An ancillary image, whose pixels must be those of the science data."""
    differs = bool(facts.shapes and target.shapes) and set(target.shapes) != set(facts.shapes)
    if target.category in _SAME_PIXELS and differs:
        came = f"{target.name} has {_told(target.shapes)}, the science data {_told(facts.shapes)}"
        yield facts.path, Mark("ASSOCIATION_SHAPE", came, 0, keyword)
    is_white = target.category == "ANCILLARY.IMAGE.WHITELIGHT"
    if is_white and not target.has_classes and "WHITELIGHT_CLASS" in batch.standard.rules:
        yield target.path, Mark("WHITELIGHT_CLASS", "extensions without HDUCLASS", None, "HDUCLASS")


def _told(shapes: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join(" x ".join(map(str, shape)) for shape in sorted(set(shapes)))


def _md5(
    batch: Batch, facts: Facts, association: Association, target: Facts | None
) -> Iterator[tuple[str, Mark]]:
    digest = target.md5 if target is not None else ""
    path = target.path if target is not None else join(dirname(facts.path), association.name)
    if not digest and (target is not None or batch.is_beside(facts, association.name)):
        try:
            digest = md5_of(Path(path))
        except OSError as exc:
            yield facts.path, Mark("UNREADABLE", exc.strerror or path, 0, f"ASSON{association.number}")
    if digest and digest != association.md5:
        came = f"{association.md5}, the file has {digest}"
        yield facts.path, Mark("ASSOCIATION_MD5", came, 0, f"ASSOM{association.number}", digest)


def _required(batch: Batch, facts: Facts) -> Iterator[tuple[str, Mark]]:
    needs = batch.category(facts)
    if not needs or not facts.associations:
        return  # no ASSON1 at all is told with the keywords
    found, unknown = set(), False
    for association in facts.associations:
        target = batch.by_name.get(association.name)
        found.add(target.category if target is not None else association.category)
        unknown |= target is None and not association.category
    if not found & set(needs) and not unknown:
        there = ", ".join(sorted(filter(None, found))) or "none"
        yield facts.path, Mark("ASSOCIATION_REQUIRED", there, 0, "ASSON1", " or ".join(needs))


def _orphans(batch: Batch, named: set[str]) -> Iterator[tuple[str, Mark]]:
    for facts in batch.facts:
        if facts.name in named or facts.name.removesuffix(".fz") in named or facts.kind == "science":
            continue
        if facts.kind == "ancillary":
            yield facts.path, Mark("ASSOCIATION_ORPHAN", f"{facts.category}, named by no product")
        elif facts.md5:
            yield facts.path, Mark("FILE_UNKNOWN", f"{facts.name}, named by no product")
