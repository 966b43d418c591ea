"""Queries: FROM gives the scope, the select list the result's columns, and all else is checked in it."""

from dataclasses import replace

from tap.adql import resolved, tree
from tap.adql.coerce import as_text, unified
from tap.adql.errors import AdqlError, Place
from tap.adql.expressions import Expressions
from tap.adql.grouping import check_grouping, has_aggregate
from tap.adql.kinds import GEOMETRIES, Kind, Type, met
from tap.adql.resolved import Relation
from tap.adql.scope import Output, Scope
from tap.adql.selection import item_name, unique_names
from tap.adql.sources import Sources, Tables, derived_relation, hidden_outputs
from tap.adql.tree import Expression, Identifier, Literal, Order
from tap.adql.wording import description

#: Longest name that PostgreSQL keeps whole, bytes.
MAX_NAME = 63


def resolve(query: tree.Query, tables: Tables) -> tuple[tree.Query, tuple[Output, ...]]:
    """The query with tables, columns and types in the place of names, and what it gives.

    Afterwards ``tables`` knows which of them the query reads.

    Raises
    ------
    AdqlError
        A name means nothing or too much here, or a value has the wrong type.
    """
    return _Resolver().query(query, None, tables)


class _Resolver:
    def __init__(self) -> None:
        self._tables: list[Tables] = []
        self._expressions = Expressions(self._inner)
        self._sources = Sources(self._derived, self._expressions.condition)

    def query(
        self, node: tree.Query, parent: Scope | None, tables: Tables, hide: bool = False
    ) -> tuple[tree.Query, tuple[Output, ...]]:
        """A query expression; with ``hide`` its last outputs are hidden ones (see `hidden_outputs`)."""
        local = []
        for table in node.tables:
            name = table.name.name
            if tables.is_local(name):
                raise AdqlError(f"WITH defines {table.name.text} twice", table.name.at)
            query, outputs = self.query(table.query, None, tables, hide=True)
            local.append(tree.With(Identifier(name, True), query))
            tables = tables.including(name, _relation(name, outputs))
        self._tables.append(tables)
        try:
            body, outputs, scope = self._body(node.body, parent, tables)
            order = tuple(self._order(term, body, outputs, scope) for term in node.order)
        finally:
            self._tables.pop()
        if hide and isinstance(body, tree.Select) and not body.distinct and not _grouped(body, scope):
            hidden = hidden_outputs(outputs)
            items = tuple(tree.Item(o.expression, Identifier(o.key, True)) for o in hidden)
            body = replace(body, items=body.items + items)
            outputs += hidden
        return tree.Query(body, order, node.offset, tuple(local)), outputs

    def _inner(self, node: tree.Query, scope: Scope) -> tuple[tree.Query, tuple[Output, ...]]:
        return self.query(node, scope, self._tables[-1])

    def _derived(self, node: tree.Query, parent: Scope | None, tables: Tables) -> tuple[tree.Query, Relation]:
        query, outputs = self.query(node, parent, tables, hide=True)
        return query, _relation("", outputs)

    def _body(
        self, node: tree.Body, parent: Scope | None, tables: Tables
    ) -> tuple[tree.Body, tuple[Output, ...], Scope | None]:
        if isinstance(node, tree.Select):
            return self._select(node, parent, tables)
        if isinstance(node, tree.Query):
            query, outputs = self.query(node, parent, tables)
            return query, outputs, None
        return (*self._set_operation(node, parent, tables), None)

    def _set_operation(
        self, node: tree.SetOperation, parent: Scope | None, tables: Tables
    ) -> tuple[tree.Body, tuple[Output, ...]]:
        first, outputs, _ = self._body(node.first, parent, tables)
        rest = []
        for operator, every, part in node.rest:
            body, others, _ = self._body(part, parent, tables)
            at = _start(part)
            if len(others) != len(outputs):
                raise AdqlError(
                    f"{operator} wants as many columns on each side: {len(outputs)} and {len(others)}", at
                )
            outputs = tuple(_met(a, b, operator, at) for a, b in zip(outputs, others, strict=True))
            rest.append((operator, every, body))
        return tree.SetOperation(first, tuple(rest)), outputs

    def _select(
        self, node: tree.Select, parent: Scope | None, tables: Tables
    ) -> tuple[tree.Body, tuple[Output, ...], Scope]:
        sources, sides = self._sources.resolve(node.sources, parent, tables)
        scope = Scope(sides, parent, "SELECT")
        outputs = self._outputs(node.items, scope)
        scope.clause = "WHERE"
        where = None if node.where is None else self._expressions.condition(node.where, scope)
        scope.clause = "GROUP BY"
        group = tuple(self._group_term(term, outputs, scope) for term in node.group)
        scope.clause = "HAVING"
        having = None if node.having is None else self._expressions.condition(node.having, scope)
        items = tuple(tree.Item(o.expression, Identifier(o.key, True)) for o in outputs)
        body = tree.Select(items, sources, node.distinct, node.top, where, group, having, node.at)
        if _grouped(body, scope):
            places = [getattr(item.expression, "at", node.at) for item in node.items]
            check_grouping(body, scope, places)
        return body, outputs, scope

    def _outputs(self, items: tuple[tree.Item, ...], scope: Scope) -> tuple[Output, ...]:
        found: list[Output] = []
        for position, item in enumerate(items, 1):
            if isinstance(item.expression, tree.Star):
                found += self._starred(item.expression, scope)
                continue
            value = self._expressions.value(item.expression, scope)
            name, key = item_name(item, value, position)
            if len(key.encode()) > MAX_NAME:
                at = item.alias.at if item.alias else tree.NOWHERE
                raise AdqlError(f"a name has at most {MAX_NAME} bytes, {name[:20]}... is longer", at)
            of = value.type
            if not isinstance(item.expression, tree.Name) and not of.description:
                of = replace(of, description=description(item.expression, value))
            found.append(Output(name, key, of, value))
        return unique_names(found)

    def _starred(self, star: tree.Star, scope: Scope) -> list[Output]:
        if star.qualifier:
            relation = scope.matching(star.qualifier)
            if relation is None:
                raise scope.no_relation(star.qualifier)
            return [
                Output(known.name, field.column, field.type, field)
                for key, known in relation.columns.items()
                for field in [scope.column(relation, key)]
            ]
        return [
            Output(
                name, value.column if isinstance(value, resolved.Field) else name.lower(), value.type, value
            )
            for side in scope.sides
            for name, value in side.visible(scope.qualified)
        ]

    def _group_term(self, term: Expression, outputs: tuple[Output, ...], scope: Scope) -> Expression:
        if isinstance(term, Literal) and isinstance(term.value, int) and not isinstance(term.value, bool):
            if not 1 <= term.value <= len(outputs):
                raise AdqlError(f"GROUP BY {term.value}: there are {len(outputs)} columns", term.at)
            value = outputs[term.value - 1].expression
        elif isinstance(term, tree.Name) and (named := self._only_output(term, outputs, scope)) is not None:
            value = named.expression
        else:
            value = self._expressions.value(term, scope)
        at = getattr(term, "at", tree.NOWHERE)
        if isinstance(value, resolved.Geometry):
            raise AdqlError("GROUP BY takes no geometry", at)
        if has_aggregate(value):
            raise AdqlError("GROUP BY takes no aggregate", at)
        return value

    def _only_output(self, name: tree.Name, outputs: tuple[Output, ...], scope: Scope) -> Output | None:
        """The output that a GROUP BY term names when no column of the tables has that name."""
        key = name.parts[-1].text.lower()
        if len(name.parts) > 1 or any(key in relation.columns for relation in scope.relations):
            return None
        return next((output for output in outputs if output.key.lower() == key), None)

    def _order(self, node: Order, body: tree.Body, outputs: tuple[Output, ...], scope: Scope | None) -> Order:
        term = node.term
        if isinstance(term, Literal) and not isinstance(term.value, str | bool | None):
            if not isinstance(term.value, int) or not 1 <= term.value <= len(outputs):
                raise AdqlError(
                    f"ORDER BY {term.value}: a position is a number from 1 to {len(outputs)}", term.at
                )
            return self._position(node, term.value, body, outputs)
        if isinstance(term, tree.Name) and len(term.parts) == 1:
            named = [i for i, o in enumerate(outputs, 1) if _is_called(o, term.parts[0])]
            if len(named) == 1:
                return self._position(node, named[0], body, outputs)
        if scope is None or not isinstance(body, tree.Select):
            raise AdqlError("ORDER BY of a set operation takes names or positions of its columns", node.at)
        if isinstance(term, int):
            return node
        scope.clause = "ORDER BY"
        value = self._expressions.value(term, scope)
        equal = next((i for i, o in enumerate(outputs, 1) if o.expression == value), None)
        if equal is not None:
            return self._position(node, equal, body, outputs)
        if body.distinct:
            raise AdqlError("with DISTINCT, ORDER BY takes only columns of the select list", node.at)
        if isinstance(value, resolved.Geometry):
            raise AdqlError("ORDER BY takes no geometry", node.at)
        if _grouped(body, scope):
            # An aggregate here alone makes groups too, of all rows.
            items = (*body.items, tree.Item(value))
            check_grouping(replace(body, items=items), scope, [body.at] * len(body.items) + [node.at])
        return Order(value, node.descending, node.at)

    def _position(self, node: Order, position: int, body: tree.Body, outputs: tuple[Output, ...]) -> Order:
        output = outputs[position - 1]
        if isinstance(output.expression, resolved.Geometry):
            raise AdqlError("ORDER BY takes no geometry", node.at)
        # A timestamp leaves as text: sorting by the column itself can use its index.
        if output.type.kind is Kind.TIMESTAMP and isinstance(body, tree.Select) and not body.distinct:
            return Order(output.expression, node.descending, node.at)
        return Order(position, node.descending, node.at)


