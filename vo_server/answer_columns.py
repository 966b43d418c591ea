"""The columns of answers whose protocol names them itself: a CSV file beside the code that fills them."""

import csv
from dataclasses import dataclass
from importlib.resources import files

from vo_server.tables import Column


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """One column, with the level of detail from which on an answer has it."""

    column: Column
    level: int


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
