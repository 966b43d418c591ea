"""Files that nobody should have written: each with what ingest has to say of it, and whether it is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from tests.ingest import samples

Damage = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Bad:
    """One file.

    Attributes
    ----------
    rules : frozenset of str
        The rules of all findings.
    is_taken : bool
        Whether it is in the archive all the same.
    """

    name: str
    content: bytes
    rules: frozenset[str]
    is_taken: bool


def card(text: str) -> bytes:
    """80 bytes."""
    return text.encode("latin-1").ljust(80)[:80]


def with_cards(content: bytes, *cards: str) -> bytes:
    """A file with cards of any kind before the END of its primary header."""
    end = next(i for i in range(0, len(content), 80) if content[i : i + 80] == card("END"))
    data = -(-(end + 80) // 2880) * 2880
    header = content[:end] + b"".join(map(card, cards)) + card("END")
    return header.ljust(-(-len(header) // 2880) * 2880) + content[data:]


def corpus(directory: Path) -> list[Bad]:
    """The files, as bytes; ``directory`` is for making them."""

    def good(number: int, **cards: object) -> bytes:
        stamp = f"2031-07-01T00:{number // 60:02}:{number % 60:02}.000"
        return samples.raw(directory / "made.fits", **{"DATE-OBS": stamp, **cards}).read_bytes()

    def bad(name: str, content: bytes, *rules: str, taken: bool = True) -> None:
        # Every raw frame here is of the future, so that no other test has its identifier.
        found = frozenset(rules) | ({"FUTURE"} if taken and "future" not in name else frozenset())
        made.append(Bad(name, content, found, taken))

    made: list[Bad] = []
    summed = _summed(directory)
    bad("zero-length", b"", "EMPTY", taken=False)
    bad("one byte", b"S", "NOT_FITS", taken=False)
    bad("a picture", b"\x89PNG\r\n\x1a\n" * 500, "NOT_FITS", taken=False)
    bad("cut in the header", good(1)[:1500], "TRUNCATED", taken=False)
    bad("cut in the data", good(2)[:-2880], "TRUNCATED", taken=False)
    bad("cut in the padding", good(3)[:-100], "PADDING")
    bad("no END", with_cards(good(4)).replace(card("END"), card("")), "TRUNCATED", taken=False)
    bad("negative axis", good(5).replace(b"NAXIS1  =  ", b"NAXIS1  = -"),
        "STRUCTURE", taken=False)  # fmt: skip
    bad("continue of nothing", with_cards(good(6), "CONTINUE  'of nothing'"), "BAD_CARD")
    bad("continue of a number", with_cards(good(7), "NUM     = 1", "CONTINUE  'of a number'"), "BAD_CARD")
    bad("continued to the end", with_cards(good(8), "LONGSTR = 'begins&'", *["CONTINUE  '&'"] * 5000))
    bad(
        "continue without a string",
        with_cards(good(9), "LONGSTR = 'begins&'", "CONTINUE  nothing"),
        "BAD_CARD",
    )
    bad("a hierarchy without an end", with_cards(good(10), "HIERARCH ESO " + "A " * 30), "BAD_CARD")
    bad(
        "a hierarchy of equals signs",
        with_cards(good(11), "HIERARCH ESO A = B = C", "HIERARCH = = ="),
        "BAD_CARD",
    )
    bad(
        "a hierarchy of blanks",
        with_cards(good(12), "HIERARCH     = 1", "HIERARCH  ESO   A   B   = 1"),
        "BAD_CARD",
    )
    bad("Latin-1", with_cards(good(13), "OBSERVER= 'Andr\xe9'"), "BAD_BYTES")
    bad("NUL", with_cards(good(14), "OBSERVER= 'A\x00B'"), "BAD_BYTES")
    bad("escapes of a terminal", with_cards(good(15), "OBSERVER= '\x1b[2J\x07'"), "BAD_BYTES")
    bad("the same keyword twice", with_cards(good(16), "TWICE   = 1", "TWICE   = 2"), "REPEATED")
    bad("the same card twice", with_cards(good(17), "TWICE   = 1", "TWICE   = 1"))
    bad(
        "NaN and infinity",
        with_cards(good(18, **{"MJD-OBS": None}), "MJD-OBS = NaN", "AIRMASS = inf"),
        "BAD_CARD",
    )
    bad("a day that is none", good(19, DATE="2031-02-30T00:00:00"))
    bad("an instant beyond time", good(20, **{"MJD-OBS": 1e300}))
    bad("numbers beyond a double", with_cards(good(21), "BIG     = 1.0E+999", f"LONG    = {'9' * 69}"))
    bad("a wrong DATASUM", _flipped(summed), "CHECKSUM", taken=False)
    bad("an old CHECKSUM", summed.replace(b"NGC 1234", b"NGC 4321"), "CHECKSUM_OLD")
    bad("a right CHECKSUM", summed.replace(b"NGC 1234", b"NGC 1234"))
    bad("a path for a name", good(23, ORIGFILE="../../../etc/passwd"), "ORIGFILE")
    bad("another path for a name", good(24, ORIGFILE="C:\\\\autoexec.bat"), "ORIGFILE")
    bad("a path for an identifier", good(25, ARCFILE="../../etc/passwd.fits"))
    bad("commands for a name", good(26, ORIGFILE="x'; DROP TABLE archive.file; --"))
    bad("a hundred thousand cards", with_cards(good(27), *(f"HISTORY step {n}" for n in range(100_000))))
    bad("ten thousand unreadable cards", with_cards(good(28), *["nonsense"] * 10_000), "BAD_CARD")
    bad("blank cards", with_cards(good(29), *[""] * 100))
    bad("a future that is near", good(30), "FUTURE")
    return made


def _summed(directory: Path) -> bytes:
    """A file with right checksums."""
    path = samples.raw(directory / "summed.fits", **{"DATE-OBS": "2031-07-01T00:00:22.000"})
    with fits.open(path) as hdus:
        hdus[0].data = np.arange(16, dtype=np.int16).reshape(4, 4)
        hdus.writeto(path, overwrite=True, checksum=True)
    return path.read_bytes()


def _flipped(content: bytes) -> bytes:
    """The same with one bit of the data changed."""
    return content[:-2880] + bytes([content[-2880] ^ 1]) + content[-2879:]
