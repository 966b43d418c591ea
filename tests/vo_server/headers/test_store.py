"""Headers come back to the byte, and say the same in Python, in Arrow and in the database."""

import pickle
import string
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from astropy.io import fits
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vo_server.headers.cards import parse_cards, parse_lines
from vo_server.headers.database import read_cards, read_headers, save_headers
from vo_server.headers.rows import SCHEMA, keyword_rows
from vo_server.headers.sections import StoredHeader, store

#: Lines of every kind, and of none: what may follow what is up to hypothesis.
LINES = st.one_of(
    st.sampled_from(
        [
            "HIERARCH ESO DPR CATG = 'SCIENCE ' / Observation category",
            "HIERARCH ESO TEL AIRM START = 1.234 / Airmass at start",
            "EXPTIME =                 12.5 / [s] Integration time",
            "RA      =           338.970000 / [deg] 22:35:52.8 RA (J2000) pointing",
            "MJD-OBS =       57344.39865194 / Obs start 2015-11-18T09:34:03.528",
            "EXPTIME =             1.25D+02",
            "HUGE    =              1.0E999 / beyond a double",
            "TINY    =             -1.0E-999",
            "ZERO    =               0.0E+999",
            f"LONGINT = {'9' * 70}",
            "CPLX    = (1.0, 2.0) / complex",
            "FLAG    =                    T / [b] 2 logical",
            "UNDEF   =                      / 1 nothing",
            "UNDEF2  =",
            "OBJECT  = 'O''Meara'",
            "OBSERVER= 'O'Meara'           / one quote",
            "OBJECT  = '  lead '",
            "OBJECT  = ''",
            "QUOTE   = ''''",
            "LONGSTR = 'the first part&' / [m] one",
            "CONTINUE  'and the second&' / two 2",
            "CONTINUE  'and the last' / three",
            "CONTINUE  '' / of nothing",
            "COMMENT  = 'not a value'",
            "HISTORY [s] made by 1 program",
            "",
            "        blank keyword",
            "lower   = 1",
            "DATE    = 2024-01-01",
            "HIERARCH nothing",
            "HIERARCH = 3",
            "PLUS    = +.5e+3 /",
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80),
    st.builds(
        "{:<8}= {}{}{}".format,
        st.text(string.ascii_uppercase, min_size=1, max_size=8).filter(lambda word: word != "END"),
        st.text(" ", max_size=12),
        st.one_of(
            st.integers(), st.floats(allow_nan=False, allow_infinity=False),
            st.text(string.ascii_letters + "' &/", max_size=20).map(lambda text: f"'{text}'"),
        ),
        st.text(string.printable[:95], max_size=20),
    ),
).filter(lambda line: not line.startswith("END"))  # fmt: skip
HEADERS = st.lists(LINES, max_size=30)


def block_of(lines: list[str]) -> bytes:
    text = "".join(line[:80].ljust(80) for line in [*lines, "END"])
    return text.ljust(-(-len(text) // 2880) * 2880).encode("ascii")


def stored(block: bytes) -> StoredHeader:
    return store(block, parse_lines(block)[0])


def rows_by_python(dp_id: str, hdu: int, block: bytes) -> list[tuple[Any, ...]]:
    """Rows of ``header.keyword`` from the cards: the definition that Arrow and SQL have to follow."""
    rows = []
    for card in parse_cards(block)[0]:
        number = float(card.value) if card.vtype in "IF" and isinstance(card.value, (int, float)) else None
        written = card.text[card.text.index("=") + 1 :] if card.vtype in "IF" else ""
        is_beyond = number is not None and (
            abs(number) == float("inf") or (number == 0 and any(c in "123456789" for c in mantissa(written)))
        )
        text = card.value if card.vtype == "S" else None
        if is_beyond:
            text = written.partition("/")[0].strip()
        rows.append(
            (
                dp_id, hdu, card.pos, card.keyword, card.vtype, text, None if is_beyond else number,
                card.value if card.vtype == "L" else None, card.unit, card.comment,
            )
        )  # fmt: skip
    return rows


def mantissa(written: str) -> str:
    number = written.partition("/")[0].strip().upper().replace("D", "E")
    return number.partition("E")[0]


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in table.cast(SCHEMA).to_pylist()]


@settings(max_examples=300, deadline=None)
@given(HEADERS)
def test_a_header_comes_back_to_the_byte(lines: list[str]) -> None:
    block = block_of(lines)
    header = stored(block)
    assert header.text() == block
    assert header.whole is None
    assert tuple(header.cards()) == tuple(parse_cards(block)[0])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80 * 10), st.binary(max_size=100))
