"""Pictures of products: drawn in processes of their own, and kept (no web here)."""

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from datalink.files import CHUNK, File, find_files
from datalink.previews.thumbnails import KINDS, NOTHING
from vo_server.archive import FILE
from vo_server.errors import FatalFault, NotFoundFault, TransientFault, VoError
from vo_server.files.kept import keep, kept_or_made
from vo_server.products import ObsCore
from vo_server.progress import Progress

#: Types of product that a picture can show.
PRODUCT_TYPES = ("image", "cube", "spectrum", "measurements")
MAX_BYTES = 2 * 1024**3  #: of a file that is opened to be drawn
MAX_PACKED = 256 * 1024**2  #: the same of a compressed one, which has to be unpacked in memory
LONGEST = 60.0  #: seconds that a drawing may take
DRAWN_AT_ONCE = 2  #: the other requests of the process wait for memory and processor


class Drawings:
    """The pictures that were drawn, by the SHA-256 of what they show, in a directory.

    An empty file tells that a content cannot be drawn.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._turns = threading.Semaphore(DRAWN_AT_ONCE)

    def may_have(self, file: File) -> bool:
        """Whether there is a picture of ``file``, as far as one knows without drawing it."""
        largest = MAX_PACKED if file.compression else MAX_BYTES
        if not file.is_fits or file.product_type not in PRODUCT_TYPES or file.size > largest:
            return False
        try:
            return self._place(file, "preview").stat().st_size > 0
        except OSError:
            return True

    def get(self, file: File, kind: str = "preview") -> bytes:
        """The picture of ``file``, drawn when it is asked for the first time.

        Raises
        ------
        NotFoundFault
            It cannot be drawn.
        TransientFault
            The store does not have the file now, or drawing takes too long.
        """
        place = self._place(file, kind)
        if not self.may_have(file):
            raise NotFoundFault(f"there is no preview of {file.dp_id}")
        picture = kept_or_made(place, self._turns, lambda: self._draw(file, kind))
        if not picture:
            raise NotFoundFault(f"no preview of {file.dp_id} can be made: nothing in it can be drawn")
        return picture

    def has(self, file: File, kind: str = "preview") -> bool:
        """Whether a picture was drawn already, or it was found that there is none."""
        return self._place(file, kind).exists()

    def keep(self, file: File, kind: str, picture: bytes) -> None:
        """Keep a picture that was drawn elsewhere; nothing means that there is none."""
        keep(self._place(file, kind), picture)

    def environment(self) -> dict[str, str]:
        """The variables of a process that draws: it keeps its list of fonts, which takes seconds to make."""
        return {**os.environ, "MPLCONFIGDIR": str(self._directory / "fonts")}

    def _draw(self, file: File, kind: str) -> bytes:
        if not file.path.is_file() or file.path.stat().st_size != file.size:
            raise TransientFault(f"the file {file.dp_id} cannot be read from the store now: try again later")
        title = file.title or file.origfile or file.dp_id
        command = [sys.executable, "-P", "-m", "datalink.previews.reading", kind, str(file.path), title]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=LONGEST, check=False, env=self.environment()
            )
        except (subprocess.TimeoutExpired, OSError) as exc:
            raise TransientFault(f"the preview of {file.dp_id} is not ready: try again later") from exc
        if done.returncode == NOTHING:
            return b""
        if done.returncode or not done.stdout:
            raise FatalFault(f"the preview of {file.dp_id} could not be made")
        return done.stdout

    def _place(self, file: File, kind: str) -> Path:
        return self._directory / kind / file.sha256[:2] / f"{file.sha256}.png"


def drawable_files(engine: sa.Engine, drawings: Drawings, since: datetime | None = None) -> Iterator[File]:
    """The files of the archive that may have pictures, and of which one is not drawn yet.

    ``since`` leaves out those that were not new or changed at that time or later.
    """
    obscore = ObsCore.read().relation
    with engine.connect() as connection:
        products = sa.select(FILE.c.dp_id).where(FILE.c.kind == "product").order_by(FILE.c.dp_id)
        if since is not None:
            products = products.where(FILE.c.modified >= since)
        names = connection.scalars(products).all()
    for start in range(0, len(names), CHUNK):
        for file in find_files(engine, obscore, names[start : start + CHUNK]).values():
            if drawings.may_have(file) and not all(drawings.has(file, kind) for kind in KINDS):
                yield file


def draw_all(files: Iterable[File], drawings: Drawings, workers: int, progress: Progress) -> int:
    """Draw every picture of the files that is not there yet; how many were drawn.

    It can be stopped at any moment: what is drawn is kept, and the next run goes on.
    """
    from datalink.previews.reading import draw  # it loads what draws, which a server need not have

    wanted = [(file, kind) for file in files for kind in KINDS if not drawings.has(file, kind)]
    count = 0
    # A forked process would inherit the locks of threads that it does not have.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (drawings.environment(),)) as pool:
        jobs: dict[Future[bytes], tuple[File, str]] = {}
        for file, kind in wanted:
            jobs[pool.submit(draw, kind, str(file.path), file.title or file.dp_id)] = (file, kind)
        for done, job in enumerate(as_completed(jobs), 1):
            file, kind = jobs[job]
            count += _keep_drawn(job, file, kind, drawings)
            progress(done, len(wanted), "pictures")
    return count


def _begin(environment: dict[str, str]) -> None:
    """What a drawing process does first."""
    os.environ.update(environment)


def _keep_drawn(job: Future[bytes], file: File, kind: str, drawings: Drawings) -> bool:
    try:
        drawings.keep(file, kind, job.result())
    except BrokenProcessPool:
        # One file has killed a process: the others are drawn one by one.
        try:
            drawings.get(file, kind)
        except VoError:
            return False
    return True
