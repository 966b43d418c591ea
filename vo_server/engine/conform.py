"""Arrow's types and the datatypes of VOTable: which column a result has, and its arrays made to fit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from vo_server.errors import FatalFault
from vo_server.tables import Column

#: Arrow type of each VOTable primitive (VOTable 1.4, Primitives).
ARROW = {
    "boolean": pa.bool_(),
    "unsignedByte": pa.uint8(),
    "short": pa.int16(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "char": pa.string(),
    "unicodeChar": pa.string(),
}
#: And back, without the two ways of writing text.
DATATYPES = {arrow: datatype for datatype, arrow in ARROW.items() if datatype != "unicodeChar"}

#: Declared datatypes that hold every value of an Arrow type.  PostgreSQL has no byte integer: columns
#: declared unsignedByte are stored as smallint.
WIDER = {
    pa.int16(): ("int", "long", "float", "double", "unsignedByte"),
    pa.int32(): ("long", "double"),
    pa.float32(): ("double",),
}

Conversion = Callable[[pa.Array], pa.Array]


@dataclass(frozen=True, slots=True)
class Conformed:
    """A column of a result and how its arrays are made to fit; ``convert`` is None where they fit already."""

    column: Column
    convert: Conversion | None = None


def needs_text(field: pa.Field) -> bool:
    """Whether the driver gives bytes of its own for this type (ranges, oid kinds, intervals, uuid, ...).

    Such columns have to be cast to text in the database.
    """
    kind = field.type
    if pa.types.is_list(kind):
        kind = kind.value_type
    if isinstance(kind, pa.OpaqueType):
        return not pa.types.is_string(kind.storage_type)
    return pa.types.is_interval(kind) or isinstance(kind, pa.UuidType)


def conform_schema(schema: pa.Schema, declared: Sequence[Column]) -> tuple[Conformed, ...]:
    """The columns of a result, in order.

    A declared datatype wins where it holds every value of the Arrow type; otherwise the datatype follows
    Arrow, and name, unit, UCD, utype and description stay.

    Raises
    ------
    FatalFault
        The statement has another number of columns than declared.
    """
    if declared and len(declared) != len(schema):
        raise FatalFault(f"a result has {len(schema)} columns where {len(declared)} were declared")
    columns = declared or [Column(field.name, "") for field in schema]
    return tuple(_conform(field, column) for field, column in zip(schema, columns, strict=True))


def conform_batch(batch: pa.RecordBatch, conformed: Sequence[Conformed]) -> pa.RecordBatch:
    """``batch`` with the names and types of ``conformed``.

    Raises
    ------
    FatalFault
        A value does not fit the declared datatype.
    """
    try:
        arrays = [c.convert(a) if c.convert else a for c, a in zip(conformed, batch.columns, strict=True)]
    except pa.ArrowInvalid as exc:
        raise FatalFault("a value of the result does not fit the declared datatype of its column") from exc
    return pa.RecordBatch.from_arrays(arrays, names=[c.column.name for c in conformed])


def _conform(field: pa.Field, column: Column) -> Conformed:
    kind = field.type
    if pa.types.is_list(kind):
        return _conform_list(field, column)
    if isinstance(kind, pa.OpaqueType):  # numeric, as text
        datatype = column.datatype if column.datatype == "float" else "double"
        return Conformed(replace(column, datatype=datatype, arraysize=None), _from_numeric(ARROW[datatype]))
    if isinstance(kind, pa.BaseExtensionType):  # json
        return Conformed(_as_text(column), lambda array: array.storage.cast(pa.string()))
    if (field.metadata or {}).get(b"POSTGRESQL:type") == b"oid":
        # The driver reads the unsigned oid into a signed int32.
        return Conformed(
            replace(column, datatype="long", arraysize=None),
            lambda array: array.view(pa.uint32()).cast(pa.int64()),
        )
    if pa.types.is_string(kind):
        return Conformed(column if column.is_text else _as_text(column))
    if pa.types.is_temporal(kind):
        xtype = "" if pa.types.is_time(kind) else "timestamp"
        return Conformed(replace(_as_text(column), xtype=xtype))
    if pa.types.is_binary(kind):
        return Conformed(replace(column, datatype="unsignedByte", arraysize="*"), _as_bytes)
    if kind not in DATATYPES:
        raise FatalFault(f"column {column.name} has a type that this server cannot send ({kind})")
    if column.datatype in WIDER.get(kind, ()):
        target = ARROW[column.datatype]
        return Conformed(replace(column, arraysize=None), lambda array: array.cast(target))
    return Conformed(replace(column, datatype=DATATYPES[kind], arraysize=None))


def _conform_list(field: pa.Field, column: Column) -> Conformed:
    item = field.type.value_field
    if pa.types.is_string(item.type) or pa.types.is_temporal(item.type) or pa.types.is_binary(item.type):
        # VOTable's arrays of strings have one width; text with blanks between is what clients show.
        return Conformed(
            _as_text(column), lambda array: pc.binary_join(array.cast(pa.list_(pa.string())), " ")
        )
    scalar = _conform(item, replace(column, arraysize=None))
    array_column = replace(scalar.column, arraysize=column.arraysize or "*")
    convert = scalar.convert
    if convert is None:
        return Conformed(array_column)
    target = pa.list_(ARROW[scalar.column.datatype])
    if isinstance(item.type, pa.OpaqueType):
        source = pa.list_(pa.string())
        return Conformed(array_column, lambda array: array.cast(source).cast(target))
    return Conformed(array_column, lambda array: array.cast(target))


def _as_text(column: Column) -> Column:
    if column.is_text:
        return replace(column, arraysize=column.arraysize or "*")
    return replace(column, datatype="char", arraysize="*")


def _from_numeric(target: pa.DataType) -> Conversion:
    return lambda array: array.storage.cast(target)


def _as_bytes(array: pa.Array) -> pa.Array:
    """Binary values as lists of unsigned bytes, sharing their buffers."""
    validity, offsets, data = array.buffers()
    values = pa.Array.from_buffers(pa.uint8(), data.size if data else 0, [None, data or pa.py_buffer(b"")])
    return pa.Array.from_buffers(
        pa.list_(pa.uint8()), len(array), [validity, offsets], offset=array.offset, children=[values]
    )
