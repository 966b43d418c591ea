"""What the archive holds, by collection: the facts for records, read from ObsCore in one scan."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INT4RANGE

from registry.resource import Intervals
from vo_server.archive import PROVENANCE
from vo_server.products import ObsCore
from vo_server.wavelengths import PLANCK_LIGHT

LISTED = 100  #: values of a column that are told of, at most
INTERVALS = 40  #: parts of a coverage in time or spectrum, at most
STEPS = 1000  #: of a factor e in wavelength: what lies nearer together is one interval
Kinds = tuple[str, ...]  #: values of ``dataproduct_type``
_RANGE = re.compile(r"\[(-?\d+),(-?\d+)\)")
#: Longest wavelength in metres of each term of http://www.ivoa.net/rdf/messenger, by its definition there.
WAVEBANDS = (
    ("Gamma-ray", 1.033e-11),
    ("X-ray", 1.033e-8),
    ("EUV", 1.033e-7),
    ("UV", 3e-7),
    ("Optical", 1e-6),
    ("Infrared", 1e-4),
    ("Millimeter", 1e-2),
    ("Radio", math.inf),
)


@dataclass(frozen=True, slots=True)
class Holding:
    """One collection, or all of them.

    Attributes
    ----------
    name : str
        ``obs_collection``; empty for everything.
    documents : tuple of str
        URLs of release descriptions.
    days : Intervals
        Whole days, MJD.
    wavelengths : Intervals
        Metres, in vacuum.
    """

    name: str
    products: int
    types: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    bibcodes: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    published: datetime | None = None
    changed: datetime | None = None
    days: Intervals = ()
    wavelengths: Intervals = ()

    @property
    def energies(self) -> Intervals:
        """Of the photons, joules, from low to high (VODataService 1.2, Coverage)."""
        return tuple(
            (PLANCK_LIGHT / long, PLANCK_LIGHT / short) for short, long in reversed(self.wavelengths)
        )

    @property
    def wavebands(self) -> tuple[str, ...]:
        """Terms of the messenger vocabulary."""
        return tuple(wavebands(self.wavelengths))


@dataclass(frozen=True, slots=True)
class Held:
    """What the archive holds: together, by collection, and by kinds of products.

    Attributes
    ----------
    collections : tuple of Holding
        Those that have a name.
    kinds : mapping
        By the types of products that a service finds (``dataproduct_type``).
    """

    whole: Holding
    collections: tuple[Holding, ...]
    kinds: Mapping[Kinds, Holding]


def read_holdings(connection: sa.Connection, kinds: Iterable[Kinds] = ()) -> Held:
    """Everything together, every collection, and the products of some types whatever their collection."""
    obs = ObsCore.read().relation.c
    select = sa.select(
        sa.func.coalesce(obs.obs_collection, "").label("name"),
        obs.dataproduct_type.label("type"),
        sa.func.grouping(obs.obs_collection, obs.dataproduct_type).label("group"),
        sa.func.count().label("products"),
        _several(obs.dataproduct_type, "types"),
        _several(obs.facility_name, "facilities"),
        _several(obs.instrument_name, "instruments"),
        _several(obs.obs_creator_name, "creators"),
        _several(obs.bib_reference, "bibcodes"),
        _several(obs.release_description, "documents"),
        sa.func.min(sa.func.coalesce(obs.publication_date, obs.obs_release_date)).label("published"),
        sa.func.max(obs.last_mod_date).label("changed"),
        _days(obs).label("days"),
        _wavelengths(obs).label("wavelengths"),
        sa.func.min(obs.em_min).filter(obs.em_min > 0).label("shortest"),
        sa.func.max(obs.em_max).filter(obs.em_max < _LONGEST).label("longest"),
    ).group_by(
        sa.func.grouping_sets(sa.tuple_(obs.obs_collection), sa.tuple_(obs.dataproduct_type), sa.tuple_())
    )
    rows = connection.execute(select.order_by(obs.obs_collection)).mappings().all()
    whole = next((_holding(row) for row in rows if row["group"] == _WHOLE), Holding("", 0))
    of_types = {row["type"]: row for row in rows if row["group"] == _BY_TYPE}
    return Held(
        whole,
        tuple(_holding(row) for row in rows if row["group"] == _BY_COLLECTION and row["name"]),
        {kind: _together([of_types[each] for each in kind if each in of_types]) for kind in kinds},
    )


#: Of the columns collection and type, a bit is set for each that a row is not about (GROUPING).
_BY_COLLECTION, _BY_TYPE, _WHOLE = 0b01, 0b10, 0b11
_LONGEST = 1e6  #: metres; beyond, and at zero or NaN, a wavelength is a mistake


def _several(column: sa.ColumnElement[Any], name: str) -> sa.Label[Any]:
    """The first of a column's different values."""
    values = sa.func.array_agg(sa.distinct(column), type_=sa.ARRAY(sa.Text))
    return values.filter(column.is_not(None), column != "").label(name)


