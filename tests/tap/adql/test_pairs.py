"""ADQL -> PostgreSQL: the pairs of ``pairs.sql``, as text and as the database reads them."""

import re

import pytest
import sqlalchemy as sa

from tap.adql import translate
from tests.tap.adql.cases import Case, read_cases
from tests.tap.adql.running import execute
from vo_server.tables import Catalog

CASES = list(read_cases("pairs.sql"))
_PIXEL = r'(?:"[^"]+"\.)?"(?:[^"]+ )?hpx" BETWEEN \d+ AND \d+'
#: What fixed geometry becomes is tested with the geometry, not here.
PLACEHOLDERS = (
    (re.compile(rf"\({_PIXEL}(?: OR {_PIXEL})+\)|{_PIXEL}(?: OR {_PIXEL})*"), "<pixels>"),
    (re.compile(r"'\{[^']*\}'::double precision\[\]"), "<shape>"),
    (re.compile(r"'\([^']*\)'::cube"), "<box>"),
)


def compared(sql: str) -> str:
    """SQL without white space outside of what matters here, and with placeholders."""
    for pattern, placeholder in PLACEHOLDERS:
        sql = pattern.sub(placeholder, sql)
    return "".join(sql.split())


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_query_becomes(case: Case, catalog: Catalog) -> None:
    assert compared(translate(case.query, catalog).sql) == compared(case.expected.rstrip(";"))


def test_there_are_enough_pairs_and_each_has_its_title() -> None:
    assert len(CASES) > 300
    assert len({case.title for case in CASES}) == len(CASES)


def test_every_translation_is_understood_by_the_database(catalog: Catalog, connection: sa.Connection) -> None:
    for case in CASES:
        statement = translate(case.query, catalog)
        result = execute(connection, statement.limited(0).sql)
        assert len(result.cursor.description) == len(statement.columns), case.title
