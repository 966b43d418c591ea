"""What is sent of a file whose headers were corrected: its bytes with other headers, and their sums."""

import gzip
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import sqlalchemy as sa

from ingest.correction import Correction, corrected_text, signed
from ingest.fitsfile import FitsFile, Hdu, data_size
from ingest.header import BLOCK
from vo_server.archive import DELIVERY, DELIVERY_HEADER
from vo_server.files.checksums import sum32
from vo_server.files.durable import settle
from vo_server.progress import Progress

CHUNK = 1 << 20  #: bytes at a time; a multiple of BLOCK's four bytes


@dataclass(frozen=True, slots=True)
class NewHeader:
    """A header in the place of the ``length`` bytes of the stored one from ``start``."""

    hdu: int
    start: int
    length: int
    header: bytes


def new_headers(stream: IO[bytes], file: FitsFile, corrections: Sequence[Correction]) -> Iterator[NewHeader]:
    """The headers that differ from the stored ones.

    Parameters
    ----------
    stream : file
        The stored bytes, unpacked.
    file : FitsFile
        The file with its headers as they are stored.
    """
    start = 0
    for hdu in file.hdus:
        length = -(-len(hdu.text) // BLOCK) * BLOCK
        text = corrected_text(hdu, corrections)
        if any(correction.hdu == hdu.index for correction in corrections) and text != hdu.text:
            yield NewHeader(hdu.index, start, length, signed(text, _data_sum(stream, hdu, start + length)))
        start += length + -(-data_size(hdu) // BLOCK) * BLOCK


def _data_sum(stream: IO[bytes], hdu: Hdu, start: int) -> int:
    """The sum of the data: DATASUM, or taken."""
    if hdu.get("CHECKSUM") is None:
        return 0
    told = hdu.get("DATASUM")
    if isinstance(told, str) and told.strip().isdigit() and int(told) < 1 << 32:
        return int(told)
    total, left = 0, -(-data_size(hdu) // BLOCK) * BLOCK
    stream.seek(start)
    while left and (piece := stream.read(min(CHUNK, left))):
        total = sum32(piece + bytes(-len(piece) % 4), total)
        left -= len(piece)
    return total


def pieces(stream: IO[bytes], headers: Sequence[NewHeader]) -> Iterator[bytes]:
    """The bytes that are sent."""
    position = 0
    for new in headers:
        yield from _between(stream, position, new.start)
        yield new.header
        position = new.start + new.length
    yield from _between(stream, position, None)


def _between(stream: IO[bytes], start: int, end: int | None) -> Iterator[bytes]:
    stream.seek(start)
    while end is None or start < end:
        piece = stream.read(CHUNK if end is None else min(CHUNK, end - start))
        if not piece:
            return
        start += len(piece)
        yield piece


@dataclass(frozen=True, slots=True)
class Origin:
    """A stored file: where it is, and its headers as they are stored."""

    dp_id: str
    path: Path
    file: FitsFile
    is_packed: bool  #: with gzip, as a whole


def record(
    connection: sa.Connection,
    origin: Origin,
    corrections: Sequence[Correction],
    state_dir: Path,
    progress: Progress | None = None,
) -> bool:
    """Note what is sent of a file, inside the caller's transaction; whether it is another thing than before.

    The file is read once for its sums; where the same headers were noted before, it is not. Of a packed file
    the corrected whole is kept in the state directory.
    """
    dp_id, sha256 = origin.dp_id, origin.file.sha256
    with _opened(origin) as stream:
        headers = tuple(new_headers(stream, origin.file, corrections))
        if _known(connection, dp_id, sha256) == headers:
            return False
        forget(connection, [dp_id])
        if not headers:
            return True
        parts: Iterator[bytes] = pieces(stream, headers)
        kept = _keep(state_dir, origin, parts) if origin.is_packed else None
        if kept is not None:
            with kept.open("rb") as packed:
                sums = _sums(iter(lambda: packed.read(CHUNK), b""), kept.stat().st_size, progress)
        else:
            sums = _sums(parts, origin.path.stat().st_size, progress)
    values = {"source_sha256": sha256, "url": kept.as_uri() if kept else None, **sums}
    connection.execute(sa.insert(DELIVERY).values(dp_id=dp_id, **values))
    rows = [
        {"dp_id": dp_id, "hdu": new.hdu, "start": new.start, "length": new.length, "header": new.header}
        for new in headers
    ]
    connection.execute(sa.insert(DELIVERY_HEADER), rows)
    return True


@contextmanager
def _opened(origin: Origin) -> Iterator[IO[bytes]]:
    """The unpacked bytes."""
    with origin.path.open("rb") as stream:
        if not origin.is_packed:
            yield stream
            return
        with gzip.GzipFile(fileobj=stream) as unpacked:
            yield cast("IO[bytes]", unpacked)


def _keep(state_dir: Path, origin: Origin, parts: Iterator[bytes]) -> Path:
    """The corrected whole of a packed file, packed again; under a new name, for the former may be read."""
    place = state_dir / "corrected" / f"{origin.file.sha256[:16]}-{secrets.token_hex(4)}.fits.gz"
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_suffix(".part")
    with half.open("wb") as sink, gzip.GzipFile("", "wb", fileobj=sink, mtime=0) as packed:
        for part in parts:
            packed.write(part)
    settle(half, place)
    return place


def _known(connection: sa.Connection, dp_id: str, sha256: str) -> tuple[NewHeader, ...]:
    columns = DELIVERY_HEADER.c
    query = (
        sa.select(columns.hdu, columns.start, columns.length, columns.header)
        .join(DELIVERY, DELIVERY.c.dp_id == columns.dp_id)
        .where(columns.dp_id == dp_id, DELIVERY.c.source_sha256 == sha256)
        .order_by(columns.hdu)
    )
    return tuple(NewHeader(*row[:3], bytes(row[3])) for row in connection.execute(query))


def forget(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """From now on the stored bytes are sent."""
    for relation in (DELIVERY_HEADER, DELIVERY):
        connection.execute(sa.delete(relation).where(relation.c.dp_id.in_(list(dp_ids))))


def _sums(parts: Iterator[bytes], total: int, progress: Progress | None) -> dict[str, int | str]:
    """Size and digests of what is sent."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    for part in parts:
        sha256.update(part)
        md5.update(part)
        size += len(part)
        if progress is not None:
            progress(min(size, total), total, "reading bytes")
    return {"size": size, "sha256": sha256.hexdigest(), "md5": md5.hexdigest()}
