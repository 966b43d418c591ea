"""Pages for people: releases for everybody; batches for providers and archivists."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

_MJD_0 = datetime(1858, 11, 17, tzinfo=UTC)
#: The page may run its own script and nothing else.
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


class Pages:
    """Makes pages of templates."""

    def __init__(self, archive: str, root_url: str) -> None:
        self._environment = Environment(
            loader=PackageLoader("phase3"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._environment.filters.update(volume=volume, mjd=mjd_day, quoted=lambda text: quote(text, safe=""))
        self._environment.globals.update(archive=archive, root=root_url)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page."""
        text = self._environment.get_template(template).render(**values)
        headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(text, status_code=status, headers=headers)


def volume(size: float) -> str:
    """Bytes for people, in powers of 1000."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


def mjd_day(mjd: float | None) -> str:
    """The day of an MJD."""
    # Headers of old products may tell anything.
    is_date = mjd is not None and -300_000 < mjd < 2_000_000
    return (_MJD_0 + timedelta(days=mjd)).strftime("%Y-%m-%d") if mjd is not None and is_date else ""
