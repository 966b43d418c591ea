"""Asking the registry in tests: every answer has to be valid by its schema."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from lxml import etree
from starlette.testclient import TestClient

from tests.xsd import validate

OAI = "{http://www.openarchives.org/OAI/2.0/}"
RESOURCE = "{http://www.ivoa.net/xml/RegistryInterface/v1.0}Resource"
Arguments = Iterable[tuple[str, str]]


class Asking:
    """A harvester that reads the answers as XML."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def raw(self, arguments: Arguments, method: str = "GET") -> bytes:
        """The document that comes, valid and with status 200."""
        query = urlencode(list(arguments))
        if method == "GET":
            answer = self.client.get(f"/oai?{query}")
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self.client.post("/oai", content=query, headers=kind)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        assert validate(answer.content) == []
        assert answer.content.count(b"<oai:OAI-PMH") == 1
        return answer.content

    def __call__(self, verb: str, *, method: str = "GET", **arguments: str) -> etree._Element:
        """The root of the answer; ``from`` is written ``from_``."""
        items = [("verb", verb), *((name.rstrip("_"), value) for name, value in arguments.items())]
        return etree.fromstring(self.raw(items, method))

    def error(self, arguments: Arguments) -> str:
        """The code of the error that comes; empty for an answer."""
        found = etree.fromstring(self.raw(arguments)).find(f"{OAI}error")
        return "" if found is None else str(found.get("code"))

    def resource(self, key: str) -> etree._Element:
        """The record of a resource of this archive."""
        root = self("GetRecord", identifier=f"ivo://vo-server.example{key}", metadataPrefix="ivo_vor")
        found = root.find(f".//{RESOURCE}")
        assert found is not None, etree.tostring(root)
        return found

    def headers(self, **arguments: str) -> Iterator[etree._Element]:
        """The headers of a whole list, part by part."""
        root = self("ListIdentifiers", **{"metadataPrefix": "ivo_vor", **arguments})
        while True:
            yield from root.iter(f"{OAI}header")
            token = root.findtext(f".//{OAI}resumptionToken")
            if not token:
                return
            root = self("ListIdentifiers", resumptionToken=token)

    def identifiers(self, **arguments: str) -> list[str]:
        """Their identifiers, those of deleted records too."""
        return [str(header.findtext(f"{OAI}identifier")) for header in self.headers(**arguments)]
