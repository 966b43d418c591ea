"""The values in ObsCore: what must be there, in the ranges and words of the standard (ObsCore 1.1)."""

from collections.abc import Iterator
from dataclasses import dataclass

from health.site import Site
from health.verdict import Check, Verdict
from health.vocabulary import MEDIA_TYPE, PRODUCT_TYPES, obscore_columns, terms, ucd_fault

TABLE = "ivoa.ObsCore"
SHOWN = 3  #: identifiers of products that break a rule


@dataclass(frozen=True, slots=True)
class Rule:
    """What no row may be: ``broken`` is a condition in ADQL."""

    name: str
    broken: str


def _not_null() -> Iterator[Rule]:
    for column in obscore_columns():
        if column.not_null:
            yield Rule(f"{column.name} is NULL", f"{column.name} IS NULL")


def _not_negative() -> Iterator[Rule]:
    names = ("access_estsize", "s_fov", "s_resolution", "t_exptime", "t_resolution", "em_min", "em_res_power")
    counts = ("s_xel1", "s_xel2", "t_xel", "em_xel", "pol_xel")
    for name in (*names, *counts):
        yield Rule(f"{name} is negative", f"{name} < 0")


#: ObsCore 1.1, Appendix B, whose headings are the names of the columns.
RULES = (
    *_not_null(),
    *_not_negative(),
    Rule("calib_level is none of 0 to 4", "(calib_level < 0 OR calib_level > 4)"),
    Rule("s_ra is out of range", "(s_ra < 0 OR s_ra > 360)"),
    Rule("s_dec is out of range", "(s_dec < -90 OR s_dec > 90)"),
    Rule("s_fov is more than the sky", "s_fov > 360"),
    Rule("one of s_ra and s_dec is NULL", "(s_ra IS NULL AND s_dec IS NOT NULL)"),
    Rule("one of s_ra and s_dec is NULL", "(s_ra IS NOT NULL AND s_dec IS NULL)"),
    Rule("t_min is after t_max", "t_min > t_max"),
    Rule("em_min is more than em_max", "em_min > em_max"),
    Rule("obs_publisher_did is no IVOID", "obs_publisher_did NOT LIKE 'ivo://%'"),
    Rule("an identifier is empty", "(obs_id = '' OR obs_collection = '' OR obs_publisher_did = '')"),
    Rule("access_url without access_format", "(access_url IS NOT NULL AND access_format IS NULL)"),
    Rule("pol_states without slashes", "(pol_states IS NOT NULL AND pol_states NOT LIKE '/%/')"),
)


def checks() -> Iterator[Check]:
    """The checks of the values."""
    yield Check("tap", "ObsCore values", look_at_values)
    yield Check("tap", "ObsCore words", look_at_words)


def look_at_values(site: Site) -> Verdict:
    """Whether every row keeps every rule: one scan, and more only where that finds something."""
    every = " OR ".join(rule.broken for rule in RULES)
    problems = []
    if _breaking(site, every, 1):
        for rule in RULES:
            if found := _breaking(site, rule.broken, SHOWN + 1):
                more = ", ..." if len(found) > SHOWN else ""
                problems.append(f"{rule.name}: {', '.join(found[:SHOWN])}{more}")
    return Verdict.of(f"every row keeps {len(RULES)} rules", problems)


def _breaking(site: Site, condition: str, most: int) -> list[str]:
    query = f"SELECT TOP {most} obs_publisher_did, obs_id FROM {TABLE} WHERE {condition}"  # noqa: S608 (ADQL)
    return [row["obs_publisher_did"] or row["obs_id"] or "(no identifier)" for row in site.query(query)]


def look_at_words(site: Site) -> Verdict:
    """Whether product types, formats and UCDs are words of their vocabularies."""
    types = PRODUCT_TYPES | terms("product-type")

    def faults() -> Iterator[str]:
        for value in _values(site, "dataproduct_type"):
            if value not in types:
                yield f"dataproduct_type {value!r} is not in the vocabulary"
        for value in _values(site, "access_format"):
            if not MEDIA_TYPE.fullmatch(value):
                yield f"access_format {value!r} is no media type"
        for value in _values(site, "o_ucd"):
            if fault := ucd_fault(value):
                yield f"o_ucd {value!r}: {fault}"

    return Verdict.of("product types, formats and UCDs", faults())


def _values(site: Site, column: str) -> list[str]:
    query = f"SELECT DISTINCT {column} FROM {TABLE} WHERE {column} IS NOT NULL"  # noqa: S608 (our own names)
    return [row[column] for row in site.query(query, maxrec=1000)]
