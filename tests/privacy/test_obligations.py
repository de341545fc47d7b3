"""What a permission obliges to stays open until somebody shows that it was done."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from safepassage.wire_policy import Obligations, OpenObligation
from services.privacy.obligations import CONDITIONS_OF_THE_RELEASE, TRACKED, rows_owed
from services.privacy.policy.obligations import KINDS
from services.privacy.tables import ObligationRow
from shared.contracts.privacy import Obligation
from tests.privacy.node import Client, problem_of
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

SCOPES = ("obligations:discharge",)


async def listed(client: Client, query: str = "") -> Obligations:
    answer = await client.get("/v1/obligations", query)
    assert answer.status == 200, answer.body
    return Obligations.model_validate_json(answer.body)


@pytest.mark.requirement("FERPA-99.32-copy-to-district")
async def test_the_districts_copy_is_due_in_thirty_days(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student()))
    (one,) = (await listed(world.node.client(world.oak, *SCOPES))).obligations
    assert (one.kind, one.decision_id, one.discharged_at) == ("copy-to-district", decision.id, None)
    assert one.due_at == world.node.clock() + timedelta(days=30)
    assert "99.32(b)(2)(iii)" in (one.citation or "")


@pytest.mark.requirement("FERPA-99.34-notice")
async def test_where_no_notice_was_given_the_parent_is_to_be_told(world: World) -> None:
    await world.node.project(world.oak.model_copy(update={"version": 2, "annual_notice_forwards_records": None}))
    asked = world.by_transfer(await world.student())
    assert asked.transfer is not None
    evidence = asked.transfer.evidence.model_copy(update={"parent_initiated": False})
    await world.node.decide(asked.model_copy(update={"transfer": asked.transfer.model_copy(update={"evidence": evidence})}))
    kinds = [one.kind for one in (await listed(world.node.client(world.oak, *SCOPES))).obligations]
    assert kinds == ["copy-to-district", "notify-parent"]


def test_every_kind_of_the_vocabulary_is_met_by_the_release_or_tracked() -> None:
    assert set(KINDS) == CONDITIONS_OF_THE_RELEASE | TRACKED
    assert CONDITIONS_OF_THE_RELEASE.isdisjoint(TRACKED)
    assert {kind for kind, form in KINDS.items() if form.argument in ("duration", "instant")} <= TRACKED


async def test_a_denial_obliges_to_nothing(world: World) -> None:
    await world.node.decide(world.by_transfer(await world.student(), purpose="study"))
    assert await world.node.count(ObligationRow) == 0


async def test_a_thousand_reads_under_one_contract_owe_one_destruction(world: World) -> None:
    facts, agreement, vendor = await world.student(), await world.agreement(), world.node.client(world.vendor)
    for _ in range(3):
        await world.node.decide(world.by_contract(agreement, facts), by=vendor)
    (one,) = (await listed(world.node.client(world.oak, *SCOPES))).obligations
    assert (one.kind, one.due_at) == ("destroy-by", datetime(2027, 7, 1, 4, 0, tzinfo=UTC))


async def test_what_is_received_after_a_destruction_was_shown_is_to_be_destroyed_too(world: World) -> None:
    """A district that has it on paper in the middle of a contract has not discharged what the vendor receives the week after."""
    asked, vendor = world.by_contract(await world.agreement(), await world.student()), world.node.client(world.vendor)
    oak = world.node.client(world.oak, *SCOPES)
    met = []
    for _ in range(2):
        for _ in range(2):
            await world.node.decide(asked, by=vendor)
        (one,) = (await listed(oak)).obligations
        assert (one.kind, one.due_at) == ("destroy-by", datetime(2027, 7, 1, 4, 0, tzinfo=UTC))
        answer = await oak.post(f"/v1/obligations/{one.id}/discharge", {"evidence_ref": "letter of the vendor"})
        assert answer.status == 200, answer.body
        met.append(one.id)
        world.node.clock.advance(days=7)
    assert [one.id for one in (await listed(oak, "state=discharged")).obligations] == sorted(met)


def test_what_a_mandate_dates_is_owed_under_its_own_day_and_not_the_agreements() -> None:
    """An amendment, an early end or a destruction under the agreement moves and meets what the agreement dates, and nothing else."""
    now = datetime(2026, 10, 20, tzinfo=UTC)
    owed = [Obligation(kind="destroy-by", argument=fact, citation=None, due_at=now) for fact in ("agreement.ends_at", "mandate.ends_at")]
    agreement_id, decision_id, custodian_id = uuid4(), uuid4(), uuid4()
    rows = rows_owed(owed, decision_id=decision_id, agreement_id=agreement_id, custodian_ids=[custodian_id], now=now)
    assert [(row["agreement_id"], row["duty"].rsplit(":", 3)[0]) for row in rows] == [
        (agreement_id, f"agreement:{agreement_id}"),
        (None, f"decision:{decision_id}"),
    ]


async def test_when_the_contract_ends_early_destruction_is_due(world: World) -> None:
    agreement = await world.agreement()
    await world.node.decide(world.by_contract(agreement, await world.student()), by=world.node.client(world.vendor))
    await world.node.client(world.oak, "agreements:write").post(f"/v1/agreements/{agreement.id}/termination", {"reason": "breach"})
    (one,) = (await listed(world.node.client(world.oak, *SCOPES))).obligations
    assert one.due_at == world.node.clock()


@pytest.mark.parametrize(("begins", "ends"), [("2027-07-01", "2028-07-01"), ("2027-01-01", "2027-03-01")])
@pytest.mark.parametrize("received", ["before", "after"])
async def test_destruction_is_owed_at_the_end_that_was_agreed_though_its_amendment_begins_later(
    world: World, begins: str, ends: str, received: str
) -> None:
    agreement, oak = await world.agreement(), world.node.client(world.oak, *SCOPES, "agreements:write")
    asked, vendor = world.by_contract(agreement, await world.student()), world.node.client(world.vendor)
    if received == "before":
        await world.node.decide(asked, by=vendor)
    schedule = {name: world.new_agreement()[name] for name in ("document", "elements", "purposes")}
    amendment = schedule | {"signed_on": "2026-10-19", "from": begins, "ends_on": ends}
    assert (await oak.post(f"/v1/agreements/{agreement.id}/amendments", amendment)).status == 201
    if received == "after":
        assert (await world.node.decide(asked, by=vendor)).outcome == "permit"
    (one,) = (await listed(oak)).obligations
    assert one.due_at is not None
    assert one.due_at.astimezone(ZoneInfo("America/New_York")).date().isoformat() == ends


@pytest.mark.parametrize("later", ["amendments", "termination"])
async def test_what_was_discharged_keeps_the_day_on_which_it_was_due(world: World, later: str) -> None:
    agreement, oak = await world.agreement(), world.node.client(world.oak, *SCOPES, "agreements:write")
    await world.node.decide(world.by_contract(agreement, await world.student()), by=world.node.client(world.vendor))
    (one,) = (await listed(oak)).obligations
    assert (await oak.post(f"/v1/obligations/{one.id}/discharge", {"evidence_ref": "letter of Acme"})).status == 200
    schedule = {name: world.new_agreement()[name] for name in ("document", "elements", "purposes")}
    amendment = schedule | {"signed_on": "2026-10-19", "from": "2026-10-20", "ends_on": "2028-07-01"}
    body = amendment if later == "amendments" else {"reason": "breach"}
    assert (await oak.post(f"/v1/agreements/{agreement.id}/{later}", body)).status in (200, 201)
    (met,) = (await listed(oak, "state=discharged")).obligations
    assert (met.id, met.due_at) == (one.id, one.due_at)


async def test_what_was_due_at_the_end_is_due_since_then_though_the_agreement_is_terminated_later(world: World) -> None:
    agreement, oak = await world.agreement(), world.node.client(world.oak, *SCOPES, "agreements:write")
    await world.node.decide(world.by_contract(agreement, await world.student()), by=world.node.client(world.vendor))
    (one,) = (await listed(oak)).obligations
    world.node.clock.instant = one.due_at + timedelta(days=3)
    assert (await oak.post(f"/v1/agreements/{agreement.id}/termination", {"reason": "over"})).status == 200
    assert [still.due_at for still in (await listed(oak)).obligations] == [one.due_at]


async def test_an_obligation_is_discharged_with_evidence_and_does_not_vanish(world: World) -> None:
    await world.node.decide(world.by_transfer(await world.student()))
    oak = world.node.client(world.oak, *SCOPES)
    (one,) = (await listed(oak)).obligations
    path, body = f"/v1/obligations/{one.id}/discharge", {"evidence_ref": "letter to Oak, 2026-10-21"}
    world.node.clock.advance(days=1)
    key = str(uuid4())
    answer = await oak.post(path, body, key=key)
    assert OpenObligation.model_validate_json(answer.body).discharged_at == world.node.clock()
    assert (await oak.post(path, body, key=key)).body == answer.body
    again = await oak.post(path, body)
    assert (again.status, problem_of(again).code) == (409, "obligation-discharged")
    assert [len((await listed(oak, f"state={state}")).obligations) for state in ("open", "discharged", "all")] == [0, 1, 1]
    told = [event.context for event in await world.node.events() if event.context.operation == "obligation-discharged"]
    assert [(context.reason, context.decision_id) for context in told] == [("copy-to-district", one.decision_id)]
    async with world.node.app.state.database.reading() as tx:
        row = (await tx.execute(select(ObligationRow))).scalar_one()
    assert row.discharged_by == "sis"
    assert (
        world.node.app.state.sealer.open(row.sealed_evidence, table="obligation", row=row.id, of="evidence")
        == body["evidence_ref"].encode()
    )


async def test_another_districts_obligation_looks_absent(world: World) -> None:
    await world.node.decide(world.by_transfer(await world.student()))
    (one,) = (await listed(world.node.client(world.sea, *SCOPES))).obligations
    elm, request_id = world.node.client(world.elm, *SCOPES), uuid4()
    assert (await listed(elm)).obligations == ()
    body = {"evidence_ref": "x"}
    foreign = await elm.post(f"/v1/obligations/{one.id}/discharge", body, request_id=request_id)
    unknown = await elm.post(f"/v1/obligations/{uuid4()}/discharge", body, request_id=request_id)
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert (await world.node.client(world.oak, "obligations:read").post(f"/v1/obligations/{one.id}/discharge", body)).status == 403


async def test_pages_follow_one_another_and_those_due_first_come_first(world: World) -> None:
    await world.node.project(world.oak.model_copy(update={"version": 2, "annual_notice_forwards_records": None}))
    for _ in range(4):
        asked: Any = world.by_transfer(await world.student())
        evidence = asked.transfer.evidence.model_copy(update={"parent_initiated": False})
        await world.node.decide(asked.model_copy(update={"transfer": asked.transfer.model_copy(update={"evidence": evidence})}))
        world.node.clock.advance(hours=-1)
    oak = world.node.client(world.oak, *SCOPES)
    whole = (await listed(oak)).obligations
    dues = [one.due_at for one in whole]
    assert [due for due in dues if due] == sorted(due for due in dues if due)
    assert dues[4:] == [None] * 4
    page = await listed(oak, "limit=3")
    seen: list[OpenObligation] = []
    while True:
        seen += page.obligations
        if page.next is None:
            break
        page = await listed(oak, f"limit=3&cursor={page.next}")
    assert tuple(seen) == whole


async def test_a_cursor_is_of_one_client_and_one_list(world: World) -> None:
    for _ in range(3):
        await world.node.decide(world.by_transfer(await world.student()))
    oak = world.node.client(world.oak, *SCOPES)
    cursor = (await listed(oak, "limit=1")).next
    other = world.node.client(world.oak, *SCOPES, client_id="another")
    for client, query in (
        (other, f"cursor={cursor}"),
        (oak, f"state=all&cursor={cursor}"),
        (oak, "cursor=AAAA"),
        (oak, f"cursor={cursor}x"),
    ):
        answer = await client.get("/v1/obligations", query)
        assert (answer.status, problem_of(answer).field) == (422, "cursor")
