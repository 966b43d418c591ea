"""Documents of random archives: their entities are those that every path through the rows reaches."""

import io
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prov.model import ProvActivity, ProvDocument, ProvEntity

from ingest.activities import Activity, Input
from provenance.document import make_document, write_document
from provenance.params import DIRECTIONS, FORMATS, Direction, ProvenanceParams
from provenance.story import Stories
from tests.products import Holdings
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.products import ObsCore

#: Of each product what PROV names and what its recipe used: of both, the numbers below its own.
archives = st.lists(
    st.tuples(st.sets(st.integers(0, 7), max_size=3), st.none() | st.sets(st.integers(0, 7), max_size=3)),
    min_size=1,
    max_size=8,
)


def name(number: int) -> str:
    return f"ADP.RANDOM-{number}"


@given(
    archives, st.integers(0, 7), st.integers(0, 12), st.sampled_from(DIRECTIONS), st.sampled_from(FORMATS[:3])
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_entities_are_those_that_every_path_reaches(
    database: Database,
    settings: Settings,
    made: list[tuple[set[int], set[int] | None]],
    start: int,
    depth: int,
    direction: Direction,
    form: object,
) -> None:
    put = Holdings(database.owner, settings)
    arcs: set[tuple[str, str]] = set()
    start %= len(made)
    try:
        for number, (derived, used) in enumerate(made):
            put.file(name(number), Path("/nowhere") / name(number))
            older = sorted(n for n in derived if n < number)
            put.provenance(name(number), [name(n) for n in older])
            arcs |= {(name(number), name(n)) for n in older}
            if used is not None:
                files = sorted(n for n in used if n < number)
                activity = Activity(
                    "recipe", None, None, None, None,
                    tuple(Input("raw", name(n), None, None) for n in files), (),
                )  # fmt: skip
                put.activity([name(number)], [activity])
                run = activity.identifier(name(number))
                arcs |= {(name(number), run), *((run, name(n)) for n in files)}
        params = ProvenanceParams((name(start),), depth, direction, FORMATS[0])
        story = Stories(database.writer, ObsCore.read().relation, settings).read(params)
        content = write_document(make_document(story, settings), form)  # type: ignore[arg-type]
    finally:
        put.clear()
    found = ProvDocument.deserialize(io.BytesIO(content), format=form.serializer)  # type: ignore[attr-defined]
    records = {*found.get_records(ProvEntity), *found.get_records(ProvActivity)}
    reached = {name(start)}
    for _ in range(depth):
        reached |= {
            b if direction == "BACK" else a for a, b in arcs if (a if direction == "BACK" else b) in reached
        }
    assert {record.identifier.localpart for record in records if record.identifier} == reached
