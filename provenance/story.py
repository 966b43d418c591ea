"""What the archive knows of the provenance of some identifiers: a graph, and what is told of its nodes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from provenance import query
from provenance.graph import Graph, Kind, Node, Relation, follow
from provenance.params import Direction, ProvenanceParams
from vo_server.archive import or_try_again
from vo_server.config import Settings
from vo_server.errors import NotFoundFault
from vo_server.identifiers import parse_id

MOST_RELATIONS = 20_000  #: that are read in one step
MOST_PARAMETERS = 20_000  #: of all activities of a graph
TIMEOUT = 30  #: seconds for one statement

_ENDS: Mapping[str, tuple[Kind, Kind]] = {
    "wasGeneratedBy": ("entity", "activity"),
    "wasDerivedFrom": ("entity", "entity"),
    "used": ("activity", "entity"),
    "wasInformedBy": ("activity", "activity"),
}


@dataclass(frozen=True, slots=True)
class File:
    """What is told of a file.

    Attributes
    ----------
    kind : str
        ``raw``, ``product`` or ``ancillary``.
    category : str or None
        DPR.CATG of raw files, PRODCATG of products.
    release_date : datetime or None
        The end of the proprietary period; None means public.
    title, creator : str or None
        ObsCore's obs_title and obs_creator_name.
    """

    dp_id: str
    kind: str
    category: str | None
    origfile: str | None
    media_type: str
    release_date: datetime | None
    title: str | None
    creator: str | None


@dataclass(frozen=True, slots=True)
class Activity:
    """What is told of an execution; ``parameters`` are name, value and default."""

    activity_id: str
    recipe: str
    pipeline: str | None
    drs: str | None
    started: datetime | None
    ended: datetime | None
    parameters: tuple[tuple[str, str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """A graph with what is told of its nodes; an entity that is not among ``files`` is not in the archive."""

    graph: Graph
    files: Mapping[str, File]
    activities: Mapping[str, Activity]


class Stories:
    """Reads them.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read the archive's own tables and ObsCore.
    obscore : FromClause
        The table ``ivoa.obscore``.
    """

    def __init__(self, engine: sa.Engine, obscore: sa.FromClause, settings: Settings) -> None:
        self._engine = engine
        self._obscore = obscore
        self._settings = settings

    def read(self, params: ProvenanceParams) -> Story:
        """What is known, all of one moment.

        Raises
        ------
        NotFoundFault
            An ID is not one of a file or an activity here, and no product names such a file.
        UsageFault
            An ID is too long.
        TransientFault
            The database does not answer, or not in time.
        """
        meanings = {text: parse_id(text, self._settings) for text in params.ids}
        with or_try_again(), self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                connection.execute(sa.text(f"SET LOCAL statement_timeout = '{TIMEOUT}s'"))
                starts = _starts(connection, meanings, self._obscore)

                def read(nodes: Collection[Node]) -> tuple[Sequence[Relation], Collection[Node]]:
                    return _relations(connection, nodes, params.direction)

                graph = follow(starts, params.depth, params.direction, read)
                return self._told(connection, graph)

    def _told(self, connection: sa.Connection, graph: Graph) -> Story:
        dp_ids = [node.id for node in graph.distance if node.kind == "entity"]
        names = [node.id for node in graph.distance if node.kind == "activity"]
        parameters: dict[str, list[tuple[str, str, str | None]]] = {name: [] for name in names}
        if names:
            for row in connection.execute(query.select_parameters(names, MOST_PARAMETERS)):
                parameters[row.activity_id].append((row.name, row.value, row.default_value))
        files = {
            row.dp_id: File(**row._mapping)
            for row in connection.execute(query.select_files(dp_ids, self._obscore))
        }
        activities = {
            row.activity_id: Activity(**row._mapping, parameters=tuple(parameters[row.activity_id]))
            for row in connection.execute(query.select_activities(names))
        }
        return Story(graph, files, activities)


def _starts(
    connection: sa.Connection, meanings: Mapping[str, tuple[str, ...]], obscore: sa.FromClause
) -> list[Node]:
    """The node that each identifier means: a file, an activity, or a file that others name."""
    every = sorted({each for found in meanings.values() for each in found})
    known: list[tuple[Any, set[str]]] = [
        ("entity", {row.dp_id for row in connection.execute(query.select_files(every, obscore))}),
        ("activity", {row.activity_id for row in connection.execute(query.select_activities(every))}),
        ("entity", set(connection.scalars(query.select_named(every)))),
    ]
    starts = []
    for text, found in meanings.items():
        node = next((Node(kind, each) for kind, ids in known for each in found if each in ids), None)
        if node is None:
            raise NotFoundFault(f"{text} is not in this archive, and nothing here was made from it")
        starts.append(node)
    return starts


def _relations(
    connection: sa.Connection, nodes: Collection[Node], direction: Direction
) -> tuple[Sequence[Relation], Collection[Node]]:
    """The relations of nodes, and the nodes of whose relations not all were read."""
    statement = query.select_relations(nodes, direction, MOST_RELATIONS + 1)
    rows = connection.execute(statement).all()
    found = [_relation(row) for row in rows[:MOST_RELATIONS]]
    if len(rows) <= MOST_RELATIONS:
        return found, ()
    complete = {relation.near(direction) for relation in found} - {_relation(rows[-1]).near(direction)}
    return found, set(nodes) - complete


def _relation(row: sa.Row[Any]) -> Relation:
    source, target = _ENDS[row.kind]
    ends = (Node(source, row.source), Node(target, row.target))
    return Relation(row.kind, *ends, row.role, row.type)
