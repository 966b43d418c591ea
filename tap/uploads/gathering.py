"""From the UPLOAD parameter to what the engine loads, and the catalogue that has it."""

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from tap.uploads.fetching import Fetcher
from tap.uploads.parameter import Wanted
from vo_server.config import Settings
from vo_server.engine import Upload
from vo_server.errors import UsageFault
from vo_server.readers import Limits, ReadTable, read_table
from vo_server.tables import TEMPORARY, Catalog, Schema, Table

SCHEMA = "TAP_UPLOAD"
_DESCRIPTION = "Uploaded with the query"
READERS = 2  #: tables that are read at a time: each may take some times its size in memory

#: Writes the part of that name into a file and gives its media type; None where the request has none.
Parts = Callable[[str, Path], str | None]


class Gatherer:
    """Fetches and reads the tables of one query.

    Parameters
    ----------
    fetcher : Fetcher
        For tables behind a URL.
    limits : Limits
        Of each table.
    """

    def __init__(self, fetcher: Fetcher, limits: Limits) -> None:
        self._fetcher = fetcher
        self._limits = limits
        self._readers = threading.BoundedSemaphore(READERS)

    @classmethod
    def of(cls, settings: Settings) -> "Gatherer":
        """With the operator's limits."""
        fetcher = Fetcher(settings.upload_size, settings.upload_timeout, settings.upload_hosts)
        return cls(fetcher, Limits(settings.upload_size, settings.upload_rows))

    def gather(self, wanted: Sequence[Wanted], parts: Parts) -> tuple[Upload, ...]:
        """The tables, read.

        Raises
        ------
        UsageFault
            One is not there, cannot be read or is too large; the message names it.
        """
        with tempfile.TemporaryDirectory(prefix="vo-upload-") as directory:
            return tuple(self._one(w, Path(directory, str(n)), parts) for n, w in enumerate(wanted))

    def read(
        self, path: Path, media_type: str | None, texts: Mapping[str, pa.DataType] | None = None
    ) -> ReadTable:
        """The table of a file, when its turn has come; raises as `read_table`.

        ``texts`` are the types of columns of CSV and TSV that are known.
        """
        with self._readers:
            return read_table(path, media_type, self._limits, texts)

    def _one(self, wanted: Wanted, path: Path, parts: Parts) -> Upload:
        try:
            media_type = None
            if wanted.scheme == "param":
                media_type = parts(wanted.target, path)
                if not path.is_file():
                    raise UsageFault(
                        f"the request has no file part {wanted.target[:60]!r}: send it as multipart/form-data"
                    )
            else:
                self._fetcher.fetch(wanted.target, path)
            table = self.read(path, media_type)
        except UsageFault as exc:
            raise UsageFault(f"UPLOAD of {wanted.name}: {exc}") from exc
        stored_as = (TEMPORARY, wanted.name.lower())
        made = Table(f"{SCHEMA}.{wanted.name}", _DESCRIPTION, table.columns, stored_as=stored_as)
        return Upload(made, table.data)


def with_uploads(catalog: Catalog, uploads: Sequence[Upload]) -> Catalog:
    """The catalogue and the schema ``TAP_UPLOAD`` (TAP 1.1, Table Upload)."""
    if not uploads:
        return catalog
    return catalog.including(Schema(SCHEMA, _DESCRIPTION, tuple(upload.table for upload in uploads)))
