"""The query advisor at ``/tap/explain``: what a query will give and cost, and what would make it cheaper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vo_server.catalog import Sizes
from vo_server.engine import Estimate, Snapshot
from vo_server.tables import Catalog, Table

#: Rows of a table that are read without an index before anybody needs to think about it.
MANY = 100_000
#: Seconds for each unit of PostgreSQL's cost. Measured are 1.8 to 4.5 millionths (`benchmarks.tap_scaling`);
#: this is at the lower end, so that no query is called slow that is not.
SECONDS_PER_COST = 2e-6


@dataclass(frozen=True, slots=True)
class TableAdvice:
    """How a query reads one table; ``rows`` are all that the table has."""

    table: str
    rows: int
    uses_index: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """What is known of a query before it runs; ``seconds`` is a rough lower bound."""

    rows: int
    cost: float
    seconds: float
    tables: tuple[TableAdvice, ...]
    hints: tuple[str, ...]


def advise(
    estimate: Estimate,
    catalog: Catalog,
    sizes: Sizes,
    *,
    sync_timeout: float,
    jobs_url: str,
    snapshots: Sequence[Snapshot] = (),
) -> Advice:
    """The advice for a query of that estimate.

    Parameters
    ----------
    sizes
        Rows of the tables, of those that were counted.
    sync_timeout : float
        Seconds that a synchronous query may take.
    jobs_url : str
        Where it can be sent as a job instead.
    snapshots : sequence of Snapshot
        The tables that it reads from files.
    """
    published = {table.relation: table for table in catalog.tables}
    tables = tuple(
        TableAdvice(published[reading.relation].name, sizes.get(reading.relation, 0), reading.by_index)
        for reading in estimate.readings
        if reading.relation in published
    )
    seconds = estimate.cost * SECONDS_PER_COST
    hints = list(_index_hints(tables, catalog))
    for snapshot in snapshots:
        hints.append(
            f"{snapshot.table} is read from files, as the archive was at {snapshot.fresh_until:%FT%TZ}"
        )
    if estimate.sorts and estimate.rows > MANY:
        hints.append("ORDER BY sorts all rows before the first is sent: leave it out, or ask for TOP n")
    if seconds > sync_timeout:
        hints.append(
            f"this will take longer than the {sync_timeout:.0f} s of a synchronous query: use {jobs_url}"
        )
    return Advice(estimate.rows, estimate.cost, round(seconds, 3), tables, tuple(dict.fromkeys(hints)))


def _index_hints(tables: tuple[TableAdvice, ...], catalog: Catalog) -> Iterator[str]:
    for read in tables:
        table = catalog.table(read.table)
        if table is None or read.uses_index or read.rows < MANY:
            continue
        names = ", ".join(indexed_columns(table))
        yield (
            f"every row of {read.table} is read, because no condition can use an index: add one on {names}"
            if names
            else f"every row of {read.table} is read: it has no index, so ask for less of it"
        )


def indexed_columns(table: Table) -> tuple[str, ...]:
    """What a condition should be about: a cone first, then the columns that begin an index."""
    cones = tuple(f"a cone around ({point.ra}, {point.dec})" for point in table.points)
    paired = {name for point in table.points for name in (point.ra, point.dec)}
    return cones + tuple(c.name for c in table.columns if c.indexed and c.name.lower() not in paired)
