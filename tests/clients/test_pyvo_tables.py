"""pyvo as a client of tables that users keep, against the demo server."""

import io
from collections.abc import Iterator

import pytest
from astropy.table import Table
from pyvo.auth import AuthSession
from pyvo.dal import DALQueryError, TAPService
from pyvo.utils import activate_features

from tests.clients.conftest import DemoServer
from vo_server.tokens import issue

pytestmark = [
    pytest.mark.demo,
    pytest.mark.filterwarnings("ignore::pyvo.utils.xml.exceptions.UnknownElementWarning"),
    # pyvo leaves the answers to its own requests for the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture(scope="module")
def tap(demo: DemoServer) -> Iterator[TAPService]:
    """The service for somebody who is logged in by a password, which is the token."""
    token = issue(next(demo.directory.glob("**/tokens.toml"), demo.directory / "tokens.toml"), "ada")
    session = AuthSession()
    session.credentials.set_password("ada", token)
    service = TAPService(f"{demo.url}/tap", session=session)
    session.update_from_capabilities(service.capabilities)
    activate_features("cadc-tb-upload")
    yield service
    activate_features()


def test_a_table_is_made_filled_indexed_and_removed(tap: TAPService) -> None:
    made = Table({"id": ["a", "b"], "lon": [10.5, 11.5], "lat": [-3.0, 4.0]})
    sink = io.BytesIO()
    made[:0].write(sink, format="votable")
    sink.seek(0)
    tap.create_table("watched", sink, format="VOTable")
    rows = io.BytesIO(b"id\tlon\tlat\na\t10.5\t-3\nb\t11.5\t4\n")
    tap.load_table("watched", rows, format="tsv")
    fits = io.BytesIO()
    Table({"id": ["c"], "lon": [1.0], "lat": [2.0]}).write(fits, format="fits")
    fits.seek(0)
    tap.load_table("user_ada.watched", fits, format="FITSTable")
    tap.create_index("watched", "id", unique=True)
    found = tap.search("SELECT id, lon FROM user_ada.watched ORDER BY id").to_table()
    assert found["id"].tolist() == ["a", "b", "c"]
    assert found["lon"].tolist() == [10.5, 11.5, 1.0]
    assert tap.run_async("SELECT COUNT(*) AS n FROM watched").to_table()["n"][0] == 3
    assert "user_ada.watched" in TAPService(tap.baseurl, session=tap._session).tables
    tap.remove_table("watched")
    with pytest.raises(DALQueryError, match="there is no table"):
        tap.search("SELECT * FROM user_ada.watched")


def test_nobody_else_sees_it(tap: TAPService, demo_server: str) -> None:
    tap.create_table("mine", io.BytesIO(b"x\n1\n"), format="VOTable")
    with pytest.raises(DALQueryError, match="there is no table"):
        TAPService(f"{demo_server}/tap").search("SELECT * FROM user_ada.mine")
    tap.remove_table("mine")
