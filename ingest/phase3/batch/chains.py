"""Provenance from file to file: every step is known, and none leads back (SDP 5.2)."""

from collections.abc import Iterator

from ingest.phase3.batch.files import Batch
from ingest.phase3.facts import Facts
from ingest.phase3.finding import Mark


def check(batch: Batch) -> Iterator[tuple[str, Mark]]:
    """Unresolved names, ancillary files and cycles."""
    for facts in batch.facts:
        for number, name in enumerate(facts.provenance, 1):
            keyword = f"PROV{number}"
            target = parent(batch, name)
            if target is None:
                if not batch.is_archived(name) and not batch.is_beside(facts, name):
                    yield facts.path, Mark("PROVENANCE_UNRESOLVED", repr(name), 0, keyword)
            elif target.kind == "ancillary":
                came = f"{name}, a {target.category}"
                yield facts.path, Mark("PROVENANCE_ANCILLARY", came, 0, keyword)
    yield from _cycles(batch)


def parent(batch: Batch, name: str) -> Facts | None:
    """The file of the batch that ``name`` of a PROVi means: by its file name, or by its ARCFILE."""
    found = batch.by_name.get(name)
    if found is None and name.startswith("ADP."):
        wanted = name.removesuffix(".fits")
        found = next((facts for facts in batch.facts if facts.arcfile.removesuffix(".fits") == wanted), None)
    return found


def _cycles(batch: Batch) -> Iterator[tuple[str, Mark]]:
    """Each cycle once, at the file of the first name in it; without recursion, whatever the depth."""
    done: set[str] = set()
    for start in sorted(batch.facts, key=lambda facts: facts.name):
        if start.path in done:
            continue
        path: list[Facts] = []
        steps: list[Iterator[Facts]] = [iter((start,))]
        while steps:
            step = next(steps[-1], None)
            if step is None:
                steps.pop()
                if path and len(steps) == len(path):
                    done.add(path.pop().path)
                continue
            if any(step is earlier for earlier in path):
                names = [facts.name for facts in path[path.index(step) :]] + [step.name]
                yield step.path, Mark("PROVENANCE_CYCLE", " <- ".join(names), 0, "PROV1")
            elif step.path not in done:
                path.append(step)
                parents = (parent(batch, name) for name in step.provenance)
                steps.append(iter([facts for facts in parents if facts is not None]))
