"""The IVOA's public collection of ADQL queries with verdicts, judged by our translator.

``python -m tests.tap.adql.lyonetia DIR``, where ``DIR`` is a checkout of ``github.com/ivoa/lyonetia``. The
collection is about the language, not about tables: a valid query has to be parsed, an invalid one has to be
refused when it is parsed or, where only types and names show the mistake, when it is resolved.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from tap.adql import AdqlError, translate
from tap.adql.parse import parse
from vo_server.tables import Catalog, Column, Schema, Table

TABLES = {
    "y": "x y z", "a": "x", "t1": "i", "t2": "i", "atable": "id ra dec", "stars": "name", "z": "q",
}  # fmt: skip


@dataclass(frozen=True)
class Query:
    """One query and its verdict."""

    uuid: str
    file: str
    text: str
    is_valid: bool


def read(directory: Path) -> Iterator[Query]:
    """Every query of the collection."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for path in sorted((directory / "src" / "adql").rglob("*.xml")):
        for element in etree.parse(path, parser).iter("query"):
            adql = element.find("adql")
            if adql is not None:
                verdict = adql.get("valid", "false") == "true"
                yield Query(element.get("uuid", ""), path.name, adql.text or "", verdict)


def catalog() -> Catalog:
    """The tables that the collection's wrong queries are about."""
    tables = [
        Table(f"s.{name}", "", tuple(Column(column, "double") for column in columns.split()))
        for name, columns in TABLES.items()
    ]
    return Catalog((Schema("s", "", tuple(tables)),))


def is_accepted(query: Query, tables: Catalog) -> bool:
    """Our verdict."""
    try:
        if query.is_valid:
            parse(query.text)
        else:
            translate(query.text, tables)
    except AdqlError:
        return False
    return True


def main() -> None:
    queries, tables = list(read(Path(sys.argv[1]))), catalog()
    wrong = [query for query in queries if is_accepted(query, tables) != query.is_valid]
    for query in wrong:
        verdict = "refused" if query.is_valid else "accepted"
        sys.stdout.write(f"{query.file} {query.uuid}: {verdict}\n{query.text}\n\n")
    sys.stdout.write(f"{len(queries)} queries, {len(wrong)} verdicts wrong\n")
    sys.exit(bool(wrong) or not queries)


if __name__ == "__main__":
    main()
