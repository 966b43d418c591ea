"""How fast headers are read: by the disk alone, by this archive, by astropy and by fitsio."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import fitsio
import psutil
import sqlalchemy as sa
from astropy.io import fits

from ingest.fitsfile import Limits
from ingest.scan import Candidate, find, scan
from vo_server.db import Database
from vo_server.headers.cards import BLOCK


@dataclass(frozen=True)
class Timed:
    """Seconds of a clock, and of all cores together: ours, our children's and the database's."""

    wall: float
    cpu: float

    def per_file(self, count: int) -> "Timed":
        """The same for one of ``count`` files."""
        return Timed(self.wall / count, self.cpu / count)


def timed(database: Database, work: Callable[[], object]) -> Timed:
    """How long ``work`` takes."""
    roots = [psutil.Process(), _postmaster(database)]
    before = sum(map(_spent, roots))
    start = time.perf_counter()
    work()
    wall = time.perf_counter() - start
    return Timed(wall, sum(map(_spent, roots)) - before)


def _postmaster(database: Database) -> psutil.Process:
    with database.owner.connect() as connection:
        pid = connection.scalar(sa.select(sa.func.pg_backend_pid()))
    return psutil.Process(psutil.Process(pid).ppid())


def _spent(root: psutil.Process) -> float:
    """Processor seconds of a process, of what it started, and of what of that has ended."""
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def alone(directory: Path) -> dict[str, float]:
    """Files a second and core of reading alone, without a database."""
    found = [entry for entry in islice(find([directory]), 1000) if isinstance(entry, Candidate)]
    readers: dict[str, Callable[[Candidate], object]] = {
        "floor: header blocks from the disk": _blocks,
        "this archive: digests, lines, faults": lambda entry: scan(entry, Limits()),
        "astropy: every card": _astropy,
        "fitsio: every card": _fitsio,
    }
    rates = {}
    for name, read in readers.items():
        count = 60 if name.startswith(("astropy", "fitsio")) else len(found)
        start = time.process_time()
        for entry in found[:count]:
            read(entry)
        rates[name] = count / (time.process_time() - start)
    return rates


def _blocks(entry: Candidate) -> int:
    """All blocks of a file of headers, one after the other."""
    with Path(entry.path).open("rb") as stream:
        return sum(len(block) for block in iter(lambda: stream.read(BLOCK), b""))


def _astropy(entry: Candidate) -> int:
    with fits.open(entry.path) as hdus:
        return sum(len(str(card.value) + card.comment) for hdu in hdus for card in hdu.header.cards)


def _fitsio(entry: Candidate) -> int:
    with fitsio.FITS(entry.path) as hdus:
        return sum(len(hdu.read_header().records()) for hdu in hdus)
