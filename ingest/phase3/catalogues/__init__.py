"""Catalogues of Phase 3 as tables of their own: for TAP, cone searches and registries (SDP 12)."""

from ingest.phase3.catalogues.naming import Naming
from ingest.phase3.catalogues.publish import (
    PublishedTable,
    Staged,
    StagedTable,
    publish_catalogue,
    stage,
    take_place,
    withdraw,
)

__all__ = [
    "Naming",
    "PublishedTable",
    "Staged",
    "StagedTable",
    "publish_catalogue",
    "stage",
    "take_place",
    "withdraw",
]
