"""Identifiers are valid, and no two names have the same."""

import re

from hypothesis import given
from hypothesis import strategies as st

from registry.identifiers import ivoid, resource_key, resource_keys

#: VOResource 1.2, IdentifierURI.
VALID = re.compile(r"ivo://[\w\d][\w\d\-_.!~*'()+=]{2,}(/[\w\d\-_.!~*'()+=]+)*", re.ASCII)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(NAMES)
def test_any_name_has_a_valid_identifier(name: str) -> None:
    found = ivoid("Vo-Server.Example", resource_key("collection", name))
    assert VALID.fullmatch(found)
    assert found == found.lower()


@given(st.sets(NAMES | st.sampled_from(["UVES", "uves", "U V", "U_V", "u v", "", "é", "É"]), max_size=8))
def test_no_two_names_share_one(names: set[str]) -> None:
    keys = resource_keys("collection", names)
    assert set(keys) == names
    assert len(set(keys.values())) == len(names)


def test_a_plain_name_stays_readable() -> None:
    assert resource_key("collection", "UVES.DR2+x") == "collection/uves.dr2+x"
    assert ivoid("ESO.org") == "ivo://eso.org"
