"""SODA over HTTP, by itself and through pyvo."""

import io
import os
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from astropy import units as u
from astropy.io import fits
from astropy.io.votable import parse
from lxml import etree
from pyvo.dal.adhoc import DatalinkResults
from pyvo.io.uws import parse_job
from starlette.testclient import TestClient

from datalink.soda.jobs import SodaExecutor
from datalink.soda.parts import Parts
from tests.datalink.soda.samples import CENTRE
from tests.products import Holdings
from tests.serving import Server, ended
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.errors import FatalFault
from vo_server.parameters import Parameters
from vo_server.uws.jobs import JobStore
from vo_server.uws.results import ResultStore

IMAGE, CUBE, SPECTRUM, CATALOGUE, SECRET = (
    f"ADP.SODA-{name}" for name in ("IMAGE", "CUBE", "SPECTRUM", "CATALOGUE", "SECRET")
)
HERE = f"CIRCLE {CENTRE[0]} {CENTRE[1]} 0.005"
Paths = dict[str, Path]


def sync(client: TestClient, **parameters: Any) -> Any:
    return client.get("/soda/sync", params={name.upper(): value for name, value in parameters.items()})


def test_a_part_is_fits_with_its_name_and_length(client: TestClient, products: Paths) -> None:
    answer = sync(client, id=IMAGE, pos=HERE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fits"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-disposition"] == f'attachment; filename="{IMAGE}_part.fits"'
    with fits.open(io.BytesIO(answer.content)) as hdus:
        assert hdus[0].shape == (11, 11) or max(hdus[0].shape) <= 12


def test_post_and_the_publishers_identifier_do_the_same(client: TestClient, products: Paths) -> None:
    did = f"ivo://vo-server.example/ID?{IMAGE}"
    posted = client.post("/soda/sync", data={"ID": did, "circle": f"{CENTRE[0]} {CENTRE[1]} 0.005"})
    assert posted.content == sync(client, id=IMAGE, pos=HERE).content


def test_without_a_constraint_the_whole_file_comes(client: TestClient, products: Paths) -> None:
    assert sync(client, id=IMAGE).content == products[IMAGE].read_bytes()


def test_no_pixels_are_no_content(client: TestClient, products: Paths) -> None:
    answer = sync(client, id=IMAGE, pos="CIRCLE 10 10 0.1")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("parameters", "status", "text"),
    [
        ({"pos": HERE}, 400, "UsageError: ID is missing"),
        ({"id": "nothing", "pos": HERE}, 404, "UsageError: nothing is not in this archive"),
        (
            {"id": "ivo://elsewhere/x", "pos": HERE},
            404,
            "UsageError: ivo://elsewhere/x is not an",
        ),
        ({"id": SECRET, "pos": HERE}, 403, "AuthorizationError: ADP.SODA-SECRET is proprietary until"),
        ({"id": IMAGE, "pos": "SQUARE 1 2"}, 400, "UsageError: POS='SQUARE 1 2' is not a known shape"),
        (
            {"id": IMAGE, "pos": "CIRCLE 1 NaN 1"},
            400,
            "UsageError: POS='CIRCLE 1 NaN 1': 'NaN' is",
        ),
        (
            {"id": IMAGE, "band": "5e-7 4e-7"},
            400,
            "UsageError: BAND='5e-7 4e-7': the lower bound",
        ),
        ({"id": CATALOGUE, "band": "4e-7 5e-7"}, 400, "UsageError: BAND needs a spectral axis"),
        ({"id": "ADP.SODA-TEXT", "pos": HERE}, 400, "UsageError: ADP.SODA-TEXT is text/plain"),
        ({"id": IMAGE, "responseformat": "votable"}, 400, "UsageError: ADP.SODA-IMAGE is no spectrum"),
        ({"id": [str(n) for n in range(1000)]}, 400, "UsageError: too many parameters"),
        (
            {"id": [str(n) for n in range(51)]},
            400,
            "UsageError: 51 parts are asked for, and at most 50 are made",
        ),
    ],
)
def test_errors_are_text_that_begins_with_a_word_of_the_standard(
    client: TestClient, products: Paths, parameters: dict[str, Any], status: int, text: str
) -> None:
    answer = sync(client, **parameters)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith(text)
    assert "Traceback" not in answer.text


def test_a_spectrum_can_be_had_as_votable(client: TestClient, products: Paths) -> None:
    answer = sync(client, id=SPECTRUM, band="500e-9 510e-9", responseformat="application/x-votable+xml")
    assert answer.headers["content-type"] == "application/x-votable+xml"
    table = parse(io.BytesIO(answer.content), verify="ignore").get_first_table()
    assert [field.name for field in table.fields] == ["WAVE", "FLUX", "QUAL"]
    assert [field.utype for field in table.fields][:2] == [
        "spec:Data.SpectralAxis.Value",
        "spec:Data.FluxAxis.Value",
    ]
    assert str(table.fields[0].unit) == "nm"
    np.testing.assert_allclose(table.array["WAVE"], np.linspace(500, 510, 101))
    np.testing.assert_array_equal(table.array["FLUX"], np.arange(1000, 1101))
    assert b'utype="spec:Spectrum.DataModel"' in answer.content


