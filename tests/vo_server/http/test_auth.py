"""Accounts: tokens in a file, credentials in requests, and jobs that belong to somebody."""

import base64
import stat
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from tests.serving import query_status
from vo_server.cli import app as cli
from vo_server.config import Settings
from vo_server.db import Database
from vo_server.engine import PostgresEngine
from vo_server.errors import UsageFault
from vo_server.http.app import create_app
from vo_server.tokens import Tokens, issue

QUERY = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 table_name FROM tap_schema.tables"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(user: str, token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


def test_a_token_is_known_until_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tokens.toml"
    tokens = Tokens(path)
    assert tokens.account("x") is None
    first = issue(path, "ada")
    other = issue(path, "grace")
    assert (tokens.account(first), tokens.account(other)) == ("ada", "grace")
    second = issue(path, "ada")
    assert (tokens.account(first), tokens.account(second), tokens.account(other)) == (None, "ada", "grace")
    assert first not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", "anonymous", "Anonymous", "1a", "a b", 'a"', "a" * 61, "a@b", "../a"])
def test_names_that_no_account_has(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageFault, match="no name for an account"):
        issue(tmp_path / "t.toml", name)


def test_the_command_prints_a_token_that_works(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["token", "ada", "--dir", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert Tokens(tmp_path / "tokens.toml").account(done.output.strip()) == "ada"


def test_jobs_belong_to_their_account(
    settings: Settings, database: Database, engine: PostgresEngine, tmp_path: Path
) -> None:
    path = tmp_path / "tokens.toml"
    ada, grace = issue(path, "ada"), issue(path, "grace")
    app = create_app(settings.model_copy(update={"token_file": path}), database, engine)
    with TestClient(app, follow_redirects=False) as client:
        for headers in (bearer(ada), basic("ada", ada), {}):
            assert client.get("/tap/sync", params=QUERY, headers=headers).status_code == 200
        job = (
            client.post("/tap/async", data=QUERY, headers=bearer(ada)).headers["location"].rpartition("/")[2]
        )
        assert client.get(f"/tap/async/{job}/owner", headers=basic("ada", ada)).text == "ada"
        assert job in client.get("/tap/async", headers=bearer(ada)).text
        for headers in (bearer(grace), {}):
            assert client.get(f"/tap/async/{job}", headers=headers).status_code == 403
            assert client.delete(f"/tap/async/{job}", headers=headers).status_code == 403
            assert job not in client.get("/tap/async", headers=headers).text
        assert client.delete(f"/tap/async/{job}", headers=bearer(ada)).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        bearer("wrong"),
        bearer(""),
        basic("ada", "wrong"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Magic"},
    ],
)
def test_wrong_credentials_are_refused_with_a_challenge(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/tap/sync", params=QUERY, headers=headers)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]
    assert query_status(answer.content)[0] == "ERROR"


def test_a_token_is_not_lent_to_another_name(
    settings: Settings, database: Database, engine: PostgresEngine, tmp_path: Path
) -> None:
    path = tmp_path / "tokens.toml"
    token = issue(path, "ada")
    app = create_app(settings.model_copy(update={"token_file": path}), database, engine)
    with TestClient(app) as client:
        assert client.get("/tap/sync", params=QUERY, headers=basic("grace", token)).status_code == 401
