"""Value expressions and conditions: every name becomes a column, everything gets a type."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tap.adql import resolved, tree, units
from tap.adql.coerce import as_text, comparable, literal_as, timestamp, unified
from tap.adql.errors import AdqlError, Place, did_you_mean, miscalled, suggest
from tap.adql.functions import (
    AGGREGATES,
    CASTS,
    COUNT_ALL,
    FUNCTIONS,
    GEOMETRY,
    KEEP,
    NULLS,
    ROOT,
    Form,
    Function,
)
from tap.adql.geometry import GeometryCalls, fixed_cast
from tap.adql.grouping import relations
from tap.adql.kinds import GEOMETRIES, INTEGERS, NUMBERS, Kind, Type, arithmetic, settled, wider
from tap.adql.resolved import Apply
from tap.adql.scope import Output, Scope
from tap.adql.tree import Condition, Expression, Literal

#: Resolves a sub-query inside a scope.
QueryResolver = Callable[[tree.Query, Scope], tuple[tree.Query, tuple[Output, ...]]]

MAX_LIST = 20_000  #: values of IN
#: Words that say what was made of a quantity.
_STATISTICS = frozenset({"stat.min", "stat.max", "stat.mean", "arith.sum"})
_OF_ONE_QUANTITY = {"-": "arith.diff", "/": "arith.ratio"}
#: What geometry becomes that has a value of its own.
_PLACED = (
    resolved.Contains,
    resolved.Intersects,
    resolved.Distance,
    resolved.Remoteness,
    resolved.Overlap,
    resolved.Measure,
)
_GEOMETRY_CASTS = ("POINT", "CIRCLE", "POLYGON")


class Expressions:
    """Resolves expressions and conditions of one query; holds no state but its two helpers."""

    def __init__(self, subquery: QueryResolver) -> None:
        self._subquery = subquery
        self._geometry = GeometryCalls()
        self._values: dict[type, Callable[[Any, Scope], Expression]] = {
            tree.Literal: lambda node, scope: node,
            tree.Name: lambda node, scope: scope.find(node),
            tree.Call: self._call,
            tree.Star: self._star,
            tree.Sign: self._sign,
            tree.Chain: self._chain,
            tree.Concatenation: self._concatenation,
            tree.Cast: self._cast,
            tree.Case: self._case,
            tree.Scalar: self._scalar,
        }
        self._conditions: dict[type, Callable[[Any, Scope], Condition]] = {
            tree.And: lambda node, scope: tree.And(tuple(self.condition(i, scope) for i in node.items)),
            tree.Or: lambda node, scope: tree.Or(tuple(self.condition(i, scope) for i in node.items)),
            tree.Not: lambda node, scope: tree.Not(self.condition(node.item, scope)),
            tree.Comparison: self._comparison,
            tree.Between: self._between,
            tree.InList: self._in_list,
            tree.InQuery: self._in_query,
            tree.Like: self._like,
            tree.IsNull: lambda node, scope: replace(node, operand=self.value(node.operand, scope)),
            tree.Exists: lambda node, scope: tree.Exists(self._subquery(node.query, scope)[0]),
        }

    def value(self, node: Expression, scope: Scope) -> Expression:
        """A value expression with its names and types."""
        return self._values[type(node)](node, scope)

    def condition(self, node: Condition, scope: Scope) -> Condition:
        """A search condition with its names and types."""
        return self._conditions[type(node)](node, scope)

    # Values.

    def _star(self, node: tree.Star, scope: Scope) -> Expression:
        raise AdqlError("'*' is possible only in COUNT(*) and as a column of SELECT", node.at)

    def _sign(self, node: tree.Sign, scope: Scope) -> Expression:
        operand = self._number(node.operand, scope, node.at)
        if isinstance(operand, Literal) and not isinstance(operand.value, str | bool | None):
            return replace(operand, value=-operand.value if node.sign == "-" else operand.value, at=node.at)
        return replace(node, operand=operand, type=Type(operand.type.kind, operand.type.unit))

    def _chain(self, node: tree.Chain, scope: Scope) -> Expression:
        first = self._number(node.first, scope, node.at)
        of = first.type
        rest = []
        constant = isinstance(first, Literal)
        for operator, operand in node.rest:
            right = self._number(operand, scope, node.at)
            of = _combined(of, operator, right.type, (constant, isinstance(right, Literal)), node.at)
            constant = constant and isinstance(right, Literal)
            rest.append((operator, right))
        return replace(node, first=first, rest=tuple(rest), type=of)

    def _concatenation(self, node: tree.Concatenation, scope: Scope) -> Expression:
        items = tuple(as_text(self.value(item, scope), getattr(item, "at", node.at)) for item in node.items)
        return replace(node, items=items, type=Type(Kind.TEXT))

    def _number(self, node: Expression, scope: Scope, at: Place) -> Expression:
        value = self.value(node, scope)
        kind = value.type.kind
        if kind not in NUMBERS and kind is not Kind.NULL:
            raise AdqlError(
                f"a number is wanted here, not {kind.value}"
                + (": strings are joined by ||" if kind is Kind.TEXT else ""),
                getattr(node, "at", at),
            )
        return _typed_null(Kind.DOUBLE) if kind is Kind.NULL else value

    def _cast(self, node: tree.Cast, scope: Scope) -> Expression:
        operand = self.value(node.operand, scope)
        if node.target in _GEOMETRY_CASTS:
            return fixed_cast(node, operand)
        if node.target not in CASTS:
            raise AdqlError(f"CAST knows no type {node.target}; it knows {', '.join(CASTS)}", node.at)
        kind, _ = CASTS[node.target]
        source = operand.type.kind
        if kind is Kind.TIMESTAMP and isinstance(operand, Literal) and isinstance(operand.value, str):
            return timestamp(operand.value, operand.at)
        if kind is Kind.TEXT and source in (Kind.TIMESTAMP, Kind.REGION, Kind.POINT):
            operand = as_text(operand, node.at)
        elif source is Kind.OTHER or (
            (kind in NUMBERS or kind is Kind.TIMESTAMP)
            and source not in (NUMBERS if kind in NUMBERS else {Kind.TIMESTAMP}) | {Kind.TEXT, Kind.NULL}
        ):
            raise AdqlError(f"CAST cannot make {kind.value} of {source.value}", node.at)
        return replace(node, operand=operand, type=_recast(operand.type, kind))

    def _case(self, node: tree.Case, scope: Scope) -> Expression:
        conditions = [self.condition(when, scope) for when, _ in node.branches]
        values = [self.value(then, scope) for _, then in node.branches]
        if node.otherwise is not None:
            values.append(self.value(node.otherwise, scope))
        made, kind = unified(values, node.at)
        branches = tuple(zip(conditions, made, strict=False))
        otherwise = made[-1] if node.otherwise is not None else None
        return tree.Case(branches, otherwise, node.at, _shared(made, kind))

    def _scalar(self, node: tree.Scalar, scope: Scope) -> Expression:
        query, outputs = self._subquery(node.query, scope)
        if len(outputs) != 1:
            raise AdqlError(f"a sub-query used as a value has one column, not {len(outputs)}", _start(query))
        of = settled(outputs[0].type)
        if of.kind in GEOMETRIES:
            of = replace(of, kind=as_text(outputs[0].expression, _start(query)).type.kind)
        return tree.Scalar(query, _start(query), of)

    # Functions.

    def _call(self, node: tree.Call, scope: Scope) -> Expression:
        name = node.function
        if node.quantifier is not None and name not in AGGREGATES:
            raise AdqlError(f"{node.quantifier} is possible only in aggregates, not in {name}", node.at)
        if name in AGGREGATES or (name in FUNCTIONS and FUNCTIONS[name].aggregate):
            return self._aggregate(node, scope)
        arguments = [self.value(argument, scope) for argument in node.arguments]
        if name in GEOMETRY:
            made = self._geometry.resolve(name, arguments, node)
            return replace(made, at=node.at) if isinstance(made, _PLACED) else made
        if name == "COALESCE":
            return _coalesce(arguments, node.at)
        if name == "NULLIF":
            return _nullif(arguments, node.at)
        if name == "IN_UNIT":
            return _in_unit(arguments, node.at)
        if name not in FUNCTIONS:
            nearest = tuple(n.lower() for n in suggest(name, [*FUNCTIONS, *GEOMETRY, "COALESCE", "IN_UNIT"]))
            raise AdqlError(
                f"there is no function {name.lower()}{did_you_mean(nearest)}", node.at, nearest=nearest
            )
        function = FUNCTIONS[name]
        form, arguments = _form(function, name, arguments, node.at)
        return Apply(form.sql, tuple(arguments), _result(function, form, arguments, name), at=node.at)

    def _aggregate(self, node: tree.Call, scope: Scope) -> Expression:
        name, function = node.function, FUNCTIONS[node.function]
        if scope.clause in ("WHERE", "GROUP BY", "ON"):
            raise AdqlError(f"{name} is not possible in {scope.clause}: use HAVING", node.at)
        if scope.inside:
            raise AdqlError(f"{name} is inside another aggregate", node.at)
        scope.aggregated = True
        if len(node.arguments) == 1 and isinstance(node.arguments[0], tree.Star):
            if name != "COUNT":
                raise AdqlError(f"'*' is possible in COUNT, not in {name}", node.arguments[0].at)
            return Apply(COUNT_ALL, (), Type(Kind.LONG, ucd=function.ucd), aggregate=True, at=node.at)
        scope.inside = True
        arguments = [self.value(argument, scope) for argument in node.arguments]
        scope.inside = False
        own = {id(relation) for relation in scope.relations}
        if (met := {id(r) for a in arguments for r in relations(a)}) and not met & own:
            raise AdqlError(f"{name} takes columns of its own query, not of the one around", node.at)
        if name in ("MIN", "MAX") and arguments and arguments[0].type.kind is Kind.BOOLEAN:
            raise AdqlError(f"{name} has no meaning for booleans", node.at)
        form, arguments = _form(function, name, arguments, node.at)
        sql = form.sql.replace("(", "(DISTINCT ", 1) if node.quantifier == "DISTINCT" else form.sql
        of = _result(function, form, arguments, name)
        return Apply(sql, tuple(arguments), of, aggregate=True, at=node.at)

    # Conditions.

    def _comparison(self, node: tree.Comparison, scope: Scope) -> Condition:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        left, right = comparable(left, right, node.at)
        if Kind.BOOLEAN in (left.type.kind, right.type.kind) and node.operator not in ("=", "<>"):
            raise AdqlError("booleans are equal or not, but not less or greater", node.at)
        return tree.Comparison(left, node.operator, right, node.at)

    def _between(self, node: tree.Between, scope: Scope) -> Condition:
        operand = self.value(node.operand, scope)
        low, high = self.value(node.low, scope), self.value(node.high, scope)
        seen, low = comparable(operand, low, node.at)
        seen, high = comparable(seen, high, node.at)
        if seen is not operand:  # a column read as text for the sake of one bound is text for both
            _, low = comparable(seen, low, node.at)
        return tree.Between(seen, low, high, node.negated, node.at)

    def _in_list(self, node: tree.InList, scope: Scope) -> Condition:
        if len(node.items) > MAX_LIST:
            raise AdqlError(
                f"IN takes at most {MAX_LIST} values, got {len(node.items)}: upload them as a table",
                node.at,
            )
        operand = self.value(node.operand, scope)
        values = [self.value(item, scope) for item in node.items]
        items: list[Expression] = []
        for value in values:
            same, item = comparable(operand, value, node.at)
            if same is not operand and not isinstance(operand, Literal):
                operand = same
                items = [comparable(operand, before, node.at)[1] for before in items]
            items.append(item)
        return tree.InList(operand, tuple(items), node.negated, node.at)

    def _in_query(self, node: tree.InQuery, scope: Scope) -> Condition:
        operand = self.value(node.operand, scope)
        query, outputs = self._subquery(node.query, scope)
        if len(outputs) != 1:
            raise AdqlError(f"the sub-query of IN has one column, not {len(outputs)}", node.at)
        a, b = operand.type.kind, settled(outputs[0].type).kind
        if a is not b and not (a in NUMBERS and b in NUMBERS) and Kind.NULL not in (a, b):
            raise AdqlError(f"{a.value} cannot be compared with {b.value}", node.at)
        return tree.InQuery(operand, query, node.negated, node.at)

    def _like(self, node: tree.Like, scope: Scope) -> Condition:
        operand = as_text(self.value(node.operand, scope), node.at)
        pattern = as_text(self.value(node.pattern, scope), node.at)
        return replace(node, operand=operand, pattern=pattern)


def _start(query: tree.Query) -> Place:
    body: tree.Body = query
    while not isinstance(body, tree.Select):
        body = body.body if isinstance(body, tree.Query) else body.first
    return body.at


def _combined(left: Type, operator: str, right: Type, constants: tuple[bool, bool], at: Place) -> Type:
    """The type of ``left operator right``; a literal takes the unit of its neighbour in a sum."""
    if operator == "%" and not {left.kind, right.kind} <= INTEGERS | {Kind.NULL}:
        raise AdqlError("'%' takes integers: write MOD(x, y)", at)
    kind = (
        wider(left.kind, right.kind)
        if Kind.NULL in (left.kind, right.kind)
        else arithmetic(left.kind, right.kind)
    )
    if operator in "+-%":
        if left.unit == right.unit or constants[1]:
            unit = left.unit
        else:
            unit = right.unit if constants[0] else ""
    elif operator == "*":
        unit = units.product(left.unit, right.unit) if left.unit and right.unit else left.unit or right.unit
    else:
        unit = units.quotient(left.unit, right.unit) if right.unit else left.unit
    return Type(kind, unit, _combined_ucd(left, operator, right, constants))


def _combined_ucd(left: Type, operator: str, right: Type, constants: tuple[bool, bool]) -> str:
    """A shift by a literal is still the same quantity; of one quantity there are differences and ratios."""
    if operator in "+-" and constants[0] is not constants[1]:
        return right.ucd if constants[0] else left.ucd
    if operator in _OF_ONE_QUANTITY and left.ucd == right.ucd:
        return _qualified(left.ucd, _OF_ONE_QUANTITY[operator])
    return ""


def _recast(of: Type, kind: Kind) -> Type:
    return Type(kind, of.unit if kind in NUMBERS else "", of.ucd if of.kind not in GEOMETRIES else "")


def _form(
    function: Function, name: str, arguments: list[Expression], at: Place
) -> tuple[Form, list[Expression]]:
    """The form of a function that takes these arguments, and the arguments as it wants them."""
    sizes = {len(form.takes) for form in function.forms}
    if len(arguments) not in sizes:
        raise miscalled(name, len(arguments), function.usage, at)
    for form in function.forms:
        if len(form.takes) == len(arguments):
            made = [_taken(a, kinds, at) for a, kinds in zip(arguments, form.takes, strict=True)]
            if None not in made:
                return form, [a for a in made if a is not None]
    kinds = " and ".join(argument.type.kind.value for argument in arguments)
    raise AdqlError(f"{name} does not take {kinds}; call it {function.usage}", at)


def _taken(argument: Expression, kinds: frozenset[Kind], at: Place) -> Expression | None:
    kind = argument.type.kind
    if kind is Kind.NULL and isinstance(argument, Literal):
        wanted = Kind.DOUBLE if Kind.DOUBLE in kinds else next(k for k in NULLS if k in kinds)
        return _typed_null(wanted)
    if kind in kinds or kind is Kind.NULL:
        return argument
    if Kind.TIMESTAMP in kinds and isinstance(argument, Literal):
        return literal_as(argument, Kind.TIMESTAMP, at)
    if Kind.TEXT in kinds and kind in (Kind.TIMESTAMP, Kind.REGION, Kind.POINT):
        return as_text(argument, at)
    return None


def _typed_null(kind: Kind) -> Expression:
    """A NULL that PostgreSQL need not guess about."""
    return Apply(NULLS[kind], (), Type(kind))


def _result(function: Function, form: Form, arguments: list[Expression], name: str) -> Type:
    first = arguments[0].type if arguments else Type(Kind.NULL)
    kind = form.gives
    if kind is None:
        kind = first.kind
        for argument in arguments[1:]:
            kind = wider(kind, argument.type.kind)
    unit = first.unit if function.unit == KEEP else function.unit
    if function.unit == ROOT:
        unit = units.power(first.unit, Fraction(1, 2))
    elif name == "POWER" and first.unit and isinstance(arguments[1], Literal):
        exponent = arguments[1].value
        unit = units.power(first.unit, Fraction(exponent)) if isinstance(exponent, int) else ""
    ucd = first.ucd if function.ucd == KEEP else function.ucd
    if ucd in _STATISTICS:
        ucd = _qualified(first.ucd, ucd)
    # The least and the greatest value are values of the column itself.
    return Type(kind, unit, ucd, first.column if name in ("MIN", "MAX") else None)


def _qualified(ucd: str, word: str) -> str:
    """A UCD with one more secondary word; with one of them it has enough (UCD1+ 1.4, Building UCDs)."""
    return f"{ucd};{word}" if ucd and not any(known in ucd for known in ("stat.", "arith.")) else ucd


def _coalesce(arguments: list[Expression], at: Place) -> Expression:
    if not arguments:
        raise AdqlError("COALESCE has no arguments; call it COALESCE(x, y, ...)", at)
    made, kind = unified(arguments, at)
    template = f"COALESCE({', '.join(f'{{{i}}}' for i in range(len(made)))})"
    return Apply(template, tuple(made), _shared(made, kind))


def _nullif(arguments: list[Expression], at: Place) -> Expression:
    if len(arguments) != 2:
        raise AdqlError(f"NULLIF has {len(arguments)} arguments; call it NULLIF(x, y)", at)
    left, right = comparable(arguments[0], arguments[1], at)
    return Apply(
        "NULLIF({0}, {1})", (left, right), settled(right.type if left.type.kind is Kind.NULL else left.type)
    )


def _shared(values: list[Expression], kind: Kind) -> Type:
    """The type of a choice among values: what all that have a meaning agree on."""
    known = [v.type for v in values if not isinstance(v, Literal)]
    if known and all((t.unit, t.ucd) == (known[0].unit, known[0].ucd) for t in known):
        return Type(kind, known[0].unit, known[0].ucd)
    return Type(kind)


def _in_unit(arguments: list[Expression], at: Place) -> Expression:
    """``IN_UNIT(x, 'unit')`` as a product (ADQL 2.1, IN_UNIT)."""
    if (
        len(arguments) != 2
        or not isinstance(arguments[1], Literal)
        or not isinstance(arguments[1].value, str)
    ):
        raise AdqlError("call it IN_UNIT(x, 'unit'), the unit as a string", at)
    value, target = arguments[0], arguments[1].value
    if value.type.kind not in NUMBERS:
        raise AdqlError(f"IN_UNIT takes a number, not {value.type.kind.value}", at)
    if not value.type.unit or not target:
        raise AdqlError("IN_UNIT: a value without a unit cannot be converted, nor any value into none", at)
    try:
        scale = units.factor(value.type.unit, target)
    except ValueError as exc:
        raise AdqlError(f"IN_UNIT: {exc}", at) from None
    of = Type(Kind.DOUBLE, target, value.type.ucd)
    return tree.Chain(value, (("*", Literal(scale, type=Type(Kind.DOUBLE))),), at, of)
