"""The functions of ADQL and what each is in PostgreSQL: tables, no code (ADQL 2.1, Mathematical functions).

A template names its arguments ``{0}``, ``{1}``; they arrive as complete expressions and need parentheses
only beside an operator.  What another database spells differently is a second table, not a branch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tap.adql.kinds import INTEGERS, NUMBERS, Kind

#: How the unit or the UCD of a result follows from the first argument's.
KEEP = "keep"
ROOT = "root"


@dataclass(frozen=True, slots=True)
class Form:
    """One way to call a function.

    Attributes
    ----------
    takes : tuple of frozenset of Kind
        The kinds that each argument may have.
    gives : Kind or None
        The kind of the result; None for the (widest) kind of the arguments.
    sql : str
        The template.
    """

    takes: tuple[frozenset[Kind], ...]
    gives: Kind | None
    sql: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its forms, tried in order.

    Attributes
    ----------
    usage : str
        How to call it, for messages.
    unit : str
        Unit of the result, or `KEEP` or `ROOT`.
    ucd : str
        UCD of the result, or `KEEP`; a secondary word (``stat.mean``) follows the first argument's.
    aggregate : bool
        Whether one value comes from many rows.
    signature : str
        ``name(arg type, ...) -> type`` of a user defined function (TAPRegExt 1.0, User Defined
        Functions); empty for ADQL's own.
    """

    usage: str
    forms: tuple[Form, ...]
    unit: str = ""
    ucd: str = ""
    aggregate: bool = False
    signature: str = ""
    description: str = ""


NUMBER = NUMBERS
WHOLE = INTEGERS
TEXT = frozenset({Kind.TEXT})
TIME = frozenset({Kind.TIMESTAMP})
ARRAY = frozenset({Kind.OTHER})
ORDERED = NUMBERS | {Kind.TEXT, Kind.TIMESTAMP}
ANY = frozenset(Kind)


def _one(name: str, sql: str | None = None, unit: str = "", ucd: str = "") -> Function:
    """A function of one number that gives a double."""
    template = sql or f"{name.lower()}({{0}})"
    return Function(f"{name}(x)", (Form((NUMBER,), Kind.DOUBLE, template),), unit, ucd)


def _two(usage: str, sql: str, unit: str = "", *, signature: str = "", description: str = "") -> Function:
    form = Form((NUMBER, NUMBER), Kind.DOUBLE, sql)
    return Function(usage, (form,), unit, signature=signature, description=description)


def _days(name: str, zero: float, what: str) -> Function:
    """The days of a timestamp since the zero of another count; ``zero`` is that count's 1970-01-01."""
    return Function(
        f"{name}(timestamp)",
        (Form((TIME,), Kind.DOUBLE, f"(extract(epoch FROM {{0}}) / 86400 + {zero})::double precision"),),
        "d",
        "time.epoch",
        signature=f"{name}(d TIMESTAMP) -> DOUBLE PRECISION",
        description=f"{what} of a timestamp; no change of time scale.",
    )


def _decimals(name: str, sql: str) -> Function:
    # PostgreSQL rounds to places only as numeric.  The way by text keeps all 17 digits of a double,
    # where a cast to numeric keeps 15.
    return Function(
        f"{name}(x) or {name}(x, n)",
        (
            Form((NUMBER,), Kind.DOUBLE, f"{sql}({{0}})"),
            Form((WHOLE, WHOLE), Kind.DOUBLE, f"{sql}(({{0}})::numeric, ({{1}})::integer)::double precision"),
            Form(
                (NUMBER, WHOLE),
                Kind.DOUBLE,
                f"{sql}(({{0}})::text::numeric, ({{1}})::integer)::double precision",
            ),
        ),
        KEEP,
        KEEP,
    )


