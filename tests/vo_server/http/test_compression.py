"""Answers in gzip."""

import gzip

import pytest
from starlette.testclient import TestClient

from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine
from vo_server.http.app import create_app
from vo_server.http.compression import accepts_gzip, gzipped, wants_gzip

QUERY = {"LANG": "ADQL", "QUERY": "SELECT * FROM tap_schema.columns", "RESPONSEFORMAT": "csv"}


@pytest.mark.parametrize(
    ("accepted", "answer"),
    [
        ("gzip", True), ("GZIP;q=0.5, identity", True), ("*", True), ("deflate, gzip;q=1.0", True),
        ("", False), ("identity", False), ("gzip;q=0", False), ("*;q=0", False), ("gzip;q=x", False),
        ("gzip;q=0, *", False),
    ],
)  # fmt: skip
def test_accept_encoding(accepted: str, answer: bool) -> None:
    assert accepts_gzip(accepted) is answer


def test_near_clients_and_dense_formats_get_plain_bytes() -> None:
    assert wants_gzip("gzip", "192.0.2.1", "text/csv;header=present", "remote")
    assert wants_gzip("gzip", "127.0.0.1", "text/csv", "always")
    assert not wants_gzip("gzip", "127.0.0.1", "text/csv", "remote")
    assert not wants_gzip("gzip", "::1", "text/csv", "remote")
    assert not wants_gzip("gzip", "192.0.2.1", "application/vnd.apache.parquet", "always")
    assert not wants_gzip("gzip", "192.0.2.1", "text/csv", "never")


def test_pieces_make_one_stream() -> None:
    chunks = [b"a" * 100_000, b"", b"b" * 5]
    assert gzip.decompress(b"".join(gzipped(iter(chunks)))) == b"".join(chunks)


def test_an_answer_is_compressed_and_says_so(
    settings: Settings, database: Database, engine: PostgresEngine
) -> None:
    app = create_app(settings.model_copy(update={"compress": "always"}), database, engine)
    with TestClient(app) as client:
        with client.stream("GET", "/tap/sync", params=QUERY, headers={"Accept-Encoding": "gzip"}) as packed:
            sent = b"".join(packed.iter_raw())
        plain = client.get("/tap/sync", params=QUERY, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(sent) == plain.content
    assert len(sent) < len(plain.content) / 2
