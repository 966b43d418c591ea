"""What requests of providers and archivists say: JSON documents and tus headers become checked values."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vo_server.errors import UsageFault
from vo_server.submissions.values import (
    MOST_NAMES,
    MOST_TEXT,
    MOST_TITLE,
    Collection,
    Release,
    check_file_name,
)

LARGEST = 1 << 20  #: bytes of a document
MOST_METADATA = 4_000  #: characters of Upload-Metadata
MOST_DEPRECATED = 400  #: products of one request
STANDARDS = ("6", "8")

Title = Annotated[str, Field(max_length=MOST_TITLE)]
Names = Annotated[list[Title], Field(max_length=MOST_NAMES)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CollectionRequest(_Request):
    """A new collection."""

    name: Title
    title: Title
    origin: Title = "EDP"
    owner: Title | None = None
    delegates: Names = Field(default_factory=list)
    programmes: Names = Field(default_factory=list)

    def value(self, account: str) -> Collection:
        """The collection; without an owner, it is ``account``'s."""
        return Collection(
            self.name,
            self.title,
            self.origin,
            self.owner or account,
            tuple(self.delegates),
            tuple(self.programmes),
        )


class DescriptionRequest(_Request):
    """What is told of a release."""

    title: Title | None = None
    abstract: Annotated[str, Field(max_length=MOST_TEXT)] | None = None
    creators: Names | None = None
    bibcode: Title | None = None
    doi: Title | None = None

    def changes(self) -> dict[str, Any]:
        """What was said, by the names of `Release`."""
        told = self.model_dump(exclude_unset=True, exclude_none=True)
        return told | ({"creators": tuple(told["creators"])} if "creators" in told else {})


class ReleaseRequest(DescriptionRequest):
    """A new release."""

    release: Title

    def value(self, collection: str) -> Release:
        """The release."""
        told = self.changes()
        name = told.pop("release")
        return Release(collection, name, **{"title": f"{collection} {name}"} | told)


class BatchRequest(_Request):
    """A new batch."""

    standard: Title = "8"

    def checked(self) -> str:
        """The version of the standard.

        Raises
        ------
        UsageFault
            There is none.
        """
        if self.standard not in STANDARDS:
            raise UsageFault(f"standard is {' or '.join(STANDARDS)}, not {self.standard[:20]!r}")
        return self.standard


class StepRequest(_Request):
    """A step of a batch."""

    step: Title
    reason: Annotated[str, Field(max_length=MOST_TITLE)] = ""


class DeprecationRequest(_Request):
    """Products that should not be used, or may be again."""

    dp_ids: Annotated[list[Title], Field(min_length=1, max_length=MOST_DEPRECATED)]
    reason: Annotated[str, Field(max_length=MOST_TITLE)]
    undo: bool = False


R = TypeVar("R", bound=_Request)


def read_json(model: type[R], content: bytes) -> R:
    """The request that a JSON document is.

    Raises
    ------
    UsageFault
        It is none; the message names the fields.
    """
    try:
        return model.model_validate_json(content or b"{}")
    except ValidationError as exc:
        told = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'document'}: {e['msg']}" for e in exc.errors()[:5]
        )
        raise UsageFault(f"the JSON document is wrong: {told}") from exc


def read_text(content: bytes) -> str:
    """The text that a body is.

    Raises
    ------
    UsageFault
        It is not in UTF-8, or has characters that are none.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UsageFault("the text is not in UTF-8") from exc
    if "\x00" in text:
        raise UsageFault("the text has a NUL character")
    return text


def upload_length(headers: Mapping[str, str], most: int) -> int:
    """The size of a file that is going to come (tus 1.0, Upload-Length).

    Raises
    ------
    UsageFault
        It is missing, no number, or deferred, which is not offered.
    """
    text = headers.get("upload-length", "")
    if not text.isdigit() or len(text) > 18:
        raise UsageFault("Upload-Length has to tell the size of the file, in bytes")
    if int(text) == 0:
        raise UsageFault("Upload-Length is 0: empty files are not taken")
    return min(int(text), most + 1)


def upload_offset(headers: Mapping[str, str]) -> int:
    """Where the bytes of a request begin (tus 1.0, Upload-Offset)."""
    text = headers.get("upload-offset", "")
    if not text.isdigit() or len(text) > 18:
        raise UsageFault("Upload-Offset has to tell where the bytes begin")
    return int(text)


def upload_name(headers: Mapping[str, str]) -> str:
    """The name of a file (tus 1.0, Upload-Metadata: ``filename`` and its value in Base64).

    Raises
    ------
    UsageFault
        It is missing, or no name that files of a batch may have.
    """
    text = headers.get("upload-metadata", "")
    if len(text) > MOST_METADATA:
        raise UsageFault(f"Upload-Metadata has {len(text)} characters: at most {MOST_METADATA} are read")
    for pair in text.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return check_file_name(base64.b64decode(value.strip(), validate=True).decode("utf-8"))
            except (binascii.Error, UnicodeDecodeError) as exc:
                raise UsageFault("the filename in Upload-Metadata is not UTF-8 in Base64") from exc
    raise UsageFault("Upload-Metadata has to tell the filename")


def upload_digest(headers: Mapping[str, str]) -> tuple[str, bytes] | None:
    """Algorithm and digest of the bytes of a request, where it tells them (tus 1.0, Upload-Checksum).

    Raises
    ------
    UsageFault
        The algorithm is not one of `ALGORITHMS`, or the digest is not in Base64.
    """
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, digest = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise UsageFault(f"Upload-Checksum is made by {', '.join(ALGORITHMS)}, not {algorithm[:20]!r}")
    try:
        return algorithm, base64.b64decode(digest.strip(), validate=True)
    except binascii.Error as exc:
        raise UsageFault("the digest of Upload-Checksum is not in Base64") from exc


#: What Upload-Checksum may be made by; the protocol demands sha1.
ALGORITHMS = ("sha1", "sha256", "md5")