#: ADQL's functions of values, by upper-case name.
SCALARS: Mapping[str, Function] = {
    "ABS": Function("ABS(x)", (Form((NUMBER,), None, "abs({0})"),), KEEP),
    "CEILING": _one("CEILING", unit=KEEP, ucd=KEEP),
    "FLOOR": _one("FLOOR", unit=KEEP, ucd=KEEP),
    "DEGREES": _one("DEGREES", unit="deg"),
    "RADIANS": _one("RADIANS", unit="rad"),
    "EXP": _one("EXP"),
    # PostgreSQL's log() has base 10, ADQL's LOG is natural.
    "LOG": _one("LOG", "ln({0})"),
    "LOG10": _one("LOG10", "log({0})"),
    "SQRT": _one("SQRT", unit=ROOT),
    "POWER": _two("POWER(x, y)", "power({0}, {1})"),
    # PostgreSQL has no remainder of doubles; the decimal one is exact and keeps the sign of x.
    "MOD": Function(
        "MOD(x, y)",
        (
            Form((WHOLE, WHOLE), None, "mod({0}, {1})"),
            Form(
                (NUMBER, NUMBER),
                Kind.DOUBLE,
                "mod(({0})::text::numeric, ({1})::text::numeric)::double precision",
            ),
        ),
        KEEP,
    ),
    "PI": Function("PI()", (Form((), Kind.DOUBLE, "pi()"),)),
    # The seed has no defined meaning (ADQL 2.1, table of mathematical functions) and is not used.
    "RAND": Function(
        "RAND() or RAND(n)",
        (Form((), Kind.DOUBLE, "random()"), Form((NUMBER,), Kind.DOUBLE, "random()")),
    ),
    "ROUND": _decimals("ROUND", "round"),
    "TRUNCATE": _decimals("TRUNCATE", "trunc"),
    "SIN": _one("SIN"),
    "COS": _one("COS"),
    "TAN": _one("TAN"),
    "COT": _one("COT"),
    "ASIN": _one("ASIN", unit="rad"),
    "ACOS": _one("ACOS", unit="rad"),
    "ATAN": _one("ATAN", unit="rad"),
    "ATAN2": _two("ATAN2(y, x)", "atan2({0}, {1})", "rad"),
    "LOWER": Function("LOWER(string)", (Form((TEXT,), Kind.TEXT, "lower({0})"),), ucd=KEEP),
    "UPPER": Function("UPPER(string)", (Form((TEXT,), Kind.TEXT, "upper({0})"),), ucd=KEEP),
    "CURRENT_TIMESTAMP": Function(
        "CURRENT_TIMESTAMP", (Form((), Kind.TIMESTAMP, "(now() AT TIME ZONE 'UTC')"),), ucd="time"
    ),
}

