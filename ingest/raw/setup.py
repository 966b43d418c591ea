"""The set-up of a frame's instrument, as the columns that its view has beside those of ``dbo.raw``."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from astropy import units

from ingest.fitsfile import FitsFile
from ingest.header import Card, Value
from ingest.layout import science_hdu
from vo_server.schemas.instruments import Instrument, SetupKeyword, instrument_of

_BITS = {"short": 15, "int": 31, "long": 63}


def read_setup(file: FitsFile) -> tuple[str, dict[str, Any]] | None:
    """Instrument and columns of a frame; None when its instrument has no view."""
    instrument = instrument_of(file.primary.text_of("INSTRUME"))
    return None if instrument is None else (instrument.name, columns(file, instrument))


def columns(file: FitsFile, instrument: Instrument) -> dict[str, Any]:
    """What the headers say; null for what they do not have, or not as the declared type."""
    hdus = tuple(dict.fromkeys((0, file.once(science_hdu).index)))
    headers = [file.hdus[index].by_keyword for index in hdus]
    return {keyword.column: _first(headers, keyword) for keyword in instrument.setup}


def _first(headers: Sequence[Mapping[str, Card]], keyword: SetupKeyword) -> Any:
    for header in headers:
        for name in keyword.keywords:
            card = header.get(name)
            if card is not None:
                return convert(card, keyword)
    return None


def convert(card: Card, keyword: SetupKeyword) -> Any:
    """The value of a card as its column has it: of the column's type, in its unit."""
    value: Value = card.value
    match keyword.datatype:
        case "text":
            return _text(value)
        case "boolean":
            return value if isinstance(value, bool) else None
        case _ if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        case "float" | "double":
            return float(value) * factor(card.unit, keyword.unit)
        case datatype:
            whole = int(value)
            return None if whole != value or abs(whole) >> _BITS[datatype] else whole
    return None


def _text(value: Value) -> str | None:
    if isinstance(value, bool):
        return "T" if value else "F"
    return None if value is None else str(value).strip() or None


@lru_cache(maxsize=1_000)
def factor(given: str | None, wanted: str) -> float:
    """What a value in the unit of a card must be multiplied with; 1 where the card's unit tells nothing."""
    if not given or not wanted:
        return 1.0
    try:
        return float(units.Unit(given).to(units.Unit(wanted)))
    except (ValueError, TypeError, units.UnitConversionError):
        return 1.0
