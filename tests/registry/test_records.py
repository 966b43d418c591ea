"""What records say about the archive and its data."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from astropy import units as u
from lxml import etree
from mocpy import MOC

from registry.operator import Operator
from registry.publisher import PRODUCT_TYPES
from registry.refresh import Refresher
from tests.products import Holdings
from tests.registry.asking import Asking
from tests.registry.conftest import IMAGES, RELEASE
from tests.registry.test_operator import WHOLE
from vo_server.config import Settings
from vo_server.db import Database

TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
COLLECTION = f"/collection/{IMAGES.lower()}"


def texts(resource: etree._Element, path: str) -> list[str]:
    """What the elements at a path say."""
    return [element.text or "" for element in resource.findall(path)]


def related(resource: etree._Element, kind: str) -> set[str]:
    """The keys of the resources of this archive that a record is related to."""
    return {
        str(name.get("ivo-id")).removeprefix("ivo://vo-server.example/")
        for relationship in resource.findall("content/relationship")
        if relationship.findtext("relationshipType") == kind
        for name in relationship.findall("relatedResource")
    }


def standards(resource: etree._Element) -> set[str]:
    """The standards of a record's capabilities."""
    return {
        str(each.get("standardID")).removeprefix("ivo://ivoa.net/std/")
        for each in resource.findall("capability")
        if each.get("standardID")
    }


@pytest.mark.parametrize(
    ("key", "type_", "standard"),
    [
        ("/registry", "vg:Registry", "Registry"),
        ("/tap", "vs:CatalogService", "TAP"),
        ("/sia", "vs:CatalogService", "SIA"),
        ("/sia2", "vs:CatalogService", "SIA#query-2.0"),
        ("/ssa", "vs:CatalogService", "SSA"),
        ("/datalink", "vs:CatalogService", "DataLink#links-1.1"),
        ("/soda", "vs:DataService", "SODA#sync-1.0"),
        ("/scs/ivoa.obscore", "vs:CatalogService", "ConeSearch"),
    ],
)
def test_every_service_has_its_record(oai: Asking, key: str, type_: str, standard: str) -> None:
    resource = oai.resource(key)
    assert resource.get(TYPE) == type_
    assert {standard, "VOSI#capabilities", "VOSI#availability"} <= standards(resource)


def test_authority_and_organisation_belong_together(oai: Asking) -> None:
    authority = oai.resource("")
    managing = authority.find("managingOrg")
    assert managing is not None
    assert managing.get("ivo-id") == "ivo://vo-server.example/organisation"
    assert oai.resource("/organisation").findtext("title") == managing.text


def test_tap_tells_every_table_with_its_columns(oai: Asking) -> None:
    resource = oai.resource("/tap")
    vosi = etree.fromstring(oai.client.get("/tap/tables").content)
    for path in ("tableset/schema/table/name", "tableset/schema/table/column/name"):
        assert texts(resource, path) == texts(vosi, path.removeprefix("tableset/"))
    assert resource.findtext("capability/language/name") == "ADQL"


def test_schemas_have_titles_where_anybody_gave_them(oai: Asking, said: Path, refresher: Refresher) -> None:
    said.write_text('[catalogue.header]\ntitle = "All cards of all headers"\n', encoding="utf-8")
    refresher.refresh()
    schemas = {
        schema.findtext("name"): schema.findtext("title")
        for schema in oai.resource("/tap").findall("tableset/schema")
    }
    assert schemas["ivoa"] == "Science products (ObsCore)"
    assert schemas["dbo"] == "Raw data"
    assert schemas["header"] == "All cards of all headers"
    assert schemas["tap_schema"] is None, "a name is no title"


def test_a_collection_does_not_change_when_rows_of_others_are_counted(
    oai: Asking, refresher: Refresher, database: Database
) -> None:
    before = oai.resource(COLLECTION).get("updated")
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE ivoa.obscore, tap_schema.columns"))
    refresher.refresh()
    assert oai.resource(COLLECTION).get("updated") == before
    assert texts(oai.resource(COLLECTION), "tableset/schema/table/nrows") == []
    assert texts(oai.resource("/catalogue/ivoa"), "tableset/schema/table/nrows")
    assert texts(oai.resource("/tap"), "tableset/schema/table/nrows")


def test_the_registry_is_told_the_parameters_that_vosi_is_not(oai: Asking) -> None:
    names = texts(oai.resource("/sia2"), "capability/interface/param/name")
    assert {"POS", "BAND", "TIME", "MAXREC", "RESPONSEFORMAT"} <= set(names)
    assert b"<param" not in oai.client.get("/sia2/capabilities").content


