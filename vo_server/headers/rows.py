"""Stored headers as rows of ``header.keyword``, in Arrow: no work per card in Python.

The view of that name in the database gives the same rows.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vo_server.headers.lines import SEPARATOR, Form, comment_of, unit_of
from vo_server.headers.sections import BETWEEN, Section, StoredHeader

#: The columns of ``header.keyword``, as TAP_SCHEMA has them and as they are in Parquet.
SCHEMA = pa.schema(
    [
        ("dp_id", pa.string()), ("hdu", pa.int16()), ("pos", pa.int32()), ("keyword", pa.string()),
        ("vtype", pa.string()), ("value_s", pa.string()), ("value_n", pa.float64()), ("value_l", pa.bool_()),
        ("unit", pa.string()), ("comment", pa.string()),
    ]
)  # fmt: skip
_TYPES = pa.array(["C", "S", "L", "I", "F"])
Integers = NDArray[np.int32]
_C, _S, _L, _I, _F = range(5)


def keyword_rows(headers: Iterable[tuple[str, int, StoredHeader]]) -> pa.Table:
    """The cards of headers, given as identifier of the file, number of the HDU and header."""
    headers = [entry for entry in headers if entry[2].sections]
    if not headers:
        return SCHEMA.empty_table()
    lengths = np.array([header.count for _, _, header in headers])
    slots = _slots(header for _, _, header in headers)
    numbers, of = _numbered(header for _, _, header in headers)
    kinds = np.array([ord(form.kind) for form in numbers], np.uint8)[of]
    values, comments, units = _parts(slots, kinds, of, list(numbers))
    columns = {
        "dp_id": _repeated([dp_id for dp_id, _, _ in headers], lengths),
        "hdu": pa.array(np.repeat(np.array([hdu for _, hdu, _ in headers], np.int16), lengths)),
        "pos": pa.array(np.concatenate([np.arange(length, dtype=np.int32) for length in lengths])),
        "keyword": _chosen([form.keyword for form in numbers], of),
        **_typed(values, kinds),
        "unit": units,
        "comment": comments,
    }
    table = pa.table(columns)
    is_card = kinds != ord("X")
    return table if is_card.all() else table.filter(pa.array(is_card))


def _numbered(headers: Iterable[StoredHeader]) -> tuple[dict[Form, int], Integers]:
    """The forms of all lines, and for each line the number of its form."""
    numbers: dict[Form, int] = {}
    sections: dict[Section, Integers] = {}
    found = []
    for section in chain.from_iterable(header.sections for header in headers):
        if section not in sections:
            known = [numbers.setdefault(form, len(numbers)) for form in section.forms]
            sections[section] = np.array(known, np.int32)
        found.append(sections[section])
    return numbers, np.concatenate(found)


def _slots(headers: Iterable[StoredHeader]) -> pa.Array:
    """The slots of all lines."""
    whole = pa.array([header.slots for header in headers], pa.large_string())
    return pc.cast(pc.split_pattern(whole, BETWEEN).flatten(), pa.string())


def _chosen(texts: Sequence[str | None], of: Integers) -> pa.Array:
    """``texts[of]`` with the texts stored once."""
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    indices = encoded.indices.take(pa.array(of))
    return pa.DictionaryArray.from_arrays(indices, encoded.dictionary)


def _repeated(texts: Sequence[str], lengths: NDArray[np.int64]) -> pa.Array:
    return _chosen(texts, np.repeat(np.arange(len(texts), dtype=np.int32), lengths))


def _parts(
    slots: pa.Array,
    kinds: NDArray[np.uint8],
    of: Integers,
    forms: Sequence[Form],
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Values as they are written, comments and units of all lines."""
    is_commentary = kinds == ord("C")
    is_parted = pc.match_substring(slots, SEPARATOR).to_numpy(zero_copy_only=False) & ~is_commentary
    own = np.flatnonzero(is_parted | is_commentary)
    # A comment of a line's own stands behind those of the forms.
    texts = [form.comment for form in forms]
    units: list[str | None] = [form.unit or None for form in forms]
    of_comment = of.copy()
    replaced: list[str] = []
    for place, slot in zip(own.tolist(), slots.take(pa.array(own)).to_pylist(), strict=True):
        value, comment, unit = _own(slot, is_commentary[place])
        of_comment[place] = len(texts)
        texts.append(comment)
        units.append(unit)
        replaced.append(value)
    values = pc.replace_with_mask(slots, pa.array(is_parted | is_commentary), pa.array(replaced, pa.string()))
    return pc.ascii_trim(values, " "), _chosen(texts, of_comment), _chosen(units, of_comment)


def _own(slot: str, is_commentary: bool) -> tuple[str, str, str | None]:
    """Value, comment and unit of a slot with more in it than a value."""
    if is_commentary:
        return "", slot, None
    value, tail, *joined = slot.split(SEPARATOR)
    whole, comment = joined or (value, comment_of(tail))
    return whole, comment, unit_of(comment) or None


def _typed(tokens: pa.Array, kinds: NDArray[np.uint8]) -> dict[str, pa.Array]:
    """Types and values of what is written; see `vo_server.headers.cards.read_value`."""
    first = pc.utf8_slice_codeunits(tokens, 0, 1)
    vtype = np.full(len(tokens), _F, np.int8)
    is_quoted = _mask(pc.equal(first, "'"))
    is_logical = _mask(pc.is_in(tokens, pa.array(["T", "F"])))
    vtype[_mask(pc.equal(first, ""))] = _C
    vtype[is_quoted | _mask(pc.equal(first, "("))] = _S
    vtype[is_logical] = _L
    numbers = np.flatnonzero(vtype == _F)
    written = tokens.take(pa.array(numbers))
    digits = pc.utf8_is_digit(pc.ascii_ltrim(written, "+-"))
    vtype[numbers[_mask(pc.and_(digits, pc.less(pc.utf8_length(written), 4000)))]] = _I
    value_n = np.full(len(tokens), np.nan)
    value_n[numbers] = _numbers(written)
    is_number = (vtype >= _I) & (kinds != ord("B"))
    quoted = pc.utf8_slice_codeunits(tokens.filter(pa.array(is_quoted)), 1, -1)
    texts = pc.replace_substring(pc.ascii_rtrim(quoted, " "), "''", "'")
    value_s = pc.replace_with_mask(tokens, pa.array(is_quoted), texts)
    # A number has its value as a number; as a text too, it would take half of the place of everything.
    is_text = (vtype == _S) | (kinds == ord("B"))
    return {
        "vtype": pa.DictionaryArray.from_arrays(pa.array(vtype), _TYPES),
        "value_s": pc.if_else(pa.array(is_text), value_s, None),
        "value_n": pa.array(value_n, mask=~is_number),
        "value_l": pc.if_else(pa.array(is_logical), pc.equal(tokens, "T"), None),
    }


def _mask(flags: pa.Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = flags.to_numpy(zero_copy_only=False)
    return found


def _numbers(written: pa.Array) -> NDArray[np.float64]:
    """Numbers as FITS writes them: D is an exponent too, and there may be a plus sign."""
    plain = pc.replace_substring_regex(written, "[Dd]", "E") if _has_d(written) else written
    values = pc.cast(pc.ascii_ltrim(plain, "+"), pa.float64())
    found: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
    return found


def _has_d(written: pa.Array) -> bool:
    return bool(pc.any(pc.match_substring(written, "D", ignore_case=True)).as_py())
