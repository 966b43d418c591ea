"""Results are there whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vo_server.errors import NotFoundFault, UsageFault
from vo_server.uws.results import ResultStore


def test_a_result_is_read_back_and_deleted_with_its_job(tmp_path: Path) -> None:
    store = ResultStore(tmp_path.as_uri())
    assert store.write("job/result.csv", [b"a,b\n", b"1,2\n"]) == 8
    assert b"".join(store.read("job/result.csv")) == b"a,b\n1,2\n"
    assert store.path("job/result.csv") == tmp_path / "job" / "result.csv"
    store.delete("job")
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_breaks_off_is_not_there(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("broken")

    store = ResultStore(tmp_path.as_uri())
    with pytest.raises(ValueError, match="broken"):
        store.write("job/result", broken())
    with pytest.raises(NotFoundFault):
        list(store.read("job/result"))


def test_deleting_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    ResultStore(tmp_path.as_uri()).delete("never")


def test_the_default_store_is_a_directory_of_the_server(tmp_path: Path) -> None:
    ResultStore.of(None, tmp_path).write("job/result", [b"x"])
    assert (tmp_path / "results" / "job" / "result").read_bytes() == b"x"


def test_a_result_has_a_largest_size(tmp_path: Path) -> None:
    store = ResultStore(tmp_path.as_uri())
    assert store.write("job/result", [b"123", b"45"], 5) == 5
    with pytest.raises(UsageFault, match="more than 4 bytes, the most that is kept"):
        store.write("job/other", [b"123", b"45"], 4)
    assert list(store.read("job/result")) == [b"12345"]
    with pytest.raises(NotFoundFault):
        list(store.read("job/other"))
