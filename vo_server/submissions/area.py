"""Where the files of a batch wait until it is published: one directory for each, and what is still coming."""

import fcntl
import hashlib
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vo_server.errors import NotFoundFault, StorageFault, UsageFault
from vo_server.files.durable import settle
from vo_server.progress import Progress, silent
from vo_server.submissions.values import check_file_name

CHUNK = 1 << 20  #: bytes at a time
_COMING = ".coming"  #: directory of files of which not all bytes are there
SPARE = 1 << 30  #: bytes that a disk keeps free


@dataclass(frozen=True, slots=True)
class Sums:
    """What is known of bytes: how many, SHA-256 and MD5."""

    size: int
    sha256: str
    md5: str


class Area:
    """The directory of one batch.

    Parameters
    ----------
    state_dir : Path
        The archive's.
    """

    def __init__(self, state_dir: Path, batch_id: int) -> None:
        self.directory = state_dir / "phase3" / f"batch-{batch_id}"
        self._coming = self.directory / _COMING

    def path(self, name: str) -> Path:
        """Where a complete file is."""
        return self.directory / check_file_name(name)

    def received(self, name: str) -> int:
        """Bytes of a file that are there while it is coming."""
        try:
            return self._part(name).stat().st_size
        except FileNotFoundError:
            return 0

    def begin(self, name: str, size: int) -> None:
        """Make place for a file that is going to come.

        Raises
        ------
        StorageFault
            The disk has not that much room.
        """
        self._coming.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._coming).free < size + SPARE:
            raise StorageFault(f"there is no room for {size} bytes here now: tell the operator")
        # Another file than the one that somebody may be writing to still.
        new = self._coming / f".{secrets.token_hex(8)}"
        new.touch()
        os.replace(new, self._part(name))

    def is_coming(self, name: str, descriptor: int) -> bool:
        """Whether an open file is the one that is coming, and no other has taken its place."""
        try:
            there = self._part(name).stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(descriptor))

    def open_at(self, name: str, offset: int) -> int:
        """A file descriptor to append at ``offset``, which the caller closes; nobody else has one meanwhile.

        Raises
        ------
        NotFoundFault
            The file was not announced.
        UsageFault
            That is not where the file ends, or somebody else is sending it.
        """
        try:
            descriptor = os.open(self._part(name), os.O_RDWR)
        except FileNotFoundError:
            raise NotFoundFault(f"{name} was not announced: create the upload first") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            there = os.fstat(descriptor).st_size
            if there != offset:
                raise UsageFault(f"{there} bytes of {name} are here: go on from there, not from {offset}")
            os.lseek(descriptor, offset, os.SEEK_SET)
        except BlockingIOError as exc:
            os.close(descriptor)
            raise UsageFault(f"{name} is being sent by somebody else") from exc
        except UsageFault:
            os.close(descriptor)
            raise
        return descriptor

    def is_placed(self, name: str) -> bool:
        """Whether a file is at its place and nothing of it is coming."""
        return self.path(name).is_file() and not self._part(name).exists()

    def complete(self, name: str) -> Sums:
        """Take a file of which all bytes are there to its place; it replaces one of its name."""
        part = self._part(name)
        if not self.is_placed(name):  # or a killed process has placed it, and noted nothing
            settle(part, self.path(name))
        return sums_of(self.path(name))

    def adopt(
        self, files: Sequence[Path], progress: Progress | None = None, *, link: bool = False
    ) -> Iterator[tuple[str, Sums]]:
        """Copy files into the batch; name and sums of each.

        Parameters
        ----------
        link : bool
            Do not copy what can be linked: of files that nobody writes to any more.

        Raises
        ------
        UsageFault
            Two of them have one name, or one cannot be read.
        """
        say = progress or silent
        names = [check_file_name(file.name) for file in files]
        if twice := sorted(name for name, count in Counter(names).items() if count > 1):
            raise UsageFault(f"names that come twice: {', '.join(twice[:5])}")
        self._coming.mkdir(parents=True, exist_ok=True)
        for count, (file, name) in enumerate(zip(files, names, strict=True), 1):
            part = self._part(name)
            part.unlink(missing_ok=True)
            try:
                # A copy: what its owner does with the file afterwards must not change what was validated.
                link_or_copy(file, part) if link else shutil.copyfile(file, part)
            except OSError as exc:
                raise UsageFault(f"{file} cannot be taken: {exc.strerror}") from exc
            yield name, self.complete(name)
            say(count, len(files), "taking files")

    def forget(self, name: str) -> None:
        """Remove a file, or what is there of it."""
        self.path(name).unlink(missing_ok=True)
        self._part(name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _part(self, name: str) -> Path:
        return self._coming / check_file_name(name)


def link_or_copy(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the file system cannot do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sums_of(path: Path) -> Sums:
    """The sums of a file, read in pieces."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            sha256.update(piece)
            md5.update(piece)
            size += len(piece)
    return Sums(size, sha256.hexdigest(), md5.hexdigest())
