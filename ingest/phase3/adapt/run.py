"""One file through a recipe: the product, and the white-light image of a cube."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.fitsfile import FitsFile, Hdu
from ingest.header import Value
from ingest.phase3.adapt.headers import Cards
from ingest.phase3.adapt.recipe import Recipe, choose
from ingest.phase3.checks.hduclass import REFERENCES
from ingest.phase3.product import Product, opened
from ingest.phase3.standard import Standard
from ingest.rules import Rule, Underivable
from ingest.scan import own_name
from vo_server.errors import UsageFault

_WHITE_CARDS = (
    "ORIGIN",
    "TELESCOP",
    "INSTRUME",
    "OBJECT",
    "RA",
    "DEC",
    "EQUINOX",
    "RADESYS",
    "MJD-OBS",
    "MJD-END",
    "EXPTIME",
    "TEXPTIME",
    "PROG_ID",
    "OBID*",
    "PROCSOFT",
    "PROV*",
    "BUNIT",
)
_PLANE = (
    "CTYPE[12]",
    "CRVAL[12]",
    "CRPIX[12]",
    "CUNIT[12]",
    "CD[12]_[12]",
    "CSYER[12]",
    "CRDER[12]",
    "LONPOLE",
    "LATPOLE",
    "RADESYS",
    "EQUINOX",
)
_WCS = (*_PLANE, "CTYPE3", "CRVAL3", "CRPIX3", "CUNIT3", "CD[123]_3", "CD3_[12]", "WCSAXES", "SPECSYS")
_UNIT_COMMENTS = {"B": "Physical unit of array values", "T": "Unit of the column"}


@dataclass(frozen=True, slots=True)
class Adapted:
    """What was written: files, the recipe, and extensions that were left out."""

    paths: tuple[Path, ...]
    recipe: str
    left_out: tuple[str, ...]


def adapt(
    path: Path,
    directory: Path,
    standard: Standard,
    recipe: str | None = None,
    values: Mapping[str, str] | None = None,
) -> Adapted:
    """Write the product that ``path`` becomes into ``directory``.

    Parameters
    ----------
    recipe : str or None
        A name or a TOML file; the most special that matches when None.
    values : mapping or None
        Keywords of the primary header that no file tells, as text.

    Raises
    ------
    UsageFault
        There is no such recipe, a value is not of the type of its keyword, or the place is that of the file.
    Refused, OSError
        The file cannot be read.
    """
    given = {keyword: typed_value(standard, keyword, text) for keyword, text in (values or {}).items()}
    with opened(path, standard) as product:
        chosen = choose(recipe, product.file)
        target = directory / own_name(str(path))
        if target.exists() and target.samefile(path):
            raise UsageFault(f"{target} would be written over itself: choose another directory")
        directory.mkdir(parents=True, exist_ok=True)
        kept = [hdu for hdu in product.file.hdus if hdu.index == 0 or _role(chosen, hdu) is not None]
        white = target.with_name(f"{target.stem}{chosen.white_light}") if chosen.white_light else None
        head = _head(product, chosen, given, standard, white)
        _write(target, [(head, product.bytes_of(kept[0])), *_extensions(product, chosen, kept[1:])])
        paths = [target]
        if white is not None and (made := _white_light(product, chosen, head, kept)):
            _write(white, [made])
            paths.append(white)
    left = tuple(hdu.name or f"HDU {hdu.index}" for hdu in product.file.hdus if hdu not in kept)
    return Adapted(tuple(paths), chosen.name, left)


def typed_value(standard: Standard, keyword: str, text: str) -> Value:
    """``text`` as a value of ``keyword``.

    Raises
    ------
    UsageFault
        The standard has no such keyword, or the text is not of its type.
    """
    known = standard.find(keyword)
    if known is None:
        raise UsageFault(f"the standard has no keyword {keyword}")
    kind = known[0].type
    try:
        match kind:
            case "integer":
                return int(text)
            case "real":
                return float(text)
            case "logical":
                return {"T": True, "F": False}[text.upper()]
    except (ValueError, KeyError):
        raise UsageFault(f"{keyword} is a {kind}, got {text!r}") from None
    return text


def _role(recipe: Recipe, hdu: Hdu) -> str | None:
    """The role of an extension; None for one that is left out."""
    return recipe.roles.get(hdu.name) if recipe.roles else ""


def _head(
    product: Product, recipe: Recipe, given: Mapping[str, Value], standard: Standard, white: Path | None
) -> Cards:
    head = product.file.primary
    cards = Cards.of(head, recipe.remove)
    for former, present in standard.by_spelling.items():
        cards.rename(former, present.name)
    fields: dict[str, Any] = {card.keyword.replace("-", "_"): card.value for card in head.cards}
    fields |= {keyword.replace("-", "_"): value for keyword, value in given.items()}
    for keyword, rules in recipe.primary.items():
        value = given.get(keyword, _value(product.file, rules, fields))
        if isinstance(value, list):
            stem = keyword[:-1]
            is_given = any(name.startswith(stem) and name[len(stem) :].isdigit() for name in given)
            for number, entry in enumerate(() if is_given else value, 1):
                cards.set(f"{stem}{number}", entry)
            continue
        if value is not None:
            fields[keyword.replace("-", "_")] = value
            cards.set(keyword, value, _comment(standard, keyword))
    for keyword, value in given.items():
        cards.set(keyword, value, _comment(standard, keyword))
    if white is not None:
        cards.set("ASSON1", white.name)
    return cards


def _comment(standard: Standard, keyword: str) -> str:
    known = standard.find(keyword)
    if known is None:
        return ""
    unit = f"[{known[0].unit}] " if known[0].unit and not known[0].index else ""
    return unit + known[0].text


def _value(file: FitsFile, rules: Sequence[Rule], fields: Mapping[str, Any]) -> Any:
    for rule in rules:
        try:
            value = rule.value(file, fields)
        except Underivable:
            continue
        if value is not None and value != []:
            return value
    return None


def _extensions(product: Product, recipe: Recipe, hdus: list[Hdu]) -> list[tuple[Cards, Any]]:
    found = []
    science = next((hdu for hdu in hdus if _role(recipe, hdu) == "DATA"), None)
    for hdu in hdus:
        cards = Cards.of(hdu, recipe.remove)
        for former, present in product.standard.by_spelling.items():
            cards.rename(former, present.name)
        if not hdu.text_of("EXTNAME"):
            cards.set("EXTNAME", f"EXT{hdu.index}")
        if science is not None and hdu is not science and len(hdu.shape) == len(science.shape):
            cards.insert_after("EXTNAME", _like(science, _WCS))
        for keyword, rules in recipe.extension.get(_role(recipe, hdu) or "", {}).items():
            if (value := _value(product.file, rules, {})) is not None and not isinstance(value, list):
                cards.set(keyword, value)
        _units(cards, hdu, recipe)
        if recipe.roles:
            _refer(cards, hdu, hdus, recipe)
        found.append((cards, product.bytes_of(hdu)))
    return found


def _units(cards: Cards, hdu: Hdu, recipe: Recipe) -> None:
    """BUNIT, and TUNITn of columns, as the standard writes them (SDP 5.19)."""
    for keyword, _ in tuple(cards.lines):
        if fnmatchcase(keyword, "[BT]UNIT*"):
            present = recipe.unit_of(hdu.text_of(keyword) or "")
            if present is not None:
                cards.set(keyword, present, _UNIT_COMMENTS[keyword[0]])


def _refer(cards: Cards, hdu: Hdu, hdus: list[Hdu], recipe: Recipe) -> None:
    """The references to the other extensions that are kept, by their roles (SDP 5.10)."""
    cards.remove(*REFERENCES)
    for other in hdus:
        keyword = next((word for word, kind in REFERENCES.items() if kind == _role(recipe, other)), None)
        if other is not hdu and keyword is not None:
            cards.set(keyword, other.text_of("EXTNAME"))


def _like(hdu: Hdu, patterns: Sequence[str]) -> list[tuple[str, str]]:
    """The cards of ``hdu`` whose keywords match."""
    return [
        (card.keyword, card.text)
        for card in hdu.cards
        if card.value is not None and any(fnmatchcase(card.keyword, pattern) for pattern in patterns)
    ]


def _white_light(
    product: Product, recipe: Recipe, head: Cards, hdus: list[Hdu]
) -> tuple[Cards, bytes] | None:
    """The mean of a cube along its spectral axis, blank pixels left out."""
    hdu = next((hdu for hdu in hdus if _role(recipe, hdu) == "DATA" and len(hdu.shape) == 3), None)
    planes = None if hdu is None else product.pixels(hdu)
    if hdu is None or planes is None:
        return None
    image = mean_plane(planes)
    cards = Cards([])
    for keyword, value, comment in (
        ("SIMPLE", True, "Standard FITS"),
        ("BITPIX", -32, ""),
        ("NAXIS", 2, ""),
        ("NAXIS1", image.shape[1], ""),
        ("NAXIS2", image.shape[0], ""),
        ("EXTEND", True, ""),
        ("PRODCATG", "ANCILLARY.IMAGE.WHITELIGHT", "Data product category"),
    ):
        cards.set(keyword, value, comment)
    cards.lines += [line for line in head.lines if any(fnmatchcase(line[0], name) for name in _WHITE_CARDS)]
    names = {name for name, _ in cards.lines}
    cards.lines += [entry for entry in _like(hdu, _PLANE) if entry[0] not in names]
    return cards, image.astype(">f4").tobytes()


def mean_plane(planes: NDArray[np.generic]) -> NDArray[np.float64]:
    """The mean of planes (n, y, x) without their NaN, plane by plane; NaN where there is nothing."""
    sums = np.zeros(planes.shape[1:])
    counts = np.zeros(planes.shape[1:])
    for plane in planes:
        good = np.isfinite(plane)
        sums += np.where(good, plane, 0)
        counts += good
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = np.where(counts > 0, sums / counts, np.nan)
    return mean


def _write(path: Path, hdus: list[tuple[Cards, Any]]) -> None:
    """Write a file under its name only when it is complete."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            for cards, data in hdus:
                cards.write(stream, data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
