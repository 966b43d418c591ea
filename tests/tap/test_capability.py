"""What the capabilities say of the TAP service is true (TAPRegExt 1.0)."""

import re

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.serving import query_status
from vo_server.config import Settings

REGEXT = "ivo://ivoa.net/std/TAPRegExt#"
#: Arguments by the types that signatures name.
ARGUMENTS = {
    "VARCHAR": "'a'",
    "INTEGER": "1",
    "BIGINT": "1",
    "DOUBLE PRECISION": "1.5",
    "REAL": "1.5",
    "TIMESTAMP": "CAST('2024-01-01' AS TIMESTAMP)",
    "POINT": "POINT(1, 2)",
    "GEOMETRY": "POINT(1, 2)",
    "REGION": "CIRCLE(1, 2, 3)",
}
#: Whose arguments are some words only, or an array.
SPECIAL = {
    "ivo_moc": "ivo_moc('4/30')",
    "ivo_histogram": "ivo_histogram(1, 0, 2, 4)",
    "ivo_geom_transform": "ivo_geom_transform('ICRS', 'GALACTIC', POINT(1, 2))",
    "ivo_interval_has": "ivo_interval_has(1, (SELECT ivo_histogram(s_ra, 0, 1, 1) AS h FROM ivoa.ObsCore))",
}
GEOMETRY = {
    "AREA": "AREA(CIRCLE(1, 2, 3))",
    "BOX": "BOX(1, 2, 3, 4)",
    "CENTROID": "CENTROID(CIRCLE(1, 2, 3))",
    "CIRCLE": "CIRCLE(1, 2, 3)",
    "CONTAINS": "CONTAINS(POINT(1, 2), CIRCLE(1, 2, 3))",
    "COORD1": "COORD1(POINT(1, 2))",
    "COORD2": "COORD2(POINT(1, 2))",
    "COORDSYS": "COORDSYS(POINT(1, 2))",
    "DISTANCE": "DISTANCE(POINT(1, 2), POINT(3, 4))",
    "INTERSECTS": "INTERSECTS(CIRCLE(1, 2, 3), CIRCLE(1, 2, 3))",
    "POINT": "POINT(1, 2)",
    "POLYGON": "POLYGON(1, 2, 3, 4, 5, 1)",
    "REGION": "REGION('CIRCLE 1 2 3')",
}


@pytest.fixture(scope="module")
def tap(client: TestClient) -> etree._Element:
    root = etree.fromstring(client.get("/tap/capabilities").content)
    return next(c for c in root if c.get("standardID") == "ivo://ivoa.net/std/TAP")


def forms(tap: etree._Element, kind: str) -> list[str]:
    found = [f for f in tap.iter("languageFeatures") if f.get("type") == REGEXT + kind]
    return [form.text or "" for group in found for form in group.iter("form")]


def select(client: TestClient, items: str, **more: str) -> int:
    query = f"SELECT TOP 1 {items} FROM tap_schema.tables"
    answer = client.get("/tap/sync", params={"LANG": "ADQL", "QUERY": query, **more})
    assert answer.status_code == 200, query_status(answer.content)
    return len(answer.content)


def test_every_function_is_there(client: TestClient, tap: etree._Element) -> None:
    signatures = forms(tap, "features-udf")
    assert len(signatures) > 15
    for signature in signatures:
        match = re.fullmatch(r"(\w+)\(([^()]*)\) -> .+", signature)
        assert match is not None, signature
        kinds = [argument.strip().partition(" ")[2] for argument in match[2].split(",")]
        call = SPECIAL.get(match[1].lower()) or f"{match[1]}({', '.join(ARGUMENTS[kind] for kind in kinds)})"
        select(client, f"{call} AS x")


def test_every_geometry_function_is_there(client: TestClient, tap: etree._Element) -> None:
    assert forms(tap, "features-adqlgeo") == list(GEOMETRY)
    for call in GEOMETRY.values():
        select(client, f"{call} AS x")


@pytest.mark.parametrize("version", ["ADQL", "ADQL-2.0", "ADQL-2.1"])
def test_every_version_of_the_language_is_taken(
    client: TestClient, tap: etree._Element, version: str
) -> None:
    named = [
        f"{lang.findtext('name')}-{v.text}" for lang in tap.iter("language") for v in lang.iter("version")
    ]
    assert version in ["ADQL", *named]
    select(client, "table_name", LANG=version)


def test_every_format_is_given_by_each_of_its_names(client: TestClient, tap: etree._Element) -> None:
    for form in tap.iter("outputFormat"):
        media_type = form.findtext("mime") or ""
        for name in (media_type, *(alias.text or "" for alias in form.iter("alias"))):
            answer = client.get(
                "/tap/sync",
                params={"LANG": "ADQL", "QUERY": "SELECT TOP 1 * FROM tap_schema.tables", "FORMAT": name},
            )
            assert answer.status_code == 200
            given = answer.headers["content-type"].partition(";")[0]
            assert given in (media_type.partition(";")[0], name.partition(";")[0]), name
    known = {form.get("ivo-id") for form in tap.iter("outputFormat")} - {None}
    assert known == {f"{REGEXT}output-votable-{kind}" for kind in ("td", "binary", "binary2")}


def test_limits_are_those_of_the_server(tap: etree._Element, settings: Settings) -> None:
    limits = {
        name: (int(tap.findtext(f"{name}/default") or 0), int(tap.findtext(f"{name}/hard") or 0))
        for name in ("outputLimit", "uploadLimit", "executionDuration", "retentionPeriod")
    }
    assert limits == {
        "outputLimit": (settings.maxrec_default, settings.maxrec_limit),
        "uploadLimit": (settings.upload_size, settings.upload_size),
        "executionDuration": (int(settings.async_timeout), int(settings.async_timeout)),
        "retentionPeriod": (int(settings.retention), int(settings.retention)),
    }
    methods = {method.get("ivo-id") for method in tap.iter("uploadMethod")}
    assert methods == {f"{REGEXT}upload-{way}" for way in ("inline", "http", "https")}
