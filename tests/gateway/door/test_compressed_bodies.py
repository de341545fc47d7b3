"""Compressed bodies at the door: let through for the one operation whose protocol asks for them, and never made larger there."""

import gzip

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.gateway.by_hand import ask
from tests.gateway.door.test_door import is_problem
from tests.gateway.house import Behind, House


class OpenToAll(Behind):
    """audit, where strangers' requests arrive without a token: says what it was sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        coding, body = request.headers.get("content-encoding", "none"), await request.body()
        await Response(coding.encode() + b" " + body, headers={"accept-encoding": "gzip"})(scope, receive, send)


@pytest.mark.anyio
async def test_a_body_is_compressed_only_where_the_protocol_has_it_so(house: House) -> None:
    house.behind["audit"].__class__ = OpenToAll
    octets, path = ("content-type", "application/octet-stream"), "/v1/mirror/add-entries"
    sent = gzip.compress(b"entries")
    for codings, seen in ((["GZIP"], b"gzip"), (["identity", "gzip"], b"gzip"), (["identity"], b"none"), ([], b"none")):
        fields = [octets, *(("content-encoding", coding) for coding in codings)]
        answer = await ask(house.app, "POST", path, headers=fields, body=sent)
        assert (answer.status, answer.body, answer.headers["accept-encoding"]) == (200, seen + b" " + sent, "gzip")
    for codings in (["br"], ["gzip", "gzip"], ["gzip, br"], ["identity", "deflate"]):
        fields = [octets, *(("content-encoding", coding) for coding in codings)]
        is_problem(await ask(house.app, "POST", path, headers=fields, body=sent), 415, "encoding-not-taken")
    other = [("content-type", "text/plain"), ("content-encoding", "gzip")]
    is_problem(await ask(house.app, "POST", "/v1/witness/add-checkpoint", headers=other, body=sent), 415, "encoding-not-taken")
