"""Records in the operator's words: what all of them have in common, and what was said of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import HttpUrl

from registry.identifiers import ivoid
from registry.operator import RELATIONSHIPS, Notes, Operator
from registry.operator import Person as Maker
from registry.resource import Contact, Content, Creator, Curation, Name, Relationship, Resource, Rights
from vo_server.config import Settings

#: What the schemas that every archive has are called.
BUILT_IN = {"ivoa": "science products (ObsCore)", "dbo": "raw data", "header": "header keywords"}
#: Terms of http://www.ivoa.net/rdf/product-type that ``dataproduct_type`` may have.
PRODUCT_TYPES = frozenset(
    ("cube", "image", "light-curve", "measurements", "sed", "spectrum", "timeseries", "visibility")
)
SUBJECTS = ("astronomy-databases",)  #: of the Unified Astronomy Thesaurus
Related = Mapping[str, Sequence[Name]]


def url(given: HttpUrl | None, otherwise: str = "") -> str:
    """A URL as text, or another in its place."""
    return str(given) if given else otherwise


def orcid(given: str | None) -> str:
    """An ORCID as the URI that records have."""
    return f"https://orcid.org/{given}" if given else ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the archive itself knows of a resource; the operator's notes go over it."""

    type: str
    key: str
    title: str
    description: str
    subjects: Sequence[str] = SUBJECTS
    types: Sequence[str] = ("Archive",)
    creators: Sequence[str] = ()
    bibcode: str = ""
    dates: Mapping[str, str] | None = None
    related: Related | None = None
    homepage: str = ""


class Publisher:
    """Makes resources from drafts and notes.

    Parameters
    ----------
    operator : Operator
        What the operator says.
    """

    def __init__(self, operator: Operator, settings: Settings) -> None:
        self.operator = operator
        self.settings = settings

    def ivoid(self, key: str = "") -> str:
        """The identifier of one of our own resources."""
        return ivoid(self.settings.authority, key)

    @property
    def organisation(self) -> Name:
        """Who publishes."""
        said = self.operator.organisation
        return Name(
            said.name or self.settings.archive_name,
            said.identifier or self.ivoid("organisation"),
            said.ror or "",
        )

    @property
    def contact(self) -> Contact:
        """Whom to ask."""
        said = self.operator.contact
        # The protocol wants an address; the domain is one that by its rules nobody has.
        email = said.email or f"operator@{self.settings.authority.lower()}.invalid"
        return Contact(Name(said.name), said.address or "", email, said.telephone or "", orcid(said.orcid))

    def product_types(self, types: Iterable[str]) -> tuple[str, ...]:
        """What is told of types of products: terms of the vocabulary, where the operator wants drafts."""
        return tuple(sorted(PRODUCT_TYPES.intersection(types))) if self.operator.drafts else ()

    @property
    def schema_titles(self) -> Mapping[str, str]:
        """What people call schemas, by lower-case name, where anybody said so."""
        built_in = {name: title[0].upper() + title[1:] for name, title in BUILT_IN.items()}
        said = {name: notes.title for name, notes in self.operator.catalogue.items() if notes.title}
        return {**built_in, **said}

    def short_name(self, word: str) -> str:
        """The organisation's short name and a word, in at most 16 characters."""
        joined = f"{self.operator.organisation.short_name or ''} {word}".strip()
        return joined if len(joined) <= 16 else word[:16]

    def resource(self, draft: Draft, notes: Notes, short_name: str = "") -> Resource:
        """The record without what only its type has."""
        return Resource(
            type=draft.type,
            identifier=self.ivoid(draft.key),
            title=notes.title or draft.title,
            short_name=notes.short_name or short_name,
            alternatives=(f"doi:{notes.doi}",) if notes.doi else (),
            curation=self._curation(draft, notes),
            content=self._content(draft, notes),
            rights=tuple(self._rights(notes)),
            schema_titles=self.schema_titles,
        )

    def _curation(self, draft: Draft, notes: Notes) -> Curation:
        dates = {**(draft.dates or {}), **{str(role): date for role, date in notes.dates.items()}}
        return Curation(
            publisher=self.organisation,
            contact=self.contact,
            creators=tuple(self._creators(draft, notes)),
            contributors=tuple(
                Name(person.name, person.identifier or "", orcid(person.orcid))
                for person in notes.contributors
            ),
            dates=tuple(sorted(dates.items())),
            version=notes.version or "",
        )

    def _creators(self, draft: Draft, notes: Notes) -> Iterable[Creator]:
        logo = url(self.operator.organisation.logo)
        if notes.creators:
            return map(self._creator, notes.creators)
        if draft.creators:
            return (Creator(name, logo) for name in draft.creators)
        said = self.organisation
        return (Creator(said.text, logo, said.alternative, said.ivoid),)

    def _creator(self, person: Maker) -> Creator:
        logo = url(person.logo, url(self.operator.organisation.logo))
        return Creator(person.name, logo, orcid(person.orcid), person.identifier or "")

    def _content(self, draft: Draft, notes: Notes) -> Content:
        return Content(
            subjects=tuple(notes.subjects or draft.subjects),
            description=notes.description or draft.description,
            reference_url=url(notes.homepage, draft.homepage or f"{self.settings.root_url}/"),
            source=notes.bibcode or draft.bibcode,
            types=tuple(notes.types or draft.types),
            levels=tuple(notes.levels or ("Research",)),
            relationships=tuple(self._relationships(draft.related or {}, notes)),
        )

    @staticmethod
    def _relationships(related: Related, notes: Notes) -> Iterable[Relationship]:
        said = {
            str(kind): [Name(each, each) for each in items] for kind, items in notes.relationships.items()
        }
        for kind in RELATIONSHIPS:
            names = (*related.get(kind, ()), *said.get(kind, ()))
            if names:
                yield Relationship(kind, names)

    def _rights(self, notes: Notes) -> Iterable[Rights]:
        text = notes.rights or self.operator.rights or ""
        licence = url(notes.rights_url, url(self.operator.rights_url))
        if text or licence:
            yield Rights(text or licence, licence)
