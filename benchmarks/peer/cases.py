"""What is measured: each case asks both servers the same, in turn, and checks what they say."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np

from benchmarks.peer.client import FORMATS, Server, WrongAnswer, read_rows
from benchmarks.peer.report import Report
from benchmarks.peer.truth import Truth, check_set

Metrics = dict[str, float]
SCRIPT = Path(__file__).with_name("wrk.lua")
POSITIONS = "SELECT source_id, ra, dec FROM {sources} WHERE "
CONE = "1=CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', {ra}, {dec}, {radius}))"
ARCSEC = 1 / 3600

#: The four ways in which people write a crossmatch.
SPELLINGS = {
    "contains": f"1=CONTAINS(POINT('ICRS', s.ra, s.dec), CIRCLE('ICRS', u.ra, u.dec, {ARCSEC!r}))",
    "contains, swapped": f"1=CONTAINS(POINT('ICRS', u.ra, u.dec), CIRCLE('ICRS', s.ra, s.dec, {ARCSEC!r}))",
    "distance": f"DISTANCE(POINT('ICRS', s.ra, s.dec), POINT('ICRS', u.ra, u.dec)) < {ARCSEC!r}",
    "distance, swapped": f"DISTANCE(POINT('ICRS', u.ra, u.dec), POINT('ICRS', s.ra, s.dec)) < {ARCSEC!r}",
}


def positions(rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    """Places on the sphere, not at its poles."""
    ra = np.round(rng.uniform(1, 359, count), 5)
    dec = np.round(np.degrees(np.arcsin(rng.uniform(-0.996, 0.996, count))), 5)
    return list(zip(ra.tolist(), dec.tolist(), strict=True))


def square(ra: float, dec: float) -> list[tuple[float, float]]:
    """A polygon of about one degree."""
    half = min(0.5 / max(0.05, float(np.cos(np.radians(dec)))), 20)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [(round((ra + x * half) % 360, 6), round(dec + y * 0.5, 6)) for x, y in signs]


def small_queries(report: Report, truth: Truth, repeat: int) -> None:
    """Queries with small answers on a connection that stays open."""
    places = positions(np.random.default_rng(1), repeat)

    def ask(case: str, adql: Callable[[int], str], check: Callable[[int, list[object]], None]) -> None:
        def once(server: Server, turn: int) -> Metrics:
            answer = server.query(adql(turn % repeat).replace("{sources}", server.sources))
            check(turn % repeat, read_rows(answer.body).columns[0].tolist())
            return {"ms": 1000 * answer.total}

        report.run(case, once, repeat)

    def one_row(turn: int, ids: list[object]) -> None:
        if len(ids) != 1:
            raise WrongAnswer(f"{len(ids)} rows")

    ask("tap_schema", lambda turn: "SELECT TOP 1 table_name FROM tap_schema.tables", one_row)
    for radius in (0.1, 1.0):
        ask(
            f"cone of {radius} deg",
            lambda turn, r=radius: POSITIONS + cone(places[turn], r),  # type: ignore[misc]
            lambda turn, ids, r=radius: check_set(ids, *truth.cone(*places[turn], r)),  # type: ignore[misc]
        )
    ask(
        "polygon of 1 deg",
        lambda turn: POSITIONS + polygon(square(*places[turn])),
        lambda turn, ids: check_set(ids, *truth.polygon(square(*places[turn]))),
    )
    begin = truth.column("t_min")
    names = truth.column("instrument_name")

    def wanted(turn: int, ids: list[object]) -> None:
        low = 51600 + 80 * turn
        found = np.nonzero((names == "UVES") & (begin >= low) & (begin <= low + 365))[0]
        if ids != truth.did[found[np.argsort(begin[found])][:100]].tolist():
            raise WrongAnswer("other rows, or in another order")

    ask(
        "ObsCore filter",
        lambda turn: (
            "SELECT TOP 100 obs_publisher_did, target_name, t_min, em_min, em_max FROM ivoa.obscore"
            f" WHERE instrument_name='UVES' AND t_min BETWEEN {51600 + 80 * turn} AND {51965 + 80 * turn}"
            " ORDER BY t_min"
        ),
        wanted,
    )


def cone(place: tuple[float, float], radius: float) -> str:
    """The condition."""
    return CONE.format(ra=place[0], dec=place[1], radius=radius)


def polygon(corners: list[tuple[float, float]]) -> str:
    """The condition."""
    numbers = ", ".join(f"{ra}, {dec}" for ra, dec in corners)
    return f"1=CONTAINS(POINT('ICRS', ra, dec), POLYGON('ICRS', {numbers}))"


def bulk(report: Report, truth: Truth, rows: int, repeat: int) -> None:
    """Many rows in each format; the first answer of each server is compared with the data."""
    for form in FORMATS:
        checked: set[str] = set()

        def once(server: Server, turn: int, form: str = form, checked: set[str] = checked) -> Metrics:
            keep = server.name not in checked
            query = f"SELECT TOP {rows} * FROM {server.sources}"
            before = server.memory()
            answer = server.query(query, form, maxrec=rows, keep=keep)
            if keep:
                check_bulk(truth, answer.body, form, rows)
                checked.add(server.name)
            grown = server.memory() - before
            return {"s": answer.total, "first byte ms": 1000 * answer.first, "MB more memory": grown}

        report.run(f"{rows} rows, {form}", once, repeat)


def check_bulk(truth: Truth, body: bytes, form: str, rows: int) -> None:
    """All rows are there and their numbers are those of the data."""
    table = read_rows(body, form)
    ids = np.asarray(table["source_id"])
    if len(ids) != rows or len(np.unique(ids)) != rows:
        raise WrongAnswer(f"{len(ids)} rows, {len(np.unique(ids))} different")
    where = (ids - 4_000_000_000_000) // 7919
    for name in ("ra", "dec", "obs_time", "g_mag", "n_obs", "flags"):
        if not np.allclose(np.asarray(table[name]), truth.sources[name][where], rtol=1e-6, atol=0):
            raise WrongAnswer(f"other values of {name}")


def crossmatch(report: Report, truth: Truth, rows: int, repeat: int) -> None:
    """An upload matched with the sources; half of it has a counterpart."""
    rng = np.random.default_rng(rows)
    pick = rng.integers(0, len(truth.id), rows // 2)
    near = rng.normal(0, 0.3 * ARCSEC, (2, rows // 2))
    ra = (truth.ra[pick] + near[0] / np.cos(np.radians(truth.dec[pick]))) % 360
    dec = np.clip(truth.dec[pick] + near[1], -90, 90)
    places = list(zip(ra.tolist(), dec.tolist(), strict=True)) + positions(rng, rows - rows // 2)
    sure: set[tuple[int, int]] = set()
    perhaps: set[tuple[int, int]] = set()
    for number, place in enumerate(places):
        inside, near_edge = truth.cone(*place, ARCSEC)
        sure |= {(number, source) for source in inside}
        perhaps |= {(number, source) for source in near_edge}
    document = upload_document(places)
    for spelling, condition in SPELLINGS.items():

        def once(server: Server, turn: int, condition: str = condition) -> Metrics:
            query = f"SELECT u.id, s.source_id FROM TAP_UPLOAD.t1 AS u JOIN {server.upload_sources} AS s ON "
            answer = server.query(query + condition, maxrec=10 * rows, upload=document)
            table = read_rows(answer.body)
            pairs = zip(table["id"].tolist(), table["source_id"].tolist(), strict=True)
            check_set(list(pairs), sure, perhaps)
            return {"s": answer.total}

        report.run(f"crossmatch of {rows}, {spelling}", once, repeat)


def upload_document(places: list[tuple[float, float]]) -> bytes:
    """A VOTable of ``id, ra, dec``."""
    position = 'datatype="double" unit="deg" ucd="pos.eq.{};meta.main"'
    fields = "".join(
        f'<FIELD name="{name}" {kind}/>'
        for name, kind in {
            "id": 'datatype="int"',
            "ra": position.format("ra"),
            "dec": position.format("dec"),
        }.items()
    )
    rows = "".join(
        f"<TR><TD>{n}</TD><TD>{ra!r}</TD><TD>{dec!r}</TD></TR>\n" for n, (ra, dec) in enumerate(places)
    )
    head = '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>'
    return f"{head}{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>".encode()


def jobs(report: Report, repeat: int) -> None:
    """A trivial job from creation to result, and fifty at once."""
    query = "SELECT TOP 1 table_name FROM tap_schema.tables"

    def one(server: Server, turn: int) -> Metrics:
        begun = time.perf_counter()
        path = server.create_job(query)
        finish(server, path)
        result = server.ask("GET", f"{path}/results/result")
        while result.location:
            result = server.ask("GET", result.location.removeprefix(server.url.removesuffix("/tap")))
        seconds = time.perf_counter() - begun
        if len(read_rows(result.body)) != 1:
            raise WrongAnswer("not one row")
        server.ask("POST", path, b"ACTION=DELETE")
        return {"s": seconds}

    def many(server: Server, turn: int) -> Metrics:
        begun = time.perf_counter()
        paths = [server.create_job(query) for _ in range(50)]
        for path in paths:
            finish(server, path)
        seconds = time.perf_counter() - begun
        for path in paths:
            server.ask("POST", path, b"ACTION=DELETE")
        return {"s": seconds}

    report.run("trivial job", one, repeat)
    report.run("50 jobs", many, 1)


def finish(server: Server, path: str) -> None:
    """Until the job has ended, by WAIT."""
    phase, end = "PENDING", time.monotonic() + 120
    while phase in ("PENDING", "QUEUED", "EXECUTING") and time.monotonic() < end:
        document = server.ask("GET", f"{path}?WAIT=10").body.decode()
        found = re.search(r"phase>\s*([A-Z]+)", document)
        phase = found[1] if found else "UNKNOWN"
    if phase != "COMPLETED":
        raise WrongAnswer(f"phase {phase}")


def clients(report: Report, truth: Truth, count: int, seconds: int) -> None:
    """Many clients asking for small cones, by wrk, which counts; the answers to 8 threads are checked."""
    places = positions(np.random.default_rng(2), 2000)
    if shutil.which("wrk") is None:
        raise SystemExit("no wrk: benchmarks/peer/dachs/setup.sh installs it")

    def load(server: Server, turn: int) -> Metrics:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as bodies:
            bodies.writelines(urlencode(form_of(server, place)) + "\n" for place in places)
            bodies.flush()
            path = urlsplit(server.url).path
            command = ["wrk", "-t1", f"-c{count}", f"-d{seconds}s", "--timeout", "60s", "-s", str(SCRIPT)]
            told = os.environ | {"BODIES": bodies.name, "TARGET": f"{path}/sync"}
            done = subprocess.run(
                [*command, server.url], capture_output=True, text=True, check=True, env=told
            )
        found = json.loads(done.stdout[done.stdout.index("JSON") + 4 :].splitlines()[0])
        return {
            "requests/s": found["n"] / found["us"] * 1e6,
            "p99 ms": found["p99"],
            "errors": found["errors"],
        }

    def right(server: Server, turn: int) -> Metrics:
        wrong: list[str] = []
        workers = [
            threading.Thread(target=check_cones, args=(server, truth, places[k::8][:8], wrong))
            for k in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if wrong:
            raise WrongAnswer(f"{len(wrong)} of 64: {wrong[0]}")
        return {"right answers": 64}

    report.run(f"{count} clients, cone of 0.1 deg", load, 1)
    report.run("8 clients, checked", right, 1)


def form_of(server: Server, place: tuple[float, float]) -> Mapping[str, str]:
    """The parameters of a small cone."""
    query = POSITIONS.replace("{sources}", server.sources) + cone(place, 0.1)
    return {"REQUEST": "doQuery", "LANG": "ADQL", "RESPONSEFORMAT": FORMATS["binary2"], "QUERY": query}


def check_cones(server: Server, truth: Truth, places: list[tuple[float, float]], wrong: list[str]) -> None:
    """What is wrong in the answers goes into ``wrong``."""
    for place in places:
        try:
            answer = server.query(form_of(server, place)["QUERY"])
            check_set(read_rows(answer.body)["source_id"].tolist(), *truth.cone(*place, 0.1))
        except (WrongAnswer, OSError) as exc:
            wrong.append(str(exc))
