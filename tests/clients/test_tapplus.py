"""astroquery's own TAP client (astroquery.utils.tap) against the demo server.

Its ``load_tables`` reads only servers that add ESA's own attributes to every column.
"""

import pytest
from astropy.table import Table
from astroquery.utils.tap.core import TapPlus

pytestmark = [
    pytest.mark.demo,
    # It leaves its connections to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

QUERY = "SELECT TOP 6 dp_id, s_ra, s_dec FROM ivoa.ObsCore ORDER BY dp_id"


@pytest.fixture(scope="module")
def tap(demo_server: str) -> TapPlus:
    return TapPlus(url=f"{demo_server}/tap")


def test_a_query_and_a_job_give_the_same(tap: TapPlus) -> None:
    at_once = tap.launch_job(QUERY).get_results()
    later = tap.launch_job_async(QUERY).get_results()
    assert len(at_once) == 6
    assert list(at_once["dp_id"]) == list(later["dp_id"])
    assert at_once["s_ra"].unit == "deg"


def test_a_table_is_uploaded(tap: TapPlus) -> None:
    mine = Table({"number": [1, 2, 3], "name": ["a", "b", "c"]})
    query = "SELECT number, name FROM TAP_UPLOAD.mine WHERE number > 1 ORDER BY number"
    found = tap.launch_job(query, upload_resource=mine, upload_table_name="mine").get_results()
    assert list(found["number"]) == [2, 3]
    assert list(found["name"]) == ["b", "c"]
