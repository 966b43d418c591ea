"""The report of a batch's last check: its head is kept with the batch, findings with their files.

So a file that is sent again loses what was found of the former one only, and nobody has to hold the whole.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa

from vo_server.archive import BATCH, BATCH_FILE, or_try_again
from vo_server.errors import NotFoundFault

CHUNK = 1_000  #: files at a time

_KEEP = sa.text(
    "UPDATE archive.batch_file f SET category = nullif(c.told ->> 'category', ''), checked = c.told"
    " FROM jsonb_to_recordset(CAST(:files AS jsonb)) AS c(name text, told jsonb)"
    " WHERE f.batch_id = :batch_id AND f.name = c.name"
)
_CLASSES = sa.text(
    """
    WITH found AS (
        SELECT
            one,
            one ->> 'family' AS family,
            count(*) OVER (PARTITION BY one ->> 'family') AS number,
            row_number() OVER (PARTITION BY one ->> 'family' ORDER BY one ->> 'severity', f.name, pos) AS rank
        FROM archive.batch_file f
        CROSS JOIN LATERAL jsonb_array_elements(f.checked -> 'findings') WITH ORDINALITY AS e (one, pos)
        WHERE f.batch_id = :batch_id AND one ->> 'severity' = ANY(:severities)
    )
    SELECT family, number, one FROM found WHERE rank <= :most ORDER BY family, rank
    """
)


@dataclass(frozen=True, slots=True)
class FindingClass:
    """What is wrong in one way.

    Attributes
    ----------
    number : int
        How many findings there are.
    findings : list of mapping
        The first of them, errors before warnings, by file.
    """

    family: str
    number: int
    findings: list[Mapping[str, Any]]


def keep_files(
    connection: sa.Connection, batch_id: int, files: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    """Keep what was found of files, by their names, inside the caller's transaction."""
    rows = iter(files)
    while chunk := [{"name": name, "told": told} for name, told in islice(rows, CHUNK)]:
        connection.execute(_KEEP, {"batch_id": batch_id, "files": json.dumps(chunk)})


def read_head(engine: sa.Engine, batch_id: int) -> Mapping[str, Any]:
    """Standard, verdict and counts of the last check.

    Raises
    ------
    NotFoundFault
        There was none.
    """
    with or_try_again(), engine.connect() as connection:
        found: Mapping[str, Any] | None = connection.scalar(
            sa.select(BATCH.c.report).where(BATCH.c.batch_id == batch_id)
        )
    if found is None:
        raise NotFoundFault(f"batch {batch_id} was not checked yet")
    return found


def report_text(engine: sa.Engine, batch_id: int, head: Mapping[str, Any]) -> Iterator[str]:
    """The whole report as the text of a JSON document, in pieces: its head, and its ``files``."""
    yield json.dumps(head, indent=1).removesuffix("\n}") + ',\n "files": ['
    is_checked = (BATCH_FILE.c.batch_id == batch_id, BATCH_FILE.c.checked.is_not(None))
    query = sa.select(BATCH_FILE.c.name, BATCH_FILE.c.checked).where(*is_checked).order_by(BATCH_FILE.c.name)
    before, last = "\n", ""
    # In parts: no connection is kept while a slow client takes what came.
    while rows := _rows(engine, query.where(BATCH_FILE.c.name > last).limit(CHUNK)):
        for row in rows:
            yield before + json.dumps({"path": row.name, **row.checked})
            before = ",\n"
        last = rows[-1].name
    yield "\n]}\n"


def _rows(engine: sa.Engine, query: sa.Executable) -> Sequence[sa.Row[Any]]:
    with or_try_again(), engine.connect() as connection:
        return connection.execute(query).all()


def findings_by_class(
    engine: sa.Engine, batch_id: int, severities: Sequence[str], most: int
) -> list[FindingClass]:
    """What the last check found, by class; at most ``most`` findings of each."""
    told = {"batch_id": batch_id, "severities": list(severities), "most": most}
    rows = _rows(engine, _CLASSES.bindparams(**told))
    groups = ((family, list(found)) for family, found in groupby(rows, lambda row: row.family))
    return [FindingClass(family, found[0].number, [row.one for row in found]) for family, found in groups]
