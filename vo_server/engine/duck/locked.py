"""A DuckDB that reads the files of one directory and nothing else."""

import os
import shutil
import socket
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import duckdb

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What all queries of one process may use together.

    Attributes
    ----------
    memory : int
        Bytes.
    space : int
        Bytes of temporary files, for sorts and joins that do not fit into memory.
    threads : int
        Cores.
    """

    memory: int = 1024 * MEGABYTE
    space: int = 10 * 1024 * MEGABYTE
    threads: int = 2


def open_locked(readable: Path, temporary: Path, limits: Limits) -> duckdb.DuckDBPyConnection:
    """A database in memory with the macros of schema ``vo``, whose settings nobody changes any more.

    Parameters
    ----------
    readable : Path
        The directory below which it may open files.
    temporary : Path
        Where each process has a directory of its own for what does not fit into memory.
    """
    # Nothing is fetched and nothing loaded: what it can do came with the package.
    database = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    settings = {
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        # What PostgreSQL refuses is refused: 1 / 0.0, the root of -1.
        "ieee_floating_point_ops": "false",
        # A NaN is above every number, and no statistics of a file tell that it is there.
        "parquet_can_have_nan": "true",
        # A transaction sees the tables as they are when it begins, not when it first asks.
        "immediate_transaction_mode": "true",
        "parquet_metadata_cache": "true",
        "threads": str(limits.threads),
        "memory_limit": _text(f"{limits.memory // MEGABYTE}MiB"),
        "max_temp_directory_size": _text(f"{limits.space // MEGABYTE}MiB"),
        "temp_directory": _text(str(_own_directory(temporary))),
        "allowed_directories": f"[{_text(f'{readable.resolve()}/')}]",
        "enable_external_access": "false",
        "TimeZone": "'UTC'",
    }
    for name, value in settings.items():
        database.execute(f"SET GLOBAL {name} = {value}")
    database.execute((files(__package__) / "macros.sql").read_text())
    database.execute("SET GLOBAL lock_configuration = true")
    return database


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _own_directory(temporary: Path) -> Path:
    """A directory of this process; what processes of this machine left that were killed is removed."""
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    host = f"{socket.gethostname()}-"
    for found in temporary.glob(f"{host}*"):
        number = found.name.removeprefix(host)
        if number.isdigit() and not _lives(int(number)):
            shutil.rmtree(found, ignore_errors=True)
    return temporary / f"{host}{os.getpid()}"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
