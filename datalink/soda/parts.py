"""From a request to parts: which files, who may have them, one part after the other."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from datalink.downloads.corrected import find_headers
from datalink.downloads.sending import open_stored
from datalink.files import File, check_public, find_files
from datalink.identifiers import Identifiers
from datalink.soda.faults import NothingThere
from datalink.soda.params import Cut, SodaParams
from vo_server.config import Settings
from vo_server.errors import UsageFault, VoError
from vo_server.products import ObsCore

PIECE = 1024 * 1024  #: bytes that are copied at once
FITS, VOTABLE = "application/fits", "application/x-votable+xml"
#: First word of an error's text (SODA 1.0, Errors), by the status of a fault.
WORDS = {
    401: "AuthenticationError",
    403: "AuthorizationError",
    429: "ServiceUnavailable",
    503: "ServiceUnavailable",
}


def error_text(exc: VoError) -> str:
    """An error as SODA tells it: plain text that begins with one of its words."""
    word = WORDS.get(exc.status, "UsageError" if isinstance(exc, UsageFault) else "Error")
    return f"{word}: {exc}\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One part: of which file, which cut of it, and what it is called."""

    did: str
    file: File
    cut: Cut
    name: str
    media_type: str


class Parts:
    """Finds files and makes parts of them, for requests and for jobs.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read the archive's own tables and ObsCore.
    """

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._obscore = ObsCore.read().relation

    def wanted(self, params: SodaParams) -> list[Wanted]:
        """Every part of a request.

        Raises
        ------
        NotFoundFault
            An identifier is not one of a file here.
        AuthorizationFault
            A file is not public yet.
        UsageFault
            A file is not FITS, or cannot be had in the format that is asked for.
        TransientFault
            The database does not answer.
        """
        identifiers = Identifiers.read(params.ids, self._settings)
        known = find_files(self._engine, self._obscore, identifiers.dp_ids)
        files = {text: identifiers.pick(text, known) for text in params.ids}
        found: list[Wanted] = []
        for text, cut in params.jobs():
            file = files[text]
            check_public(file)
            if not file.is_fits:
                raise UsageFault(f"{file.dp_id} is {file.media_type}: parts are cut out of FITS files")
            if params.is_votable and file.product_type not in ("spectrum", "sed"):
                raise UsageFault(f"{file.dp_id} is no spectrum: only these can be had as VOTable")
            number = f"_{len(found) + 1}" if len(params.ids) * len(params.cuts) > 1 else ""
            ending = "vot" if params.is_votable else "fits"
            kind = VOTABLE if params.is_votable else FITS
            found.append(Wanted(text, file, cut, f"{file.dp_id}_part{number}.{ending}", kind))
        return found

    def make_or_explain(self, wanted: Wanted, sink: BinaryIO) -> tuple[str, str]:
        """Write the part, or a text in the place of one that cannot be had; its name and its media type."""
        try:
            self.make(wanted, sink)
        except (NothingThere, VoError) as exc:
            nothing = f"NoContent: {wanted.file.dp_id} has nothing of what was asked for\n"
            sink.seek(0)
            sink.truncate()
            sink.write((error_text(exc) if isinstance(exc, VoError) else nothing).encode())
            return f"{wanted.name}.txt", "text/plain"
        return wanted.name, wanted.media_type

    def make(self, wanted: Wanted, sink: BinaryIO) -> None:
        """Write the part into a file that can seek.

        Raises
        ------
        NothingThere
            The dataset has nothing of what is wanted.
        VoError
            It cannot be made.
        """
        # Half a second of imports, for which neither a server nor a worker should wait when it starts.
        from astropy.io import fits

        from datalink.soda.cutting import cut_file
        from datalink.soda.votable import spectrum_votable

        with self._content(wanted.file) as path:
            if wanted.cut.is_whole and wanted.media_type == FITS:
                with path.open("rb") as file:
                    shutil.copyfileobj(file, sink, PIECE)
                return
            if wanted.media_type == FITS:
                cut_file(path, wanted.cut, wanted.file.dp_id, sink, self._settings.cutout_size)
                return
            with tempfile.NamedTemporaryFile(prefix="vo-server-soda-") as part:
                if not wanted.cut.is_whole:
                    cut_file(path, wanted.cut, wanted.file.dp_id, part, self._settings.cutout_size)  # type: ignore[arg-type]
                    part.flush()
                    path = Path(part.name)
                with fits.open(path) as hdus:
                    sink.writelines(spectrum_votable(hdus, wanted.did))

    @contextmanager
    def _content(self, file: File) -> Iterator[Path]:
        """A place where the file is as it is sent: of one whose header was corrected, a copy for the time."""
        stored = open_stored(file, find_headers(self._engine, file))
        with stored.stream:
            if not file.is_corrected:
                yield file.path
            elif file.sent_path is not None:
                yield file.sent_path
            else:
                with tempfile.NamedTemporaryFile(prefix="vo-server-soda-", suffix=".fits") as copy:
                    copy.writelines(stored.pieces())
                    copy.flush()
                    yield Path(copy.name)
