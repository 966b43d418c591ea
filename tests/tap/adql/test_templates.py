"""A tree filled with other numbers is the tree of the text with those numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap.adql.parse import parse
from tap.adql.templates import Templates

NUMBERS = st.one_of(
    st.integers(0, 2**70).map(str),
    st.floats(0, 1e300).map(repr),
    st.sampled_from(["0", "007", ".5", "1.", "1e3", "2.5E-7", "2147483648", "9223372036854775807", "1e0"]),
)
QUERIES = (
    "SELECT a1, -{} AS b FROM t2 WHERE x < {} AND s = 'it''s 5' -- 3 {}\nOR y BETWEEN {} AND -{}",
    "SELECT TOP 5 \"a 7\" FROM t WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', {}, -{}, {}))",
    "SELECT {} + {} * f(x_{}, {}) FROM t WHERE x IN ({}, {}) AND y = {} OFFSET 3",
)


@given(
    query=st.sampled_from(QUERIES),
    first=st.lists(NUMBERS, min_size=8, max_size=8),
    second=st.lists(NUMBERS, min_size=8, max_size=8),
)
def test_a_filled_tree_is_the_parsed_one(query: str, first: list[str], second: list[str]) -> None:
    templates = Templates()
    # Digits of a name are part of the name.
    texts = [query.replace("x_{}", "x_1").format(*numbers) for numbers in (first, second, first)]
    for text in texts:
        assert templates.tree(text)[0] == parse(text)


def test_the_second_query_of_a_shape_is_filled_in() -> None:
    templates = Templates()
    shape = "SELECT TOP 5 a FROM t WHERE x BETWEEN {} AND {}"
    assert templates.tree(shape.format(1, 2.5))[1]
    assert not templates.tree(shape.format(3, 0.1))[1]
    # Another type is another shape: the types of columns may depend on it.
    assert templates.tree(shape.format(3.5, 0.1))[1]


@pytest.mark.parametrize("query", ["SELECT TOP {} a FROM t", "SELECT a FROM t OFFSET {}"])
def test_a_number_that_is_no_value_is_never_filled_in(query: str) -> None:
    templates = Templates()
    for number in (1, 2, 3):
        text = query.format(number)
        tree, is_exact = templates.tree(text)
        assert tree == parse(text)
        assert is_exact
