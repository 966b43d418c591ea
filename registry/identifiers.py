"""Identifiers of the archive's own resources (IVOA Identifiers 2.0)."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

_OTHER = re.compile(r"[^a-z0-9._+-]+")


def ivoid(authority: str, key: str = "") -> str:
    """The identifier of a resource; that of the authority itself where there is no key.

    They are told apart without regard to case, so all of them are lower case.
    """
    return f"ivo://{authority.lower()}" + (f"/{key}" if key else "")


def resource_key(kind: str, name: str) -> str:
    """The key of a resource that has a name of its own, such as a collection.

    Characters that an identifier cannot have are replaced; a digest of the name then keeps two apart.
    """
    plain = _OTHER.sub("_", name.lower()).strip("_")
    return f"{kind}/{plain}" if plain and plain == name.lower() else _distinct(f"{kind}/{plain[:80]}", name)


def resource_keys(kind: str, names: Iterable[str]) -> dict[str, str]:
    """The keys of resources of one kind by their names: none twice, where only case differs too."""
    keys = {name: resource_key(kind, name) for name in names}
    often = Counter(keys.values())
    return {name: key if often[key] == 1 else _distinct(key, name) for name, key in keys.items()}


def _distinct(key: str, name: str) -> str:
    return f"{key}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
