"""The links of many identifiers, read from the database a few hundred at a time."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import sqlalchemy as sa

from datalink.files import File, make_file, select_files
from datalink.links.params import parse_id
from datalink.links.query import select_relations
from datalink.links.rows import Link, Relation, Writer, make_batch
from vo_server.config import Settings
from vo_server.errors import NotFoundFault, TransientFault, VoError

CHUNK = 250  #: identifiers that one pair of statements looks up
TIMEOUT = 60  #: seconds for one pair of statements


class Lookup:
    """Finds links.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        May read the archive's own tables and ObsCore.
    has_preview : callable
        Whether this server can draw a preview of a file.
    """

    def __init__(
        self,
        engine: sa.Engine,
        obscore: sa.FromClause,
        settings: Settings,
        has_preview: Callable[[File], bool],
    ) -> None:
        self._engine = engine
        self._obscore = obscore
        self._settings = settings
        self._has_preview = has_preview

    def batches(self, ids: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows for ``ids``, all rows of one after another, in their order.

        Raises
        ------
        TransientFault
            The database does not answer.
        """
        writer = Writer(self._settings.root_url, datetime.now(UTC))
        for start in range(0, len(ids), CHUNK):
            yield make_batch(list(self._links(ids[start : start + CHUNK], writer)))

    def _links(self, ids: Sequence[str], writer: Writer) -> Iterator[Link]:
        wanted: dict[str, tuple[str, ...]] = {}
        faults: dict[str, VoError] = {}
        for text in ids:
            try:
                wanted[text] = parse_id(text, self._settings)
            except VoError as exc:
                faults[text] = exc
        files, relations = self._read(sorted({dp_id for dp_ids in wanted.values() for dp_id in dp_ids}))
        for text in ids:
            file = next((files[dp_id] for dp_id in wanted.get(text, ()) if dp_id in files), None)
            if file is None:
                yield writer.fault(text, faults.get(text) or NotFoundFault(f"{text} is not in this archive"))
            else:
                has_preview = self._has_preview(file)
                yield from writer.links(text, file, relations[file.dp_id], has_preview=has_preview)

    def _read(self, dp_ids: Sequence[str]) -> tuple[dict[str, File], dict[str, list[Relation]]]:
        relations: defaultdict[str, list[Relation]] = defaultdict(list)
        if not dp_ids:
            return {}, relations
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.text(f"SET LOCAL statement_timeout = '{TIMEOUT}s'"))
                rows = connection.execute(select_files(dp_ids, self._obscore))
                files = {row.dp_id: make_file(row) for row in rows}
                found = connection.execute(select_relations(sorted(files), self._obscore)) if files else ()
                for row in found:
                    related = make_file(row) if row.dp_id is not None else None
                    relations[row.subject].append(Relation(row.relation, row.name, row.role, related))
        except sa.exc.OperationalError as exc:
            raise TransientFault("the archive's database does not answer now: try again in a moment") from exc
        return files, relations
