"""A report as one HTML page that needs nothing else."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from ingest.phase3.report.text import ORDER
from ingest.phase3.report.values import Report


def page(report: Report) -> str:
    """The page; everything that a file says is escaped."""
    loader = PackageLoader("ingest.phase3.report", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("page.html")
    files = sorted(report.files, key=lambda file: (*ORDER, "ok").index(file.status))
    return template.render(report=report, files=files, order=ORDER)
