"""Publishing an operator's own catalogue: a Felis document and a file of rows become a TAP table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from ingest.copy import arrow_type, exact_type
from ingest.filling import Place, fill, move
from ingest.hidden import shape_and_box
from ingest.tables import Source, open_table
from vo_server import schemas, sky
from vo_server.catalog import lock_schema, publish_schema, read_catalog
from vo_server.db import Database
from vo_server.errors import UsageFault
from vo_server.progress import Progress, silent
from vo_server.sky.bulk import shape_literals
from vo_server.tables import PointIndex, RegionIndex, Schema, Table


def publish(schema: Path | str, data: Path, database: Database, progress: Progress | None = None) -> int:
    """Publish the rows of ``data`` as the table that ``schema`` declares.

    The table is filled beside the one that clients see and takes its place in one short transaction: they see
    the former rows or the new ones, never half of them.

    Parameters
    ----------
    schema : Path or str
        The Felis document, or the file that has it. Of several tables, that of the data file's name is meant.
    data : Path
        Parquet, CSV, TSV, FITS or VOTable, with the columns of the table under their names (in any case).
    progress : callable, optional
        Called as ``progress(rows done, rows or None, what)``.

    Returns
    -------
    int
        Rows published.

    Raises
    ------
    UsageFault
        Document and file do not agree, or a value is not of its column's type; the message names file and
        column.
    """
    document = schema.read_text(encoding="utf-8") if isinstance(schema, Path) else schema
    declared = schemas.parse(document)
    table = _wanted(declared, data)
    source = open_table(data)
    spelled = _match_columns(table, source, data)
    with Place(database) as place:
        relation = place.relation(table)
        reading = Reading(table, relation, spelled, source.rows, progress or silent)
        with database.owner.begin() as connection:
            _check_siblings(connection, declared)
            types = {spelled[name]: arrow_type(relation.c[name].type) for name in spelled}
            rows = ((data.name, batch) for batch in _read(source, types, data))
            pieces = reading.pieces(rows)
            fill(connection, relation, table.primary_key, pieces, data.name, reading.progress)
        with database.owner.begin() as connection:
            lock_schema(connection, declared.name)
            _check_siblings(connection, declared)  # again: others may have come meanwhile
            move(connection, relation, declared.name.lower())
            publish_schema(connection, declared, document)
    return reading.done


def _wanted(declared: Schema, data: Path) -> Table:
    tables = {table.relation[1]: table for table in declared.tables if not table.is_view}
    if len(tables) == 1:
        return next(iter(tables.values()))
    stem = data.name.partition(".")[0].lower()
    if stem not in tables:
        names = ", ".join(sorted(tables))
        raise UsageFault(
            f"the document has the tables {names}: give the data file ({data.name}) the name of one"
        )
    return tables[stem]


def _match_columns(table: Table, source: Source, data: Path) -> dict[str, str]:
    """Lower-case name of each column -> the file's spelling.

    Raises
    ------
    UsageFault
        The file has columns that the document does not declare, or lacks one that may not be null.
    """
    spelled = {name.lower(): name for name in source.names}
    if len(spelled) < len(source.names):
        raise UsageFault(f"{data.name} has columns whose names differ only in case")
    if strange := sorted(spelled.keys() - table.by_name.keys()):
        names = ", ".join(spelled[name] for name in strange)
        raise UsageFault(f"{data.name} has columns that {table.name} does not declare: {names}")
    absent = [c.name for c in table.columns if not c.nullable and c.name.lower() not in spelled]
    if absent:
        raise UsageFault(
            f"{data.name} lacks columns of {table.name} that may not be null: {', '.join(absent)}"
        )
    return spelled


def _check_siblings(connection: sa.Connection, declared: Schema) -> None:
    """A schema's document tells all of its tables: one that does not would hide the others."""
    for known in read_catalog(connection).schemas:
        if known.name.lower() == declared.name.lower():
            kept = {table.relation[1] for table in declared.tables}
            if gone := sorted(t.name for t in known.tables if t.relation[1] not in kept):
                raise UsageFault(
                    f"the schema {known.name} also has {', '.join(gone)}: declare them in the document too"
                )


