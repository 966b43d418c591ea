"""ADQL 2.1 -> a database's SQL, in four passes: `parse`, `resolve`, `lower`, `emit`."""

from tap.adql.dialects import POSTGRESQL, Dialect
from tap.adql.emit import emit
from tap.adql.errors import AdqlError
from tap.adql.kinds import output_column
from tap.adql.lower import lower, wanted_zones
from tap.adql.parse import parse
from tap.adql.resolve import resolve
from tap.adql.templates import Templates
from tap.adql.tree import Query
from vo_server.engine import Statement
from vo_server.tables import Catalog

__all__ = ["AdqlError", "translate"]


_TEMPLATES = Templates()


def translate(text: str, catalog: Catalog, dialect: Dialect = POSTGRESQL) -> Statement:
    """The statement that answers a query.

    Parameters
    ----------
    text : str
        One ADQL query.
    catalog : Catalog
        The tables that it may use.
    dialect : Dialect
        Of the database that answers.

    Raises
    ------
    AdqlError
        The query is not ADQL, or not about these tables; with line and column.
    Unsupported
        It is, and this database cannot answer it.
    """
    query, is_exact = _TEMPLATES.tree(text)
    try:
        return _translated(query, catalog, dialect)
    except AdqlError:
        if is_exact:
            raise
        # The places in a filled template are those of another text.
        return _translated(parse(text), catalog, dialect)


def _translated(tree: Query, catalog: Catalog, dialect: Dialect) -> Statement:
    query, outputs = resolve(tree, catalog)
    columns = tuple(output_column(output.name, output.type) for output in outputs)
    lowered = lower(query)
    zones = tuple(dict.fromkeys(wanted_zones(lowered))) if catalog.has_temporary else ()
    return Statement(emit(lowered, dialect), columns=columns, zones=zones)
