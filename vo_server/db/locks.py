"""Locks between processes: the advisory ones of the archive's database."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def holding(engine: sa.Engine, key: int | str, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock in the block; it ends with the connection, also when the process is killed.

    No transaction is open meanwhile: it would keep the database from cleaning up.

    Parameters
    ----------
    key : int or str
        Names the lock.
    wait : bool
        Whether to wait while another process holds it.

    Yields
    ------
    bool
        Whether the lock is held: false only where another process has it and ``wait`` is false.
    """
    name = sa.func.hashtextextended(key, 0) if isinstance(key, str) else sa.literal(key, sa.BigInteger)
    take = sa.func.pg_advisory_lock if wait else sa.func.pg_try_advisory_lock
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # A lock that was waited for has no value.
        is_held = connection.scalar(sa.select(take(name))) is not False
        try:
            yield is_held
        finally:
            if is_held:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(name)))
