"""One thing that is wrong with a product: where, what came, what is wanted, how to mend it."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

from ingest.phase3.standard import Rule, Standard
from ingest.phase3.standard.model import Severity
from vo_server.errors import UsageFault


class Mark(NamedTuple):
    """What a check says; the rule of the standard adds the rest.

    Attributes
    ----------
    came : str
        What the file has.
    wanted, mend : str
        Where the check knows it more exactly than the rule.
    """

    rule: str
    came: str
    hdu: int | None = None
    keyword: str | None = None
    wanted: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A mark with everything that a provider needs to correct the file.

    Attributes
    ----------
    file : str
        Path as it was given.
    hdu : int or None
        Number of the HDU, 0 is the primary one; None for the file as a whole.
    section : str
        Paragraph of the standard.
    """

    file: str
    rule: str
    severity: Severity
    family: str
    hdu: int | None
    keyword: str | None
    came: str
    wanted: str
    mend: str
    section: str

    @classmethod
    def of(cls, file: str, mark: Mark, standard: Standard) -> "Finding":
        """``mark`` of ``file`` with what its rule says.

        Raises
        ------
        UsageFault
            The standard has no such rule: a file of an operator removed one that code tests.
        """
        rule = standard.rules.get(mark.rule)
        if rule is None:
            raise UsageFault(f"the standard {standard.version} has no rule {mark.rule}")
        keyword = mark.keyword or rule.keyword
        return cls(
            file, rule.name, rule.severity, rule.family, mark.hdu, keyword, mark.came,
            mark.wanted or _named(rule.wanted, keyword), mark.mend or _named(rule.mend, keyword), where(rule),
        )  # fmt: skip

    def __str__(self) -> str:
        """One line for a terminal."""
        parts = [self.file, None if self.hdu is None else f"HDU {self.hdu}", self.keyword]
        place = ":".join(part for part in parts if part is not None)
        told = f"{place}: {self.severity} {self.rule}: {self.came}; wanted: {self.wanted}"
        return f"{told}; {self.mend} ({self.section})"

    def as_json(self) -> dict[str, str | int | None]:
        """All fields, as JSON can hold them."""
        return asdict(self)


def where(rule: Rule) -> str:
    """The paragraph of ``rule`` as a reader can look it up."""
    return f"SDP {rule.section}" if rule.section[:1].isdigit() else rule.section


def _named(text: str, keyword: str | None) -> str:
    return text.replace("{keyword}", keyword or "the keyword")
