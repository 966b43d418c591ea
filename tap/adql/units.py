"""Units of computed columns, in VOUnits 1.1 notation, where they follow exactly."""

import math
import warnings
from fractions import Fraction
from functools import lru_cache

from astropy import units


@lru_cache(maxsize=1024)
def product(left: str, right: str) -> str:
    """The unit of a product; empty when a unit is not understood."""
    return _combined(left, right, 1)


@lru_cache(maxsize=1024)
def quotient(left: str, right: str) -> str:
    """The unit of a quotient; empty when it has none or a unit is not understood."""
    return "" if left == right else _combined(left, right, -1)


@lru_cache(maxsize=1024)
def power(unit: str, exponent: Fraction) -> str:
    """The unit of a power."""
    if not unit:
        return ""
    try:
        return _written(_read(unit) ** exponent)
    except ValueError:
        return ""


@lru_cache(maxsize=1024)
def factor(from_unit: str, to_unit: str) -> float:
    """What a value in ``from_unit`` is multiplied by to be in ``to_unit``.

    Raises
    ------
    ValueError
        The message says which unit is not understood, or that they measure different things.
    """
    read = []
    for unit in (from_unit, to_unit):
        try:
            read.append(_read(unit))
        except ValueError:
            raise ValueError(f"{unit!r} is not a unit of VOUnits") from None
    try:
        found = float(read[0].to(read[1]))
    except units.UnitConversionError:
        raise ValueError(f"{from_unit} cannot be converted to {to_unit}") from None
    # A quotient of powers of ten may miss by a bit what a short decimal says.
    short = float(f"{found:.12g}")
    return short if abs(short - found) <= 4 * math.ulp(found) else found


def _combined(left: str, right: str, exponent: int) -> str:
    if not right:
        return left
    try:
        return _written((_read(left) if left else units.dimensionless_unscaled) * _read(right) ** exponent)
    except ValueError:
        return ""


def _read(unit: str) -> units.UnitBase:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated spellings are the publisher's business
        return units.Unit(unit, format="vounit", parse_strict="raise")


def _written(unit: units.UnitBase) -> str:
    # A scale would be written as a factor, which only VOUnits 1.1 readers take.
    if unit.scale != 1:
        return ""
    return str(unit.to_string("vounit"))
