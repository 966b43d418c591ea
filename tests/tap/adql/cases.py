"""Reads the files of cases beside this module: a title, a query up to ``;``, then what is expected."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TITLE = "-- title: "


@dataclass(frozen=True)
class Case:
    title: str
    query: str
    expected: str


def read_cases(name: str) -> Iterator[Case]:
    """The cases of a file, in order."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    for block in text.split(TITLE)[1:]:
        title, _, rest = block.partition("\n")
        rest = re.sub(r"\n-- [A-Z][^\n]*\n\s*$", "\n", rest)  # the heading of the next group
        query, _, expected = re.split(r"(?:^|(?<=.));\n", rest, maxsplit=1)[0], "", rest
        expected = rest[len(query) :].lstrip(";\n")
        yield Case(title, query, expected.strip())
