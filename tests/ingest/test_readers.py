"""Files read in other processes: the same results in the same order, whatever ends a process."""

from collections.abc import Iterator

import distributed
import pytest

from ingest import readers
from ingest.collections import presets
from ingest.read import Parsed, Rejected
from ingest.readers import Readers
from ingest.scan import Candidate, candidate
from tests.ingest import ending, samples
from vo_server.errors import TransientFault


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> list[Candidate]:
    """Two hundred files; one of them is none."""
    directory = tmp_path_factory.mktemp("readers")
    for number in range(200):
        path = directory / f"{number:03}.fits"
        samples.raw(path, OBJECT=f"t{number}")
        if number == 100:
            path.write_bytes(b"")
    found = [candidate(path) for path in sorted(directory.iterdir())]
    return [entry for entry in found if isinstance(entry, Candidate)]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A Dask cluster of two worker processes."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def told(results: Iterator[Parsed | Rejected]) -> list[str]:
    """What of each result tells it from the others."""
    return [
        result.findings[0].rule if isinstance(result, Rejected) else str(result.row["object"])
        for result in results
    ]


EXPECTED = [f"t{number}" if number != 100 else "EMPTY" for number in range(200)]


@pytest.mark.parametrize("ahead", [1, 40, 1000])
def test_processes_give_what_one_process_gives(candidates: list[Candidate], ahead: int) -> None:
    with Readers(presets(), processes=1) as here:
        alone = list(here.read(candidates, ahead))
    assert told(iter(alone)) == EXPECTED
    with Readers(presets(), processes=2) as many:
        together = list(many.read(candidates, ahead))
    assert told(iter(together)) == EXPECTED
    texts = [
        [header.text() for header in result.headers]
        for results in (alone, together) for result in results if isinstance(result, Parsed)
    ]  # fmt: skip
    assert texts[:199] == texts[199:]


def test_a_file_that_ends_its_process_is_refused_and_all_others_are_read(
    candidates: list[Candidate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VO_TEST_ENDS_READER", candidates[37].path)
    monkeypatch.setattr(readers, "_begin", ending.begin)
    with Readers(presets(), processes=2) as many:
        results = told(many.read(candidates, 100))
    assert results == [*EXPECTED[:37], "UNREADABLE", *EXPECTED[38:]]


def test_a_dask_cluster_gives_what_one_process_gives(candidates: list[Candidate], scheduler: str) -> None:
    with Readers(presets(), scheduler=scheduler) as cluster:
        assert told(cluster.read(candidates, 100)) == EXPECTED


def test_a_dask_worker_may_die(candidates: list[Candidate], scheduler: str) -> None:
    with Readers(presets(), scheduler=scheduler) as cluster:
        results = cluster.read(candidates, 64)
        first = next(results)
        with distributed.Client(scheduler, set_as_default=False) as client:
            client.run_on_scheduler(_end_one_worker)
        assert told(iter([first, *results])) == EXPECTED


async def _end_one_worker(dask_scheduler: distributed.Scheduler) -> None:
    address = next(iter(dask_scheduler.workers))
    await dask_scheduler.remove_worker(address, stimulus_id="test", close=True)


def test_a_scheduler_that_is_not_there_is_named(candidates: list[Candidate]) -> None:
    with (
        Readers(presets(), scheduler="tcp://127.0.0.1:9") as cluster,
        pytest.raises(TransientFault, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9"),
    ):
        list(cluster.read(candidates, 10))
