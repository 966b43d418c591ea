"""The checks of the Registry of Registries for cone search, SIA 1, SSA and registries, run on a server.

``python -m tests.clients.rofr DIR URL``, where ``DIR`` is a checkout of github.com/at88mph/rofr.ivoa.net and
``URL`` a running demo server. Prints what is not as wanted; the exit status is the number of failures for
which there is no reason, 99 at most.
"""

import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lxml import etree

HARVEST = "ivoaharvest/src/main/resources/net/ivoa/registry/validate/checkIVOAOAI.xsl"
CHECKS = "dalvalidate/src/main/resources/org/nvo/{service}/validate/check{name}-v1_3.xsl"


@dataclass(frozen=True)
class Check:
    """One query: which stylesheet looks at its answer, and what kind of answer that should be."""

    service: str
    name: str
    path: str
    kind: str
    query: str


def cone(kind: str, **parameters: object) -> Check:
    return Check("conesearch", "ConeSearch", "/scs/demo.sources", kind, urlencode(parameters))


def sia(kind: str, **parameters: object) -> Check:
    return Check("sia", "SIA", "/sia/query", kind, urlencode(parameters))


def ssa(kind: str, **parameters: object) -> Check:
    return Check("ssa", "SSA", "/ssa/query", kind, urlencode({"REQUEST": "queryData", **parameters}))


QUERIES = (
    cone("error", RA="as3f", DEC=13.0, SR=0.25),
    cone("sr0", RA=270, DEC=13.0, SR=0),
    cone("cone", RA=10.68, DEC=41.27, SR=0.25),
    cone("cone", RA=10.68, DEC=41.27, SR=0.25, VERB=3),
    sia("error", POS="as3f,13.0", SIZE=0.2),
    sia("metadata", FORMAT="METADATA"),
    sia("region", POS="10.6,41.2", SIZE=3),
    sia("region", POS="10.6,41.2", SIZE="3,2", FORMAT="image/fits", VERB=3),
    ssa("error", POS="as3f,13.0", SIZE=0.2),
    ssa("metadata", FORMAT="METADATA"),
    ssa("region", POS="10.6,41.2", SIZE=180),
    ssa("region", BAND="4e-7/8e-7"),
    ssa("region", BAND="5e-7", TIME="/2100"),
)


#: Findings that stay, by their item.
REASONS = {
    "4.2.4l/c": "the three letters of a projection are sent as text of any length, as all text is",
}


@dataclass(frozen=True)
class Finding:
    """What a stylesheet says of an answer; ``status`` is fail, warn or rec."""

    check: Check
    status: str
    item: str
    text: str


def findings(tree: Path, url: str) -> Iterator[Finding]:
    """Everything that is not as wanted."""
    for check in QUERIES:
        stylesheet = etree.XSLT(etree.parse(tree / CHECKS.format(service=check.service, name=check.name)))
        with urllib.request.urlopen(f"{url}{check.path}?{check.query}", timeout=60) as answer:
            document = etree.fromstring(answer.read())
        result = stylesheet(
            document,
            queryType=etree.XSLT.strparam(check.kind),
            showStatus=etree.XSLT.strparam("fail warn rec"),
        )
        for test in result.getroot():
            yield Finding(check, test.get("status", ""), test.get("item", ""), (test.text or "").strip())


def harvest(tree: Path, url: str) -> Iterator[Finding]:
    """What the checks of registries say about ``/oai`` and every record there."""
    stylesheet = etree.XSLT(etree.parse(tree / HARVEST))
    # The check cannot compare seconds that a Z follows, so nothing may be of this minute.
    now = datetime.now(UTC) + timedelta(minutes=1)
    known = {"rightnow": now.strftime("%Y-%m-%dT%H:%M:%S"), "baseurl": f"{url}/oai"}
    queries = [
        ("Identify", "verb=Identify"),
        ("ListMetadataFormats", "verb=ListMetadataFormats"),
        ("ListSets", "verb=ListSets"),
        ("ListRecords", "verb=ListRecords&metadataPrefix=ivo_vor&set=ivo_managed"),
    ]
    while queries:
        kind, query = queries.pop(0)
        check = Check("oai", "IVOAOAI", "/oai", kind, query)
        with urllib.request.urlopen(f"{url}/oai?{query}", timeout=60) as answer:
            document = etree.fromstring(answer.read())
        told = {"queryType": kind, "showStatus": "fail warn rec", **known}
        parameters: dict[str, Any] = {name: etree.XSLT.strparam(value) for name, value in told.items()}
        result = stylesheet(document, **parameters).getroot()
        for test in result.iter("test"):
            holder = test.getparent()
            about = "" if holder is None else holder.get("ivo-id", "")
            yield Finding(
                check, test.get("status", ""), test.get("item", ""), f"{about} {(test.text or '').strip()}"
            )
        # What one answer tells is told to the check of the next.
        for name, attribute in CARRIED.items():
            if value := result.get(attribute):
                known[name] = value
        if token := result.get("resumptionToken"):
            queries.insert(0, ("ListRecords", urlencode({"verb": "ListRecords", "resumptionToken": token})))


#: Parameters of the stylesheet for registries, and the attributes of its results that they come from.
CARRIED = {
    "registryID": "regid",
    "managedAuthorityIDs": "manAuthIDs",
    "foundAuthorityIDs": "foundAuthIDs",
    "declaredAuthorityIDs": "declAuthIDs",
    "seenRegistryRecord": "seenRegistryRec",
}


def main(tree: str, url: str) -> int:
    failures = 0
    for finding in chain(findings(Path(tree), url), harvest(Path(tree), url)):
        reason = REASONS.get(finding.item, "")
        failures += finding.status == "fail" and not reason
        query = f"{finding.check.path}?{finding.check.query}"
        sys.stdout.write(f"{finding.status:5} {finding.item:10} {query}: {finding.text} {reason}\n")
    sys.stdout.write(f"{len(QUERIES)} queries and a harvest, {failures} failures without a reason\n")
    return min(failures, 99)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
