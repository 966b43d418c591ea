"""Checksums of FITS, against astropy's."""

import numpy as np
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from vo_server.files.checksums import OFFSET, UNSET, encode, sum32


@given(st.binary(min_size=1, max_size=9000))
def test_the_sums_are_those_of_astropy(data: bytes) -> None:
    hdu = fits.PrimaryHDU(np.frombuffer(data, np.uint8))
    hdu.add_checksum()
    header = bytearray(hdu.header.tostring().encode())
    padded = data + bytes(-len(data) % 2880)
    datasum = sum32(padded)
    assert str(datasum) == hdu.header["DATASUM"]
    place = header.index(b"CHECKSUM=") + OFFSET
    header[place : place + 16] = UNSET.encode()
    assert encode(sum32(header, datasum)).decode() == hdu.header["CHECKSUM"]
