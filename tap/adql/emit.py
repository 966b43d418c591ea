"""Tree -> a database's text; knows how to write SQL and decides nothing.

Every literal is written anew from its value, never copied from the query: COPY, by which results are
read, takes no parameters.  What differs between databases is in `tap.adql.dialects`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tap.adql import resolved, tree
from tap.adql.dialects import POSTGRESQL, Dialect
from tap.adql.dialects.dialect import quote
from tap.adql.errors import Unsupported
from tap.adql.functions import CASTS
from tap.adql.kinds import INTEGERS
from tap.adql.tree import Condition, Expression, Literal

_COMPOUND = (tree.Chain, tree.Concatenation, tree.Sign)


def emit(query: tree.Query, dialect: Dialect = POSTGRESQL) -> str:
    """The SQL of a lowered query.

    Raises
    ------
    Unsupported
        The database cannot answer it; with the place that is too much for it.
    """
    return _Emitter(dialect).query(dialect.prepare(query))


def identifier(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


class _Emitter:
    """Writes one query in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._depth = 0
        self._values: dict[type, Callable[[Any], str]] = {
            Literal: self._literal,
            resolved.Field: _field,
            resolved.Apply: self._apply,
            resolved.Constant: lambda node: dialect.constant(node.text, node.sql_type),
            tree.Sign: lambda node: f"{node.sign}{self._operand_value(node.operand)}",
            tree.Chain: self._chain,
            tree.Concatenation: lambda node: " || ".join(map(self._operand_value, node.items)),
            tree.Cast: self._cast,
            tree.Case: self._case,
            tree.Scalar: lambda node: f"({self.query(node.query)})",
        }
        self._conditions: dict[type, Callable[[Any], str]] = {
            tree.And: self._and,
            tree.Or: lambda node: " OR ".join(map(self._condition, node.items)),
            tree.Not: lambda node: f"NOT ({self._condition(node.item)})",
            tree.Comparison: self._comparison,
            tree.Between: self._between,
            tree.InList: lambda node: (
                f"{self._value(node.operand)} {_no(node)}IN ({', '.join(map(self._value, node.items))})"
            ),
            tree.InQuery: lambda node: (
                f"{self._value(node.operand)} {_no(node)}IN ({self.query(node.query)})"
            ),
            tree.Like: self._like,
            tree.IsNull: lambda node: f"{self._operand_value(node.operand)} IS {_no(node)}NULL",
            tree.Exists: lambda node: f"EXISTS ({self.query(node.query)})",
            resolved.Test: self._apply,
            resolved.Near: self._near,
        }

    # Queries.

    def query(self, node: tree.Query) -> str:
        parts = []
        if node.tables:
            parts.append(
                "WITH "
                + ", ".join(f"{identifier(t.name.name)} AS ({self.query(t.query)})" for t in node.tables)
            )
        parts.append(
            f"({self.query(node.body)})" if isinstance(node.body, tree.Query) else self._body(node.body)
        )
        if node.order:
            parts.append("ORDER BY " + ", ".join(map(self._order, node.order)))
        if isinstance(node.body, tree.Select) and node.body.top is not None:
            parts.append(f"LIMIT {node.body.top}")
        if node.offset is not None:
            parts.append(f"OFFSET {node.offset}")
        return " ".join(parts)

    def _body(self, node: tree.Select | tree.SetOperation) -> str:
        if isinstance(node, tree.Select):
            return self._select(node, self._settled_item)
        parts = [self._operand(node.first)]
        for operator, every, body in node.rest:
            parts.append(f"{operator} ALL" if every else operator)
            parts.append(self._operand(body))
        return " ".join(parts)

    def _operand(self, node: tree.Body) -> str:
        if isinstance(node, tree.Select):
            return self._select(node) if node.top is None else f"({self._select(node)} LIMIT {node.top})"
        return f"({self.query(node) if isinstance(node, tree.Query) else self._body(node)})"

    def _select(self, node: tree.Select, item: Callable[[tree.Item], str] | None = None) -> str:
        items = map(item or self._item, node.items)
        parts = ["SELECT DISTINCT" if node.distinct else "SELECT", ", ".join(items)]
        parts.append("FROM " + ", ".join(map(self._source, node.sources)))
        if node.where is not None:
            parts.append(f"WHERE {self._condition(node.where)}")
        if node.group:
            parts.append("GROUP BY " + ", ".join(map(self._term, node.group)))
        if node.having is not None:
            parts.append(f"HAVING {self._condition(node.having)}")
        return " ".join(parts)

    def _settled_item(self, node: tree.Item) -> str:
        """An item whose type no other side of a set operation tells: a NULL is a string."""
        if isinstance(node.expression, Literal) and node.expression.value is None and node.alias is not None:
            return f"{self._dialect.null_item} AS {identifier(node.alias.name)}"
        return self._item(node)

    def _item(self, node: tree.Item) -> str:
        text = self._value(node.expression)
        if node.alias is None or (
            isinstance(node.expression, resolved.Field) and node.expression.column == node.alias.name
        ):
            return text
        return f"{text} AS {identifier(node.alias.name)}"

    def _source(self, node: tree.Source) -> str:
        if isinstance(node, tree.TableName):
            name = self._table(node)
            return name if node.alias is None else f"{name} AS {identifier(node.alias.name)}"
        if isinstance(node, tree.Derived):
            return f"({self.query(node.query)}) AS {identifier(node.alias.name)}"
        right = (
            f"({self._source(node.right)})" if isinstance(node.right, tree.Join) else self._source(node.right)
        )
        kind = "JOIN" if node.kind == "INNER" else f"{node.kind} JOIN"
        condition = "" if node.on is None else f" ON {self._condition(node.on)}"
        return f"{self._source(node.left)} {kind} {right}{condition}"

    def _table(self, node: tree.TableName) -> str:
        *schema, name = (part.name for part in node.parts)
        own = self._dialect.own_schemas.get(schema[0]) if schema else None
        return f"{own}{identifier(name)}" if own else ".".join(map(identifier, (*schema, name)))

    def _order(self, node: tree.Order) -> str:
        text = str(node.term) if isinstance(node.term, int) else self._term(node.term)
        return f"{text} {self._dialect.descending}" if node.descending else text

    def _term(self, node: Expression) -> str:
        """A term of ORDER BY or GROUP BY, where a bare name or constant could mean an output column."""
        if isinstance(node, resolved.Field):
            return f"{identifier(node.relation.name)}.{identifier(node.column)}"
        if isinstance(node, Literal):
            return f"({self._value(node)})::text"
        return self._value(node)

    # Values.

    def _value(self, node: Expression) -> str:
        try:
            return self._values[type(node)](node)
        except Unsupported as exc:
            raise _placed(exc, node) from None

    def _operand_value(self, node: Expression) -> str:
        return f"({self._value(node)})" if isinstance(node, _COMPOUND) else self._value(node)

    def _literal(self, node: Literal) -> str:
        value = node.value
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, str):
            return quote(value)
        # A decimal literal would be numeric: slow, and not the double that ADQL means.
        if isinstance(value, int):
            return self._dialect.integer.format(value, "integer" if -(2**31) <= value < 2**31 else "bigint")
        return self._dialect.double.format(value)

    def _chain(self, node: tree.Chain) -> str:
        factor = self._factor if node.rest[0][0] in "+-" else self._operand_value
        parts = [factor(node.first)]
        is_whole = node.first.type.kind in INTEGERS
        for operator, operand in node.rest:
            is_whole = is_whole and operand.type.kind in INTEGERS
            parts.append(self._dialect.quotient if operator == "/" and is_whole else operator)
            parts.append(factor(operand))
        return " ".join(parts)

    def _factor(self, node: Expression) -> str:
        """An operand of a sum: a product needs no parentheses."""
        product = isinstance(node, tree.Chain) and node.rest[0][0] not in "+-"
        return self._value(node) if product else self._operand_value(node)

    def _cast(self, node: tree.Cast) -> str:
        if node.length is not None:
            text = self._cast(replace(node, length=None))
            template = "left({}, {})" if node.target == "VARCHAR" else self._dialect.pad
            return template.format(text, node.length)
        kind, own = CASTS[node.target]
        template = self._dialect.casts.get((node.operand.type.kind, kind), f"({{0}})::{own}")
        return self._filled(template, (node.operand,))

    def _case(self, node: tree.Case) -> str:
        branches = "".join(
            f" WHEN {self._condition(when)} THEN {self._value(then)}" for when, then in node.branches
        )
        otherwise = "" if node.otherwise is None else f" ELSE {self._value(node.otherwise)}"
        return f"CASE{branches}{otherwise} END"

    # Conditions.

    def _condition(self, node: Condition) -> str:
        try:
            return self._conditions[type(node)](node)
        except Unsupported as exc:
            raise _placed(exc, node) from None

    def _and(self, node: tree.And) -> str:
        return " AND ".join(
            f"({self._condition(item)})" if isinstance(item, tree.Or) else self._condition(item)
            for item in node.items
        )

    def _like(self, node: tree.Like) -> str:
        operator = f"{_no(node)}{'ILIKE' if node.blind else 'LIKE'}"
        if isinstance(node.pattern, Literal) and isinstance(node.pattern.value, str):
            plain = node.pattern.value.replace("\\", self._dialect.like_backslash)
            return f"{self._value(node.operand)} {operator} {quote(plain)}"
        pattern = self._operand_value(node.pattern)
        return f"{self._value(node.operand)} {operator} {pattern}{self._dialect.like_escape}"

    def _comparison(self, node: tree.Comparison) -> str:
        return f"{self._value(node.left)} {node.operator} {self._value(node.right)}"

    def _between(self, node: tree.Between) -> str:
        low, high = self._value(node.low), self._value(node.high)
        return f"{self._value(node.operand)} {_no(node)}BETWEEN {low} AND {high}"

    # Templates.

    def _apply(self, node: resolved.Apply | resolved.Test) -> str:
        return self._filled(self._dialect.template(node.sql, node.arguments), node.arguments)

    def _filled(self, template: str, arguments: Iterable[Expression]) -> str:
        deep = "vo." in template or template.count("{0}") > 1
        self._depth += deep
        if self._depth > self._dialect.deepest:
            most = self._dialect.deepest
            raise Unsupported(f"more than {most} such calls, one inside the other, are not possible")
        text = template.format(*map(self._value, arguments))
        self._depth -= deep
        return text

    def _near(self, node: resolved.Near) -> str:
        return self._dialect.near(node.size).format(*map(self._value, node.arguments))


def _field(node: resolved.Field) -> str:
    column = identifier(node.column)
    return f"{identifier(node.relation.name)}.{column}" if node.qualified else column


def _no(node: Any) -> str:
    return "NOT " if node.negated else ""


def _placed(exc: Unsupported, node: Any) -> Unsupported:
    """The refusal with the place of the innermost node that has one."""
    at = getattr(node, "at", tree.NOWHERE)
    return exc if exc.is_placed or at == tree.NOWHERE else exc.placed(at)
