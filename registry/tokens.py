"""Resumption tokens: all that is needed to go on, signed, and kept nowhere (OAI-PMH 2.0, Flow Control)."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from registry.faults import OaiFault
from registry.params import Selection

LONGEST = 4000  #: characters of a token
_PURPOSE = b"vo-server oai 1\0"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a list goes on: after which record, which is the how-manyth of how many."""

    updated: datetime
    identifier: str
    cursor: int
    size: int


def read_or_make_key(path: Path) -> bytes:
    """The key that signs tokens; made where there is none, by whichever process comes first."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    try:
        # Unlike a rename, a link fails where another process was faster.
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return path.read_bytes()


class Signer:
    """Writes tokens and reads its own again.

    Parameters
    ----------
    key : bytes
        Shared by all processes that answer.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, verb: str, selection: Selection, position: Position) -> str:
        """The token for what follows ``position``."""
        content = {"verb": verb, **asdict(selection), **asdict(position)}
        text = json.dumps(content, default=datetime.isoformat, separators=(",", ":"))
        payload = _encode(text.encode())
        return f"{payload}.{self._signature(payload)}"

    def read(self, verb: str, token: str) -> tuple[Selection, Position]:
        """What to go on with.

        Raises
        ------
        OaiFault
            The token is not one that this archive has made for that verb.
        """
        payload, _, signature = token[:LONGEST].partition(".")
        if len(token) > LONGEST or not _equal(signature, self._signature(payload)):
            raise OaiFault("badResumptionToken", "the token is none of this archive's: begin anew")
        content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if content["verb"] != verb:
            raise OaiFault("badResumptionToken", f"the token is for {content['verb']}: send it with that")
        start, end = (
            datetime.fromisoformat(content[name]) if content[name] else None for name in ("start", "end")
        )
        position = Position(
            datetime.fromisoformat(content["updated"]),
            content["identifier"],
            content["cursor"],
            content["size"],
        )
        return Selection(content["prefix"], start, end), position

    def _signature(self, payload: str) -> str:
        message = _PURPOSE + payload.encode()
        return _encode(hmac.new(self._key, message, hashlib.sha256).digest()[:16])


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())
