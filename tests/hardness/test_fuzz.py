"""Requests that nobody thought of: an answer goes out, and it is never a failure of the server.

``make fuzz`` tries thousands; ``VO_FUZZ`` is the number of requests.
"""

import os
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.hardness.test_hostile import SECRETS
from tests.serving import query_status
from vo_server.db import Database
from vo_server.tokens import issue

REQUESTS = int(os.environ.get("VO_FUZZ", "300"))

PATHS = (
    "/tap", "/tap/sync", "/tap/async", "/tap/async/{}", "/tap/async/{}/phase", "/tap/async/{}/results/{}",
    "/tap/async/{}/parameters", "/tap/async/{}/destruction", "/tap/async/{}/error", "/tap/tables",
    "/tap/tables/{}", "/tap/capabilities", "/tap/examples", "/tap/explain", "/sia2/query", "/datalink/links",
    "/download/{}", "/preview/{}", "/tap/load/{}", "/tap/table-update", "/tap/table-update/{}", "/{}",
    "/sia/query", "/ssa/query", "/scs/ivoa.ObsCore", "/scs/{}", "/soda/sync", "/soda/async", "/soda/async/{}",
    "/download/manifest", "/thumbnail/{}", "/moc/{}", "/moc", "/hips/{}/properties", "/hipslist",
    "/oai", "/oai/capabilities", "/hdr", "/header/{}", "/scs/ist.muse",
)  # fmt: skip

#: Words of ADQL, right and wrong, from which queries are put together.
TEXT = """
    SELECT DISTINCT * FROM WHERE ivoa.ObsCore tap_schema.columns AS t u s_ra s_dec s_region table_name size
    " ' ( ) , . = < 1 1e400 - + / 0 || NULL IS NOT AND OR IN BETWEEN LIKE '%' JOIN USING ON NATURAL UNION
    EXCEPT HAVING COUNT(*) MAX POINT CIRCLE POLYGON CONTAINS DISTANCE AREA 'ICRS' CAST WITH CASE WHEN END THEN
    COALESCE LOWER IN_UNIT 'deg' OFFSET /* */ ; :: LIMIT é SQRT POWER LOG MOD RAND() ivo_hasword
"""
PHRASES = ("TOP 5", "ORDER BY", "GROUP BY", "AS INTEGER", "-- c\n", "\u2028", "\x07", "9" * 40)
WORDS = (*TEXT.split(), *PHRASES)

queries = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
odd = st.text(max_size=40)
numbers = st.one_of(st.integers(), st.floats(), st.just("")).map(str)
values = st.one_of(
    odd, numbers, queries,
    st.sampled_from(
        ["ADQL", "doQuery", "RUN", "ABORT", "votable", "csv", "fits", "parquet", "html", "json", "DELETE",
         "CIRCLE 1 2 3", "POLYGON 1 2 3 4", "RANGE 1 2 3 4", "t,param:t", "t,file:///etc/passwd",
         "t,http://127.0.0.1:1/x", "2030-01-01T00:00:00Z", "QUEUED", "10,20", "1e-7/2e-7,optical;source",
         "METADATA", "2020-01/2021", "[1:2,3:4]", "4e-7 5e-7", "sh", "time", "queryData", "OVERLAPS",
         "Identify", "ListRecords", "GetRecord", "ivo_vor", "oai_dc"]
    ),
)  # fmt: skip
names = st.one_of(
    st.sampled_from(
        ["LANG", "QUERY", "MAXREC", "RESPONSEFORMAT", "FORMAT", "PHASE", "WAIT", "AFTER", "LAST", "UPLOAD",
         "RUNID", "ACTION", "ID", "POS", "BAND", "TIME", "POL", "DESTRUCTION", "EXECUTIONDURATION", "detail",
         "RA", "DEC", "SR", "VERB", "SIZE", "INTERSECT", "REQUEST", "TOP", "SNR", "MTIME", "CIRCLE", "SUB",
         "AXIS", "ORDER", "TARGETNAME", "verb", "metadataPrefix", "identifier", "from", "resumptionToken",
         "DpId", "HDU", "HEADER"]
    ),
    st.text(max_size=10),
)  # fmt: skip
segments = st.one_of(
    st.sampled_from(
        ["ivoa.ObsCore", "tap_schema", "result", "..", "%2e%2e", "a" * 300, "mine", "user_fuzz.mine"]
    ),
    st.text(max_size=20).map(lambda text: quote(text, safe="")),
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Keywords of a request."""
    path = draw(st.sampled_from(PATHS))
    for _ in range(path.count("{}")):
        path = path.replace("{}", draw(segments), 1)
    made: dict[str, Any] = {"url": path}
    made["method"] = draw(st.sampled_from(["GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"]))
    items = dict(draw(st.lists(st.tuples(names, values), max_size=6)))
    if draw(st.booleans()):
        items |= {"LANG": "ADQL", "QUERY": draw(queries)}
    # A request that waits for a job is not a request that hangs.
    items.pop("WAIT", None)
    if draw(st.booleans()):
        made["auth"] = (ACCOUNT, draw(st.sampled_from([KNOWN, KNOWN, "wrong"])))
    if made["method"] == "PUT" or "/load/" in path:
        made["content"] = draw(st.one_of(st.binary(max_size=300), st.sampled_from(BODIES)))
        made["headers"] = {"Content-Type": draw(st.sampled_from(KINDS))}
    elif made["method"] == "POST" and draw(st.booleans()):
        made["data"] = items
        if draw(st.booleans()):
            made["files"] = {"t": ("t", draw(st.binary(max_size=200)), draw(st.sampled_from(KINDS)))}
    else:
        made["params"] = items
    return made


#: Stands for the token of the account, which is made for each run.
ACCOUNT, KNOWN = "fuzz", "known"
BODIES = (
    b"a,b\n1,x\n", b"<table><column><name>a</name><dataType>int</dataType></column></table>", b"<VOTABLE/>",
    b"SIMPLE  =", b"PAR1", b"\x1f\x8b", b"a\tb\n1\t2\n",
)  # fmt: skip
KINDS = (
    "text/xml",
    "text/tab-separated-values",
    "application/x-votable+xml",
    "text/csv",
    "application/fits",
    "application/x-parquet",
    "text/plain",
    "",
)


@pytest.fixture(scope="module")
def token(database: Database) -> str:
    """That of an account."""
    return issue(database.state_dir / "tokens.toml", ACCOUNT)


@settings(
    max_examples=REQUESTS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request=requests())
def test_no_request_makes_the_server_fail(client: TestClient, token: str, request: dict[str, Any]) -> None:
    if request.get("auth") == (ACCOUNT, KNOWN):
        request = {**request, "auth": (ACCOUNT, token)}
    answer = client.request(**request)
    assert answer.status_code < 500 or answer.status_code == 503, (request, answer.text[:1000])
    if request["url"] == "/oai" and answer.content.startswith(b"<?xml") and b"<oai:OAI-PMH" in answer.content:
        assert b"<oai:error" in answer.content or answer.status_code == 200
    elif answer.status_code >= 400 and request["method"] != "HEAD" and answer.content.startswith(b"<?xml"):
        kind, message = query_status(answer.content)
        assert kind == "ERROR"
        assert not [secret for secret in SECRETS if secret in message and secret not in str(request)], message
