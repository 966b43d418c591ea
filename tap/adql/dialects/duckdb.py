"""DuckDB: the same values from the templates that it has, and a refusal of the others.

What needs more than one call is a macro of the schema ``vo`` (`vo_server.engine.duck`).  Division by zero and
the like are errors there by its settings, as in PostgreSQL.
"""

import re
from collections.abc import Callable, Sequence

from tap.adql.constants import constant
from tap.adql.dialects.dialect import Dialect, quote
from tap.adql.dialects.preparing import prepared
from tap.adql.kinds import Kind
from tap.adql.resolved import Constant
from tap.adql.tree import Expression
from vo_server.sky.shapes import HEADER

_IN_REGION = ("vo.contains_point({0}, {1}, {2})", "(vo.contains_point({0}, {1}, {2}))::integer")
_SAME = (
    # What both databases call and mean alike; values of other types than double stay what they are.
    "abs({0})",
    "pi()",
    "random()",
    "lower({0})",
    "upper({0})",
    "mod({0}, {1})",
    "count({0})",
    "count(*)",
    "min({0})",
    "max({0})",
    "string_agg({0}, {1})",
    "NULL",
    "NULL::double precision",
    "NULL::integer",
    "NULL::text",
    "NULL::timestamp",
    "({0})::bigint",
    "({0})::double precision",
    "({0})",
    "{0}",
    "NULLIF({0}, {1})",
    "({0} <= {1} AND {2} <= {3} AND {0} <= {3} AND {2} <= {1})::integer",
    "({0} BETWEEN ({1})[1] AND ({1})[2])::integer",
    "({0} + ({1}) * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))",
    "vo.distance({0}, {1}, {2}, {3})",
    *_IN_REGION,
)
#: The difference of declinations comes first: it costs a tenth of the distance.
_WITHIN = "((abs({1} - {3}) <= {4} + 1e-9 OR {0} + {2} IS NULL) AND vo.distance({0}, {1}, {2}, {3}) <= {4})"
#: Functions that would give a real of a real.
_OF_DOUBLES = (
    "degrees", "radians", "ln", "sqrt", "sin", "cos", "tan", "cot", "asin", "acos", "atan", "floor",
    "trunc",
)  # fmt: skip


def _days(zero: float) -> tuple[str, str]:
    """The days of a timestamp, whole and fraction apart: one rounding, as PostgreSQL's decimals."""
    whole, part = int(zero), zero - int(zero)
    fraction = f"(epoch_us({{0}}) % 86400000000)::double / 86400000000 + {part!r}"
    own = f"((epoch_us({{0}}) - epoch_us({{0}}) % 86400000000) // 86400000000 + {whole} + ({fraction}))"
    return f"(extract(epoch FROM {{0}}) / 86400 + {zero})::double precision", own


def _places(name: str) -> dict[str, str]:
    own = f"vo.{name}_to({{0}}, {{1}})"
    return {
        f"{name}(({{0}})::numeric, ({{1}})::integer)::double precision": own,
        f"{name}(({{0}})::text::numeric, ({{1}})::integer)::double precision": own,
    }


_SPELLINGS = {
    **{template: template for template in _SAME},
    **{f"{name}({{0}})": f"{name}(({{0}})::double)" for name in _OF_DOUBLES},
    "ceiling({0})": "ceil(({0})::double)",
    "log({0})": "log10(({0})::double)",
    "exp({0})": "vo.exp(({0})::double)",
    "power({0}, {1})": "vo.power(({0})::double, ({1})::double)",
    "atan2({0}, {1})": "atan2(({0})::double, ({1})::double)",
    "round({0})": "round_even(({0})::double, 0)",
    **_places("round"),
    **_places("trunc"),
    "sum({0})": "sum({0})",
    "sum({0})::bigint": "sum({0})::bigint",
    "sum(CAST({0} AS double precision))": "sum(CAST({0} AS double))",
    "avg({0})": "avg(CAST({0} AS double))",
    "avg({0})::double precision": "avg({0})",
    "(now() AT TIME ZONE 'UTC')": "make_timestamp(epoch_us(now()))",
    """to_char({0}, 'YYYY-MM-DD"T"HH24:MI:SS.MS')""": "strftime({0}, '%Y-%m-%dT%H:%M:%S.%g')",
    "({1} + ({0}) * interval '1 second')": (
        "({1} + to_microseconds(round_even(({0})::double * 1e6, 0)::bigint))"
    ),
    "vo.distance({0}, {1}, {2}, {3}) <= {4}": _WITHIN,
    "(vo.distance({0}, {1}, {2}, {3}) <= {4})::integer": f"({_WITHIN})::integer",
    "({0} ILIKE {1} ESCAPE '')::integer": "({0} ILIKE {1})::integer",
    "(lower({1}) = ANY (string_to_array(lower({0}), '#')))::integer": (
        "list_contains(string_split(lower({0}), '#'), lower({1}))::integer"
    ),
    "vo.part_of_text({0}, ({1})::integer, ({2})::integer)": "vo.part_of_text({0}, {1}, {2})",
    "15 * vo.sexagesimal({0}, 'h')": "15 * vo.sexagesimal({0}, 'h')",
    "vo.sexagesimal({0}, 'd')": "vo.sexagesimal({0}, 'd')",
    **dict(map(_days, (40587, 2440587.5))),
}


