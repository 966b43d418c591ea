"""The published tables of submissions, schema ``phase3``: releases, versions of products, changes."""

from vo_server import schemas

_TABLES = schemas.metadata(schemas.builtin()).tables
PRODUCTS, CHANGES, RELEASES = (_TABLES[f"phase3.{name}"] for name in ("products", "changes", "releases"))
