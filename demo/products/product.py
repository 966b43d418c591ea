"""What every synthetic product has: an identity, its origin, and the keywords that all categories share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path

from demo.ephemeris import iso, mjd
from demo.fitsbytes import Card
from demo.headers import ORIGIN
from demo.observatory import Exposure
from demo.targets import Target

PUBLISHED = datetime(2025, 6, 2, 8, tzinfo=UTC)  #: when the archive gave the first product its identifier


@dataclass(frozen=True, slots=True)
class Origin:
    """The data behind a product.

    Attributes
    ----------
    provenance : tuple of str
        File names of what it was made from; empty for data that are not ESO's (NOESODAT).
    exptime, texptime : float
        Seconds: per pixel, and the sum of all exposures.
    filter : str
        Empty for spectra and cubes.
    release_date : str
        End of the proprietary period; empty when public.
    """

    collection: str
    telescope: str
    instrument: str
    target: Target
    obstech: str
    start: datetime
    end: datetime
    exptime: float
    texptime: float
    filter: str = ""
    prog_id: str = ""
    ob_ids: tuple[int, ...] = ()
    provenance: tuple[str, ...] = ()
    release_date: str = ""


def reduced(exposures: Sequence[Exposure], target: Target | None = None) -> Origin:
    """The origin of what an automatic pipeline makes of the raw ``exposures`` of one block."""
    first, last = exposures[0], exposures[-1]
    total = sum(exposure.template.exptime for exposure in exposures)
    return Origin(
        collection=f"SYNTHETIC-{first.instrument.name}",
        telescope=first.instrument.telescope,
        instrument=first.instrument.name,
        target=target or first.block.target,
        obstech=first.template.tech,
        start=first.start,
        end=last.end,
        exptime=total,
        texptime=total,
        filter=first.filter,
        prog_id=first.block.prog_id,
        ob_ids=(first.block.ob_id,),
        provenance=tuple(f"{exposure.dp_id}.fits" for exposure in exposures),
        release_date=first.block.release_date,
    )


@dataclass(frozen=True, slots=True)
class Attachment:
    """An ancillary file that goes with a product; other than FITS it is described by ASSOC and ASSOM."""

    name: str
    category: str
    content: bytes

    @property
    def is_fits(self) -> bool:
        """Whether the file says its category itself."""
        return self.name.endswith(".fits")


@dataclass(slots=True)
class Shelf:
    """Where products are put, and the counter from which the archive takes identifiers."""

    directory: Path
    count: int = 0
    paths: list[Path] = field(default_factory=list)

    def next_id(self) -> str:
        """A new ``ADP.<time>`` identifier: the time when the archive assigned it, not the observation's."""
        self.count += 1
        return f"ADP.{iso(PUBLISHED + self.count * timedelta(milliseconds=1311))}"

    def put(self, collection: str, name: str, content: bytes) -> None:
        """Write one file of ``collection``."""
        path = self.directory / collection / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.paths.append(path)


def identity_cards(dp_id: str, name: str, channel: str) -> list[Card]:
    """The keywords that the archive writes at publication (reserved in the standard)."""
    return [
        ("ARCFILE", f"{dp_id}.fits", "Archive File Name"),
        ("ORIGFILE", name, "Original File Name"),
        ("P3ORIG", channel, "ESO internal (IDP) or external (EDP) data product"),
    ]


def primary_cards(
    origin: Origin, category: str, title: str, attachments: Sequence[Attachment] = ()
) -> list[Card]:
    """The keywords of the primary header that (nearly) every category has.

    The marker keywords ``HIERARCH VOS`` say that the file is synthetic, and its collection and title.
    """
    return [
        ("PRODCATG", category, "Data product category"),
        *_association_cards(attachments),
        ("ORIGIN", ORIGIN, "Synthetic observatory"),
        ("DATE", iso(PUBLISHED), "Date this file was written"),
        ("VOS SYNTHETIC", True, "made by a seeded program"),
        ("VOS COLLECTION", origin.collection, "data collection"),
        ("VOS TITLE", title, "title"),
        *_release_cards(origin),
        ("TELESCOP", origin.telescope, "Telescope"),
        ("INSTRUME", origin.instrument, "Instrument name"),
        *([("FILTER", origin.filter, "Filter name")] if origin.filter else []),
        ("OBJECT", origin.target.name, "Target designation"),
        ("RA", origin.target.ra, "[deg] Image centre or target (J2000.0)"),
        ("DEC", origin.target.dec, "[deg] Image centre or target (J2000.0)"),
        ("EQUINOX", 2000.0, "[yr] Standard FK5"),
        ("RADESYS", "ICRS", "Coordinate reference frame"),
        ("DATE-OBS", iso(origin.start), "Start of observations"),
        ("DATE-END", iso(origin.end), "End of observations"),
        ("MJD-OBS", mjd(origin.start), "[d] Start of observations (days)"),
        ("MJD-END", mjd(origin.end), "[d] End of observations (days)"),
        *_programme_cards(origin),
        ("PROCSOFT", "synthetic/1.0", "Data reduction software/system with version no."),
        ("REFERENC", "", "Bibliographic reference"),
        *((f"PROV{i}", name, "Originating raw science file") for i, name in enumerate(origin.provenance, 1)),
    ]


def exposure_cards(origin: Origin) -> list[Card]:
    """EXPTIME, TEXPTIME, OBSTECH and, for ESO data, NCOMBINE: what catalogues lack."""
    cards: list[Card] = [
        ("EXPTIME", origin.exptime, "[s] Total integration time per pixel"),
        ("TEXPTIME", origin.texptime, "[s] Total integration time of all exposures"),
        ("OBSTECH", origin.obstech, "Technique of observation"),
    ]
    if origin.ob_ids:
        cards.append(("NCOMBINE", len(origin.provenance), "# of combined raw science data files"))
    return cards


def _association_cards(attachments: Sequence[Attachment]) -> list[Card]:
    """ASSONi, and for files other than FITS ASSOCi and ASSOMi."""
    cards: list[Card] = []
    for number, attached in enumerate(attachments, 1):
        cards.append((f"ASSON{number}", attached.name, "Associated file name"))
        if not attached.is_fits:
            digest = md5(attached.content, usedforsecurity=False).hexdigest()
            cards.append((f"ASSOC{number}", attached.category, "Associated file category"))
            cards.append((f"ASSOM{number}", digest, "Associated file md5sum"))
    return cards


def _release_cards(origin: Origin) -> list[Card]:
    """The end of the proprietary period, for what is not public."""
    if not origin.release_date:
        return []
    return [("VOS RELEASE DATE", origin.release_date, "end of the proprietary period")]


def _programme_cards(origin: Origin) -> list[Card]:
    """Programme and observation blocks, or that the data are not ESO's."""
    if not origin.ob_ids:
        return [("NOESODAT", True, "TRUE if no ESO data were used")]
    return [
        ("PROG_ID", origin.prog_id, "ESO programme identification"),
        *((f"OBID{i}", ob_id, "Observation block ID") for i, ob_id in enumerate(origin.ob_ids, 1)),
    ]
