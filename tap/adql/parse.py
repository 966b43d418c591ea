"""Text -> tree: the grammar and nothing else; no table is known here."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from tap.adql import tree
from tap.adql.errors import AdqlError, Place
from tap.adql.kinds import Kind, Type
from tap.adql.syntax import explain_character, explain_token
from tap.adql.words import WORDS

#: Longest query that is read: room for an IN list of some 10,000 identifiers.
MAX_LENGTH = 256 * 1024
#: Parentheses and CASEs inside each other; each level takes some 12 frames of Python's 1000.
MAX_DEPTH = 50

_NESTING = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|[()]|\b(?:case|end)\b", re.IGNORECASE)
_PIECE = re.compile(r"'((?:[^']|'')*)'|--[^\n]*")
_BIG = 2**63
_INT, _LONG, _DOUBLE = Type(Kind.INT), Type(Kind.LONG), Type(Kind.DOUBLE)


def parse(text: str) -> tree.Query:
    """The tree of a query (ADQL 2.1, BNF grammar).

    Raises
    ------
    AdqlError
        Not ADQL: with the place, what could stand there and, for a habit from another dialect, the
        form that ADQL has for it.
    """
    if len(text) > MAX_LENGTH:
        raise AdqlError(f"the query has {len(text)} characters, the most is {MAX_LENGTH}", (1, 1))
    check_characters(text)
    check_nesting(text)
    try:
        return _parser().parse(text)  # type: ignore[return-value]  # the embedded transformer's result
    except UnexpectedToken as exc:
        raise explain_token(exc, text) from None
    except UnexpectedCharacters as exc:
        raise explain_character(exc, text) from None
    except VisitError as exc:
        if isinstance(exc.orig_exc, AdqlError):
            raise exc.orig_exc from None
        raise


def check_characters(text: str) -> None:
    """Refuse what no database text can hold: NUL and lone surrogates."""
    for match in re.finditer("[\0\ud800-\udfff]", text):
        raise AdqlError("the query has a character that is not text", place(text, match.start()))


def check_nesting(text: str) -> None:
    """Refuse nesting beyond `MAX_DEPTH` before any recursion meets it."""
    if text.count("(") + text.lower().count("case") <= MAX_DEPTH:
        return
    depth = 0
    for match in _NESTING.finditer(text):
        word = match[0].lower()
        if word in ("(", "case"):
            depth += 1
        elif word in (")", "end"):
            depth -= 1
        if depth > MAX_DEPTH:
            raise AdqlError(f"nested more than {MAX_DEPTH} deep", place(text, match.start()))


def place(text: str, offset: int) -> Place:
    """Line and column of a character of ``text``."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def read_number(text: str, at: Place = tree.NOWHERE) -> tree.Literal | None:
    """An unsigned numeric literal with its type; None where no type holds it (ADQL 2.1, Literals)."""
    if text[:2] in ("0x", "0X"):
        whole = int(text[2:], 16)
        return tree.Literal(whole, at, _INT if whole < 2**31 else _LONG) if whole < _BIG else None
    if text.isdigit() and (whole := int(text[:40])) < _BIG:
        return tree.Literal(whole, at, _INT if whole < 2**31 else _LONG)
    value = float(text)
    return None if value == float("inf") else tree.Literal(value, at, _DOUBLE)


@cache
def _parser() -> Lark:
    # 0.12 s to build: once in a process, at its first query and not on import.
    grammar = files("tap.adql").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        lexer_callbacks={"NAME": _rename},
        transformer=_Builder(),
        maybe_placeholders=True,
    )


def _rename(token: Token) -> Token:
    kind = WORDS.get(token.upper())
    if kind is not None:
        token.type = kind
    return token


def _at(token: Token) -> Place:
    return (token.line or 1, token.column or 1)


