"""Metadata-only updates: published products with other keywords and the same data, as a new batch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import sqlalchemy as sa

from ingest.correction import Correction, card_of, parse_value
from ingest.delivery import new_headers, pieces
from ingest.fitsfile import FitsFile
from ingest.phase3.releases.archive import Archive
from ingest.scan import Candidate, candidate, scan
from vo_server.archive import FILE, among
from vo_server.errors import FatalFault, NotFoundFault, UsageFault
from vo_server.files.stores import path_of
from vo_server.progress import Progress, silent
from vo_server.submissions.amendments import Amendment
from vo_server.submissions.published import PRODUCTS
from vo_server.submissions.values import Batch


def amend(
    archive: Archive, batch: Batch, amendments: Iterable[Amendment], progress: Progress | None = None
) -> int:
    """Put the amended products into an open batch of a release of their collection.

    From there they go the way of all batches; published, they replace their former versions.

    Returns
    -------
    int
        Number of products.

    Raises
    ------
    NotFoundFault
        A product is not current in the collection.
    UsageFault
        A keyword or value cannot stand in its header.
    """
    say = progress or silent
    by_file: defaultdict[tuple[str, Path], list[Amendment]] = defaultdict(list)
    every = list(amendments)
    stored = _stored(archive, batch.collection, list(dict.fromkeys(each.file for each in every)))
    for amendment in every:
        by_file[stored[amendment.file]].append(amendment)
    area = archive.area(batch)
    for count, ((origfile, path), wanted) in enumerate(by_file.items(), 1):
        area.begin(origfile, path.stat().st_size)
        descriptor = area.open_at(origfile, 0)
        with open(descriptor, "wb") as sink, path.open("rb") as stream:
            file = _scanned(path, origfile)
            corrections = [_correction(file, origfile, amendment) for amendment in wanted]
            for piece in pieces(stream, tuple(new_headers(stream, file, corrections))):
                sink.write(piece)
        archive.submissions.put(batch.batch_id, {origfile: area.complete(origfile)})
        say(count, len(by_file), "amending products")
    return len(by_file)


def _stored(archive: Archive, collection: str, names: Sequence[str]) -> dict[str, tuple[str, Path]]:
    """Of each name: the product's own name, and where its file is."""
    query = (
        sa.select(PRODUCTS.c.origfile, PRODUCTS.c.dp_id, FILE.c.url)
        .join(FILE, FILE.c.dp_id == PRODUCTS.c.dp_id)
        .where(PRODUCTS.c.collection == collection, PRODUCTS.c.status == "current")
        .where(sa.or_(among(PRODUCTS.c.origfile, names), among(PRODUCTS.c.dp_id, names)))
    )
    found: dict[str, tuple[str, Path]] = {}
    with archive.owner.connect() as connection:
        for row in connection.execute(query):
            path = path_of(row.url)
            if path is None or not path.is_file():
                raise FatalFault(f"the store does not have {row.dp_id}")
            found[row.origfile] = found[row.dp_id] = (row.origfile, path)
    if missing := [name for name in names if name not in found]:
        raise NotFoundFault(f"not current in {collection}: {', '.join(missing[:5])}")
    return found


def _scanned(path: Path, name: str) -> FitsFile:
    found = candidate(path)
    file = scan(found).file if isinstance(found, Candidate) else None
    if file is None:
        raise UsageFault(f"{name} is no FITS file: it has no keywords")
    return file


def _correction(file: FitsFile, name: str, amendment: Amendment) -> Correction:
    if amendment.hdu >= len(file.hdus):
        raise UsageFault(f"{name} has no HDU {amendment.hdu}: it has {len(file.hdus)}")
    former = card_of(file.hdus[amendment.hdu], amendment.keyword)
    value = parse_value(amendment.value, former, amendment.keyword)
    return Correction(amendment.hdu, amendment.keyword, value)
