"""Lists of amendments."""

import pytest

from vo_server.errors import UsageFault
from vo_server.submissions import amendments
from vo_server.submissions.amendments import Amendment, parse_amendments


def test_columns_have_any_order_and_no_hdu_is_the_primary() -> None:
    lines = ["value,note,keyword,file", '"a, b",why,ESO INS MODE,x.fits']
    assert parse_amendments(lines) == [Amendment("x.fits", 0, "INS.MODE", "a, b")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has to name the columns"),
        ("file,keyword\na,b\n", "has to name the columns file, hdu, keyword, value"),
        ("file,hdu,keyword,value\n", "there is no amendment"),
        ("file,hdu,keyword,value\na.fits,x,OBJECT,b\n", "line 2: 'x' is no number of an HDU"),
        ("file,hdu,keyword,value\na.fits,²,OBJECT,b\n", "line 2: '²' is no number of an HDU"),
        ("file,hdu,keyword,value\na.fits,0,NAXIS,2\n", "line 2: NAXIS says how the file is to be read"),
        ("file,hdu,keyword,value\n,0,OBJECT,b\n", "line 2: the file is missing"),
        ("file,hdu,keyword,value\na.fits,0,OBJECT,b\nb.fits\n", "line 3: '' is not a keyword"),
        (f"file,hdu,keyword,value\na.fits,0,OBJECT,{'b' * 200_000}\n", "are not CSV"),
    ],
)
def test_a_wrong_list_is_told(text: str, message: str) -> None:
    with pytest.raises(UsageFault, match=message):
        parse_amendments(text.splitlines())


def test_a_list_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amendments, "MOST", 2)
    lines = ["file,hdu,keyword,value", *["a.fits,0,OBJECT,b"] * 3]
    assert len(parse_amendments(lines[:3])) == 2
    with pytest.raises(UsageFault, match="more than 2"):
        parse_amendments(lines)
