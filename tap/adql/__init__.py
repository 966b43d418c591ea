"""ADQL 2.1 -> PostgreSQL, in four passes: `parse`, `resolve`, `lower`, `emit`."""

from tap.adql.emit import emit
from tap.adql.errors import AdqlError
from tap.adql.kinds import output_column
from tap.adql.lower import lower
from tap.adql.parse import parse
from tap.adql.resolve import resolve
from vo_server.engine import Statement
from vo_server.tables import Catalog

__all__ = ["AdqlError", "translate"]


def translate(text: str, catalog: Catalog) -> Statement:
    """The statement that answers a query.

    Parameters
    ----------
    text : str
        One ADQL query.
    catalog : Catalog
        The tables that it may use.

    Raises
    ------
    AdqlError
        The query is not ADQL, or not about these tables; with line and column.
    """
    query, outputs = resolve(parse(text), catalog)
    columns = tuple(output_column(output.name, output.type) for output in outputs)
    return Statement(emit(lower(query)), columns=columns)
