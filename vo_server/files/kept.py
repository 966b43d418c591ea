"""Files that are made once and kept: there is either all of one or nothing."""

import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path


def read_kept(place: Path) -> bytes | None:
    """What is kept there; None where nothing is yet."""
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


def keep(place: Path, content: bytes) -> None:
    """Keep ``content`` there, whoever else does the same."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{secrets.token_hex(4)}.part")
    part.write_bytes(content)
    os.replace(part, place)


def kept_or_made(place: Path, turn: AbstractContextManager[object], make: Callable[[], bytes]) -> bytes:
    """What is kept there; where nothing is yet, it is made and kept when it is this caller's ``turn``."""
    found = read_kept(place)
    if found is not None:
        return found
    with turn:
        found = read_kept(place)
        if found is None:
            found = make()
            keep(place, found)
    return found