def test_any_bytes_come_back(block: bytes, behind: bytes) -> None:
    whole = block + b"END".ljust(80) + behind
    assert stored(whole).text() == whole


@settings(max_examples=300, deadline=None)
@given(HEADERS)
@example(["UNDEF2  ="])
@example([""])
def test_arrow_has_the_rows_of_the_cards(lines: list[str]) -> None:
    block = block_of(lines)
    assert rows_of(keyword_rows([("x", 1, stored(block))])) == rows_by_python("x", 1, block)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HEADERS, HEADERS)
def test_the_view_has_the_rows_of_the_cards(
    connection: sa.Connection, first: list[str], second: list[str]
) -> None:
    blocks = [block_of(lines) for lines in (first, second)]
    with connection.begin_nested() as savepoint:
        save_headers(connection, [("store", hdu, stored(block)) for hdu, block in enumerate(blocks)])
        found = connection.execute(
            sa.text("SELECT * FROM header.keyword WHERE dp_id = 'store' ORDER BY hdu, pos")
        )
        assert [tuple(row) for row in found] == [
            row for hdu, block in enumerate(blocks) for row in rows_by_python("store", hdu, block)
        ]
        savepoint.rollback()


def test_headers_and_cards_are_read_from_the_database(connection: sa.Connection) -> None:
    blocks = [block_of(["SIMPLE  =                    T", f"NUMBER  = {hdu}"]) for hdu in range(3)]
    blocks[1] = blocks[1].replace(b"NUMBER", b"N\xdcMBER")  # Latin-1
    save_headers(connection, [("read", hdu, stored(block)) for hdu, block in enumerate(blocks)])
    assert [header.text() for _, header in read_headers(connection, "read")] == blocks
    assert [(hdu, header.text()) for hdu, header in read_headers(connection, "read", 1)] == [(1, blocks[1])]
    assert [card.value for card in read_cards(connection, "read", 2)] == [True, 2]
    assert read_headers(connection, "unread") == []
    assert read_cards(connection, "read", 9) == ()


def test_what_headers_share_is_stored_once(connection: sa.Connection) -> None:
    lines = [f"HIERARCH ESO INS TEMP{n} VAL = {{value}} / [Celsius] Temperature" for n in range(50)]
    for number in range(20):
        block = block_of([line.format(value=number + 0.5) for line in lines])
        save_headers(connection, [(f"shared {number}", 0, stored(block))])
    query = "SELECT count(DISTINCT sections) FROM archive.header WHERE dp_id LIKE 'shared %'"
    assert connection.scalar(sa.text(query)) == 1


def test_what_is_asked_of_one_file_reads_no_other_header(connection: sa.Connection) -> None:
    save_headers(connection, [(f"plan {n}", 0, stored(block_of([f"N = {n}"]))) for n in range(300)])
    connection.execute(sa.text("ANALYZE archive.header"))
    query = "EXPLAIN SELECT value_n FROM header.keyword WHERE dp_id = 'plan 7' AND keyword = 'N'"
    plan = "\n".join(connection.scalars(sa.text(query)))
    assert "header_pkey" in plan


def test_a_header_travels_to_another_process_without_what_that_has(connection: sa.Connection) -> None:
    header = stored(block_of([f"HIERARCH ESO DET OUT{n} X = {n} / Output" for n in range(900)]))
    again = pickle.loads(pickle.dumps(header))
    assert again.text() == header.text()
    assert pickle.loads(pickle.dumps(header)).sections[0] is again.sections[0]
    assert len(pickle.dumps(header)) < 900 * 30


@pytest.mark.parametrize("count", [256, 257, 100_000])
def test_long_commentary_is_the_same_section_again_and_again(count: int) -> None:
    header = fits.Header()
    block = header.tostring(endcard=False, padding=False).encode() + b"".join(
        f"HISTORY step {n}".encode().ljust(80) for n in range(count)
    )
    block += b"END".ljust(80)
    whole = block.ljust(-(-len(block) // 2880) * 2880)
    found = stored(whole)
    assert len({section.section_id for section in found.sections}) <= 2
    assert found.text() == whole
