"""The receipts of an exchange end the duties that it serves, with the receipt as evidence; and nobody else's."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from safepassage.canonical import digest_of
from safepassage.wire_duties import Duty
from services.privacy.tables import DutyExchangeRow
from shared.contracts.exchange_milestones import ExchangeMilestone, MilestoneBatch
from shared.contracts.privacy import DecisionRequest, MilitaryService, MilitaryStatus, Recipient, TransferFacts
from shared.in_process import Answer
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff
from tests.privacy.world import BIRCH, World, evidence

pytestmark = pytest.mark.anyio

R1, R2 = digest_of(b"first receipt"), digest_of(b"second receipt")


async def reached(world: World, exchange_id: UUID, reached: Any, receipt: str = R1, *, hours: float = 0) -> Answer:
    """records tells of a receipt that came so many hours ago."""
    at = world.node.clock() - timedelta(hours=hours)
    told = ExchangeMilestone(exchange_id=exchange_id, reached=reached, peer=BIRCH, receipt=receipt, at=at)
    token = world.node.records.for_job("privacy", "outbox", world.node.clock())
    return await world.node.send("POST", "/internal/exchange-milestones", token, body=MilestoneBatch(milestones=(told,)))


async def sending(world: World, *flags: str) -> UUID:
    """Another state's request for a child of whom the law says something; the id of the exchange."""
    asked = world.by_transfer(await world.student(flags=frozenset(flags)))
    await world.node.decide(asked)
    assert asked.exchange_id is not None
    return asked.exchange_id


def asking(world: World, *duty_ids: UUID, **more: Any) -> DecisionRequest:
    """Oak asks Birch for the record of a child who has enrolled."""
    school = str(world.oak_school.id)
    transfer = TransferFacts(evidence=evidence(school), request_digest=digest_of(b"request"), asserted_by=school)
    values: dict[str, Any] = {
        "action": "request",
        "subjects": (),
        "recipient": Recipient(kind="school", id=school),
        "basis": "transfer",
        "purpose": "enrollment",
        "elements": ("academics.transcript",),
        "transfer": transfer,
        "exchange_id": uuid4(),
        "duty_ids": duty_ids,
    }
    return DecisionRequest(**values | more)


async def opened(staff: Staff, kind: str) -> Duty:
    body = {"kind": kind, "started_at": "2026-10-20T11:00:00.000Z", "evidence_ref": "enrolment form"}
    duty: Duty = await staff.post("/v1/duties", body, Duty)
    return duty


@pytest.mark.requirement("DUTY-served")
@pytest.mark.parametrize("flag", ["special-education", "homeless", "foster", "military", "migrant"])
async def test_the_recipients_receipt_ends_the_duty_to_send_with_itself_as_evidence(world: World, flag: str) -> None:
    exchange_id, staff = await sending(world, flag), Staff(world)
    world.node.clock.advance(days=2)
    for _ in range(2):
        assert (await reached(world, exchange_id, "delivered", hours=1)).status == 204
    (duty,) = await staff.duties("state=done")
    assert (duty.state, duty.late, duty.done_at) == ("done", False, world.node.clock() - timedelta(hours=1))
    assert duty.evidence_ref == f"exchange:{exchange_id}:delivered:{R1}"
    told = [event for event in await world.node.events() if event.class_ == "duty"]
    assert [(one.context.operation, one.context.reason, one.context.exchange_id) for one in told] == [("duty-done", duty.kind, exchange_id)]
    assert (told[0].context.request_digest, told[0].subjects, told[0].actor.kind) == (R1, (duty.student_id,), "system")


@pytest.mark.requirement("DUTY-served")
async def test_a_receipt_that_comes_too_late_ends_the_duty_late(world: World) -> None:
    exchange_id = await sending(world, "military")
    (duty,) = await Staff(world).duties()
    world.node.clock.instant = duty.overdue_at + timedelta(hours=5)
    assert [one.state for one in await Staff(world).duties()] == ["overdue"]
    await reached(world, exchange_id, "delivered", hours=5)
    (ended,) = await Staff(world).duties("state=done")
    assert (ended.state, ended.late, ended.done_at) == ("done", True, duty.overdue_at)


@pytest.mark.parametrize("what", ["accepted", "filed", "rejected"])
async def test_nothing_but_the_delivery_ends_the_duty_to_send(world: World, what: str) -> None:
    exchange_id = await sending(world, "military", "homeless")
    await reached(world, exchange_id, what)
    await reached(world, uuid4(), "delivered")
    assert await Staff(world).kinds() == ["mckinney-vento-send-records", "mic3-send-records"]


