"""Arrow arrays as the text of table cells, a whole batch at a time."""

import unicodedata
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc


def cell_texts(array: pa.Array, *, nonfinite: tuple[str, str, str] = ("NaN", "Inf", "-Inf")) -> pa.Array:
    """The text of each value; NULL stays NULL.

    Numbers have the fewest digits that read back as the same value, times are ISO 8601 (DALI 1.1,
    Timestamps), arrays have blanks between their elements.

    Parameters
    ----------
    array : pyarrow.Array
        Booleans, numbers, text, dates, times, or lists of these.
    nonfinite : tuple of str
        What NaN and the two infinities are called.
    """
    kind = array.type
    if pa.types.is_string(kind):
        return array
    if pa.types.is_floating(kind):
        return _float_texts(array, nonfinite)
    if pa.types.is_timestamp(kind):
        return timestamp_texts(array)
    if pa.types.is_list(kind):
        return _list_texts(array, nonfinite)
    return array.cast(pa.string())


def timestamp_texts(array: pa.Array) -> pa.Array:
    """``YYYY-MM-DDThh:mm:ss.sss`` in UTC; microseconds only where a batch has them."""
    naive = array.cast(pa.timestamp("us"))
    # PostgreSQL's infinite times have no ISO form and no place in a client's calendar.
    ticks = naive.cast(pa.int64())
    finite = pc.and_(pc.greater_equal(ticks, -62135596800_000000), pc.less(ticks, 253402300800_000000))
    if not pc.all(finite).as_py():
        naive = pc.if_else(finite, naive, pa.scalar(None, pa.timestamp("us")))
        ticks = naive.cast(pa.int64())
    milliseconds = pc.divide(ticks, 1000)
    if pc.all(pc.equal(pc.multiply(milliseconds, 1000), ticks)).as_py() is not False:
        naive = naive.cast(pa.timestamp("ms"))
    return pc.replace_substring(naive.cast(pa.string()), " ", "T", max_replacements=1)


def ascii_texts(array: pa.Array) -> pa.Array:
    """A string array with accents dropped and every other character beyond ASCII a ``?``.

    The bytes of VOTable's char (up to 1.5) and of a FITS table are ASCII, and astropy refuses to read others;
    columns whose text may be anything are declared unicodeChar.
    """
    if data_bytes(array).isascii():
        return array
    return pa.array([_ascii(text) for text in array.to_pylist()], pa.string())


def _ascii(text: str | None) -> str | None:
    if text is None or text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if not unicodedata.combining(c)).encode("ascii", "replace").decode()


def contains_any(array: pa.Array, characters: bytes) -> bool:
    """Whether one of the ASCII ``characters`` is somewhere in a string array."""
    data = data_bytes(array)
    return len(data.translate(None, characters)) != len(data)


def data_bytes(array: pa.Array) -> bytes:
    """The UTF-8 of all values of a string or binary array, one after the other."""
    if not len(array):
        return b""
    _, offsets, data = array.buffers()
    if data is None:
        return b""
    start, end = (
        int.from_bytes(offsets[4 * n : 4 * n + 4].to_pybytes(), "little")
        for n in (array.offset, array.offset + len(array))
    )
    return bytes(data[start:end].to_pybytes())


def join_rows(cells: Sequence[pa.Array], before: str, between: str, after: str) -> bytes:
    """Rows of text cells as bytes: ``before`` a row, ``between`` its cells, ``after`` it; NULL is empty."""
    joined = pc.binary_join_element_wise(*cells, between, null_handling="replace", null_replacement="")
    rows = pc.binary_join_element_wise(before, joined, after, "") if before or after else joined
    return data_bytes(rows)


def compact(array: pa.Array) -> pa.Array:
    """A list array whose offsets begin at 0 and whose values are no more than it shows."""
    return pa.concat_arrays([array, array.slice(0, 0)])


def _float_texts(array: pa.Array, nonfinite: tuple[str, str, str]) -> pa.Array:
    texts = array.cast(pa.string())
    if pc.all(pc.is_finite(array)).as_py() is not False:
        return texts
    for value, name in zip(("nan", "inf", "-inf"), nonfinite, strict=True):
        texts = pc.if_else(pc.equal(texts, value), name, texts)
    return texts


def _list_texts(array: pa.Array, nonfinite: tuple[str, str, str]) -> pa.Array:
    lists = compact(array)
    # VOTable 1.4, boolean: a question mark is neither true nor false.
    missing = "?" if pa.types.is_boolean(lists.values.type) else nonfinite[0]
    texts = cell_texts(lists.values, nonfinite=nonfinite).fill_null(missing)
    joined = pc.binary_join(pa.ListArray.from_arrays(lists.offsets, texts), " ")
    return pc.if_else(lists.is_null(), pa.scalar(None, pa.string()), joined) if lists.null_count else joined
