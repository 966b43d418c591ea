"""Faults in what TAP tells about its tables are found."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from health.checks import metadata
from health.site import Site
from vo_server.db import Database


@pytest.fixture
def broken(database: Database) -> Iterator[sa.Engine]:
    """The owner's engine; TAP_SCHEMA is as it was afterwards."""
    with database.owner.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE public.saved AS SELECT * FROM tap_schema.columns")
    yield database.owner
    with database.owner.begin() as connection:
        connection.exec_driver_sql("DELETE FROM tap_schema.columns")
        connection.exec_driver_sql("INSERT INTO tap_schema.columns SELECT * FROM public.saved")
        connection.exec_driver_sql("DROP TABLE public.saved")


def change(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1


def test_what_is_told_of_a_healthy_server_is_right(site: Site) -> None:
    verdicts = {check.name: check.look(site) for check in metadata.checks()}
    assert {name: verdict.problems for name, verdict in verdicts.items() if verdict.problems} == {}
    assert len(verdicts) == 5


def test_a_ucd_that_is_no_word_is_found(site: Site, broken: sa.Engine) -> None:
    change(
        broken,
        "UPDATE tap_schema.columns SET ucd = 'pos.eq.raa'"
        " WHERE table_name = 'ivoa.ObsCore' AND column_name = 's_ra'",
    )
    assert metadata.look_at_words(site).problems == (
        "ivoa.ObsCore.s_ra: the UCD pos.eq.raa: 'pos.eq.raa' is not a word of UCD1+",
    )
    assert metadata.look_at_obscore(site).problems == (
        "s_ra has the ucd 'pos.eq.raa', the standard 'pos.eq.ra'",
    )
    assert metadata.look_at_vosi_tables(site).status == "failed"
    assert metadata.look_at_columns(site).status == "failed"


def test_a_right_word_in_the_wrong_column_is_found(site: Site, broken: sa.Engine) -> None:
    change(
        broken,
        "UPDATE tap_schema.columns SET ucd = 'pos.eq.dec'"
        " WHERE table_name = 'ivoa.ObsCore' AND column_name = 's_ra'",
    )
    assert metadata.look_at_words(site).problems == ()
    assert metadata.look_at_obscore(site).status == "failed"


def test_a_unit_that_is_none_is_found(site: Site, broken: sa.Engine) -> None:
    change(
        broken,
        "UPDATE tap_schema.columns SET unit = 'degrees'"
        " WHERE table_name = 'ivoa.ObsCore' AND column_name = 's_ra'",
    )
    assert "'degrees' is no unit" in metadata.look_at_words(site).detail


def test_a_row_without_its_column_is_found(site: Site, broken: sa.Engine) -> None:
    change(
        broken,
        "INSERT INTO tap_schema.columns (table_name, column_name, datatype, indexed, principal, std)"
        " VALUES ('ivoa.ObsCore', 'phantom', 'int', 0, 0, 0)",
    )
    assert metadata.look_at_columns(site).problems == (
        "ivoa.ObsCore.phantom is in TAP_SCHEMA and cannot be queried",
    )
    assert "ivoa.ObsCore.phantom is in TAP_SCHEMA only" in metadata.look_at_vosi_tables(site).detail


def test_a_column_that_is_not_told_of_is_found(site: Site, broken: sa.Engine) -> None:
    change(
        broken,
        "DELETE FROM tap_schema.columns WHERE table_name = 'ivoa.ObsCore' AND column_name = 's_fov'",
    )
    assert "ivoa.ObsCore.s_fov is in VOSI tables only" in metadata.look_at_vosi_tables(site).detail
    assert "s_fov is missing" in metadata.look_at_obscore(site).detail


def test_a_key_to_nowhere_is_found(site: Site, broken: sa.Engine) -> None:
    change(
        broken,
        "DELETE FROM tap_schema.columns WHERE table_name = 'health.runs' AND column_name = 'run_id'",
    )
    assert (
        "results_run is about health.runs.run_id, which is no column"
        in metadata.look_at_tap_schema(site).detail
    )
