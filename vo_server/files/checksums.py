"""CHECKSUM and DATASUM of FITS (FITS 4.0, Appendix J)."""

import numpy as np

OFFSET = 11  #: where the value of a CHECKSUM card begins
UNSET = "0" * 16  #: its value while the sum is taken


def sum32(data: bytes | bytearray | memoryview, start: int = 0) -> int:
    """Sum of ``data``, a multiple of four bytes, in 32-bit ones' complement arithmetic.

    Parameters
    ----------
    start : int
        The sum of what comes before.
    """
    total = start + int(np.frombuffer(data, ">u4").sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total


def encode(checksum: int) -> bytes:
    """The 16 characters of the complement of ``checksum``."""
    punctuation = set(range(0x3A, 0x41)) | set(range(0x5B, 0x61))
    value = 0xFFFFFFFF - checksum
    columns = []
    for shift in (24, 16, 8, 0):
        quotient, rest = divmod((value >> shift) & 0xFF, 4)
        chars = [quotient + 0x30 + rest, quotient + 0x30, quotient + 0x30, quotient + 0x30]
        for left in (0, 2):
            # Only letters and digits may appear; moving one unit within a pair keeps the sum.
            while punctuation & {chars[left], chars[left + 1]}:
                chars[left] += 1
                chars[left + 1] -= 1
        columns.append(chars)
    text = bytes(columns[column][row] for row in range(4) for column in range(4))
    return text[-1:] + text[:-1]
