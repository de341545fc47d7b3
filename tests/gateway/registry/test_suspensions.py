"""A party is suspended in one act: its clients are out at once, none comes in by any way, and lifting lets those in that it put out."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.problems.access import PartySuspended
from safepassage.wire_organisations import Organisation
from safepassage.wire_suspensions import NewSuspension
from services.gateway.door.quota_store import sum_up
from services.gateway.registry import suspensions
from shared.contracts.audit import Actor
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask_token
from tests.gateway.house import ISSUER, House, open_house
from tests.gateway.registration.registering import initial_token, metadata, register
from tests.links import linked

pytestmark = pytest.mark.anyio

OFFICER = Actor(kind="person", person="p" * 42 + "A", role="privacy-officer")


async def suspend(house: House, party: Organisation, suspension_id: UUID | None = None) -> int:
    """As an officer does on a page of the console."""
    new = NewSuspension(reason="breach-suspected", reference="file 7")
    async with house.app.state.database.transaction() as tx:
        about = {"suspension_id": suspension_id or uuid4(), "actor": OFFICER, "now": house.now}
        suspension = await suspensions.suspend(tx, house.app.state.outbox, party.id, new, **about)
    await house.app.state.standing.refresh()
    return len(suspension.client_ids)


async def lift(house: House, party: Organisation) -> UUID:
    async with house.app.state.database.transaction() as tx:
        stands = await suspensions.standing_suspension(tx, party.id)
        assert stands is not None
        about = {"reference": "file 8", "actor": OFFICER, "now": house.now}
        await suspensions.lift(tx, house.app.state.outbox, party.id, stands.id, **about)
    await house.app.state.standing.refresh()
    return stands.id


class Administrator:
    """A client that administers clients, of the state or of a district."""

    def __init__(self, house: House, party: Party) -> None:
        self._house, self.party = house, party

    async def ask(self, method: str, path: str, *, key: str | None = None, **about: Any) -> Answer:
        headers = [("idempotency-key", key or str(uuid4()))] if method == "POST" else []
        token = await self._house.token(self.party)
        return await self._house.call(self.party, token, method, f"/v1/organisations/{path}", headers=headers, **about)

    async def suspend(self, party: UUID, *, key: str | None = None, reference: str = "file 7") -> Answer:
        return await self.ask("POST", f"{party}/suspensions", key=key, json={"reason": "security-in-doubt", "reference": reference})

    async def lift(self, party: UUID, suspension: str) -> Answer:
        return await self.ask("POST", f"{party}/suspensions/{suspension}/lifting", json={"reference": "file 8"})


@pytest.fixture
async def admin(house: House) -> Administrator:
    return Administrator(house, await house.sea_party("admin:clients"))


async def test_its_tokens_end_at_once_and_it_gets_no_other_until_it_is_lifted(house: House) -> None:
    vendor, other = await house.organisation("vendor"), await house.organisation("vendor")
    party, stranger = await house.party(vendor, "records:read"), await house.party(other, "records:read")
    token, foreign = await house.token(party), await house.token(stranger)
    assert (await house.call(party, token, "GET", "/v1/roster-entries")).status == 200
    assert await suspend(house, vendor) == 1
    assert (await house.call(party, token, "GET", "/v1/roster-entries")).status == 401
    assert (await ask_token(house.app, party, house.now)).json["error"] == "unauthorized_client"
    assert (await house.call(stranger, foreign, "GET", "/v1/roster-entries")).status == 200
    await lift(house, vendor)
    assert (await ask_token(house.app, party, house.now)).status == 200
    told = [one for one in await house.entries() if one.context.about == f"organisation:{vendor.id}"]
    assert [(one.context.operation, one.context.reason, one.context.count, one.actor.person) for one in told[-2:]] == [
        ("party-suspended", "breach-suspected", 1, OFFICER.person),
        ("suspension-lifted", "breach-suspected", 1, OFFICER.person),
    ]


async def test_while_it_stands_no_client_of_the_party_comes_in_by_any_way(house: House) -> None:
    vendor = await house.organisation("vendor")
    party = await house.party(vendor, "records:read")
    await suspend(house, vendor)
    with pytest.raises(PartySuspended):
        await house.hand.enable_client(UUID(party.client_id))
    with pytest.raises(PartySuspended):
        await house.party(vendor, "records:read")


async def test_nor_by_registering_itself_or_by_being_approved(house: House) -> None:
    vendor = await house.organisation("vendor")
    tokens = [await initial_token(house, vendor.id) for _ in range(2)]
    first, second = Party("", ISSUER), Party("", ISSUER)
    pending = await register(house, metadata(first), token=tokens[0])
    assert pending.json["registration_state"] == "pending", pending.body
    await suspend(house, vendor)
    with pytest.raises(PartySuspended):
        await house.hand.approve_registration(UUID(pending.json["client_id"]))
    late = await register(house, metadata(second), token=tokens[1])
    assert late.status == 401, late.body
    await lift(house, vendor)
    assert (await house.hand.approve_registration(UUID(pending.json["client_id"]))).state == "approved"


async def test_who_was_out_before_stays_out_when_it_is_lifted(house: House) -> None:
    vendor = await house.organisation("vendor")
    party, before = await house.party(vendor, "records:read"), await house.party(vendor, "records:read")
    await house.hand.disable_client(UUID(before.client_id))
    assert await suspend(house, vendor) == 1
    await lift(house, vendor)
    out = {str(one.id): one.disabled_at is not None for one in await house.hand.clients()}
    assert {out[party.client_id], out[before.client_id]} == {False, True}
    assert out[before.client_id]


async def test_who_is_disabled_by_itself_meanwhile_stays_out_when_it_is_lifted(house: House) -> None:
    vendor = await house.organisation("vendor")
    leaked, other = await house.party(vendor, "records:read"), await house.party(vendor, "records:read")
    assert await suspend(house, vendor) == 2
    for _ in range(2):
        await house.hand.disable_client(UUID(leaked.client_id))
    put_out = [one.context for one in await house.entries() if one.context.about == f"client:{leaked.client_id}"]
    assert [one.operation for one in put_out].count("client-disabled") == 2, "by the suspension, and by itself, which is done once"
    await lift(house, vendor)
    out = {str(one.id): one.disabled_at is not None for one in await house.hand.clients()}
    assert (out[leaked.client_id], out[other.client_id]) == (True, False)
    assert (await house.hand.enable_client(UUID(leaked.client_id))).disabled_at is None, "whoever put it out lets it in"


@pytest.mark.postgres
async def test_who_is_disabled_or_let_in_at_the_moment_of_a_suspension_or_its_lifting_is_out(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str
) -> None:
    async with open_house(tmp_path, node_keys, clock, database_url=postgres_url) as house:

        async def vendor_of_three() -> tuple[Organisation, UUID]:
            vendor = await house.organisation("vendor")
            first, *_ = [await house.party(vendor, "records:read") for _ in range(3)]
            return vendor, UUID(first.client_id)

        async def are_out(vendor: Organisation) -> Counter[bool]:
            return Counter(one.disabled_at is not None for one in await house.hand.clients() if one.organisation_id == vendor.id)

        for _ in range(10):
            vendor, leaked = await vendor_of_three()
            await asyncio.gather(suspend(house, vendor), house.hand.disable_client(leaked))
            await lift(house, vendor)
            assert await are_out(vendor) == {True: 1, False: 2}
            vendor, leaked = await vendor_of_three()
            await suspend(house, vendor)
            await asyncio.gather(lift(house, vendor), house.hand.disable_client(leaked))
            assert await are_out(vendor) == {True: 1, False: 2}
            vendor, other = await vendor_of_three()
            await house.hand.disable_client(other)
            await asyncio.gather(suspend(house, vendor), house.hand.enable_client(other), return_exceptions=True)
            assert await are_out(vendor) == {True: 3}, "whoever is let in at the moment of the suspension is out with the others"


async def test_the_same_suspension_sent_twice_is_one_and_another_beside_it_is_refused(house: House) -> None:
    vendor, identifier = await house.organisation("vendor"), uuid4()
    await house.party(vendor, "records:read")
    assert [await suspend(house, vendor, identifier) for _ in range(2)] == [1, 1]
    with pytest.raises(PartySuspended):
        await suspend(house, vendor)
    await lift(house, vendor)
    assert await suspend(house, vendor) == 1


async def test_a_system_of_the_state_suspends_a_party_once_and_lifts_it_once(house: House, admin: Administrator) -> None:
    vendor = await house.organisation("vendor")
    party, token = (held := await house.party(vendor, "records:read")), await house.token(held)
    answers = [await admin.suspend(vendor.id, key="k" * 16) for _ in range(2)]
    assert [one.status for one in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    suspension = answers[0].json
    assert (suspension["client_ids"], suspension["reference"]) == ([party.client_id], "file 7")
    assert (await house.call(party, token, "GET", "/v1/roster-entries")).status == 401
    refused = [await admin.suspend(vendor.id), await admin.suspend(vendor.id, key="k" * 16, reference="file 9")]
    assert [(one.status, one.json["code"]) for one in refused] == [(409, "party-suspended"), (422, "idempotency-key-reused")]
    with pytest.raises(PartySuspended):
        await house.hand.enable_client(UUID(party.client_id))
    lifted = [await admin.lift(vendor.id, suspension["id"]) for _ in range(2)]
    assert [one.status for one in lifted] == [200, 200]
    assert lifted[0].json == lifted[1].json
    assert lifted[0].json["lifted_reference"] == "file 8"
    house.clock.advance(seconds=1)
    anew = (await ask_token(house.app, party, house.now)).json["access_token"]
    assert (await house.call(party, anew, "GET", "/v1/roster-entries")).status == 200
    told = [one for one in await house.entries() if one.context.about == f"organisation:{vendor.id}"]
    acts = [(one.context.operation, one.context.reason, one.context.count, one.actor.client_id) for one in told[-2:]]
    assert acts == [(act, "security-in-doubt", 1, admin.party.client_id) for act in ("party-suspended", "suspension-lifted")]
    assert not any(f"file {n}" in one.model_dump_json() for one in told for n in (7, 8)), "what it rests on stays in the register"


async def test_the_suspensions_of_a_party_are_listed_those_that_stand_and_those_that_were_lifted(
    house: House, admin: Administrator
) -> None:
    vendor, other = await house.organisation("vendor"), await house.organisation("vendor")
    told, leads = vendor.model_dump_json().encode(), f"/v1/organisations/{vendor.id}"
    assert linked("gateway.add_organisation", "gateway.suspend_party", told) == f"{leads}/suspensions"
    assert linked("gateway.change_organisation", "gateway.suspend_party", told, path=leads) == f"{leads}/suspensions"
    first = (await admin.suspend(vendor.id)).json["id"]
    await admin.lift(vendor.id, first)
    second, foreign = [(await admin.suspend(one.id)).json["id"] for one in (vendor, other)]

    async def listed(query: str) -> list[str]:
        return [one["id"] for one in (await admin.ask("GET", f"{vendor.id}/suspensions{query}")).json["suspensions"]]

    assert [await listed(query) for query in ("?standing=true", "?standing=false")] == [[second], [first]]
    assert sorted(await listed("")) == sorted([first, second])
    page = await admin.ask("GET", f"{vendor.id}/suspensions?limit=1")
    assert (len(page.json["suspensions"]), f"/v1/organisations/{vendor.id}/suspensions?" in page.headers["link"]) == (1, True)
    assert (await admin.lift(vendor.id, foreign)).status == 404, "another party's"
    assert await listed("?standing=true") == [second]


async def test_who_is_no_party_is_not_suspended_and_to_a_district_every_party_looks_absent(house: House, admin: Administrator) -> None:
    vendor = await house.organisation("vendor")
    [state] = [one for one in await house.hand.organisations() if one.kind == "sea"]
    district = await house.organisation("lea", parent_id=state.id)
    school = await house.organisation("school", parent_id=district.id)
    of_district = Administrator(house, await house.party(district, "admin:clients"))
    suspension = (await admin.suspend(vendor.id)).json["id"]
    asked = [
        *[await admin.suspend(one) for one in (state.id, district.id, uuid4())],
        *[await of_district.suspend(one) for one in (vendor.id, school.id, district.id)],
        await of_district.lift(vendor.id, suspension),
        await of_district.ask("GET", f"{vendor.id}/suspensions"),
    ]
    assert [one.status for one in asked] == [404] * len(asked)
    stands = await admin.ask("GET", f"{vendor.id}/suspensions?standing=true")
    assert [one["id"] for one in stands.json["suspensions"]] == [suspension]


async def test_the_last_day_on_which_a_credential_was_used_is_known(house: House) -> None:
    vendor = await house.organisation("vendor")
    used, unused = await house.party(vendor, "records:read"), await house.party(vendor, "records:read")
    await house.call(used, await house.token(used), "GET", "/v1/roster-entries")
    state = house.app.state
    await sum_up(state.door.allowances, state.database, state.outbox, state.clock)
    async with state.database.reading() as tx:
        credentials = (await suspensions.credentials_of(tx, [vendor.id]))[vendor.id]
    last = {str(one.id): one.last_used_on for one in credentials}
    assert last == {used.client_id: state.door.allowances.quotas.today, unused.client_id: None}
