"""Harvesters against the demo server, and services built from nothing but what they were told."""

import io
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from astropy.io import fits
from lxml import etree
from pyvo.dal import SCSService, SIA2Service, SIAService, SSAService, TAPService
from pyvo.dal.adhoc import DatalinkResults, SodaQuery
from pyvo.io.vosi import parse_capabilities

from tests.clients.conftest import DemoServer
from tests.xsd import validate
from vo_server.capabilities import NAMESPACES
from vo_server.http.vosi import CAPABILITIES_NS

with warnings.catch_warnings():
    # sickle 0.7 has escapes in its strings that Python warns of when it compiles them.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", SyntaxWarning)
    from sickle import Sickle
    from sickle.oaiexceptions import NoRecordsMatch

pytestmark = [
    pytest.mark.demo,
    # VODataService describes the parameters of an interface; pyvo 1.9 does not know them.
    pytest.mark.filterwarnings("ignore::pyvo.utils.xml.exceptions.UnknownElementWarning"),
    # Nor does it know the types of cone searches and of SIA and SSA's capabilities.
    pytest.mark.filterwarnings("ignore:Unknown xsi.type:UserWarning"),
]

RESOURCE = "{http://www.ivoa.net/xml/RegistryInterface/v1.0}Resource"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
STANDARD = "ivo://ivoa.net/std/"