def _relation(name: str, outputs: tuple[Output, ...]) -> Relation:
    hidden = tuple(o for o in outputs if o.is_hidden)
    return derived_relation(name, [o for o in outputs if not o.is_hidden], hidden)


def _grouped(body: tree.Select, scope: Scope | None) -> bool:
    return bool(body.group) or body.having is not None or (scope is not None and scope.aggregated)


def _is_called(output: Output, name: Identifier) -> bool:
    if name.delimited:
        return name.text in (output.name, output.key)
    return output.name.lower() == name.text.lower()


def _met(left: Output, right: Output, operator: str, at: Place) -> Output:
    """The output of a set operation: the left one's name, a kind that holds both, what both mean."""
    a, b = left.type.kind, right.type.kind
    if a is b:
        if a in GEOMETRIES:
            # Shapes and indexes do not pass through a set operation; their text does.
            for side in (left, right):
                if side.expression != _of_both(side.type):
                    as_text(side.expression, at)
            return replace(left, expression=_of_both(left.type))
        return replace(left, type=_agreed(left, right, a))
    try:
        _, kind = unified([Literal(None, type=left.type), Literal(None, type=right.type)], at)
    except AdqlError:
        raise AdqlError(
            f"{operator}: column {left.name} is {a.value} on the left, {b.value} on the right", at
        ) from None
    of = _agreed(left, right, kind)
    return replace(left, type=of, expression=_of_both(of))


def _of_both(of: Type) -> Expression:
    """What stands for the values of two sides, which are no column and no literal."""
    return resolved.Apply("NULL", (), of)


def _agreed(left: Output, right: Output, kind: Kind) -> Type:
    """What both sides say of a column's values; a literal has nothing to say."""
    if isinstance(right.expression, Literal):
        return left.type if left.type.kind is kind else replace(left.type, kind=kind, column=None)
    if isinstance(left.expression, Literal):
        return Type(kind, right.type.unit, right.type.ucd, description=left.type.description)
    return met(left.type, right.type, kind)


def _start(body: tree.Body) -> Place:
    while not isinstance(body, tree.Select):
        body = body.body if isinstance(body, tree.Query) else body.first
    return body.at
