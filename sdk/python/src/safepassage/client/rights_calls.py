"""The operations on rights and the law's clocks, as `safepassage.client.calls`: inspections, amendments, hearings, duties, destruction."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_directory import NewPreference, Preference
from safepassage.wire_duties import (
    Destruction,
    DestructionAttestation,
    DestructionOwed,
    Duty,
    DutyCompletion,
    DutyOrder,
    DutyPage,
    DutyState,
    DutyWaiver,
    NewDestruction,
    NewDuty,
    SignedAttestation,
)
from safepassage.wire_facts import KnownFacts
from safepassage.wire_rights import (
    Amendment,
    AmendmentDecision,
    Hearing,
    HearingDecision,
    HearingRecord,
    HearingSchedule,
    Inspection,
    InspectionPage,
    InspectionStep,
    NewAmendment,
    NewHearing,
    NewInspection,
    NewStatement,
    Rescission,
    RightsFile,
    Statement,
)
from safepassage.wire_student_rights import StudentRights


def read_student_rights(student_id: UUID) -> Call[StudentRights]:
    """Consents, opt-outs, requests and their clocks of one student; logged. Scope rights:act."""
    return reading(path_of("/v1/students/{id}/rights", id=student_id), StudentRights)


def read_known_facts(student_id: UUID, *, known_at: datetime | None = None) -> Call[KnownFacts]:
    """The facts of a student by which decisions were made at an instant, or are now; logged. Scope rights:act."""
    query = {"known_at": None if known_at is None else known_at.isoformat()}
    return reading(path_of("/v1/known-facts/{id}", id=student_id), KnownFacts, query=query)


def read_rights_file(student_id: UUID) -> Call[RightsFile]:
    """Consents, opt-outs, refusals, requests and hearings of one student, the newest first. Scope rights:act."""
    return reading(path_of("/v1/students/{id}/rights-file", id=student_id), RightsFile)


def record_preference(preference: NewPreference, *, idempotency_key: str | None = None) -> Call[Preference]:
    """Put an opt-out of directory information or recruiters' lists, or a refusal, on record (34 CFR 99.37). Scope rights:act."""
    return writing("POST", "/v1/preferences", preference, Preference, idempotency_key=idempotency_key)


def read_preference(preference_id: UUID) -> Call[Preference]:
    """An opt-out or refusal. Scope rights:act."""
    return reading(path_of("/v1/preferences/{id}", id=preference_id), Preference)


def rescind_preference(preference_id: UUID, rescission: Rescission, *, idempotency_key: str | None = None) -> Call[Preference]:
    """Take an opt-out or refusal back. Scope rights:act."""
    path = path_of("/v1/preferences/{id}/rescission", id=preference_id)
    return writing("POST", path, rescission, Preference, idempotency_key=idempotency_key)


def request_inspection(inspection: NewInspection, *, idempotency_key: str | None = None) -> Call[Inspection]:
    """Put a request to inspect records on record (34 CFR 99.10). Scope rights:act."""
    return writing("POST", "/v1/inspections", inspection, Inspection, idempotency_key=idempotency_key)


def list_inspections(*, state: Literal["outstanding", "all"] = "outstanding", limit: int | None = None) -> Call[Page[InspectionPage]]:
    """Requests to inspect, those due first in front. Scope rights:act."""
    return paged("/v1/inspections", InspectionPage, query={"state": state, "limit": limit})


def read_inspection(inspection_id: UUID) -> Call[Inspection]:
    """A request to inspect, and what happened to it. Scope rights:act."""
    return reading(path_of("/v1/inspections/{id}", id=inspection_id), Inspection)


def take_inspection_step(inspection_id: UUID, step: InspectionStep, *, idempotency_key: str | None = None) -> Call[Inspection]:
    """Say what the agency did about a request to inspect. Scope rights:act."""
    path = path_of("/v1/inspections/{id}/steps", id=inspection_id)
    return writing("POST", path, step, Inspection, idempotency_key=idempotency_key)


def request_amendment(amendment: NewAmendment, *, idempotency_key: str | None = None) -> Call[Amendment]:
    """Put a request to amend on record (34 CFR 99.20). Scope rights:act."""
    return writing("POST", "/v1/amendments", amendment, Amendment, idempotency_key=idempotency_key)


def read_amendment(amendment_id: UUID) -> Call[Amendment]:
    """A request to amend, and what happened to it. Scope rights:act."""
    return reading(path_of("/v1/amendments/{id}", id=amendment_id), Amendment)


def decide_amendment(amendment_id: UUID, decision: AmendmentDecision, *, idempotency_key: str | None = None) -> Call[Amendment]:
    """Grant or refuse it, as the agency that made the record. Scope rights:act."""
    path = path_of("/v1/amendments/{id}/decision", id=amendment_id)
    return writing("POST", path, decision, Amendment, idempotency_key=idempotency_key)


def request_hearing(hearing: NewHearing, *, idempotency_key: str | None = None) -> Call[Hearing]:
    """Ask for a hearing on a refused amendment (34 CFR 99.21). Scope rights:act."""
    return writing("POST", "/v1/hearings", hearing, Hearing, idempotency_key=idempotency_key)


