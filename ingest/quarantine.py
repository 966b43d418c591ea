"""Files that could not be taken: where they are and why, until they are taken or gone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ingest.report import Finding
from ingest.scan import storable
from vo_server.archive import QUARANTINE, among
from vo_server.files.stores import path_of


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One file that could not be taken.

    Attributes
    ----------
    since : datetime
        The first time that it could not.
    """

    path: str
    rules: tuple[str, ...]
    message: str
    since: datetime


def put(connection: sa.Connection, run_id: int, findings: Iterable[Finding]) -> None:
    """Note why files were not taken; what was said of them before is replaced, but for the day."""
    ordered = sorted(findings, key=attrgetter("file"))
    rows = [
        {
            "url": storable(Path(file).absolute().as_uri()),
            "rules": sorted({finding.rule for finding in of_file if finding.severity == "error"}),
            "message": storable("\n".join(f"{finding.rule}: {finding.message}" for finding in of_file)),
            "run_id": run_id,
        }
        for file, of_file in ((file, list(group)) for file, group in groupby(ordered, attrgetter("file")))
    ]
    if rows:
        statement = insert(QUARANTINE)
        changed = {name: statement.excluded[name] for name in ("rules", "message", "run_id")}
        connection.execute(statement.on_conflict_do_update(index_elements=["url"], set_=changed), rows)


def release(connection: sa.Connection, urls: Sequence[str]) -> None:
    """Forget what was said of files that are taken now."""
    connection.execute(sa.delete(QUARANTINE).where(among(QUARANTINE.c.url, urls)))


def listed(connection: sa.Connection) -> list[Quarantined]:
    """The files that are out, by their paths; those that are no longer on the disk are forgotten."""
    rows = connection.execute(sa.select(QUARANTINE).order_by(QUARANTINE.c.url)).all()
    paths = {row.url: path for row in rows if (path := path_of(row.url)) is not None and path.exists()}
    release(connection, [row.url for row in rows if row.url not in paths])
    return [
        Quarantined(str(paths[row.url]), tuple(row.rules), row.message, row.since)
        for row in rows
        if row.url in paths
    ]
