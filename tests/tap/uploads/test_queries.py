"""Queries over uploaded tables, synchronous and as jobs."""

import io
import threading

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa
from astropy.coordinates import angular_separation
from astropy.table import Table
from starlette.testclient import TestClient

from tap.adql import translate
from tap.jobs import KIND, TapExecutor
from tap.uploads.gathering import with_uploads
from tests.serving import query_status
from vo_server import tables as schema
from vo_server.catalog_cache import CatalogCache
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import Engines, PostgresEngine, Upload
from vo_server.tables import Catalog
from vo_server.user_tables import UserTables
from vo_server.uws.jobs import JobStore
from vo_server.uws.results import ResultStore


def positions(count: int, offset: float = 0.0) -> bytes:
    made = Table(
        {"n": np.arange(count), "lon": np.linspace(0, 359, count), "lat": np.full(count, 10.0 + offset)}
    )
    made["lon"].unit = made["lat"].unit = "deg"
    made["lon"].meta["ucd"], made["lat"].meta["ucd"] = "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"
    sink = io.BytesIO()
    made.write(sink, format="votable")
    return sink.getvalue()


def ask(client: TestClient, query: str, files: dict[str, bytes], **more: str) -> Table:
    form = {"LANG": "ADQL", "QUERY": query, **more}
    form.setdefault("UPLOAD", ";".join(f"{name},param:{name}" for name in files))
    answer = client.post("/tap/sync", data=form, files={name: (name, body) for name, body in files.items()})
    assert answer.status_code == 200, answer.text
    return Table.read(io.BytesIO(answer.content), format="votable")


def test_an_upload_keeps_its_values_and_metadata(client: TestClient) -> None:
    found = ask(client, "SELECT * FROM TAP_UPLOAD.mine ORDER BY n", {"mine": positions(3)})
    assert found["lon"].tolist() == [0, 179.5, 359]
    assert (found["lon"].unit, found["lon"].meta["ucd"]) == ("deg", "pos.eq.ra;meta.main")


def test_several_uploads_are_joined(client: TestClient) -> None:
    files = {"a": positions(50), "b": positions(10)}
    query = "SELECT COUNT(*) AS n FROM tap_upload.A AS x JOIN TAP_UPLOAD.b AS y ON x.n = y.n"
    assert ask(client, query, files)["n"][0] == 10
    near = "SELECT COUNT(*) AS n FROM TAP_UPLOAD.a AS x, TAP_UPLOAD.b AS y WHERE "
    assert ask(client, near + "DISTANCE(x.lon, x.lat, y.lon, y.lat) < 1", files)["n"][0] >= 2


@pytest.mark.parametrize(
    "match",
    [
        "DISTANCE(a.lon, a.lat, b.lon, b.lat) < 0.02",
        "1 = CONTAINS(POINT(a.lon, a.lat), CIRCLE(b.lon, b.lat, 0.02))",
        "1 = CONTAINS(POINT(b.lon, b.lat), CIRCLE(a.lon, a.lat, a.reach))",
    ],
)
@pytest.mark.parametrize("kind", ["f8", "f4"])
def test_two_uploads_are_matched_by_an_index(client: TestClient, match: str, kind: str) -> None:
    rng = np.random.default_rng(7)
    count = 2000
    lon, lat = rng.uniform(0, 360, count), rng.uniform(-60, 60, count)
    lon[:20] = rng.uniform(-0.001, 0.001, 20) % 360
    made = {
        "a": Table({"n": np.arange(count), "lon": lon.astype(kind), "lat": lat.astype(kind)}),
        "b": Table({"n": np.arange(count), "lon": (lon + 0.01) % 360, "lat": lat}),
    }
    made["a"]["reach"] = 0.02
    files = {}
    for name, table in made.items():
        sink = io.BytesIO()
        table.write(sink, format="votable")
        files[name] = sink.getvalue()
    found = ask(
        client,
        f"SELECT a.n AS x, b.n AS y FROM TAP_UPLOAD.a AS a JOIN TAP_UPLOAD.b AS b ON {match}",
        files,
        MAXREC="100000",
    )
    one, two = (np.radians([made[name]["lon"], made[name]["lat"]], dtype="f8")[:, :, None] for name in "ab")
    apart = angular_separation(one[0], one[1], two[0].T, two[1].T)
    assert sorted(zip(found["x"].tolist(), found["y"].tolist(), strict=True)) == sorted(
        zip(*(axis.tolist() for axis in np.nonzero(np.degrees(apart) <= 0.02)), strict=True)
    )
    # Each row of one is looked for in the other: no pair of rows is compared for nothing.
    translated = translate(
        f"SELECT a.n FROM TAP_UPLOAD.a AS a JOIN TAP_UPLOAD.b AS b ON {match}",
        with_uploads(Catalog(()), [Upload(uploaded(n), pa.table({})) for n in "ab"]),
    )
    assert [(zone.ra, zone.dec) for zone in translated.zones] == [("lon", "lat")]


