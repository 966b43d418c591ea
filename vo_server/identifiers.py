"""Identifiers of files as clients write them (IVOA Identifiers 2.0; DataLink 1.1, ID)."""

import re

from vo_server.config import Settings
from vo_server.errors import NotFoundFault, UsageFault

MAX_ID = 500  #: characters of an identifier


def parse_id(text: str, settings: Settings) -> tuple[str, ...]:
    """The ``dp_id`` that an ID may mean, the likeliest first.

    An ID is an ``obs_publisher_did`` of this archive or a bare ``dp_id``. IVOA identifiers are compared
    without regard to case, and the archive's own are upper case.

    Raises
    ------
    UsageFault
        It is too long to be one.
    NotFoundFault
        It is an identifier of somebody else.
    """
    if len(text) > MAX_ID:
        raise UsageFault(f"an ID of {len(text)} characters: at most {MAX_ID} are read")
    prefix = f"ivo://{settings.authority}/ID?"
    if text[: len(prefix)].lower() == prefix.lower():
        text = text[len(prefix) :]
    elif re.match("ivo:", text, re.IGNORECASE):
        raise NotFoundFault(f"{text} is not an identifier of this archive: those begin with {prefix}")
    if not text:
        raise NotFoundFault(f"the identifier ends after {prefix}")
    return tuple(dict.fromkeys((text, text.upper())))
