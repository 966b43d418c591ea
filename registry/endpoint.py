"""The publishing registry over HTTP: ``/oai`` and its VOSI resources (Registry Interfaces 1.1)."""

from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from registry.faults import OaiFault
from registry.identifiers import ivoid
from registry.management import CAPABILITIES, PATH, REGISTRY
from registry.oai import Envelope
from registry.operator import Operator
from registry.params import OaiRequest, Selection, parse_request
from registry.store import RecordStore
from registry.tokens import Position, Signer, read_or_make_key
from vo_server.errors import TransientFault, UsageFault
from vo_server.http import dali, vosi

XML = "text/xml"  #: OAI-PMH 2.0, Content-Type


class Registry:
    """The service: what its requests share is where records are, and the key that signs tokens."""

    def __init__(self, state: Any) -> None:
        settings, state_dir = state.settings, state.database.state_dir
        # Here, so that a mistake of the operator's stops the start.
        Operator.of(settings, state_dir)
        self._name, self._ivoid = settings.archive_name, ivoid(settings.authority, REGISTRY)
        self._base_url = settings.root_url + PATH
        self._store = RecordStore(state.database.writer)
        key = settings.registry_key.encode() if settings.registry_key else None
        self._signer = Signer(key or read_or_make_key(state_dir / "oai.key"))

    async def answer(self, request: Request) -> Response:
        """GET or POST ``/oai`` (OAI-PMH 2.0, HTTP Request Format)."""
        asked = datetime.now(UTC)
        wanted: OaiRequest | None = None
        status = 200
        try:
            parameters = await dali.read_parameters(request)
            wanted = parse_request(parameters)
            content = await run_in_threadpool(self._answer, wanted, asked)
        except OaiFault as exc:
            content = Envelope(self._base_url, wanted, asked).error(exc)
        except UsageFault as exc:
            # What HTTP has a status for is told by that too.
            status = 200 if exc.status == UsageFault.status else exc.status
            content = Envelope(self._base_url, None, asked).error(OaiFault("badArgument", str(exc)))
        return Response(content, status_code=status, media_type=XML)

    def _answer(self, wanted: OaiRequest, asked: datetime) -> bytes:
        envelope = Envelope(self._base_url, wanted, asked)
        if wanted.selection is not None:
            wanted.selection.check()
        match wanted.verb:
            case "Identify":
                return self._identify(envelope)
            case "ListMetadataFormats":
                self._check_identifier(wanted.identifier)
                return envelope.metadata_formats()
            case "ListSets":
                if wanted.token is not None:
                    raise OaiFault("badResumptionToken", "the list of sets is whole: ask without a token")
                return envelope.sets()
            case "GetRecord":
                return self._record(envelope, wanted)
            case _:
                return self._page(envelope, wanted)

    def _identify(self, envelope: Envelope) -> bytes:
        earliest = self._store.earliest()
        itself = self._store.record(self._ivoid, "ivo_vor")
        if earliest is None or itself is None or itself.text is None:
            raise _not_ready()
        return envelope.identify(self._name, self._base_url, earliest, itself.text)

    def _check_identifier(self, identifier: str | None) -> None:
        if identifier is not None and self._store.record(identifier, None) is None:
            raise _unknown(identifier)

    def _record(self, envelope: Envelope, wanted: OaiRequest) -> bytes:
        identifier, selection = wanted.identifier or "", wanted.selection
        found = self._store.record(identifier, selection.prefix if selection else None)
        if found is None:
            raise _unknown(identifier)
        return envelope.record(found)

    def _page(self, envelope: Envelope, wanted: OaiRequest) -> bytes:
        selection, position = self._where(wanted)
        page = self._store.page(selection, position, headers_only=wanted.verb == "ListIdentifiers")
        if not page.records:
            if self._store.earliest() is None:
                raise _not_ready()
            raise OaiFault("noRecordsMatch", "no record has changed in that time")
        following = page.following
        token = self._signer.write(wanted.verb, selection, following) if following else ""
        return envelope.page(wanted.verb, page, token)

    def _where(self, wanted: OaiRequest) -> tuple[Selection, Position | None]:
        """What is wanted, and from where on."""
        if wanted.token is not None:
            return self._signer.read(wanted.verb, wanted.token)
        if wanted.selection is None:
            raise AssertionError("a list has a selection or a token")
        return wanted.selection, None


def _not_ready() -> TransientFault:
    return TransientFault("the records of this archive are being made: ask again in a moment")


def _unknown(identifier: str) -> OaiFault:
    return OaiFault("idDoesNotExist", f"there is no record {identifier[:200]!r} here: see ListIdentifiers")


def routes(state: Any) -> list[BaseRoute]:
    """Everything below ``/oai``."""
    return [
        Route(PATH, Registry(state).answer, methods=["GET", "POST"]),
        *vosi.routes(PATH, CAPABILITIES),
    ]
