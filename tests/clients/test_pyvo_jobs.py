"""pyvo as a client of jobs and uploads, against the demo server."""

import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import requests
from astropy import units
from astropy.table import Table
from pyvo.dal import AsyncTAPJob, TAPService

from tests.clients.conftest import finished

pytestmark = [
    pytest.mark.demo,
    pytest.mark.filterwarnings("ignore::pyvo.utils.xml.exceptions.UnknownElementWarning"),
    # pyvo leaves the answers to its own requests for the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

ROWS = "SELECT TOP 7 dp_id, s_ra, s_dec FROM ivoa.ObsCore ORDER BY dp_id"
MATCH = (
    "SELECT u.number, s.ra, s.dec, u.note FROM demo.sources AS s JOIN TAP_UPLOAD.mine AS u "
    "ON 1 = CONTAINS(POINT('ICRS', s.ra, s.dec), CIRCLE('ICRS', u.lon, u.lat, 1 / 3600.0)) ORDER BY u.number"
)


@pytest.fixture(scope="module")
def tap(demo_server: str) -> TAPService:
    return TAPService(f"{demo_server}/tap")


@pytest.fixture
def job(tap: TAPService) -> Iterator[AsyncTAPJob]:
    made = tap.submit_job(ROWS, maxrec=5)
    url = made.url
    yield made
    requests.delete(url, timeout=30)


@pytest.fixture(scope="module")
def mine(tap: TAPService) -> Table:
    """Positions of catalogued sources, moved by a tenth of an arcsecond, with units, UCDs and nulls."""
    found = tap.search("SELECT TOP 20 ra, dec FROM demo.sources ORDER BY source_id").to_table()
    table = Table(
        {
            "number": np.arange(len(found), dtype="i8"),
            "lon": found["ra"].filled(np.nan).value * units.deg,
            "lat": (found["dec"].filled(np.nan).value + 0.1 / 3600) * units.deg,
            "note": [f"src {n} – ü & <b>" for n in range(len(found))],
        }
    )
    table["lon"].meta["ucd"] = "pos.eq.ra;meta.main"
    table["lat"].meta["ucd"] = "pos.eq.dec;meta.main"
    return table


def test_a_job_is_submitted_run_awaited_and_fetched(job: AsyncTAPJob) -> None:
    assert job.phase == "PENDING"
    assert job.query == ROWS
    job.run()
    job.wait(phases=["COMPLETED", "ERROR"], timeout=60)
    assert job.phase == "COMPLETED"
    result = job.fetch_result()
    assert len(result) == 5
    assert result.query_status == "OVERFLOW"


def test_duration_and_destruction_can_be_set(job: AsyncTAPJob) -> None:
    job.execution_duration = 30
    wanted = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    job.destruction = wanted
    again = AsyncTAPJob(job.url, delete=False)
    assert again.execution_duration.to_value("s") == 30
    assert again.destruction.to_datetime(UTC) == wanted


def test_an_aborted_job_is_aborted(tap: TAPService, job: AsyncTAPJob) -> None:
    job.query = "SELECT COUNT(*) AS n FROM " + ", ".join(f"demo.sources AS s{n}" for n in range(5))
    job.run()
    end = time.monotonic() + 60
    while job.phase != "EXECUTING":  # job.wait waits for a change, which may have been before
        assert time.monotonic() < end
        time.sleep(0.1)
    job.abort()
    assert finished(job.url) == "ABORTED"


def test_a_failed_job_says_why(tap: TAPService) -> None:
    job = tap.submit_job("SELECT nothing FROM ivoa.ObsCore")
    job.run().wait()
    assert job.phase == "ERROR"
    with pytest.raises(Exception, match="nothing"):
        job.raise_if_error()
    job.delete()


def test_the_list_of_jobs_shows_them_until_they_are_deleted(tap: TAPService, job: AsyncTAPJob) -> None:
    assert job.job_id in {one.jobid for one in tap.get_job_list()}
    assert job.job_id in {one.jobid for one in tap.get_job_list(phases=["PENDING"], last=50)}
    assert job.job_id not in {one.jobid for one in tap.get_job_list(phases=["COMPLETED"])}
    full = tap.get_job_list(phases=["PENDING"], last=1, short_description=False)
    assert [one.jobid for one in full] == [job.job_id]
    job.delete()
    assert job.job_id not in {one.jobid for one in tap.get_job_list()}


@pytest.mark.parametrize("way", ["run_sync", "run_async"])
def test_an_uploaded_table_is_matched(tap: TAPService, mine: Table, way: str) -> None:
    found = getattr(tap, way)(MATCH, uploads={"mine": mine})
    table = found.to_table()
    np.testing.assert_array_equal(np.unique(table["number"]), mine["number"])
    first = {int(row["number"]): row["note"] for row in table}
    assert first == dict(zip(mine["number"].tolist(), mine["note"].tolist(), strict=True))
    assert table["ra"].unit == units.deg


def test_two_tables_are_uploaded_at_once(tap: TAPService, mine: Table) -> None:
    found = tap.run_sync(
        "SELECT COUNT(*) AS n FROM TAP_UPLOAD.one AS a JOIN TAP_UPLOAD.two AS b ON a.number = b.number",
        uploads={"one": mine, "two": mine[:4]},
    )
    assert found["n"][0] == 4


def test_uploads_are_offered(tap: TAPService) -> None:
    methods = {method.ivo_id for method in tap.upload_methods}
    assert {f"ivo://ivoa.net/std/TAPRegExt#upload-{kind}" for kind in ("inline", "http", "https")} <= methods
    assert tap.hardlimit > 1_000_000


def test_the_service_describes_itself(tap: TAPService, capsys: pytest.CaptureFixture[str]) -> None:
    tap.describe()
    text = capsys.readouterr().out
    assert "ADQL" in text
    assert "Output format" in text or "output" in text.lower()


def test_every_example_runs(tap: TAPService) -> None:
    examples = tap.examples
    assert len(examples) >= 15
    for example in examples:
        if "TAP_UPLOAD" not in example["QUERY"].upper():
            assert len(example.execute()) > 0, example["QUERY"]


def test_a_table_of_the_list_has_its_columns(tap: TAPService) -> None:
    columns = {column.name: column for column in tap.tables["ivoa.ObsCore"].columns}
    assert columns["s_ra"].unit == "deg"
    assert "dataproduct_type" in columns


def test_a_csv_of_a_job_has_its_rows(tap: TAPService) -> None:
    job = tap.run_async(ROWS, RESPONSEFORMAT="votable/td")
    assert len(job) == 7
    answer = requests.post(
        f"{tap.baseurl}/sync", data={"LANG": "ADQL", "QUERY": ROWS, "FORMAT": "csv"}, timeout=30
    )
    assert len(Table.read(io.BytesIO(answer.content), format="ascii.csv")) == 7
