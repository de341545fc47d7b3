"""Compressed bodies at the door: let through for the one operation whose protocol asks for them, and never made larger there."""

import gzip

import pytest

from tests.gateway.by_hand import ask
from tests.gateway.house import House
from tests.gateway.test_door import is_problem


@pytest.mark.anyio
async def test_a_body_is_compressed_only_where_the_protocol_has_it_so(house: House) -> None:
    octets, path = ("content-type", "application/octet-stream"), "/v1/mirror/add-entries"
    sent = gzip.compress(b"entries")
    assert (await ask(house.app, "POST", path, headers=[octets, ("content-encoding", "GZIP")], body=sent)).status == 200
    assert house.heard("audit").by_name["content-encoding"] == "gzip"
    assert house.heard("audit").body == sent
    for codings in (["br"], ["gzip", "gzip"], ["gzip, br"], ["identity", "deflate"]):
        fields = [octets, *(("content-encoding", coding) for coding in codings)]
        is_problem(await ask(house.app, "POST", path, headers=fields, body=sent), 415, "encoding-not-taken")
    other = [("content-type", "text/plain"), ("content-encoding", "gzip")]
    is_problem(await ask(house.app, "POST", "/v1/witness/add-checkpoint", headers=other, body=sent), 415, "encoding-not-taken")
