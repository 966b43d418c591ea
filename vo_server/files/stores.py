"""Where the bytes of the archive's files are, by the addresses in its table of files."""

from pathlib import Path
from urllib.parse import unquote, urlsplit


def path_of(url: str) -> Path | None:
    """The place of a ``file://`` address on this machine; None for those of other stores."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
