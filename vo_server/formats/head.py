"""What a result says beside its rows: INFOs and service descriptors (VOTable 1.4; DataLink 1.1)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Info:
    """One INFO of the result: its value, and text for people."""

    name: str
    value: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Param:
    """One input parameter of a described service.

    Attributes
    ----------
    ref : str
        Name of the result's column whose values the parameter takes; empty where the client chooses.
    options : tuple of str
        The allowed values, where they can be listed.
    minimum, maximum : str
        The allowed range, where there is one.
    """

    name: str
    datatype: str = "char"
    arraysize: str | None = "*"
    ucd: str = ""
    unit: str = ""
    value: str = ""
    ref: str = ""
    xtype: str = ""
    utype: str = ""
    description: str = ""
    options: tuple[str, ...] = ()
    minimum: str = ""
    maximum: str = ""


@dataclass(frozen=True, slots=True)
class ServiceDescriptor:
    """A service that works on the rows of the result (DataLink 1.1, Service Descriptors).

    A descriptor with a parameter whose ``ref`` is not a column of the result is left out of it.
    """

    id: str
    name: str
    access_url: str
    standard_id: str = ""
    params: tuple[Param, ...] = ()
    description: str = ""
    content_type: str = ""
    resource_utype: str = "adhoc:service"


@dataclass(frozen=True, slots=True)
class Head:
    """What is written around the rows.

    Attributes
    ----------
    table_name, table_utype : str
        Of the TABLE.
    params : tuple of Param
        What holds for all rows, or what a service takes: PARAMs beside the table.
    largest : int or None
        Bytes that a format may keep on disk before it sends them; None for no limit.
    """

    infos: tuple[Info, ...] = ()
    descriptors: tuple[ServiceDescriptor, ...] = ()
    table_name: str = ""
    table_utype: str = ""
    description: str = ""
    params: tuple[Param, ...] = ()
    largest: int | None = None
