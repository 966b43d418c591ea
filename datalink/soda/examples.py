"""Examples of cutouts, of products that this archive has (SODA 1.0, DALI-examples)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from vo_server.archive import FILE
from vo_server.errors import UsageFault
from vo_server.http.dali_examples import Shown
from vo_server.sky import bounding_circle, parse_region

TITLE = "Example cutouts of the {}"
INTRODUCTION = "Parameters of /soda/sync; the same can be sent to /soda/async."
CANDIDATES = 10  #: products of each kind that are tried
#: dataproduct_type -> identifier, title and text of its example.
KINDS = {
    "image": ("image", "The middle of an image", "A circle of a twentieth of the image's width."),
    "cube": (
        "cube",
        "The middle of a cube",
        "A circle, and a twentieth of the wavelengths, which are in metres.",
    ),
    "spectrum": ("spectrum", "A part of a spectrum", "A tenth of its wavelengths, as a VOTable."),
    "measurements": ("catalogue", "Rows of a catalogue", "Those within a circle."),
}


def read_examples(
    engine: sa.Engine, obscore: sa.Table, works: Callable[[Sequence[tuple[str, str]]], bool]
) -> list[Shown]:
    """An example for each kind of product: of the smallest public ones that say where they are.

    Parameters
    ----------
    works : callable
        Whether a request gives something: there are spectra without wavelengths, and images without sky.
    """
    with engine.connect() as connection:
        rows = {kind: connection.execute(_select(obscore, kind)).all() for kind in KINDS}
    tried = ((shown for row in found for shown in _examples(row)) for found in rows.values())
    first = (next((shown for shown in each if works(shown.parameters)), None) for each in tried)
    return [shown for shown in first if shown is not None]


def _select(obscore: sa.Table, kind: str) -> sa.Select[Any]:
    obs = obscore.c
    columns = (obs.dataproduct_type, obs.obs_publisher_did, obs.s_region, obs.em_min, obs.em_max)
    return (
        sa.select(*columns)
        .select_from(obscore.join(FILE, FILE.c.dp_id == obs.dp_id))
        .where(
            obs.dataproduct_type == kind,
            obs.s_region.is_not(None),
            sa.or_(FILE.c.release_date.is_(None), FILE.c.release_date <= sa.func.now()),
            FILE.c.media_type == "application/fits",
            FILE.c.url.startswith("file://"),
        )
        .order_by(FILE.c.size, obs.dp_id)
        .limit(CANDIDATES)
    )


def _examples(row: sa.Row[Any]) -> Iterator[Shown]:
    kind, region, low, high = row.dataproduct_type, row.s_region, row.em_min, row.em_max
    name, title, text = KINDS[kind]
    parameters = [("ID", row.obs_publisher_did)]
    if kind != "spectrum":
        try:
            around = bounding_circle(parse_region(region))
        except UsageFault:
            return
        parameters.append(("POS", f"CIRCLE {around.ra:.6f} {around.dec:.6f} {around.radius / 10:.6f}"))
    if kind in ("cube", "spectrum"):
        if low is None or high is None:
            return
        middle, half = (float(low) + float(high)) / 2, (float(high) - float(low)) / 20
        parameters.append(("BAND", f"{middle - half:.6g} {middle + half:.6g}"))
    if kind == "spectrum":
        parameters.append(("RESPONSEFORMAT", "application/x-votable+xml"))
    yield Shown(name, title, text, parameters=parameters)
