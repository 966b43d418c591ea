"""A whole server: real clients over TCP, and what happens when its processes are killed."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest
import pyvo
import requests
import sqlalchemy as sa

from tests.serving import Server, is_alive
from vo_server.archive import JOB
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.errors import UsageFault
from vo_server.running.processes import listen

#: Seconds of work for the database and one row of answer.
SLOW = "SELECT COUNT(*) AS n FROM tap_schema.columns a, tap_schema.columns b, tap_schema.tables c"
#: Hours of it.
ENDLESS = f"{SLOW}, tap_schema.columns e, tap_schema.columns f"


pytestmark = pytest.mark.usefixtures("no_jobs_left")


@pytest.fixture
def service(server: Server) -> Iterator[pyvo.dal.TAPService]:
    with requests.Session() as session:
        yield pyvo.dal.TAPService(f"{server.url}/tap", session=session)
    # pyvo leaves the connections of its answers to the garbage collector: let it come now.
    gc.collect()


pyvo_leaks = pytest.mark.filterwarnings("ignore:.*socket:pytest.PytestUnraisableExceptionWarning")


def running(database: Database, mark: str) -> int:
    """How many statements with this text the database is executing."""
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE state = 'active' AND query LIKE :mark AND pid <> pg_backend_pid()"
    )
    with database.owner.connect() as connection:
        return int(connection.execute(query, {"mark": f"%{mark}%"}).scalar_one())


def submit(url: str, query: str) -> str:
    """A job that has been told to run; its URL."""
    form = {"LANG": "ADQL", "QUERY": query, "PHASE": "RUN", "RESPONSEFORMAT": "csv"}
    answer = httpx2.post(f"{url}/tap/async", data=form)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def phase(job: str) -> str:
    return httpx2.get(f"{job}/phase").text


def attempts(database: Database, job: str) -> int:
    with database.owner.connect() as connection:
        query = sa.select(JOB.c.attempts).where(JOB.c.job_id == job.rpartition("/")[2])
        return int(connection.execute(query).scalar_one())


def holder(database: Database, job: str) -> str:
    """The worker that runs a job now; workers are named after the server that started them."""
    with database.owner.connect() as connection:
        query = sa.select(JOB.c.worker).where(JOB.c.job_id == job.rpartition("/")[2])
        return str(connection.execute(query).scalar_one() or "")


@pyvo_leaks
def test_pyvo_asks_synchronously(service: pyvo.dal.TAPService) -> None:
    names = [row["table_name"] for row in service.search("SELECT table_name FROM tap_schema.tables")]
    assert "ivoa.ObsCore" in names
    with pytest.raises(pyvo.dal.DALQueryError, match="no_such"):
        service.search("SELECT no_such FROM tap_schema.tables")


@pyvo_leaks
def test_pyvo_reads_the_tables_and_examples(service: pyvo.dal.TAPService) -> None:
    assert "s_ra" in {column.name for column in service.tables["ivoa.ObsCore"].columns}
    assert any("ivoa.ObsCore" in example["QUERY"] for example in service.examples)
    assert service.maxrec == Settings().maxrec_default


@pyvo_leaks
def test_pyvo_asks_asynchronously(service: pyvo.dal.TAPService) -> None:
    result = service.run_async("SELECT table_name FROM tap_schema.tables", maxrec=3)
    assert len(result) == 3
    job = service.submit_job("SELECT nonsense FROM nowhere")
    job.run().wait(timeout=20)
    assert job.phase == "ERROR"
    with pytest.raises(pyvo.dal.DALQueryError, match="nowhere"):
        job.raise_if_error()
    job.delete()


def test_a_request_is_logged_as_one_object_under_its_id(server: Server) -> None:
    httpx2.get(f"{server.url}/tap/availability", headers={"X-Request-Id": "follow-me"})
    server.until(lambda: '"follow-me"' in server.output)
    (line,) = [line for line in server.output.splitlines() if '"follow-me"' in line]
    found = json.loads(line)
    assert (found["event"], found["status"]) == ("GET /tap/availability", 200)
    assert found["ms"] >= 0


def test_a_job_that_is_aborted_stops_in_the_database(server: Server, database: Database) -> None:
    job = submit(server.url, f"{ENDLESS} WHERE a.column_name <> 'abort'")
    server.until(lambda: running(database, "abort") == 1)
    httpx2.post(f"{job}/phase", data={"PHASE": "ABORT"})
    begun = time.monotonic()
    server.until(lambda: running(database, "abort") == 0, seconds=5)
    assert time.monotonic() - begun < 2
    assert phase(job) == "ABORTED"


def test_a_deleted_job_stops_in_the_database(server: Server, database: Database) -> None:
    job = submit(server.url, f"{ENDLESS} WHERE a.column_name <> 'delete'")
    server.until(lambda: running(database, "delete") == 1)
    httpx2.delete(job)
    server.until(lambda: running(database, "delete") == 0, seconds=5)


@pytest.mark.parametrize("form", ["votable", "fits", "csv"])
def test_a_client_that_goes_away_takes_its_query_with_it(
    server: Server, database: Database, form: str
) -> None:
    mark = f"gone-{form}"
    query = f"{ENDLESS} WHERE a.column_name <> '{mark}'"
    target = "/tap/sync?" + urlencode({"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": form})
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        server.until(lambda: running(database, mark) == 1)
    begun = time.monotonic()
    server.until(lambda: running(database, mark) == 0, seconds=5)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("form", ["votable/td", "fits", "csv", "json"])
def test_a_client_that_goes_away_in_mid_answer_takes_its_query_with_it(
    server: Server, database: Database, form: str
) -> None:
    mark = f"middle-{form}"
    query = (
        "SELECT a.*, b.description AS d FROM tap_schema.columns a, tap_schema.columns b, tap_schema.columns c"
        f" WHERE a.column_name <> '{mark}'"
    )
    target = "/tap/sync?" + urlencode(
        {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": form, "MAXREC": "100000000"}
    )
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        server.until(lambda: running(database, mark) >= 1)
        if form != "fits":  # which begins when it knows its number of rows
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    server.until(lambda: running(database, mark) == 0, seconds=5)


def test_the_job_of_a_killed_worker_is_run_by_the_next(server: Server, database: Database) -> None:
    server.until(lambda: bool(server.worker_pids()))
    job = submit(server.url, SLOW)
    server.until(lambda: phase(job) == "EXECUTING")
    os.kill(server.worker_pids()[-1], signal.SIGKILL)
    server.until(lambda: phase(job) in ("COMPLETED", "ERROR"), seconds=60)
    assert (phase(job), attempts(database, job)) == ("COMPLETED", 2)
    with database.owner.connect() as connection:
        columns, tables = (
            connection.execute(sa.text(f"SELECT count(*) FROM tap_schema.{name}")).scalar_one()
            for name in ("columns", "tables")
        )
    assert httpx2.get(f"{job}/results/result").text.split() == ["n", str(columns**2 * tables)]


def test_a_server_told_to_stop_leaves_no_process_and_no_job_behind(
    settings: Settings, database: Database
) -> None:
    server = Server(settings)
    server.until(lambda: bool(server.worker_pids()))
    job = submit(server.url, ENDLESS)
    server.until(lambda: phase(job) == "EXECUTING")
    (worker,) = server.worker_pids()
    assert server.stop() == 0, server.output
    assert not is_alive(worker)
    # It waits, or another server of the same archive has taken it up.
    assert f"-{server.process.pid}-" not in holder(database, job)


def test_the_workers_of_a_killed_server_end_and_its_jobs_wait(settings: Settings, database: Database) -> None:
    server = Server(settings)
    server.until(lambda: bool(server.worker_pids()))
    job = submit(server.url, SLOW)
    server.until(lambda: phase(job) == "EXECUTING")
    (worker,) = server.worker_pids()
    server.process.kill()
    server.process.wait()
    server.until(lambda: not is_alive(worker))
    again = Server(settings)
    try:
        job = job.replace(server.url, again.url)
        again.until(lambda: phase(job) == "COMPLETED")
        # Handed back in order: the attempt that was broken off does not count.
        assert attempts(database, job) == 1
    finally:
        again.stop()


def test_ctrl_c_stops_the_server(settings: Settings, database: Database) -> None:
    server = Server(settings)
    # People press it twice.
    server.process.send_signal(signal.SIGINT)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(20) == 0, server.output
    assert "Traceback" not in server.output


def test_a_port_in_use_is_named_and_another_suggested() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageFault, match=f"port {port} .* in use .*--port"):
            listen("127.0.0.1", port)


def test_the_command_line_tells_it_in_one_line(settings: Settings, database: Database) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {**os.environ, "VO_STATE_DIR": str(settings.state_dir)}
        if settings.database_url:
            environment["VO_DATABASE_URL"] = str(settings.database_url)
        done = subprocess.run(
            [Path(sys.executable).with_name("vo-server"), "serve", "--port", str(taken.getsockname()[1])],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode != 0
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_several_processes_answer_and_count_together(settings: Settings, database: Database) -> None:
    server = Server(settings, web=3)
    try:
        server.until(lambda: len(web_pids(server)) == 2)
        before = counted(server.url)
        for _ in range(60):
            # A new connection each, for whichever process takes it.
            assert httpx2.get(f"{server.url}/tap/availability").status_code == 200
        assert counted(server.url) == before + 60
        # One that dies is replaced, and the others go on.
        victim = web_pids(server)[0]
        os.kill(victim, signal.SIGKILL)
        for _ in range(20):
            assert answers(f"{server.url}/tap/availability")
        server.until(lambda: len(set(web_pids(server)) - {victim}) == 2)
        children = web_pids(server)
    finally:
        assert server.stop() == 0
    assert not any(map(is_alive, children))


def test_no_process_outlives_a_server_that_was_killed(settings: Settings, database: Database) -> None:
    server = Server(settings, web=2)
    server.until(lambda: len(web_pids(server)) == 1)
    children = web_pids(server)
    server.process.kill()
    server.process.wait()
    server.until(lambda: not any(map(is_alive, children)), seconds=5)
    # A process keeps its files until the last of its threads has ended.
    server.until(lambda: is_free(server.port), seconds=5)


def is_free(port: int) -> bool:
    """Whether another server could listen there."""
    try:
        listen("127.0.0.1", port).close()
    except UsageFault:
        return False
    return True


def web_pids(server: Server) -> list[int]:
    """The processes beside the first that answer requests."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    found = [line.split(maxsplit=2) for line in listing.stdout.splitlines()]
    return [int(r[0]) for r in found if int(r[1]) == server.process.pid and r[2].endswith("beside web")]


def counted(url: str) -> float:
    """Requests of TAP that all processes have answered."""
    lines = httpx2.get(f"{url}/metrics").text.splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("vo_requests_total{") and 'service="tap"' in line
    )


def answers(url: str) -> bool:
    """Whether a request is answered; the process that had taken the connection may just have been killed."""
    for _ in range(3):
        try:
            return httpx2.get(url, timeout=10).status_code == 200
        except httpx2.TransportError:
            continue
    return False
