"""Raw frames without pixels: 900 keywords in two headers, as a modern instrument writes them.

Of the keywords of an instrument, 40 % never change, 30 % have a handful of values (set-ups, dates of
software), 30 % are different in every file (sensors, positions, times). A few comments hold a value too, as
those of RA, DEC and LST do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

KEYWORDS = 900  #: of a file
EXTENSION = 100  #: of these in the extension
INSTRUMENTS = ("UVES", "XSHOOTER", "GIRAFFE", "FORS2", "HAWKI", "MUSE", "VIMOS", "KMOS", "SPHERE", "ERIS")
_TEXT = (
    "temperature sensor value start end mean minimum maximum readout window binning origin pressure ambient "
    "filter grating slit position encoder lamp shutter detector voltage clock bias gain offset axis rotator "
    "guide star probe status identification name description telemetry actual requested user defined time"
)
_WORDS = _TEXT.split()
_CATEGORIES = ("INS", "DET", "TEL", "ADA", "OBS", "TPL", "SEQ", "AOS", "OCS", "GEN")
_UNITS = ("s", "deg", "arcsec", "Celsius", "hPa", "nm", "mm", "V", "%", "m/s")
_START = datetime(2015, 1, 1)

#: Draws the value of a keyword, as it stands in the card.
Draw = Callable[[Random], str]


@dataclass(frozen=True)
class Definition:
    """One keyword of an instrument: the card up to its value, how the value is drawn, and what follows."""

    head: str
    draw: Draw
    tail: str

    def card(self, rng: Random) -> str:
        """80 characters."""
        return f"{self.head}{self.draw(rng)}{self.tail}"[:80].ljust(80)


def definitions(instrument: str) -> tuple[list[Definition], list[Definition]]:
    """The keywords of the primary header, but for those that every file has, and of the extension."""
    rng = Random(instrument)  # the same instrument in every run
    found: dict[str, Definition] = {}
    while len(found) < KEYWORDS:
        category = rng.choices(_CATEGORIES, (30, 30, 8, 5, 8, 3, 6, 6, 3, 1))[0]
        word = "".join(rng.choices("ABCDEGILMNOPRSTU", k=rng.randint(3, 5)))
        name = f"ESO {category} {word}{rng.choice(('', rng.randint(1, 12)))}"
        for leaf in rng.sample(("VAL", "MIN", "MAX", "MEAN", "ID", "NAME", "ST", "START", "END"), 4):
            found[f"{name} {leaf}"] = _definition(f"HIERARCH {name} {leaf} =", rng)
    ordered = sorted(found.values(), key=lambda definition: definition.head)
    rng.shuffle(ordered)
    extension, primary = ordered[:EXTENSION], ordered[EXTENSION:KEYWORDS]
    return sorted(primary, key=_category), sorted(extension, key=_category)


def _category(definition: Definition) -> str:
    return definition.head.split()[2]


def _definition(head: str, rng: Random) -> Definition:
    kind = rng.choices(("number", "text", "flag", "count"), (5, 3, 1, 2))[0]
    comment = " ".join(rng.choices(_WORDS, k=rng.randint(2, 4))).capitalize()
    if kind == "number":
        comment = f"[{rng.choice(_UNITS)}] {comment}"
    change = rng.choices(("constant", "few", "all"), (4, 3, 3))[0]
    if kind == "flag" or (kind == "text" and change == "all"):
        change = "few"
    low, digits = rng.uniform(-50, 500), rng.randint(2, 6)

    def value(random: Random) -> str:
        if kind == "number":
            return f" {random.uniform(low, low + 100):.{digits}f}"
        if kind == "count":
            return f" {random.randint(0, 100_000)}"
        if kind == "flag":
            return f" {random.choice('TF')}"
        return f" '{'_'.join(random.choices(_WORDS, k=random.randint(1, 2))).upper():<8}'"

    if change == "all":
        return Definition(head, value, f" / {comment}")
    values = [value(rng) for _ in range(1 if change == "constant" else rng.randint(2, 12))]
    return Definition(head, lambda random: random.choice(values), f" / {comment}")


def header_bytes(number: int, of: dict[str, tuple[list[Definition], list[Definition]]]) -> bytes:
    """File ``number``: the same bytes whenever it is made."""
    rng = Random(number)
    instrument = INSTRUMENTS[number % len(INSTRUMENTS)]
    if instrument not in of:
        of[instrument] = definitions(instrument)
    primary, extension = of[instrument]
    start = _START + timedelta(seconds=12.6 * number, milliseconds=rng.randrange(10_000))
    cards = [*_standard(instrument, start, number, rng)]
    cards += [definition.card(rng) for definition in primary[: KEYWORDS - EXTENSION - len(cards)]]
    chip = ["XTENSION= 'IMAGE   '           / IMAGE extension", "BITPIX  =                   16 / bits",
            "NAXIS   =                    0 / axes", "PCOUNT  =                    0 / parameters",
            "GCOUNT  =                    1 / groups", "EXTNAME = 'CHIP1   '           / name"]  # fmt: skip
    chip += [definition.card(rng) for definition in extension[: EXTENSION - len(chip)]]
    return b"".join(map(_block, (cards, chip)))


def _block(cards: list[str]) -> bytes:
    text = "".join(card[:80].ljust(80) for card in [*cards, "END"])
    return text.ljust(-(-len(text) // 2880) * 2880).encode("ascii")


def _standard(instrument: str, start: datetime, number: int, rng: Random) -> Iterator[str]:
    """What every raw frame has, and the archive looks at."""
    stamp = start.isoformat(timespec="milliseconds")
    ra, dec = rng.uniform(0, 360), rng.uniform(-80, 30)
    mjd = (start - datetime(1858, 11, 17)).total_seconds() / 86400
    block = number // 12
    yield "SIMPLE  =                    T / Standard FITS"
    yield "BITPIX  =                   16 / bits a pixel"
    yield "NAXIS   =                    0 / axes"
    yield "EXTEND  =                    T / there may be extensions"
    yield "ORIGIN  = 'SYNTHETIC'          / Synthetic observatory"
    yield f"DATE    = '{stamp[:19]}' / Date this file was written"
    yield "TELESCOP= 'ESO-VLT-U2'         / ESO <TEL>"
    yield f"INSTRUME= '{instrument:<8}'           / Instrument used"
    yield f"OBJECT  = 'field {block % 5000:<6}'       / Original target"
    yield f"RA      = {ra:20.6f} / {ra / 15:09.6f} RA (J2000) pointing"
    yield f"DEC     = {dec:20.5f} / {dec:09.5f} DEC (J2000) pointing"
    yield "EQUINOX =                2000. / Standard FK5"
    yield "RADECSYS= 'FK5     '           / FK5"
    yield f"EXPTIME = {rng.choice((10.0, 60.0, 300.0, 1200.0)):20.7f} / Total integration time"
    yield f"MJD-OBS = {mjd:20.8f} / MJD start {stamp}"
    yield f"DATE-OBS= '{stamp}' / Date of observation"
    yield f"UTC     = {rng.uniform(0, 86400):20.3f} / UTC at start"
    yield f"LST     = {rng.uniform(0, 86400):20.3f} / {rng.randrange(24):02}:{rng.randrange(60):02} LST"
    yield "PI-COI  = 'UNKNOWN '           / Name(s) of proposer(s)"
    yield "OBSERVER= 'UNKNOWN '           / Name of observer"
    yield f"ORIGFILE= '{instrument}_{number:09}.fits' / Original File Name"
    for name, text in (("CATG", "SCIENCE"), ("TYPE", "OBJECT"), ("TECH", "IMAGE")):
        yield f"HIERARCH ESO DPR {name} = '{text:<8}' / Observation {name.lower()}"
    yield f"HIERARCH ESO OBS ID = {200_000_000 + block} / Observation block ID"
    yield f"HIERARCH ESO OBS PROG ID = '{94 + block % 20:03}.D-{block % 900:04}(B)' / ESO program"
    yield f"HIERARCH ESO TEL AIRM START = {rng.uniform(1, 2.5):.3f} / Airmass at start"


def write(directory: Path, count: int, first: int = 0) -> None:
    """Files ``first`` to ``first + count``, a thousand in a directory."""
    of: dict[str, tuple[list[Definition], list[Definition]]] = {}
    for number in range(first, first + count):
        place = directory / f"{number // 1000:05}"
        if number % 1000 == 0 or number == first:
            place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:09}.fits").write_bytes(header_bytes(number, of))
