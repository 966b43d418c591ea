"""The files of a batch, found by their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from os.path import dirname, isfile, join

from ingest.phase3.facts import ARCHIVED, Facts
from ingest.phase3.standard import Standard

#: Whether the archive has a file of this name (ARCFILE without suffix, or ORIGFILE).
Known = Callable[[str], bool]


@dataclass(frozen=True)
class Batch:
    """Files that are delivered together.

    Attributes
    ----------
    is_whole : bool
        Whether these are all files of the batch; of single files, nobody can tell that they are orphans.
    known : callable or None
        What the archive has; without one, names of the archive's form are taken for known.
    """

    facts: tuple[Facts, ...]
    standard: Standard
    is_whole: bool = True
    known: Known | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Facts]:
        """Files by their name without directory; of several, the first."""
        found: dict[str, Facts] = {}
        for facts in self.facts:
            found.setdefault(facts.name, facts)
        for facts in self.facts:
            if facts.name.endswith(".fits.fz"):
                found.setdefault(facts.name.removesuffix(".fz"), facts)
        return found

    def is_archived(self, name: str) -> bool:
        """Whether the archive has the file, or may have it."""
        match = ARCHIVED.fullmatch(name)
        if self.known is not None:
            return self.known(name.removesuffix(".fits") if match else name)
        return match is not None

    def is_beside(self, facts: Facts, name: str) -> bool:
        """Whether a file that was not given lies in the directory of one that was."""
        if self.is_whole or name in ("", ".", "..") or "/" in name:
            return False
        return isfile(join(dirname(facts.path), name))

    def category(self, facts: Facts) -> tuple[str, ...]:
        """The ancillary categories of which one must come with ``facts``."""
        for category in self.standard.categories.values():
            if category.name == facts.category:
                return category.needs
        return ()
