"""An obligation is met, or two different officials of the agency waive it: never one, never the same one twice, never the vendor."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from safepassage.canonical import digest_of
from safepassage.wire_duties import ObligationWaiver
from safepassage.wire_policy import Obligations, OpenObligation
from services.privacy.tables import ObligationWaiverRow
from shared.officials import official_of
from tests.privacy.node import SIGNED_IN, Client, problem_of
from tests.privacy.rights import looks_absent
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

SCOPES = ("obligations:waive", "obligations:discharge")


def waiver(pairwise_id: str = "o-1", **more: Any) -> dict[str, Any]:
    """One official's word."""
    official = {
        "pairwise_id": pairwise_id,
        "role": "superintendent",
        "assurance_level": "ial2",
        "method": "badge",
        "evidence_ref": "session 5",
        "authenticated_at": "2026-10-20T11:00:00.000Z",
    }
    return {"official": official | more, "reason": "record-never-used", "reason_ref": "memo 3"}


async def owed(world: World) -> OpenObligation:
    """The district's copy of a record of redisclosure."""
    await world.node.decide(world.by_transfer(await world.student()))
    return (await listed(world.node.client(world.oak, *SCOPES)))[0]


async def listed(client: Client, state: str = "open") -> tuple[OpenObligation, ...]:
    answer = await client.get("/v1/obligations", f"state={state}")
    return Obligations.model_validate_json(answer.body).obligations


@pytest.mark.requirement("DUTY-waived-by-two")
async def test_two_officials_waive_and_one_does_not(world: World) -> None:
    one, oak = await owed(world), world.node.client(world.oak, *SCOPES)
    path = f"/v1/obligations/{one.id}/waivers"
    first = OpenObligation.model_validate_json((await oak.post(path, waiver())).body)
    assert (first.waivers, first.waived_at, len(await listed(oak))) == (1, None, 1)
    world.node.clock.advance(hours=1)
    second = OpenObligation.model_validate_json((await oak.post(path, waiver("o-2"))).body)
    assert (second.waivers, second.waived_at) == (2, world.node.clock())
    assert [len(await listed(oak, state)) for state in ("open", "waived", "discharged", "all")] == [0, 1, 0, 1]
    third = await oak.post(path, waiver("o-3"))
    assert (third.status, problem_of(third).code) == (409, "obligation-waived")
    discharge = await oak.post(f"/v1/obligations/{one.id}/discharge", {"evidence_ref": "x"})
    assert problem_of(discharge).code == "obligation-waived"


@pytest.mark.requirement("DUTY-waived-by-two")
async def test_the_same_official_counts_once_whichever_client_and_organisation_they_use(world: World) -> None:
    one = await owed(world)
    path = f"/v1/obligations/{one.id}/waivers"
    await world.node.client(world.oak, *SCOPES).post(path, waiver())
    for client in (
        world.node.client(world.oak, *SCOPES),
        world.node.client(world.oak, *SCOPES, client_id="another"),
        world.node.client(world.sea, *SCOPES),
    ):
        answer = await client.post(path, waiver(role="counsel", method="card", evidence_ref="session 6"))
        assert (answer.status, problem_of(answer).code) == (409, "waiver-not-counted")
    assert (await world.node.client(world.oak, *SCOPES).post(path, waiver("O-1"))).status == 422
    assert await world.node.count(ObligationWaiverRow) == 1


@pytest.mark.requirement("DUTY-waived-by-two")
async def test_who_signed_in_waives_as_themselves_and_not_as_the_other_official_too(world: World) -> None:
    one, person = await owed(world), digest_of(b"somebody who signed in")
    path, application = f"/v1/obligations/{one.id}/waivers", world.node.client(world.oak, *SCOPES, person=person)
    assert (await application.post(path, waiver(official_of(person)))).status == 200
    answer = await application.post(path, waiver("o-2"))
    assert (answer.status, problem_of(answer).code) == (403, "not-permitted")
    assert await world.node.count(ObligationWaiverRow) == 1
    async with world.node.app.state.database.reading() as tx:
        row = (await tx.scalars(select(ObligationWaiverRow))).one()
    of = f"waiver:{row.official}"
    opened = world.node.app.state.sealer.open(row.sealed, table="obligation_waiver", row=row.obligation_id, of=of)
    kept = ObligationWaiver.model_validate_json(opened).official
    assert (kept.role, kept.authenticated_at) == (application.claims.role, SIGNED_IN), "as the door knows them"


@pytest.mark.requirement("DUTY-waived-by-two")
async def test_nobody_of_the_party_that_owes_waives(world: World) -> None:
    agreement, vendor = await world.agreement(), world.node.client(world.vendor, *SCOPES)
    await world.node.decide(world.by_contract(agreement, await world.student()), by=vendor)
    (one,) = await listed(world.node.client(world.oak, *SCOPES))
    path = f"/v1/obligations/{one.id}/waivers"
    assert (await vendor.post(path, waiver())).status == 403
    assert (await world.node.client(world.oak_school, *SCOPES).post(path, waiver())).status == 403
    assert (await world.node.client(world.oak, "obligations:discharge").post(path, waiver())).status == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"assurance_level": "ial1"}, 422),
        ({"authenticated_at": "2026-10-20T12:00:00.001Z"}, 422),
        ({"authenticated_at": "2026-10-20T12:00:00.000Z"}, 200),
        ({"name": "Jane Doe"}, 422),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_an_official_is_identified_and_authenticated_before(world: World, change: dict[str, Any], status: int) -> None:
    one = await owed(world)
    answer = await world.node.client(world.oak, *SCOPES).post(f"/v1/obligations/{one.id}/waivers", waiver(**change))
    assert answer.status == status


async def test_what_was_discharged_is_not_waived_and_what_another_owes_looks_absent(world: World) -> None:
    one, oak = await owed(world), world.node.client(world.oak, *SCOPES)
    await looks_absent(world, world.elm, "POST", f"/v1/obligations/{one.id}/waivers", waiver())
    await oak.post(f"/v1/obligations/{one.id}/discharge", {"evidence_ref": "letter"})
    answer = await oak.post(f"/v1/obligations/{one.id}/waivers", waiver())
    assert problem_of(answer).code == "obligation-discharged"


async def test_it_is_told_repeated_once_and_cannot_be_rewritten(world: World) -> None:
    one, oak, key = await owed(world), world.node.client(world.oak, *SCOPES), str(uuid4())
    path = f"/v1/obligations/{one.id}/waivers"
    first = await oak.post(path, waiver(), key=key)
    assert (await oak.post(path, waiver(), key=key)).body == first.body
    await oak.post(path, waiver("o-2"))
    told = [event.context for event in await world.node.events() if event.class_ == "duty"]
    assert [(context.operation, context.count, context.outcome) for context in told] == [
        ("obligation-waiver", 1, "copy-to-district"),
        ("obligation-waived", 2, "copy-to-district"),
    ]
    for change in (update(ObligationWaiverRow).values(official="o-9"), delete(ObligationWaiverRow)):
        with pytest.raises(DBAPIError):
            async with world.node.app.state.database.transaction() as tx:
                await tx.execute(change)