def uploaded(name: str) -> schema.Table:
    columns = tuple(schema.Column(column, "double") for column in ("n", "lon", "lat", "reach"))
    return schema.Table(f"TAP_UPLOAD.{name}", "", columns, stored_as=("pg_temp", name))


def test_a_csv_is_uploaded_as_well(client: TestClient) -> None:
    found = ask(client, 'SELECT "my col" AS c, x FROM TAP_UPLOAD.t', {"t": b"my col,x\n1,2.5\n"})
    assert (found["c"][0], found["x"][0]) == (1, 2.5)


def test_an_unknown_column_of_an_upload_is_named(client: TestClient) -> None:
    answer = client.post(
        "/tap/sync",
        data={"LANG": "ADQL", "QUERY": "SELECT lom FROM TAP_UPLOAD.t", "UPLOAD": "t,param:t"},
        files={"t": ("t", positions(1))},
    )
    assert answer.status_code == 400
    assert "lon" in query_status(answer.content)[1]


def test_an_upload_is_gone_after_its_query(client: TestClient, database: Database) -> None:
    ask(client, "SELECT COUNT(*) AS n FROM TAP_UPLOAD.gone", {"gone": positions(5)})
    for _ in range(8):  # whichever connection it was
        answer = client.post("/tap/sync", data={"LANG": "ADQL", "QUERY": "SELECT * FROM TAP_UPLOAD.gone"})
        assert answer.status_code == 400
    with database.owner.connect() as connection:
        left = connection.scalar(sa.text("SELECT count(*) FROM pg_class WHERE relname = 'gone'"))
    assert left == 0


def test_a_failed_query_leaves_nothing_and_the_next_one_may_not_write(
    client: TestClient, database: Database
) -> None:
    form = {"LANG": "ADQL", "QUERY": "SELECT 1 / (n - n) AS x FROM TAP_UPLOAD.f", "UPLOAD": "f,param:f"}
    assert client.post("/tap/sync", data=form, files={"f": ("f", positions(5))}).status_code == 400
    with database.owner.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM pg_class WHERE relname = 'f'")) == 0


def test_uploads_of_one_name_do_not_meet(client: TestClient) -> None:
    wrong: list[object] = []

    def query(number: int) -> None:
        for _ in range(5):
            found = ask(
                client,
                "SELECT MIN(lat) AS m, COUNT(*) AS n FROM TAP_UPLOAD.same",
                {"same": positions(number + 1, number)},
            )
            if (found["m"][0], found["n"][0]) != (10.0 + number, number + 1):
                wrong.append((number, found))

    threads = [threading.Thread(target=query, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("later", [False, True])
def test_a_job_has_the_upload_until_it_is_destroyed(
    client: TestClient, settings: Settings, database: Database, engine: PostgresEngine, later: bool
) -> None:
    form = {"LANG": "ADQL", "QUERY": "SELECT COUNT(*) AS n FROM TAP_UPLOAD.mine"}
    named, files = {"UPLOAD": "mine,param:Part"}, {"part": ("t.vot", positions(9))}
    if later:
        job_id = client.post("/tap/async", data=form).headers["location"].rpartition("/")[2]
        assert client.post(f"/tap/async/{job_id}/parameters", data=named, files=files).status_code == 303
    else:
        made = client.post("/tap/async", data=form | named, files=files)
        job_id = made.headers["location"].rpartition("/")[2]
    store, results = JobStore(database.writer), ResultStore.of(settings.result_store, database.state_dir)
    store.run(job_id)
    job = store.claim([KIND], "test")
    assert job is not None
    executor = TapExecutor(
        settings,
        Engines(engine),
        CatalogCache(database.writer),
        results,
        UserTables(database.writer, 10, 10**9),
    )
    assert store.complete(job, executor.execute(job))
    answer = client.get(f"/tap/async/{job_id}/results/result")
    assert Table.read(io.BytesIO(answer.content), format="votable")["n"][0] == 9
    directory = results.path(job_id)
    assert directory is not None
    assert len(list(directory.iterdir())) == 2
    client.delete(f"/tap/async/{job_id}")
    assert not directory.exists()
