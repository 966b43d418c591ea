"""Units and UCDs as headers write them: whether they are known, and of what kind they are."""

import warnings
from functools import lru_cache
from typing import Any

from astropy import units
from astropy.io.votable.ucd import parse_ucd

#: Kinds of units by what they can be converted to.
KINDS: dict[str, Any] = {
    "wavelength": units.m,
    "frequency": units.Hz,
    "energy": units.J,
    "velocity": units.m / units.s,
    "flux density": units.W / units.m**3,
    "flux density by frequency": units.W / units.m**2 / units.Hz,
    "flux": units.W / units.m**2,
    "count": units.adu,
    "counts": units.count,
    "electron": units.electron,
}
_SPELLINGS = {
    "y": "yr", "pixels": "pixel", "electrons": "electron", "adus": "adu", "sec": "s", "pix": "pixel",
    "ADU": "adu", "counts": "count",
}  # fmt: skip
#: Without dimension of their own; a flux per beam, pixel or second is a flux.
_BESIDE = (units.beam, units.pix, units.s, units.arcsec**2)


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Any:
    """The unit that ``text`` writes (FITS 4.0, 4.3; VOUnits); None when nobody knows it."""
    text = text.strip()
    text = _SPELLINGS.get(text, text)
    if not text or len(text) > 200:
        return units.dimensionless_unscaled if not text else None
    with warnings.catch_warnings():
        # Old spellings and several slashes are understood, and told by warnings.
        warnings.simplefilter("ignore")
        for form in ("fits", "vounit", None):
            try:
                return units.Unit(text, format=form)
            except (ValueError, TypeError, ZeroDivisionError, OverflowError, RecursionError):
                continue
    return None


@lru_cache(maxsize=4096)
def same_unit(first: str, second: str) -> bool:
    """Whether two texts write one unit; unknown ones are the same when their texts are."""
    one, two = parse_unit(first), parse_unit(second)
    if one is None or two is None:
        return first.strip() == second.strip()
    if not one.is_equivalent(two):
        return False
    try:
        return abs(float(one.to(two)) - 1.0) < 1e-9
    except units.UnitConversionError:
        return False


@lru_cache(maxsize=4096)
def kind_of_unit(text: str) -> str:
    """A key of KINDS, ``dimensionless``, ``other``, or ``unknown``."""
    unit = parse_unit(text)
    if unit is None:
        return "unknown"
    if unit.physical_type == "dimensionless" and unit.is_equivalent(units.dimensionless_unscaled):
        return "dimensionless"
    for kind, example in KINDS.items():
        if any(_equivalent(unit * factor, example) for factor in (1, *_BESIDE)):
            return kind
    return "other"


def _equivalent(unit: Any, example: Any) -> bool:
    return bool(units.Unit(unit).is_equivalent(example))


@lru_cache(maxsize=1024)
def factor_to(text: str, target: str) -> float | None:
    """By what a value in the unit ``text`` is multiplied to be in ``target``; None when it cannot be."""
    unit = parse_unit(text)
    try:
        return None if unit is None else float(unit.to(units.Unit(target)))
    except (units.UnitConversionError, TypeError):
        return None


@lru_cache(maxsize=4096)
def ucd_fault(text: str) -> str | None:
    """Why ``text`` is no UCD1+ (IVOA, The UCD1+ controlled vocabulary); None when it is one."""
    try:
        parse_ucd(text, check_controlled_vocabulary=True, has_colon=False)
    except ValueError as exc:
        return str(exc)
    return None
