"""Fair shares of synchronous queries."""

import pytest
from starlette.testclient import TestClient

from tests.serving import query_status
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine
from vo_server.errors import QuotaFault
from vo_server.http.app import create_app
from vo_server.http.shares import Shares

QUERY = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 table_name FROM tap_schema.tables"}


def test_each_share_has_its_own_limit() -> None:
    shares = Shares(2)
    shares.enter("a")
    shares.enter("a")
    with pytest.raises(QuotaFault, match="2 queries of yours"):
        shares.enter("a")
    shares.enter("b")
    shares.leave("a")
    shares.enter("a")


def test_a_client_beyond_its_share_is_told_when_to_come_back(
    settings: Settings, database: Database, engine: PostgresEngine
) -> None:
    app = create_app(settings, database, engine)
    with TestClient(app) as client:
        share = "anonymous@testclient"
        for _ in range(settings.owner_queries):
            app.state.shares.enter(share)
        refused = client.get("/tap/sync", params=QUERY)
        app.state.shares.leave(share)
        assert client.get("/tap/sync", params=QUERY).status_code == 200
        # An answer gives its place back, however it ends.
        wrong = client.get("/tap/sync", params=QUERY | {"QUERY": "SELECT 1 / 0 AS x FROM tap_schema.tables"})
        assert wrong.status_code == 400
        assert client.get("/tap/sync", params=QUERY).status_code == 200
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert query_status(refused.content)[0] == "ERROR"