def read_hearing(hearing_id: UUID) -> Call[Hearing]:
    """A hearing, and what happened in it. Scope rights:act."""
    return reading(path_of("/v1/hearings/{id}", id=hearing_id), Hearing)


def schedule_hearing(hearing_id: UUID, schedule: HearingSchedule, *, idempotency_key: str | None = None) -> Call[Hearing]:
    """Set date, time, place and officer, with the notice that was given. Scope rights:act."""
    path = path_of("/v1/hearings/{id}/schedule", id=hearing_id)
    return writing("POST", path, schedule, Hearing, idempotency_key=idempotency_key)


def record_hearing(hearing_id: UUID, record: HearingRecord, *, idempotency_key: str | None = None) -> Call[Hearing]:
    """Put on record that it was held. Scope rights:act."""
    path = path_of("/v1/hearings/{id}/record", id=hearing_id)
    return writing("POST", path, record, Hearing, idempotency_key=idempotency_key)


def decide_hearing(hearing_id: UUID, decision: HearingDecision, *, idempotency_key: str | None = None) -> Call[Hearing]:
    """Decide it; refused while a condition of 34 CFR 99.22 is not met. Scope rights:act."""
    path = path_of("/v1/hearings/{id}/decision", id=hearing_id)
    return writing("POST", path, decision, Hearing, idempotency_key=idempotency_key)


def place_statement(statement: NewStatement, *, idempotency_key: str | None = None) -> Call[Statement]:
    """Place a statement of disagreement; load its text with the record under the answer's id (34 CFR 99.21(c)). Scope rights:act."""
    return writing("POST", "/v1/statements", statement, Statement, idempotency_key=idempotency_key)


def read_statement(statement_id: UUID) -> Call[Statement]:
    """A statement on record. Scope rights:act."""
    return reading(path_of("/v1/statements/{id}", id=statement_id), Statement)


def list_duties(
    *,
    state: DutyState | Literal["outstanding", "all"] = "outstanding",
    kind: str | None = None,
    organisation_id: UUID | None = None,
    sort: DutyOrder | None = None,
    limit: int | None = None,
) -> Call[Page[DutyPage]]:
    """Duties and their clocks: what is overdue or due first in front. Scope duties:read or duties:complete."""
    query = {"state": state, "kind": kind, "organisation_id": organisation_id, "sort": sort, "limit": limit}
    return paged("/v1/duties", DutyPage, query=query)


def open_duty(duty: NewDuty, *, idempotency_key: str | None = None) -> Call[Duty]:
    """Start a clock that the node cannot see start. Scope duties:complete."""
    return writing("POST", "/v1/duties", duty, Duty, idempotency_key=idempotency_key)


def read_duty(duty_id: UUID) -> Call[Duty]:
    """One duty and its clock. Scope duties:read or duties:complete."""
    return reading(path_of("/v1/duties/{id}", id=duty_id), Duty)


def complete_duty(duty_id: UUID, completion: DutyCompletion, *, idempotency_key: str | None = None) -> Call[Duty]:
    """Say, with the reference of what shows it, that a duty was done. Scope duties:complete."""
    path = path_of("/v1/duties/{id}/completion", id=duty_id)
    return writing("POST", path, completion, Duty, idempotency_key=idempotency_key)


def waive_duty(duty_id: UUID, waiver: DutyWaiver, *, idempotency_key: str | None = None) -> Call[Duty]:
    """Say, with a reason and what shows it, that a notice of a breach does not bind. Scope duties:complete."""
    return writing("POST", path_of("/v1/duties/{id}/waiver", id=duty_id), waiver, Duty, idempotency_key=idempotency_key)


def clear_destruction(destruction: NewDestruction, *, idempotency_key: str | None = None) -> Call[Destruction]:
    """Ask whether a student's records may be destroyed. Scope destruction:clear."""
    return writing("POST", "/v1/destructions", destruction, Destruction, idempotency_key=idempotency_key)


def attest_destruction(attestation: SignedAttestation, *, idempotency_key: str | None = None) -> Call[DestructionAttestation]:
    """Attest that what was held under an ended agreement is destroyed (safepassage.destruction). Scope destruction:attest."""
    return writing("POST", "/v1/destruction-attestations", attestation, DestructionAttestation, idempotency_key=idempotency_key)


def read_destruction_owed(agreement_id: UUID) -> Call[DestructionOwed]:
    """What has to be destroyed under an agreement, and whether it must wait. Scope destruction:attest or obligations:read."""
    return reading(path_of("/v1/agreements/{id}/destruction", id=agreement_id), DestructionOwed)


def read_destruction_attestation(attestation_id: UUID) -> Call[DestructionAttestation]:
    """An attestation, to be verified by its own signature. Scope destruction:attest, obligations:read or obligations:discharge."""
    return reading(path_of("/v1/destruction-attestations/{id}", id=attestation_id), DestructionAttestation)
