"""Tables that users keep, over HTTP: made, filled, queried, indexed and forgotten."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
import sqlalchemy as sa
from astropy.table import Table
from lxml import etree
from starlette.testclient import TestClient

from tests.serving import Server, query_status
from vo_server.db import Database
from vo_server.errors import StorageFault, TransientFault
from vo_server.tables import Column
from vo_server.tokens import issue
from vo_server.user_tables import UserTables, schema_of

VOTABLE = "application/x-votable+xml"
DEFINITION = b"""<?xml version="1.0"?>
<vosi:table xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1">
  <name>mine</name>
  <description>Stars that I watch</description>
  <column><name>id</name><dataType xsi:type="vs:VOTableType">char</dataType></column>
  <column><name>ra</name><description>Right ascension</description><unit>deg</unit>
    <ucd>pos.eq.ra;meta.main</ucd><dataType xsi:type="vs:VOTableType">double</dataType></column>
  <column><name>n</name><dataType xsi:type="vs:TAPType">INTEGER</dataType></column>
  <column><name>seen</name>
    <dataType xsi:type="vs:VOTableType" arraysize="*" extendedType="timestamp">char</dataType></column>
  <column><name>flux</name><dataType xsi:type="vs:VOTableType" arraysize="*">float</dataType></column>
</vosi:table>
"""
Login = dict[str, str]


@pytest.fixture
def login(database: Database) -> Iterator[Login]:
    """The headers of an account that has nothing yet."""
    yield account(database, "ada")
    forget(database, "ada")


@pytest.fixture
def other(database: Database) -> Iterator[Login]:
    yield account(database, "grace")
    forget(database, "grace")


def account(database: Database, name: str) -> Login:
    token = issue(database.state_dir / "tokens.toml", name)
    return {"Authorization": f"Bearer {token}"}


def forget(database: Database, name: str) -> None:
    tables = UserTables(database.writer, 10, 10**9)
    own = tables.schema(name)
    for table in own.tables if own else ():
        tables.drop(name, table.name)


def rows(count: int) -> bytes:
    table = Table({"n": np.arange(count), "ra": np.linspace(0, 359, count), "dec": np.full(count, 10.0)})
    table["ra"].unit = "deg"
    table["ra"].meta["ucd"] = "pos.eq.ra"
    sink = io.BytesIO()
    table.write(sink, format="votable", table_id="x")
    return sink.getvalue()


def put(client: TestClient, login: Login, name: str, body: bytes, kind: str = VOTABLE) -> int:
    return client.put(
        f"/tap/tables/{name}", content=body, headers={"Content-Type": kind, **login}
    ).status_code


def load(client: TestClient, login: Login, name: str, body: bytes, kind: str) -> int:
    return client.post(f"/tap/load/{name}", content=body, headers={"Content-Type": kind, **login}).status_code


def ask(client: TestClient, login: Login, query: str) -> Table:
    answer = client.post("/tap/sync", data={"LANG": "ADQL", "QUERY": query}, headers=login)
    assert answer.status_code == 200, answer.text
    return Table.read(io.BytesIO(answer.content), format="votable")


def test_a_table_is_kept_with_its_rows_and_metadata(client: TestClient, login: Login) -> None:
    answer = client.put("/tap/tables/Stars", content=rows(5), headers={"Content-Type": VOTABLE, **login})
    assert answer.status_code == 201
    assert answer.headers["location"].endswith("/tap/tables/user_ada.stars")
    found = ask(client, login, "SELECT * FROM user_ada.STARS AS s WHERE s.n < 3 ORDER BY n")
    assert found["n"].tolist() == [0, 1, 2]
    assert (found["ra"].unit, found["ra"].meta["ucd"]) == ("deg", "pos.eq.ra")
    # The name alone is enough, and so is the name with its schema before a column.
    assert ask(client, login, "SELECT COUNT(*) AS n FROM stars")["n"][0] == 5
    assert ask(client, login, "SELECT MAX(user_ada.stars.n) AS n FROM user_ada.stars")["n"][0] == 4


def test_a_table_is_seen_by_its_owner_only(client: TestClient, login: Login, other: Login) -> None:
    assert put(client, login, "secret", rows(1)) == 201
    for stranger in (other, {}):
        answer = client.post(
            "/tap/sync", data={"LANG": "ADQL", "QUERY": "SELECT * FROM user_ada.secret"}, headers=stranger
        )
        assert answer.status_code == 400
        assert "there is no table" in query_status(answer.content)[1]
        assert client.get("/tap/tables/user_ada.secret", headers=stranger).status_code == 404
        assert b"user_ada" not in client.get("/tap/tables", headers=stranger).content
    listed = client.get("/tap/tables", headers=login).content
    assert b"<name>user_ada.secret</name>" in listed
    assert client.get("/tap/tables/user_ada.secret", headers=login).status_code == 200


def test_two_accounts_may_use_one_name(client: TestClient, login: Login, other: Login) -> None:
    assert put(client, login, "t", rows(1)) == 201
    assert put(client, other, "t", rows(2)) == 201
    assert ask(client, login, "SELECT COUNT(*) AS n FROM t")["n"][0] == 1
    assert ask(client, other, "SELECT COUNT(*) AS n FROM t")["n"][0] == 2
    assert put(client, other, "user_ada.t", rows(3)) == 403
    assert client.delete("/tap/tables/user_ada.t", headers=other).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_nobody_keeps_tables_without_an_account(client: TestClient, method: str) -> None:
    path = "/tap/load/t" if method == "POST" else "/tap/tables/t"
    answer = client.request(method, path, content=b"a,b\n1,2\n")
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]
    assert client.post("/tap/table-update", data={"TABLE": "t", "INDEX": "a"}).status_code == 401


def test_a_described_table_is_filled_later(client: TestClient, login: Login) -> None:
    assert put(client, login, "mine", DEFINITION, "text/xml") == 201
    assert len(ask(client, login, "SELECT * FROM mine")) == 0
    tsv = b"id\tn\tra\n007\t1\t2.5\n\t\t\n"
    assert load(client, login, "mine", tsv, "text/tab-separated-values") == 200
    csv = b"RA,id,seen\n3,x,2024-01-02T03:04:05\n"
    assert load(client, login, "mine", csv, "text/csv") == 200
    fits = io.BytesIO()
    Table({"id": ["f"], "n": np.array([9], "i2"), "flux": np.array([[1.5, 2.5]], "f4")}).write(
        fits, format="fits"
    )
    assert load(client, login, "mine", fits.getvalue(), "application/fits") == 200
    found = ask(client, login, "SELECT id, ra, n, seen FROM mine ORDER BY ra")
    assert sorted(found["id"].filled("").tolist()) == ["", "007", "f", "x"]
    assert ask(client, login, "SELECT seen FROM mine WHERE id = 'x'")["seen"][0] == "2024-01-02T03:04:05.000"
    assert ask(client, login, "SELECT flux FROM mine WHERE id = 'f'")["flux"][0].tolist() == [1.5, 2.5]


def test_a_description_comes_back_as_it_was(client: TestClient, login: Login) -> None:
    assert put(client, login, "mine", DEFINITION, "text/xml") == 201
    root = etree.fromstring(client.get("/tap/tables/user_ada.mine", headers=login).content)
    assert root.findtext("description") == "Stars that I watch"
    columns = {column.findtext("name"): column for column in root.findall("column")}
    assert list(columns) == ["id", "ra", "n", "seen", "flux"]
    assert (columns["ra"].findtext("unit"), columns["ra"].findtext("ucd")) == ("deg", "pos.eq.ra;meta.main")
    kinds = [(c.findtext("dataType"), c.find("dataType").get("arraysize")) for c in columns.values()]  # type: ignore[union-attr]
    assert kinds == [("char", "*"), ("double", None), ("int", None), ("char", "*"), ("float", "*")]
    assert columns["seen"].find("dataType").get("extendedType") == "timestamp"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"id\tnope\nx\t1\n", "text/tab-separated-values", "'nope', which user_ada.mine has not"),
        (b"id,n\nx,1.5\n", "text/csv", "'n' cannot hold"),
        (b"id,n\nx,99999999999\n", "text/csv", "'n' cannot hold"),
        (b"", "text/csv", "the table is empty"),
        (b"n\n1\nx,2,3\n", "text/csv", "cannot be read as CSV"),
    ],
)
def test_rows_that_do_not_fit_are_refused_whole(
    client: TestClient, login: Login, body: bytes, kind: str, words: str
) -> None:
    assert put(client, login, "mine", DEFINITION, "text/xml") == 201
    answer = client.post("/tap/load/mine", content=body, headers={"Content-Type": kind, **login})
    assert answer.status_code == 400
    assert words in query_status(answer.content)[1]
    assert len(ask(client, login, "SELECT * FROM mine")) == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<table>", "no well-formed XML"),
        (b"<x/>", "begins with <table>"),
        (b"<table/>", "0 columns"),
        (b"<table><column><name>a</name></column></table>", "has no dataType"),
        (b"<table><column><name>a</name><dataType>complex</dataType></column></table>", "'complex'"),
        (
            b'<!DOCTYPE t [<!ENTITY e SYSTEM "file:///etc/passwd">]><table><column><name>&e;</name>'
            b"<dataType>int</dataType></column></table>",
            "the name ''",
        ),
    ],
)
def test_descriptions_that_are_none(client: TestClient, login: Login, body: bytes, words: str) -> None:
    answer = client.put("/tap/tables/x", content=body, headers={"Content-Type": "text/xml", **login})
    assert answer.status_code == 400
    assert words in query_status(answer.content)[1]
    assert client.get("/tap/tables/user_ada.x", headers=login).status_code == 404


@pytest.mark.parametrize("name", ["1a", "a-b", "a b", "a.b.c", "x" * 60, "t%22", "é"])
def test_names_that_no_table_has(client: TestClient, login: Login, name: str) -> None:
    assert put(client, login, name, rows(1)) in (400, 403)


def test_a_table_is_replaced_at_once(client: TestClient, login: Login, database: Database) -> None:
    assert put(client, login, "t", rows(5)) == 201
    parquet = io.BytesIO()
    pq.write_table(pa.table({"other": ["x", None]}), parquet)
    assert put(client, login, "T", parquet.getvalue(), "application/vnd.apache.parquet") == 201
    assert ask(client, login, "SELECT other FROM t WHERE other IS NOT NULL")["other"].tolist() == ["x"]
    assert kept(database) == 1


def kept(database: Database) -> int:
    with database.owner.connect() as connection:
        query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'user_tables'"
        return int(connection.scalar(sa.text(query)) or 0)


def test_a_table_is_forgotten(client: TestClient, login: Login, database: Database) -> None:
    assert put(client, login, "t", rows(1)) == 201
    assert client.delete("/tap/tables/t", headers=login).status_code == 204
    assert client.delete("/tap/tables/t", headers=login).status_code == 404
    assert kept(database) == 0


def test_an_account_has_a_quota(database: Database) -> None:
    columns = (Column("x", "long"),)
    data = pa.table({"x": pa.array(range(50_000), pa.int64())})
    narrow = UserTables(database.writer, 2, 3 * 1024**2)
    try:
        for name in ("a", "b"):
            narrow.create("ada", name, columns, data.slice(0, 10))
        with pytest.raises(StorageFault, match="you have 2 tables, the most"):
            narrow.create("ada", "c", columns, data.slice(0, 10))
        narrow.append("ada", narrow.table("ada", "a"), data)
        with pytest.raises(StorageFault, match="an account may keep 3145728: delete some"):
            narrow.append("ada", narrow.table("ada", "a"), data)
        tight = UserTables(database.writer, 2, 2 * 1024**2)
        with pytest.raises(StorageFault, match="delete some"), database.writer.begin() as connection:
            tight.index(connection, "ada", "a", "x", unique=False)
        own = narrow.schema("ada")
        assert own is not None
        assert not any(table.columns[0].indexed for table in own.tables)
        assert [table.name for table in own.tables] == ["user_ada.a", "user_ada.b"]
        with database.owner.connect() as connection:
            relation = own.tables[0].relation[1]
            assert connection.scalar(sa.text(f"SELECT count(*) FROM user_tables.{relation}")) == 50_010
        assert kept(database) == 2
    finally:
        forget(database, "ada")


def test_rows_never_go_into_a_table_that_was_replaced(database: Database) -> None:
    tables = UserTables(database.writer, 10, 10**9)
    columns, data = (Column("x", "long"),), pa.table({"x": pa.array([1], pa.int64())})
    former = tables.create("ada", "t", columns, data)
    tables.create("ada", "t", columns, data)
    with pytest.raises(TransientFault, match="replaced in this moment"):
        tables.append("ada", former, data)
    tables.drop("ada", "t")
    with pytest.raises(TransientFault, match="replaced in this moment"):
        tables.append("ada", former, data)
    assert kept(database) == 0


def test_a_table_that_is_being_read_goes_later(client: TestClient, login: Login, database: Database) -> None:
    assert put(client, login, "t", rows(3)) == 201
    hasty = UserTables(database.writer, 10, 10**9, patience=0.1)
    own = hasty.schema("ada")
    assert own is not None
    with database.owner.connect() as connection:
        connection.execute(sa.text(f"SELECT * FROM user_tables.{own.tables[0].relation[1]}"))
        with pytest.raises(TransientFault, match="try again"):
            hasty.drop("ada", "t")
        with pytest.raises(TransientFault, match="try again"):
            hasty.create("ada", "t", (Column("x", "long"),), pa.table({"x": pa.array([1], pa.int64())}))
    assert ask(client, login, "SELECT COUNT(*) AS n FROM t")["n"][0] == 3
    hasty.drop("ada", "t")
    assert kept(database) == 0


def test_no_two_accounts_share_a_schema() -> None:
    names = ["ada", "Ada", "a.da", "a_da", "a-da", "ADA", "x" * 60]
    assert len({schema_of(name) for name in names}) == len(names)
    assert schema_of("ada") == "user_ada"
    assert all(len(schema_of(name)) < 80 for name in names)


def test_jobs_and_indexes(server: Server, database: Database, login: Login) -> None:
    base = f"{server.url}/tap"
    answer = requests.put(
        f"{base}/tables/t", data=rows(100), headers={"Content-Type": VOTABLE, **login}, timeout=30
    )
    assert answer.status_code == 201
    made = run(base + "/async", {"LANG": "ADQL", "QUERY": "SELECT COUNT(*) AS n FROM t"}, login)
    assert "<uws:phase>COMPLETED" in made
    assert "<uws:phase>COMPLETED" in run(
        base + "/table-update", {"table": "t", "index": "n", "unique": "true"}, login
    )
    document = requests.get(f"{base}/tables/user_ada.t", headers=login, timeout=30).text
    assert document.count("<flag>indexed</flag>") == 1
    wrong = run(base + "/table-update", {"table": "t", "index": "dec", "unique": "true"}, login)
    assert "<uws:phase>ERROR" in wrong
    assert "has a value twice" in wrong
    assert "no column" in run(base + "/table-update", {"table": "t", "index": "nope"}, login)
    assert "wants TABLE" in run(base + "/table-update", {}, login)
    with database.owner.connect() as connection:
        query = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'user_tables'"
        found = connection.scalars(sa.text(query)).all()
    assert len(found) == 1
    assert "UNIQUE INDEX" in found[0]


def run(jobs: str, form: Login, login: Login) -> str:
    """The document of a job that has ended."""
    answer = requests.post(
        jobs, data={**form, "PHASE": "RUN"}, headers=login, timeout=30, allow_redirects=False
    )
    assert answer.status_code == 303
    job = answer.headers["Location"]
    for _ in range(60):
        text = requests.get(job, params={"WAIT": "10"}, headers=login, timeout=30).text
        if "<uws:phase>EXECUTING" not in text and "<uws:phase>QUEUED" not in text:
            return text
    raise AssertionError(text)


KILLED = """
import sys, pyarrow as pa, sqlalchemy as sa
from vo_server.tables import Column
from vo_server.user_tables import UserTables
tables = UserTables(sa.create_engine(sys.argv[1]), 10, 10**12)
data = pa.table({"x": pa.array(range(3_000_000), pa.int64())})
print("begun", flush=True)
tables.create("ada", "t", (Column("x", "long"),), data)
"""


def test_a_killed_change_leaves_the_table_as_it_was(
    client: TestClient, login: Login, database: Database
) -> None:
    assert put(client, login, "t", rows(4)) == 201
    url = database.writer.url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert ask(client, login, "SELECT COUNT(*) AS n FROM t")["n"][0] == 4
    for _ in range(100):
        if kept(database) == 1:
            break
        time.sleep(0.1)
    assert kept(database) == 1
