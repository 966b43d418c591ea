"""Example queries, for the page at ``/`` and for ``/tap/examples`` (DALI 1.1, DALI-examples)."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Example:
    """One query that makes sense on every archive.

    Attributes
    ----------
    id : str
        A name that stays, the fragment of the example's URL.
    query : str
        ADQL over the standard tables only.
    """

    id: str
    title: str
    text: str
    query: str


def read_examples() -> tuple[Example, ...]:
    """The examples in the order in which people should meet them."""
    document = tomllib.loads(files("vo_server").joinpath("examples.toml").read_text(encoding="utf-8"))
    return tuple(Example(e["id"], e["title"], e["text"], e["query"].strip()) for e in document["example"])
