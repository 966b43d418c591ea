"""Published tables, declared once in Felis documents: reading, checking and their SQLAlchemy tables.

The documents of the built-in schemas lie beside this file; operators write their own in the same form.
"""

from vo_server.schemas import instruments
from vo_server.schemas.documents import BUILTIN, builtin, document, read
from vo_server.schemas.relations import Cube, metadata
from vo_server.tables import Schema

__all__ = ["BUILTIN", "Cube", "builtin", "document", "instruments", "metadata", "parse", "read"]


def parse(text: str) -> Schema:
    """The schema that a Felis document declares, after all checks.

    Raises
    ------
    UsageFault
        The document is malformed; the message names the line, the field and what is wanted there.
    """
    # Two seconds of imports: only for documents that nobody checked yet.
    from vo_server.schemas.checks import check

    check(text)
    return read(text)
