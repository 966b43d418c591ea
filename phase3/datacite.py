"""Metadata of a release's DOI (DataCite Metadata Schema 4.5, as JSON)."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from vo_server.instants import utc_text
from vo_server.submissions.values import Release

SCHEMA = "http://datacite.org/schema/kernel-4"


def datacite_document(row: Mapping[str, Any], release: Release, archive: str) -> dict[str, Any]:
    """What to register for the DOI of a release, or to give it one.

    Parameters
    ----------
    row : mapping
        The row of ``phase3.releases``.
    archive : str
        The publisher.
    """
    published, updated = (row[name].replace(tzinfo=UTC) for name in ("published", "updated"))
    related = [
        {
            "relatedIdentifier": row["access_url"],
            "relatedIdentifierType": "URL",
            "relationType": "IsSupplementedBy",
        }
    ]
    if row["bib_reference"]:
        related.insert(
            0,
            {
                "relatedIdentifier": row["bib_reference"],
                "relatedIdentifierType": "bibcode",
                "relationType": "IsDescribedBy",
            },
        )
    document = {
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Astronomical data release"},
        "creators": [{"name": name} for name in release.creators or (archive,)],
        "titles": [{"title": release.title}],
        "publisher": {"name": archive},
        "publicationYear": str(published.year),
        "version": release.release,
        "dates": [
            {"date": utc_text(published), "dateType": "Available"},
            {"date": utc_text(updated), "dateType": "Updated"},
        ],
        "sizes": [f"{row['n_files']} files", f"{row['volume']} bytes"],
        "formats": ["application/fits"],
        "relatedIdentifiers": related,
        "url": row["access_url"],
        "schemaVersion": SCHEMA,
    }
    if release.doi:
        prefix, _, suffix = release.doi.partition("/")
        document |= {"doi": release.doi, "prefix": prefix, "suffix": suffix}
    if release.abstract:
        document["descriptions"] = [{"description": release.abstract, "descriptionType": "Abstract"}]
    return document
