"""Release descriptions: documents that tell what is in a release and how it was made."""

import hashlib
import secrets
from pathlib import Path
from typing import Any

from vo_server.errors import NotFoundFault, UsageFault
from vo_server.files.durable import settle
from vo_server.submissions.values import Release, check_file_name

LARGEST = 64 * 1024**2  #: bytes
#: First bytes -> media type: what a reader's browser shows, and runs nothing of.
_KINDS = ((b"%PDF-", ".pdf", "application/pdf"),)
_TEXTS = {".txt": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8"}


def keep_document(
    state_dir: Path, collection: str, release: str, name: str, content: bytes
) -> dict[str, Any]:
    """Keep the description of a release; what changes in the release by that.

    Raises
    ------
    UsageFault
        It is neither PDF nor text, or too large.
    """
    check_file_name(name)
    if len(content) > LARGEST:
        raise UsageFault(f"the release description has {len(content)} bytes: at most {LARGEST} are kept")
    media_type = _media_type(name, content)
    digest = hashlib.sha256(content).hexdigest()
    place = _place(state_dir, collection, release, digest)
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{secrets.token_hex(8)}.part")
    part.write_bytes(content)
    settle(part, place)
    return {"document": name, "document_type": media_type, "document_sha256": digest}


def document_path(state_dir: Path, release: Release) -> Path:
    """Where the description of a release is.

    Raises
    ------
    NotFoundFault
        It has none.
    """
    if release.document_sha256 is not None:
        place = _place(state_dir, release.collection, release.release, release.document_sha256)
        if place.is_file():
            return place
    raise NotFoundFault(f"{release.collection} {release.release} has no document that describes it")


def _place(state_dir: Path, collection: str, release: str, digest: str) -> Path:
    return state_dir / "phase3" / "descriptions" / collection / release / digest


def _media_type(name: str, content: bytes) -> str:
    for first, suffix, media_type in _KINDS:
        if content.startswith(first) and name.lower().endswith(suffix):
            return media_type
    media_type = _TEXTS.get(Path(name).suffix.lower(), "")
    try:
        if media_type and "\x00" not in content.decode("utf-8"):
            return media_type
    except UnicodeDecodeError:
        pass
    raise UsageFault("a release description is a PDF (.pdf) or UTF-8 text (.txt, .md)")
