"""What has changed, for harvesters: JSON in the order of the changes, Atom for feed readers (RFC 4287)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote, urlencode

from lxml import etree

from phase3.published import PAGE
from vo_server.errors import UsageFault
from vo_server.instants import utc_text
from vo_server.intervals import parse_period
from vo_server.parameters import Parameters

ATOM = "http://www.w3.org/2005/Atom"
NEWEST = 200  #: entries of the Atom feed
VERBS = {
    "added": "was published",
    "replaced": "was replaced by a newer version",
    "deprecated": "should not be used any more",
    "withdrawn": "is not available any more",
    "restored": "is published again",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes: those after a number, from an instant on (UTC, without a zone), of a collection."""

    after: int = 0
    since: datetime | None = None
    collection: str | None = None

    @classmethod
    def from_parameters(cls, parameters: Parameters) -> "Wanted":
        """What ``AFTER``, ``SINCE`` and ``COLLECTION`` ask for.

        Raises
        ------
        UsageFault
            AFTER is no number, SINCE no instant.
        """
        after = parameters.whole_number("AFTER") or 0
        if not 0 <= after < 1 << 62:
            raise UsageFault("AFTER is the number of a change: those after it are sent")
        text = parameters.single("SINCE")
        since = parse_period("SINCE", text).low if text else None
        return cls(
            after, since.replace(tzinfo=None) if since else None, parameters.single("COLLECTION") or None
        )


def json_document(changes: Sequence[Mapping[str, Any]], wanted: Wanted, root_url: str) -> dict[str, Any]:
    """Some changes, and where the next ones are; ``next`` is there even when there are none yet."""
    last = changes[-1]["change_id"] if changes else wanted.after
    query = {"AFTER": last} | ({"COLLECTION": wanted.collection} if wanted.collection else {})
    if wanted.since is not None and not changes:
        query["SINCE"] = wanted.since.isoformat(timespec="seconds")
    return {
        "changes": [
            {**change, "last_mod_date": _instant(change["last_mod_date"]), "links": links(change, root_url)}
            for change in changes
        ],
        "more": len(changes) == PAGE,
        "next": f"{root_url}/releases/changes.json?{urlencode(query)}",
    }


def atom_document(changes: Sequence[Mapping[str, Any]], archive: str, root_url: str) -> bytes:
    """The newest changes, the newest first."""
    # The types of lxml know no default namespace.
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=cast("dict[str, str]", {None: ATOM}))
    own = f"{root_url}/releases/changes.atom"
    _text(feed, "id", own)
    _text(feed, "title", f"{archive}: changes of science products")
    _text(feed, "updated", _instant(changes[0]["last_mod_date"]) if changes else utc_text(datetime.now(UTC)))
    etree.SubElement(feed, f"{{{ATOM}}}link", rel="self", href=own, type="application/atom+xml")
    etree.SubElement(feed, f"{{{ATOM}}}link", rel="alternate", href=f"{root_url}/releases", type="text/html")
    author = etree.SubElement(feed, f"{{{ATOM}}}author")
    _text(author, "name", archive)
    for change in changes:
        _entry(feed, change, root_url)
    document: bytes = etree.tostring(feed, xml_declaration=True, encoding="utf-8")
    return document


def links(change: Mapping[str, Any], root_url: str) -> str:
    """The DataLink document of the product of a change."""
    return f"{root_url}/datalink/links?ID={quote(change['obs_publisher_did'], safe='')}"


def _entry(feed: etree._Element, change: Mapping[str, Any], root_url: str) -> None:
    entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
    _text(entry, "id", f"{root_url}/releases/changes.json?AFTER={change['change_id'] - 1}")
    _text(entry, "title", f"{change['dp_id']} {VERBS[change['change']]}")
    _text(entry, "updated", _instant(change["last_mod_date"]))
    etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=links(change, root_url))
    etree.SubElement(entry, f"{{{ATOM}}}category", term=change["change"])
    of = f"{change['collection']} {change['release']}"
    parts = [of, f"see {change['related']}" if change["related"] else "", change["reason"] or ""]
    _text(entry, "summary", "; ".join(part for part in parts if part))


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _instant(when: datetime) -> str:
    return utc_text(when.replace(tzinfo=UTC))
