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
    """

    relation: tuple[str, str]
    by_index: bool


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
    return Estimate(
        rows=round(plan["Plan Rows"]),
        cost=float(plan["Total Cost"]),
        sorts=any(node["Node Type"] in ("Sort", "Incremental Sort") for node in nodes),
        readings=tuple(_readings(nodes)),
    )


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _readings(nodes: list[Mapping[str, Any]]) -> Iterator[Reading]:
    for node in nodes:
        if "Relation Name" in node:
            # A bitmap's conditions are those of the nodes below it, which name no table.
            looked_up = "Index Cond" in node or node["Node Type"] == "Bitmap Heap Scan"
            yield Reading((node.get("Schema", ""), node["Relation Name"]), looked_up)
