"""What records gets for the gateway: a document of a public address by https; and the gateway alone may ask."""

import asyncio
import ipaddress
import json
from pathlib import Path

import pytest

from safepassage.problems.registrations import KeySetNotHad
from safepassage.problems.requests import NotAuthenticated, NotPermitted
from services.records.client_key_sets import open_client_key_sets
from shared.certificates import client_context
from shared.contracts.client_keys import PATH, FetchedKeySet
from shared.in_process import call
from shared.internal_token import HEADER
from shared.outbound.calls import Documents, Reachable
from tests.audit.destinations.receivers import authority_and_server
from tests.records.one_state import OneState
from tests.shared.outbound.test_documents import Resolver, answer_of, serving

pytestmark = pytest.mark.anyio


async def asked(alder: OneState, url: str) -> FetchedKeySet:
    """As the gateway asks."""
    siblings = alder.node.applications["gateway"].state.siblings
    answer: FetchedKeySet = await siblings.call("records", "GET", PATH, answer=FetchedKeySet, by="client-key-sets", query={"url": url})
    return answer


@pytest.mark.requirement("DOOR-ssrf")
async def test_a_key_set_comes_from_where_its_name_resolves_to_if_that_may_be_called(alder: OneState, tmp_path: Path) -> None:
    authority, context = authority_and_server(tmp_path, "keys.elm.example")
    document = json.dumps({"keys": []}).encode()
    async with serving(answer_of(document), context=context) as server:
        url = f"https://keys.elm.example:{server.port}/jwks"
        for inside, came in (((ipaddress.ip_network("127.0.0.1/32"),), True), ((), False)):
            reachable = Reachable(inside)
            alder.records.state.client_key_sets = Documents(reachable, client_context(authority), resolver=Resolver("127.0.0.1"))
            if came:
                assert (await asked(alder, url)).document.encode() == document
                continue
            with pytest.raises(KeySetNotHad):
                await asked(alder, url)
        assert server.connections == 1
        reachable = Reachable((ipaddress.ip_network("127.0.0.1/32"),))
        alder.records.state.client_key_sets = Documents(reachable, client_context(authority), resolver=Resolver("127.0.0.1"))
        for spelled in (
            f"http://127.0.0.1:{server.port}/",
            f"https://user@keys.elm.example:{server.port}/",
            "https://0x7f000001/",
            "file:///x",
        ):
            with pytest.raises(KeySetNotHad):
                await asked(alder, spelled)
        server.answer = answer_of(b"\xff\xfe")
        alder.records.state.client_key_sets = Documents(
            Reachable(inside=(ipaddress.ip_network("127.0.0.1/32"),)), client_context(authority), resolver=Resolver("127.0.0.1")
        )
        with pytest.raises(KeySetNotHad):
            await asked(alder, url)
    open_client_key_sets(alder.records)


async def test_nobody_but_the_gateway_has_records_call_anything(alder: OneState) -> None:
    connections: list[int] = []

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    query = f"url=https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    privacy = alder.node.applications["privacy"].state.internal_tokens
    codes = []
    for headers in ({}, {HEADER: privacy.for_job("records", "client-key-sets", alder.clock())}):
        answer = await call(alder.records, "GET", PATH, query=query, headers=headers, body=b"")
        codes.append(json.loads(answer.body)["code"])
    server.close()
    await server.wait_closed()
    assert set(codes) <= {NotAuthenticated.code, NotPermitted.code}
    assert connections == []
