"""``/download/manifest``: many files at once, as a list for programs or a script that fetches them."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from datalink.downloads.sending import plain_name
from datalink.files import File, find_files, instant
from datalink.identifiers import Identifiers
from datalink.links.params import MAX_IDS
from datalink.lists import read_list
from vo_server.config import Settings
from vo_server.errors import UsageFault, VoError
from vo_server.http import dali
from vo_server.parameters import Parameters
from vo_server.products import ObsCore
from vo_server.uws.endpoint import find_job

METALINK = "urn:ietf:params:xml:ns:metalink"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, and where it is had."""

    file: File
    url: str

    @property
    def name(self) -> str:
        """The name that it gets: nothing in it means anything to a shell or a file system."""
        return plain_name(self.file.name)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a request, and what became of identifiers that have none."""

    entries: tuple[Entry, ...]
    faults: tuple[tuple[str, VoError], ...]
    made: datetime

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.file.length for entry in self.entries)


def write_json(manifest: Manifest) -> bytes:
    """The manifest for programs."""
    document = {
        "created": instant(manifest.made),
        "count": len(manifest.entries),
        "size": manifest.size,
        "files": [
            {
                "id": entry.file.dp_id,
                "name": entry.name,
                "url": entry.url,
                "size": entry.file.length,
                "sha256": entry.file.digest,
                "media_type": entry.file.media_type,
                "category": entry.file.category,
                "original_name": entry.file.origfile,
                "public": entry.file.is_public(manifest.made),
                "release_date": instant(entry.file.release_date) or None,
            }
            for entry in manifest.entries
        ],
        "faults": [{"id": text, "message": f"{exc.fault}: {exc}"} for text, exc in manifest.faults],
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def write_metalink(manifest: Manifest) -> bytes:
    """The manifest for download managers (RFC 5854)."""
    root = etree.Element(f"{{{METALINK}}}metalink", nsmap={None: METALINK})  # type: ignore[dict-item]
    _child(root, "published", instant(manifest.made))
    for entry in manifest.entries:
        file = etree.SubElement(root, f"{{{METALINK}}}file", name=entry.name)
        _child(file, "size", str(entry.file.length))
        _child(file, "hash", entry.file.digest).set("type", "sha-256")
        _child(file, "url", entry.url)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _child(parent: etree._Element, tag: str, text: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{METALINK}}}{tag}")
    child.text = text
    return child


SCRIPT = """#!/bin/sh
# {count} files, {size} bytes. Run it again to go on where it ended; what is complete is not fetched twice.
# Files that are not public need a token: VO_TOKEN=... sh {name}
set -u
failed=0
check() {{ sha256sum --check --status 2>/dev/null || shasum -a 256 --check --status; }}
fetch() {{  # url name size sha256
    if [ -f "$2" ]; then echo "$2: complete"; return; fi
    echo "$2: $3 bytes"
    token=${{VO_TOKEN:+Authorization: Bearer $VO_TOKEN}}
    curl --fail --location --retry 5 --continue-at - ${{token:+--header "$token"}} --output "$2.part" "$1" \\
        || {{ failed=1; return; }}
    if echo "$4  $2.part" | check; then
        mv "$2.part" "$2"
    else
        echo "$2: the checksum is wrong, it will be fetched again" >&2
        rm -f "$2.part"
        failed=1
    fi
}}
{calls}
exit $failed
"""


def write_script(manifest: Manifest) -> bytes:
    """The manifest as a shell script that needs curl."""
    calls = [
        shlex.join(["fetch", entry.url, entry.name, str(entry.file.length), entry.file.digest])
        for entry in manifest.entries
    ]
    calls += [f"echo {shlex.quote(f'{text[:100]}: {exc}')} >&2; failed=1" for text, exc in manifest.faults]
    text = SCRIPT.format(
        count=len(manifest.entries), size=manifest.size, name="fetch.sh", calls="\n".join(calls)
    )
    return text.encode()


#: By name: media type, name of the file, and what writes it.
FORMS: Mapping[str, tuple[str, str, Callable[[Manifest], bytes]]] = {
    "json": ("application/json", "manifest.json", write_json),
    "metalink": ("application/metalink4+xml", "manifest.meta4", write_metalink),
    "sh": ("text/x-shellscript", "fetch.sh", write_script),
}


def parse_form(text: str | None) -> str:
    """The name of a form, by itself or its media type (RESPONSEFORMAT).

    Raises
    ------
    UsageFault
        It is unknown.
    """
    wanted = (text or "json").strip().lower()
    for name, (media_type, _, _) in FORMS.items():
        if wanted in (name, media_type):
            return name
    raise UsageFault(f"RESPONSEFORMAT={wanted[:40]!r} is unknown: send one of {', '.join(FORMS)}")


def read_ids(parameters: Parameters, result: Sequence[str]) -> tuple[str, ...]:
    """The identifiers of a request: as ID, in the file LIST, and those of the ``result`` of a job.

    Raises
    ------
    UsageFault
        There is none, or there are too many, or the list cannot be read.
    """
    texts = [text.strip() for text in parameters.values("ID")]
    part = parameters.files.get("list")
    if part is not None:
        texts += read_list(part.pieces(), part.media_type, MAX_IDS)
    texts += result
    found = tuple(dict.fromkeys(text for text in texts if text))
    if not found:
        raise UsageFault(
            "ID is missing: send identifiers of files (dp_id), a list of them as the file LIST, or the"
            " address of a job's result as RESULT"
        )
    if len(found) > MAX_IDS:
        raise UsageFault(f"{len(found)} identifiers: at most {MAX_IDS} files are listed at once")
    return found


class Manifests:
    """The resource: what its requests share is where files are looked up."""

    def __init__(self, state: Any) -> None:
        self._engine: sa.Engine = state.database.writer
        self._settings: Settings = state.settings
        self._obscore = ObsCore.read().relation

    async def manifest(self, request: Request) -> Response:
        """GET or POST ``/download/manifest``."""
        parameters = await dali.read_parameters(request, most=MAX_IDS + 100)
        media_type, name, write = FORMS[parse_form(parameters.single("RESPONSEFORMAT"))]
        found = await self._result(request, parameters.single("RESULT"))
        ids = await run_in_threadpool(read_ids, parameters, found)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if request.method == "HEAD":
            return Response(media_type=media_type, headers=headers)
        body = await run_in_threadpool(lambda: write(self._find(ids)))
        return Response(body, media_type=media_type, headers=headers)

    async def _result(self, request: Request, address: str | None) -> tuple[str, ...]:
        """The identifiers in the result of a job of this server, by the result's address or the job's."""
        if address is None:
            return ()
        words = address.rstrip("/").split("/")
        name = words[-1] if "results" in words[:-1] else "result"
        job_id = words[words.index("results") - 1] if "results" in words[:-1] else words[-1]
        result = (await find_job(request, job_id)).result(name)
        pieces = request.app.state.results.read(result.key)
        return await run_in_threadpool(read_list, pieces, result.media_type, MAX_IDS)

    def _find(self, ids: Sequence[str]) -> Manifest:
        wanted = Identifiers.read(ids, self._settings)
        files = find_files(self._engine, self._obscore, wanted.dp_ids)
        entries: dict[str, Entry] = {}
        faults: list[tuple[str, VoError]] = []
        for text in ids:
            try:
                file = wanted.pick(text, files)
            except VoError as exc:
                faults.append((text, exc))
            else:
                entries[file.dp_id] = Entry(file, file.address(self._settings.root_url))
        return Manifest(tuple(entries.values()), tuple(faults), datetime.now(UTC))


def routes(state: Any) -> list[BaseRoute]:
    """``/download/manifest``."""
    return [Route("/download/manifest", Manifests(state).manifest, methods=["GET", "POST"])]
