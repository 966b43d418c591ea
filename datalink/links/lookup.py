"""The links of many identifiers, read from the database a few hundred at a time."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from datalink.files import File, make_file, select_files
from datalink.identifiers import Identifiers
from datalink.links.query import select_relations, select_withdrawn
from datalink.links.rows import Link, Relation, Writer, make_batch
from vo_server.archive import or_try_again
from vo_server.config import Settings
from vo_server.errors import VoError
from vo_server.formats import ServiceDescriptor
from vo_server.services import soda_descriptors

DESCRIBED = 20  #: identifiers whose parts are described one by one
CHUNK = 250  #: identifiers that one pair of statements looks up
DEEPEST = 4  #: steps back or on in the history of a file
MOST_LINKS = 2_000  #: of one identifier, when its history is followed
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

    def batches(self, ids: Sequence[str], services: list[ServiceDescriptor]) -> Iterator[pa.RecordBatch]:
        """The rows for ``ids``, all rows of one after another, in their order.

        Parameters
        ----------
        services : list of ServiceDescriptor
            Gets the descriptors that the rows refer to: one for each dataset, or one for all where there are
            more than `DESCRIBED`.

        Raises
        ------
        TransientFault
            The database does not answer.
        """
        if len(ids) > DESCRIBED:
            services += soda_descriptors(self._settings.root_url, "ID")
        for start in range(0, len(ids), CHUNK):
            yield self.batch(ids[start : start + CHUNK], services)

    def batch(self, ids: Sequence[str], services: list[ServiceDescriptor]) -> pa.RecordBatch:
        """The rows of `CHUNK` identifiers at most; raises as `batches`."""
        return make_batch(self.links(ids, services))

    def links(self, ids: Sequence[str], services: list[ServiceDescriptor]) -> list[Link]:
        """The same as `batches`, as values and all at once."""
        return list(self._links(ids, Writer(self._settings.root_url, datetime.now(UTC), services)))

    def _links(self, ids: Sequence[str], writer: Writer) -> Iterator[Link]:
        wanted = Identifiers.read(ids, self._settings)
        files, relations, gone = self._read(wanted.dp_ids)
        for text in ids:
            try:
                file = wanted.pick(text, files, gone)
            except VoError as exc:
                yield writer.fault(text, exc)
            else:
                has_preview = self._has_preview(file)
                yield from writer.links(text, file, relations[file.dp_id], has_preview=has_preview)

    def _read(
        self, dp_ids: Sequence[str]
    ) -> tuple[dict[str, File], dict[str, list[Relation]], dict[str, str]]:
        """Files, their relations, and what became of identifiers that are no files any more."""
        relations: defaultdict[str, list[Relation]] = defaultdict(list)
        if not dp_ids:
            return {}, relations, {}
        with or_try_again(), self._engine.begin() as connection:
            connection.execute(sa.text(f"SET LOCAL statement_timeout = '{TIMEOUT}s'"))
            rows = connection.execute(select_files(dp_ids, self._obscore))
            files = {row.dp_id: make_file(row) for row in rows}
            for subject, relation in self._related(connection, sorted(files)):
                relations[subject].append(relation)
            self._follow(connection, relations)
            missing = [dp_id for dp_id in dp_ids if dp_id not in files]
            gone = {row.dp_id: _withdrawn(row) for row in connection.execute(select_withdrawn(missing))}
        return files, relations, gone

    def _related(self, connection: sa.Connection, dp_ids: Sequence[str]) -> Iterator[tuple[str, Relation]]:
        """What belongs directly to files, with the file to which it belongs."""
        if not dp_ids:
            return
        for row in connection.execute(select_relations(dp_ids, self._obscore)):
            related = make_file(row) if row.dp_id is not None else None
            yield row.subject, Relation(row.relation, row.name, row.role, related)

    def _follow(self, connection: sa.Connection, relations: dict[str, list[Relation]]) -> None:
        """Add the progenitors of progenitors and the derivations of derivations, down to `DEEPEST`."""
        new = {subject: [each for each in found if each.is_lineage] for subject, found in relations.items()}
        for depth in range(2, DEEPEST + 1):
            steps = {each.file.dp_id for found in new.values() for each in found if each.file is not None}
            further: defaultdict[str, list[Relation]] = defaultdict(list)
            for dp_id, relation in self._related(connection, sorted(steps)):
                further[dp_id].append(relation)
            if not further:
                return
            for subject, found in new.items():
                new[subject] = list(_next(subject, found, further, relations[subject], depth))
                relations[subject] += new[subject]


def _withdrawn(row: sa.Row[Any]) -> str:
    return f"was withdrawn on {row.ended:%Y-%m-%d}: {row.reason}"


def _next(
    subject: str,
    found: Sequence[Relation],
    further: Mapping[str, Sequence[Relation]],
    known: Sequence[Relation],
    depth: int,
) -> Iterator[Relation]:
    """The relations one step further on the way of each of ``found``, those that are new."""
    seen = {(each.kind, each.file.dp_id if each.file else each.name) for each in known}
    count = len(known)
    for step in found:
        for each in further.get(step.file.dp_id, ()) if step.file else ():
            key = (each.kind, each.file.dp_id if each.file else each.name)
            is_self = each.file is not None and each.file.dp_id == subject
            if each.kind == step.kind and key not in seen and not is_self and count < MOST_LINKS:
                seen.add(key)
                count += 1
                yield replace(each, depth=depth)
