"""MOCs: their text, their cells, and the regions that they are to footprints."""

import healpy
import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from mocpy import MOC

from vo_server import sky
from vo_server.errors import UsageFault
from vo_server.sky.mocs import MOST_CELLS, MOST_GROUPS, cells_of, parse_cells, polygons_of
from vo_server.sky.pixels import MOST_RANGES, ORDER


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A MOC as people write it: orders in any sequence, cells single and in runs, some of them twice."""
    words = []
    for order in draw(st.lists(st.integers(0, ORDER), min_size=1, max_size=4)):
        last = (12 << 2 * order) - 1
        for low in draw(st.lists(st.integers(0, last), min_size=1, max_size=5)):
            high = min(last, low + draw(st.integers(0, 5)))
            words.append(f"{order}/{low}" if high == low else f"{order}/{low}-{high}")
    return draw(st.sampled_from([" ", ", ", "\n"])).join(words)


@given(texts())
def test_the_cells_are_those_of_mocpy(text: str) -> None:
    moc = sky.parse_moc(text)
    pieces = [MOC.from_string(word, "ascii") for word in text.replace(",", " ").split()]
    wanted = pieces[0].union(*pieces[1:]) if len(pieces) > 1 else pieces[0]
    # mocpy's ranges end before their end.
    assert [[low, high + 1] for low, high in moc.ranges] == wanted.to_depth29_ranges.tolist()
    again = MOC.from_string(sky.format_moc(moc), "ascii")
    assert again.to_depth29_ranges.tolist() == wanted.to_depth29_ranges.tolist()
    assert sky.parse_moc(sky.format_moc(moc)) == moc


@given(texts())
def test_groups_are_few_and_together_the_whole(text: str) -> None:
    moc = sky.parse_moc(text)
    groups = sky.groups_of(moc)
    assert 1 <= len(groups) <= MOST_GROUPS
    assert sorted(cell for group in groups for cell in cells_of(group)) == sorted(cells_of(moc))


@settings(deadline=None)
@given(texts())
def test_few_ranges_hold_all_of_a_moc(text: str) -> None:
    moc = sky.parse_moc(text)
    ranges = sky.shape_ranges(moc)
    assert len(ranges) <= MOST_RANGES
    assert all(any(low <= a and b <= high for low, high in ranges) for a, b in moc.ranges)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 5, 8, 12, 20, 29])
def test_the_polygon_of_a_cell_is_the_cell(order: int) -> None:
    rng = np.random.default_rng(order)
    for number in rng.integers(0, 12 << 2 * order, 5).tolist():
        (polygon,) = polygons_of(sky.parse_moc(f"{order}/{number}"))
        size = float(np.degrees(healpy.nside2resol(1 << order)))
        around = sky.bounding_circle(polygon)
        edge = healpy.boundaries(1 << order, number, step=64, nest=True).T
        center = healpy.ang2vec(around.ra, around.dec, lonlat=True)
        farthest = 2 * np.degrees(np.arcsin(np.linalg.norm(edge - center, axis=1).max() / 2))
        # Sides are no great circles.
        assert farthest == pytest.approx(around.radius, abs=max(1e-4 * size, 1e-13))


@pytest.mark.parametrize("text", ["0/4", "3/0-3 77", "6/3000-3020", "2/0-191"])
def test_a_position_in_a_cell_is_in_its_polygon(connection: sa.Connection, text: str) -> None:
    moc = sky.parse_moc(text)
    rng = np.random.default_rng(7)
    ra, dec = rng.uniform(0, 360, 400), np.degrees(np.arcsin(rng.uniform(-1, 1, 400)))
    found = connection.execute(
        sa.text(
            "SELECT vo.contains_point(CAST(:s AS float8[]), ra, d) FROM"
            " unnest(CAST(:ra AS float8[]), CAST(:d AS float8[])) WITH ORDINALITY AS p(ra, d, n) ORDER BY n"
        ),
        {"s": sky.shape_of(moc).tolist(), "ra": ra.tolist(), "d": dec.tolist()},
    )
    pixels = sky.hpx(ra, dec)
    inside = np.any([(pixels >= low) & (pixels <= high) for low, high in moc.ranges], axis=0)
    assert [row[0] for row in found] == inside.tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no cell"),
        ("4/", "has no cell"),
        ("30-33", "cells come after their order"),
        ("30/1", "orders go from 0 to 29, not to 30"),
        ("4/3072", "3072 are no cells of order 4, which go from 0 to 3071"),
        ("4/9-3", "9-3 are no cells"),
        ("4/1.5", "'1.5' is not understood"),
        ("t29/1-4", "'t29/1-4' is not understood"),
        ("4/1 x", "'x' is not understood"),
        ("4/" + "9" * 30, "is not understood"),
        ("29/" + " ".join(str(n) for n in range(0, 80_000, 2)), "at most 20000 are read"),
        ("29/" + "1 " * 300_000, "a MOC of 600003 characters"),
    ],
)
def test_a_mistake_is_said(text: str, message: str) -> None:
    with pytest.raises(UsageFault) as caught:
        sky.parse_moc(text)
    assert message in str(caught.value)


def test_a_moc_of_many_cells_is_no_region() -> None:
    text = "20/" + " ".join(str(n) for n in range(0, 4 * MOST_CELLS, 4))
    assert len(parse_cells(text).ranges) == MOST_CELLS
    with pytest.raises(UsageFault, match="send a coarser one"):
        parse_cells(text + f" {8 * MOST_CELLS}")