#: User defined functions, by upper-case name (IVOA Catalogue of ADQL User Defined Functions 1.0).
USER_DEFINED: Mapping[str, Function] = {
    "IVO_HASWORD": Function(
        "ivo_hasword(haystack, needle)",
        (
            Form(
                (TEXT, TEXT),
                Kind.INT,
                "(to_tsvector('pg_catalog.english', {0})"
                " @@ plainto_tsquery('pg_catalog.english', {1}))::integer",
            ),
        ),
        signature="ivo_hasword(haystack VARCHAR, needle VARCHAR) -> INTEGER",
        description="1 if all words of needle are words of haystack, as English word stems; else 0.",
    ),
    "IVO_NOCASEMATCH": Function(
        "ivo_nocasematch(value, pattern)",
        (Form((TEXT, TEXT), Kind.INT, "({0} ILIKE {1} ESCAPE '')::integer"),),
        signature="ivo_nocasematch(value VARCHAR, pattern VARCHAR) -> INTEGER",
        description="1 if value matches the LIKE pattern whatever its case, else 0.",
    ),
    "IVO_HASHLIST_HAS": Function(
        "ivo_hashlist_has(hashlist, item)",
        (Form((TEXT, TEXT), Kind.INT, "(lower({1}) = ANY (string_to_array(lower({0}), '#')))::integer"),),
        signature="ivo_hashlist_has(hashlist VARCHAR, item VARCHAR) -> INTEGER",
        description="1 if item is among the words of hashlist, which '#' separates; case has no meaning.",
    ),
    "IVO_INTERVAL_OVERLAPS": Function(
        "ivo_interval_overlaps(a1, b1, a2, b2)",
        (
            Form(
                (NUMBER, NUMBER, NUMBER, NUMBER),
                Kind.INT,
                "({0} <= {1} AND {2} <= {3} AND {0} <= {3} AND {2} <= {1})::integer",
            ),
        ),
        signature="ivo_interval_overlaps(a1 DOUBLE PRECISION, b1 DOUBLE PRECISION,"
        " a2 DOUBLE PRECISION, b2 DOUBLE PRECISION) -> INTEGER",
        description="1 if the intervals a1 to b1 and a2 to b2 have a point in common, else 0.",
    ),
    "IVO_INTERVAL_HAS": Function(
        "ivo_interval_has(value, interval)",
        (Form((NUMBER, ARRAY), Kind.INT, "({0} BETWEEN ({1})[1] AND ({1})[2])::integer"),),
        signature="ivo_interval_has(val DOUBLE PRECISION, iv INTERVAL) -> INTEGER",
        description="1 if the interval, an array of its two ends, contains the value, else 0.",
    ),
    "ESO_SUBSTRING": Function(
        "ESO_SUBSTRING(string, start, length)",
        (Form((TEXT, WHOLE, WHOLE), Kind.TEXT, "vo.part_of_text({0}, ({1})::integer, ({2})::integer)"),),
        signature="ESO_SUBSTRING(string VARCHAR, start INTEGER, length INTEGER) -> VARCHAR",
        description="Up to length characters of a string from the one at start, counted from 1.",
    ),
    "ESO_DATEADD_SEC": Function(
        "ESO_DATEADD_SEC(seconds, timestamp)",
        (Form((NUMBER, TIME), Kind.TIMESTAMP, "({1} + ({0}) * interval '1 second')"),),
        signature="ESO_DATEADD_SEC(seconds INTEGER, date TIMESTAMP) -> TIMESTAMP",
        description="The timestamp that many seconds later.",
    ),
    "IVO_STRING_AGG": Function(
        "ivo_string_agg(expression, delimiter)",
        (Form((TEXT, TEXT), Kind.TEXT, "string_agg({0}, {1})"),),
        aggregate=True,
        signature="ivo_string_agg(expression VARCHAR, delimiter VARCHAR) -> VARCHAR",
        description="All values of a group that are not NULL, with delimiter between them.",
    ),
    "IVO_NORMAL_RANDOM": _two(
        "ivo_normal_random(mu, sigma)",
        # Box and Muller; random() is below 1, so the logarithm is finite.
        "({0} + ({1}) * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))",
        signature="ivo_normal_random(mu REAL, sigma REAL) -> REAL",
        description="A random number of the normal distribution around mu.",
    ),
    "IVO_HMS_TO_DEGREES": Function(
        "ivo_hms_to_degrees(string)",
        (Form((TEXT,), Kind.DOUBLE, "15 * vo.sexagesimal({0}, 'h')"),),
        "deg",
        signature="ivo_hms_to_degrees(hms VARCHAR) -> DOUBLE PRECISION",
        description="Degrees of an angle such as 3:34:45.4, 033445.4 or 3h34m45.4s; NULL for other texts.",
    ),
    "IVO_DMS_TO_DEGREES": Function(
        "ivo_dms_to_degrees(string)",
        (Form((TEXT,), Kind.DOUBLE, "vo.sexagesimal({0}, 'd')"),),
        "deg",
        signature="ivo_dms_to_degrees(dms VARCHAR) -> DOUBLE PRECISION",
        description="Degrees of an angle such as -42:9:6.77, 420906.77 or 42d9m6.77s; NULL for other texts.",
    ),
    "IVO_HISTOGRAM": Function(
        "ivo_histogram(value, lower, upper, bins)",
        (Form((NUMBER, NUMBER, NUMBER, WHOLE), Kind.OTHER, "vo.histogram({0}, {1}, {2}, ({3})::integer)"),),
        ucd="meta.number",
        aggregate=True,
        signature="ivo_histogram(val REAL, lower REAL, upper REAL, nbins INTEGER) -> INTEGER[]",
        description="Counts of values: below lower (and NULL), in bins of equal width, above upper.",
    ),
    "IVO_TO_MJD": _days("ivo_to_mjd", 40587, "Modified Julian Date"),
    "IVO_TO_JD": _days("ivo_to_jd", 2440587.5, "Julian Date"),
    "GAVO_TO_MJD": _days("gavo_to_mjd", 40587, "Modified Julian Date"),
    "GAVO_TO_JD": _days("gavo_to_jd", 2440587.5, "Julian Date"),
}

