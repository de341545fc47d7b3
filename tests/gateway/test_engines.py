"""The same on both engines: one assertion counts once however many come at the same time, and what is told is told."""

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from services.gateway.door.quota_store import sum_up
from services.gateway.tables import QuotaLimitRow, QuotaUseRow, ScopeUseRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask_token
from tests.gateway.house import ISSUER, House, open_house
from tests.gateway.registration.registering import initial_token, manage, metadata, register, signer


async def _holds(house: House) -> None:
    state = await house.organisation("sea")
    district = await house.organisation("lea", parent_id=state.id)
    party = await house.party(district, "admin:organisations", "admin:clients")
    form = party.form(house.now)
    answers = await asyncio.gather(*(ask_token(house.app, party, house.now, form=form) for _ in range(10)))
    assert Counter(answer.status for answer in answers) == {200: 1, 401: 9}
    token = next(answer.json["access_token"] for answer in answers if answer.status == 200)
    new = {"kind": "school", "name": "Elm", "parent_id": str(district.id), "valid_from": "2020-01-01"}
    headers = [("idempotency-key", "0123456789")]
    added = [await house.call(party, token, "POST", "/v1/organisations", headers=headers, json=new) for _ in range(2)]
    assert [one.status for one in added] == [201, 201]
    assert added[0].json == added[1].json
    school = added[0].json
    changes = [
        house.call(party, token, "PUT", f"/v1/organisations/{school['id']}", json=school | {"name": f"Name {number}"})
        for number in range(5)
    ]
    assert Counter(answer.status for answer in await asyncio.gather(*changes)) == {200: 1, 409: 4}
    listed = await house.call(party, token, "GET", "/v1/organisations")
    assert {one["id"] for one in listed.json["organisations"]} == {str(district.id), school["id"]}
    assert (await house.call(party, token, "GET", "/v1/clients")).status == 200
    assert len([event for event in await house.entries() if event.class_ == "authentication"]) == 1
    for _ in range(2):
        await house.app.state.scope_use.write_down(house.app.state.database, house.clock)
        assert (await house.call(party, token, "GET", "/v1/clients")).status == 200
    async with house.app.state.database.reading() as tx:
        used = {(row.client_id, row.scope, row.used_on) for row in (await tx.execute(select(ScopeUseRow))).scalars()}
    assert used == {(UUID(party.client_id), scope, house.now.date()) for scope in ("admin:organisations", "admin:clients")}
    await _registers_once(house)
    await _changes_quotas(house)
    await _registers_one_resource_server(house)
    await asyncio.gather(
        *(sum_up(house.app.state.door.allowances, house.app.state.database, house.app.state.outbox, house.clock) for _ in range(3))
    )
    async with house.app.state.database.reading() as tx:
        row = await tx.get(QuotaUseRow, (UUID(party.client_id), "client-day", house.now.date()))
    assert row is not None
    assert row.used == house.app.state.quotas.used(UUID(party.client_id), "client-day") > 0
    assert len({one.body for one in house.behind["records"].heard if one.path.endswith(school["id"])}) == 2


async def _changes_quotas(house: House) -> None:
    """Of quotas that are changed for the first time by several at once the last one counts, and nobody is told that something failed."""
    agency = await house.sea_party("admin:clients")
    token = await house.token(agency)
    changes = [house.call(agency, token, "PUT", f"/v1/quotas/{agency.client_id}", json={"day": 10**6 + number}) for number in range(5)]
    assert Counter(answer.status for answer in await asyncio.gather(*changes)) == {200: 5}
    async with house.app.state.database.reading() as tx:
        kept = (await tx.scalars(select(QuotaLimitRow).where(QuotaLimitRow.holder_id == UUID(agency.client_id)))).all()
    assert [(row.quota, row.per_day // 10) for row in kept] == [("client-day", 10**5)]


async def _registers_one_resource_server(house: House) -> None:
    """Two organizations that register a client for one resource server at the same time: one has it, the other is told so."""
    agency = await house.sea_party("admin:clients")
    token, state = await house.token(agency), next(one for one in await house.hand.organisations() if one.kind == "sea")
    holders = [state.id, *[(await house.organisation("lea", parent_id=state.id)).id for _ in range(4)]]
    about = {
        "name": "An API",
        "kind": "information-system",
        "role": "registrar",
        "scopes": ["decisions:read"],
        "resource": "https://api.example",
    }
    new = [about | {"organisation_id": str(holder), "jwks": {"keys": [Party("", ISSUER).jwk]}} for holder in holders]
    told = await asyncio.gather(
        *(house.call(agency, token, "POST", "/v1/clients", headers=[("idempotency-key", str(uuid4()))], json=one) for one in new)
    )
    assert Counter((answer.status, answer.json.get("field")) for answer in told) == {(201, None): 1, (422, "resource"): 4}


async def _registers_once(house: House) -> None:
    """A word for a client counts once, whatever comes at the same time, and so does a registration access token."""
    apps, own = await signer(house, trusted=True), Party("", ISSUER)
    word = metadata(own, software_statement=apps.statement(house.now))
    token = await initial_token(house, apps.organisation.id)
    by_statement = await asyncio.gather(*(register(house, word) for _ in range(5)))
    by_token = await asyncio.gather(*(register(house, metadata(own), token=token) for _ in range(5)))
    assert Counter(answer.status for answer in by_statement) == {201: 1, 400: 4}
    assert Counter(answer.status for answer in by_token) == {201: 1, 401: 4}
    (told,) = [answer.json for answer in by_statement if answer.status == 201]
    key, change = told["registration_access_token"], metadata(own, client_id=told["client_id"], software_id="reader")
    changes = await asyncio.gather(*(manage(house, "PUT", told["client_id"], key, change) for _ in range(5)))
    assert Counter(answer.status for answer in changes) == {200: 1, 401: 4}
    assert sorted(one.state for one in await house.hand.registrations()) == ["approved", "pending"]


@pytest.mark.anyio
async def test_the_gateway_holds_on_sqlite(house: House) -> None:
    await _holds(house)


@pytest.mark.anyio
@pytest.mark.postgres
async def test_the_gateway_holds_on_postgresql(tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str) -> None:
    async with open_house(tmp_path, node_keys, clock, database_url=postgres_url) as house:
        await _holds(house)
