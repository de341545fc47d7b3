"""Each basis, end to end: permitted on stored evidence, denied without it, with revoked evidence and with evidence of another district."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, event

from services.privacy.evidence_rules import RULES
from services.privacy.facts import Facts, read_facts
from services.privacy.recorded import open_record
from services.privacy.tables import DecisionRow
from shared import prepared
from shared.contracts.privacy import Attendance, Decision, DecisionRequest, Recipient
from tests.privacy.grounds import SITUATIONS, Grounds, on
from tests.privacy.node import Client
from tests.privacy.test_opt_outs import said
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


def asker(world: World) -> Client:
    """Oak's own system, which authenticated the recipient."""
    return world.node.client(world.oak, client_id="enforcement")


async def decide(world: World, asked: DecisionRequest, *evidence_ids: object) -> Decision:
    """The decision with evidence named."""
    return await world.node.decide(asked.model_copy(update={"evidence_ids": tuple(evidence_ids)}), by=asker(world))


def test_there_is_a_situation_for_every_basis_that_stands_on_evidence() -> None:
    assert SITUATIONS.keys() == {basis for rule in RULES.values() for basis in rule.bases} - {"educator-application"}


@pytest.mark.requirement("HARD-15", "POL-20")
@pytest.mark.parametrize("basis", sorted(SITUATIONS))
async def test_a_basis_permits_on_stored_evidence_and_not_without_or_after_its_revocation(world: World, basis: str) -> None:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, basis)
    assert (await decide(world, asked)).outcome == "deny"
    evidence = await record()
    named = (evidence.id,) if SITUATIONS[basis].named else ()
    permitted = await decide(world, asked, *named)
    assert permitted.outcome == "permit", permitted.subjects
    assert (await world.node.standing(permitted.id)).stands
    await grounds.revoke(evidence)
    assert (await decide(world, asked, *named)).outcome == "deny"
    fallen = await world.node.standing(permitted.id)
    assert (fallen.stands, fallen.reason) != (True, None)
    assert not fallen.stands


async def test_a_decision_keeps_which_version_of_its_evidence_it_saw(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, "judicial-order")
    evidence = await record()
    seen = []
    for _ in range(2):
        decision = await decide(world, asked, evidence.id)
        async with world.node.app.state.database.reading() as tx:
            row = await tx.get_one(DecisionRow, decision.id)
        seen.append(open_record(world.node.app.state.sealer, row).epochs["evidence"])
        if len(seen) == 1:
            await grounds.revoke(evidence)
    assert seen == [{str(evidence.id): 1}, {str(evidence.id): 2}]


async def test_a_revocation_by_a_clock_that_ran_ahead_counts_at_once(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, "judicial-order")
    evidence = await record()
    now = world.node.clock()
    world.node.clock.advance(seconds=30)
    await grounds.revoke(evidence)
    world.node.clock.instant = now
    assert (await decide(world, asked, evidence.id)).outcome == "deny"


