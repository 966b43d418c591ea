"""The resource descriptor of the benchmark tables for GAVO DaCHS, on standard output.

``python -m benchmarks.peer.dachs.resource DIR``, where ``DIR`` has the data.
"""

import sys
from pathlib import Path
from xml.sax.saxutils import quoteattr

from benchmarks.peer.data import SOURCES

TEMPLATE = Path(__file__).with_name("q.rd.in")


def columns() -> str:
    """The columns of ``sources`` as DaCHS declares them."""
    found = []
    for name, kind, _, unit, ucd, description in SOURCES:
        given = {"name": name, "type": kind, "unit": unit, "ucd": ucd, "description": description}
        if kind in ("bigint", "integer", "smallint"):
            given["required"] = "True"
        found.append(f"<column {' '.join(f'{key}={quoteattr(value)}' for key, value in given.items())}/>")
    return "\n    ".join(found)


def main() -> None:
    sys.stdout.write(TEMPLATE.read_text().replace("@COLUMNS@", columns()).replace("@DATA@", sys.argv[1]))


if __name__ == "__main__":
    main()
