"""Identifiers of the archive's own resources (IVOA Identifiers 2.0)."""

import hashlib
import re

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
    if plain != name.lower():
        plain = f"{plain[:80]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")
    return f"{kind}/{plain}"