@pytest.mark.requirement("DUTY-served")
async def test_a_record_that_could_not_be_filed_opens_the_duty_again(world: World) -> None:
    exchange_id, staff = await sending(world, "military"), Staff(world)
    await reached(world, exchange_id, "delivered")
    await reached(world, exchange_id, "rejected", R2)
    (duty,) = await staff.duties()
    assert (duty.state, duty.done_at, duty.evidence_ref) == ("open", None, None)
    by_hand = {"evidence_ref": f"exchange:{exchange_id}:delivered:by-post"}
    ended = await staff.post(f"/v1/duties/{duty.id}/completion", by_hand, Duty, status=200)
    await reached(world, exchange_id, "rejected", R2)
    assert [one.evidence_ref for one in await staff.duties("state=done")] == [ended.evidence_ref]
    operations = [event.context.operation for event in await world.node.events() if event.class_ == "duty"]
    assert operations == ["duty-done", "duty-reopened", "duty-done"]


@pytest.mark.requirement("DUTY-served")
@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("mic3-request-records", "accepted"),
        ("mckinney-vento-contact-school", "accepted"),
        ("foster-contact-school", "filed"),
        ("idea-obtain-records", "filed"),
    ],
)
async def test_the_request_that_names_a_duty_ends_it_with_the_receipt_that_it_gets(world: World, kind: str, what: str) -> None:
    staff = Staff(world)
    duty, other = await opened(staff, kind), await opened(staff, kind)
    asked = asking(world, duty.id)
    decision = await world.node.decide(asked, by=world.node.client(world.oak, "exchange:request"))
    assert (decision.outcome, decision.token is None) == ("permit", False)
    assert asked.exchange_id is not None
    await reached(world, asked.exchange_id, what)
    assert [one.id for one in await staff.duties()] == [other.id]
    (ended,) = await staff.duties("state=done")
    assert (ended.id, ended.evidence_ref) == (duty.id, f"exchange:{asked.exchange_id}:{what}:{R1}")


async def test_that_the_request_was_taken_does_not_mean_that_the_records_were_obtained(world: World) -> None:
    staff = Staff(world)
    duty = await opened(staff, "idea-obtain-records")
    asked = asking(world, duty.id)
    await world.node.decide(asked, by=world.node.client(world.oak, "exchange:request"))
    await reached(world, asked.exchange_id or UUID(int=0), "accepted")
    assert [one.id for one in await staff.duties()] == [duty.id]


async def test_a_duty_that_staff_opens_about_an_exchange_ends_with_its_receipts_too(world: World) -> None:
    staff, exchange_id = Staff(world), uuid4()
    body = {"kind": "mic3-send-records", "started_at": "2026-10-20T11:00:00.000Z", "evidence_ref": "r", "about": f"exchange:{exchange_id}"}
    await staff.post("/v1/duties", body, Duty)
    await reached(world, exchange_id, "delivered")
    assert [one.state for one in await staff.duties("state=all")] == ["done"]


@pytest.mark.requirement("DUTY-served")
async def test_anothers_duty_cannot_be_named_and_looks_like_none(world: World) -> None:
    foreign = await opened(Staff(world, world.elm), "mic3-request-records")
    by = world.node.client(world.oak, "exchange:request")
    for duty_id in (foreign.id, uuid4()):
        answer = await world.node.ask(asking(world, duty_id), by=by)
        assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (404, "no-such-duty", "duty_ids")
    assert (await world.node.ask(asking(world, foreign.id))).status == 404
    assert await world.node.count(DutyExchangeRow) == 0
    misplaced = world.by_transfer(await world.student(), duty_ids=(foreign.id,))
    assert problem_of(await world.node.ask(misplaced)).field == "duty_ids"


async def test_the_store_does_not_tell_which_exchange_serves_a_duty(world: World) -> None:
    exchange_id = await sending(world, "foster")
    async with world.node.app.state.database.reading() as tx:
        (row,) = (await tx.execute(select(DutyExchangeRow))).scalars().all()
    assert str(exchange_id) not in f"{row.exchange_key} {row.duty_key}"
    assert row.duty_key.startswith("of-a-child:")


@pytest.mark.requirement("DUTY-mic3")
@pytest.mark.parametrize(
    ("status", "owed"),
    [("active-duty", True), ("not-known", True), ("veteran", False), ("guard-or-reserve-inactive", False), ("civilian", False)],
)
async def test_whom_the_compact_does_not_cover_starts_no_clock_of_the_compact(world: World, status: MilitaryStatus, owed: bool) -> None:
    facts = await world.student(flags=frozenset({"military", "homeless"}), military_service=MilitaryService(status=status))
    await world.node.decide(world.by_transfer(facts))
    assert ("mic3-send-records" in await Staff(world).kinds()) is owed
    assert "mckinney-vento-send-records" in await Staff(world).kinds()


async def test_only_records_tells_and_for_no_client(world: World) -> None:
    body = MilestoneBatch(
        milestones=(ExchangeMilestone(exchange_id=uuid4(), reached="filed", peer=BIRCH, receipt=R1, at=world.node.clock()),)
    )
    for token in (
        world.node.gateway.for_job("privacy", "outbox", world.node.clock()),
        world.node.records_token(world.node.client(world.oak, "exchange:request")),
    ):
        assert (await world.node.send("POST", "/internal/exchange-milestones", token, body=body)).status in (401, 403)