def _count(token: Token, of: str) -> int:
    if not token.isdigit() or int(token) >= _BIG:
        raise AdqlError(f"{of} wants a whole number, got {token}", _at(token))
    return int(token)


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Called by Lark for each rule as it is recognised; the methods are named after the rules."""

    def start(self, tables: Any, query: tree.Query, *_: Any) -> tree.Query:
        return tree.Query(query.body, query.order, query.offset, tables) if tables else query

    def with_clause(self, *tables: tree.With) -> tuple[tree.With, ...]:
        return tables

    def with_query(self, name: tree.Identifier, query: tree.Query) -> tree.With:
        return tree.With(name, query)

    def select_expression(self, body: tree.Body, order: Any, offset: int | None) -> tree.Query:
        if isinstance(body, tree.Query) and not order and offset is None:
            return body
        return tree.Query(body, order or (), offset)

    def nested_query(self, query: tree.Query) -> tree.Body:
        plain = not query.order and query.offset is None
        # "(SELECT TOP 5 ...) ORDER BY" sorts the five rows: only a plain body may lose its parentheses.
        if plain and not (isinstance(query.body, tree.Select) and query.body.top is not None):
            return query.body
        return query

    def query_set_expression(self, first: tree.Body, *rest: Any) -> tree.Body:
        pairs = tuple((kind, every, body) for (kind, every), body in zip(rest[::2], rest[1::2], strict=True))
        return tree.SetOperation(first, pairs) if pairs else first

    query_set_term = query_set_expression

    def set_operator(self, kind: Token, every: Token | None) -> tuple[str, bool]:
        return kind.type, every is not None

    def intersect_operator(self, kind: Token, every: Token | None) -> tuple[str, bool]:
        return kind.type, every is not None

    def select_query(
        self,
        word: Token,
        quantifier: Token | None,
        top: int | None,
        items: Any,
        sources: Any,
        where: Any,
        group: Any,
        having: Any,
    ) -> tree.Select:
        distinct = quantifier is not None and quantifier.type == "DISTINCT"
        return tree.Select(items, sources, distinct, top, where, group or (), having, at=_at(word))

    def set_quantifier(self, word: Token) -> Token:
        return word

    def set_limit(self, number: Token) -> int:
        return _count(number, "TOP")

    def select_list(self, *items: tree.Item) -> tuple[tree.Item, ...]:
        return items

    def derived_column(self, expression: tree.Expression, alias: tree.Identifier | None) -> tree.Item:
        return tree.Item(expression, alias)

    def all_columns(self, star: Token) -> tree.Item:
        return tree.Item(tree.Star(at=_at(star)))

    def table_columns(self, name: tree.Name, star: Token) -> tree.Item:
        return tree.Item(tree.Star(name.parts, name.at))

    def as_clause(self, alias: tree.Identifier) -> tree.Identifier:
        return alias

    def from_clause(self, *sources: tree.Source) -> tuple[tree.Source, ...]:
        return sources

    def table_reference(self, first: tree.Source, *joins: Any) -> tree.Source:
        source = first
        for natural, kind, right, condition, at in joins:
            on, using = condition if condition is not None else (None, ())
            source = tree.Join(source, right, kind, natural, on, using, at)
        return source

    def table_name(self, name: tree.Name, alias: tree.Identifier | None) -> tree.TableName:
        return tree.TableName(name.parts, alias)

    def table_subquery(self, query: tree.Query) -> tree.Query:
        return query

    def derived_table(self, query: tree.Query, alias: tree.Identifier) -> tree.Derived:
        return tree.Derived(query, alias)

    def qualified_join(
        self, natural: Token | None, kind: str | None, word: Token, right: tree.Source, condition: Any
    ) -> Any:
        at = _at(natural if natural is not None else word)
        return natural is not None, kind or "INNER", right, condition, at

    def join_type(self, kind: Token) -> str:
        return kind.type

    def join_condition(self, condition: tree.Condition) -> Any:
        return condition, ()

    def named_columns_join(self, *names: tree.Identifier) -> Any:
        return None, names

    def where_clause(self, condition: tree.Condition) -> tree.Condition:
        return condition

    having_clause = where_clause

    def group_by_clause(self, *terms: tree.Expression) -> tuple[tree.Expression, ...]:
        return terms

    def order_by_clause(self, *terms: tree.Order) -> tuple[tree.Order, ...]:
        return terms

    def order_by_term(self, term: tree.Expression, direction: Token | None) -> tree.Order:
        at = getattr(term, "at", tree.NOWHERE)
        return tree.Order(term, direction is not None and direction.type == "DESC", at)

    def order_by_direction(self, word: Token) -> Token:
        return word

    def offset_clause(self, number: Token) -> int:
        return _count(number, "OFFSET")

    def any_of(self, *items: tree.Condition) -> tree.Condition:
        return tree.Or(items)

    def all_of(self, *items: tree.Condition) -> tree.Condition:
        return tree.And(items)

    def opposite(self, word: Token, item: tree.Condition) -> tree.Condition:
        return tree.Not(item)

    def comparison_predicate(self, left: tree.Expression, op: Token, right: tree.Expression) -> Any:
        return tree.Comparison(left, "<>" if op == "!=" else str(op), right, _at(op))

    def between_predicate(self, operand: Any, no: Token | None, word: Token, low: Any, high: Any) -> Any:
        return tree.Between(operand, low, high, no is not None, _at(word))

    def in_list(self, operand: Any, no: Token | None, word: Token, items: Any) -> tree.Condition:
        return tree.InList(operand, items, no is not None, _at(word))

    def in_subquery(self, operand: Any, no: Token | None, word: Token, query: tree.Query) -> Any:
        return tree.InQuery(operand, query, no is not None, _at(word))

    def like_predicate(self, operand: Any, no: Token | None, word: Token, pattern: Any) -> Any:
        return tree.Like(operand, pattern, no is not None, word.type == "ILIKE", _at(word))

    def null_predicate(self, operand: tree.Expression, no: Token | None) -> tree.Condition:
        return tree.IsNull(operand, no is not None)

    def exists_predicate(self, query: tree.Query) -> tree.Condition:
        return tree.Exists(query)

    def value_list(self, *values: tree.Expression) -> tuple[tree.Expression, ...]:
        return values

    def concatenation(self, *items: tree.Expression) -> tree.Expression:
        return tree.Concatenation(items, getattr(items[0], "at", tree.NOWHERE))

    def chain(self, first: tree.Expression, *rest: Any) -> tree.Expression:
        pairs = tuple((str(op), operand) for op, operand in zip(rest[::2], rest[1::2], strict=True))
        return tree.Chain(first, pairs, _at(rest[0]))

    def signed(self, sign: Token, operand: tree.Expression) -> tree.Expression:
        return tree.Sign(str(sign), operand, _at(sign))

    def number(self, token: Token) -> tree.Expression:
        literal = read_number(token, _at(token))
        if literal is None:
            kind = "BIGINT" if token[:2] in ("0x", "0X") else "double"
            raise AdqlError(f"{token[:60]} is too large for a {kind}", _at(token))
        return literal

    def string(self, token: Token) -> tree.Expression:
        # Pieces with only blanks and comments between are one string.
        pieces = [match[1].replace("''", "'") for match in _PIECE.finditer(token) if match[1] is not None]
        return tree.Literal("".join(pieces), _at(token), Type(Kind.TEXT))

    def truth(self, token: Token) -> tree.Expression:
        return tree.Literal(token.type == "TRUE", _at(token), Type(Kind.BOOLEAN))

    def null(self) -> tree.Expression:
        return tree.Literal(None)

    def now(self, token: Token) -> tree.Expression:
        return tree.Call("CURRENT_TIMESTAMP", (), at=_at(token))

    def column_reference(self, name: tree.Name) -> tree.Expression:
        return name

    def scalar_subquery(self, query: tree.Query) -> tree.Expression:
        return tree.Scalar(query)

    def call(self, name: Token, arguments: Any) -> tree.Expression:
        return tree.Call(name.upper(), arguments or (), at=_at(name))

    def count_all(self, name: Token, star: Token) -> tree.Expression:
        return tree.Call(name.upper(), (tree.Star(at=_at(star)),), at=_at(name))

    def set_function(self, name: Token, quantifier: Token, value: tree.Expression) -> tree.Expression:
        return tree.Call(name.upper(), (value,), quantifier.type, _at(name))

    def cast_specification(self, word: Token, operand: tree.Expression, target: Any) -> tree.Expression:
        kind, length = target
        return tree.Cast(operand, kind, length, _at(word))

    def cast_target(self, kind: Token, length: Token | None) -> tuple[str, int | None]:
        return kind.upper(), None if length is None else _count(length, kind.upper())

    def case_expression(self, word: Token, operand: Any, *rest: Any) -> tree.Expression:
        *branches, otherwise = rest
        pairs: list[tuple[tree.Condition, tree.Expression]] = []
        for simple, when, then in branches:
            if simple != (operand is not None):
                raise AdqlError(
                    "CASE takes either WHEN condition THEN, or CASE value WHEN value THEN", _at(word)
                )
            pairs.append((tree.Comparison(operand, "=", when, _at(word)) if simple else when, then))
        return tree.Case(tuple(pairs), otherwise, _at(word))

    def searched_when(self, when: tree.Condition, then: tree.Expression) -> Any:
        return False, when, then

    def simple_when(self, when: tree.Expression, then: tree.Expression) -> Any:
        return True, when, then

    def name(self, part: tree.Identifier) -> tree.Name:
        return tree.Name((part,))

    def longer_name(self, name: tree.Name, part: tree.Identifier) -> tree.Name:
        return tree.Name((*name.parts, part))

    def regular_identifier(self, token: Token) -> tree.Identifier:
        return tree.Identifier(str(token), False, _at(token))

    def delimited_identifier(self, token: Token) -> tree.Identifier:
        return tree.Identifier(token[1:-1].replace('""', '"'), True, _at(token))
