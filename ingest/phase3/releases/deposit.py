"""Published files: those of a batch with what the archive writes into their headers (SDP, reserved keywords).

ARCFILE becomes the identifier, ORIGFILE the name under which the file was submitted, P3ORIG the origin of its
collection; ASSOMi follow the files that they are of, and checksums are made anew.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from ingest.correction import Correction
from ingest.delivery import new_headers, pieces
from ingest.fitsfile import Hdu
from ingest.phase3.releases.archive import Archive
from ingest.scan import Candidate, Scanned, candidate, scan
from vo_server.archive import FILE
from vo_server.errors import FatalFault
from vo_server.files.durable import settle
from vo_server.progress import Progress, silent
from vo_server.submissions.area import CHUNK, link_or_copy
from vo_server.submissions.published import PRODUCTS
from vo_server.submissions.values import Batch, BatchFile, Collection

_ENDINGS = (".fits.fz", ".fits")


@dataclass(frozen=True, slots=True)
class Stored:
    """A published file: what it was submitted as, and where it is."""

    file: BatchFile
    path: Path


def deposit(
    archive: Archive, batch: Batch, files: Sequence[BatchFile], progress: Progress | None = None
) -> list[Stored]:
    """Write the published form of every file; what an interrupted run has written is written again.

    Legacy files stay as they are, and are linked where that is possible.

    Raises
    ------
    FatalFault
        A file is not the one that was received.
    """
    say = progress or silent
    directory = archive.store(batch)
    directory.mkdir(parents=True, exist_ok=True)
    collection = archive.submissions.collection(batch.collection)
    published = _Digests(archive, batch.collection, files)
    done: dict[str, Stored] = {}
    for count, file in enumerate(sorted(files, key=_rank), 1):
        place = directory / f"{file.dp_id}{_ending(file.name)}"
        source, part = archive.area(batch).path(file.name), place.with_name(place.name + ".part")
        part.unlink(missing_ok=True)
        if batch.door == "legacy":
            _scanned(file, source)
            link_or_copy(source, part)
        else:
            published[file.name] = _write(_scanned(file, source), part, file, collection, published)
        settle(part, place)
        done[file.name] = Stored(file, place)
        say(count, len(files), "storing files")
    return [done[file.name] for file in files]


class _Digests(dict[str, str]):
    """MD5 of the published forms of files, by the names under which they were submitted; empty where unknown.

    Those of the batch's own files are set when they are written, those of earlier batches looked up.
    """

    def __init__(self, archive: Archive, collection: str, own: Sequence[BatchFile]) -> None:
        self._engine = archive.owner
        self._collection = collection
        self._own = {file.name for file in own}

    def __missing__(self, name: str) -> str:
        if name in self._own:
            return ""
        query = (
            sa.select(FILE.c.md5)
            .join(PRODUCTS, PRODUCTS.c.dp_id == FILE.c.dp_id)
            .where(PRODUCTS.c.collection == self._collection, PRODUCTS.c.origfile == name)
            .where(PRODUCTS.c.status == "current")
        )
        with self._engine.connect() as connection:
            self[name] = connection.scalar(query) or ""
        return self[name]


def _rank(file: BatchFile) -> tuple[bool, str]:
    """An order in which a product comes after the files that belong to it, whose digests it tells."""
    return (file.category or "").startswith("SCIENCE."), file.name


def _ending(name: str) -> str:
    return next((ending for ending in _ENDINGS if name.endswith(ending)), Path(name).suffix)


def _scanned(file: BatchFile, source: Path) -> Scanned:
    found = candidate(source)
    scanned = scan(found) if isinstance(found, Candidate) else None
    if scanned is None or scanned.sha256 != file.sha256:
        raise FatalFault(f"{file.name} is not what was received: reopen the batch and send it again")
    return scanned


def _write(scanned: Scanned, part: Path, file: BatchFile, collection: Collection, published: _Digests) -> str:
    """Write the published form; its MD5."""
    digest = hashlib.md5(usedforsecurity=False)
    with Path(scanned.candidate.path).open("rb") as stream, part.open("wb") as sink:
        for piece in _pieces(stream, scanned, file, collection, published):
            digest.update(piece)
            sink.write(piece)
    return digest.hexdigest()


def _pieces(
    stream: IO[bytes],
    scanned: Scanned,
    file: BatchFile,
    collection: Collection,
    published: _Digests,
) -> Iterator[bytes]:
    if scanned.file is None:
        yield from iter(lambda: stream.read(CHUNK), b"")
        return
    told = {"ARCFILE": f"{file.dp_id}.fits", "ORIGFILE": file.name, "P3ORIG": collection.origin}
    told |= dict(_digests(scanned.file.primary, published))
    corrections = [Correction(0, keyword, value) for keyword, value in told.items()]
    yield from pieces(stream, tuple(new_headers(stream, scanned.file, corrections)))


def _digests(primary: Hdu, published: _Digests) -> Iterator[tuple[str, str]]:
    """The ASSOMi of files whose bytes have changed with their headers."""
    for number, name in enumerate(primary.numbered("ASSON"), 1):
        keyword = f"ASSOM{number}"
        if primary.text_of(keyword) and (digest := published[str(name)]):
            yield keyword, digest
