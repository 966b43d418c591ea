"""A query that was understood, before it is known which database answers it."""

from collections.abc import Callable

from tap.adql import tree
from tap.adql.dialects import DIALECTS
from tap.adql.emit import emit
from tap.adql.errors import Unsupported
from tap.adql.kinds import output_column
from tap.adql.lower import lower, wanted_zones
from tap.adql.reach import Relation, scanned_by
from tap.adql.resolve import resolve
from tap.adql.sources import Tables
from vo_server.engine import Statement
from vo_server.tables import Catalog


class Translation:
    """One query of one catalogue; its statements are written when they are wanted.

    Parameters
    ----------
    query : tree.Query
        As parsed.
    catalog : Catalog
        The tables that it may use.
    again : callable, optional
        Gives the same query with the right places, where those of ``query`` are of another text.

    Raises
    ------
    AdqlError
        A name means nothing here, or a value has the wrong type.
    """

    def __init__(
        self, query: tree.Query, catalog: Catalog, again: Callable[[], "Translation"] | None = None
    ) -> None:
        tables = Tables(catalog)
        resolved, outputs = resolve(query, tables)
        self._again = again
        #: The tables that it reads, as the database calls them.
        self.relations = frozenset(tables.met)
        self._scanned: frozenset[Relation] | None = None
        self._statements: dict[str, Statement] = {}
        self._lowered = lower(resolved)
        self._columns = tuple(output_column(output.name, output.type) for output in outputs)
        self._zones = tuple(dict.fromkeys(wanted_zones(self._lowered))) if catalog.has_temporary else ()
        self._catalog = catalog

    @property
    def scanned(self) -> frozenset[Relation]:
        """The tables of which it wants more than the rows of a few keys."""
        if self._scanned is None:
            self._scanned = scanned_by(self._lowered, self._key)
        return self._scanned

    def _key(self, relation: Relation) -> str | None:
        keys = (table.primary_key for table in self._catalog.tables if table.relation == relation)
        return next((key[0].lower() for key in keys if key), None)

    def statement(self, dialect: str) -> Statement:
        """The statement in a dialect.

        Raises
        ------
        Unsupported
            The database of that dialect cannot answer the query.
        """
        if dialect not in self._statements:
            try:
                sql = emit(self._lowered, DIALECTS[dialect])
            except Unsupported:
                if self._again is None:
                    raise
                return self._again().statement(dialect)
            self._statements[dialect] = Statement(
                sql, (), self._columns, self._zones, dialect, relations=self.relations
            )
        return self._statements[dialect]
