"""Recipes: which keywords a product gets, from what its header and its data tell."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ingest.fitsfile import FitsFile
from ingest.phase3.adapt.derive import DERIVATIONS
from ingest.rules import Rule, parse_rule
from vo_server.errors import UsageFault

_KEYS = {
    "name",
    "title",
    "priority",
    "match",
    "roles",
    "primary",
    "extension",
    "remove",
    "units",
    "white_light",
}


@dataclass(frozen=True)
class Recipe:
    """How files of one kind become products.

    Attributes
    ----------
    match : mapping
        Patterns (``*`` stands for anything) of keywords of the primary header.
    roles : mapping
        EXTNAME -> DATA, ERROR or QUALITY; when there are any, other extensions are left out.
    primary : mapping
        Keyword -> rules, the first that has a value counts; without a value the keyword stays as it is.
    extension : mapping
        The same for extensions, by role.
    remove : tuple of str
        Patterns of keywords that go, from every header.
    units : mapping
        Units as a program writes them (patterns) -> as the standard does; of images and of columns.
    white_light : str
        The ending of the white-light image's name; empty for none.
    """

    name: str
    title: str
    priority: int
    match: Mapping[str, str]
    roles: Mapping[str, str]
    primary: Mapping[str, tuple[Rule, ...]]
    extension: Mapping[str, Mapping[str, tuple[Rule, ...]]]
    remove: tuple[str, ...]
    units: Mapping[str, str]
    white_light: str = ""

    def unit_of(self, unit: str) -> str | None:
        """What ``unit`` becomes; None for one that stays."""
        found = (present for former, present in self.units.items() if fnmatchcase(unit, former))
        return next(found, None)

    def matches(self, file: FitsFile) -> bool:
        """Whether the recipe is for ``file``."""
        values = {keyword: file.primary.text_of(keyword) or "" for keyword in self.match}
        return all(fnmatchcase(values[keyword], pattern) for keyword, pattern in self.match.items())


@cache
def recipes() -> tuple[Recipe, ...]:
    """The recipes that come with the server, the most special first."""
    texts = [
        entry.read_text(encoding="utf-8")
        for entry in files("ingest.phase3.adapt").joinpath("recipes").iterdir()
        if entry.name.endswith(".toml")
    ]
    found = [_recipe(tomllib.loads(text)) for text in texts]
    return tuple(sorted(found, key=lambda recipe: (-recipe.priority, recipe.name)))


def choose(name: str | None, file: FitsFile) -> Recipe:
    """The recipe of that name or file; without one, the most special that matches.

    Raises
    ------
    UsageFault
        There is no such recipe.
    """
    if name is None:
        return next(recipe for recipe in recipes() if recipe.matches(file))
    for recipe in recipes():
        if recipe.name == name:
            return recipe
    path = Path(name)
    if not path.is_file():
        there = ", ".join(recipe.name for recipe in recipes())
        raise UsageFault(f"there is no recipe {name!r}; there are {there} and TOML files")
    try:
        return _recipe(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageFault(f"{path.name} is not TOML: {exc}") from exc


def _recipe(document: dict[str, Any]) -> Recipe:
    if unknown := document.keys() - _KEYS:
        raise UsageFault(f"a recipe has {', '.join(sorted(_KEYS))}, not {', '.join(sorted(unknown))}")
    if not isinstance(document.get("name"), str):
        raise UsageFault("a recipe has a name")
    return Recipe(
        name=document["name"],
        title=str(document.get("title", "")),
        priority=int(document.get("priority", 50)),
        match=_texts(document, "match"),
        roles=_texts(document, "roles"),
        primary=_rules(document.get("primary", {})),
        extension={role: _rules(fields) for role, fields in document.get("extension", {}).items()},
        remove=tuple(document.get("remove", ())),
        units=_texts(document, "units"),
        white_light=document.get("white_light", ""),
    )


def _texts(document: Mapping[str, Any], key: str) -> dict[str, str]:
    told = document.get(key, {})
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise UsageFault(f"[{key}] gives each name a string, not {told!r}")
    return told


def _rules(fields: Mapping[str, Any]) -> dict[str, tuple[Rule, ...]]:
    return {
        keyword: tuple(parse_rule(rule, DERIVATIONS) for rule in (told if isinstance(told, list) else [told]))
        for keyword, told in fields.items()
    }
