"""A batch of files into the database: COPY into staging tables, then one upsert each, in one transaction.

Loading a batch twice changes nothing. A row that changes leaves its former self in ``archive.file_history``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from ingest import delivery, lineage
from ingest.copy import copy, to_arrow
from ingest.hidden import with_hidden_columns
from ingest.keywords import add_headers, remove_headers
from ingest.lineage import Identified
from vo_server import schemas
from vo_server.archive import ASSOCIATION, FILE, FILE_HISTORY, among
from vo_server.instants import utc_now
from vo_server.schemas import instruments
from vo_server.tables import Table

#: Kind of file -> the published table of its rows.
PUBLISHED = {"product": "ivoa.obscore", "raw": "dbo.raw"}
DATALINK = "application/x-votable+xml;content=datalink"
#: Columns that tell when a row was written: they make no difference, and only a change sets them.
_CLOCKS = frozenset({"last_mod_date", "modified", "ingested", "mtime_ns"})
#: Columns that keep what they have when nothing new is known.
_KEPT = frozenset({"publication_date", "ingested", "obs_release_date", "release_date"})


@dataclass(frozen=True, slots=True)
class Place:
    """What the addresses of an archive begin with."""

    root_url: str
    authority: str

    def publisher_did(self, dp_id: str) -> str:
        """``obs_publisher_did`` of a file."""
        return f"ivo://{self.authority}/ID?{dp_id}"

    def datalink(self, dp_id: str) -> str:
        """The DataLink document of a file (DataLink 1.1, the ID parameter)."""
        return f"{self.root_url}/datalink/links?ID={quote(self.publisher_did(dp_id), safe='')}"

    def download(self, dp_id: str) -> str:
        """The file itself."""
        return f"{self.root_url}/download/{quote(dp_id, safe=':')}"

    def preview(self, dp_id: str) -> str:
        """The page that shows a product."""
        return f"{self.root_url}/preview/{quote(dp_id, safe=':')}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many files were new, changed, and the same as before."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0


def load(connection: sa.Connection, batch: Sequence[Identified], place: Place, state_dir: Path) -> Loaded:
    """Load a batch inside the caller's transaction.

    Parameters
    ----------
    batch : sequence of Identified
        No identifier and no address twice.
    state_dir : Path
        Where the Parquet files of headers are.
    """
    now = datetime.now(UTC)
    _stage(connection, FILE, [_file_row(entry, now) for entry in batch])
    metadata = schemas.metadata(schemas.builtin())
    staged = [FILE]
    for name in PUBLISHED.values():
        rows = _published_rows(batch, name, place, now)
        _stage(connection, metadata.tables[name], with_hidden_columns(_declaration(name), rows))
        staged.append(metadata.tables[name])
    staged += _stage_setups(connection, batch)
    _stage_as_published(connection)
    displaced = _remove_displaced(connection)
    states = _states(connection, staged[1:])
    _keep_history(connection, metadata, [dp_id for dp_id, state in states.items() if state.differs])
    for relation in staged:
        upsert(connection, relation)
    _remove_former(connection, metadata, staged, list(states))
    fresh = [
        entry
        for entry in batch
        if (state := states.get(entry.dp_id)) is None or state.has_new_bytes or entry.has_new_header
    ]
    _replace_details(connection, fresh, [entry.dp_id for entry in fresh if entry.dp_id in states])
    add_headers(connection, state_dir, [(entry.dp_id, entry.parsed.headers) for entry in fresh])
    # An archive that is older than this code knows files without their recipes.
    known = {entry.dp_id for entry in fresh}
    untold = lineage.differing(connection, [entry for entry in batch if entry.dp_id not in known])
    lineage.replace(connection, [*fresh, *untold])
    lineage.find_entities(connection, [entry.dp_id for entry in batch], displaced)
    replaced = sum(state.differs for state in states.values())
    return Loaded(len(batch) - len(states), replaced, len(states) - replaced)


def _declaration(name: str) -> Table:
    return next(t for schema in schemas.builtin() for t in schema.tables if t.name.lower() == name)


def _file_row(entry: Identified, now: datetime) -> dict[str, Any]:
    parsed = entry.parsed
    release = parsed.row.get("release_date") or parsed.row.get("obs_release_date")
    return {
        "dp_id": entry.dp_id,
        "kind": parsed.kind,
        "category": parsed.category,
        "collection": parsed.collection,
        "origfile": parsed.origfile,
        "url": parsed.candidate.url,
        "size": parsed.candidate.size,
        "sha256": parsed.sha256,
        "md5": parsed.md5,
        "datamd5": parsed.datamd5,
        "media_type": parsed.media_type,
        "compression": parsed.compression,
        "release_date": release.replace(tzinfo=UTC) if release else None,
        "ingested": now,
        "modified": now,
        "mtime_ns": parsed.candidate.mtime_ns,
    }


def _published_rows(
    batch: Sequence[Identified], name: str, place: Place, now: datetime
) -> list[dict[str, Any]]:
    """The rows of a published table: what was mapped, and the columns that the archive fills."""
    if name == PUBLISHED["raw"]:
        return [
            {**entry.parsed.row, **_own(entry, now), **_raw_addresses(entry.dp_id, place)}
            for entry in batch
            if entry.parsed.kind == "raw"
        ]
    return [
        {**row, **_own(entry, now), **_product_addresses(entry.dp_id, place, now)}
        for entry in batch
        if (row := entry.parsed.row if entry.parsed.kind == "product" else entry.parsed.obscore) is not None
    ]


def _own(entry: Identified, now: datetime) -> dict[str, Any]:
    # ObsCore 1.1 counts kilobytes, of 1000 bytes.
    size = -(-entry.parsed.candidate.size // 1000)
    return {"dp_id": entry.dp_id, "access_estsize": size, "last_mod_date": now.replace(tzinfo=None)}


def _raw_addresses(dp_id: str, place: Place) -> dict[str, Any]:
    return {"access_url": place.download(dp_id), "datalink_url": place.datalink(dp_id)}


def _product_addresses(dp_id: str, place: Place, now: datetime) -> dict[str, Any]:
    return {
        "obs_publisher_did": place.publisher_did(dp_id),
        "access_url": place.datalink(dp_id),
        "access_format": DATALINK,
        "preview_html": place.preview(dp_id),
        "publication_date": now.replace(tzinfo=None),
    }


def _stage_as_published(connection: sa.Connection) -> None:
    """Let staged files of releases say what their release says, and former versions have no row.

    Headers do not know the collection and the description of a release.
    """
    product, file = _staging(schemas.metadata(schemas.builtin()).tables[PUBLISHED["product"]]), _staging(FILE)
    connection.exec_driver_sql(
        f"UPDATE {product} s SET obs_collection = p.collection, p3orig = r.origin,"  # noqa: S608
        " release_description = r.release_description,"
        " bib_reference = coalesce(s.bib_reference, r.bib_reference)"
        " FROM phase3.products p JOIN phase3.releases r USING (collection, release)"
        " WHERE p.dp_id = s.dp_id AND p.status <> 'withdrawn'"
    )
    connection.exec_driver_sql(
        f"UPDATE {file} s SET collection = p.collection, origfile = p.origfile"  # noqa: S608
        " FROM phase3.products p WHERE p.dp_id = s.dp_id AND p.status <> 'withdrawn'"
    )
    connection.exec_driver_sql(
        f"DELETE FROM {product} s USING phase3.products p"  # noqa: S608
        " WHERE p.dp_id = s.dp_id AND p.status IN ('obsolete', 'deprecated')"
    )


def _stage_setups(connection: sa.Connection, batch: Sequence[Identified]) -> list[sa.Table]:
    """Stage the set-ups of raw frames, each in the table of its instrument; these tables."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for entry in batch:
        if entry.parsed.setup is not None:
            instrument, values = entry.parsed.setup
            rows.setdefault(instrument, []).append({"dp_id": entry.dp_id, **values})
    relations = [instruments.metadata().tables[f"{instruments.STORED}.{name}"] for name in sorted(rows)]
    for relation in relations:
        _stage(connection, relation, rows[relation.name])
    return relations


