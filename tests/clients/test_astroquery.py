"""astroquery.eso, unchanged but for the address of the service, queries products and raw frames."""

from collections.abc import Iterator

import pytest
from astroquery.eso import Eso, EsoClass, conf

pytestmark = pytest.mark.demo


@pytest.fixture
def eso(demo_server: str) -> Iterator[EsoClass]:
    with conf.set_temp("tap_obs_url", f"{demo_server}/tap"):
        yield Eso()


def test_surveys_are_the_collections(eso: EsoClass) -> None:
    surveys = eso.list_surveys()
    assert {"SYNTHETIC-UVES", "SYNTHETIC-MUSE", "SYNTHETIC-SKY", "XQ-100", "MUSE"} <= set(surveys)


def test_products_of_a_survey(eso: EsoClass) -> None:
    table = eso.query_surveys("SYNTHETIC-UVES")
    assert len(table) == 24
    assert table.colnames[:4] == ["target_name", "s_ra", "s_dec", "dp_id"]
    assert set(table["dataproduct_type"]) == {"spectrum"}
    assert eso.query_surveys("SYNTHETIC-UVES", count_only=True) == 24


def test_products_in_a_cone(eso: EsoClass) -> None:
    table = eso.query_surveys(cone_ra=10.6847, cone_dec=41.2690, cone_radius=0.2)
    assert "SYNTHETIC-SKY" in set(table["obs_collection"])


def test_raw_frames_of_an_instrument(eso: EsoClass) -> None:
    table = eso.query_main("MUSE", column_filters={"dp_cat": "SCIENCE"})
    assert len(table) == 16
    assert table.colnames[:5] == ["object", "ra", "dec", "dp_id", "date_obs"]
    assert set(table["dp_tech"]) == {"IFU"}
    assert set(table["telescope"]) == {"ESO-VLT-U4"}


def test_raw_frames_by_time_and_cone(eso: EsoClass) -> None:
    filters = {"exp_start": "between '2024-10-04' and '2024-10-05'", "instrument": "like 'UVES%'"}
    table = eso.query_main(column_filters=filters, columns="dp_id, exp_start, dp_type", top=5)
    assert len(table) == 5
    assert all(str(value).startswith("2024-10-04") for value in table["exp_start"])
    near = eso.query_main(cone_ra=10.6847, cone_dec=41.2690, cone_radius=0.1)
    assert set(near["instrument"]) == {"MUSE"}


def test_counts_and_free_queries(eso: EsoClass) -> None:
    query = "select instrument, count(*) as n from dbo.raw group by instrument order by instrument"
    table = eso.query_tap(query)
    counts = dict(zip(table["instrument"], table["n"], strict=True))
    assert counts["XSHOOTER"] == eso.query_main("XSHOOTER", count_only=True) == 196


def test_the_help_lists_the_columns(eso: EsoClass) -> None:
    columns = eso._columns_table("dbo.raw")
    assert len(columns) == 62
    assert {"tel_airm_start", "s_region", "prog_id"} <= set(columns["column_name"])
