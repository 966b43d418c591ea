"""Everything that this package answers: links, downloads, headers, previews."""

from typing import Any

from starlette.routing import BaseRoute

from datalink.downloads import endpoint as downloads
from datalink.downloads import manifest
from datalink.headers import endpoint as headers
from datalink.links import endpoint as links
from datalink.links.description import CAPABILITIES
from datalink.previews import endpoint as previews
from datalink.previews.drawings import Drawings
from datalink.soda import endpoint as soda

__all__ = ["CAPABILITIES", "routes"]


def routes(state: Any) -> list[BaseRoute]:
    """The routes below ``/datalink``, ``/download``, ``/header``, ``/hdr``, ``/preview`` and ``/soda``."""
    drawings = Drawings(state.database.state_dir / "previews")
    return [
        *links.routes(state, drawings.may_have),
        # Before the downloads, whose path would take it for an identifier.
        *manifest.routes(state),
        *downloads.routes(state),
        *headers.routes(state),
        *previews.routes(state, drawings),
        *soda.routes(state),
    ]
