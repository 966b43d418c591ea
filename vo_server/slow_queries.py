"""Queries that take long: what was asked, in the words of the client, in the log."""

from dataclasses import dataclass

import structlog

LENGTH = 20_000  #: characters of a query that are logged


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client has asked for.

    Attributes
    ----------
    service : str
        The first step of its path.
    text : str
        The ADQL, or the parameters of the request.
    kind : str
        Its class, of a small fixed set.
    """

    service: str
    text: str
    kind: str = "parameters"


def tell_slow(asked: Asked, seconds: float, limit: float) -> bool:
    """Log a query that took ``limit`` seconds or more, from its start to its last row; whether it did."""
    if seconds < limit:
        return False
    structlog.get_logger("vo_server.slow").warning(
        "slow query",
        service=asked.service,
        kind=asked.kind,
        seconds=round(seconds, 3),
        query=asked.text[:LENGTH],
    )
    return True
