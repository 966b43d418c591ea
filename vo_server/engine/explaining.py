"""What PostgreSQL expects of a statement before it runs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vo_server.engine.connections import run
from vo_server.engine.statement import Statement


@dataclass(frozen=True, slots=True)
class Reading:
    """How a plan reads one table.

    Attributes
    ----------
    by_index : bool
        Whether a condition is looked up in an index; one that only gives the order does not count.
    size : int
        Rows that the table has, as last counted by ANALYZE.
    """

    relation: tuple[str, str]
    by_index: bool
    size: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a statement is expected to give and to cost.

    Attributes
    ----------
    rows : int
        Rows of the result.
    cost : float
        In PostgreSQL's unit: the reading of one page in sequence.
    sorts : bool
        Whether rows have to be sorted before the first is there.
    """

    rows: int
    cost: float
    sorts: bool
    readings: tuple[Reading, ...]


def explain(connection: Any, statement: Statement) -> Estimate:
    """The plan of a statement without bound values; raises the driver's errors."""
    ((text,),) = run(connection, f"EXPLAIN (FORMAT JSON, VERBOSE) {statement.sql}")
    plan = (json.loads(text) if isinstance(text, str) else text)[0]["Plan"]
    nodes = list(_nodes(plan))
    sizes = _sizes(
        connection, {(n.get("Schema", ""), n["Relation Name"]) for n in nodes if "Relation Name" in n}
    )
    return Estimate(
        rows=round(plan["Plan Rows"]),
        cost=float(plan["Total Cost"]),
        sorts=any(node["Node Type"] in ("Sort", "Incremental Sort") for node in nodes),
        readings=tuple(_readings(nodes, sizes)),
    )


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _readings(nodes: list[Mapping[str, Any]], sizes: Mapping[tuple[str, str], int]) -> Iterator[Reading]:
    for node in nodes:
        if "Relation Name" in node:
            relation = (node.get("Schema", ""), node["Relation Name"])
            # A bitmap's conditions are those of the nodes below it, which name no table.
            looked_up = "Index Cond" in node or node["Node Type"] == "Bitmap Heap Scan"
            yield Reading(relation, looked_up, sizes.get(relation, 0))


def _sizes(connection: Any, relations: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Rows of the tables of a plan, by the planner's own count."""
    if not relations:
        return {}
    pairs = ", ".join(f"({_quoted(schema)}, {_quoted(name)})" for schema, name in sorted(relations))
    sql = (
        "SELECT n.nspname::text, c.relname::text, c.reltuples::bigint"  # noqa: S608 (names of a plan)
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE (n.nspname, c.relname) IN ({pairs})"
    )
    rows = run(connection, sql)
    return {(schema, name): max(0, size) for schema, name, size in rows}


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
