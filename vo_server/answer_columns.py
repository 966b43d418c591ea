"""The columns of answers whose protocol names them itself: a CSV file beside the code that fills them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from vo_server.errors import UsageFault
from vo_server.parameters import Parameters
from vo_server.tables import Column


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """One column, with the level of detail from which on an answer has it."""

    column: Column
    level: int


def parse_verb(parameters: Parameters, known: Sequence[int]) -> int:
    """The level of detail of a request (SCS 1.03 and SIA 1.0, VERB); 2 where nothing is said.

    Raises
    ------
    UsageFault
        It is none of ``known``.
    """
    verb = parameters.whole_number("VERB")
    if verb is not None and verb not in known:
        raise UsageFault(f"VERB={verb} is not known: send one of {', '.join(map(str, known))}")
    return 2 if verb is None else verb


def read_columns(package: str) -> tuple[AnswerColumn, ...]:
    """The columns of ``columns.csv`` in ``package``, in their order.

    The file has the fields ``name``, ``level``, ``datatype``, ``arraysize``, ``xtype``, ``unit``, ``ucd``,
    ``utype`` and ``description``.
    """
    text = files(package).joinpath("columns.csv").read_text(encoding="utf-8")
    return tuple(_read(row) for row in csv.DictReader(text.splitlines()))


def _read(row: dict[str, str]) -> AnswerColumn:
    column = Column(
        row["name"],
        row["datatype"],
        row["arraysize"] or None,
        xtype=row["xtype"],
        unit=row["unit"],
        ucd=row["ucd"],
        utype=row["utype"],
        description=row["description"],
    )
    return AnswerColumn(column, int(row["level"]))
