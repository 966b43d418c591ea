"""Text for XML documents: what came from headers of files or from clients, made writable."""

import re

#: Characters that XML 1.0 cannot have, even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> str:
    """``text`` with a replacement character for each that XML cannot have."""
    return _UNWRITABLE.sub("\ufffd", text)


def token(text: str) -> str:
    """``text`` in one line (XML Schema, token)."""
    return " ".join(writable(text).split())