def refresh(demo: DemoServer) -> None:
    """Make the records those of the archive as it is now."""
    program = Path(sys.executable).with_name("vo-server")
    settings = {"VO_PORT": str(demo.port), "VO_STATE_DIR": str(demo.directory), "PATH": "/usr/bin:/bin"}
    subprocess.run([program, "registry"], env=settings, check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def sickle(demo: DemoServer) -> Sickle:
    """A harvester; the records are there."""
    refresh(demo)
    return Sickle(f"{demo.url}/oai")


@pytest.fixture(scope="module")
def resources(sickle: Sickle) -> dict[str, etree._Element]:
    """Every record by its identifier, as harvested."""
    records = sickle.ListRecords(metadataPrefix="ivo_vor", set="ivo_managed", ignore_deleted=True)
    found = {record.header.identifier: record.xml.find(f".//{RESOURCE}") for record in records}
    assert None not in found.values()
    return found


def test_sickle_harvests_everything(sickle: Sickle, resources: dict[str, etree._Element]) -> None:
    identity = sickle.Identify()
    assert identity.deletedRecord == "persistent"
    assert {each.setSpec for each in sickle.ListSets()} == {"ivo_managed"}
    assert {each.metadataPrefix for each in sickle.ListMetadataFormats()} == {"ivo_vor", "oai_dc"}
    headers = {header.identifier for header in sickle.ListIdentifiers(metadataPrefix="oai_dc")}
    assert set(resources) <= headers
    assert {"registry", "organisation", "tap", "sia2", "sia", "ssa", "datalink", "soda", "scs"} <= {
        identifier.removeprefix("ivo://vo-server.example/").partition("/")[0] for identifier in resources
    }
    plain = {each.header.identifier: each.metadata for each in sickle.ListRecords(metadataPrefix="oai_dc")}
    for identifier, resource in resources.items():
        assert plain[identifier]["title"] == [resource.findtext("title")]
        assert identifier in plain[identifier]["identifier"]
        again = sickle.GetRecord(identifier=identifier, metadataPrefix="ivo_vor")
        assert again.header.datestamp == resource.get("updated")


def test_sickle_harvests_what_is_new(sickle: Sickle, resources: dict[str, etree._Element]) -> None:
    newest = max(str(resource.get("updated")) for resource in resources.values())
    since = {
        header.identifier for header in sickle.ListIdentifiers(metadataPrefix="ivo_vor", **{"from": newest})
    }
    assert since == {key for key, resource in resources.items() if resource.get("updated") == newest}
    later = datetime.now(UTC).replace(year=datetime.now(UTC).year + 1).strftime("%Y-%m-%dT%H:%M:%SZ")
    with pytest.raises(NoRecordsMatch):
        sickle.ListRecords(metadataPrefix="ivo_vor", **{"from": later})


def test_sickle_harvests_only_what_changed(demo: DemoServer, sickle: Sickle) -> None:
    time.sleep(1.1)  # dates have whole seconds: what was before is before
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = demo.directory / "registry.toml"
    words.write_text('[collection.SYNTHETIC-SKY]\ntitle = "A sky of our own"\n')
    try:
        refresh(demo)
        changed = {
            record.header.identifier.removeprefix("ivo://vo-server.example/"): record
            for record in sickle.ListRecords(metadataPrefix="ivo_vor", **{"from": since})
        }
        # The database may count rows at any time, which the records of tables tell.
        assert {key for key in changed if not key.startswith(("tap", "scs/", "catalogue/"))} == {
            "collection/synthetic-sky"
        }
        record = changed["collection/synthetic-sky"]
        assert record.xml.findtext(f".//{RESOURCE}/title") == "A sky of our own"
    finally:
        words.unlink()
        refresh(demo)


def test_every_record_is_valid(demo_server: str, resources: dict[str, etree._Element]) -> None:
    for identifier in resources:
        for prefix in ("ivo_vor", "oai_dc"):
            query = {"verb": "GetRecord", "identifier": identifier, "metadataPrefix": prefix}
            assert validate(requests.get(f"{demo_server}/oai", params=query, timeout=30).content) == []


def capabilities(resources: dict[str, etree._Element]) -> Iterator[tuple[Any, etree._Element]]:
    """Every capability that there is a query for: as pyvo reads it, and as it is in the record."""
    for resource in resources.values():
        for element in resource.findall("capability"):
            if str(element.get("standardID", "")).removeprefix(STANDARD) not in QUERIES:
                continue
            prefixes = {"vosi": CAPABILITIES_NS, **NAMESPACES}
            root = etree.Element(f"{{{CAPABILITIES_NS}}}capabilities", nsmap=prefixes)
            root.append(element)
            (parsed,) = parse_capabilities(io.BytesIO(etree.tostring(root)))
            yield parsed, element


def test_services_are_built_from_their_capabilities_alone(resources: dict[str, etree._Element]) -> None:
    queried: dict[str, int] = {}
    found = list(capabilities(resources))
    did = some_image(next(address(parsed) for parsed, _ in found if parsed.standardid == f"{STANDARD}TAP"))
    for parsed, element in found:
        standard = str(parsed.standardid).removeprefix(STANDARD)
        assert QUERIES[standard](address(parsed), element, did), f"{standard} at {address(parsed)}"
        queried[standard] = queried.get(standard, 0) + 1
    assert set(queried) == set(QUERIES)
    # Each data set is found by the services that its record names.
    assert queried["TAP#aux"] > 20


def address(capability: Any) -> str:
    """Where the standard's interface is."""
    interface = next(each for each in capability.interfaces if each.role == "std")
    return str(interface.accessurls[0].content)


def some_image(url: str) -> str:
    """The identifier of an image."""
    query = (
        "SELECT TOP 1 obs_publisher_did FROM ivoa.ObsCore"
        " WHERE obs_collection = 'SYNTHETIC-SKY' AND dataproduct_type = 'image'"
    )
    return str(TAPService(url).search(query)[0]["obs_publisher_did"])


def ask_tap(url: str, element: etree._Element, did: str) -> int:
    return len(TAPService(url).search("SELECT TOP 3 table_name FROM tap_schema.tables"))


def ask_sia2(url: str, element: etree._Element, did: str) -> int:
    return len(SIA2Service(url.removesuffix("/query")).search(maxrec=3))


def ask_sia(url: str, element: etree._Element, did: str) -> int:
    query = element.find("testQuery")
    if query is None:  # only data sets' records have none
        return len(SIAService(url).search(pos=(10.6, 41.2), size=3))
    pos = tuple(float(query.findtext(f"pos/{axis}", "")) for axis in ("long", "lat"))
    size = tuple(float(query.findtext(f"size/{axis}", "")) for axis in ("long", "lat"))
    return len(SIAService(url).search(pos=pos, size=size))


def ask_ssa(url: str, element: etree._Element, did: str) -> int:
    return len(SSAService(url).search(band=(4e-7, 8e-7)))


def ask_cone(url: str, element: etree._Element, did: str) -> int:
    ra, dec, radius = (float(element.findtext(f"testQuery/{name}", "")) for name in ("ra", "dec", "sr"))
    result = SCSService(url).search(pos=(ra, dec), radius=radius)
    # A table may have no row there: that it answers with its columns is what is told.
    return len(result.fieldnames)


def ask_datalink(url: str, element: etree._Element, did: str) -> int:
    links = DatalinkResults.from_result_url(f"{url}?ID={quote(did, safe='')}")
    return sum(link.semantics == "#this" for link in links)


def ask_soda(url: str, element: etree._Element, did: str) -> int:
    query = SodaQuery(url)
    query["ID"] = did
    with fits.open(io.BytesIO(query.execute_stream().read())) as hdus:
        return len(hdus)


def ask_soda_async(url: str, element: etree._Element, did: str) -> int:
    return requests.get(url, timeout=30).status_code == 200


QUERIES = {
    "TAP": ask_tap,
    "TAP#aux": ask_tap,
    "SIA#query-2.0": ask_sia2,
    "SIA#query-aux-2.0": ask_sia2,
    "SIA": ask_sia,
    "SIA#aux": ask_sia,
    "SSA": ask_ssa,
    "SSA#aux": ask_ssa,
    "ConeSearch": ask_cone,
    "DataLink#links-1.1": ask_datalink,
    "SODA#sync-1.0": ask_soda,
    "SODA#async-1.0": ask_soda_async,
}
