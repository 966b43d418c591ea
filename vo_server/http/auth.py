"""Who asks: every request runs for a principal, anonymous unless it has a token.

This is the one place that reads credentials. The rest of the server passes a `Principal` on, so that the
owner of a job and the share of a query see the same name.
"""

import base64
import binascii

from starlette.requests import Request
from starlette.responses import Response

from vo_server.errors import AuthenticationFault
from vo_server.principal import ANONYMOUS, Principal
from vo_server.tokens import Tokens

__all__ = ["Principal", "challenge", "logged_in", "principal"]


def principal(request: Request) -> Principal:
    """The principal of a request: an account by its token, else anonymous, from the address of the client.

    The token comes as ``Authorization: Bearer TOKEN`` (RFC 6750) or, for clients that only know passwords, as
    the password of ``Basic`` (RFC 7617).

    Raises
    ------
    AuthenticationFault
        There are credentials, and they are wrong.
    """
    address = request.client.host if request.client else ""
    given = request.headers.get("authorization")
    if given is None:
        return Principal(ANONYMOUS, address)
    tokens: Tokens | None = getattr(request.app.state, "tokens", None)
    user, token = read_credentials(given)
    account = tokens.account(token) if tokens is not None and token else None
    if account is None or user not in (None, account):
        raise AuthenticationFault(
            "the token is not known here: ask the operator for one, or leave the Authorization header out"
        )
    return Principal(account, address)


def challenge(response: Response) -> None:
    """Tell in an answer of status 401 how to log in (RFC 9110, WWW-Authenticate)."""
    # A header for each way: Chromium reads one challenge of a header, and asks people only for Basic.
    for scheme in ("Bearer", "Basic"):
        response.headers.append("WWW-Authenticate", f'{scheme} realm="vo-server"')


def logged_in(who: Principal) -> Principal:
    """The principal, which has an account.

    Raises
    ------
    AuthenticationFault
        Nobody is logged in.
    """
    if who.name == ANONYMOUS:
        raise AuthenticationFault("this is for accounts only: send a token that the operator gave you")
    return who


def read_credentials(header: str) -> tuple[str | None, str]:
    """The user, where one is named, and the token of an Authorization header; empty where it has none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return None, value.strip()
    if scheme.lower() == "basic":
        try:
            user, _, token = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None, ""
        return user, token
    return None, ""
