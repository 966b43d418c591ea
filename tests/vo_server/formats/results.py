"""Random results of queries: columns, and rows as Python values and as Arrow batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from vo_server.tables import Column

ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
#: What PostgreSQL can hold: anything but NUL and surrogates.
ANYTHING = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


def _integers(bits: int) -> st.SearchStrategy[int]:
    # The lowest value stands for NULL in BINARY.
    return st.integers(-(2 ** (bits - 1)) + 1, 2 ** (bits - 1) - 1)


#: (column, Arrow type, values) for each datatype of VOTable.
KINDS: tuple[tuple[Column, pa.DataType, st.SearchStrategy[Any]], ...] = (
    (Column("b", "boolean"), pa.bool_(), st.booleans()),
    (Column("u", "unsignedByte"), pa.uint8(), st.integers(0, 254)),
    (Column("s", "short"), pa.int16(), _integers(16)),
    (Column("i", "int"), pa.int32(), _integers(32)),
    (Column("l", "long"), pa.int64(), _integers(64)),
    (Column("f", "float"), pa.float32(), st.floats(width=32)),
    (Column("d", "double"), pa.float64(), st.floats()),
    (Column("c", "char", "*"), pa.string(), ASCII),
    (Column("n", "unicodeChar", "*"), pa.string(), ANYTHING),
    (Column("t", "char", "*", xtype="timestamp"), pa.timestamp("us", tz="UTC"), TIMES),
    (Column("ad", "double", "*"), pa.list_(pa.float64()), st.lists(st.floats(), max_size=4)),
    (Column("ai", "int", "*"), pa.list_(pa.int32()), st.lists(_integers(32), max_size=4)),
)


@dataclass(frozen=True)
class Rows:
    """A result: ``rows`` are the same values as ``batches``."""

    columns: tuple[Column, ...]
    types: tuple[pa.DataType, ...]
    rows: tuple[tuple[Any, ...], ...]
    cuts: tuple[int, ...]

    @property
    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in batches, cut at ``cuts``; some may be slices of another."""
        names = [column.name for column in self.columns]
        arrays = [pa.array([row[n] for row in self.rows], kind) for n, kind in enumerate(self.types)]
        whole = pa.RecordBatch.from_arrays(arrays, names=names)
        edges = [0, *sorted(cut for cut in self.cuts if cut < len(self.rows)), len(self.rows)]
        return (whole.slice(a, b - a) for a, b in pairwise(edges))


@st.composite
def results(draw: st.DrawFn, max_rows: int = 12) -> Rows:
    """Some columns of any kinds (each name once), some rows, NULLs anywhere."""
    kinds = draw(
        st.lists(st.sampled_from(KINDS), min_size=1, max_size=10, unique_by=lambda kind: kind[0].name)
    )
    row = st.tuples(*(st.none() | values for _, _, values in kinds))
    rows = draw(st.lists(row, max_size=max_rows))
    cuts = draw(st.lists(st.integers(0, max_rows), max_size=3))
    return Rows(
        tuple(column for column, _, _ in kinds), tuple(kind for _, kind, _ in kinds), tuple(rows), tuple(cuts)
    )


def one_column(kind: int, values: list[Any]) -> Rows:
    """A result of one column of ``KINDS[kind]``."""
    column, arrow, _ = KINDS[kind]
    return Rows((column,), (arrow,), tuple((value,) for value in values), ())


def numbers(count: int) -> Rows:
    """``count`` rows of one int."""
    return Rows((Column("x", "int"),), (pa.int32(),), tuple((n,) for n in range(count)), (3, 5))


def iso(value: datetime) -> str:
    """The text of a time that every format sends, with microseconds."""
    return value.replace(tzinfo=None).isoformat(timespec="microseconds")


def same_time(sent: str, value: datetime | None) -> bool:
    """Whether the text of a cell is that time; milliseconds are enough where there are no more."""
    return sent == ("" if value is None else iso(value)) or f"{sent}000" == iso(value or datetime.min)
