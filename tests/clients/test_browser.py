"""The page at ``/`` in a real browser: headless Chromium runs its script against the running demo server."""

import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.demo,
    pytest.mark.debian,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; .ci/debian.sh installs it on Debian"),
]


def browse(url: str, profile: Path) -> html.HtmlElement:
    """The document that the browser has after its scripts ran."""
    command = [
        str(CHROMIUM),
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", f"--user-data-dir={profile}"),
        *("--virtual-time-budget=10000", "--dump-dom", url),
    ]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    return html.document_fromstring(done.stdout)


def test_the_page_shows_services_tables_and_holdings(demo_server: str, tmp_path: Path) -> None:
    page = browse(f"{demo_server}/", tmp_path)
    text = page.text_content()
    assert f"{demo_server}/tap" in text
    assert f"{demo_server}/sia2/query" in text
    assert "ivoa.ObsCore" in text
    assert "dbo.raw" in text
    assert len(page.cssselect("svg circle.dot")) > 50
    assert len(page.cssselect("#answer table")) == 0


def test_an_example_runs_in_the_page(demo_server: str, tmp_path: Path) -> None:
    page = browse(f"{demo_server}/#holdings", tmp_path)
    header = [cell.text_content().strip() for cell in page.cssselect("#answer table th")]
    assert [name.split()[0] for name in header] == [
        "obs_collection",
        "dataproduct_type",
        "n",
        "first_mjd",
        "last_mjd",
    ]
    assert len(page.cssselect("#answer table tbody tr")) > 5


def test_every_example_gives_rows(demo_server: str, tmp_path: Path) -> None:
    landing = browse(f"{demo_server}/", tmp_path / "landing")
    ids = [button.get("data-example") for button in landing.cssselect("button[data-example]")]
    assert len(ids) >= 6
    for example in ids:
        page = browse(f"{demo_server}/#{example}", tmp_path / example)
        answer = page.get_element_by_id("answer")
        assert answer.get("class") == "rows", f"{example}: {answer.text_content()[:300]}"
        assert len(answer.cssselect("tbody tr")) > 0, example