def _name(relation: sa.Table) -> str:
    return f"{relation.schema}.{relation.name}"


def _staging(relation: sa.Table) -> str:
    return f"stage_{relation.name}"


def _stage(connection: sa.Connection, relation: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """A temporary table like ``relation``, with ``rows``."""
    staging = _staging(relation)
    # One of an earlier batch of the same transaction.
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS pg_temp.{staging}")
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {staging} (LIKE {_name(relation)}) ON COMMIT DROP")
    copy(connection, staging, to_arrow(relation, [column.name for column in relation.columns], rows))
    if rows:
        connection.exec_driver_sql(f"ANALYZE {staging}")


def _difference(relation: sa.Table) -> str:
    """SQL: the row ``f`` of ``relation`` and the staged row ``s`` differ in more than the time of writing."""
    tests = []
    for column in relation.columns:
        if column.name in _CLOCKS or column.name == "publication_date":
            continue
        # A cube has no operator for every comparison; its text is as exact.
        kind = "::text" if type(column.type).__name__ == "Cube" else ""
        new = f's."{column.name}"'
        if column.name in _KEPT:
            new = f'coalesce({new}, f."{column.name}")'
        tests.append(f'f."{column.name}"{kind} IS DISTINCT FROM {new}{kind}')
    return f"({' OR '.join(tests)})"


@dataclass(frozen=True, slots=True)
class _State:
    """A file that is staged and in the archive: does anything differ, and its bytes?"""

    differs: bool
    has_new_bytes: bool


def _states(connection: sa.Connection, relations: Sequence[sa.Table]) -> dict[str, _State]:
    tests, joins = [_difference(FILE)], []
    for relation in relations:
        alias = f"{relation.schema}_{relation.name}"
        # A row that is only in one of both differs: its identifier does.
        joins.append(
            f"LEFT JOIN LATERAL (SELECT {_difference(relation)} AS differs"  # noqa: S608
            f" FROM (SELECT * FROM {_staging(relation)} WHERE dp_id = x.dp_id) s"
            f" FULL JOIN (SELECT * FROM {_name(relation)} WHERE dp_id = x.dp_id) f ON f.dp_id = s.dp_id"
            f") {alias} ON true"
        )
        tests.append(f"coalesce({alias}.differs, false)")
    sql = (
        f"SELECT x.dp_id, {' OR '.join(tests)}, f.sha256 <> s.sha256 "  # noqa: S608 - names of ours
        f"FROM {_staging(FILE)} x JOIN {_staging(FILE)} s ON s.dp_id = x.dp_id "
        f"JOIN {_name(FILE)} f ON f.dp_id = s.dp_id {' '.join(joins)}"
    )
    return {row[0]: _State(row[1], row[2]) for row in connection.exec_driver_sql(sql)}


def _keep_history(connection: sa.Connection, metadata: sa.MetaData, dp_ids: Sequence[str]) -> None:
    """The file rows and published rows of ``dp_ids`` as they are now, into the history."""
    if not dp_ids:
        return
    obscore, raw = (metadata.tables[name] for name in PUBLISHED.values())
    # A raw frame may have a row in both: that of dbo.raw says more.
    row = sa.func.jsonb_build_object(
        "file", sa.func.to_jsonb(FILE.table_valued()),
        "row", sa.func.coalesce(*(sa.func.to_jsonb(table.table_valued()) for table in (raw, obscore))),
    )  # fmt: skip
    joined = FILE.outerjoin(obscore, obscore.c.dp_id == FILE.c.dp_id).outerjoin(
        raw, raw.c.dp_id == FILE.c.dp_id
    )
    former = sa.select(FILE.c.dp_id, row).select_from(joined).where(among(FILE.c.dp_id, dp_ids))
    connection.execute(sa.insert(FILE_HISTORY).from_select(["dp_id", "row"], former))


def upsert(connection: sa.Connection, relation: sa.Table) -> None:
    """Staged rows into ``relation``: new ones inserted, those that differ updated."""
    names = [column.name for column in relation.columns]
    listed = ", ".join(f'"{name}"' for name in names)
    updates = ", ".join(
        f'"{name}" = coalesce(f."{name}", EXCLUDED."{name}")'
        if name in ("publication_date", "ingested")
        else f'"{name}" = coalesce(EXCLUDED."{name}", f."{name}")'
        if name in _KEPT
        else f'"{name}" = EXCLUDED."{name}"'
        for name in names
        if name != "dp_id"
    )
    changed = _difference(relation).replace('s."', 'EXCLUDED."')
    if relation is FILE:
        changed = f"({changed} OR f.mtime_ns <> EXCLUDED.mtime_ns)"
    connection.exec_driver_sql(
        f"INSERT INTO {_name(relation)} AS f ({listed}) SELECT {listed} FROM {_staging(relation)} "  # noqa: S608
        f"ON CONFLICT (dp_id) DO UPDATE SET {updates} WHERE {changed}"
    )


def _remove_displaced(connection: sa.Connection) -> list[str]:
    """Forget files whose place another file has taken; which these were."""
    displaced = connection.exec_driver_sql(
        f"SELECT f.dp_id FROM {_name(FILE)} f JOIN {_staging(FILE)} s"  # noqa: S608
        " ON s.url = f.url AND s.dp_id <> f.dp_id"
    )
    if gone := list(displaced.scalars()):
        remove(connection, gone)
    return gone


def remove(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Forget files inside the caller's transaction; what they were is kept in the history."""
    if retire(connection, dp_ids):
        connection.execute(sa.delete(FILE).where(among(FILE.c.dp_id, dp_ids)))
        _remove_details(connection, dp_ids)
        lineage.remove(connection, dp_ids)
        lineage.find_entities(connection, [], dp_ids)
        delivery.forget(connection, dp_ids)


def retire(connection: sa.Connection, dp_ids: Sequence[str]) -> bool:
    """Take files out of the published tables inside the caller's transaction: the files themselves stay.

    Returns
    -------
    bool
        Whether there were any.
    """
    if not dp_ids:
        return False
    metadata = schemas.metadata(schemas.builtin())
    _keep_history(connection, metadata, dp_ids)
    for relation in _with_rows(metadata):
        connection.execute(sa.delete(relation).where(among(relation.c.dp_id, dp_ids)))
    return True


def bring_back(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    """Put retired products into ObsCore again inside the caller's transaction, as they were last."""
    obscore = schemas.metadata(schemas.builtin()).tables[PUBLISHED["product"]]
    name = _name(obscore)
    connection.execute(
        sa.text(
            f"INSERT INTO {name} SELECT former.* FROM"  # noqa: S608 - names of ours
            " (SELECT DISTINCT ON (dp_id) row -> 'row' AS row FROM archive.file_history"
            " WHERE dp_id = ANY(:dp_ids) AND jsonb_typeof(row -> 'row') = 'object'"
            " ORDER BY dp_id, history_id DESC) last,"
            f" jsonb_populate_record(NULL::{name}, last.row) former ON CONFLICT (dp_id) DO NOTHING"
        ),
        {"dp_ids": list(dp_ids)},
    )
    now = utc_now()
    connection.execute(sa.update(obscore).values(last_mod_date=now).where(among(obscore.c.dp_id, dp_ids)))


def _remove_former(
    connection: sa.Connection, metadata: sa.MetaData, staged: Sequence[sa.Table], dp_ids: Sequence[str]
) -> None:
    """Forget rows of files where they no longer belong: a frame of another kind or instrument now."""
    for relation in _with_rows(metadata) if dp_ids else ():
        former = sa.delete(relation).where(among(relation.c.dp_id, dp_ids))
        if relation in staged:
            copy_of = sa.table(_staging(relation), sa.column("dp_id"))
            former = former.where(relation.c.dp_id.not_in(sa.select(copy_of.c.dp_id)))
        connection.execute(former)


def _with_rows(metadata: sa.MetaData) -> list[sa.Table]:
    """Every table that has rows of files, beside `FILE`."""
    published = (metadata.tables[name] for name in PUBLISHED.values())
    return [*published, *instruments.metadata().sorted_tables]


def _remove_details(connection: sa.Connection, dp_ids: Sequence[str]) -> None:
    connection.execute(sa.delete(ASSOCIATION).where(among(ASSOCIATION.c.dp_id, dp_ids)))
    remove_headers(connection, dp_ids)


def _replace_details(connection: sa.Connection, fresh: Sequence[Identified], former: Sequence[str]) -> None:
    """Associations of files that are new or have new bytes; their former headers go."""
    if former:
        _remove_details(connection, former)
    associated = [
        {"dp_id": entry.dp_id, "pos": pos, "name": association.name, "category": association.category}
        for entry in fresh
        for pos, association in enumerate(entry.parsed.associations, 1)
    ]
    if associated:
        copy(connection, _name(ASSOCIATION), to_arrow(ASSOCIATION, list(associated[0]), associated))
