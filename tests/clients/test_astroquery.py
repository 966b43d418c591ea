"""astroquery.eso, unchanged but for the addresses of the services: queries, headers and files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from astropy.io import fits
from astroquery.eso import Eso, EsoClass, conf
from requests.adapters import HTTPAdapter

pytestmark = pytest.mark.demo


class Instead(HTTPAdapter):
    """Sends to one address what is meant for another: the client knows only one for headers."""

    def __init__(self, theirs: str, ours: str) -> None:
        super().__init__()
        self._theirs, self._ours = theirs, ours

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = (request.url or "").replace(self._theirs, self._ours)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def eso(demo_server: str) -> Iterator[EsoClass]:
    with conf.set_temp("tap_obs_url", f"{demo_server}/tap"):
        found = Eso()
        found.DOWNLOAD_URL = f"{demo_server}/download/"
        theirs = "https://archive.eso.org/hdr"
        found._session.mount(theirs, Instead(theirs, f"{demo_server}/hdr"))
        yield found


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
    assert len(columns) == 67
    assert {"tel_airm_start", "s_region", "prog_id", "night", "do_catg"} <= set(columns["column_name"])
    eso.query_main(help=True)
    eso.query_instrument("muse", help=True)
    eso.query_surveys(help=True)


def test_instruments_are_the_views(eso: EsoClass) -> None:
    found = eso.list_instruments()
    assert {"muse", "uves", "xshooter", "giraffe", "hawki"} <= set(found)
    assert found == sorted(found)


def test_frames_of_an_instrument_with_its_set_up(eso: EsoClass) -> None:
    table = eso.query_instrument("muse", column_filters={"dp_cat": "SCIENCE"})
    assert len(table) == 16
    assert table.colnames[:6] == ["object", "ra", "dec", "dp_id", "date_obs", "prog_id"]
    assert {"ins_opti1_name", "det_binx", "ob_start", "night", "do_catg"} <= set(table.colnames)
    assert set(table["do_catg"]) == {"OBJECT"}
    assert eso.query_instrument("xshooter", count_only=True) == eso.query_main("XSHOOTER", count_only=True)


def test_frames_of_an_instrument_by_set_up_night_and_cone(eso: EsoClass) -> None:
    table = eso.query_instrument(
        "xshooter", columns="dp_id, seq_arm, exposure", column_filters={"seq_arm": "UVB", "dp_cat": "CALIB"}
    )
    assert table.colnames == ["dp_id", "seq_arm", "exposure"]
    assert set(table["seq_arm"]) == {"UVB"}
    night = eso.query_instrument("uves", column_filters={"night": "2024-10-04"})
    assert 0 < len(night) < len(eso.query_instrument("uves"))
    near = eso.query_instrument("muse", cone_ra=10.6847, cone_dec=41.2690, cone_radius=0.1)
    assert set(near["object"]) == {"M31"}
    modes = eso.query_instrument("muse", column_filters={"ins_mode": "like 'WFM%'"}, top=5)
    assert len(modes) == 5


def test_headers_of_frames(eso: EsoClass) -> None:
    dp_ids = list(eso.query_instrument("muse", column_filters={"dp_cat": "SCIENCE"}, top=2)["dp_id"])
    table = eso.get_headers(dp_ids, cache=False)
    assert list(table["DP.ID"]) == dp_ids
    assert {value.strip() for value in table["INSTRUME"]} == {"MUSE"}  # the client keeps the padding
    assert {"HIERARCH ESO DPR CATG", "HIERARCH ESO TEL AIRM START", "MJD-OBS"} <= set(table.colnames)
    assert table["EXPTIME"].dtype.kind == "f"


def test_files_are_retrieved(eso: EsoClass, tmp_path: Path) -> None:
    calibrations = eso.query_main("UVES", column_filters={"dp_type": "BIAS"}, top=2)
    files = eso.retrieve_data(list(calibrations["dp_id"]), destination=str(tmp_path))
    assert [Path(name).name for name in files] == [f"{dp_id}.fits" for dp_id in calibrations["dp_id"]]
    for name, dp_id in zip(files, calibrations["dp_id"], strict=True):
        assert fits.getheader(name)["ARCFILE"] == f"{dp_id}.fits"
