"""The identifiers of a request: each may mean several files, of which the archive has one or none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from datalink.files import File
from vo_server.config import Settings
from vo_server.errors import NotFoundFault, VoError
from vo_server.identifiers import parse_id


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What each identifier may mean, the likeliest first, or what is wrong with it."""

    meanings: Mapping[str, tuple[str, ...] | VoError]

    @classmethod
    def read(cls, texts: Iterable[str], settings: Settings) -> "Identifiers":
        """Each of the identifiers as a client wrote it."""
        return cls({text: _meaning(text, settings) for text in texts})

    @property
    def dp_ids(self) -> list[str]:
        """Every file that may be meant."""
        return sorted({dp_id for each in self.meanings.values() if isinstance(each, tuple) for dp_id in each})

    def pick(
        self, text: str, files: Mapping[str, File], gone: Mapping[str, str] = MappingProxyType({})
    ) -> File:
        """The file of ``files`` that an identifier means.

        Parameters
        ----------
        gone : mapping
            Of identifiers that were published and are not available any more: what happened.

        Raises
        ------
        VoError
            The identifier is wrong, or not one of a file here.
        """
        meaning = self.meanings[text]
        if isinstance(meaning, VoError):
            raise meaning
        for dp_id in meaning:
            if dp_id in files:
                return files[dp_id]
        what = next((gone[dp_id] for dp_id in meaning if dp_id in gone), "is not in this archive")
        raise NotFoundFault(f"{text} {what}")


def _meaning(text: str, settings: Settings) -> tuple[str, ...] | VoError:
    try:
        return parse_id(text, settings)
    except VoError as exc:
        return exc
