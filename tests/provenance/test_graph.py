"""Following relations: as far as was asked for and no farther, through circles, up to a number of nodes."""

from collections.abc import Collection, Sequence

from hypothesis import given
from hypothesis import strategies as st

from provenance.graph import Node, Relation, follow
from provenance.params import DIRECTIONS, Direction


def node(number: int) -> Node:
    return Node("entity", str(number))


Arcs = list[tuple[int, int]]
arcs = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40)
#: A larger number was made from a smaller one.
acyclic = arcs.map(lambda found: [(max(a, b), min(a, b)) for a, b in found if a != b])


def reader(found: Arcs, direction: Direction) -> "Reader":
    return Reader([Relation("wasDerivedFrom", node(a), node(b)) for a, b in found], direction)


class Reader:
    """Relations as a database would give them; counts how often it is asked."""

    def __init__(self, relations: Sequence[Relation], direction: Direction) -> None:
        self.relations, self.direction, self.asked = relations, direction, 0

    def __call__(self, nodes: Collection[Node]) -> tuple[Sequence[Relation], Collection[Node]]:
        self.asked += 1
        return [each for each in self.relations if each.near(self.direction) in nodes], ()


def reached(found: Arcs, start: int, depth: int, direction: Direction) -> set[int]:
    """The same by trying every path."""
    here = {start}
    for _ in range(depth):
        here |= {
            b if direction == "BACK" else a for a, b in found if (a if direction == "BACK" else b) in here
        }
    return here


@given(st.one_of(acyclic, arcs), st.integers(0, 12), st.integers(0, 15), st.sampled_from(DIRECTIONS))
def test_what_is_reached_is_what_every_path_reaches(
    found: Arcs, start: int, depth: int, direction: Direction
) -> None:
    graph = follow([node(start)], depth, direction, reader(found, direction))
    assert {int(each.id) for each in graph.distance} == reached(found, start, depth, direction)
    assert not graph.cut


@given(arcs, st.integers(0, 12), st.integers(1, 6), st.sampled_from(DIRECTIONS))
def test_a_graph_that_is_cut_says_where(found: Arcs, start: int, most: int, direction: Direction) -> None:
    graph = follow([node(start)], 100, direction, reader(found, direction), most)
    shown = set(graph.distance)
    assert len(shown) <= most
    assert all({each.source, each.target} <= shown for each in graph.relations)
    for each in reader(found, direction).relations:
        if each.near(direction) in shown and each.far(direction) not in shown:
            assert each.near(direction) in graph.cut


def test_a_circle_ends() -> None:
    read = reader([(1, 2), (2, 3), (3, 1)], "BACK")
    graph = follow([node(1)], 100, "BACK", read)
    assert graph.distance == {node(1): 0, node(2): 1, node(3): 2}
    assert len(graph.relations) == 3
    assert read.asked == 3


def test_no_relation_is_followed_at_depth_zero() -> None:
    read = reader([(1, 2)], "BACK")
    assert list(follow([node(1)], 0, "BACK", read).distance) == [node(1)]
    assert read.asked == 0
