"""FROM: what each table reference brings into scope (ADQL 2.1, Joins)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tap.adql import resolved, tree
from tap.adql.coerce import comparable
from tap.adql.errors import AdqlError, did_you_mean, suggest
from tap.adql.grouping import relations
from tap.adql.kinds import Kind, Type, output_column, settled
from tap.adql.resolved import Apply, Relation, Shape
from tap.adql.scope import Merged, Output, Scope, Side, spelled
from tap.adql.tree import Expression, Identifier, Source
from vo_server.tables import Catalog, PointIndex, Table

#: Resolves the query of a derived table: the query around it is its scope, the tables beside it are not.
DerivedResolver = Callable[[tree.Query, Scope | None, "Tables"], tuple[tree.Query, Relation]]
ConditionResolver = Callable[[tree.Condition, Scope], tree.Condition]


class Tables:
    """What a table name can mean: a WITH table or a published one."""

    def __init__(
        self,
        catalog: Catalog,
        local: Mapping[str, Relation] | None = None,
        met: set[tuple[str, str]] | None = None,
    ) -> None:
        self._catalog = catalog
        self._local = dict(local or {})
        #: Schema and name in the database of the published tables that were found.
        self.met: set[tuple[str, str]] = set() if met is None else met

    def including(self, name: str, relation: Relation) -> "Tables":
        """These and one more WITH table."""
        return Tables(self._catalog, {**self._local, name: relation}, self.met)

    def is_local(self, name: str) -> bool:
        """Whether a WITH table of that name is known."""
        return name in self._local

    def find(self, node: tree.TableName) -> tuple[tree.TableName, Relation]:
        """The table that ``node`` names, as the database calls it, and what it brings into scope.

        Raises
        ------
        AdqlError
            There is none, or an unqualified name fits several.
        """
        if len(node.parts) == 1 and (local := self._local.get(node.parts[0].name)) is not None:
            named = tree.TableName((Identifier(local.name, True),), node.alias)
            return named, replace(local, label=(node.parts[0].text.lower(),))
        table = self._published(node)
        schema, name = table.relation
        self.met.add((schema, name))
        named = tree.TableName((Identifier(schema, True), Identifier(name, True)), node.alias)
        return named, published_relation(table)

    def _published(self, node: tree.TableName) -> Table:
        parts = node.parts
        if len(parts) == 1:
            found = [t for t in self._catalog.tables if _is_named((parts[0],), t.name.rpartition(".")[2])]
        else:
            table = self._catalog.table(".".join(part.text for part in parts))
            found = [table] if table is not None and _is_named(parts, table.name) else []
        if len(found) == 1:
            return found[0]
        names = [table.name for table in self._catalog.tables]
        if found:
            choices = " or ".join(table.name for table in found)
            raise AdqlError(f"{spelled(parts)} is ambiguous: write {choices}", parts[0].at)
        nearest = _nearest(parts, [*names, *self._local])
        raise AdqlError(
            f"there is no table {spelled(parts)}{did_you_mean(nearest) or '; see TAP_SCHEMA.tables'}",
            parts[0].at,
            nearest=nearest,
        )


def _nearest(parts: tuple[Identifier, ...], names: Sequence[str]) -> tuple[str, ...]:
    last = parts[-1].text.lower()
    same = tuple(name for name in names if name.lower().rpartition(".")[2] == last)
    return same or suggest(".".join(part.text for part in parts), names)


def _is_named(parts: tuple[Identifier, ...], name: str) -> bool:
    """Whether the parts spell a table's name; in double quotes the case counts."""
    own = name.split(".")
    return len(own) == len(parts) and all(
        part.text in (word, word.lower()) if part.delimited else part.text.lower() == word.lower()
        for part, word in zip(parts, own, strict=True)
    )


def published_relation(table: Table) -> Relation:
    """What a published table brings into scope."""
    name = table.relation[1]
    shapes = {index.region.lower(): Shape(index.shape, index.box) for index in table.regions}
    points = tuple(PointIndex(i.ra.lower(), i.dec.lower(), i.hpx) for i in table.points)
    label = tuple(table.name.lower().split(".", 1))
    uploaded = name if table.is_temporary else ""
    return Relation(name, label, table.by_name, points=points, shapes=shapes, uploaded=uploaded)


