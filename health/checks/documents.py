"""Every XML document that the server sends, by its schema; every VOTable, read by a strict reader."""

import io
import warnings
from collections.abc import Iterable, Iterator

from astropy.io import votable
from astropy.io.votable import exceptions
from lxml import etree

from health.site import Reply, Site, Unreachable
from health.verdict import Check, Verdict
from health.xsd import validate

#: Services with the documents of VOSI 1.1, by the first step of their paths.
SERVICES = ("tap", "sia2", "sia", "ssa", "datalink", "soda")
#: VOTables by service: what is asked, and the QUERY_STATUS of the answer (DALI 1.1, Use of VOTable).
VOTABLES = {
    "tap": {
        "/tap/sync?LANG=ADQL&MAXREC=50&QUERY=SELECT+*+FROM+ivoa.ObsCore": ("OK", "OVERFLOW"),
        "/tap/sync?LANG=ADQL&MAXREC=5&RESPONSEFORMAT=votable/td&QUERY=SELECT+*+FROM+TAP_SCHEMA.columns": (
            "OVERFLOW",
        ),
        "/tap/sync?LANG=ADQL&MAXREC=5&RESPONSEFORMAT=votable/b&QUERY=SELECT+*+FROM+TAP_SCHEMA.tables": (
            "OK",
            "OVERFLOW",
        ),
        "/tap/sync?LANG=ADQL&QUERY=SELECT+nothing+FROM+nowhere": ("ERROR",),
    },
    "sia2": {
        "/sia2/query?MAXREC=0": ("OK", "OVERFLOW"),
        "/sia2/query?MAXREC=20": ("OK", "OVERFLOW"),
        "/sia2/query?POS=CIRCLE+north": ("ERROR",),
    },
    "sia": {"/sia/query?FORMAT=METADATA": ("OK",), "/sia/query?POS=10,20&SIZE=0.1": ("OK", "OVERFLOW")},
    "ssa": {
        "/ssa/query?REQUEST=queryData&FORMAT=METADATA": ("OK",),
        "/ssa/query?REQUEST=queryData&POS=10,20&SIZE=0.1": ("OK", "OVERFLOW"),
    },
    "scs": {"/scs/ivoa.ObsCore?RA=10&DEC=20&SR=0.1": ("OK", "OVERFLOW", "")},
    "datalink": {"/datalink/links?ID=ivo://nowhere/ID%3Fnothing": ("OK",)},
}
#: Names with colons and UCDs of the first kind (older standards want them); `metadata` looks at units.
BY_STANDARD = (exceptions.W03, exceptions.W06, exceptions.W50)
_VOSI = ("capabilities", "availability")


def checks() -> Iterator[Check]:
    """The XML and the VOTables of each service."""
    for service in SERVICES:
        paths = [f"/{service}/{name}" for name in _VOSI]
        if service == "tap":
            paths += ["/tap/tables", "/tap/tables?detail=min", "/tap/tables/ivoa.ObsCore", "/tap/async"]
        yield Check(service, "documents", lambda site, paths=paths: look_at_documents(site, paths))  # type: ignore[misc]
    for service, addresses in VOTABLES.items():
        yield Check(
            service,
            "VOTables",
            lambda site, addresses=addresses: look_at_votables(site, addresses),  # type: ignore[misc]
        )


def look_at_documents(site: Site, paths: Iterable[str]) -> Verdict:
    """Documents that have to be there, valid by their schemas."""
    replies = [(path, site.get(path)) for path in paths]
    problems = [f"{path}: {fault}" for path, reply in replies for fault in document_faults(reply)]
    if not problems:
        problems = [
            f"{path}: the service says that it is not available"
            for path, reply in replies
            if path.endswith("availability") and b"available>true" not in reply.body
        ]
    return Verdict.of(f"{len(replies)} documents valid by their schemas", problems)


def look_at_votables(site: Site, addresses: dict[str, tuple[str, ...]]) -> Verdict:
    """VOTables that a strict reader can read, with the status that they should have."""
    problems = []
    for address, wanted in addresses.items():
        try:
            reply = site.get(address)
        except Unreachable as exc:
            problems.append(str(exc))
            continue
        problems += [f"{address}: {fault}" for fault in votable_faults(reply, wanted)]
    return Verdict.of(f"{len(addresses)} tables read strictly", problems)


def document_faults(reply: Reply) -> Iterator[str]:
    """What is wrong with an XML document that should be there."""
    if reply.status != 200:
        yield f"status {reply.status}"
        return
    yield from schema_faults(reply.body)


def schema_faults(document: bytes) -> Iterator[str]:
    """What is wrong with an XML document by its schema."""
    try:
        yield from validate(document)
    except etree.XMLSyntaxError as exc:
        yield f"not XML: {exc}"


def votable_faults(reply: Reply, wanted: Iterable[str] = ("OK", "OVERFLOW")) -> Iterator[str]:
    """What is wrong with a VOTable: its schema, its status, and what a strict reader does not like."""
    faults = list(schema_faults(reply.body))
    yield from faults
    if faults:
        return
    status = query_status(reply.body)
    if status not in wanted:
        yield f"QUERY_STATUS is {status or 'missing'}, not {' or '.join(filter(None, wanted))}"
    if status == "ERROR":
        return
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            votable.parse(io.BytesIO(reply.body), verify="warn")
        except (ValueError, TypeError, OSError) as exc:
            yield str(exc).strip() or type(exc).__name__
    yield from (str(entry.message).strip() for entry in found if not issubclass(entry.category, BY_STANDARD))


def query_status(document: bytes) -> str:
    """The last QUERY_STATUS of a VOTable; empty where there is none."""
    root = etree.fromstring(
        document, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    )
    found = [info.get("value", "") for info in root.iter("{*}INFO") if info.get("name") == "QUERY_STATUS"]
    return found[-1] if found else ""
