"""The pages of providers and archivists in a real browser: what is clicked there arrives."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.ingest.phase3.products import Sample
from tests.phase3.conftest import Account
from vo_server.db import Database
from vo_server.submissions.area import Area

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
PATIENCE = 60_000  #: milliseconds

pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; .ci/debian.sh installs it on Debian"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *QUIET])


@pytest.fixture
def desk_of(browser: Browser) -> Iterator[Callable[[Account], Page]]:
    """The overview of an account, logged in by its token."""
    contexts = []

    def open_desk(account: Account) -> Page:
        context = browser.new_context(http_credentials={"username": account.name, "password": account.token})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{account.url}/phase3")
        return page

    yield open_desk
    for context in contexts:
        context.close()


def upload(page: Page, path: Path) -> None:
    with page.expect_navigation():  # to the same page, when all bytes are there
        page.get_by_label("Add files").set_input_files(path)


def take(page: Page, step: str, state: str, reason: str = "") -> None:
    page.get_by_label("reason").fill(reason)
    with page.expect_navigation():  # its scripts run before anything else is clicked
        page.get_by_role("button", name=step, exact=True).click()
    expect(page.get_by_role("heading", name=f"is {state}")).to_be_visible(timeout=PATIENCE)


@pytest.mark.usefixtures("raw")
def test_a_release_is_uploaded_mended_and_published_by_clicks(
    desk_of: Callable[[Account], Page],
    pi: Account,
    curator: Account,
    collection: str,
    sample: Sample,
    tmp_path: Path,
) -> None:
    (path,) = sample.write(tmp_path)
    page = desk_of(pi)
    page.locator(f"section:has-text('{collection}')").get_by_role("button").click()
    page.wait_for_url("**/phase3/batches/*")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    upload(page, path)
    take(page, "close", "error")
    assert "TRUNCATED" in page.locator("section:has-text('Findings') td.error").all_text_contents()
    take(page, "reopen", "open")
    path.write_bytes(whole)
    upload(page, path)
    take(page, "close", "valid")
    take(page, "submit", "submitted")
    review = desk_of(curator)
    review.goto(page.url)
    take(review, "approve", "approved", "looks right")
    take(review, "publish", "published")
    (done,) = curator.batch(int(page.url.rsplit("/", 1)[1]))["files"]
    assert (done["name"], done["size"], done["dp_id"][:4]) == (path.name, len(whole), "ADP.")


def test_an_upload_that_a_browser_lost_goes_on_where_it_was(
    desk_of: Callable[[Account], Page], pi: Account, batch: int, tmp_path: Path, database: Database
) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * 100_000)  # two pieces of the page's uploads
    page = desk_of(pi)
    page.goto(f"{pi.url}/phase3/batches/{batch}")
    offsets: list[int] = []

    def interrupt(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
        if len(offsets) == 2 and route.request.method == "PATCH":
            route.abort()
        else:
            route.continue_()

    page.route("**/files/*", interrupt)
    page.get_by_label("Add files").set_input_files(path)
    expect(page.get_by_role("status")).not_to_be_empty(timeout=PATIENCE)
    there = Area(database.state_dir, batch).received(path.name)
    assert 0 < there < path.stat().st_size
    page.reload()
    upload(page, path)
    assert offsets == [0, there, there]
    assert Area(database.state_dir, batch).path(path.name).read_bytes() == path.read_bytes()


def test_keywords_are_amended_and_faults_are_shown(
    desk_of: Callable[[Account], Page], pi: Account, batch: int, tmp_path: Path
) -> None:
    page = desk_of(pi)
    page.goto(f"{pi.url}/phase3/batches/{batch}")
    changes = tmp_path / "changes.csv"
    changes.write_text("file,keyword,value\nno.fits,BITPIX,8\n")
    page.get_by_label("Amend keywords").set_input_files(changes)
    expect(page.get_by_role("status")).to_contain_text("line 2: BITPIX says how", timeout=PATIENCE)
    changes.write_text("file,keyword,value\nno.fits,OBJECT,x\n")
    page.get_by_label("Amend keywords").set_input_files(changes)
    expect(page.get_by_text("The last amend failed")).to_contain_text("no.fits", timeout=PATIENCE)
