"""Draws the preview or the thumbnail of a FITS file.

``python -m datalink.previews.reading preview|thumbnail FILE [TITLE]`` writes the PNG to standard output; the
server runs it like this, so that a large or damaged file costs the server itself neither memory nor a thread.
"""

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from datalink.previews.thumbnails import NOTHING, draw_image, draw_places, draw_spectrum
from datalink.previews.views import Image, Sources, Unpicturable, View, view_of


def picture_of(path: Path, kind: str = "preview", title: str = "") -> bytes:
    """The PNG of the first thing in a FITS file that can be drawn.

    Raises
    ------
    Unpicturable
        There is none, or the file cannot be read.
    """
    view = view_of(path)
    try:
        if kind == "thumbnail":
            return _thumbnail(view)
        from datalink.previews.plots import plot  # a second that a thumbnail need not wait

        return plot(view, title)
    except ValueError as exc:
        raise Unpicturable(str(exc)) from exc


def _thumbnail(view: View) -> bytes:
    if isinstance(view, Image):
        return draw_image(view.values)
    if isinstance(view, Sources):
        return draw_places(view.ra, view.dec)
    return draw_spectrum(view.wave, view.flux)


def draw(kind: str, path: str, title: str = "") -> bytes:
    """The PNG, or nothing where nothing can be drawn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what astropy repairs in a header does not matter to a picture
        try:
            return picture_of(Path(path), kind, title)
        except (Unpicturable, MemoryError):
            return b""


def main(arguments: Sequence[str]) -> int:
    """Write the picture of the file that is named; the exit status."""
    picture = draw(*arguments)
    sys.stdout.buffer.write(picture)
    return 0 if picture else NOTHING


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