def _days(obs: Any) -> sa.ColumnElement[Any]:
    """The days of exposures, as ranges of MJD."""
    day = sa.func.int4range(
        sa.cast(sa.func.floor(obs.t_min), sa.Integer),
        sa.cast(sa.func.floor(obs.t_max), sa.Integer) + 1,
        type_=INT4RANGE,
    )
    sane = sa.and_(obs.t_min.between(-1e6, 1e6), obs.t_max.between(-1e6, 1e6), obs.t_min <= obs.t_max)
    return sa.cast(sa.func.range_agg(sa.case((sane, day))), sa.Text)


def _wavelengths(obs: Any) -> sa.ColumnElement[Any]:
    """Ranges of the logarithm of wavelengths, in steps."""
    band = sa.func.int4range(
        sa.cast(sa.func.floor(sa.func.ln(obs.em_min) * STEPS), sa.Integer),
        sa.cast(sa.func.floor(sa.func.ln(obs.em_max) * STEPS), sa.Integer) + 1,
        type_=INT4RANGE,
    )
    # Unlike a filter, which may be looked at later, CASE keeps the logarithm from zero and NaN.
    sane = sa.and_(
        obs.em_min.between(1e-30, _LONGEST), obs.em_max.between(1e-30, _LONGEST), obs.em_min <= obs.em_max
    )
    return sa.cast(sa.func.range_agg(sa.case((sane, band))), sa.Text)


def _holding(row: Mapping[Any, Any]) -> Holding:
    named = {key: tuple(row[key] or ())[:LISTED] for key in _LISTS}
    bands = [(math.exp(low / STEPS), math.exp(high / STEPS)) for low, high in _ranges(row["wavelengths"])]
    if bands and row["shortest"] is not None and row["longest"] is not None:
        bands[0] = (max(bands[0][0], row["shortest"]), bands[0][1])
        bands[-1] = (bands[-1][0], min(bands[-1][1], row["longest"]))
    return Holding(
        name=row["name"],
        products=row["products"],
        published=row["published"],
        changed=row["changed"],
        days=coarsened(_ranges(row["days"]), lambda low, high: high - low),
        wavelengths=coarsened([band for band in bands if band[0] <= band[1]], lambda low, high: high / low),
        **named,
    )


_LISTS = ("types", "facilities", "instruments", "creators", "bibcodes", "documents")
#: How other facts of several groups become those of all of them.
_MERGED: Mapping[str, Callable[[list[Any]], Any]] = {
    "products": sum,
    "published": min,
    "changed": max,
    "shortest": min,
    "longest": max,
    # The parts of several multiranges, one after the other.
    "days": "".join,
    "wavelengths": "".join,
}


def _together(rows: Sequence[Mapping[Any, Any]]) -> Holding:
    """Several groups of products as one that has no name."""
    if not rows:
        return Holding("", 0)
    merged: dict[str, Any] = {"name": ""}
    for key in _LISTS:
        merged[key] = sorted({value for row in rows for value in row[key] or ()})
    for key, function in _MERGED.items():
        values = [row[key] for row in rows if row[key] is not None]
        merged[key] = function(values) if values else None
    return _holding(merged)


def _ranges(text: str | None) -> list[tuple[float, float]]:
    """The parts of multiranges of integers, in order, those that touch as one."""
    found: list[tuple[float, float]] = []
    for low, high in sorted((float(low), float(high)) for low, high in _RANGE.findall(text or "")):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def coarsened(intervals: Iterable[tuple[float, float]], width: Any, most: int = INTERVALS) -> Intervals:
    """At most so many intervals that cover the same, by closing the smallest gaps.

    Parameters
    ----------
    intervals
        In order, none touching another.
    width : callable
        How wide a gap is, by its ends.
    """
    found = list(intervals)
    gaps = [width(before[1], after[0]) for before, after in pairwise(found)]
    # Gaps as wide as one that has to go are closed with it: none of them matters more than another.
    closed = sorted(gaps, reverse=True)[most - 1] if len(found) > most else -math.inf
    made: list[tuple[float, float]] = []
    for interval, gap in zip(found, (math.inf, *gaps), strict=False):
        if gap > closed:
            made.append(interval)
        else:
            made[-1] = (made[-1][0], interval[1])
    return tuple(made)


def wavebands(wavelengths: Intervals) -> Iterator[str]:
    """The terms of the messenger vocabulary that intervals of wavelengths touch."""
    shortest = 0.0
    for term, longest in WAVEBANDS:
        if any(low < longest and high > shortest for low, high in wavelengths):
            yield term
        shortest = longest


def made_from_raw(connection: sa.Connection, collections: Iterable[str]) -> frozenset[str]:
    """The collections with a product whose provenance names a raw file of this archive."""
    obs = ObsCore.read().relation
    raw = sa.table("raw", sa.column("dp_id"), schema="dbo")
    found = (
        sa.select(sa.literal(1))
        .select_from(obs)
        .join(PROVENANCE, PROVENANCE.c.dp_id == obs.c.dp_id)
        .join(raw, raw.c.dp_id == PROVENANCE.c.progenitor)
        .where(obs.c.obs_collection == sa.bindparam("name"))
    )
    return frozenset(
        name for name in collections if connection.scalar(sa.select(sa.exists(found)), {"name": name})
    )
