"""A proxy, a balancer, a captive page between a client and its node; an authority or a proxy that is named wrongly: each a SuiteError."""

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from safepassage.client import BlockingClient, Client, ClientFile, ClientKey
from safepassage.problems import SuiteError
from safepassage.problems.calls import AnswerNotUnderstood, ClientFileUnusable, NodeUnreachable
from tests.sdk.test_client import FILE, LOOKUP, Desk

PAGE = b"<html>not the node</html>"
Answer = Callable[[], httpx2.Response]


def desk_behind(answer: Answer, *, before_token: bool) -> Desk:
    """A client to which something else answers: each request, or all but those for metadata and tokens."""
    desk = Desk()

    def between(request: httpx2.Request) -> httpx2.Response:
        own = request.url.path in {"/.well-known/oauth-authorization-server", "/oauth/token"} and not before_token
        return desk.node.answer(request) if own else answer()

    desk.client = BlockingClient(FILE, transport=httpx2.MockTransport(between), clock=desk.clock, pause=desk.pauses.append)
    return desk


def page(status: int) -> Answer:
    return lambda: httpx2.Response(status, headers={"content-type": "text/html"}, content=PAGE)


@pytest.mark.parametrize("before_token", [True, False])
@pytest.mark.parametrize("status", [407, 429, 502, 503, 504])
def test_what_a_proxy_says_of_the_way_is_that_the_node_was_not_reached(status: int, before_token: bool) -> None:
    desk = desk_behind(page(status), before_token=before_token)
    with pytest.raises(NodeUnreachable, match=f"stands before the node answers, with status {status}") as caught:
        desk.client.lookup_students(LOOKUP)
    assert caught.value.retry == "same-key"
    assert len(desk.pauses) == (0 if status == 407 else 3)


@pytest.mark.parametrize("before_token", [True, False])
@pytest.mark.parametrize("status", [302, 401, 403, 404])
def test_a_page_in_place_of_an_answer_is_said_with_its_status(status: int, before_token: bool) -> None:
    with pytest.raises(AnswerNotUnderstood, match=f"status {status} without a problem document"):
        desk_behind(page(status), before_token=before_token).client.lookup_students(LOOKUP)


def test_a_proxy_that_takes_no_body_as_large_is_told_from_a_node_that_is_another() -> None:
    """nginx takes 1 MiB unless it is told otherwise."""
    with pytest.raises(AnswerNotUnderstood, match="stands before the node and takes no body as large"):
        desk_behind(page(413), before_token=False).client.load_roster(b"a roster", "application/zip")


def test_of_the_token_endpoint_a_page_is_no_word_of_oauth() -> None:
    desk = Desk()

    def between(request: httpx2.Request) -> httpx2.Response:
        return page(403)() if request.url.path == "/oauth/token" else desk.node.answer(request)

    desk.client = BlockingClient(FILE, transport=httpx2.MockTransport(between), clock=desk.clock, pause=desk.pauses.append)
    with pytest.raises(AnswerNotUnderstood, match="status 403 without a problem document"):
        desk.client.lookup_students(LOOKUP)


class Garbled(httpx2.SyncByteStream):
    """A body that is not gzip."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield PAGE


def test_an_answer_whose_encoding_is_broken_did_not_come() -> None:
    desk = desk_behind(lambda: httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=Garbled()), before_token=True)
    with pytest.raises(NodeUnreachable):
        desk.client.lookup_students(LOOKUP)
    assert len(desk.pauses) == 3


def client_file(**about: str) -> ClientFile:
    return ClientFile(issuer="https://alder.example", client_id="x", key=ClientKey.generate().private_jwk(), **about)


@pytest.mark.parametrize("face", [BlockingClient, Client])
def test_an_authority_that_is_none_is_said_to_be_the_client_files(face: type[BlockingClient | Client], tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("nowhere.pem", "empty.pem"):
        with pytest.raises(ClientFileUnusable, match="ca_file"):
            face(client_file(ca_file=str(tmp_path / name)))


@pytest.mark.parametrize("face", [BlockingClient, Client])
@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "ftp://proxy.example", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_said_by_its_variables(
    face: type[BlockingClient | Client], proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(NodeUnreachable, match="HTTPS_PROXY"):
        face(client_file())


@pytest.mark.parametrize(("status", "kind"), [(502, NodeUnreachable), (504, NodeUnreachable), (403, AnswerNotUnderstood)])
def test_what_stands_between_is_no_word_of_the_node_either_where_a_person_is_to_be_asked(status: int, kind: type[SuiteError]) -> None:
    desk = Desk()
    desk.node.metadata |= {
        "pushed_authorization_request_endpoint": f"{FILE.issuer}/oauth/par",
        "authorization_endpoint": f"{FILE.issuer}/oauth/authorize",
    }

    def between(request: httpx2.Request) -> httpx2.Response:
        return page(status)() if request.url.path == "/oauth/par" else desk.node.answer(request)

    client = BlockingClient(FILE, transport=httpx2.MockTransport(between), clock=desk.clock, pause=desk.pauses.append)
    with pytest.raises(kind, match=f"status {status}"):
        client.ask_person("http://127.0.0.1:8000/callback")
