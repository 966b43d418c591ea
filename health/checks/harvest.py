"""The registry as a harvester sees it: every record, every page, every format (OAI-PMH 2.0)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from lxml import etree

from health.checks.documents import document_faults
from health.site import Site
from health.verdict import Check, Verdict

PREFIXES = ("ivo_vor", "oai_dc")
PAGES = 1000  #: of one list; more are a token that leads in a circle


def checks() -> Iterator[Check]:
    """The checks of the registry."""
    yield Check("oai", "documents", look_at_documents)
    yield Check("oai", "harvest", look_at_harvest)


def look_at_documents(site: Site) -> Verdict:
    """The answers about the registry itself, valid by their schemas, and an error in OAI's own form."""
    addresses = [
        "/oai?verb=Identify",
        "/oai?verb=ListMetadataFormats",
        "/oai?verb=ListSets",
        "/oai/capabilities",
        "/oai?verb=Steal",
    ]
    replies = {address: site.get(address) for address in addresses}
    problems = [f"{a}: {fault}" for a, reply in replies.items() for fault in document_faults(reply)]
    if b"badVerb" not in replies["/oai?verb=Steal"].body:
        problems.append("a verb that does not exist is no badVerb")
    return Verdict.of(f"{len(addresses)} documents valid by their schemas", problems)


def look_at_harvest(site: Site) -> Verdict:
    """Every record in both formats: pages valid, tokens lead to the end, nothing twice, dates in order."""
    problems: list[str] = []
    counts = {}
    for prefix in PREFIXES:
        harvest = _Harvest(site, prefix)
        problems += (f"{prefix}: {fault}" for fault in harvest.faults())
        counts[prefix] = harvest.identifiers
    first, second = (counts[prefix] for prefix in PREFIXES)
    if not problems and first != second:
        problems.append(f"the formats have other records: {', '.join(sorted(first ^ second)[:5])}")
    return Verdict.of(f"{len(first)} records in {len(PREFIXES)} formats", problems)


class _Harvest:
    """All pages of one format."""

    def __init__(self, site: Site, prefix: str) -> None:
        self._site = site
        self._prefix = prefix
        self.identifiers: set[str] = set()

    def faults(self) -> Iterator[str]:
        """What is wrong on the way."""
        earliest = _parsed(self._site.get("/oai?verb=Identify").body).findtext(".//{*}earliestDatestamp", "")
        total = ""
        for root in (pages := _Pages(self._site, self._prefix)):
            yield from pages.faults
            for record in root.iter("{*}record"):
                yield from self._record_faults(record, earliest)
            token = root.find(".//{*}resumptionToken")
            if token is not None:
                total = token.get("completeListSize", total)
        yield from pages.faults
        if total and int(total) != len(self.identifiers):
            yield f"{len(self.identifiers)} records came of {total}"

    def _record_faults(self, record: Any, earliest: str) -> Iterator[str]:
        identifier = record.findtext(".//{*}identifier", "")
        stamp = record.findtext(".//{*}datestamp", "")
        if identifier in self.identifiers:
            yield f"{identifier} comes twice"
        self.identifiers.add(identifier)
        if stamp < earliest:
            yield f"{identifier} is of {stamp}, before the earliest date {earliest}"
        is_deleted = record.find("{*}header").get("status") == "deleted"
        if is_deleted != (record.find("{*}metadata") is None):
            yield f"{identifier} is {'deleted and has' if is_deleted else 'not deleted and has no'} metadata"


class _Pages:
    """The documents of one list, until there is no token or something is wrong."""

    def __init__(self, site: Site, prefix: str) -> None:
        self._site = site
        self._prefix = prefix
        self.faults: list[str] = []

    def __iter__(self) -> Iterator[Any]:
        parameters = {"verb": "ListRecords", "metadataPrefix": self._prefix}
        for page in range(1, PAGES + 1):
            reply = self._site.get(f"/oai?{urlencode(parameters)}")
            self.faults = [f"page {page}: {fault}" for fault in document_faults(reply)]
            if self.faults:
                return
            root = _parsed(reply.body)
            error = root.find("{*}error")
            if error is not None and error.get("code") != "noRecordsMatch":
                self.faults = [f"page {page}: {error.get('code')}: {error.text}"]
                return
            yield root
            self.faults = []
            token = root.findtext(".//{*}resumptionToken")
            if not token:
                return
            parameters = {"verb": "ListRecords", "resumptionToken": token}
        self.faults = [f"the list has not ended after {PAGES} pages"]


def _parsed(document: bytes) -> Any:
    return etree.fromstring(
        document, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    )