def test_a_collection_tells_what_it_has(oai: Asking) -> None:
    resource = oai.resource(COLLECTION)
    assert resource.get(TYPE) == "vs:CatalogResource"
    assert resource.findtext("facility") == "Test Observatory"
    assert "CAM\ufffdERA" in texts(resource, "instrument")
    assert texts(resource, "curation/creator/name") == ["Doe, J."]
    dates = {date.get("role"): date.text for date in resource.findall("curation/date")}
    assert dates == {"Created": "2021-03-04", "Updated": "2022-05-06"}
    source = resource.find("content/source")
    assert source is not None
    assert (source.text, source.get("format")) == ("2016A&A...594A..91L", "bibcode")
    assert texts(resource, "tableset/schema/table/name") == ["ivoa.ObsCore"]


def test_a_collection_is_found_by_the_services_for_its_products(oai: Asking) -> None:
    images = oai.resource(COLLECTION)
    assert standards(images) == {"TAP#aux", "SIA#aux", "SIA#query-aux-2.0"}
    assert related(images, "IsServedBy") == {"tap", "sia", "sia2", "datalink", "soda"}
    (key,) = (each for each in related(oai.resource("/ssa"), "IsServiceFor") if "spectra" in each)
    spectra = oai.resource(f"/{key}")
    assert standards(spectra) == {"TAP#aux", "SSA#aux"}
    assert COLLECTION[1:] in related(oai.resource("/tap"), "IsServiceFor")


def test_coverage_is_where_the_products_are(oai: Asking) -> None:
    coverage = oai.resource(COLLECTION).find("coverage")
    assert coverage is not None
    moc = MOC.from_string(coverage.findtext("spatial", ""), "ascii")
    ra, dec = np.array([10.0, 11.0, 12.0, 10.0]), np.array([20.0, 20.0, 20.0, -20.0])
    assert moc.contains_lonlat(ra * u.deg, dec * u.deg).tolist() == [True, True, True, False]
    assert texts(coverage, "temporal") == ["59000 59001", "59100 59101", "59200 59201"]
    (spectral,) = texts(coverage, "spectral")
    # h c = 1.98645e-25 J m: 500 nm and 400 nm.
    assert [float(each) for each in spectral.split()] == pytest.approx([3.97289e-19, 4.96611e-19], rel=1e-5)
    assert texts(coverage, "waveband") == ["Optical"]
    assert coverage.findtext("footprint") == f"http://127.0.0.1:8080/moc/{IMAGES}"


def is_covered(resource: etree._Element, ra: float, dec: float) -> bool:
    """Whether the record says that there is something at a place."""
    moc = MOC.from_string(resource.findtext("coverage/spatial", ""), "ascii")
    return bool(moc.contains_lonlat(np.array([ra]) * u.deg, np.array([dec]) * u.deg)[0])


@pytest.mark.parametrize(
    ("key", "has_images", "has_spectra"),
    [
        ("/sia", True, False),
        ("/sia2", True, False),
        ("/ssa", False, True),
        ("/tap", True, True),
        ("/datalink", True, True),
    ],
)
def test_services_tell_of_the_products_that_they_find(
    oai: Asking, key: str, has_images: bool, has_spectra: bool
) -> None:
    resource = oai.resource(key)
    # Images are at 11, 20, around day 59100, in blue light; the spectrum at 200, -60, in the infrared.
    assert is_covered(resource, 11.0, 20.0) is has_images
    assert is_covered(resource, 200.0, -60.0) is has_spectra
    assert ("59100 59101" in texts(resource, "coverage/temporal")) is has_images
    bands = texts(resource, "coverage/waveband")
    assert ("Optical" in bands, "Infrared" in bands) == (has_images, has_spectra)
    assert ("CAM\ufffdERA" in texts(resource, "instrument")) is has_images
    # A finer MOC there is of everything only.
    has_footprint = resource.findtext("coverage/footprint") == "http://127.0.0.1:8080/moc/all"
    assert has_footprint is (has_images and has_spectra)


def test_a_cone_search_covers_the_positions_of_its_table(
    oai: Asking, refresher: Refresher, settings: Settings, database: Database
) -> None:
    placed = Holdings(database.owner, settings)
    placed.product("OAI.PLACED", s_ra=100.0, s_dec=45.0, obs_collection=IMAGES)
    try:
        refresher.refresh()
        resource = oai.resource("/scs/ivoa.obscore")
        # The footprints of others have no positions beside them, which is what a cone looks for.
        assert is_covered(resource, 100.0, 45.0)
        assert not is_covered(resource, 11.0, 20.0)
        assert "59100 59101" in texts(resource, "coverage/temporal")
        assert oai.resource("/scs/ivoa.obscore").find("coverage/footprint") is None
    finally:
        placed.clear()
        refresher.refresh()


