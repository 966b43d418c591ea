"""The checks of the Registry of Registries for cone search, SIA 1 and SSA, run on a server.

``python -m tests.clients.rofr DIR URL``, where ``DIR`` is a checkout of github.com/at88mph/rofr.ivoa.net and
``URL`` a running demo server. Prints what is not as wanted; the exit status is the number of failures for
which there is no reason, 99 at most.
"""

import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from lxml import etree

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


def main(tree: str, url: str) -> int:
    failures = 0
    for finding in findings(Path(tree), url):
        reason = REASONS.get(finding.item, "")
        failures += finding.status == "fail" and not reason
        query = f"{finding.check.path}?{finding.check.query}"
        sys.stdout.write(f"{finding.status:5} {finding.item:10} {query}: {finding.text} {reason}\n")
    sys.stdout.write(f"{len(QUERIES)} queries, {failures} failures without a reason\n")
    return min(failures, 99)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
