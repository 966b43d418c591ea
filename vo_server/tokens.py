"""Who may log in: a file of accounts and the hashes of their tokens, written by ``vo-server token``."""

import hashlib
import hmac
import os
import re
import secrets
import threading
import tomllib
from pathlib import Path

from vo_server.errors import UsageFault
from vo_server.principal import ANONYMOUS

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,59}")


class Tokens:
    """The accounts of one file; a change of it is noticed at the next login.

    Parameters
    ----------
    path : Path
        A TOML file, ``[tokens]`` with ``name = "SHA-256 of the token"``; none means that nobody can log in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._hashes: dict[str, str] = {}

    def account(self, token: str) -> str | None:
        """The account that the token belongs to, or None."""
        given = _hash(token)
        found = None
        # All of them are compared, so that the time tells nothing.
        for name, known in self._current().items():
            if hmac.compare_digest(known, given):
                found = name
        return found

    def _current(self) -> dict[str, str]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return {}
        with self._lock:
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp != self._stamp:
                self._hashes = read_hashes(self._path)
                self._stamp = stamp
            return self._hashes


def read_hashes(path: Path) -> dict[str, str]:
    """The hashes of a file by account; empty where there is none.

    Raises
    ------
    UsageFault
        The file is not what `issue` writes.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("tokens", {})
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageFault("the file of tokens cannot be read: it is not TOML") from exc
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UsageFault("the file of tokens wants [tokens] with one hash for each account")
    return found


def issue(path: Path, name: str) -> str:
    """A new token for an account, which replaces the one that it had; only its hash is kept.

    Raises
    ------
    UsageFault
        The name is not allowed.
    """
    if not _NAME.fullmatch(name) or name.lower() == ANONYMOUS:
        raise UsageFault(
            f"{name[:60]!r} is no name for an account: use up to 60 letters, digits, dots and dashes"
        )
    token = secrets.token_urlsafe(32)
    hashes = read_hashes(path) | {name: _hash(token)}
    lines = ["# Accounts and the SHA-256 of their tokens; vo-server token NAME makes one.", "[tokens]"]
    lines += [f'"{account}" = "{digest}"' for account, digest in sorted(hashes.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    part.replace(path)
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
