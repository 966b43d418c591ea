"""Facts about collections: intervals that cover what is there, and what they are called."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.holdings import Holding, coarsened, wavebands

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
