"""Queries as clients send them: limits, formats, methods and errors (TAP 1.1, TAP-sync)."""

import csv
import io
import json
from collections.abc import Iterator

from health.checks.documents import query_status, votable_faults
from health.site import Reply, Site
from health.verdict import Check, Verdict

QUERY = "SELECT TOP 5 table_name, column_name FROM TAP_SCHEMA.columns"
#: RESPONSEFORMAT to the media type of the answer (TAP 1.1, RESPONSEFORMAT).
FORMATS = {
    "votable": "application/x-votable+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "fits": "application/fits",
    "json": "application/json",
}
#: Requests that are wrong, each with an error document as its answer (DALI 1.1, Error Documents).
WRONG: dict[str, dict[str, object]] = {
    "no query": {"LANG": "ADQL"},
    "an unknown language": {"LANG": "PIGEON", "QUERY": QUERY},
    "an unknown table": {"LANG": "ADQL", "QUERY": "SELECT * FROM no_such_table"},
    "a wrong syntax": {"LANG": "ADQL", "QUERY": "SELECT FROM WHERE"},
    "a negative MAXREC": {"LANG": "ADQL", "QUERY": QUERY, "MAXREC": -1},
}


def checks() -> Iterator[Check]:
    """The checks of synchronous queries."""
    yield Check("tap", "limits", look_at_limits)
    yield Check("tap", "formats", look_at_formats)
    yield Check("tap", "errors", look_at_errors)
    yield Check("tap", "tables", look_at_tables)


def _ask(site: Site, **parameters: object) -> Reply:
    return site.post("/tap/sync", {"LANG": "ADQL", **parameters})


def look_at_limits(site: Site) -> Verdict:
    """Whether MAXREC limits, says so, and whether GET and POST, old and new names answer alike."""

    def faults() -> Iterator[str]:
        limited = _ask(site, QUERY=QUERY, MAXREC=2)
        yield from votable_faults(limited, ("OVERFLOW",))
        yield from votable_faults(_ask(site, QUERY=QUERY, MAXREC=0), ("OK", "OVERFLOW"))
        if (rows := len(_rows(_ask(site, QUERY=QUERY, MAXREC=2, RESPONSEFORMAT="csv")))) != 2:
            yield f"MAXREC=2 gives {rows} rows"
        posted = _rows(_ask(site, QUERY=QUERY, RESPONSEFORMAT="csv"))
        if len(posted) != 5:
            yield f"TOP 5 gives {len(posted)} rows"
        got = site.get("/tap/sync", {"lang": "ADQL", "query": QUERY, "format": "csv", "REQUEST": "doQuery"})
        if _rows(got) != posted:
            yield "GET with the names of TAP 1.0 in lower case gives other rows than POST"

    return Verdict.of("MAXREC, GET and POST", faults())


def look_at_formats(site: Site) -> Verdict:
    """Whether each format has its media type and its rows."""

    def faults() -> Iterator[str]:
        for name, media_type in FORMATS.items():
            reply = _ask(site, QUERY=QUERY, RESPONSEFORMAT=name)
            if reply.status != 200:
                yield f"{name}: status {reply.status}"
            elif reply.media_type != media_type:
                yield f"{name}: the media type is {reply.media_type}, not {media_type}"
            elif fault := _content_fault(name, reply):
                yield f"{name}: {fault}"

    return Verdict.of(", ".join(FORMATS), faults())


def _content_fault(name: str, reply: Reply) -> str | None:
    if name == "votable":
        return next(votable_faults(reply), None)
    if name == "fits":
        return None if reply.body.startswith(b"SIMPLE  =") and len(reply.body) % 2880 == 0 else "no FITS file"
    if name == "json":
        try:
            json.loads(reply.body)
        except ValueError as exc:
            return f"no JSON: {exc}"
        return None
    rows = list(csv.reader(io.StringIO(reply.text), delimiter="\t" if name == "tsv" else ","))
    return None if len(rows) == 6 else f"{len(rows)} lines, not 6"


def look_at_errors(site: Site) -> Verdict:
    """Whether a wrong request gets an error document with its status."""

    def faults() -> Iterator[str]:
        for name, parameters in WRONG.items():
            reply = site.post("/tap/sync", parameters)
            if not 400 <= reply.status < 500:
                yield f"{name}: status {reply.status}"
                continue
            wrong = list(votable_faults(reply, ("ERROR",)))
            yield from (f"{name}: {fault}" for fault in wrong)
            if not wrong and query_status(reply.body) == "ERROR" and "Traceback" in reply.text:
                yield f"{name}: the message has a traceback"

    return Verdict.of(f"{len(WRONG)} wrong requests", faults())


def look_at_tables(site: Site) -> Verdict:
    """Whether every table that is told of gives its first row."""
    names = [row["table_name"] for row in site.query("SELECT table_name FROM TAP_SCHEMA.tables")]

    def faults() -> Iterator[str]:
        for name in names:
            reply = _ask(site, QUERY=f"SELECT TOP 1 * FROM {name}")  # noqa: S608 (ADQL)
            yield from (f"{name}: {fault}" for fault in votable_faults(reply))

    return Verdict.of(f"a row of each of {len(names)} tables", faults())


def _rows(reply: Reply) -> list[list[str]]:
    return list(csv.reader(io.StringIO(reply.text)))[1:] if reply.status == 200 else []
