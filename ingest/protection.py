"""Until when files are proprietary, as it follows from the raw frames that they were made from.

ESO's access policy: processed data have the protection of the raw data that they derive from. Only files that
changed are looked at, with all that derives from them: a night costs the same in an archive of any size.
"""

from typing import Any

import sqlalchemy as sa

#: What a file was made from: what its PROVi name, and the raw frames of its recipes.
_BACK = """
    SELECT p.entity AS dp_id FROM archive.provenance p WHERE p.dp_id = {of}
    UNION ALL
    SELECT u.entity FROM archive.generation g JOIN archive.used u ON u.activity_id = g.activity_id
    WHERE g.dp_id = {of} AND u.kind = 'raw'
"""
#: What was made from a file.
_FORTH = """
    SELECT p.dp_id FROM archive.provenance p WHERE p.entity = {of}
    UNION ALL
    SELECT g.dp_id FROM archive.used u JOIN archive.generation g ON g.activity_id = u.activity_id
    WHERE u.entity = {of} AND u.kind = 'raw'
"""
#: UNION, not UNION ALL: a circle of products must end.
_AFFECTED = f"""
    CREATE TEMPORARY TABLE affected ON COMMIT DROP AS
    WITH RECURSIVE found (dp_id) AS (
        SELECT dp_id FROM changed
        UNION SELECT n.dp_id FROM found f CROSS JOIN LATERAL ({_FORTH.format(of="f.dp_id")}) n
    )
    SELECT dp_id FROM found
"""  # noqa: S608 - texts of ours
_RELEASED = f"""
    CREATE TEMPORARY TABLE released ON COMMIT DROP AS
    WITH RECURSIVE chain (dp_id, origin) AS (
        SELECT a.dp_id, n.dp_id FROM affected a CROSS JOIN LATERAL ({_BACK.format(of="a.dp_id")}) n
        UNION SELECT c.dp_id, n.dp_id FROM chain c CROSS JOIN LATERAL ({_BACK.format(of="c.origin")}) n
    )
    SELECT c.dp_id, max(r.release_date) AS release_date
    FROM chain c
    JOIN dbo.raw r ON r.dp_id = c.origin
    GROUP BY c.dp_id
"""  # noqa: S608 - texts of ours
_PRODUCTS = """
    UPDATE ivoa.obscore o
    SET obs_release_date = released.release_date
    FROM released
    WHERE o.dp_id = released.dp_id AND o.obs_release_date IS DISTINCT FROM released.release_date
"""
#: What nobody protects is public from the day of its publication.
_UNPROTECTED = """
    UPDATE ivoa.obscore o
    SET obs_release_date = o.publication_date
    FROM affected a
    WHERE o.dp_id = a.dp_id AND o.obs_release_date IS NULL
"""
_FILES = """
    UPDATE archive.file f
    SET release_date = timezone('UTC', o.obs_release_date)
    FROM affected a
    JOIN ivoa.obscore o ON o.dp_id = a.dp_id
    WHERE f.dp_id = a.dp_id AND f.release_date IS DISTINCT FROM timezone('UTC', o.obs_release_date)
"""
#: Former versions are not in ObsCore, and can be downloaded still.
_FORMER = """
    UPDATE archive.file f
    SET release_date = timezone('UTC', released.release_date)
    FROM released
    WHERE f.dp_id = released.dp_id AND f.kind = 'product'
        AND NOT EXISTS (SELECT FROM ivoa.obscore o WHERE o.dp_id = f.dp_id)
        AND f.release_date IS DISTINCT FROM timezone('UTC', released.release_date)
"""
#: Ancillary files are public with the last of their products.
_ANCILLARY = """
    WITH companions AS (
        SELECT DISTINCT s.associated
        FROM affected a
        JOIN archive.association s ON s.dp_id = a.dp_id
        WHERE s.associated IS NOT NULL
        UNION SELECT a.dp_id FROM affected a
    ),
    last AS (
        SELECT c.associated, max(science.release_date) AS release_date
        FROM companions c
        JOIN archive.association s ON s.associated = c.associated
        JOIN archive.file science ON science.dp_id = s.dp_id
        GROUP BY c.associated
    )
    UPDATE archive.file f
    SET release_date = last.release_date
    FROM last
    WHERE f.dp_id = last.associated AND f.kind = 'ancillary'
        AND f.release_date IS DISTINCT FROM last.release_date
"""


def spread_release_dates(connection: sa.Connection, changed: sa.Select[Any]) -> None:
    """Let products be released with the last of their raw files, ancillary files with their last product.

    Parameters
    ----------
    changed : Select
        One column, ``dp_id``: the files that are new or have changed.
    """
    for name in ("changed", "affected", "released"):
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS pg_temp.{name}")
    connection.exec_driver_sql("CREATE TEMPORARY TABLE changed (dp_id text NOT NULL) ON COMMIT DROP")
    table = sa.table("changed", sa.column("dp_id", sa.Text))
    connection.execute(sa.insert(table).from_select(["dp_id"], changed))
    connection.exec_driver_sql("ANALYZE changed")
    connection.exec_driver_sql(_AFFECTED)
    connection.exec_driver_sql("ANALYZE affected")
    for statement in (_RELEASED, _PRODUCTS, _UNPROTECTED, _FILES, _FORMER, _ANCILLARY):
        connection.exec_driver_sql(statement)
