"""What differs between the databases that answer ADQL: tables of templates, types and quoting."""

from tap.adql.dialects.dialect import Dialect, Guard
from tap.adql.dialects.duckdb import DUCKDB
from tap.adql.dialects.postgresql import POSTGRESQL

__all__ = ["DIALECTS", "DUCKDB", "POSTGRESQL", "Dialect", "Guard"]

#: Every dialect by its name, which is that of the engine that speaks it.
DIALECTS = {dialect.name: dialect for dialect in (POSTGRESQL, DUCKDB)}
