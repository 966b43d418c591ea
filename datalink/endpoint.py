"""Everything that this package answers: links, downloads, previews."""

from typing import Any

from starlette.routing import BaseRoute

from datalink import download, preview
from datalink.links import endpoint as links
from datalink.preview import Drawings

CAPABILITIES = links.CAPABILITIES

__all__ = ["CAPABILITIES", "routes"]


def routes(state: Any) -> list[BaseRoute]:
    """The routes below ``/datalink``, ``/download`` and ``/preview``."""
    drawings = Drawings(state.database.state_dir / "previews")
    return [
        *links.routes(state, drawings.may_have),
        *download.routes(state),
        *preview.routes(state, drawings),
    ]
