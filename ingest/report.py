"""What an ingest run tells: findings with stable rule names, counts, and where each value came from."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]

#: Rule -> (severity, what it means). Reports, tests and documentation quote the names.
#: An error keeps the file out; a warning lets it in.
RULES: dict[str, tuple[Severity, str]] = {
    "UNREADABLE": ("error", "the file cannot be opened or read"),
    "NOT_FITS": ("error", "the file does not begin as a FITS file (FITS 4.0, Primary header)"),
    "EMPTY": ("error", "the file has no bytes"),
    "TRUNCATED": ("error", "the file ends before its headers or data do"),
    "COMPRESSION": ("error", "the compressed file is damaged or inflates beyond the limit"),
    "STRUCTURE": ("error", "keywords that tell the size of an HDU are missing or wrong"),
    "HEADER_SIZE": ("error", "a header is larger, or HDUs are more, than the limit"),
    "CHECKSUM": ("error", "the data are not those that DATASUM was written for"),
    "DUPLICATE": ("error", "the archive has this file, or this identifier with other content, already"),
    "NO_MAPPING": ("error", "no collection's rules match the file"),
    "KEYWORD_MISSING": ("error", "a value that the archive cannot do without is not in the header"),
    "PADDING": ("warning", "the last block is not filled up to 2880 bytes"),
    "TRAILING_BYTES": ("warning", "bytes after the last HDU are not an HDU"),
    "BAD_CARD": ("warning", "a card cannot be read as keyword, value and comment"),
    "BAD_BYTES": ("warning", "a header holds bytes that are not printable ASCII, NUL among them"),
    "CHECKSUM_OLD": ("warning", "the header was changed after its CHECKSUM was written"),
    "REPEATED": ("warning", "a keyword has several values in one header: the first one counts"),
    "FUTURE": ("warning", "the observation lies in the future: a clock was wrong, or DATE-OBS is"),
    "ORIGFILE": ("warning", "ORIGFILE is no name of a file: the file's own was taken"),
    "KEYWORD_VALUE": ("warning", "the value of a keyword is of the wrong type or out of range: left out"),
    "WCS": ("warning", "the world coordinates cannot be used; what follows from them was left out"),
    "RECIPE": ("warning", "what a product tells of its recipes (PRO RECi) was not all taken over"),
    "PROVENANCE": ("warning", "names of the files that a product was made from were not all taken over"),
    "CORRECTION": ("warning", "with the corrections of its header a new file cannot be in the archive"),
    "ASSOCIATION": ("warning", "a file that a product names (ASSONi) is not in the archive"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a file: where (file, HDU, keyword), which rule, and what came.

    Attributes
    ----------
    hdu : int or None
        Number of the HDU, 0 is the primary one.
    """

    file: str
    rule: str
    message: str
    hdu: int | None = None
    keyword: str | None = None

    @property
    def severity(self) -> Severity:
        """``error`` kept the file out, ``warning`` did not."""
        return RULES[self.rule][0]

    def __str__(self) -> str:
        """One line for a terminal."""
        parts = [self.file, None if self.hdu is None else f"HDU {self.hdu}", self.keyword]
        place = ":".join(part for part in parts if part is not None)
        return f"{place}: {self.severity} {self.rule}: {self.message}"


@dataclass(frozen=True, slots=True)
class Explained:
    """A column, its value, and where the value came from."""

    column: str
    value: Any
    origin: str


@dataclass(slots=True)
class Report:
    """What one run did; ``as_json`` is what a program reads."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    rejected: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Number of files looked at."""
        return self.added + self.replaced + self.unchanged + self.rejected

    @property
    def rules(self) -> dict[str, int]:
        """How often each rule was found."""
        return dict(sorted(Counter(finding.rule for finding in self.findings).items()))

    def __str__(self) -> str:
        """One line: the counts, and what was found."""
        line = (
            f"{self.total} files: {self.added} added, {self.replaced} replaced, "
            f"{self.unchanged} unchanged, {self.rejected} rejected"
        )
        found = ", ".join(f"{rule} {count}" for rule, count in self.rules.items())
        return f"{line} ({found})" if found else line

    def as_json(self) -> dict[str, Any]:
        """Counts and findings as JSON can hold them."""
        findings = [asdict(finding) | {"severity": finding.severity} for finding in self.findings]
        counts = {name: getattr(self, name) for name in ("added", "replaced", "unchanged", "rejected")}
        return {**counts, "rules": self.rules, "findings": findings}
