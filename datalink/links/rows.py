"""The table of links: from files and their relations to its rows (DataLink 1.1, List of Links)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

import pyarrow as pa

from datalink.files import File, instant
from datalink.soda import description as soda
from vo_server.errors import NotFoundFault, VoError
from vo_server.formats import ServiceDescriptor
from vo_server.services import PROVENANCE_PATH, SODA_SERVICES, soda_id
from vo_server.tables import Column

PREVIEW_CATEGORY = "ANCILLARY.PREVIEW"
#: ObsCore's dataproduct_type -> term of http://www.ivoa.net/rdf/product-type.
QUALIFIERS = {
    "image": "#image",
    "cube": "#cube",
    "spectrum": "#spectrum",
    "sed": "#sed",
    "timeseries": "#timeseries",
    "visibility": "#visibility",
    "event": "#event-list",
    "measurements": "#measurements",
}
#: What a file is that the archive does not have, by its relation.
MISSING = {"auxiliary": "Associated file", "calibration": "Calibration", "coderived": "Version"}
#: Relations whose local semantics are the role, not the category of the file.
_BY_ROLE = ("calibration", "coderived")
KINDS = {"raw": "Raw file", "product": "Science product", "ancillary": "Associated file"}


@dataclass(frozen=True, slots=True)
class Link:
    """One row of the table; exactly one of access_url, service_def and error_message has a value."""

    id: str
    semantics: str
    access_url: str | None = None
    service_def: str | None = None
    error_message: str | None = None
    description: str | None = None
    content_type: str | None = None
    content_length: int | None = None
    content_qualifier: str | None = None
    local_semantics: str | None = None
    link_authorized: bool | None = None
    eso_origfile: str | None = None
    eso_category: str | None = None

    @property
    def link_auth(self) -> str | None:
        """Whether the link needs a login: what is not public does."""
        return None if self.link_authorized is None else "false" if self.link_authorized else "true"


@dataclass(frozen=True, slots=True)
class Relation:
    """What a file says about another: ``file`` is None where the archive does not have it.

    Attributes
    ----------
    depth : int
        1 for a file of its own, 2 for the progenitor of a progenitor, and so on.
    """

    kind: str
    name: str | None
    role: str | None
    file: File | None
    depth: int = 1

    @property
    def is_lineage(self) -> bool:
        """Whether it tells of what a file was made from or into."""
        return self.kind in ("progenitor", "derivation")


def _text(name: str, ucd: str, description: str) -> Column:
    return Column(name, "char", "*", ucd=ucd, description=description)


#: The columns of the table, in the order of the standard, then ESO's.
COLUMNS = (
    _text("ID", "meta.id;meta.main", "Identifier that the client sent"),
    _text("access_url", "meta.ref.url", "Where to get the linked item"),
    _text("service_def", "meta.ref", "XML ID of the descriptor of a service in this document"),
    _text("error_message", "meta.code.error", "Why there is no link"),
    _text("description", "meta.note", "The linked item, for people"),
    _text(
        "semantics", "meta.code", "What the item is to ID: a term of http://www.ivoa.net/rdf/datalink/core"
    ),
    _text("content_type", "meta.code.mime", "Media type of the linked item"),
    Column(
        "content_length",
        "long",
        ucd="phys.size;meta.file",
        unit="byte",
        description="Size of the linked item",
    ),
    _text("content_qualifier", "", "Type of the product: a term of http://www.ivoa.net/rdf/product-type"),
    _text("local_semantics", "meta.id.assoc", "Category of the item in this archive"),
    _text("link_auth", "meta.code", "Whether the link needs a login: false, optional or true"),
    Column(
        "link_authorized", "boolean", ucd="meta.code", description="Whether this client may use the link now"
    ),
    _text("eso_origfile", "meta.id;meta.file", "Original name of the file"),
    _text("eso_category", "meta.code.class", "Category: PRODCATG of products, DPR.CATG of raw files"),
)
#: Arrow's schema of the table.
SCHEMA = pa.schema(
    [
        pa.field(column.name, {"long": pa.int64(), "boolean": pa.bool_()}.get(column.datatype, pa.string()))
        for column in COLUMNS
    ]
)


def make_batch(links: Sequence[Link]) -> pa.RecordBatch:
    """The rows as an Arrow batch."""
    arrays = [pa.array([getattr(link, field.name.lower()) for link in links], field.type) for field in SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


class Writer:
    """Makes the links of one request.

    Parameters
    ----------
    root_url : str
        Of this server.
    now : datetime
        What is public by then can be downloaded.
    services : list of ServiceDescriptor
        Gets a descriptor of the parts of each dataset.
    """

    def __init__(self, root_url: str, now: datetime, services: list[ServiceDescriptor]) -> None:
        self._root_url = root_url
        self._now = now
        self._services = services
        # Where there is one already, it is for all datasets.
        self._is_generic = bool(services)

    def links(
        self, text: str, file: File, relations: Iterable[Relation], *, has_preview: bool
    ) -> Iterator[Link]:
        """Every link of one ID.

        Parameters
        ----------
        text : str
            The ID as the client wrote it.
        has_preview : bool
            Whether this server can draw a preview of the file.
        """
        found = list(relations)
        note = f" ({file.version_note})" if file.version_note else ""
        yield self._download(text, "#this", file, describe(file) + note)
        if file.is_corrected:
            yield self._original(text, file)
        previews = [r for r in found if r.file is not None and is_preview(r)]
        if previews:
            yield from (self._preview(text, file, r.file) for r in previews if r.file)
        elif has_preview:
            yield self._preview(text, file, None)
        if has_preview:
            yield self._thumbnail(text, file)
        if soda.has_parts(file):
            yield from self._parts(text, file)
        for relation in found:
            if relation not in previews:
                yield self._related(text, relation)
        yield from self._provenance(text, file, found)
        if file.release_description and file.release_description.startswith(("http://", "https://")):
            yield Link(
                text,
                "#documentation",
                access_url=file.release_description,
                description="Description of the data release",
                content_type="text/html" if file.release_description.endswith(".html") else None,
                local_semantics="release_description",
                link_authorized=True,
            )

    def _parts(self, text: str, file: File) -> Iterator[Link]:
        """The services that make parts of a file, with their descriptors."""
        number = None if self._is_generic else len(self._services)
        if number is not None:
            self._services += soda.descriptors(self._root_url, file, text, number)
        is_public = file.is_public(self._now)
        for kind, _, _ in SODA_SERVICES:
            yield Link(
                text,
                "#cutout",
                service_def=soda_id(kind, number),
                description=f"Parts of the data ({kind})",
                content_type="application/fits",
                content_qualifier=QUALIFIERS.get(file.product_type or ""),
                local_semantics=kind,
                link_authorized=is_public,
            )

    def fault(self, text: str, exc: VoError, semantics: str = "#this") -> Link:
        """The row that says why an ID has no link."""
        return Link(text, semantics, error_message=f"{exc.fault}: {exc}")

    def _download(self, text: str, semantics: str, file: File, description: str) -> Link:
        is_public = file.is_public(self._now)
        return Link(
            text,
            semantics,
            access_url=file.address(self._root_url),
            description=description
            if is_public
            else f"{description} (public from {instant(file.release_date)})",
            content_type=file.media_type,
            content_length=file.length,
            content_qualifier=QUALIFIERS.get(file.product_type or ""),
            local_semantics=file.category,
            link_authorized=is_public,
            eso_origfile=file.origfile,
            eso_category=file.category,
        )

    def _original(self, text: str, file: File) -> Link:
        """A file as it came, whose header was corrected since."""
        link = self._download(text, "#progenitor", file, f"{describe(file)}, with its original header")
        return replace(link, access_url=f"{link.access_url}?HEADER=original", content_length=file.size)

    def _preview(self, text: str, file: File, preview: File | None) -> Link:
        """The preview that came with a file, or the one that this server draws."""
        is_public = file.is_public(self._now) and (preview is None or preview.is_public(self._now))
        return Link(
            text,
            "#preview",
            access_url=file.address(self._root_url, "preview")
            if preview is None
            else preview.address(self._root_url),
            description="Preview of the data"
            if preview is None
            else "Preview, made by the provider of the data",
            content_type="image/png" if preview is None else preview.media_type,
            content_length=preview.size if preview else None,
            local_semantics=preview.category if preview else "preview",
            link_authorized=is_public,
            eso_origfile=preview.origfile if preview else None,
            eso_category=preview.category if preview else None,
        )

    def _thumbnail(self, text: str, file: File) -> Link:
        is_public = file.is_public(self._now)
        return Link(
            text,
            "#thumbnail",
            access_url=file.address(self._root_url, "thumbnail"),
            description="Thumbnail of the data",
            content_type="image/png",
            local_semantics="thumbnail",
            link_authorized=is_public,
        )

    def _provenance(self, text: str, file: File, relations: Iterable[Relation]) -> Iterator[Link]:
        """The picture of what a file was made from and of what was made of it.

        The vocabulary has no term for it; metadata that help to understand are ``#documentation``
        (http://www.ivoa.net/rdf/datalink/core).
        """
        kinds = {relation.kind for relation in relations}
        for kind, direction, what in (
            ("progenitor", "BACK", "what this file was made from, and by which recipes"),
            ("derivation", "FORTH", "what was made of this file, and by which recipes"),
        ):
            if kind in kinds:
                identifier = quote(file.dp_id, safe="")
                yield Link(
                    text,
                    "#documentation",
                    access_url=f"{self._root_url}{PROVENANCE_PATH}?ID={identifier}&DIRECTION={direction}"
                    "&RESPONSEFORMAT=PROV-SVG",
                    description=f"Provenance: {what}",
                    content_type="image/svg+xml",
                    local_semantics="provenance",
                    link_authorized=True,
                )

    def _related(self, text: str, relation: Relation) -> Link:
        semantics = f"#{relation.kind}"
        if relation.file is None:
            exc = NotFoundFault(f"{relation.name} is not in this archive")
            what = MISSING.get(relation.kind, "File that this product was made from")
            return Link(
                text,
                semantics,
                error_message=f"{exc.fault}: {exc}",
                description=f"{what}: {relation.name}",
                local_semantics=relation.role,
                eso_origfile=relation.name,
                eso_category=relation.role,
            )
        steps = f" ({relation.depth} steps away)" if relation.depth > 1 else ""
        link = self._download(text, semantics, relation.file, describe(relation.file) + steps)
        if relation.kind == "coderived" and relation.role:
            link = replace(link, description=f"{relation.role.capitalize()}: {link.description}")
        # The list and tag of a calibration, what an input was to a recipe, and which version it is: the file
        # itself does not know them.
        knows_role = relation.kind in _BY_ROLE or (relation.kind == "progenitor" and relation.role)
        return replace(link, local_semantics=relation.role) if knows_role else link


def is_preview(relation: Relation) -> bool:
    """Whether an associated file is a picture of the product."""
    file = relation.file
    return (
        relation.kind == "auxiliary"
        and file is not None
        and PREVIEW_CATEGORY in (file.category, relation.role)
        and file.media_type.startswith("image/")
        and not file.is_fits
    )


def describe(file: File) -> str:
    """A file in a few words."""
    parts = [KINDS.get(file.kind, "File"), file.category or "", file.title or file.origfile or file.dp_id]
    return " ".join(part for part in parts[:2] if part) + f": {parts[2]}"
