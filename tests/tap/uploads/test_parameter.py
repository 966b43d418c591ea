"""The UPLOAD parameter."""

import pytest

from tap.uploads import Wanted, parse_upload
from vo_server.errors import UsageFault


def test_pairs_of_one_or_more_parameters() -> None:
    found = parse_upload(["a,param:x;b_2,http://example.org/t.vot?a=1,2", "c,HTTPS://example.org/"])
    assert found == (
        Wanted("a", "param", "x"),
        Wanted("b_2", "http", "http://example.org/t.vot?a=1,2"),
        Wanted("c", "https", "HTTPS://example.org/"),
    )
    assert parse_upload(["", " ; "]) == ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a", "name,uri"),
        ("a,", "name,uri"),
        ("1a,param:x", "cannot name"),
        ("a b,param:x", "cannot name"),
        ('a" DROP,param:x', "cannot name"),
        ("a" * 61 + ",param:x", "cannot name"),
        ("tap_upload.a,param:x", "cannot name"),
        ("a,file:///etc/passwd", "http"),
        ("a,ftp://example.org/t", "http"),
        ("a,vos://example.org/t", "http"),
        ("a,http:///nowhere", "http"),
        ("a,http://[", "http"),
        ("a,param:", "param"),
        ("a,param:x;A,param:y", "two tables"),
        (";".join(f"a{n},param:x" for n in range(11)), "at most 10"),
    ],
)
def test_what_is_refused(value: str, words: str) -> None:
    with pytest.raises(UsageFault, match=words):
        parse_upload([value])
