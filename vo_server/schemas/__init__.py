"""Published tables, declared once in Felis documents: reading, checking and their SQLAlchemy tables.

The documents of the built-in schemas lie beside this file; operators write their own in the same form.
"""

from vo_server.schemas.documents import BUILTIN, builtin, document, parse, read
from vo_server.schemas.relations import Cube, metadata

__all__ = ["BUILTIN", "Cube", "builtin", "document", "metadata", "parse", "read"]
