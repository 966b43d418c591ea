"""Broken links, missing files and cutouts that fail are found."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from health.checks import cutouts, database, links
from health.checks.links import Row, link_faults
from health.checks.products import sample
from health.site import Site
from tests.health.conftest import IMAGE
from tests.products import Holdings
from vo_server.archive import FILE


def path_of(holdings: Holdings) -> Path:
    with holdings.engine.connect() as connection:
        url = connection.scalar(sa.select(FILE.c.url).where(FILE.c.dp_id == IMAGE))
    return Path(str(url).removeprefix("file://"))


def change(holdings: Holdings, assignment: str) -> None:
    with holdings.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE ivoa.obscore SET {assignment} WHERE dp_id = :id"), {"id": IMAGE})


def test_a_product_with_its_file_is_right(site: Site, holdings: Holdings) -> None:
    assert {product.did for product in sample(site, 5)} == {holdings.did(IMAGE)}
    verdict = links.look_at_links(site)
    assert (verdict.problems, verdict.doubts) == ((), ())
    verdict = cutouts.look_at_cutouts(site)
    assert (verdict.problems, verdict.looked) == ((), "1 cutouts")


def test_a_missing_file_is_found(site: Site, holdings: Holdings) -> None:
    path_of(holdings).unlink()
    assert "#this" in links.look_at_links(site).detail
    assert links.look_at_links(site).status == "failed"
    with holdings.engine.connect() as connection:
        verdict = database.look_at_files(connection)
    assert verdict.problems == ("1 of 1 looked at are gone or have another size",)


def test_a_product_without_a_row_for_its_file_is_found(site: Site, holdings: Holdings) -> None:
    with holdings.engine.begin() as connection:
        connection.execute(sa.delete(FILE).where(FILE.c.dp_id == IMAGE))
    assert links.look_at_links(site).status == "failed"


def test_a_broken_link_is_found(site: Site, holdings: Holdings) -> None:
    change(holdings, "access_url = replace(access_url, '/datalink/links', '/datalink/lynx')")
    (problem,) = links.look_at_links(site).problems
    assert problem == f"{holdings.did(IMAGE)}: access_url: status 404"


def test_a_link_to_another_server_is_found_and_not_followed(site: Site, holdings: Holdings) -> None:
    change(holdings, "access_url = 'http://127.0.0.1:1/elsewhere'")
    (problem,) = links.look_at_links(site).problems
    assert problem.endswith("is of another server")


def test_a_damaged_image_is_found_by_its_cutout(site: Site, holdings: Holdings) -> None:
    path = path_of(holdings)
    path.write_bytes(path.read_bytes()[:3000])
    assert cutouts.look_at_cutouts(site).status == "failed"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (Row("#this", "http://x", "soda", "", "", ""), "not just one of"),
        (Row("#this", "", "", "", "", ""), "not just one of"),
        (Row("#this", "", "", "NotFoundFault: gone", "", ""), "NotFoundFault"),
        (Row("#that", "http://x", "", "", "", ""), "not in the vocabulary"),
        (Row("", "http://x", "", "", "", ""), "without semantics"),
    ],
)
def test_what_the_standard_forbids_is_found(row: Row, fault: str) -> None:
    assert any(fault in found for found in link_faults([row]))


def test_links_need_the_thing_itself() -> None:
    assert list(link_faults([Row("#preview", "http://x", "", "", "", "")])) == ["there is no #this"]
    assert list(link_faults([Row("#this", "http://x", "", "", "", "")])) == []
