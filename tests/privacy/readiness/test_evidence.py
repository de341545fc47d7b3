"""Measures come from the services themselves, in counts; the newest of each is kept, and nobody else's is taken."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from safepassage.ids import uuid7
from safepassage.problems.requests import LogUnavailable
from services.privacy.readiness.evidence import held_measures, measure_here
from services.privacy.readiness.measures import Measures
from services.privacy.tables import DestructionRow, PreferenceRow, RightsEventRow, RightsRequestRow
from shared.contracts.privacy import Attendance
from shared.contracts.readiness import GatewayMeasures, PrivacyMeasures
from tests.privacy.node import PrivacyNode, problem_of
from tests.privacy.readiness.agency import Agency
from tests.privacy.readiness.reported import GOOD
from tests.privacy.test_agreement_kinds import agreement_of, amendment
from tests.privacy.test_obligations import listed
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def held(node: PrivacyNode) -> Measures:
    async with node.app.state.database.reading() as tx:
        return await held_measures(tx)


async def measured(node: PrivacyNode) -> PrivacyMeasures:
    with pytest.raises(LogUnavailable):
        await measure_here(node.app)
    return (await held(node)).privacy.of


async def test_what_a_service_reports_is_shown_until_it_is_too_old(agency: Agency) -> None:
    assert (await agency.answer("s57")).reason.startswith("gateway has not reported")
    assert (await agency.gateway_reports()).status == 204
    shown = await agency.answer("s57")
    assert (shown.level, shown.rests_on) == (4, "live")
    assert {one.name: one.value for one in shown.measures}["clients"] == GOOD["gateway"]["clients"]
    agency.world.node.clock.advance(minutes=10)
    assert (await agency.answer("s57")).level == 0


async def test_an_older_report_changes_nothing(agency: Agency) -> None:
    now = agency.world.node.clock()
    await agency.gateway_reports(clients=7)
    await agency.gateway_reports(clients=1, at=now - timedelta(seconds=1))
    assert (await held(agency.world.node)).gateway.of.clients == 7
    agency.world.node.clock.advance(seconds=1)
    await agency.gateway_reports(clients=2)
    assert (await held(agency.world.node)).gateway.of.clients == 2


async def test_what_a_clock_that_went_ahead_has_left_gives_way_to_what_is_measured_now(agency: Agency) -> None:
    now = agency.world.node.clock()
    await agency.gateway_reports(clients=7, at=now + timedelta(days=1))
    assert (await agency.answer("s57")).level == 0
    await agency.gateway_reports(clients=10)
    assert (await held(agency.world.node)).gateway.of.clients == 10
    assert (await agency.answer("s57")).level == 4


@pytest.mark.requirement("READY-agency")
async def test_a_service_reports_for_itself_alone_and_no_client_does(agency: Agency) -> None:
    node = agency.world.node
    body = {"measured_at": "2026-10-20T12:00:00Z", "measures": GOOD["gateway"] | {"vendors_with_credentials": []}}
    for_records = node.records.for_job("privacy", "readiness", node.clock())
    answer = await node.send("PUT", "/internal/readiness-evidence/gateway", for_records, body=body)
    assert (answer.status, problem_of(answer).code) == (403, "not-permitted")
    client = node.gateway.for_caller("privacy", agency.official.claims, node.clock())
    answer = await node.send("PUT", "/internal/readiness-evidence/gateway", client, body=body)
    assert answer.status == 403


async def test_a_report_is_closed_and_holds_no_student() -> None:
    for extra in ("student_id", "students", "names"):
        with pytest.raises(ValidationError):
            GatewayMeasures.model_validate(GOOD["gateway"] | {extra: ["01980000-0000-4000-8000-000000000001"]})


async def test_an_empty_node_measures_its_catalogue_and_its_rules(node: PrivacyNode) -> None:
    it = await measured(node)
    assert it.elements > 40
    assert it.elements_described == it.elements
    assert it.rules > 10
    assert it.bars_debarred
    assert it.bars_ssn
    assert (it.decisions, it.agreements, it.consents_sampled, it.subjects_sampled) == (0, 0, 0, 0)
    assert it.key_encryption.versions == 1


async def test_consents_are_counted_complete_and_withdrawn(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    electronic = {"signature": "electronic", "electronic_approval": "screen 4"}
    await world.consent(facts, **electronic)
    staff = world.node.client(world.oak, "rights:act")
    acting = world.acting_for(world.parents[facts.student_id]).model_dump(mode="json")
    await staff.post(f"/v1/consents/{consent.id}/withdrawal", {"acting_for": acting, "reason": "changed-mind"})
    it = await measured(world.node)
    assert (it.consents_sampled, it.consents_complete, it.consents_electronic, it.consents_withdrawn) == (2, 2, 1, 1)


async def test_a_decision_before_a_withdrawal_is_not_one_after_it(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    world.node.clock.advance(minutes=1)
    staff = world.node.client(world.oak, "rights:act")
    acting = world.acting_for(world.parents[facts.student_id]).model_dump(mode="json")
    await staff.post(f"/v1/consents/{consent.id}/withdrawal", {"acting_for": acting, "reason": "changed-mind"})
    world.node.clock.advance(minutes=1)
    await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    it = await measured(world.node)
    assert (it.decisions, it.consent_decisions_sampled, it.consent_decisions_after_withdrawal) == (2, 2, 0)
    assert it.elements_withheld > 0
    assert it.elements_withheld_unexplained == 0


async def test_agreements_are_counted_by_their_clauses_their_end_and_their_destructions(world: World) -> None:
    facts = await world.student()
    whole = {"destruction": "s. 9", "security": "s. 10", "breach_notice": "s. 11"}
    agreement = await world.agreement(**whole)
    lacking = await world.agreement(destruction=None, security=None, breach_notice=None)
    await world.node.decide(world.by_contract(agreement, facts), by=world.node.client(world.vendor))
    it = await measured(world.node)
    assert (it.agreements, it.agreements_complete, it.parties_with_agreement) == (2, 1, {world.vendor.id})
    assert (it.contract_decisions_sampled, it.contract_decisions_beyond_schedule) == (1, 0)
    writer = world.node.client(world.oak, "agreements:write")
    for one in (agreement, lacking):
        await writer.post(f"/v1/agreements/{one.id}/termination", {"reason": "contract-ended"})
    it = await measured(world.node)
    assert (it.agreements, it.agreements_ended, it.agreements_ended_settled) == (0, 2, 1)
    assert (it.destructions_due, it.destructions_shown) == (1, 0)


async def test_a_decision_is_measured_by_the_schedule_that_was_known_when_it_was_made(world: World) -> None:
    agreement, facts = await world.agreement(elements=["academics.transcript"]), await world.student()
    vendor, path = world.node.client(world.vendor), f"/v1/agreements/{agreement.id}/amendments"
    asked = world.by_contract(agreement, facts)
    assert (await world.node.decide(asked, by=vendor)).subjects[0].permitted == ("academics.transcript",)
    for elements in (["identity.name"], ["attendance.summary"]):  # each takes the place of what was agreed before
        world.node.clock.advance(seconds=60)
        sent = amendment(elements=elements)
        assert (await world.node.client(world.oak, "agreements:write").post(path, sent)).status == 201
        world.node.clock.advance(seconds=60)
        assert (await world.node.decide(asked, by=vendor)).subjects[0].permitted == tuple(elements)
    it = await measured(world.node)
    assert (it.contract_decisions_sampled, it.contract_decisions_beyond_schedule) == (3, 0)


async def test_agreements_of_the_other_kinds_are_counted_by_themselves(world: World) -> None:
    await world.agreement()
    for kind, number in (("audit-evaluation", 1), ("study", 2)):
        for _ in range(number):
            made = await world.node.client(world.oak, "agreements:write").post("/v1/agreements", agreement_of(world, kind))
            assert made.status == 201, made.body
    it = await measured(world.node)
    assert (it.agreements, it.audit_agreements, it.audit_agreements_complete) == (4, 1, 1)
    assert (it.study_agreements, it.study_agreements_complete) == (2, 2)


async def test_an_agreement_is_in_force_to_the_day_before_its_end(world: World) -> None:
    await world.agreement(starts_on="2026-01-01", ends_on="2026-10-21")
    it = await measured(world.node)
    assert (it.agreements, it.agreements_ended) == (1, 0)
    world.node.clock.advance(days=1)
    it = await measured(world.node)
    assert (it.agreements, it.agreements_ended) == (0, 1)


async def test_an_agreement_that_ends_soon_is_noticed_unless_it_has_a_successor(world: World) -> None:
    await world.agreement(starts_on="2026-01-01", ends_on="2026-12-01")
    assert (await measured(world.node)).agreements_ending == 1
    await world.agreement(starts_on="2026-11-30", ends_on="2028-12-01")
    assert (await measured(world.node)).agreements_ending == 0


async def test_students_partners_and_districts_are_counted(world: World) -> None:
    await world.student()
    await world.student(birth_date="2008-01-01")
    it = await measured(world.node)
    assert (it.subjects_sampled, it.subjects_decidable, it.subjects_of_age) == (2, 2, 1)
    assert (it.partners, it.districts, it.districts_agreeing_onward) == (1, 2, 2)
    world.node.clock.instant = datetime(2026, 10, 21, 2, tzinfo=UTC)  # still the 20th at the state agency
    for one, until in ((world.elm, "2026-10-20"), (world.oak, "2026-10-21"), (world.birch, "2026-10-20")):
        ended = one.model_copy(update={"valid_until": date.fromisoformat(until), "version": one.version + 1})
        await world.node.project(ended)
    it = await measured(world.node)
    assert (it.partners, it.districts, it.districts_agreeing_onward) == (0, 1, 1)


async def test_a_copy_that_the_district_is_owed_counts_when_it_is_due(world: World) -> None:
    facts = await world.student()
    await world.node.decide(world.by_transfer(facts))
    assert (await measured(world.node)).copies_owed == 0
    world.node.clock.advance(days=31)
    it = await measured(world.node)
    assert (it.copies_owed, it.copies_in_time) == (1, 0)


@pytest.mark.parametrize(("days", "in_time"), [(30, 1), (31, 0)])
async def test_a_copy_that_was_given_is_in_time_until_it_is_due(world: World, days: int, in_time: int) -> None:
    await world.node.decide(world.by_transfer(await world.student()))
    oak = world.node.client(world.oak, "obligations:discharge")
    (owed,) = (await listed(oak)).obligations
    world.node.clock.advance(days=days)
    answer = await oak.post(f"/v1/obligations/{owed.id}/discharge", {"evidence_ref": "letter to Oak"})
    assert answer.status == 200, answer.body
    it = await measured(world.node)
    assert (it.copies_owed, it.copies_in_time) == (1, in_time)


async def test_a_transfer_that_asks_for_the_programme_counts_as_far_as_anything_may_leave(world: World) -> None:
    facts = await world.student()
    await world.node.decide(world.by_transfer(facts, elements=("identity.name", "special_education.iep")))
    await world.node.decide(world.by_transfer(facts))
    it = await measured(world.node)
    assert it.iep_asked == 1


async def test_requests_of_people_are_counted_by_when_they_were_complied_with(world: World) -> None:
    student, now = (await world.student()).student_id, world.node.clock()
    database = world.node.app.state.database

    def asked(kind: str, days_ago: int) -> RightsRequestRow:
        at = now - timedelta(days=days_ago)
        return RightsRequestRow(
            id=uuid7(at), kind=kind, student_id=student, custodian_id=world.oak.id, taken_by_id=world.oak.id, about_id=None, recorded_at=at,
            overdue_at=at + timedelta(days=46), sealed=b"",
        )  # fmt: skip

    def happened(request: RightsRequestRow, kind: str, days_after: int, number: int = 1) -> RightsEventRow:
        at = request.recorded_at + timedelta(days=days_after)
        return RightsEventRow(
            id=uuid7(at), request_id=request.id, number=number, kind=kind, at=at, client_id="c", organisation_id=world.oak.id, sealed=b""
        )

    in_time, late, too_late = asked("inspection", 60), asked("inspection", 60), asked("inspection", 60)
    refused, waiting, amendment = asked("inspection", 60), asked("inspection", 10), asked("amendment", 5)
    async with database.transaction() as tx:
        tx.add_all((in_time, late, too_late, refused, waiting, amendment))
        await tx.flush()
        tx.add_all((happened(in_time, "explained", 2), happened(in_time, "inspected", 45, 2), happened(late, "copy-given", 46)))
        tx.add(happened(refused, "refused", 3))
    it = await measured(world.node)
    assert (it.inspections, it.inspections_in_time, it.inspections_median_days) == (3, 1, 46)
    assert (it.amendments, it.hearings, it.statements) == (1, 0, 0)


async def test_a_destruction_that_was_cleared_while_a_request_was_outstanding_is_found(world: World) -> None:
    student, now = (await world.student()).student_id, world.node.clock()
    request = RightsRequestRow(
        id=uuid7(now), kind="inspection", student_id=student, custodian_id=world.oak.id, taken_by_id=world.oak.id, about_id=None,
        recorded_at=now, overdue_at=now + timedelta(days=46), sealed=b"",
    )  # fmt: skip

    def cleared(at: datetime) -> DestructionRow:
        return DestructionRow(id=uuid7(at), student_id=student, custodian_id=world.oak.id, cleared_at=at, sealed=b"")

    database = world.node.app.state.database
    async with database.transaction() as tx:
        tx.add_all((request, cleared(now - timedelta(days=1))))
    it = await measured(world.node)
    assert (it.destructions_cleared, it.destructions_despite_hold) == (1, 0)
    async with database.transaction() as tx:
        tx.add(cleared(now + timedelta(days=1)))
    assert (await measured(world.node)).destructions_despite_hold == 1
    done = now + timedelta(hours=1)
    async with database.transaction() as tx:
        ended = {"id": uuid7(done), "request_id": request.id, "number": 1, "kind": "inspected", "at": done}
        tx.add(RightsEventRow(**ended, client_id="c", organisation_id=world.oak.id, sealed=b""))
    assert (await measured(world.node)).destructions_despite_hold == 0


async def test_opt_outs_are_counted_and_those_of_students_who_have_left(world: World) -> None:
    left = (Attendance(organisation_id=world.oak_school.id, until=date(2026, 6, 1), **{"from": date(2024, 8, 20)}),)
    here, gone, rescinded = await world.student(), await world.student(attendances=left), await world.student(attendances=left)
    now = world.node.clock()
    async with world.node.app.state.database.transaction() as tx:
        for one in (here, gone, rescinded):
            row = PreferenceRow(
                id=uuid7(now), kind="directory-opt-out", student_id=one.student_id, district_id=world.oak.id, recorded_at=now,
                rescinded_at=now if one is rescinded else None, epoch=1, sealed=b"",
            )  # fmt: skip
            tx.add(row)
    it = await measured(world.node)
    assert (it.opt_outs, it.opt_outs_of_former) == (2, 1)
