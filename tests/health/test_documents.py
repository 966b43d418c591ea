"""Documents that break their schemas are found."""

from email.message import Message

from health.checks import documents
from health.site import Reply, Site


def reply(body: bytes, status: int = 200) -> Reply:
    return Reply("http://archive.example/tap", status, Message(), body)


def votable(content: str, status: str = "OK") -> bytes:
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
        f'<RESOURCE type="results"><INFO name="QUERY_STATUS" value="{status}"/>{content}</RESOURCE></VOTABLE>'
    ).encode()


def test_the_documents_of_a_healthy_server_are_valid(site: Site) -> None:
    found = [(check.service, check.name, check.look(site).problems) for check in documents.checks()]
    assert [entry for entry in found if entry[2]] == []
    assert len(found) == 12


def test_a_document_that_breaks_its_schema_is_found() -> None:
    body = b'<uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0"><uws:jobId>1</uws:jobId></uws:job>'
    (fault,) = documents.document_faults(reply(body))
    assert "Missing child element" in fault


def test_what_is_no_xml_and_what_is_missing_is_found() -> None:
    assert next(documents.document_faults(reply(b"<html>"))).startswith("not XML")
    assert list(documents.document_faults(reply(b"", 404))) == ["status 404"]


def test_entities_are_not_read() -> None:
    body = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    assert all("root:" not in fault for fault in documents.schema_faults(body))


def test_a_value_that_is_no_number_is_found() -> None:
    field = '<TABLE><FIELD name="n" datatype="int"/><DATA><TABLEDATA><TR><TD>many</TD></TR></TABLEDATA>'
    body = votable(f"{field}</DATA></TABLE>")
    assert list(documents.votable_faults(reply(body)))
    assert not list(documents.votable_faults(reply(body.replace(b"many", b"7"))))


def test_a_status_that_should_not_be_is_found() -> None:
    assert "QUERY_STATUS is ERROR" in next(documents.votable_faults(reply(votable("", "ERROR"))))
    assert "missing" in next(documents.votable_faults(reply(votable("").replace(b"QUERY_STATUS", b"x"))))
