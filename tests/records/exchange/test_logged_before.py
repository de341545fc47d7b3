"""Logged before release, and nothing in clear on the way or on disk."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from node.synthetic import SyntheticStudent
from safepassage.canonical import digest_of, from_base64url
from safepassage.compact import split
from safepassage.envelope import split_body
from safepassage.leaf import parse_leaf
from safepassage.packed import unpacked
from shared.contracts.audit import AppendRequest, AppendResponse, Event
from tests.records.exchange.forging import Forger, genuine
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


class Wire:
    """Somebody in Birch's place, who looks into Alder's log at the first byte of whatever comes."""

    def __init__(self, states: TwoStates) -> None:
        self.states = states
        self.bodies: list[bytes] = []
        self.size_at_first_byte: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/v1/peer/envelopes":
            self.size_at_first_byte.append(await self.log_size())
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        token = {"access_token": "t", "token_type": "DPoP", "expires_in": 300}
        status = 200 if scope["path"] == "/oauth/token" else 503
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(token).encode()})

    async def log_size(self) -> int:
        """Entries in Alder's log at this instant."""
        event = Event.model_validate(
            {"class": "trust", "key": "probe", "actor": {"kind": "system", "job": "probe"}, "context": {"operation": "probe"}}
        )
        answer = await self.states.alder.exchange.siblings.call(
            "audit", "POST", "/internal/entries", answer=AppendResponse, by="probe", body=AppendRequest(events=(event,))
        )
        return answer.entries[0].size


@asynccontextmanager
async def in_birchs_place(states: TwoStates) -> AsyncIterator[Wire]:
    """The recording node at Birch's address."""
    file, wire = states.birch.folder.file, Wire(states)
    await states.birch.sleep()
    server = uvicorn.Server(uvicorn.Config(wire, host=file.host, port=file.port, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn says it so
        await asyncio.sleep(0)
    yield wire
    server.should_exit = True
    await serving
    await states.birch.wake()


@pytest.mark.requirement("EX-4")
async def test_at_the_first_byte_the_committed_log_holds_the_disclosure(states: TwoStates) -> None:
    case = await states.queued()
    row = await case.package()
    async with in_birchs_place(states) as wire:
        await case.deliver()
    [size] = wire.size_at_first_byte
    assert row.entry_index is not None
    assert row.entry_index < size
    jws, ciphertext = split_body(unpacked(wire.bodies[-1]))
    claims = split(jws)[1]
    assert claims["index"] == row.entry_index
    leaf = parse_leaf(from_base64url(claims["entry"]))
    assert (leaf.class_, leaf.digests.ct) == ("disclosure", digest_of(ciphertext))
    await case.finish()


CANARY = "Kanari"


def with_canaries(child: SyntheticStudent) -> tuple[SyntheticStudent, set[bytes]]:
    """The child under a name that nothing else has, and everything that must be nowhere in clear."""
    record = child.load.record
    assert record.identity is not None
    assert record.identity.name is not None
    assert record.identity.birth_date is not None
    name = record.identity.name.model_copy(update={"first": f"{CANARY}ette", "last_1": f"{CANARY}owski"})
    identity = record.identity.model_copy(update={"name": name})
    marked = record.model_copy(update={"identity": identity})
    born, number = record.identity.birth_date.birth_date.isoformat(), child.true_state_id
    return replace(child, load=child.load.model_copy(update={"record": marked})), {CANARY.encode(), born.encode(), number.encode()}


async def everything_on_disk(states: TwoStates) -> dict[Path, bytes]:
    """Every file of both nodes, the WAL included."""
    files = [path for path in states.alder.folder.path.parent.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files}


@pytest.mark.requirement("EX-3")
async def test_no_name_date_or_number_is_on_disk_or_in_a_log_of_either_node(states: TwoStates, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    child, canaries = with_canaries(states.child())
    case = await states.queued(child)
    moments = [await everything_on_disk(states)]
    await Forger(states).send((await genuine(case)).body)
    moments.append(await everything_on_disk(states))
    await case.finish()
    moments.append(await everything_on_disk(states))
    async with states.birch.client("new-district") as client:
        record = await client.read_received_record(case.id)
    assert CANARY in record.model_dump_json()
    for moment in moments:
        for path, data in moment.items():
            assert not [canary for canary in canaries if canary in data], path.name
    said = "\n".join(f"{line.getMessage()} {vars(line)}" for line in caplog.records).encode()
    assert not [canary for canary in canaries if canary in said]
