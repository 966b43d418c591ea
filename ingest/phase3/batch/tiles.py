"""Catalogues in tiles, and links from catalogue to catalogue and to files (SDP 12.2.2, 12.3)."""

from collections.abc import Iterator

import numpy as np

from ingest.phase3.batch.files import Batch
from ingest.phase3.facts import Facts
from ingest.phase3.finding import Mark

_MJD = 1e-6  #: days; a tenth of a second


def check(batch: Batch) -> Iterator[tuple[str, Mark]]:
    """What is wrong between metadata file and tiles, and with data links."""
    definitions = [facts for facts in batch.facts if facts.form == "definition"]
    listed: set[str] = set()
    for definition in definitions:
        listed.update(definition.tiles)
        tiles = []
        for name in definition.tiles:
            tile = batch.by_name.get(name)
            if tile is not None:
                tiles.append(tile)
            elif not batch.is_archived(name) and not batch.is_beside(definition, name):
                yield definition.path, Mark("TILE_MISSING", name, None, "ORIGFILE")
        yield from _columns(definition, tiles)
        yield from _identifiers(tiles)
        if len(tiles) == len(definition.tiles) and tiles:
            yield from _summary(definition, tiles)
    if batch.is_whole:
        for facts in batch.facts:
            if facts.category == "SCIENCE.CATALOGTILE" and facts.name not in listed:
                yield facts.path, Mark("TILE_ALONE", f"{facts.name} is in no PHASE3FILELIST")
    yield from _links(batch)


def _columns(definition: Facts, tiles: list[Facts]) -> Iterator[tuple[str, Mark]]:
    for tile in tiles:
        if len(tile.columns) != len(definition.columns):
            came = f"{len(tile.columns)} columns, {definition.name} has {len(definition.columns)}"
            yield tile.path, Mark("TILE_COLUMNS", came, None, "TFIELDS")
            continue
        for number, (ours, theirs) in enumerate(zip(tile.columns, definition.columns, strict=True), 1):
            for word, our, their in zip(
                ("TTYPE", "TFORM", "TUNIT", "TUCD", "TNULL"), ours, theirs, strict=True
            ):
                if our != their:
                    came = f"{our!r}, {definition.name} has {their!r}"
                    yield tile.path, Mark("TILE_COLUMNS", came, None, f"{word}{number}", their)


def _identifiers(tiles: list[Facts]) -> Iterator[tuple[str, Mark]]:
    found = [(tile, tile.identifiers) for tile in tiles if tile.identifiers is not None]
    if len(found) < 2:
        return
    # One after the other against all before it: the mark is at the tile that repeats.
    seen = np.unique(found[0][1])
    for tile, identifiers in found[1:]:
        common = np.intersect1d(seen, np.unique(identifiers), assume_unique=True)
        if common.size:
            yield tile.path, Mark("TILE_ID_TWICE", f"{common.size} identifiers are in another tile, too")
        seen = np.union1d(seen, identifiers)


def _summary(definition: Facts, tiles: list[Facts]) -> Iterator[tuple[str, Mark]]:
    for keyword, choose in (("MJD-OBS", min), ("MJD-END", max)):
        values = [tile.values[keyword] for tile in tiles if keyword in tile.values]
        told = definition.values.get(keyword)
        if values and told is not None and abs(told - choose(values)) > _MJD:
            came = f"{told!r}, the tiles have {choose(values)!r}"
            yield definition.path, Mark("TILE_SUMMARY", came, 0, keyword)
    areas = [tile.values["SKYSQDEG"] for tile in tiles if "SKYSQDEG" in tile.values]
    told = definition.values.get("SKYSQDEG")
    if len(areas) == len(tiles) and told is not None and told > sum(areas) * 1.0001:
        yield definition.path, Mark("TILE_SUMMARY", f"{told!r}, the tiles have {sum(areas):g}", 0, "SKYSQDEG")


def _links(batch: Batch) -> Iterator[tuple[str, Mark]]:
    for facts in batch.facts:
        for link in facts.links:
            if link.kind == "CATALOG" and link.file and link.target:
                target = batch.by_name.get(link.file)
                if target is None:
                    is_there = batch.is_archived(link.file) or batch.is_beside(facts, link.file)
                    wrong = "" if is_there else f"{link.file} is not there"
                else:
                    names = {column[0].lower() for column in target.columns}
                    wrong = "" if link.target.lower() in names else f"{link.file} has no column {link.target}"
                if wrong:
                    yield facts.path, Mark("CATALOGUE_LINK_TARGET", wrong, link.hdu, f"TXRGF{link.column}")
            elif link.names:
                missing = [name for name in link.names if not _is_there(batch, facts, name)]
                if missing:
                    came = f"{len(missing)} names, {missing[0]} for one"
                    yield facts.path, Mark("CATALOGUE_LINK_FILE", came, link.hdu, f"TTYPE{link.column}")


def _is_there(batch: Batch, facts: Facts, name: str) -> bool:
    return name in batch.by_name or batch.is_archived(name) or batch.is_beside(facts, name)
