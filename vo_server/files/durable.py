"""Files that the database is going to name: on the disk before it does; a power failure loses none."""

import os
from pathlib import Path


def sync(*places: Path) -> None:
    """Wait until files, or the names in directories, are on the disk."""
    for place in places:
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def settle(part: Path, place: Path) -> None:
    """Take a file that is written to its end to its place, where it replaces what was there, and stays."""
    sync(part)
    os.replace(part, place)
    sync(place.parent)
