"""The links of some identifiers as a page for people (DataLink 1.1, DataLink MIME Type: other formats)."""

from collections.abc import Sequence
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from datalink.links.rows import Link
from vo_server.config import Settings

MOST = 50  #: identifiers that a page shows
_ENVIRONMENT = Environment(
    loader=PackageLoader("datalink.links"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def is_browser(accept: str) -> bool:
    """Whether a client is a browser: others that take HTML, such as Java's, do not name XHTML."""
    return "application/xhtml+xml" in accept.lower()


def links_page(links: Sequence[Link], settings: Settings) -> str:
    """The page; pictures are shown, services named."""
    groups = [(name, list(rows)) for name, rows in groupby(links, key=lambda link: link.id)]
    return _ENVIRONMENT.get_template("links.html").render(
        groups=groups,
        title=groups[0][0] if len(groups) == 1 else f"{len(groups)} identifiers",
        root=settings.root_url,
        archive=settings.archive_name,
    )
