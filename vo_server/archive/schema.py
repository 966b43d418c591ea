"""The schema ``archive`` itself, and what its tables and statements share."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, DateTime, MetaData, Text, any_, bindparam, func
from sqlalchemy.exc import OperationalError

from vo_server.errors import TransientFault

SCHEMA = "archive"
PUBLISHED = "vo_published"  #: channel on which it is told that something was published or taken back
USER_SCHEMA = "user_tables"  #: where the tables of users are
METADATA = MetaData(schema=SCHEMA)


@contextmanager
def or_try_again() -> Iterator[None]:
    """Reading of the tables; a database that does not answer is a `TransientFault`."""
    try:
        yield
    except OperationalError as exc:
        raise TransientFault("the archive's database does not answer now: try again in a moment") from exc


def among(column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a text is one of ``values``: one bound array, however many they are."""
    return column == any_(bindparam(None, list(values), ARRAY(Text)))


def instant(name: str, *, nullable: bool = True, now: bool = False) -> Column[object]:
    """A column of instants; PostgreSQL keeps them in UTC."""
    return Column(
        name, DateTime(timezone=True), nullable=nullable, server_default=func.now() if now else None
    )
