"""The schema ``ist``: for each instrument a view of its raw frames with the keywords of its set-up.

Declared in ``instruments.toml``. What the header says is kept in a table of its own, ``setups.<instrument>``,
which clients do not see; the view joins it with ``dbo.raw``. Names are those of ESO's service.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
import yaml

from vo_server.schemas.documents import DATATYPES, builtin, read
from vo_server.schemas.relations import TYPES
from vo_server.tables import Schema, Table

SCHEMA = "ist"
STORED = "setups"  #: schema of the tables behind the views
RAW = "dbo.raw"
_RANGE = re.compile(r"(\S+) (\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class SetupKeyword:
    """A keyword of a set-up and its column.

    Attributes
    ----------
    keywords : tuple of str
        In the order in which they are looked for.
    datatype : str
        Felis's.
    is_indexed : bool
        Whether people search by it.
    """

    column: str
    keywords: tuple[str, ...]
    datatype: str
    unit: str
    ucd: str
    description: str
    is_indexed: bool


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument with a view of its own.

    Attributes
    ----------
    instrume : tuple of str
        Values of INSTRUME, in capitals.
    prefix : str
        The first part of the identifiers of its frames.
    """

    name: str
    title: str
    instrume: tuple[str, ...]
    prefix: str
    setup: tuple[SetupKeyword, ...]


@cache
def instruments() -> tuple[Instrument, ...]:
    """All instruments, by name."""
    text = files(__package__).joinpath("instruments.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)
    return tuple(
        _instrument(name, fields, declared["common"], declared["keywords"])
        for name, fields in sorted(declared["instruments"].items())
    )


def _instrument(
    name: str, fields: Mapping[str, Any], common: list[str], keywords: Mapping[str, Mapping[str, Any]]
) -> Instrument:
    listed = dict.fromkeys(
        keyword for entry in (*fields["keywords"], *common) for keyword in _expanded(entry)
    )
    setup = tuple(_setup_keyword(keyword, keywords) for keyword in listed)
    instrume = tuple(fields.get("instrume", [name.upper()]))
    return Instrument(name, fields["title"], instrume, fields.get("prefix", name.upper()), setup)


def _expanded(entry: str) -> Iterator[str]:
    """``INS.FILTi.NAME 1-2`` is two keywords."""
    match = _RANGE.fullmatch(entry)
    if match is None:
        yield entry
        return
    for number in range(int(match[2]), int(match[3]) + 1):
        yield re.sub(r"i(?=\.|$)", str(number), match[1], count=1)


def _setup_keyword(keyword: str, declared: Mapping[str, Mapping[str, Any]]) -> SetupKeyword:
    number, fields = "", declared.get(keyword)
    if fields is None:
        match = re.search(r"(\d+)(?=\.|$)", keyword)
        number = match[1] if match else ""
        fields = declared[re.sub(r"\d+(?=\.|$)", "i", keyword, count=1)]
    meaning = re.sub(r"\bi\b", number, fields["description"])
    return SetupKeyword(
        column=fields.get("name", re.sub(r"\W", "_", keyword.lower())),
        keywords=(keyword, *fields.get("or", ())),
        datatype=fields.get("datatype", "text"),
        unit=fields.get("unit", ""),
        ucd=fields["ucd"],
        description=f"{meaning} ({keyword})",
        is_indexed=fields.get("index", False),
    )


@cache
def _by_instrume() -> Mapping[str, Instrument]:
    return {value: instrument for instrument in instruments() for value in instrument.instrume}


def instrument_of(instrume: str | None) -> Instrument | None:
    """The instrument of a frame, by the value of INSTRUME."""
    return _by_instrume().get((instrume or "").strip().upper())


def instrument_named(word: str) -> Instrument | None:
    """The instrument that somebody calls so: by its name, INSTRUME or prefix, in any case."""
    found = word.upper()
    for instrument in instruments():
        if found in (instrument.name.upper(), instrument.prefix, *instrument.instrume):
            return instrument
    return None


@cache
def document() -> str:
    """The Felis document of the schema; the columns of ``dbo.raw`` are not written out (``vo:extends``)."""
    columns: dict[SetupKeyword, dict[str, Any]] = {}
    tables = []
    for place, instrument in enumerate(instruments(), 1):
        for keyword in instrument.setup:
            columns.setdefault(keyword, _column(keyword))
        own = [columns[keyword] for keyword in instrument.setup]
        tables.append(
            {
                "name": instrument.name,
                "description": f"Raw frames of {instrument.title}, with the keywords of its set-up",
                "tap:table_index": place,
                "vo:extends": RAW,
                "columns": own,
                "indexes": [
                    {"name": f"{instrument.name}_{k.column}", "columns": [f"#{instrument.name}.{k.column}"]}
                    for k in instrument.setup
                    if k.is_indexed
                ],
            }
        )
    fields = {
        "name": SCHEMA,
        "description": "Raw frames by instrument, with the keywords of its set-up",
        "tables": tables,
    }
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(fields, Dumper=dumper, sort_keys=False, default_flow_style=None, width=200)


def _column(keyword: SetupKeyword) -> dict[str, Any]:
    found = {"name": keyword.column, "datatype": keyword.datatype, "description": keyword.description}
    if keyword.unit:
        found["ivoa:unit"] = keyword.unit
    return found | {"ivoa:ucd": keyword.ucd}


@cache
def schema() -> Schema:
    """The schema ``ist``."""
    return read(document())


@cache
def metadata() -> sa.MetaData:
    """The tables behind the views, ``setups.<instrument>``."""
    found = sa.MetaData()
    for instrument in instruments():
        columns = [
            sa.Column(keyword.column, TYPES[DATATYPES[keyword.datatype]]) for keyword in instrument.setup
        ]
        relation = sa.Table(
            instrument.name, found, sa.Column("dp_id", sa.Text, primary_key=True), *columns, schema=STORED
        )
        for keyword in instrument.setup:
            if keyword.is_indexed:
                sa.Index(f"{instrument.name}_{keyword.column}", relation.c[keyword.column])
    return found


def view(instrument: Instrument, raw: sa.Table) -> sa.Select[Any]:
    """The statement of an instrument's view: ``raw``, hidden columns included, and the set-up."""
    setup = metadata().tables[f"{STORED}.{instrument.name}"]
    columns = [*raw.columns, *(column for column in setup.columns if column.name != "dp_id")]
    return sa.select(*columns).select_from(raw.join(setup, setup.c.dp_id == raw.c.dp_id))


def raw_table() -> Table:
    """The declaration of ``dbo.raw``."""
    return next(table for schema in builtin() for table in schema.tables if table.name == RAW)
