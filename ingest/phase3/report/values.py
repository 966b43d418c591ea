"""The report of one validation: every file, every finding, counts, and the version of the standard."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ingest.phase3.finding import Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """One file and what is wrong with it.

    Attributes
    ----------
    kind : str
        ``science``, ``ancillary`` or ``other``.
    """

    path: str
    category: str
    kind: str
    bytes: int
    findings: tuple[Finding, ...]

    @property
    def status(self) -> str:
        """``error``, ``warning`` or ``ok``; information does not count."""
        severities = {finding.severity for finding in self.findings}
        return next((word for word in ("error", "warning") if word in severities), "ok")

    def as_json(self) -> dict[str, Any]:
        """Everything but the path, as JSON can hold it."""
        return {
            "category": self.category, "kind": self.kind, "bytes": self.bytes, "status": self.status,
            "findings": [finding.as_json() for finding in self.findings],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """All files of one validation, in the order in which they were given."""

    version: str
    title: str
    files: tuple[Checked, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of every file."""
        return tuple(finding for file in self.files for finding in file.findings)

    @property
    def is_valid(self) -> bool:
        """Whether no file has an error."""
        return not any(finding.severity == "error" for finding in self.findings)

    def counts(self, field: str) -> dict[str, int]:
        """How many findings there are by ``severity``, ``family`` or ``rule``."""
        return dict(sorted(Counter(str(getattr(finding, field)) for finding in self.findings).items()))

    def categories(self) -> dict[str, int]:
        """How many files there are of each category."""
        return dict(sorted(Counter(file.category or "none" for file in self.files).items()))

    def __str__(self) -> str:
        """One line: files, and findings by severity."""
        statuses = Counter(file.status for file in self.files)
        told = ", ".join(f"{count} {word}" for word, count in self.counts("severity").items()) or "none"
        return (
            f"{len(self.files)} files: {statuses['ok']} clean, {statuses['warning']} with warnings, "
            f"{statuses['error']} with errors (findings: {told}); {self.title}"
        )

    def head(self) -> dict[str, Any]:
        """Standard, verdict and counts, as JSON can hold them."""
        return {
            "standard": self.version,
            "title": self.title,
            "valid": self.is_valid,
            "severities": self.counts("severity"),
            "families": self.counts("family"),
            "rules": self.counts("rule"),
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {**self.head(), "files": [{"path": file.path, **file.as_json()} for file in self.files]}
