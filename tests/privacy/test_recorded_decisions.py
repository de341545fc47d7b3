"""What a custodian reads of a decision, and that each decision is reproduced from its row alone, to the bit."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from safepassage.wire_decisions import RecordedDecision, Reproduction
from safepassage.wire_lists import DecisionPage
from services.privacy import decision_pages
from services.privacy.policy import PolicySet, decide
from services.privacy.recorded import TABLE, RecordedOutcome, _columns_of, open_outcome
from services.privacy.sealing import packed
from services.privacy.tables import DecisionRow
from tests.privacy.node import PrivacyNode, problem_of
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.situations import policy_input
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

READ = ("decisions:read",)

FROM_THE_ROW_ALONE = """
import json, sys
from datetime import datetime
from pathlib import Path
from uuid import UUID
from services.privacy.policy import load_policy_set
from services.privacy.reproduction import reproduction_of
from services.privacy.sealing import Sealer
from services.privacy.tables import DecisionRow
row = json.loads(sys.stdin.read())
row |= {name: datetime.fromisoformat(row[name]) for name in ("decided_at", "valid_until")}
row |= {name: bytes.fromhex(row[name]) for name in ("sealed_record", "sealed_input", "sealed_outcome")}
row |= {name: row[name] and UUID(row[name]) for name in ("id", "exchange_id")}
print(reproduction_of(DecisionRow(**row), Sealer.of(Path(sys.argv[1])), load_policy_set()).model_dump_json())
"""


async def row_of(node: PrivacyNode, decision_id: UUID) -> DecisionRow:
    async with node.app.state.database.reading() as tx:
        row: DecisionRow = (await tx.execute(select(DecisionRow).where(DecisionRow.id == decision_id))).scalar_one()
    return row


async def test_a_custodian_reads_reasons_and_citations_in_full(world: World) -> None:
    facts = await world.student(flags=frozenset({"protected-address"}))
    asked = world.by_transfer(facts)
    decision = await world.node.decide(asked)
    answer = await world.node.client(world.oak, *READ).get(f"/v1/decisions/{decision.id}")
    read = RecordedDecision.model_validate_json(answer.body)
    assert read.subjects == decision.subjects
    assert (read.policies, read.citations, read.obligations) == (decision.policies, decision.citations, decision.obligations)
    assert (read.policy_hash, read.input_hash, read.outcome) == (decision.policy_hash, decision.input_hash, decision.outcome)
    assert (read.asserted_by, read.exchange_id, read.elements) == ("https://birch.example", asked.exchange_id, asked.elements)
    assert (read.asked_by.service, read.asked_by.job, read.fallen) == ("records", "dispatcher", None)


async def test_another_districts_decision_looks_absent(world: World) -> None:
    decision, request_id = await world.node.decide(world.by_transfer(await world.student())), uuid4()
    elm = world.node.client(world.elm, *READ)
    for method in ("get", "post"):
        suffix = "" if method == "get" else "/reproduction"
        answers = [
            await elm.get(f"/v1/decisions/{one}", request_id=request_id)
            if method == "get"
            else await elm.post(f"/v1/decisions/{one}{suffix}", None, request_id=request_id)
            for one in (decision.id, uuid4())
        ]
        assert (answers[0].status, answers[0].body) == (answers[1].status, answers[1].body)
        assert answers[0].status == 404


async def test_of_a_page_over_two_districts_each_reads_its_own_students(world: World) -> None:
    ours, theirs = await world.student(), await world.student(district=world.elm)
    agreement = await world.agreement(by=world.sea, district_ids=[str(world.oak.id), str(world.elm.id)])
    decision = await world.node.decide(world.by_contract(agreement, ours, theirs), by=world.node.client(world.vendor))
    for reader, students in (
        (world.oak, {ours.student_id}),
        (world.elm, {theirs.student_id}),
        (world.sea, {ours.student_id, theirs.student_id}),
    ):
        answer = await world.node.client(reader, *READ).get(f"/v1/decisions/{decision.id}")
        assert {one.student_id for one in RecordedDecision.model_validate_json(answer.body).subjects} == students


async def test_a_vendor_and_a_client_without_the_scope_read_no_decision(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student()))
    assert (await world.node.client(world.oak, "rights:act").get(f"/v1/decisions/{decision.id}")).status == 403
    assert (await world.node.client(world.vendor, *READ).get(f"/v1/decisions/{decision.id}")).status == 404


async def test_a_fall_is_read_with_its_reason(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    decision = await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    await world.withdraw(consent)
    await world.node.standing(decision.id)
    answer = await world.node.client(world.oak, *READ).get(f"/v1/decisions/{decision.id}")
    fallen = RecordedDecision.model_validate_json(answer.body).fallen
    assert fallen is not None
    assert (fallen.reason, fallen.at) == ("consent-withdrawn", world.node.clock())


async def test_a_decision_is_reproduced(world: World) -> None:
    facts = await world.student()
    oak = world.node.client(world.oak, *READ)
    for asked in (world.by_transfer(facts), world.by_transfer(facts, purpose="study")):
        decision = await world.node.decide(asked)
        await world.student(student_id=facts.student_id, version=facts.facts_version + 1, flags=frozenset({"homeless"}))
        answer = await oak.post(f"/v1/decisions/{decision.id}/reproduction", None)
        again = Reproduction.model_validate_json(answer.body)
        assert (again.decision_id, again.policy_hash, again.input_hash) == (decision.id, decision.policy_hash, decision.input_hash)
        facts = facts.model_copy(update={"facts_version": facts.facts_version + 1})


@pytest.mark.requirement("POL-5")
async def test_a_fresh_process_reproduces_decisions_from_their_rows_alone(world: World) -> None:
    facts, agreement = await world.student(), await world.agreement()
    vendor = world.node.client(world.vendor)
    decision = await world.node.decide(world.by_contract(agreement, facts), by=vendor)
    row = await row_of(world.node, decision.id)
    columns = {
        "id": str(row.id),
        "decided_at": row.decided_at.isoformat(),
        "valid_until": row.valid_until.isoformat(),
        "action": row.action,
        "exchange_id": str(row.exchange_id) if row.exchange_id else None,
        "policy_hash": row.policy_hash,
        "sealed_record": row.sealed_record.hex(),
        "sealed_input": row.sealed_input.hex(),
        "sealed_outcome": row.sealed_outcome.hex(),
    }
    again = Reproduction.model_validate_json(_in_a_fresh_process(columns, world.node.keys / "privacy"))
    assert (again.decision_id, again.policy_hash, again.input_hash) == (decision.id, decision.policy_hash, decision.input_hash)


def _in_a_fresh_process(columns: dict[str, str | None], keys: Path) -> str:
    command = [sys.executable, "-c", FROM_THE_ROW_ALONE, str(keys)]
    root = Path(__file__).parents[2]
    return subprocess.run(command, input=json.dumps(columns), capture_output=True, text=True, check=True, cwd=root).stdout


async def test_what_is_not_reproduced_is_said(world: World) -> None:
    """A row whose outcome was sealed anew over another input: only someone with the key-encryption key could do it."""
    decision = await world.node.decide(world.by_transfer(await world.student()))
    other = await world.node.decide(world.by_transfer(await world.student(), purpose="study"))
    await drop_triggers(world)
    sealer = world.node.app.state.sealer
    row, wrong = await row_of(world.node, decision.id), open_outcome(sealer, await row_of(world.node, other.id))
    resealed = sealer.seal(packed(wrong), table=TABLE, row=row.id, of=f"outcome:{_columns_of(row)}")
    async with world.node.app.state.database.transaction() as tx:
        await tx.execute(update(DecisionRow).where(DecisionRow.id == decision.id).values(sealed_outcome=resealed))
    answer = await world.node.client(world.oak, *READ).post(f"/v1/decisions/{decision.id}/reproduction", None)
    assert (answer.status, problem_of(answer).code) == (500, "decision-not-reproduced")


@pytest.mark.parametrize("column", ["valid_until", "policy_hash", "sealed_input", "action"])
async def test_an_altered_row_does_not_open(world: World, column: str) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student()))
    other = await row_of(world.node, (await world.node.decide(world.by_transfer(await world.student(), purpose="study"))).id)
    await drop_triggers(world)
    altered = {"valid_until": decision.valid_until.replace(year=2040), "policy_hash": "A" * 43, "action": "disclose"}
    value = altered.get(column, other.sealed_input)
    async with world.node.app.state.database.transaction() as tx:
        await tx.execute(update(DecisionRow).where(DecisionRow.id == decision.id).values({column: value}))
    answer = await world.node.client(world.oak, *READ).get(f"/v1/decisions/{decision.id}")
    reproduced = await world.node.client(world.oak, *READ).post(f"/v1/decisions/{decision.id}/reproduction", None)
    assert 500 in (answer.status, reproduced.status)
    assert {problem_of(one).code for one in (answer, reproduced) if one.status >= 400} <= {"seal-broken", "policy-set-not-held"}


async def test_the_store_refuses_to_alter_a_decision(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student()))
    for change in (update(DecisionRow).values(policy_hash="A" * 43), delete(DecisionRow)):
        with pytest.raises(DBAPIError):
            async with world.node.app.state.database.transaction() as tx:
                await tx.execute(change)
    assert (await row_of(world.node, decision.id)).policy_hash == decision.policy_hash


async def drop_triggers(world: World) -> None:
    """What whoever controls the store can do."""
    database = world.node.app.state.database
    names = (
        ("decision_refuses_update", "decision_refuses_delete")
        if database.is_sqlite
        else ("decision_refuses_update", "decision_refuses_removal")
    )
    async with database.transaction() as tx:
        for name in names:
            await tx.execute(text(f"DROP TRIGGER {name}" + ("" if database.is_sqlite else " ON decision")))


async def test_the_list_has_the_decisions_of_ones_own_students_newest_first(world: World) -> None:
    ours, theirs = await world.student(), await world.student(district=world.elm)
    made = []
    for facts in (ours, theirs, ours, ours):
        world.node.clock.advance(seconds=1)
        made.append((facts, (await world.node.decide(world.by_transfer(facts))).id))
    reader = world.node.client(world.oak, *READ)
    read: list[UUID] = []
    query = "limit=2"
    while query:
        page = DecisionPage.model_validate_json((await reader.get("/v1/decisions", query)).body)
        read += [one.id for one in page.decisions]
        query = f"limit=2&cursor={page.next}" if page.next else ""
    assert read == [identifier for facts, identifier in reversed(made) if facts is ours]
    state = DecisionPage.model_validate_json((await world.node.client(world.sea, *READ).get("/v1/decisions")).body)
    assert [one.id for one in state.decisions] == [identifier for _, identifier in reversed(made)]


async def test_the_list_says_what_was_asked_and_how_it_ended_and_nothing_of_the_student(world: World) -> None:
    facts = await world.student()
    decision = await world.node.decide(world.by_transfer(facts))
    answer = await world.node.client(world.oak, *READ).get("/v1/decisions")
    [one] = DecisionPage.model_validate_json(answer.body).decisions
    assert (one.id, one.basis, one.purpose, one.recipient_kind, one.outcome) == (
        decision.id,
        "transfer",
        "enrollment",
        "school",
        decision.outcome,
    )
    assert str(facts.student_id) not in answer.body.decode()


async def test_the_list_is_narrowed_by_what_was_asked_how_it_ended_and_when_and_goes_on_behind_what_it_looked_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts, agreement = await world.student(), await world.agreement()
    start, made = world.node.clock(), []
    for asked in (
        world.by_transfer(facts),
        world.by_transfer(facts, purpose="study"),
        world.by_contract(agreement, facts),
        world.by_transfer(facts, purpose="study"),
    ):
        world.node.clock.advance(minutes=1)
        by = world.node.client(world.vendor) if asked.agreement_id else None
        made.append((await world.node.decide(asked, by=by)).id)
    reader = world.node.client(world.oak, *READ)

    async def found(**asked: str) -> list[int]:
        read, query = [], urlencode({"limit": 1, **asked})
        while query:
            answer = await reader.get("/v1/decisions", query)
            page = DecisionPage.model_validate_json(answer.body)
            assert len(page.decisions) <= 1
            read += [made.index(one.id) for one in page.decisions]
            link = answer.headers.get("link", "")
            query = link.partition("?")[2].partition(">")[0] if page.next else ""
        return read

    for looked_through in (decision_pages.LOOKED_THROUGH, 1):
        monkeypatch.setattr(decision_pages, "LOOKED_THROUGH", looked_through)
        assert await found() == [3, 2, 1, 0]
        assert await found(outcome="deny") == [3, 1]
        assert await found(purpose="instruction") == [2]
        assert await found(action="redisclose", outcome="permit-with-redaction") == [0]
        assert await found(**{"from": (start + timedelta(minutes=2)).isoformat()}) == [3, 2, 1]
        assert await found(until=(start + timedelta(minutes=2)).isoformat()) == [0]
        assert await found(purpose="none") == []
    refused = await reader.get("/v1/decisions", "outcome=canary")
    assert (refused.status, problem_of(refused).field) == (422, "outcome")


async def test_a_cursor_of_another_client_or_list_is_refused(world: World) -> None:
    facts = await world.student()
    for _ in range(2):
        await world.node.decide(world.by_transfer(facts))
    page = DecisionPage.model_validate_json((await world.node.client(world.oak, *READ).get("/v1/decisions", "limit=1")).body)
    other = world.node.client(world.oak, *READ, client_id="other")
    staff = world.node.client(world.sea, "debarments:write", client_id="sis")
    for answer in (await other.get("/v1/decisions", f"cursor={page.next}"), await staff.get("/v1/debarments", f"cursor={page.next}")):
        assert (answer.status, problem_of(answer).field) == (422, "cursor")


@pytest.mark.parametrize(("situation", "required"), [("rights-holder", True), ("military-recruiter", True), ("contractor", False)])
def test_what_is_recorded_says_whether_the_law_made_it_a_duty(policy_set: PolicySet, situation: str, required: bool) -> None:
    element = "academics.transcript" if situation == "contractor" else "identity.name"
    facts = policy_input(SITUATIONS[situation], {"elements": [element]})
    outcome = decide(facts, policy_set)
    assert (outcome.outcome, RecordedOutcome.of(outcome.canonical()).required) == ("permit", required)
