"""What the first district and its vendor have in privacy, and how they ask for each."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

from sqlalchemy import select

from safepassage.wire_duties import Duty
from services.privacy.tables import DecisionRow, ObligationRow
from tests.isolation.two_districts import Request, TwoDistricts
from tests.privacy.access.enforcement import Enforcer
from tests.privacy.grounds import COLLEGE, Grounds
from tests.privacy.rights import HELD, Staff, amendment, decision, hearing_decision, inspection, parent_of, schedule
from tests.privacy.test_agreement_kinds import amendment as agreement_amendment
from tests.privacy.test_consent_narrowing import narrowing
from tests.privacy.test_duties import new_duty
from tests.privacy.test_opt_outs import opt_out, said
from tests.privacy.test_safeguards import NAMED, PLACE
from tests.privacy.test_safeguards import put as put_on_list
from tests.privacy.test_waivers import waiver

Named = tuple[str, str, Request]
"""An operation, whose it is, and the request."""


async def of_privacy(two: TwoDistricts) -> AsyncIterator[Named]:
    """Each operation that names something, with something to name."""
    for part in (_rights, _hearings, _agreements, _evidence, _lists, _decisions, _access):
        async for named in part(two):
            yield named


async def _rights(two: TwoDistricts) -> AsyncIterator[Named]:
    world = two.privacy
    facts = await world.student()
    student = str(facts.student_id)
    consent, preference = await world.consent(facts), await said(world, facts)
    inspected, staff = await Staff(world).inspect(facts), Staff(world)
    consent_id, preference_id, inspection_id = str(consent.id), str(preference.id), str(inspected.id)
    amendment_id = str((await staff.amend(facts)).id)
    acting = {"acting_for": parent_of(world, facts)}
    yield "record_consent", "district", Request("POST", "/v1/consents", (student,), world.new_consent(facts))
    for name, ending in (("read_consent", ""), ("read_consent_history", "/history"), ("read_consent_receipt", "/receipt")):
        yield name, "district", Request("GET", f"/v1/consents/{consent_id}{ending}", (consent_id,))
    path = f"/v1/consents/{consent_id}"
    yield "narrow_consent", "district", Request("POST", f"{path}/narrowing", (consent_id,), narrowing(world, consent))
    yield "withdraw_consent", "district", Request("POST", f"{path}/withdrawal", (consent_id,), world.withdrawal(consent))
    yield "read_student_rights", "district", Request("GET", f"/v1/students/{student}/rights", (student,))
    yield "read_known_facts", "district", Request("GET", f"/v1/known-facts/{student}", (student,))
    yield "read_rights_file", "district", Request("GET", f"/v1/students/{student}/rights-file", (student,))
    yield "record_preference", "district", Request("POST", "/v1/preferences", (student,), opt_out(world, facts))
    path = f"/v1/preferences/{preference_id}"
    yield "read_preference", "district", Request("GET", path, (preference_id,))
    rescinded = acting | {"reason": "asked"}
    yield "rescind_preference", "district", Request("POST", f"{path}/rescission", (preference_id,), rescinded)
    yield "request_inspection", "district", Request("POST", "/v1/inspections", (student,), inspection(world, facts))
    path = f"/v1/inspections/{inspection_id}"
    yield "read_inspection", "district", Request("GET", path, (inspection_id,))
    step = {"step": "withdrawn", "evidence_ref": "call 1", **acting}
    yield "take_inspection_step", "district", Request("POST", f"{path}/steps", (inspection_id,), step)
    yield "request_amendment", "district", Request("POST", "/v1/amendments", (student,), amendment(world, facts))
    path = f"/v1/amendments/{amendment_id}"
    yield "read_amendment", "district", Request("GET", path, (amendment_id,))
    yield "decide_amendment", "district", Request("POST", f"{path}/decision", (amendment_id,), decision())
    yield "open_duty", "district", Request("POST", "/v1/duties", (student,), new_duty(student_id=student))
    organisation = str(world.oak.id)
    yield "open_duty", "district", Request("POST", "/v1/duties", (organisation,), new_duty(organisation_id=organisation))
    cleared = {"student_id": student, "reason": "retention-schedule", "evidence_ref": "schedule 4"}
    yield "clear_destruction", "district", Request("POST", "/v1/destructions", (student,), cleared)


async def _hearings(two: TwoDistricts) -> AsyncIterator[Named]:
    world = two.privacy
    staff, facts = Staff(world), await world.student()
    refused, hearing = await staff.refused(facts), await staff.hearing(facts)
    amendment_id, hearing_id = str(refused.id), str(hearing.id)
    again = {"amendment_id": amendment_id, "acting_for": parent_of(world, facts), "received_on": "2026-10-20", "request_ref": "letter 15"}
    yield "request_hearing", "district", Request("POST", "/v1/hearings", (amendment_id,), again)
    path = f"/v1/hearings/{hearing_id}"
    yield "read_hearing", "district", Request("GET", path, (hearing_id,))
    yield "schedule_hearing", "district", Request("POST", f"{path}/schedule", (hearing_id,), schedule())
    yield "record_hearing", "district", Request("POST", f"{path}/record", (hearing_id,), HELD)
    yield "decide_hearing", "district", Request("POST", f"{path}/decision", (hearing_id,), hearing_decision())
    other = await world.student()
    began = two.state.clock.instant
    placed = await staff.placed(other)
    two.state.clock.instant = began
    statement_id, decided_id = str(placed.id), str(placed.hearing_id)
    yield (
        "place_statement",
        "district",
        Request("POST", "/v1/statements", (decided_id,), staff.statement(other, hearing, hearing_id=decided_id)),
    )
    yield "read_statement", "district", Request("GET", f"/v1/statements/{statement_id}", (statement_id,))


async def _agreements(two: TwoDistricts) -> AsyncIterator[Named]:
    world = two.privacy
    agreement_id = str((await world.agreement()).id)
    path, ids, organisation = f"/v1/agreements/{agreement_id}", (agreement_id,), str(world.oak.id)
    yield "record_agreement", "district", Request("POST", "/v1/agreements", (organisation,), world.new_agreement())
    document = await world.node.client(world.oak, "agreements:read").get(f"{path}/document")
    body: Any = document.body
    yield (
        "import_agreement",
        "district",
        Request("POST", "/v1/agreements/documents", (organisation,), body, headers=(("content-type", "application/json"),)),
    )
    yield "read_agreement", "district", Request("GET", path, ids)
    yield "read_agreement", "vendor", Request("GET", path, ids)
    yield "export_agreement", "district", Request("GET", f"{path}/document", ids)
    yield "read_agreement_use", "district", Request("GET", f"{path}/use", ids)
    yield "list_agreements", "district", Request("GET", "/v1/agreements", (str(world.vendor.id),), query=f"recipient_id={world.vendor.id}")
    yield "list_destruction_attestations", "district", Request("GET", f"{path}/destruction-attestations", ids)
    yield "read_destruction_owed", "district", Request("GET", f"{path}/destruction", ids)
    yield "amend_agreement", "district", Request("POST", f"{path}/amendments", ids, agreement_amendment())
    yield "terminate_agreement", "district", Request("POST", f"{path}/termination", ids, {"reason": "breach"})


async def _evidence(two: TwoDistricts) -> AsyncIterator[Named]:
    world = two.privacy
    grounds, facts = await Grounds.of(world), await world.student(**COLLEGE)
    recorded = str((await grounds.record("financial-aid", facts)).id)
    student = str(facts.student_id)
    yield "record_evidence", "district", Request("POST", "/v1/evidence", (student,), grounds.body("emergency", facts))
    yield "read_evidence", "district", Request("GET", f"/v1/evidence/{recorded}", (recorded,))
    yield "revoke_evidence", "district", Request("POST", f"/v1/evidence/{recorded}/revocation", (recorded,), {"reason": "vacated"})
    organisation = str(world.oak.id)
    yield "list_evidence", "district", Request("GET", "/v1/evidence", (organisation,), query=f"organisation_id={organisation}")


async def _lists(two: TwoDistricts) -> AsyncIterator[Named]:
    world = two.privacy
    keeper = world.node.client(world.oak, "safeguards:keep")
    location = str((await put_on_list(keeper, "/v1/record-locations", PLACE)).id)
    listing = str((await put_on_list(keeper, "/v1/access-listings", NAMED)).id)
    ended = {"ended_on": date(2026, 10, 1).isoformat()}
    yield "end_record_location", "district", Request("POST", f"/v1/record-locations/{location}/end", (location,), ended)
    yield "end_access_listing", "district", Request("POST", f"/v1/access-listings/{listing}/end", (listing,), ended)
    duty = str((await Staff(world).post("/v1/duties", new_duty(), Duty)).id)
    yield "read_duty", "district", Request("GET", f"/v1/duties/{duty}", (duty,))
    yield "complete_duty", "district", Request("POST", f"/v1/duties/{duty}/completion", (duty,), {"evidence_ref": "receipt 9"})
    organisation = str(world.oak.id)
    yield (
        "waive_duty",
        "district",
        Request("POST", f"/v1/duties/{duty}/waiver", (duty,), {"because": "opened-in-error", "evidence_ref": "9"}),
    )
    yield "list_duties", "district", Request("GET", "/v1/duties", (organisation,), query=f"organisation_id={organisation}")


async def _decisions(two: TwoDistricts) -> AsyncIterator[Named]:
    world = two.privacy
    await world.node.decide(world.by_transfer(await world.student()))
    async with world.node.app.state.database.reading() as tx:
        decided = str((await tx.execute(select(DecisionRow.id).order_by(DecisionRow.id.desc()).limit(1))).scalar_one())
        owed = str((await tx.execute(select(ObligationRow.id).order_by(ObligationRow.id.desc()).limit(1))).scalar_one())
    path = f"/v1/decisions/{decided}"
    yield "read_decision", "district", Request("GET", path, (decided,))
    yield "explain_decision", "district", Request("GET", f"{path}/explanation", (decided,))
    yield "reproduce_decision", "district", Request("POST", f"{path}/reproduction", (decided,))
    path = f"/v1/obligations/{owed}"
    yield "waive_obligation", "district", Request("POST", f"{path}/waivers", (owed,), waiver())
    yield "discharge_obligation", "district", Request("POST", f"{path}/discharge", (owed,), {"evidence_ref": "letter"})


async def _access(two: TwoDistricts) -> AsyncIterator[Named]:
    world = two.privacy
    facts, enforcer = await world.student(), Enforcer(world)
    consent, agreement = await world.consent(facts), await world.agreement()
    student, consent_id, agreement_id = str(facts.student_id), str(consent.id), str(agreement.id)
    by_consent, by_contract = enforcer.by_consent(facts, consent), enforcer.by_contract(facts, agreement)
    for ids in ((student,), (consent_id,), (student, consent_id)):
        yield "evaluate_access", "district", Request("POST", "/access/v1/evaluation", ids, by_consent)
    yield "evaluate_access", "district", Request("POST", "/access/v1/evaluation", (agreement_id,), by_contract)
    both = {"evaluations": [by_consent, by_contract]}
    for ids in ((student,), (consent_id,), (agreement_id,)):
        yield "evaluate_accesses", "district", Request("POST", "/access/v1/evaluations", ids, both)
    of_record = {"resource": {"type": "student_record", "properties": {"student_id": student}}}
    without = {name: value for name, value in by_consent.items() if name != "action"}
    yield "search_access_resources", "district", Request("POST", "/access/v1/search/resource", (student,), by_consent | of_record)
    yield "search_access_actions", "district", Request("POST", "/access/v1/search/action", (student,), without)
    subject = {"subject": {"type": by_consent["subject"]["type"]}}
    yield "search_access_subjects", "district", Request("POST", "/access/v1/search/subject", (student, consent_id), by_consent | subject)