#: Functions of many rows, by upper-case name; COUNT(*) is apart.
AGGREGATES: Mapping[str, Function] = {
    "COUNT": Function(
        "COUNT(*) or COUNT(x)",
        (Form((ANY,), Kind.LONG, "count({0})"),),
        ucd="meta.number",
        aggregate=True,
    ),
    # A sum of bigints is numeric in PostgreSQL, and a sum of reals is kept in a real.
    "SUM": Function(
        "SUM(x)",
        (
            Form((WHOLE,), Kind.LONG, "sum({0})::bigint"),
            Form((frozenset({Kind.FLOAT}),), Kind.DOUBLE, "sum(CAST({0} AS double precision))"),
            Form((NUMBER,), Kind.DOUBLE, "sum({0})"),
        ),
        KEEP,
        "arith.sum",
        aggregate=True,
    ),
    "AVG": Function(
        "AVG(x)",
        (
            Form((WHOLE,), Kind.DOUBLE, "avg({0})::double precision"),
            Form((NUMBER,), Kind.DOUBLE, "avg({0})"),
        ),
        KEEP,
        "stat.mean",
        aggregate=True,
    ),
    "MIN": Function("MIN(x)", (Form((ORDERED,), None, "min({0})"),), KEEP, "stat.min", aggregate=True),
    "MAX": Function("MAX(x)", (Form((ORDERED,), None, "max({0})"),), KEEP, "stat.max", aggregate=True),
}
COUNT_ALL = "count(*)"

FUNCTIONS: Mapping[str, Function] = {**SCALARS, **USER_DEFINED, **AGGREGATES}

#: CAST's targets: the kind they give and PostgreSQL's type (ADQL 2.1, CAST).
CASTS: Mapping[str, tuple[Kind, str]] = {
    "SMALLINT": (Kind.SHORT, "smallint"),
    "INTEGER": (Kind.INT, "integer"),
    "INT": (Kind.INT, "integer"),
    "BIGINT": (Kind.LONG, "bigint"),
    "REAL": (Kind.FLOAT, "real"),
    "DOUBLE": (Kind.DOUBLE, "double precision"),
    "CHAR": (Kind.TEXT, "text"),
    "CHARACTER": (Kind.TEXT, "text"),
    "VARCHAR": (Kind.TEXT, "text"),
    "TIMESTAMP": (Kind.TIMESTAMP, "timestamp"),
}
#: A NULL of a kind.
NULLS: Mapping[Kind, str] = {
    Kind.DOUBLE: "NULL::double precision",
    Kind.INT: "NULL::integer",
    Kind.TEXT: "NULL::text",
    Kind.TIMESTAMP: "NULL::timestamp",
}
#: A timestamp as DALI writes it (DALI 1.1, Timestamp).
TIMESTAMP_TEXT = """to_char({0}, 'YYYY-MM-DD"T"HH24:MI:SS.MS')"""
AS_INTEGER = "({0})::integer"
REGION_TEXT = "vo.region_text({0})"
FRAMED_TEXT = "vo.region_text({0}, {1})"

