"""A report for a terminal: every finding under its file, then counts."""

from collections.abc import Iterator

from ingest.phase3.finding import Finding
from ingest.phase3.report.values import Report

ORDER = ("error", "warning", "info")


def lines(report: Report, *, least: str = "info") -> Iterator[str]:
    """The report line by line.

    Parameters
    ----------
    least : str
        The least severity that is told.
    """
    told = ORDER[: ORDER.index(least) + 1]
    for file in report.files:
        findings = [finding for finding in file.findings if finding.severity in told]
        if not findings:
            continue
        yield f"{file.path} ({file.category or 'no PRODCATG'})"
        for finding in sorted(findings, key=lambda finding: ORDER.index(finding.severity)):
            yield f"  {of_finding(finding)}"
    if counts := report.counts("family"):
        yield "by class: " + ", ".join(f"{family} {count}" for family, count in counts.items())
    yield str(report)


def of_finding(finding: Finding) -> str:
    """One finding in one line."""
    place = "" if finding.hdu is None else f" HDU {finding.hdu}"
    keyword = f" {finding.keyword}" if finding.keyword else ""
    said = f"{finding.severity.upper()} {finding.rule}{place}{keyword}: {finding.came}"
    return f"{said} | wanted: {finding.wanted} | {finding.mend} [{finding.section}]"
