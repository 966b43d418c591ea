"""Lists of identifiers in files."""

import pytest

from datalink.lists import MAX_LIST, read_list
from vo_server.errors import UsageFault


@pytest.mark.parametrize(
    "content", [b"a\nb\n\n a \n", b"dp_id\na\nb\n", b"n,ID\n1,a\n2,b\n", b'"a"\r\n"b"', b"\xef\xbb\xbfa\nb"]
)
def test_each_identifier_is_read_once(content: bytes) -> None:
    assert read_list([content[:3], content[3:]], "", 2) == ("a", "b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\nb\nc", "the list has 3 identifiers: at most 2 files are looked up"),
        (b"id\na\nb\nc", "the list has 3 identifiers: at most 2 files are looked up"),
        (b"\xff\xfe\x00", "neither a list of identifiers nor a table of results"),
        (b"<VOTABLE", "cannot be read"),
    ],
)
def test_a_wrong_list_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UsageFault, match=message):
        read_list([content], "", 2)


def test_a_list_has_a_largest_size() -> None:
    pieces = (b"x" * 1024 * 1024 for _ in range(MAX_LIST // 1024 // 1024 + 1))
    with pytest.raises(UsageFault, match=f"larger than {MAX_LIST} bytes"):
        read_list(pieces, "", 2)
