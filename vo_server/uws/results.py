"""Where the results of jobs are kept: a directory, or any store that a URL names."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyarrow import fs

from vo_server.errors import NotFoundFault, TransientFault, UsageFault

PIECE = 1024 * 1024


def part_key(job_id: str, name: str) -> str:
    """Where a file that came with a job is kept until the job is destroyed; ``name`` is its part's."""
    return f"{job_id}/part-{hashlib.sha256(name.lower().encode()).hexdigest()[:32]}"


class ResultStore:
    """Files under the names of their jobs; a file is either there whole or not at all.

    Parameters
    ----------
    url : str
        ``file:///...`` or ``s3://bucket/prefix``.
    """

    def __init__(self, url: str) -> None:
        self._files, self._root = fs.FileSystem.from_uri(url)
        self._is_local = isinstance(self._files, fs.LocalFileSystem)

    @classmethod
    def of(cls, url: str | None, state_dir: Path) -> "ResultStore":
        """The store at ``url``; None means a directory in the server's own."""
        if url is None:
            directory = state_dir / "results"
            directory.mkdir(parents=True, exist_ok=True)
            url = directory.resolve().as_uri()
        return cls(url)

    def write(self, key: str, chunks: Iterable[bytes], largest: int | None = None) -> int:
        """Keep ``chunks`` under ``key`` (``<job>/<name>``); the number of bytes.

        Raises
        ------
        UsageFault
            There are more than ``largest`` bytes.
        TransientFault
            The store does not take them (it is full, or out of reach).
        """
        target = f"{self._root}/{key}"
        size = 0
        try:
            self._files.create_dir(target.rpartition("/")[0], recursive=True)
            with self._files.open_output_stream(f"{target}.part") as stream:
                for chunk in chunks:
                    stream.write(chunk)
                    size += len(chunk)
                    if largest is not None and size > largest:
                        raise UsageFault(
                            f"the result has more than {largest} bytes, the most that is kept: ask for fewer"
                            " rows or columns"
                        )
            self._files.move(f"{target}.part", target)
        except OSError as exc:
            raise TransientFault("the store of results cannot take the result now: try again later") from exc
        return size

    def path(self, key: str) -> Path | None:
        """The file of ``key`` where it is a local one, so that it can be sent in ranges."""
        return Path(self._root, key) if self._is_local else None

    def read(self, key: str) -> Iterator[bytes]:
        """The bytes of ``key`` in pieces.

        Raises
        ------
        NotFoundFault
            They are no longer there.
        """
        try:
            stream = self._files.open_input_stream(f"{self._root}/{key}")
        except FileNotFoundError as exc:
            raise NotFoundFault("the result is no longer there: run the job again") from exc
        with stream:
            while piece := stream.read(PIECE):
                yield piece

    def delete(self, job_id: str) -> None:
        """Remove everything of a job; nothing there is as good."""
        try:
            self._files.delete_dir(f"{self._root}/{job_id}")
        except FileNotFoundError:
            return
