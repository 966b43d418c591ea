"""Bringing two values to one kind, so that the database is never asked to guess."""

import re
from dataclasses import replace
from datetime import datetime

from tap.adql import tree
from tap.adql.errors import AdqlError, Place
from tap.adql.functions import FRAMED_TEXT, REGION_TEXT, TIMESTAMP_TEXT
from tap.adql.kinds import GEOMETRIES, INTEGERS, NUMBERS, Kind, Type, wider
from tap.adql.resolved import Apply, Constant, Field
from tap.adql.tree import Expression, Literal

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?Z?", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def comparable(left: Expression, right: Expression, at: Place) -> tuple[Expression, Expression]:
    """Both values again, of kinds that compare with each other.

    Raises
    ------
    AdqlError
        There is no sense in comparing them.
    """
    a, b = left.type.kind, right.type.kind
    if a in NUMBERS and b in NUMBERS:
        return left, right
    for kind in (a, b):
        if kind is Kind.OTHER:
            raise AdqlError("an array cannot be compared", at)
    if a in GEOMETRIES or b in GEOMETRIES:
        return as_text(left, at), as_text(right, at)
    if a is b or Kind.NULL in (a, b):
        return left, right
    if isinstance(right, Literal) and (made := literal_as(right, a, at)) is not None:
        return left, made
    if isinstance(left, Literal) and (made := literal_as(left, b, at)) is not None:
        return made, right
    if {a, b} == {Kind.TIMESTAMP, Kind.TEXT}:
        return as_text(left, at), as_text(right, at)
    raise AdqlError(f"{a.value} cannot be compared with {b.value}{_remedy(a, b)}", at)


def literal_as(literal: Literal, kind: Kind, at: Place) -> Expression | None:
    """A literal read as another kind, or None where that is not done.

    Raises
    ------
    AdqlError
        It should be of that kind and is malformed.
    """
    value = literal.value
    place = literal.at if literal.at != tree.NOWHERE else at
    if value is None:
        return literal
    if kind is Kind.TIMESTAMP and isinstance(value, str):
        return timestamp(value, place)
    if kind in NUMBERS and isinstance(value, str):
        # Clients quote every value of a form: ob_id = '200456'.
        if not _NUMBER.fullmatch(value):
            raise AdqlError(f"{value!r} is compared with a number and is none", place)
        text = value.strip()
        if kind in INTEGERS and text.lstrip("+-").isdigit() and len(text) < 19:
            return Literal(int(text), place, Type(Kind.INT if abs(int(text)) < 2**31 else Kind.LONG))
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise AdqlError(f"{text} is too large for a double", place)
        return Literal(number, place, Type(Kind.DOUBLE))
    if kind is Kind.BOOLEAN and not isinstance(value, float):
        truth = _TRUTHS.get(str(value).strip().lower())
        if truth is None:
            raise AdqlError(f"{value!r} is compared with a boolean: write TRUE or FALSE", place)
        return Literal(truth, place, Type(Kind.BOOLEAN))
    return None


def timestamp(text: str, at: Place) -> Constant:
    """The timestamp that a string holds (DALI 1.1, Timestamp): a date, with or without a time.

    Raises
    ------
    AdqlError
        Another form, or no such day.
    """
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        raise AdqlError(f"{text!r} is no timestamp: write it as 2024-01-31 or 2024-01-31T23:59:59.999", at)
    day, clock = match[1], match[2] or "00:00:00"
    clock = clock if clock.count(":") == 2 else f"{clock}:00"
    try:
        datetime.fromisoformat(f"{day}T{clock.partition('.')[0]}")
    except ValueError as exc:
        raise AdqlError(f"{text!r} is no timestamp: {exc}", at) from None
    return Constant(f"{day}T{clock}", "timestamp", Type(Kind.TIMESTAMP))


def as_text(value: Expression, at: Place) -> Expression:
    """A value as the string that a client would see; strings stay.

    Raises
    ------
    AdqlError
        A number, say, which only CAST makes a string.
    """
    of = value.type
    if of.kind in (Kind.TEXT, Kind.NULL):
        return value
    if of.kind is Kind.TIMESTAMP:
        return Apply(TIMESTAMP_TEXT, (value,), Type(Kind.TEXT, of.unit, of.ucd))
    if isinstance(value, Field) and is_stored_text(value):
        return replace(value, type=replace(of, kind=Kind.TEXT))
    if of.kind in GEOMETRIES:
        raise AdqlError(
            "a geometry has no other operators than CONTAINS, INTERSECTS, DISTANCE and the like", at
        )
    raise AdqlError(f"a string is wanted here, not {of.kind.value}: write CAST(... AS VARCHAR)", at)


def is_stored_text(value: Expression) -> bool:
    """Whether a geometry column holds STC-S text beside its shape."""
    if not isinstance(value, Field) or value.type.kind not in GEOMETRIES:
        return False
    return value.shape is None or value.shape.shape != value.column


def as_seen(value: Expression) -> Expression:
    """A value as it leaves the server: timestamps and geometries become text (DALI 1.1, Values)."""
    kind = value.type.kind
    if kind is Kind.TIMESTAMP:
        return Apply(TIMESTAMP_TEXT, (value,), value.type)
    if kind in GEOMETRIES and not is_stored_text(value):
        if value.type.frame:
            return Apply(FRAMED_TEXT, (value, Literal(value.type.frame)), value.type)
        return Apply(REGION_TEXT, (value,), value.type)
    return value


def unified(values: list[Expression], at: Place) -> tuple[list[Expression], Kind]:
    """Values of one kind for COALESCE, CASE and set operations, and that kind.

    Raises
    ------
    AdqlError
        They have none in common.
    """
    kind = Kind.NULL
    for value in values:
        of = value.type.kind
        if of in GEOMETRIES:
            of = Kind.TEXT if is_stored_text(value) else of
        if isinstance(value, Literal) and isinstance(value.value, str) and kind is not Kind.NULL:
            continue
        if kind in NUMBERS and of in NUMBERS:
            kind = wider(kind, of)
        elif kind is Kind.NULL or (kind is Kind.TEXT and of is Kind.TIMESTAMP and _are_literals(values, of)):
            kind = of
        elif of is not Kind.NULL and of is not kind:
            raise AdqlError(f"{kind.value} and {of.value} have no kind in common", at)
    if kind in GEOMETRIES:
        raise AdqlError("a geometry is not possible here", at)
    if kind is Kind.NULL:
        kind = Kind.TEXT  # as PostgreSQL has it
    made = []
    for value in values:
        if isinstance(value, Literal) and value.type.kind is Kind.TEXT and kind is not Kind.TEXT:
            read = literal_as(value, kind, at)
            if read is None:
                raise AdqlError(f"a string and {kind.value} have no kind in common", at)
            value = read
        made.append(value)
    return made, kind


def _are_literals(values: list[Expression], other: Kind) -> bool:
    """Whether all values that are not of kind ``other`` are literals, which can be read as that."""
    return all(isinstance(v, Literal) for v in values if v.type.kind is not other)


def _remedy(a: Kind, b: Kind) -> str:
    if Kind.TIMESTAMP in (a, b):
        return ": write timestamps as strings, '2024-01-31'"
    if Kind.TEXT in (a, b):
        return ": use CAST"
    return ""