@dataclass
class Reading:
    """Batches of a file on their way into a table.

    Attributes
    ----------
    spelled : mapping
        Lower-case name of each column -> its name in the batches.
    expected : int or None
        Rows, where they are known before.
    done : int
        Rows so far.
    """

    table: Table
    relation: sa.Table
    spelled: Mapping[str, str]
    expected: int | None
    progress: Progress
    done: int = 0

    def pieces(self, batches: Iterable[tuple[str, pa.RecordBatch]]) -> Iterator[pa.Table]:
        """The batches, each with the name of its file, as the database wants them: typed, pixels beside.

        Raises
        ------
        UsageFault
            A value does not fit; the message names file and column.
        """
        what = f"publishing {self.table.name}"
        for name, batch in batches:
            self.progress(self.done, self.expected, what)
            columns = _cast(batch, self.relation, self.spelled, name)
            for point in self.table.points:
                _add_pixels(columns, point, name)
            for region in self.table.regions:
                _add_shapes(columns, region, name)
            _check_nulls(columns, self.table, name)
            yield pa.table(columns)
            self.done += batch.num_rows
        self.progress(self.done, self.done, what)


def _read(source: Source, types: Mapping[str, pa.DataType], data: Path) -> Iterator[pa.RecordBatch]:
    try:
        yield from source.batches(types)
    except (pa.ArrowException, OSError, ValueError) as exc:
        raise UsageFault(f"{data.name}: {exc}") from exc


def _cast(
    batch: pa.RecordBatch, relation: sa.Table, spelled: Mapping[str, str], file: str
) -> dict[str, pa.Array]:
    """The columns in the types of the database; NaN is null, as FITS means it."""
    columns = {}
    for name, spelling in spelled.items():
        values, wanted = batch.column(spelling), exact_type(relation.c[name].type)
        try:
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            columns[name] = pc.cast(values, wanted)
        except pa.ArrowException as exc:
            raise UsageFault(f"{file}, column {spelling}: {exc}") from exc
        if pa.types.is_floating(wanted):
            _check_infinite(values, columns[name], f"{file}, column {spelling}")
            is_nan = pc.is_nan(columns[name])
            if pc.any(is_nan).as_py():
                columns[name] = pc.if_else(is_nan, pa.scalar(None, wanted), columns[name])
    return columns


def _check_infinite(values: pa.Array, narrow: pa.Array, where: str) -> None:
    """A double beyond the range of a float becomes infinity when it is cast."""
    is_narrower = values.type == pa.float64() and narrow.type == pa.float32()
    if is_narrower and pc.sum(pc.is_inf(values)) != pc.sum(pc.is_inf(narrow)):
        raise UsageFault(f"{where}: a value does not fit into a float: declare the column as double")


def _check_nulls(columns: Mapping[str, pa.Array], table: Table, file: str) -> None:
    for column in table.columns:
        values = columns.get(column.name.lower())
        if values is not None and not column.nullable and values.null_count:
            raise UsageFault(f"{file}, column {column.name}: {values.null_count} values are null")


def _add_pixels(columns: dict[str, pa.Array], point: PointIndex, file: str) -> None:
    """The HEALPix pixel beside each position."""
    if point.ra not in columns or point.dec not in columns:
        return
    ra, dec = columns[point.ra], columns[point.dec]
    known = np.asarray(pc.and_(pc.is_valid(ra), pc.is_valid(dec)))
    pixels = np.zeros(len(known), dtype=np.int64)
    ends = pc.min_max(ra).as_py()
    if ends["min"] is not None and not 0 <= ends["min"] <= ends["max"] <= 360:
        # Crossmatches look into windows of right ascension, which end at 0 and 360.
        raise UsageFault(
            f"{file}, column {point.ra}: right ascensions are 0 to 360 degrees, not {ends['min']:g}"
            f" to {ends['max']:g}: add 360 to the negative ones"
        )
    try:
        pixels[known] = sky.hpx(
            np.asarray(ra.filter(pa.array(known))), np.asarray(dec.filter(pa.array(known)))
        )
    except (UsageFault, ValueError) as exc:
        raise UsageFault(f"{file}, columns {point.ra} and {point.dec}: {exc}") from exc
    columns[point.hpx] = pa.array(pixels, mask=~known)


def _add_shapes(columns: dict[str, pa.Array], region: RegionIndex, file: str) -> None:
    """Shape and box beside each region."""
    if region.region not in columns:
        return
    found: list[tuple[str | None, str | None]] = []
    texts = columns[region.region].to_pylist()
    literals = shape_literals([text or "" for text in texts])
    for number, (text, literal) in enumerate(zip(texts, literals, strict=True), 1):
        try:
            found.append((None, None) if text is None else literal or shape_and_box(text))
        except UsageFault as exc:
            raise UsageFault(f"{file}, column {region.region}, row {number}: {exc}") from exc
    columns[region.shape] = pa.array([shape for shape, _ in found], pa.string())
    columns[region.box] = pa.array([box for _, box in found], pa.string())
