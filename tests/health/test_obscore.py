"""Values that ObsCore must not have are found."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from health.checks import obscore
from health.site import Site
from tests.health.conftest import IMAGE
from tests.products import Holdings
from vo_server.db import Database

BROKEN = {
    "calib_level = 7": "calib_level is none of 0 to 4",
    "s_ra = 400": "s_ra is out of range",
    "s_dec = -91": "s_dec is out of range",
    "s_dec = NULL": "one of s_ra and s_dec is NULL",
    "t_min = 60001, t_max = 60000": "t_min is after t_max",
    "em_min = 2e-6, em_max = 1e-6": "em_min is more than em_max",
    "s_fov = -1": "s_fov is negative",
    "obs_publisher_did = 'http://elsewhere'": "obs_publisher_did is no IVOID",
    "obs_id = ''": "an identifier is empty",
    "access_format = NULL": "access_url without access_format",
    "pol_states = 'I Q'": "pol_states without slashes",
}
WORDS = {
    "dataproduct_type = 'picture'": "dataproduct_type 'picture' is not in the vocabulary",
    "access_format = 'fits'": "access_format 'fits' is no media type",
    "o_ucd = 'phot.flx'": "'phot.flx' is not a word of UCD1+",
}


def change(holdings: Holdings, assignment: str) -> None:
    with holdings.engine.begin() as connection:
        done = connection.execute(
            sa.text(f"UPDATE ivoa.obscore SET {assignment} WHERE dp_id = :id"), {"id": IMAGE}
        )
        assert done.rowcount == 1


def test_a_right_product_is_right(site: Site, holdings: Holdings) -> None:
    assert obscore.look_at_values(site).problems == ()
    assert obscore.look_at_words(site).problems == ()


@pytest.mark.parametrize("assignment", BROKEN)
def test_a_value_out_of_its_range_is_found(site: Site, holdings: Holdings, assignment: str) -> None:
    change(holdings, assignment)
    (problem,) = obscore.look_at_values(site).problems
    assert problem.startswith(BROKEN[assignment])


@pytest.mark.parametrize("assignment", WORDS)
def test_a_word_of_no_vocabulary_is_found(site: Site, holdings: Holdings, assignment: str) -> None:
    change(holdings, assignment)
    assert WORDS[assignment] in obscore.look_at_words(site).detail


@pytest.fixture
def nullable(database: Database) -> Iterator[None]:
    """A database that lets through what it should not."""
    with database.owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ivoa.obscore ALTER calib_level DROP NOT NULL")
    yield
    with database.owner.begin() as connection:
        connection.exec_driver_sql("UPDATE ivoa.obscore SET calib_level = 2 WHERE calib_level IS NULL")
        connection.exec_driver_sql("ALTER TABLE ivoa.obscore ALTER calib_level SET NOT NULL")


def test_a_null_in_a_mandatory_column_is_found(site: Site, holdings: Holdings, nullable: None) -> None:
    change(holdings, "calib_level = NULL")
    (problem,) = obscore.look_at_values(site).problems
    assert problem == f"calib_level is NULL: {holdings.did(IMAGE)}"
