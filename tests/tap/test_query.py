"""From parameters to a statement and what stands around its rows."""

import pytest

from tap.params import TapParams
from tap.query import Translations, result_head, row_services
from vo_server import schemas
from vo_server.config import Settings
from vo_server.errors import UsageFault
from vo_server.parameters import Parameters
from vo_server.tables import Catalog, Column, Schema, Table

CATALOG = Catalog(tuple(schemas.builtin()))
QUERY = "SELECT table_name FROM tap_schema.tables"


def test_a_query_is_translated_once_per_catalogue() -> None:
    translations, later = Translations(), Catalog(CATALOG.schemas)
    first = translations.translate(QUERY, CATALOG)
    assert translations.translate(QUERY, CATALOG) is first
    assert translations.translate(QUERY, later) is not first
    assert translations.translate(QUERY, later).statement("postgresql") == first.statement("postgresql")


def test_a_table_that_is_published_later_is_found_by_the_same_query() -> None:
    translations = Translations()
    query = "SELECT x FROM new.table1"
    with pytest.raises(UsageFault, match=r"new\.table1"):
        translations.translate(query, CATALOG)
    table = Table("new.table1", "", (Column("x", "int"),))
    later = Catalog((*CATALOG.schemas, Schema("new", "", (table,))))
    found = translations.translate(query, later).statement("postgresql")
    assert [column.name for column in found.columns] == ["x"]


def test_a_wrong_query_is_told_every_time() -> None:
    translations = Translations()
    for _ in range(2):
        with pytest.raises(UsageFault, match="line 1"):
            translations.translate("SELEC 1", CATALOG)


def test_the_request_is_echoed() -> None:
    params = TapParams.from_parameters(
        Parameters([("LANG", "ADQL-2.1"), ("QUERY", QUERY), ("RUNID", "r")]), Settings()
    )
    settings = Settings(authority="eso.example", archive_name="an archive")
    infos = {info.name: info.value for info in result_head(params, (), settings).infos}
    assert infos["query"] == QUERY
    assert infos["RUNID"] == "r"
    assert infos["standardID"] == "ivo://ivoa.net/std/TAP"
    assert (infos["publisher"], infos["ivoid"]) == ("an archive", "ivo://eso.example/tap")
    assert infos["server_software"].startswith("vo-server/")


@pytest.mark.parametrize(
    ("names", "ref"),
    [
        (["obs_id", "OBS_PUBLISHER_DID"], "OBS_PUBLISHER_DID"),
        (["dp_id"], "dp_id"),
        (["dp_id", "obs_publisher_did"], "obs_publisher_did"),
    ],
)
def test_rows_that_name_a_product_come_with_their_links(names: list[str], ref: str) -> None:
    service, parts = row_services([Column(name, "char", "*") for name in names], "http://x")
    assert service.access_url == "http://x/datalink/links"
    assert [(param.name, param.ref) for param in service.params] == [("ID", ref)]
    assert (parts.access_url, parts.params[0].ref) == ("http://x/soda/sync", ref)


def test_other_rows_have_no_links() -> None:
    assert row_services([Column("ra", "double")], "http://x") == ()
