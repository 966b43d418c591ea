"""Files under paths, and each opened safely: size, digests, compression, headers.

Nothing in a file can stop a run: what is wrong with one becomes findings, and the next file is read.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ingest.fitsfile import FitsFile, Hdu, Limits, Refused, read_hdus
from ingest.header import BLOCK, Fault
from ingest.report import Finding
from vo_server.errors import UsageFault

Headers = tuple[tuple[Hdu, ...], list[tuple[int, Fault]]]

CHUNK = 1 << 20  #: bytes read at a time
_COMPRESSIONS = (".gz", ".fz")  #: suffixes that are not part of the file's own name
FITS_SUFFIXES = (".fits", ".fit", ".fts", ".fits.fz", ".fits.gz", ".fit.gz", ".fts.gz")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that was found; ``url`` is how the archive names its place."""

    path: str
    url: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """What is known of a file after it was read.

    Attributes
    ----------
    media_type : str
        Of the bytes as they are stored.
    compression : str or None
        ``gz`` (the whole file) or ``fz`` (tile-compressed images).
    file : FitsFile or None
        None when the file cannot be taken; ``findings`` say why.
    """

    candidate: Candidate
    sha256: str
    md5: str
    media_type: str
    compression: str | None
    file: FitsFile | None
    findings: tuple[Finding, ...]


def find(paths: Iterable[Path]) -> Iterator[Candidate | Finding]:
    """Every file under ``paths`` in the order of names, hidden ones excepted, each once.

    Raises
    ------
    UsageFault
        One of ``paths`` does not exist.
    """
    paths = list(paths)
    if missing := [str(path) for path in paths if not path.exists()]:
        raise UsageFault(f"no such file or directory: {', '.join(missing)}")
    seen: set[str] = set()
    for path in paths:
        for found in _walk(path):
            real = os.path.realpath(found) if isinstance(found, Path) else found.file
            if real in seen:
                continue
            seen.add(real)
            yield candidate(Path(real)) if isinstance(found, Path) else found


def _walk(top: Path) -> Iterator[Path | Finding]:
    if not top.is_dir():
        yield top
        return
    refused: list[Finding] = []

    def refuse(error: OSError) -> None:
        refused.append(Finding(str(error.filename), "UNREADABLE", f"the directory: {error.strerror}"))

    for directory, directories, names in os.walk(top, onerror=refuse):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(directory, name)
    yield from refused


def count(paths: Iterable[Path]) -> int:
    """About how many files there are, for a progress bar: names are counted, files not looked at."""
    return sum(1 for path in paths for _ in _walk(path))


def files_under(paths: Sequence[Path]) -> list[Path]:
    """Every file under ``paths``, hidden ones excepted, in the order of names.

    Raises
    ------
    UsageFault
        A path is not there, or there is no file.
    """
    files = [Path(found.path if isinstance(found, Candidate) else found.file) for found in find(paths)]
    if not files:
        raise UsageFault(f"there is no file in {', '.join(map(str, paths))}")
    return files


def candidate(path: Path) -> Candidate | Finding:
    """Place, size and time of a file; a finding when it cannot be looked at."""
    try:
        status = path.stat()
    except OSError as exc:
        return Finding(str(path), "UNREADABLE", exc.strerror or "the file cannot be looked at")
    if not path.is_file():
        return Finding(str(path), "UNREADABLE", "neither a file nor a directory")
    return Candidate(str(path), path.as_uri(), status.st_size, status.st_mtime_ns)


def own_name(path: str) -> str:
    """The name of a file without directory and compression: ``a/b.fits.fz`` is ``b.fits``."""
    name = storable(Path(path).name)
    for suffix in _COMPRESSIONS:
        name = name.removesuffix(suffix)
    return name


