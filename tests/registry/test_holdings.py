"""Facts about collections: intervals that cover what is there, and what they are called."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.holdings import Holding, coarsened, read_holdings, wavebands
from tests.products import Holdings
from vo_server.config import Settings
from vo_server.db import Database

ENDS = st.lists(st.integers(-10_000, 10_000), unique=True, max_size=200).map(sorted)


def gap(low: float, high: float) -> float:
    return high - low


@given(ENDS, st.integers(1, 50))
def test_fewer_intervals_cover_all_that_more_did(ends: list[int], most: int) -> None:
    intervals = [(float(a), float(b)) for a, b in zip(ends[::2], ends[1::2], strict=False)]
    found = coarsened(intervals, gap, most)
    assert len(found) <= max(most, 0)
    assert all(any(low <= a and b <= high for low, high in found) for a, b in intervals)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    if len(intervals) <= most:
        assert list(found) == intervals
    elif intervals:
        assert (found[0][0], found[-1][1]) == (intervals[0][0], intervals[-1][1])


def test_the_widest_gaps_stay() -> None:
    assert coarsened([(0, 1), (2, 3), (50, 51), (52, 53), (90, 91)], gap, 3) == ((0, 3), (50, 53), (90, 91))


@pytest.mark.parametrize(
    ("low", "high", "terms"),
    [
        (4e-7, 9e-7, ["Optical"]),
        (9e-7, 2.5e-6, ["Optical", "Infrared"]),
        (1e-3, 3e-3, ["Millimeter"]),
        (0.21, 0.22, ["Radio"]),
        (1e-10, 2e-10, ["X-ray"]),
        (1e-13, 2e-13, ["Gamma-ray"]),
        (9.2e-8, 1.2e-7, ["EUV", "UV"]),
    ],
)
def test_wavelengths_have_names(low: float, high: float, terms: list[str]) -> None:
    assert list(wavebands(((low, high),))) == terms


def test_energies_run_from_long_waves_to_short() -> None:
    holding = Holding("x", 1, wavelengths=((1e-7, 2e-7), (1e-6, 2e-6)))
    # One electronvolt is 1239.84 nm.
    electronvolts = [energy / 1.602176634e-19 for pair in holding.energies for energy in pair]
    assert electronvolts == pytest.approx([0.61992, 1.23984, 6.19921, 12.39842], rel=1e-5)
    assert holding.wavebands == ("EUV", "UV", "Infrared")


def test_kinds_of_products_are_told_of_together(settings: Settings, database: Database) -> None:
    held = Holdings(database.owner, settings)
    #: Days and wavelengths (nm) of products of two kinds; some of them lie in those of the other.
    products = (
        ("kind-a", 59000.2, 59000.8, 400, 500, "CAM-A"),
        ("kind-a", 59005.0, 59009.5, 800, 900, "CAM-A"),
        ("kind-b", 59007.0, 59012.5, 450, 600, "CAM-B"),
        ("kind-c", 58000.0, 58000.5, 100, 200, "CAM-C"),
    )
    try:
        for number, (kind, start, end, short, long, instrument) in enumerate(products):
            held.product(
                f"KINDS.{number}",
                dataproduct_type=kind,
                instrument_name=instrument,
                t_min=start,
                t_max=end,
                em_min=short * 1e-9,
                em_max=long * 1e-9,
            )
        wanted = (("kind-a", "kind-b"), ("kind-b",), ("kind-none",))
        with database.owner.connect() as connection:
            found = read_holdings(connection, wanted)
    finally:
        held.clear()
    assert set(found.kinds) == set(wanted)
    both, one, nothing = (found.kinds[kind] for kind in wanted)
    assert (both.products, both.types, both.instruments) == (3, ("kind-a", "kind-b"), ("CAM-A", "CAM-B"))
    assert both.days == ((59000, 59001), (59005, 59013))
    assert [edge for band in both.wavelengths for edge in band] == pytest.approx(
        [4e-7, 6e-7, 8e-7, 9e-7], rel=0.002
    )
    assert (one.days, one.instruments) == (((59007, 59013),), ("CAM-B",))
    assert nothing == Holding("", 0)
    assert {"kind-a", "kind-b", "kind-c"} <= set(found.whole.types)
