"""The tables by which `tap.adql.emit` writes a lowered query for one database."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tap.adql.errors import Unsupported
from tap.adql.kinds import Kind
from tap.adql.tree import Expression, Query

#: Why a call with these arguments cannot be written, or None.
Guard = Callable[[Sequence[Expression]], str | None]


@dataclass(frozen=True)
class Dialect:
    """How one database spells what a lowered query says.

    Templates are written in PostgreSQL's words (`tap.adql.functions`); another database has a table from
    those words to its own, and refuses what is not in it.

    Attributes
    ----------
    name : str
        The database's.
    spellings : mapping of str to str, or None
        Template to template; None where all templates are the database's own.
    patterns : sequence of (pattern, replacement)
        The same for templates that are made by number, such as ``COALESCE({0}, {1}, {2})``.
    guards : mapping of str to Guard
        Templates that can be written for some arguments only.
    casts : mapping of (Kind, Kind) to str
        Templates of CAST for pairs of kinds for which ``({0})::type`` means something else.
    constants : mapping of str to callable, or None
        What writes a constant of a type from PostgreSQL's text of it; None where all types are known.
    quotient : str
        The operator of integer division, which drops the remainder.
    integer : str
        The template of an integer literal.
    double : str
        The template of another number.
    null_item : str
        A NULL that is a column of a result.
    descending : str
        What sorts from the largest, NULL first.
    pad : str
        The template that fills a text with blanks, or cuts it, to a length.
    like_escape : str
        What follows a pattern that has no escape character.
    like_backslash : str
        What a backslash in a fixed pattern becomes.
    near : callable
        The template that preselects a crossmatch, by the radius in degrees if that is fixed; its arguments
        are the indexed ra and dec, the other ra and dec, and the radius.
    own_schemas : mapping of str to str
        Schemas that the database calls otherwise, in double quotes and with a dot after it.
    deepest : int
        How many calls that write an argument more than once may be one inside the other.
    prepare : callable
        A last pass over the tree.
    """

    name: str
    near: Callable[[float | None], str]
    spellings: Mapping[str, str] | None = None
    patterns: Sequence[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = ()
    guards: Mapping[str, Guard] = field(default_factory=dict)
    casts: Mapping[tuple[Kind, Kind], str] = field(default_factory=dict)
    constants: Mapping[str, Callable[[str], str]] | None = None
    quotient: str = "/"
    integer: str = "{}"
    double: str = "{!r}::double precision"
    null_item: str = "NULL"
    descending: str = "DESC"
    pad: str = "rpad({}, {})"
    like_escape: str = ""
    like_backslash: str = "\\"
    own_schemas: Mapping[str, str] = field(default_factory=dict)
    deepest: int = 1_000_000
    prepare: Callable[[Query], Query] = lambda query: query

    def template(self, written: str, arguments: Sequence[Expression] = ()) -> str:
        """The database's own template for one in PostgreSQL's words.

        Raises
        ------
        Unsupported
            It has none.
        """
        if self.spellings is None:
            return written
        every = written.replace("(DISTINCT ", "(", 1)
        if every in self.guards and (reason := self.guards[every](arguments)):
            raise Unsupported(reason)
        own = self.spellings.get(every)
        if own is None:
            made = (pattern.sub(to, every) for pattern, to in self.patterns if pattern.fullmatch(every))
            own = next(made, None)
        if own is None:
            raise Unsupported(f"{_called(every)} is not possible")
        return own if every == written else own.replace("(", "(DISTINCT ", 1)

    def constant(self, text: str, sql_type: str) -> str:
        """A constant of a type, from PostgreSQL's text of it; raises `Unsupported`."""
        if self.constants is None:
            return f"{quote(text)}::{sql_type}"
        if sql_type not in self.constants:
            raise Unsupported("a test of regions is not possible")
        return self.constants[sql_type](text)


def quote(text: str) -> str:
    """A string literal in which a backslash is one (``standard_conforming_strings`` is on)."""
    return "'" + text.replace("'", "''") + "'"


def _called(template: str) -> str:
    """What a template is about, for people: the function that it calls, or a test of two boxes."""
    found = re.search(r"(?:vo\.)?([a-z_]+)\(", template)
    return found[1].replace("_", " ") if found else "a test of regions"
