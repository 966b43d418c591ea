"""From footprints and times to MOCs (MOC 2.0)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import Latitude, Longitude, SkyCoord
from astropy.time import Time
from mocpy import MOC, TimeMOC

from vo_server.errors import UsageFault
from vo_server.sky import Circle, Polygon, Position, Region, Union, bounding_circle, parse_region

AT_ONCE = 2_000  #: regions that are made into cells together
_LEAST = 1e-6  #: degrees; a circle has to have a size


def space_moc(regions: Iterable[str], order: int) -> Any:
    """The cells that touch any of the regions.

    Parameters
    ----------
    regions : iterable of str
        As in ``s_region``; one that cannot be understood is left out.
    order : int
        Of the smallest cells.
    """
    found = MOC.new_empty(order)
    for texts in _batches(dict.fromkeys(regions), AT_ONCE):
        parts = [part for text in texts for part in _parts(text)]
        circles = [part for part in parts if isinstance(part, Circle)]
        polygons = [part for part in parts if isinstance(part, Polygon)]
        mocs = [*_of_circles(circles, order), *_of_polygons(polygons, order)]
        found = found.union(*mocs) if mocs else found
    return found


def _batches(texts: Iterable[str], size: int) -> Iterator[Sequence[str]]:
    left = iter(texts)
    while batch := list(islice(left, size)):
        yield batch


def _parts(text: str) -> Iterator[Circle | Polygon]:
    try:
        region = parse_region(text)
    except UsageFault:
        return
    yield from _simple(region)


def _simple(region: Region) -> Iterator[Circle | Polygon]:
    if isinstance(region, Union):
        for part in region.parts:
            yield from _simple(part)
    elif isinstance(region, Position):
        yield Circle(region.ra, region.dec, _LEAST)
    elif isinstance(region, Circle | Polygon):
        yield region
    else:
        yield bounding_circle(region)


def _of_circles(circles: Sequence[Circle], order: int) -> Iterator[Any]:
    if not circles:
        return
    yield MOC.from_cones(
        Longitude([circle.ra for circle in circles] * u.deg),
        Latitude([circle.dec for circle in circles] * u.deg),
        radius=np.maximum([circle.radius for circle in circles], _LEAST) * u.deg,
        max_depth=order,
        union_strategy="small_cones",
    )


def _of_polygons(polygons: Sequence[Polygon], order: int) -> Iterator[Any]:
    if polygons:
        corners = [SkyCoord(polygon.vertices, unit="deg") for polygon in polygons]
        yield from MOC.from_polygons(corners, max_depth=order)


def time_moc(starts: Sequence[float], ends: Sequence[float], order: int) -> Any:
    """The cells of time that touch any of the exposures.

    Parameters
    ----------
    starts, ends : sequence of float
        MJD in UTC.
    """
    if not len(starts):
        return TimeMOC.new_empty(order)
    begin, end = (Time(np.asarray(times), format="mjd", scale="utc") for times in (starts, ends))
    return TimeMOC.from_time_ranges(begin.tdb, end.tdb, order=order)