def _bounded(ranges: re.Match[str]) -> str:
    """Ranges of pixels, after the one around all of them: by that, row groups are skipped."""
    pixels = re.findall(r"(?:BETWEEN|AND) (\d+)", ranges[0])
    return f"({{0}} BETWEEN {pixels[0]} AND {pixels[-1]} AND {ranges[0]})"


_ARGUMENT = r"\{\d+\}"
_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(rf"COALESCE\({_ARGUMENT}(?:, {_ARGUMENT})*\)"), r"\g<0>"),
    (re.compile(r"\(\{0\} >> \d+\)"), r"\g<0>"),
    (re.compile(r"\((?:\{0\} BETWEEN \d+ AND \d+(?: OR )?)+\)"), _bounded),
)


def _few_places(arguments: Sequence[Expression]) -> str | None:
    places = constant(arguments[1])
    if isinstance(places, int) and -3 <= places <= 15:
        return None
    return "rounding to other places than -3 to 15, or to as many as a column says, is not possible"


def _fixed(arguments: Sequence[Expression]) -> str | None:
    """Files have no shapes, so that a region is one of the query's own."""
    return None if isinstance(arguments[0], Constant) else "a test of regions in columns is not possible"


def _near(size: float | None) -> str:
    """A band in declination, by which both sides are sorted and merged."""
    reach = "{4}" if size is None else repr(size)
    return f"({{1}} BETWEEN {{3}} - ({reach}) - 1e-9 AND {{3}} + ({reach}) + 1e-9)"


def _parts(shape: str) -> str:
    """The parts of a region, each a list of numbers, from its shape (`vo_server.sky.shapes`)."""
    numbers = [float(word) for word in shape.strip("{}").split(",")]
    parts, start = [], HEADER
    for _ in range(int(numbers[0])):
        end = start + 5 + 3 * int(numbers[start])
        parts.append(numbers[start:end])
        start = end
    return f"{quote(repr(parts))}::double[][]"


_WHOLE = ((Kind.SHORT, "smallint"), (Kind.INT, "integer"), (Kind.LONG, "bigint"))

DUCKDB = Dialect(
    "duckdb",
    _near,
    _SPELLINGS,
    _PATTERNS,
    guards={
        **dict.fromkeys((*_places("round"), *_places("trunc")), _few_places),
        **dict.fromkeys(_IN_REGION, _fixed),
    },
    casts={
        # DuckDB would round '3.5', and writes 3.0 and 1e15 in full.
        **{(Kind.TEXT, kind): f"vo.whole({{0}})::{own}" for kind, own in _WHOLE},
        (Kind.DOUBLE, Kind.TEXT): "vo.number_text({0}, 15)",
        (Kind.FLOAT, Kind.TEXT): "vo.number_text({0}, 6)",
    },
    constants={"timestamp": lambda text: f"{quote(text)}::timestamp", "double precision[]": _parts},
    quotient="//",
    # Untyped, an integer takes the type of its neighbour, and 32767 + 1 overflows beside a smallint.
    integer="({})::{}",
    null_item="NULL::text",
    descending="DESC NULLS FIRST",
    pad="rpad({}, {}, ' ')",
    own_schemas={"pg_temp": '"temp"."main".'},
    deepest=4,
    prepare=prepared,
)
