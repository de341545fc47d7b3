"""Another maker's node, in JavaScript, written from docs/wire.md and docs/wire-messages.md alone, exchanges records with ours."""
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.npm.peers import beside_another
from tests.npm.scripts import conversing, script
from tests.records.exchange.two_states import State, ordinary_students
from services.records.tables import OutgoingEnvelopeRow, PeerRequestRow

pytestmark = [pytest.mark.anyio, pytest.mark.npm]


async def test_x(tmp_path):
    async with beside_another(tmp_path) as (alder, told):
        child = ordinary_students()[0]
        await alder.load(child)
        said = await script("peer/asks.mjs", **told, person=child.selector.model_dump(mode="json", exclude_none=True), nobody={"first_name":"Nobody","last_name":"Atall","birth_date":"2012-03-04"}, sections=["identity","enrollment"], organisation="birch-elementary")
        import json
        [print(k, v) for k,v in said["refused"].items()]; print(said["nobody"], said["content"]["manifest"])
        for r in await alder.rows(OutgoingEnvelopeRow): print(r.kind, r.state, bool(r.r1), bool(r.r2))
        for r in await alder.rows(PeerRequestRow): print(r.state)
        assert 0


async def test_y(tmp_path):
    from tests.records.exchange.requests_for import new_request
    from node.demo.seats import MOVER_DISTRICT
    from uuid import uuid4
    import asyncio
    async with beside_another(tmp_path) as (alder, told):
        one, two = ordinary_students()[:2]
        async with conversing("peer/holds.mjs", **told) as heard, alder.client("former-district") as client:
            await heard()
            def asked(child): return new_request(child.selector, holder=told["entity_id"], district=alder.organisation(MOVER_DISTRICT), now=alder.clock(), sections=("identity",))
            a = await client.create_exchange_request(asked(one), idempotency_key=str(uuid4()))
            said = await heard()
            [print(k, v) for k,v in said["refused"].items()]; said.pop("refused"); print(said)
            print(await client.read_exchange_request(a.id))
            b = await client.create_exchange_request(asked(two), idempotency_key=str(uuid4()))
            print(await heard())
            print(await client.read_exchange_request(b.id))
        assert 0
