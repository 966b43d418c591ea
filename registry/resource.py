"""A resource as VOResource 1.2 and its extensions describe it: values without XML."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vo_server.capabilities import Capability
from vo_server.catalog import Sizes
from vo_server.tables import Column, Schema

Intervals = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A name, with the identifiers of what it names (ResourceName)."""

    text: str
    ivoid: str = ""
    alternative: str = ""  #: a DOI, ORCID or ROR as URI


@dataclass(frozen=True, slots=True)
class Creator:
    """Who made it (Creator)."""

    name: str
    logo: str = ""
    orcid: str = ""
    ivoid: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask (Contact)."""

    name: Name
    address: str = ""
    email: str = ""
    telephone: str = ""
    orcid: str = ""


@dataclass(frozen=True, slots=True)
class Curation:
    """Who is behind a resource, and since when; ``dates`` are by role (Curation)."""

    publisher: Name
    contact: Contact
    creators: tuple[Creator, ...] = ()
    contributors: tuple[Name, ...] = ()
    dates: tuple[tuple[str, str], ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class Relationship:
    """How it stands to others (Relationship)."""

    type: str
    resources: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What it is about (Content); ``source`` is a bibcode."""

    subjects: tuple[str, ...]
    description: str
    reference_url: str
    source: str = ""
    types: tuple[str, ...] = ()
    levels: tuple[str, ...] = ("Research",)
    relationships: tuple[Relationship, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where in sky, time and spectrum there is something (VODataService 1.2, Coverage).

    Attributes
    ----------
    spatial : str
        A MOC as ASCII, ICRS.
    temporal : Intervals
        MJD.
    spectral : Intervals
        Energies of photons, joules.
    footprint : str
        URL of a finer MOC.
    wavebands : tuple of str
        Terms of http://www.ivoa.net/rdf/messenger.
    """

    spatial: str = ""
    temporal: Intervals = ()
    spectral: Intervals = ()
    footprint: str = ""
    wavebands: tuple[str, ...] = ()
    region_of_regard: float | None = None  #: degrees: how far what is asked for may lie outside


@dataclass(frozen=True, slots=True)
class Rights:
    """What one may do with it; ``url`` is that of a licence."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One record.

    Attributes
    ----------
    type : str
        The ``xsi:type``, with its prefix.
    product_types : tuple of str
        Terms of http://www.ivoa.net/rdf/product-type (VODataService 1.3, working draft of 24 March 2026).
    schema_titles : mapping
        What those of ``schemas`` are called, by lower-case name, where they have more than a name.
    sizes : mapping
        Rows of those tables of ``schemas`` that it is about as a whole.
    outputs : tuple of Column
        What an answer has, where there is no table to tell of.
    full : bool or None
        Of a registry only: whether it has the records of all others too.
    authorities : tuple of str
        Of a registry only: those it manages.
    managing_org : Name or None
        Of an authority only.
    """

    type: str
    identifier: str
    title: str
    curation: Curation
    content: Content
    short_name: str = ""
    alternatives: tuple[str, ...] = ()
    rights: tuple[Rights, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    facilities: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    coverage: Coverage = Coverage()
    product_types: tuple[str, ...] = ()
    schemas: tuple[Schema, ...] = ()
    schema_titles: Mapping[str, str] = field(default_factory=dict)
    sizes: Sizes = field(default_factory=dict)
    outputs: tuple[Column, ...] = ()
    full: bool | None = None
    authorities: tuple[str, ...] = ()
    managing_org: Name | None = None