def test_several_parts_come_in_one_archive(client: TestClient, products: Paths) -> None:
    parameters = {"id": [IMAGE, CUBE], "pos": [HERE, "CIRCLE 10 10 0.1"]}
    answer = sync(client, **parameters)
    assert answer.headers["content-type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        names = archive.getnames()
        assert names == [
            f"{IMAGE}_part_1.fits", f"{IMAGE}_part_2.fits.txt",
            f"{CUBE}_part_3.fits", f"{CUBE}_part_4.fits.txt",
        ]  # fmt: skip
        image, nothing = (archive.extractfile(name) for name in names[:2])
        assert image is not None
        assert image.read(6) == b"SIMPLE"
        assert nothing is not None
        assert nothing.read().startswith(b"NoContent: ")


def test_vosi_tells_both_services(client: TestClient) -> None:
    root = etree.fromstring(client.get("/soda/capabilities").content)
    standards = {item.get("standardID") for item in root}
    assert {"ivo://ivoa.net/std/SODA#sync-1.0", "ivo://ivoa.net/std/SODA#async-1.0"} <= standards
    assert client.get("/soda/availability").status_code == 200


def test_a_job_makes_every_part(server: Server, products: Paths) -> None:
    made = requests.post(
        f"{server.url}/soda/async",
        data=[("ID", IMAGE), ("ID", SPECTRUM), ("POS", HERE), ("POS", "CIRCLE 10 10 1"), ("PHASE", "RUN")],
        timeout=30,
    )
    job = parse_job(io.BytesIO(ended(made.url)))
    assert job.phase == "COMPLETED"
    results = [requests.get(result.href, timeout=30) for result in job.results]
    assert [answer.headers["content-type"].partition(";")[0] for answer in results] == [
        "application/fits", "text/plain", "application/fits", "text/plain",
    ]  # fmt: skip
    assert (
        results[0].content
        == requests.get(f"{server.url}/soda/sync", params={"ID": IMAGE, "POS": HERE}, timeout=30).content
    )
    assert results[1].text.startswith("NoContent: ")


def test_a_job_that_is_wrong_ends_with_the_reason(server: Server, products: Paths) -> None:
    made = requests.post(f"{server.url}/soda/async", data={"ID": "nothing", "PHASE": "RUN"}, timeout=30)
    text = ended(made.url).decode()
    assert "<uws:phase>ERROR</uws:phase>" in text
    assert "nothing is not in this archive" in text


def test_a_job_ends_in_the_middle_of_a_part(settings: Settings, database: Database, open_dir: Path) -> None:
    path = open_dir / "large.fits"
    header = fits.Header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 2, "NAXIS1": 20_000, "NAXIS2": 50_000})
    path.write_bytes(header.tostring().encode())
    os.truncate(path, path.stat().st_size + -(-(10**9) // 2880) * 2880)
    holdings = Holdings(database.owner, settings)
    results = ResultStore(open_dir.joinpath("stopped").as_uri())
    executor = SodaExecutor(settings, Parts(database.writer, settings), results)
    try:
        holdings.file("ADP.SODA-LARGE", path)
        store = JobStore(database.writer)
        wanted = Parameters([("ID", "ADP.SODA-LARGE"), ("SUB", "[1:19999,1:49999]")])
        job = store.create("soda-test", "anybody", wanted, execution_duration=60, retention=600)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(executor.execute, job)
            while not executor.progress(job):
                time.sleep(0.001)
            executor.cancel(job)
            with pytest.raises(FatalFault, match="the job was stopped"):
                running.result()
        assert not open_dir.joinpath("stopped").exists()
        assert executor.progress(job) == {}
    finally:
        holdings.clear()
        path.unlink()


def test_pyvo_cuts_what_datalink_describes(server: Server, products: Paths) -> None:
    url = f"{server.url}/datalink/links?ID=ivo://vo-server.example/ID?{CUBE}"
    links = DatalinkResults.from_result_url(url)
    service = links.get_first_proc()
    assert urlsplit(service.access_url).path == "/soda/sync"
    (row,) = (link for link in links if link.semantics == "#this")
    content = row.processed(
        circle=(CENTRE[0] * u.deg, CENTRE[1] * u.deg, 0.005 * u.deg), band=(502e-9 * u.m, 518e-9 * u.m)
    ).read()
    with fits.open(io.BytesIO(content)) as hdus:
        assert hdus["DATA"].shape[0] == 2
        assert max(hdus["DATA"].shape[1:]) <= 12
