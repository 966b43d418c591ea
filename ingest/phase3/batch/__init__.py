"""The checks of a batch: what its files say of each other."""

from collections.abc import Callable, Iterator

from ingest.phase3.batch import ancillary, chains, identity, tiles
from ingest.phase3.batch.files import Batch
from ingest.phase3.finding import Mark

CHECKS: tuple[Callable[[Batch], Iterator[tuple[str, Mark]]], ...] = (
    identity.check, ancillary.check, chains.check, tiles.check,
)  # fmt: skip


def marks(batch: Batch) -> Iterator[tuple[str, Mark]]:
    """Everything that is wrong between the files of a batch: path and mark."""
    for check in CHECKS:
        yield from check(batch)


__all__ = ["Batch", "marks"]