def derived_relation(name: str, outputs: Sequence[Output], hidden: Sequence[Output] = ()) -> Relation:
    """What a sub-query brings into scope: its outputs, and by ``hidden`` ones what indexes them."""
    keys = {
        _origin(o.expression): o.key for o in (*outputs, *hidden) if isinstance(o.expression, resolved.Field)
    }
    shapes: dict[str, Shape] = {}
    points: list[PointIndex] = []
    for output in outputs:
        field = output.expression
        if isinstance(field, resolved.Geometry):
            shapes[output.key] = Shape(output.key)
        if not isinstance(field, resolved.Field):
            continue
        if (shape := field.shape) is not None and (kept := keys.get((id(field.relation), shape.shape))):
            shapes[output.key] = Shape(kept, keys.get((id(field.relation), shape.box or "")))
        for index in field.relation.points:
            pair = [keys.get((id(field.relation), c)) for c in (index.ra, index.dec, index.hpx)]
            if index.ra == field.column and all(pair):
                points.append(PointIndex(*(str(key) for key in pair)))
    return Relation(
        name,
        (name.lower(),),
        {o.key.lower(): output_column(o.name, o.type) for o in outputs},
        {o.key.lower(): settled(o.type).kind for o in outputs},
        {o.key.lower(): o.key for o in outputs},
        tuple(points),
        shapes,
    )


def hidden_outputs(outputs: Sequence[Output]) -> tuple[Output, ...]:
    """Columns to add to a sub-query so that the query around it can still use the indexes."""
    seen = {_origin(o.expression) for o in outputs if isinstance(o.expression, resolved.Field)}
    wanted: dict[str, resolved.Field] = {}
    for output in outputs:
        field = output.expression
        if not isinstance(field, resolved.Field):
            continue
        columns: list[str | None] = []
        if (shape := field.shape) is not None and shape.shape != field.column:
            columns += [shape.shape, shape.box]
        columns += [
            index.hpx
            for index in field.relation.points
            if index.ra == field.column and (id(field.relation), index.dec) in seen
        ]
        for column in filter(None, columns):
            if (id(field.relation), column) not in seen:
                hidden = resolved.Field(field.relation, column, Type(Kind.OTHER), field.qualified)
                wanted[f"{output.key} {column}"] = hidden
    return tuple(Output(key, key, field.type, field, is_hidden=True) for key, field in wanted.items())


def _origin(expression: Expression) -> tuple[int, str]:
    return (id(expression.relation), expression.column) if isinstance(expression, resolved.Field) else (0, "")


class Sources:
    """Resolves the table references of FROM."""

    def __init__(self, derived: DerivedResolver, condition: ConditionResolver) -> None:
        self._derived = derived
        self._condition = condition

    def resolve(
        self, sources: Sequence[Source], parent: Scope | None, tables: Tables
    ) -> tuple[tuple[Source, ...], list[Side]]:
        """The table references with database names, and what each brings into scope."""
        names: set[str] = set()
        pairs = [self._source(source, parent, tables, names) for source in sources]
        return tuple(source for source, _ in pairs), [side for _, side in pairs]

    def _source(
        self, node: Source, parent: Scope | None, tables: Tables, names: set[str]
    ) -> tuple[Source, Side]:
        if isinstance(node, tree.Join):
            return self._join(node, parent, tables, names)
        if isinstance(node, tree.Derived):
            query, relation = self._derived(node.query, parent, tables)
            alias, relation = _aliased(relation, node.alias, names)
            return tree.Derived(query, alias or node.alias), Side((relation,))
        named, relation = tables.find(node)
        alias, relation = _aliased(relation, node.alias, names, node.parts)
        return tree.TableName(named.parts, alias), Side((relation,))

    def _join(
        self, node: tree.Join, parent: Scope | None, tables: Tables, names: set[str]
    ) -> tuple[Source, Side]:
        left, left_side = self._source(node.left, parent, tables, names)
        right, right_side = self._source(node.right, parent, tables, names)
        both = Side(left_side.relations + right_side.relations, left_side.merged + right_side.merged)
        if node.natural or node.using:
            if node.on is not None or (node.natural and node.using):
                raise AdqlError("NATURAL takes no ON or USING", node.at)
            condition, merged = _named_columns(node, left_side, right_side)
            replaced = {m.key for m in merged}
            kept = tuple(m for m in both.merged if m.key not in replaced)
            kind = node.kind if condition is not None else _cross(node)
            return tree.Join(left, right, kind, on=condition, at=node.at), Side(both.relations, merged + kept)
        if node.on is None:
            if node.kind != "CROSS":
                raise AdqlError(f"{node.kind} JOIN wants ON condition or USING (columns)", node.at)
            return tree.Join(left, right, "CROSS", at=node.at), both
        if node.kind == "CROSS":
            raise AdqlError("CROSS JOIN takes no condition", node.at)
        on = self._condition(node.on, Scope([both], parent, "ON"))
        if node.kind == "FULL" and not _has_equality(on, left_side, right_side):
            raise AdqlError(
                "FULL JOIN takes conditions with an equality of both sides, such as a.id = b.id;"
                " for others write a LEFT JOIN and UNION ALL",
                node.at,
            )
        return tree.Join(left, right, node.kind, on=on, at=node.at), both


