"""The systems of coordinates and times that columns are in (VOTable 1.4, COOSYS and TIMESYS)."""

from collections.abc import Iterable, Mapping

from lxml import etree

#: Element and attributes, by `vo_server.tables.Column.system`.
SYSTEMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ICRS": ("COOSYS", {"system": "ICRS"}),
    # ObsCore 1.1, Time Axis: MJD, UTC, at the telescope.
    "MJD": ("TIMESYS", {"timeorigin": "MJD-origin", "timescale": "UTC", "refposition": "TOPOCENTER"}),
    "UTC": ("TIMESYS", {"timescale": "UTC", "refposition": "TOPOCENTER"}),
}


def add_systems(parent: etree._Element, wanted: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Append the elements of the systems that are wanted; their IDs, none of them ``taken``."""
    used = {identifier.lower() for identifier in taken}
    found: dict[str, str] = {}
    for key in dict.fromkeys(wanted):
        if key in SYSTEMS:
            tag, attributes = SYSTEMS[key]
            identifier = f"system_{key}"
            while identifier.lower() in used:
                identifier += "_"
            etree.SubElement(parent, tag, {"ID": identifier, **attributes})
            found[key] = identifier
    return found
