"""A file on its way: in pieces, and no further than somebody listens."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from datalink.downloads.ranges import ByteRange
from datalink.downloads.sending import PIECE, FileAnswer, Stored, open_stored
from datalink.files import File
from vo_server.errors import TransientFault

SIZE = 5 * PIECE + 7


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    path = tmp_path / "large"
    path.write_bytes(b"x" * SIZE)
    return open_stored(file_at(path.as_uri()))


def file_at(url: str) -> File:
    return File("A.B", "raw", None, None, None, url, SIZE, "00" * 32, "application/fits", None, None, 0)


def run(
    answer: FileAnswer, *, disconnect_after: int = 1000, shorten: Path | None = None
) -> list[dict[str, Any]]:
    """The messages that a server gets; the client goes away after some of them."""
    sent: list[dict[str, Any]] = []

    async def call() -> None:
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(dict(message))
            if shorten is not None:
                shorten.write_bytes(b"")
            if len(sent) >= disconnect_after:
                gone.set()
            await asyncio.sleep(0)

        await answer({"type": "http", "method": "GET"}, receive, send)

    asyncio.run(call())
    return sent


def test_a_file_is_sent_in_pieces_and_closed(stored: Stored) -> None:
    sent = run(FileAnswer(stored, (), "application/fits", {}))
    bodies = [message["body"] for message in sent[1:]]
    assert sum(map(len, bodies)) == SIZE
    assert max(map(len, bodies)) == PIECE
    assert [message["more_body"] for message in sent[1:]][-1] is False
    assert stored.stream.closed


def test_a_range_is_read_from_its_place(stored: Stored) -> None:
    sent = run(FileAnswer(stored, (ByteRange(PIECE - 1, 2 * PIECE + 1),), "application/fits", {}))
    assert sent[0]["status"] == 206
    assert sum(len(message["body"]) for message in sent[1:]) == PIECE + 2


def test_nothing_is_read_for_a_client_that_went_away(stored: Stored) -> None:
    sent = run(FileAnswer(stored, (), "application/fits", {}), disconnect_after=2)
    assert len(sent) <= 4
    assert stored.stream.closed


def test_a_file_that_shrinks_ends_the_connection(stored: Stored, tmp_path: Path) -> None:
    with pytest.raises(TransientFault):
        run(FileAnswer(stored, (), "application/fits", {}), shorten=tmp_path / "large")
    assert stored.stream.closed


@pytest.mark.parametrize("kind", ["nothing", "directory", "pipe", "another store"])
def test_what_is_no_file_of_the_store_is_a_fault_without_its_path(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "place"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    url = "s3://bucket/place" if kind == "another store" else path.as_uri()
    with pytest.raises(TransientFault) as caught:
        open_stored(file_at(url))
    assert "place" not in str(caught.value)
