"""Checks of Felis documents: Felis's own models, with what they cannot say and what they let pass.

Importing this module loads Felis, which takes two seconds.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import astropy.units as u
import felis
import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator, model_validator

from vo_server.errors import UsageFault
from vo_server.schemas.documents import DATATYPES, load

#: DALI 1.2, xtype, for text columns; TAP 1.0's form of regions, which Aladin and TOPCAT draw.
XTYPES = frozenset({"timestamp", "adql:REGION", "uri", "uuid", "json", "shape", "moc", "hms", "dms"})
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,58}")
#: Fields of Felis that would change the table in a way that we do not follow.
_UNSUPPORTED = ("votable_datatype", "postgresql_datatype", "value", "autoincrement")


def _identifier(name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is not a name: a letter, then up to 58 letters, digits and underscores")
    return name


Name = Annotated[str, AfterValidator(_identifier)]


class ColumnForm(BaseModel, extra="allow"):
    """What a column must have before Felis can look at it."""

    name: str
    datatype: str
    length: int | None = Field(None, strict=True)

    @field_validator("datatype")
    @classmethod
    def _known(cls, datatype: str) -> str:
        if datatype not in DATATYPES:
            raise ValueError(f"the datatype {datatype!r} is not one of {', '.join(DATATYPES)}")
        return datatype


class NamedForm(BaseModel, extra="allow"):
    """An index or a constraint; Felis makes its ``@id`` from the name."""

    name: str


class TableForm(BaseModel, extra="allow"):
    """What a table must have before Felis can look at it."""

    name: str
    columns: list[ColumnForm]
    indexes: list[NamedForm] = []
    constraints: list[NamedForm] = []


class SchemaForm(BaseModel, extra="allow"):
    """What a document must have: Felis completes its values in place and stumbles over other forms."""

    name: str
    tables: list[TableForm]


class Point(BaseModel, extra="forbid"):
    """An entry of ``vo:points``: a pair of coordinates, ICRS, and the name of the hidden pixel column."""

    ra: Name
    dec: Name
    hpx: Name = "hpx"


class Region(BaseModel, extra="forbid"):
    """An entry of ``vo:regions``: a column of STC-S texts and the names of the hidden columns."""

    region: Name
    shape: Name
    box: Name


class Key(BaseModel, extra="forbid"):
    """An entry of ``vo:keys``: a relation to a table of any schema (TAP 1.1, TAP_SCHEMA.keys)."""

    id: Name
    columns: list[Name] = Field(min_length=1)
    target: str
    target_columns: list[Name] = Field(min_length=1)
    description: str = ""

    @model_validator(mode="after")
    def _pairs(self) -> "Key":
        if len(self.columns) != len(self.target_columns):
            raise ValueError("columns and target_columns must have the same length")
        return self


class Column(felis.datamodel.Column):
    """A column with the checks of units, arraysize and xtype that Felis leaves out."""

    @property
    def is_vector(self) -> bool:
        """Whether each value is several numbers."""
        is_text = DATATYPES[self.datatype] in ("char", "unicodeChar")
        return self.votable_arraysize is not None and not is_text

    @model_validator(mode="after")
    def _check(self) -> "Column":
        _identifier(self.name)
        if not self.description:
            raise ValueError("the description is missing")
        for field in _UNSUPPORTED:
            if getattr(self, field) is not None:
                raise ValueError(f"{type(self).model_fields[field].alias or field} is not supported")
        is_text = DATATYPES[self.datatype] in ("char", "unicodeChar")
        arraysize, xtype = self.votable_arraysize, self.votable_xtype
        if arraysize is not None and not re.fullmatch(r"\*|[1-9]\d*\*?", str(arraysize)):
            raise ValueError(f"the arraysize {arraysize!r} is not supported: it is *, a number or a number*")
        if xtype and not (is_text and (xtype in XTYPES or xtype.startswith("x-"))):
            raise ValueError(
                f"the xtype {xtype!r} is not one of {', '.join(sorted(XTYPES))} on a text column"
            )
        if (xtype == "timestamp") != (self.datatype == "timestamp"):
            raise ValueError("the xtype timestamp and the datatype timestamp belong together")
        _check_unit(self.ivoa_unit or self.fits_tunit)
        return self


class Table(felis.datamodel.Table):
    """A table with its points, regions and relations."""

    columns: list[Column] = Field(min_length=1)  # type: ignore[assignment]
    points: list[Point] = Field(default_factory=list, alias="vo:points")
    regions: list[Region] = Field(default_factory=list, alias="vo:regions")
    keys: list[Key] = Field(default_factory=list, alias="vo:keys")
    mjd: list[str] = Field(default_factory=list, alias="vo:mjd")
    view: bool = Field(default=False, alias="vo:view")
    files: list[str] = Field(default_factory=list, alias="vo:files")

    @model_validator(mode="after")
    def _check(self) -> "Table":
        _identifier(self.name)
        if not self.description:
            raise ValueError("the description is missing")
        types = {column.name.lower(): column.datatype for column in self.columns if not column.is_vector}
        hidden = [point.hpx.lower() for point in self.points]
        hidden += [name.lower() for region in self.regions for name in (region.shape, region.box)]
        _check_unique("column", [column.name for column in self.columns] + hidden)
        for name in (name for point in self.points for name in (point.ra, point.dec)):
            if types.get(name.lower()) != "double":
                raise ValueError(f"vo:points wants a column {name!r} of datatype double")
        for region in self.regions:
            if types.get(region.region.lower()) not in ("text", "string"):
                raise ValueError(f"vo:regions wants a column {region.region!r} of datatype text")
        for name in self.mjd:
            if types.get(name.lower()) != "double":
                raise ValueError(f"vo:mjd wants a column {name!r} of datatype double")
        for key in self.keys:
            for name in key.columns:
                if name.lower() not in types:
                    raise ValueError(f"vo:keys: there is no column {name!r} of single values")
        self._check_references()
        return self

    def _check_references(self) -> None:
        if self.column_refs:
            raise ValueError("columnRefs are not supported: write the columns out")
        ids = {column.id for column in self.columns}
        primary = self.primary_key
        wanted = [primary] if isinstance(primary, str) else list(primary or ())
        for index in self.indexes:
            if not index.columns:
                raise ValueError(f"the index {index.name} must name columns; expressions are not supported")
            wanted += index.columns
        for constraint in self.constraints:
            if constraint.type == "Check":
                raise ValueError(f"the constraint {constraint.name} is a Check, which is not supported")
            if not constraint.columns:
                raise ValueError(f"the constraint {constraint.name} must name columns")
        missing = [ref for ref in wanted if ref not in ids]
        if missing:
            raise ValueError(f"there is no column with the @id {missing[0]!r} in the table {self.name}")


class Schema(felis.datamodel.Schema):  # type: ignore[type-arg]
    """A schema of such tables."""

    tables: list[Table] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> "Schema":
        _identifier(self.name)
        if self.resources:
            raise ValueError("resources are not supported: one document declares its tables itself")
        _check_unique("table", [table.name for table in self.tables])
        indexes = [index.name for table in self.tables for index in table.indexes]
        _check_unique("index", indexes + [c.name for t in self.tables for c in t.constraints])
        return self


def check(text: str) -> None:
    """Check a Felis document.

    Raises
    ------
    UsageFault
        It is malformed; the message names every fault with its line and field.
    """
    try:
        fields = load(text)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise UsageFault(f"the document is not YAML: {where}{getattr(exc, 'problem', exc)}") from exc
    if not isinstance(fields, dict):
        raise UsageFault("the document is not a Felis schema: it wants name, description and tables")
    try:
        SchemaForm.model_validate(fields)
        Schema.model_validate(fields, context={"id_generation": True})
    except ValidationError as exc:
        faults = [_fault(text, error["loc"], error["msg"]) for error in exc.errors()]
        raise UsageFault("the document is wrong: " + "; ".join(faults)) from exc
    except (TypeError, KeyError, AttributeError) as exc:
        # Felis computes with some values before it looks at their types.
        raise UsageFault(
            f"the document is wrong: a value has a type that Felis does not expect: {exc}"
        ) from exc


def _fault(text: str, loc: Sequence[str | int], message: str) -> str:
    """One fault with its line and the path to its field."""
    field = ".".join(map(str, loc))
    line = _line(text, loc)
    return f"line {line}: {field}: {message.removeprefix('Value error, ')}".replace(": : ", ": ")


def _line(text: str, loc: Iterable[str | int]) -> int:
    """The line of the deepest part of ``loc`` that the document has."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for step in loc:
        found: Any = None
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = (node.value[step], node.value[step])
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _check_unit(unit: str | None) -> None:
    if not unit or unit == "%":  # VOUnits lists the percent sign, astropy does not read it
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error", u.UnitsWarning)
        try:
            u.Unit(unit, format="vounit", parse_strict="raise")
        except (ValueError, u.UnitsWarning) as exc:
            reason = str(exc).partition(" If this is meant")[0]
            raise ValueError(f"{unit!r} is not a unit by VOUnits: {reason}") from exc


def _check_unique(what: str, names: Iterable[str]) -> None:
    """The database does not distinguish cases, so two names may not differ in that alone."""
    seen: set[str] = set()
    for name in map(str.lower, names):
        if name in seen:
            raise ValueError(f"there are two {what}s of the name {name!r}")
        seen.add(name)
