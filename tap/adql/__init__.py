"""ADQL 2.1 -> a database's SQL, in four passes: `parse`, `resolve`, `lower`, `emit`."""

from tap.adql.dialects import POSTGRESQL, Dialect
from tap.adql.errors import AdqlError, Unsupported
from tap.adql.parse import parse
from tap.adql.templates import Templates
from tap.adql.translation import Translation
from vo_server.engine import Statement
from vo_server.tables import Catalog

__all__ = ["AdqlError", "Translation", "Unsupported", "translate", "understand"]


_TEMPLATES = Templates()


def understand(text: str, catalog: Catalog) -> Translation:
    """A query, for whichever database will answer it.

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
    query, is_exact = _TEMPLATES.tree(text)
    if is_exact:
        return Translation(query, catalog)

    def again() -> Translation:
        # The places in a filled template are those of another text.
        return Translation(parse(text), catalog)

    try:
        return Translation(query, catalog, again)
    except AdqlError:
        return again()


def translate(text: str, catalog: Catalog, dialect: Dialect = POSTGRESQL) -> Statement:
    """The statement that answers a query in one database.

    Raises
    ------
    AdqlError
        The query is not ADQL, or not about these tables; with line and column.
    Unsupported
        It is, and this database cannot answer it.
    """
    return understand(text, catalog).statement(dialect.name)
