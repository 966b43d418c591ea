"""HDUs put together by hand are what astropy reads: values, shapes, checksums."""

import io
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from demo.fitsbytes import Card, card, image_extension, primary, table_extension
from demo.products.tables import Field, rows_of

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
VALUES = st.one_of(
    PRINTABLE.map(str.rstrip).filter(lambda text: len(text) + text.count("'") <= 40),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
ARRAYS = hnp.arrays(
    st.sampled_from(["u1", "u2", "i2", "i4", "i8", "f4", "f8"]),
    hnp.array_shapes(min_dims=1, max_dims=3, max_side=9),
    elements={"allow_nan": False, "allow_infinity": False},
)


def read(content: bytes) -> fits.HDUList:
    """The file as astropy sees it; a wrong checksum or structure is a warning, and so an error here."""
    hdus = fits.open(io.BytesIO(content), checksum=True)
    hdus.verify("exception")
    return hdus


@given(value=VALUES, comment=PRINTABLE, keyword=st.sampled_from(["KEY", "ESO DPR CATG", "VOS TITLE"]))
def test_a_card_keeps_its_value(value: Any, comment: str, keyword: str) -> None:
    text = card(keyword, value, comment)
    assert len(text) == 80
    read_back = fits.Card.fromstring(text)
    assert read_back.keyword == keyword
    assert type(read_back.value) is type(value)
    assert read_back.value == value


def test_a_card_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="characters long"):
        card("ESO OBS NAME", "x" * 80)


@given(image=ARRAYS, value=VALUES)
def test_an_image_and_its_checksums_are_read_back(image: np.ndarray[Any, Any], value: Any) -> None:
    cards: list[Card] = [("OBJECT", value, "any value moves the checksum")]
    content = primary(cards, image) + image_extension([("EXTNAME", "AGAIN", ""), *cards], image)
    assert len(content) % 2880 == 0
    with read(content) as hdus:
        for hdu in hdus:
            np.testing.assert_array_equal(hdu.data, image)
            assert hdu.header["OBJECT"] == value
            assert hdu.verify_checksum() == 1
            assert hdu.verify_datasum() == 1


def test_a_changed_byte_breaks_the_checksum() -> None:
    content = bytearray(primary([("OBJECT", "M 31", "")], np.arange(12, dtype=np.int32)))
    content[-2880] ^= 1
    with pytest.warns(UserWarning, match="verification failed"):
        fits.open(io.BytesIO(bytes(content)), checksum=True)[0].data  # noqa: B018


def test_a_table_is_read_back_with_units_and_ucds() -> None:
    fields = (
        Field("ID", np.array([7, 8], np.int32), "", "meta.id;meta.main", "Number"),
        Field("NAME", np.array(["NGC 1", "IC 10"]), "", "meta.id", "Name"),
        Field("FLUX", np.arange(6, dtype=np.float32).reshape(2, 3), "Jy", "phot.flux", "Flux", "a:b"),
    )
    columns = [field.cards(number) for number, field in enumerate(fields, 1)]
    content = primary([]) + table_extension([("EXTNAME", "T", "")], rows_of(fields), columns)
    with read(content) as hdus:
        data, header = hdus["T"].data, hdus["T"].header
        for field in fields:
            np.testing.assert_array_equal(data[field.name], field.values)
        assert (header["TFORM2"], header["TFORM3"]) == ("5A", "3E")
        assert (header["TUNIT3"], header["TUCD3"], header["TUTYP3"]) == ("Jy", "phot.flux", "a:b")