def _has_equality(on: tree.Condition, left: Side, right: Side) -> bool:
    """Whether one of the conditions is an equality by which the database can sort both sides."""
    items = on.items if isinstance(on, tree.And) else (on,)
    sides = [{id(relation) for relation in side.relations} for side in (left, right)]
    for item in items:
        if isinstance(item, tree.Comparison) and item.operator == "=":
            met = [{id(relation) for relation in relations(operand)} for operand in (item.left, item.right)]
            if all(met) and any(met[0] <= a and met[1] <= b for a, b in (sides, sides[::-1])):
                return True
    return False


def _cross(node: tree.Join) -> str:
    """The kind of a natural join of tables that share no column."""
    if node.kind not in ("INNER", "CROSS"):
        raise AdqlError(f"NATURAL {node.kind} JOIN of tables without a common column", node.at)
    return "CROSS"


def _aliased(
    relation: Relation, alias: Identifier | None, names: set[str], parts: tuple[Identifier, ...] = ()
) -> tuple[Identifier | None, Relation]:
    """The relation under a name that no other one in this FROM has."""
    if alias is not None:
        name = alias.name
        if name in names:
            raise AdqlError(f"{alias.text} names two tables in FROM", alias.at)
        names.add(name)
        return Identifier(name, True), replace(relation, name=name, label=(alias.text.lower(),))
    name = relation.name
    if name not in names:
        names.add(name)
        return None, replace(relation)
    taken = f"{name} {len(names) + 1}"  # two schemas may have tables of one name; a query cannot write this
    names.add(taken)
    return Identifier(taken, True), replace(relation, name=taken)


def _named_columns(
    node: tree.Join, left: Side, right: Side
) -> tuple[tree.Condition | None, tuple[Merged, ...]]:
    """The condition that USING or NATURAL stands for, and the columns that become one."""
    if node.natural:
        ours = [name.lower() for name, _ in left.visible()]
        theirs = {name.lower() for name, _ in right.visible()}
        wanted = [Identifier(name, at=node.at) for name in dict.fromkeys(ours) if name in theirs]
    else:
        wanted = list(node.using)
    pairs: list[tree.Condition] = []
    merged: list[Merged] = []
    for name in wanted:
        key = name.text.lower()
        a, b = left.common(key), right.common(key)
        if a is None or b is None:
            raise AdqlError(f"USING ({name.text}) wants one such column on each side of the JOIN", name.at)
        a, b = comparable(a, b, name.at)
        pairs.append(tree.Comparison(a, "=", b, node.at))
        relations = tuple(r for r in (*left.relations, *right.relations) if key in r.columns)
        merged.append(Merged(key, _spelling(relations, key), _one_of(node.kind, a, b), relations))
    if not pairs:
        return None, ()
    return pairs[0] if len(pairs) == 1 else tree.And(tuple(pairs)), tuple(merged)


def _spelling(relations: tuple[Relation, ...], key: str) -> str:
    return relations[0].columns[key].name


def _one_of(kind: str, left: Expression, right: Expression) -> Expression:
    if kind == "RIGHT":
        return right
    if kind == "FULL":
        return Apply("COALESCE({0}, {1})", (left, right), left.type)
    return left
