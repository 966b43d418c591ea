"""What an operator says about the archive and its data: ``registry.toml``, checked when the server starts."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, ValidationError, field_validator

from vo_server.config import Settings
from vo_server.errors import UsageFault

#: IVOA vocabulary http://www.ivoa.net/rdf/voresource/relationship_type, terms that are not deprecated.
RelationshipType = Literal[
    "Cites", "IsSupplementTo", "IsSupplementedBy", "IsContinuedBy", "Continues", "IsNewVersionOf",
    "IsPreviousVersionOf", "IsPartOf", "HasPart", "IsSourceOf", "IsDerivedFrom", "IsIdenticalTo",
    "IsServiceFor", "IsServedBy",
]  # fmt: skip
#: IVOA vocabulary http://www.ivoa.net/rdf/voresource/date_role, terms that are not deprecated.
DateRole = Literal[
    "Accepted", "Available", "Copyrighted", "Collected", "Created", "Issued", "Submitted", "Updated", "Valid",
    "Inspected", "ExportRequested",
]  # fmt: skip
ContentLevel = Literal["Research", "Amateur", "General"]
RELATIONSHIPS: tuple[str, ...] = get_args(RelationshipType)


def _orcid(text: str) -> str:
    """An ORCID whose check digit is right (ISO 7064, MOD 11-2)."""
    total = 0
    for digit in text.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    expected = (12 - total % 11) % 11
    if text[-1] != ("X" if expected == 10 else str(expected)):
        raise ValueError("this is no ORCID: its last digit, which checks the others, is wrong")
    return text


def _there_is(text: str) -> str:
    """A date of the calendar."""
    datetime.fromisoformat(text)
    return text


BIBCODE = r"^[12]\d{3}[\w.&]{14}[A-Z]$"  #: of the Astrophysics Data System
Line = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$")]
ShortName = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[^\x00-\x1f\x7f]+$")]
Orcid = Annotated[str, Field(pattern=r"^(\d{4}-){3}\d{3}[\dX]$"), AfterValidator(_orcid)]
Doi = Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$", max_length=300)]
Ivoid = Annotated[str, Field(pattern=r"^ivo://[\w.~*'()+=!-]{3,}(/[\w.~*'()+=!-]+)*$", max_length=500)]
Email = Annotated[str, Field(pattern=r"^\S+@(\S+\.)+\S+$", max_length=300)]
Date = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ?)?$"), AfterValidator(_there_is)]


class Section(BaseModel):
    """A table of the file; keys that nobody knows are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Section):
    """Who made something (VOResource 1.2, Creator)."""

    name: Line  #: family name, initials
    orcid: Orcid | None = None
    logo: HttpUrl | None = None
    identifier: Ivoid | None = None


class Contact(Section):
    """Whom to ask (VOResource 1.2, Contact)."""

    name: Line = "Operator of the archive"
    email: Email | None = None
    address: Line | None = None
    telephone: Line | None = None
    orcid: Orcid | None = None


class Organisation(Section):
    """The publisher (VOResource 1.2, Organisation)."""

    name: Line | None = None  #: unset means the name of the archive
    short_name: ShortName | None = None
    description: Text | None = None
    homepage: HttpUrl | None = None
    logo: HttpUrl | None = None
    ror: Annotated[str, Field(pattern=r"^https://ror\.org/0[a-z0-9]{6}\d\d$")] | None = None
    identifier: Ivoid | None = None  #: of a record that another registry has; unset means one of ours
    facilities: tuple[Line, ...] = ()
    instruments: tuple[Line, ...] = ()


class Notes(Section):
    """What is said of one resource; what is left out is worked out from the archive."""

    title: Line | None = None
    short_name: ShortName | None = None
    description: Text | None = None
    creators: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    doi: Doi | None = None
    version: Line | None = None
    subjects: tuple[Line, ...] = ()  #: concepts of the Unified Astronomy Thesaurus
    bibcode: Annotated[str, Field(pattern=BIBCODE)] | None = None
    rights: Line | None = None
    rights_url: HttpUrl | None = None
    homepage: HttpUrl | None = None
    types: tuple[Line, ...] = ()
    levels: tuple[ContentLevel, ...] = ()
    facilities: tuple[Line, ...] = ()
    instruments: tuple[Line, ...] = ()
    region_of_regard: Annotated[float, Field(gt=0, le=180)] | None = None  #: degrees, see VODataService 1.2
    dates: dict[DateRole, Date] = {}
    relationships: dict[RelationshipType, tuple[Ivoid, ...]] = {}
    published: bool = True  #: whether registries hear of it


class DocumentNotes(Notes):
    """A document of the archive: a release description, a manual (DocRegExt 1.0)."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9._-]+$", max_length=100)]
    title: Line
    url: HttpUrl
    source_url: HttpUrl | None = None
    local_title: Line | None = None  #: in the language of the document
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "en"
    collections: tuple[Line, ...] = ()  #: which it describes


class Operator(Section):
    """The whole file."""

    organisation: Organisation = Organisation()
    contact: Contact = Contact()
    rights: Line | None = None
    rights_url: HttpUrl | None = None
    mirrors: tuple[HttpUrl, ...] = ()  #: other root URLs of the same server
    drafts: bool = False  #: whether records tell what only drafts of standards have a place for
    registry: Notes = Notes()
    service: dict[str, Notes] = {}
    collection: dict[str, Notes] = {}
    catalogue: dict[str, Notes] = {}
    document: tuple[DocumentNotes, ...] = ()

    @field_validator("document")
    @classmethod
    def _differ(cls, documents: tuple[DocumentNotes, ...]) -> tuple[DocumentNotes, ...]:
        if len({document.key for document in documents}) != len(documents):
            raise ValueError("two documents have the same key: give each its own")
        return documents

    @classmethod
    def of(cls, settings: Settings, state_dir: Path) -> Self:
        """What the operator of this server says; raises `UsageFault` where the file is malformed."""
        path = settings.registry_file or state_dir / "registry.toml"
        if settings.registry_file and not path.exists():
            raise UsageFault(f"VO_REGISTRY_FILE: there is no {path.name} at that place")
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """What a file says; where there is none, what holds for an archive without one.

        Raises
        ------
        UsageFault
            The file is malformed; the message names the place and what is wanted there.
        """
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
            raise UsageFault(f"{path.name} cannot be read: {exc}") from exc
        except ValidationError as exc:
            lines = [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()]
            raise UsageFault(f"{path.name} is wrong: {'; '.join(lines)}") from exc
