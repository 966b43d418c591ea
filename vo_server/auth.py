"""Who asks: every request runs for a principal, anonymous unless a later login says otherwise.

This is the one place that will read credentials. The rest of the server passes a `Principal` on, so that
the owner of a job and, one day, row-level security see the same name.
"""

from starlette.requests import Request

from vo_server.principal import ANONYMOUS, Principal

__all__ = ["Principal", "principal"]


def principal(request: Request) -> Principal:
    """The principal of a request: anonymous, from the address of the client."""
    return Principal(ANONYMOUS, request.client.host if request.client else "")
