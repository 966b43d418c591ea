"""How requests are read, and that whatever goes wrong is told in the right form."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.serving import query_status
from vo_server.errors import TransientFault, UsageFault
from vo_server.http import dali
from vo_server.parameters import MAX_PARAMETERS, MAX_VALUE, Parameters

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


async def echo(request: Request) -> Response:
    return JSONResponse([list(item) for item in await dali.read_parameters(request)])


async def fail(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind == "busy":
        raise TransientFault("too many queries run")
    if kind == "usage":
        raise UsageFault("say <this> & that")
    raise RuntimeError("password=hunter2")


@pytest.fixture(scope="module")
def echoing() -> Iterator[TestClient]:
    routes = [
        Route("/echo", echo, methods=["GET", "POST"]),
        Route("/fail/{kind}", fail, methods=["GET", "HEAD"]),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(dali.Surprises)])
    dali.add_error_handlers(app)
    with TestClient(app) as made:
        yield made


def test_repeats_blanks_and_order_are_kept(echoing: TestClient) -> None:
    answer = echoing.post("/echo?POS=a&pos=", content="Pos=b&POS=c", headers={"Content-Type": dali.FORM})
    assert answer.json() == [["POS", "a"], ["pos", ""], ["Pos", "b"], ["POS", "c"]]


def test_a_multipart_file_is_a_parameter_with_its_name(echoing: TestClient) -> None:
    answer = echoing.post("/echo", data={"QUERY": "é"}, files={"t": ("table.vot", b"x")})
    assert answer.json() == [["QUERY", "é"], ["t", "table.vot"]]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=%ff", dali.FORM, 400),
        (b"a=%00", dali.FORM, 400),
        (b"a=1&" * (MAX_PARAMETERS + 1), dali.FORM, 400),
        (b"a=" + b"x" * (MAX_VALUE + 1), dali.FORM, 400),
        (b"x" * (dali.MAX_BODY + 1), dali.FORM, 413),
        (b"<votable/>", "text/xml", 415),
        (b"no boundary here", dali.MULTIPART, 400),
        (b"garbage without boundary", dali.MULTIPART + "; boundary=b", 400),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    echoing: TestClient, body: bytes, kind: str, status: int
) -> None:
    answer = echoing.post("/echo", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert query_status(answer.content)[0] == "ERROR"


def test_a_body_without_a_length_is_limited_too(echoing: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(dali.MAX_BODY // 65536 + 2):
            yield b"x" * 65536

    answer = echoing.post("/echo", content=endless(), headers={"Content-Type": dali.FORM})
    assert answer.status_code == 413


def test_a_fault_is_an_error_document_with_its_status(echoing: TestClient) -> None:
    usage, busy = echoing.get("/fail/usage"), echoing.get("/fail/busy")
    assert (usage.status_code, busy.status_code) == (400, 503)
    assert query_status(usage.content) == ("ERROR", "UsageFault: say <this> & that")
    assert int(busy.headers["retry-after"]) > 0


def test_a_surprise_shows_a_reference_and_nothing_else(
    echoing: TestClient, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = echoing.get("/fail/surprise")
    assert answer.status_code == 500
    status, message = query_status(answer.content)
    assert status == "ERROR"
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    reference = message.split()[-1]
    # The operator finds the reason in the log under the reference that the client was told.
    assert reference in capfd.readouterr().out


def test_what_is_not_there_and_what_is_not_allowed(echoing: TestClient) -> None:
    missing, wrong = echoing.get("/nothing"), echoing.delete("/echo")
    assert (missing.status_code, wrong.status_code) == (404, 405)
    assert "GET" in wrong.headers["allow"]
    for answer in (missing, wrong):
        assert query_status(answer.content)[0] == "ERROR"


def test_head_has_no_body(echoing: TestClient) -> None:
    answer = echoing.head("/fail/usage")
    assert (answer.status_code, answer.content) == (400, b"")


@given(st.lists(st.tuples(TEXT, TEXT), max_size=8))
def test_any_text_survives_a_form(items: list[tuple[str, str]]) -> None:
    parameters = Parameters(items)
    assert list(parameters) == items
    for name, _ in items:
        assert name.swapcase().lower() != name.lower() or name.swapcase() in parameters
        assert parameters.values(name) == tuple(v for n, v in items if n.lower() == name.lower())


def test_single_takes_repeats_of_one_value_and_no_others() -> None:
    assert Parameters([("a", " 1 "), ("A", "1"), ("a", "")]).single("a") == "1"
    assert Parameters([("a", "")]).single("a") is None
    with pytest.raises(UsageFault, match="2 times"):
        Parameters([("a", "1"), ("a", "2")]).single("a")
