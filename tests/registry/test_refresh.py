"""A server that starts publishes what it has, and does not start where the operator's words are wrong."""

from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from starlette.testclient import TestClient

from registry.checks import check_operator
from registry.operator import Operator
from tests.serving import Server, server
from tests.xsd import validate
from vo_server.archive import REGISTRY_RECORD
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine
from vo_server.errors import UsageFault
from vo_server.http.app import create_app

__all__ = ["server"]


def forget(database: Database) -> None:
    with database.owner.begin() as connection:
        connection.execute(sa.delete(REGISTRY_RECORD))


def test_before_the_first_look_harvesters_are_asked_to_come_again(
    client: TestClient, database: Database
) -> None:
    forget(database)
    for query in ("verb=Identify", "verb=ListRecords&metadataPrefix=ivo_vor"):
        answer = client.get(f"/oai?{query}")
        # OAI-PMH 2.0, Status-Codes: 503 with the seconds to wait.
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    assert client.get("/oai?verb=ListSets").status_code == 200


def test_a_started_server_publishes_itself(database: Database, request: pytest.FixtureRequest) -> None:
    forget(database)
    started: Server = request.getfixturevalue("server")
    started.until(lambda: requests.get(f"{started.url}/oai?verb=Identify", timeout=10).status_code == 200)
    answer = requests.get(f"{started.url}/oai?verb=ListRecords&metadataPrefix=ivo_vor", timeout=10)
    assert validate(answer.content) == []
    # The server's own address, not that of the settings of this process.
    assert f'<accessURL use="base">{started.url}/tap</accessURL>' in answer.text
    forget(database)


def test_a_mistake_of_the_operator_stops_the_start(
    settings: Settings, database: Database, engine: PostgresEngine, tmp_path: Path
) -> None:
    path = tmp_path / "words.toml"
    path.write_text("[contact]\nemail = 'nobody'\n")
    wrong = settings.model_copy(update={"registry_file": path})
    with pytest.raises(UsageFault, match=r"words\.toml is wrong: contact\.email"):
        create_app(wrong, database, engine)
    assert check_operator(wrong, tmp_path).status == "failed"
    with pytest.raises(UsageFault, match=r"there is no none\.toml"):
        Operator.of(settings.model_copy(update={"registry_file": tmp_path / "none.toml"}), tmp_path)


def test_the_check_asks_for_somebody_to_write_to(settings: Settings, tmp_path: Path) -> None:
    assert check_operator(settings, tmp_path).status == "warning"
    (tmp_path / "registry.toml").write_text("[contact]\nemail = 'help@exo.example'\n")
    found = check_operator(settings, tmp_path)
    assert found.status == "ok"
    assert "help@exo.example" in found.detail