def test_a_release_description_is_a_document(oai: Asking) -> None:
    (key,) = related(oai.resource(COLLECTION), "IsSupplementedBy")
    document = oai.resource(f"/{key}")
    assert document.get(TYPE) == "doc:Document"
    assert related(document, "IsSupplementTo") == {COLLECTION[1:]}
    edition = document.find("capability")
    assert edition is not None
    assert edition.get(TYPE) == "doc:Edition"
    assert edition.findtext("interface/accessURL") == RELEASE
    assert edition.findtext("languageCode") == "en"


def test_data_made_from_raw_files_say_so(
    oai: Asking, refresher: Refresher, holdings: Holdings, database: Database
) -> None:
    assert related(oai.resource(COLLECTION), "IsDerivedFrom") == set()
    holdings.provenance("OAI.IMAGE.0", ["OAI.RAW"])
    with database.owner.begin() as connection:
        connection.execute(sa.text("INSERT INTO dbo.raw (dp_id) VALUES ('OAI.RAW')"))
    try:
        refresher.refresh()
        assert related(oai.resource(COLLECTION), "IsDerivedFrom") == {"catalogue/dbo"}
    finally:
        with database.owner.begin() as connection:
            connection.execute(sa.text("DELETE FROM dbo.raw WHERE dp_id = 'OAI.RAW'"))


@pytest.fixture
def said(refresher: Refresher, database: Database) -> Iterator[Path]:
    """The operator's words about the collection of images."""
    path = database.state_dir / "registry.toml"
    path.write_text(WHOLE.replace("EXO-DEEP", IMAGES), encoding="utf-8")
    refresher.refresh()
    yield path
    path.unlink()
    refresher.refresh()


def test_the_operators_words_are_in_the_records(oai: Asking, said: Path) -> None:
    operator = Operator.read(said)
    resource = oai.resource(COLLECTION)
    assert resource.findtext("title") == "The deep survey"
    assert resource.findtext("altIdentifier") == "doi:10.5072/exo.deep"
    assert resource.findtext("curation/publisher") == operator.organisation.name
    assert resource.findtext("curation/creator/name") == "Carberry, J."
    assert resource.findtext("curation/creator/altIdentifier") == "https://orcid.org/0000-0002-1825-0097"
    assert resource.findtext("curation/creator/logo") == "https://exo.example/logo.png"
    assert resource.findtext("curation/version") == "DR2"
    assert resource.findtext("curation/contact/email") == "help@exo.example"
    assert oai("Identify").findtext("{*}Identify/{*}adminEmail") == "help@exo.example"
    assert texts(resource, "content/subject") == ["surveys"]
    rights = resource.find("rights")
    assert rights is not None
    assert rights.get("rightsURI") == "https://creativecommons.org/licenses/by/4.0/"
    assert "ivo://exo.example/collection/raw" in related(resource, "IsDerivedFrom")
    assert "document/deep-dr2" in related(resource, "IsSupplementedBy")
    assert oai.resource("/organisation").findtext("altIdentifier") == operator.organisation.ror
    tap = oai.resource("/tap")
    assert tap.findtext("title") == "All of it by ADQL"
    assert tap.findtext("shortName") == "EXO TAP"
    assert tap.findtext("capability/interface/mirrorURL") == "https://mirror.example/vo/tap"


def test_types_of_products_are_told_where_drafts_are_wanted(
    oai: Asking, refresher: Refresher, said: Path
) -> None:
    keys = ("/sia", "/ssa", "/tap", COLLECTION, "/scs/ivoa.obscore", "/catalogue/dbo")
    assert {key: texts(oai.resource(key), "productTypeServed") for key in keys} == {key: [] for key in keys}
    said.write_text("drafts = true\n", encoding="utf-8")
    refresher.refresh()
    # `Asking` validates what it reads: these by the schema of the draft.
    assert {key: texts(oai.resource(key), "productTypeServed") for key in keys} == {
        "/sia": ["image"],
        "/ssa": ["spectrum"],
        "/tap": ["image", "spectrum"],
        COLLECTION: ["image"],
        "/scs/ivoa.obscore": ["image", "spectrum"],
        "/catalogue/dbo": [],
    }


def test_terms_for_products_are_those_of_the_vocabulary() -> None:
    lines = Path("health/data/product-type.csv").read_text(encoding="utf-8").splitlines()
    assert {line.partition(",")[0] for line in lines} > PRODUCT_TYPES


def test_what_shall_not_be_published_is_not(oai: Asking, refresher: Refresher, said: Path) -> None:
    said.write_text(f'[collection."{IMAGES}"]\npublished = false\n[service.soda]\npublished = false\n')
    refresher.refresh()
    deleted = {
        str(header.find("{*}identifier").text)  # type: ignore[union-attr]
        for header in oai.headers()
        if header.get("status") == "deleted"
    }
    assert {f"ivo://vo-server.example{COLLECTION}", "ivo://vo-server.example/soda"} <= deleted
