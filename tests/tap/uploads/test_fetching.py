"""Tables behind URLs, and the URLs that are none of a client's business."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tap.uploads.fetching import Fetcher, is_public
from vo_server.errors import UsageFault

TABLE = b"a,b\n1,2\n"


class _Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path == "/dripping":
            for _ in range(200):
                self.wfile.write(b"H")
                self.wfile.flush()
                threading.Event().wait(0.05)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                threading.Event().wait(0.05)
        elif self.path == "/missing":
            self.send_error(404)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 5000 if self.path == "/large" else TABLE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A web server on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


ALLOWING = Fetcher(1000, 1.0, ("localhost",))


def test_a_table_is_fetched_from_a_host_that_the_operator_allows(site: str, tmp_path: Path) -> None:
    ALLOWING.fetch(f"{site}/table.csv", tmp_path / "t")
    assert (tmp_path / "t").read_bytes() == TABLE
    ALLOWING.fetch(f"{site}/to//table.csv", tmp_path / "u")
    assert (tmp_path / "u").read_bytes() == TABLE


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing", "status 404"),
        ("/large", "larger than 1000"),
        ("/slow", "was not there after"),
        ("/dripping", "cannot be fetched"),
        ("/to/http://[", "cannot be fetched"),
        ("/to/file:///etc/passwd", "neither http nor https"),
        ("/to/http://127.0.0.1:9/", "not public"),
        ("/to/http://[::1]/", "not public"),
        ("/to/http://169.254.169.254/latest/meta-data", "not public"),
    ],
)
def test_what_an_allowed_host_may_not_do(site: str, tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(UsageFault, match=words):
        ALLOWING.fetch(f"{site}{path}", tmp_path / "t")


def test_redirections_end(site: str, tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="redirections"):
        ALLOWING.fetch(site + "/to/" * 10, tmp_path / "t")


def test_this_machine_is_not_reached_without_leave(site: str, tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="not public"):
        Fetcher(1000, 1.0).fetch(f"{site}/table.csv", tmp_path / "t")
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "224.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "ff02::1"],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "134.171.74.1", "2606:4700::1111"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)