#: Signature and description of the user defined functions among the geometry functions.
GEOMETRY_USER_DEFINED: Mapping[str, tuple[str, str]] = {
    "IVO_HEALPIX_INDEX": (
        "ivo_healpix_index(hpxOrder INTEGER, ra DOUBLE PRECISION, dec DOUBLE PRECISION) -> BIGINT",
        "The HEALPix cell (NESTED) of a position; a point may stand for its coordinates.",
    ),
    "IVO_HEALPIX_CENTER": (
        "ivo_healpix_center(hpxOrder INTEGER, hpxIndex BIGINT) -> POINT",
        "The centre of a HEALPix cell (NESTED).",
    ),
    "IVO_EPOCH_PROP_POS": (
        "ivo_epoch_prop_pos(ra DOUBLE PRECISION, dec DOUBLE PRECISION, parallax DOUBLE PRECISION,"
        " pmra DOUBLE PRECISION, pmdec DOUBLE PRECISION, radial_velocity DOUBLE PRECISION,"
        " ref_epoch DOUBLE PRECISION, out_epoch DOUBLE PRECISION) -> POINT",
        "The position at another epoch by linear motion: mas, mas/yr with cos(dec), km/s, Julian years.",
    ),
    "IVO_GEOM_TRANSFORM": (
        "ivo_geom_transform(from_sys VARCHAR, to_sys VARCHAR, geo GEOMETRY) -> GEOMETRY",
        "A point, circle or polygon in another frame: ICRS or GALACTIC.",
    ),
    "IVO_MOC": (
        "ivo_moc(cells VARCHAR) -> REGION",
        "The region of HEALPix cells (NESTED) that a MOC as text lists, such as '4/30-33 38 7/934'.",
    ),
    "ESO_INTERSECTION": (
        "ESO_INTERSECTION(region1 REGION, region2 REGION) -> DOUBLE PRECISION",
        "Square degrees that two regions have in common.",
    ),
}

#: The geometry functions and how to call them (ADQL 2.1, Geometrical functions).
GEOMETRY: Mapping[str, str] = {
    "POINT": "POINT(ra, dec)",
    "CIRCLE": "CIRCLE(ra, dec, radius) or CIRCLE(point, radius)",
    "BOX": "BOX(ra, dec, width, height) or BOX(point, width, height)",
    "POLYGON": "POLYGON(ra1, dec1, ra2, dec2, ra3, dec3, ...) or POLYGON(point, point, point, ...)",
    "REGION": "REGION('CIRCLE ICRS 10.68 41.27 0.5')",
    "CONTAINS": "CONTAINS(inner, outer)",
    "INTERSECTS": "INTERSECTS(region, region)",
    "DISTANCE": "DISTANCE(point, point), DISTANCE(region, point) or DISTANCE(ra1, dec1, ra2, dec2)",
    "AREA": "AREA(region)",
    "CENTROID": "CENTROID(region)",
    "COORD1": "COORD1(point)",
    "COORD2": "COORD2(point)",
    "COORDSYS": "COORDSYS(geometry)",
    "IVO_HEALPIX_INDEX": "ivo_healpix_index(order, ra, dec) or ivo_healpix_index(order, point)",
    "IVO_HEALPIX_CENTER": "ivo_healpix_center(order, index)",
    "IVO_EPOCH_PROP_POS": "ivo_epoch_prop_pos(ra, dec, parallax, pmra, pmdec, radial_velocity, ref_epoch,"
    " out_epoch)",
    "IVO_GEOM_TRANSFORM": "ivo_geom_transform('ICRS', 'GALACTIC', geometry)",
    "IVO_MOC": "ivo_moc('4/30-33 38 7/934')",
    "ESO_INTERSECTION": "ESO_INTERSECTION(region, region)",
}
