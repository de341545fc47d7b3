"""A party is suspended in one act: its clients are out at once, none comes in by any way, and lifting lets those in that it put out."""

from uuid import UUID, uuid4

import pytest

from safepassage.problems.access import PartySuspended
from safepassage.wire_organisations import Organisation
from services.gateway.door.quota_store import sum_up
from services.gateway.registry import suspensions
from shared.contracts.audit import Actor
from tests.gateway.by_hand import Party, ask_token
from tests.gateway.house import ISSUER, House
from tests.gateway.registration.registering import initial_token, metadata, register

pytestmark = pytest.mark.anyio

OFFICER = Actor(kind="person", person="p" * 42 + "A", role="privacy-officer")


async def suspend(house: House, party: Organisation, suspension_id: UUID | None = None) -> int:
    async with house.app.state.database.transaction() as tx:
        about = {"suspension_id": suspension_id or uuid4(), "reason": "breach-suspected", "reference": "file 7"}
        count = await suspensions.suspend(tx, house.app.state.outbox, party.id, **about, actor=OFFICER, now=house.now)
    await house.app.state.standing.refresh()
    return count


async def lift(house: House, party: Organisation) -> int:
    async with house.app.state.database.transaction() as tx:
        back = await suspensions.lift(tx, house.app.state.outbox, party.id, reference="file 8", actor=OFFICER, now=house.now)
    await house.app.state.standing.refresh()
    return back


async def test_its_tokens_end_at_once_and_it_gets_no_other_until_it_is_lifted(house: House) -> None:
    vendor, other = await house.organisation("vendor"), await house.organisation("vendor")
    party, stranger = await house.party(vendor, "records:read"), await house.party(other, "records:read")
    token, foreign = await house.token(party), await house.token(stranger)
    assert (await house.call(party, token, "GET", "/v1/roster-entries")).status == 200
    assert await suspend(house, vendor) == 1
    assert (await house.call(party, token, "GET", "/v1/roster-entries")).status == 401
    assert (await ask_token(house.app, party, house.now)).json["error"] == "unauthorized_client"
    assert (await house.call(stranger, foreign, "GET", "/v1/roster-entries")).status == 200
    assert await lift(house, vendor) == 1
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
    assert (await suspend(house, vendor), await lift(house, vendor)) == (1, 1)
    out = {str(one.id): one.disabled_at is not None for one in await house.hand.clients()}
    assert {out[party.client_id], out[before.client_id]} == {False, True}
    assert out[before.client_id]


async def test_the_same_suspension_sent_twice_is_one_and_another_beside_it_is_refused(house: House) -> None:
    vendor, identifier = await house.organisation("vendor"), uuid4()
    await house.party(vendor, "records:read")
    assert [await suspend(house, vendor, identifier) for _ in range(2)] == [1, 1]
    with pytest.raises(PartySuspended):
        await suspend(house, vendor)
    assert [await lift(house, vendor) for _ in range(2)] == [1, 0]
    assert await suspend(house, vendor) == 1


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
