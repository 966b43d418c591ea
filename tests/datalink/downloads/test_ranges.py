"""The Range header: what RFC 9110 says, for every size of file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalink.downloads.ranges import GAP, ByteRange, RangeFault, parse_range


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        # RFC 9110, Byte Ranges: a representation of 10000 bytes.
        ("bytes=0-499", 10000, [(0, 500)]),
        ("bytes=500-999", 10000, [(500, 1000)]),
        ("bytes=-500", 10000, [(9500, 10000)]),
        ("bytes=9500-", 10000, [(9500, 10000)]),
        ("bytes=0-0,-1", 10000, [(0, 1), (9999, 10000)]),
        ("bytes= 0-999, 4500-5499, -1000", 10000, [(0, 1000), (4500, 5500), (9000, 10000)]),
        ("bytes=500-600,601-999", 10000, [(500, 1000)]),
        ("bytes=500-700,601-999", 10000, [(500, 1000)]),
        # Beyond the end.
        ("bytes=0-99999", 10000, [(0, 10000)]),
        ("bytes=-99999", 10000, [(0, 10000)]),
        ("bytes=20000-30000,0-9", 10000, [(0, 10)]),
        ("BYTES=0-0", 10, [(0, 1)]),
        # In the order that the client wants.
        ("bytes=5000-5009,0-9", 10000, [(5000, 5010), (0, 10)]),
    ],
)
def test_ranges_of_the_rfc(text: str, size: int, expected: list[tuple[int, int]]) -> None:
    assert parse_range(text, size) == tuple(ByteRange(*pair) for pair in expected)


@pytest.mark.parametrize(
    "text",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1", "pages=1-2",
     "bytes=1-2;3-4", "bytes=+1-2", "bytes=1_0-20", "bytes=0-1," * 60, "bytes=٠-٩",
     "bytes=" + "9" * 30 + "-", "bytes=0-9,x"],
)  # fmt: skip
def test_a_header_that_is_no_range_is_ignored(text: str) -> None:
    assert parse_range(text, 10000) == ()


@pytest.mark.parametrize(
    ("text", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=99-100,50-", 10)]
)
def test_a_range_outside_of_the_file_is_refused(text: str, size: int) -> None:
    with pytest.raises(RangeFault, match=f"{size} bytes"):
        parse_range(text, size)


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), min_size=1, max_size=8),
    st.integers(1, 1500),
)
def test_the_ranges_hold_the_wanted_bytes_once(pairs: list[tuple[int, int]], size: int) -> None:
    pairs = [(min(pair), max(pair)) for pair in pairs]
    wanted = {n for first, last in pairs for n in range(first, min(last + 1, size))}
    text = "bytes=" + ",".join(f"{first}-{last}" for first, last in pairs)
    if not wanted:
        with pytest.raises(RangeFault):
            parse_range(text, size)
        return
    ranges = parse_range(text, size)
    given_bytes = [n for item in ranges for n in range(item.start, item.end)]
    assert len(given_bytes) == len(set(given_bytes))
    assert wanted <= set(given_bytes)
    assert len(given_bytes) <= len(wanted) + GAP * len(pairs)