def storable(text: str) -> str:
    """``text`` as PostgreSQL can hold it: names of files may be any bytes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


class _Plain:
    """A file on disk: data are passed over by seeking."""

    def __init__(self, stream: IO[bytes], size: int):
        self._stream, self._size, self._position = stream, size, 0

    def read(self, size: int) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        self._position += len(data)
        return data

    def skip(self, size: int) -> int:
        """Seek over the next bytes."""
        there = max(0, min(size, self._size - self._position))
        self._position += there
        self._stream.seek(self._position)
        return there


class _Inflated:
    """A compressed stream, no longer than the limit."""

    def __init__(self, stream: IO[bytes], limit: int):
        self._stream, self._left, self._limit = stream, limit, limit

    def read(self, size: int) -> bytes:
        """The next bytes."""
        self._left -= size
        if self._left < 0:
            raise Refused("COMPRESSION", f"the file inflates to more than {self._limit} bytes")
        return self._stream.read(size)

    def skip(self, size: int) -> int:
        """Inflate the next bytes and drop them."""
        done = 0
        while done < size and (data := self.read(min(CHUNK, size - done))):
            done += len(data)
        return done


def scan(found: Candidate, limits: Limits | None = None) -> Scanned:
    """Read one file: digests, headers, and every finding."""
    limits = limits or Limits()
    sha256 = md5 = ""
    compression: str | None = None
    try:
        with Path(found.path).open("rb") as stream:
            sha256, md5, start = digests(stream)
            stream.seek(0)
            if start.startswith(b"\x1f\x8b"):
                compression = "gz"
            hdus, faults = _open(stream, found, start, limits)
    except OSError as exc:
        finding = Finding(found.path, "UNREADABLE", exc.strerror or str(exc))
        return Scanned(found, sha256, md5, media_type(found.path), compression, None, (finding,))
    except Refused as exc:
        finding = Finding(found.path, exc.fault.rule, exc.fault.message, exc.hdu, exc.fault.keyword)
        return Scanned(found, sha256, md5, media_type(found.path), compression, None, (finding,))
    findings = tuple(Finding(found.path, f.rule, f.message, hdu, f.keyword) for hdu, f in faults)
    file = FitsFile(found.path, own_name(found.path), hdus, sha256)
    if compression is None:
        compression = "fz" if any(hdu.is_compressed_image for hdu in hdus) else None
    kind = "application/gzip" if compression == "gz" else "application/fits"
    return Scanned(found, sha256, md5, kind, compression, file, findings)


def _open(stream: IO[bytes], found: Candidate, start: bytes, limits: Limits) -> Headers:
    if not start:
        raise Refused("EMPTY", "the file has no bytes")
    if not start.startswith(b"\x1f\x8b"):
        return read_hdus(_Plain(stream, found.size), limits)
    try:
        with gzip.GzipFile(fileobj=stream) as inflated:
            return read_hdus(_Inflated(inflated, limits.inflated_bytes), limits)  # type: ignore[arg-type]
    except (gzip.BadGzipFile, zlib.error) as exc:
        raise Refused("COMPRESSION", f"the compressed file is damaged: {exc}") from exc
    except EOFError as exc:
        raise Refused("TRUNCATED", "the compressed file ends early") from exc


def digests(stream: IO[bytes]) -> tuple[str, str, bytes]:
    """SHA-256 and MD5 of all bytes, and the first of them."""
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False)
    start = b""
    while data := stream.read(CHUNK):
        start = start or data[:BLOCK]
        sha256.update(data)
        md5.update(data)
    return sha256.hexdigest(), md5.hexdigest(), start


def media_type(path: str) -> str:
    """The media type of an ancillary file by its name."""
    suffix = Path(path).suffix.lower()
    return {
        ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
        ".pdf": "application/pdf", ".txt": "text/plain", ".md": "text/markdown", ".csv": "text/csv",
        ".json": "application/json", ".html": "text/html", ".xml": "application/xml",
        ".vot": "application/x-votable+xml", ".tar": "application/x-tar", ".gz": "application/gzip",
        ".fits": "application/fits", ".fit": "application/fits", ".fz": "application/fits",
    }.get(suffix, "application/octet-stream")  # fmt: skip