async def test_evidence_of_another_agency_supports_nothing(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, _ = await on(grounds, "accreditation")
    elms = await grounds.record("accreditation", by=world.elm, agency_id=str(world.elm.id))
    decision = await decide(world, asked, elms.id)
    assert [one.reason for subject in decision.subjects for one in subject.withheld] == ["evidence-of-another-agency"]


async def test_evidence_that_does_not_exist_is_no_evidence(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, _ = await on(grounds, "accreditation")
    decision = await decide(world, asked, world.oak.id)
    assert [one.reason for subject in decision.subjects for one in subject.withheld] == ["function-missing"]


async def test_an_opt_out_that_was_recorded_withholds_directory_information(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, "directory")
    facts = await world.student()
    asked = asked.model_copy(update={"subjects": world.versions(facts)})
    await record()
    assert (await decide(world, asked)).outcome == "permit"
    await said(world, facts)
    decision = await decide(world, asked)
    assert [one.reason for subject in decision.subjects for one in subject.withheld] == ["opted-out"]


@pytest.mark.parametrize(("last_day", "outcome"), [(None, "deny"), (date(2026, 10, 20), "deny"), (date(2026, 10, 19), "permit")])
async def test_on_their_last_day_a_student_is_no_former_student_of_whom_nobody_need_be_asked(
    world: World, last_day: date | None, outcome: str
) -> None:
    grounds = await Grounds.of(world)
    asked, _ = await on(grounds, "directory")
    await grounds.record("directory-notice", objections_until="2026-11-20T10:00:00.000Z")
    attended = Attendance(organisation_id=world.oak_school.id, until=last_day, **{"from": date(2024, 8, 20)})
    facts = await world.student(attendances=(attended,))
    decision = await decide(world, asked.model_copy(update={"subjects": world.versions(facts)}))
    assert decision.outcome == outcome


@pytest.mark.requirement("FERPA-99.37-united")
async def test_an_opt_out_that_was_said_about_one_record_of_a_child_counts_for_the_other_and_for_no_other_child(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, "directory")
    await record()
    said_about = await world.student()
    same, other = await world.student(same_child=(said_about.student_id,)), await world.student()
    asked = asked.model_copy(update={"subjects": world.versions(same, said_about, other)})
    await said(world, said_about)
    decision = await decide(world, asked)
    assert [[one.reason for one in subject.withheld] for subject in decision.subjects] == [["opted-out"], ["opted-out"], []]
    parted = world.facts(student_id=same.student_id, version=2)
    assert (await world.node.push(parted)).status == 204
    decision = await decide(world, asked.model_copy(update={"subjects": world.versions(parted)}))
    assert decision.outcome == "permit"


async def test_a_state_agency_passes_on_what_a_district_understood_it_would(world: World) -> None:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, "child-welfare")
    asked, evidence = asked.model_copy(update={"action": "redisclose"}), await record()
    assert (await decide(world, asked, evidence.id)).outcome == "deny"
    understanding = await grounds.record("onward-understanding")
    assert (await decide(world, asked, evidence.id)).outcome == "permit"
    await grounds.revoke(understanding)
    assert (await decide(world, asked, evidence.id)).outcome == "deny"


async def test_a_vendors_page_heeds_what_the_vendor_said_when_it_was_taken_on(world: World) -> None:
    grounds, agreement = await Grounds.of(world), await world.agreement()
    child = await world.student(birth_date=world.facts().birth_date.replace(year=2016))
    asked, vendor = world.by_contract(agreement, child), world.node.client(world.vendor)
    assert (await world.node.decide(asked, by=vendor)).outcome == "permit"
    said = await grounds.record("operator-onboarding")
    assert (await world.node.decide(asked, by=vendor)).outcome == "deny"
    await grounds.revoke(said)
    in_order: dict[str, Any] = {"consent_path": "s. 1", "retention_policy": "s. 2", "subdisclosures": "s. 3"}
    await grounds.record("operator-onboarding", **in_order)
    assert (await world.node.decide(asked, by=vendor)).outcome == "permit"
    other = await grounds.record("operator-onboarding", recipient=str(world.vendor.id), valid_from="2026-11-20T10:00:00.000Z")
    assert (await world.node.decide(asked, by=vendor)).outcome == "permit", other


@pytest.mark.parametrize(("kind", "statements"), [("contract", 4), ("transfer", 3), ("order", 4), ("consent", 5)])
async def test_the_hot_paths_read_in_as_few_statements_as_before(
    world: World, kind: str, statements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Students, organisations with their standing evidence, debarments; and an agreement, evidence, or a consent with preferences."""
    grounds, facts = await Grounds.of(world), await world.student()
    await grounds.record("operator-onboarding")
    order = await grounds.record("court-order", facts)
    asked = {
        "contract": world.by_contract(await world.agreement(), facts),
        "transfer": world.by_transfer(facts),
        "consent": world.by_consent(facts, await world.consent(facts)),
        "order": grounds.request(
            "judicial-order", "legal-process", Recipient(kind="agency", id=str(grounds.agency.id)), facts, evidence_ids=(order.id,)
        ),
    }[kind]
    seen: list[str] = []
    mine: list[Connection] = []

    executed, asked_of_driver = prepared._execute, prepared._asked

    def counted(connection: Connection, one: Any, values: Any, **more: Any) -> Any:
        if connection in mine:  # the node's workers read on connections of their own
            seen.append(one.text)
        return executed(connection, one, values, **more)

    def counted_of_driver(connection: Connection, text: str, ask: Any) -> Any:
        if connection in mine:
            seen.append(text)
        return asked_of_driver(connection, text, ask)

    monkeypatch.setattr(prepared, "_execute", counted)
    monkeypatch.setattr(prepared, "_asked", counted_of_driver)

    def read(connection: Connection) -> Facts:
        mine.append(connection)
        event.listen(connection, "before_cursor_execute", lambda *about: seen.append(about[2]))
        return read_facts(
            connection, world.node.app.state.sealer, asked, node_organisation_id=world.sea.id, caller_organisation_id=world.oak.id
        )

    found = await world.node.app.state.database.read(read)
    assert [it.of.kind for it in found.grounds.evidence] == {"contract": ["operator-onboarding"], "order": ["court-order"]}.get(
        kind, ["operator-onboarding"] if kind == "consent" else []
    )
    assert len(seen) == statements, seen
