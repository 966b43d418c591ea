"""Shapes on the sky as parameters write them: circle, range of coordinates, polygon (SIA 2.0, POS)."""

import math
from collections.abc import Callable

from vo_server.errors import UsageFault
from vo_server.intervals import parse_number
from vo_server.sky import Circle, Moc, Polygon, Range

MAX_VERTICES = 500  #: of one polygon


#: A Range with ``ra_min > ra_max`` crosses the meridian 0 (DALI 1.2).
Shape = Circle | Polygon | Range | Moc


def parse_pos(text: str) -> Shape:
    """One value of ``POS``, its first word in any case.

    Raises
    ------
    UsageFault
        Another shape, another count of numbers, or one out of range.
    """
    word, *rest = text.split()
    if word.upper() not in _PARSERS:
        raise UsageFault(
            f"POS={text[:60]!r} is not a known shape: send CIRCLE ra dec radius,"
            " RANGE ra1 ra2 dec1 dec2 or POLYGON ra1 dec1 ra2 dec2 ra3 dec3 ..., in degrees"
        )
    try:
        numbers = [parse_number(word) for word in rest]
    except UsageFault as exc:
        raise UsageFault(f"POS={text[:60]!r}: {exc}") from None
    return _PARSERS[word.upper()](numbers, text[:60])


def _parse_circle(numbers: list[float], text: str) -> Circle:
    if len(numbers) != 3:
        raise UsageFault(f"POS={text!r}: CIRCLE wants 3 numbers (ra dec radius), got {len(numbers)}")
    ra, dec, radius = numbers
    _check_point(ra, dec, text)
    if not 0 <= radius <= 180:
        raise UsageFault(f"POS={text!r}: the radius {radius:g} is not between 0 and 180 degrees")
    return Circle(ra, dec, radius)


def _parse_range(numbers: list[float], text: str) -> Range:
    if len(numbers) != 4:
        raise UsageFault(f"POS={text!r}: RANGE wants 4 numbers (ra1 ra2 dec1 dec2), got {len(numbers)}")
    ra1, ra2, dec1, dec2 = numbers
    ra1, ra2 = _closed(ra1, 0.0, 360.0), _closed(ra2, 0.0, 360.0)
    dec1, dec2 = _closed(dec1, -90.0, 90.0), _closed(dec2, -90.0, 90.0)
    _check_point(ra1, dec1, text)
    _check_point(ra2, dec2, text)
    if dec1 > dec2:
        raise UsageFault(f"POS={text!r}: the first declination {dec1:g} is above the second, {dec2:g}")
    return Range(ra1, ra2, dec1, dec2)


def _parse_polygon(numbers: list[float], text: str) -> Polygon:
    vertices = tuple(zip(numbers[0::2], numbers[1::2], strict=False))
    if len(numbers) % 2 or len(vertices) < 3:
        raise UsageFault(
            f"POS={text!r}: POLYGON wants 3 or more pairs of numbers, got {len(numbers)} numbers"
        )
    if len(vertices) > MAX_VERTICES:
        raise UsageFault(f"POS={text!r}: a polygon of {len(vertices)} vertices: at most {MAX_VERTICES}")
    for ra, dec in vertices:
        _check_point(ra, dec, text)
    if len({(ra % 360.0, dec) for ra, dec in vertices}) < 3:
        raise UsageFault(f"POS={text!r}: fewer than 3 of the vertices are different")
    return Polygon(vertices)


_PARSERS: dict[str, Callable[[list[float], str], Shape]] = {
    "CIRCLE": _parse_circle,
    "RANGE": _parse_range,
    "POLYGON": _parse_polygon,
}


def _closed(value: float, low: float, high: float) -> float:
    """A bound with the end of its axis in place of an infinity."""
    return value if math.isfinite(value) else low if value < 0 else high


def _check_point(ra: float, dec: float, text: str) -> None:
    if not (0 <= ra <= 360 and -90 <= dec <= 90):
        raise UsageFault(
            f"POS={text!r}: ({ra:g}, {dec:g}) is out of range: right ascension is 0 to 360 degrees,"
            " declination -90 to 90"
        )


def parse_pair(name: str, text: str, wanted: str, *, single: bool) -> tuple[float, float]:
    """Two numbers with a comma between, as SIA 1.0 and SSA 1.1 write them; with ``single``, one counts twice.

    Raises
    ------
    UsageFault
        Anything else; the message ends with what is ``wanted``.
    """
    words = text.split(",")
    if len(words) != 2 and not (single and len(words) == 1):
        raise UsageFault(f"{name}={text[:60]!r}: {wanted}")
    try:
        numbers = [parse_number(word.strip()) for word in words]
    except UsageFault as exc:
        raise UsageFault(f"{name}={text[:60]!r}: {exc}; {wanted}") from None
    return numbers[0], numbers[-1]
