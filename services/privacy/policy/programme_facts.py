"""Officials, authorities, aid, accreditation, meals, recruiters and online services as the rules read them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from safepassage.wire_evidence import Evidence
from safepassage.wire_programmes import (
    Accreditation,
    AuditMandate,
    ConductRisk,
    Dependency,
    FinancialAid,
    MealEvaluation,
    OperatorOnboarding,
    RecruiterRequest,
    SchoolOfficial,
)
from services.privacy.policy.calendar_days import Place, reaches
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import SubjectFacts

OFFICES: Final[Mapping[str, tuple[str, ...]]] = {
    "comptroller-general": ("agency",),
    "attorney-general": ("agency",),
    "secretary": ("agency",),
    "state-educational-authority": ("sea", "agency"),
    "local-educational-authority": ("lea",),
}
"""The authorities of 99.31(a)(3), and the kinds of recipient that can be one."""


def official(of: SchoolOfficial, student: SubjectFacts, discloser: Discloser, place: Place) -> dict[str, Any]:
    """Officials within the agency, and whether the student is one of theirs."""
    theirs = discloser.recipients_agency
    return {
        "about_student": discloser.recipient.id == str(student.custodian_id)
        or attends(student, _uuid(discloser.recipient.id), discloser, place),
        "access_controlled": bool(of.access_control),
        "in_agency": bool(theirs) and not theirs.isdisjoint(it.id for it in discloser.keeper(student)),
        "legitimate_interest": bool(of.legitimate_interest),
        "purposes": tuple(sorted(set(of.purposes))),
    }


def risk(of: ConductRisk, _student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """Conduct that posed a significant risk."""
    return {"legitimate_interest": bool(of.legitimate_interest), "significant_risk": bool(of.significant_risk)}


def mandate(of: AuditMandate, _student: SubjectFacts, discloser: Discloser, _place: Place) -> dict[str, Any]:
    """An authority that audits by its own employees."""
    return {
        "activity_named": bool(of.activity),
        "listed_authority": discloser.recipient.kind in OFFICES[of.office],
        "protected": bool(of.protection),
        "supported_programme": bool(of.programme),
    }


def aid(of: FinancialAid, _student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """Financial aid."""
    return {
        "applied_or_received": of.stage in ("applied", "received"),
        "conditioned_on_attendance": bool(of.conditioned_on_attendance),
        "necessary": bool(of.needed_for),
    }


def accreditation(of: Accreditation, _student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """An accrediting function."""
    return {"accrediting_function": bool(of.function)}


def dependency(of: Dependency, _student: SubjectFacts, discloser: Discloser, _place: Place) -> dict[str, Any]:
    """A tax year's dependent."""
    return {"names_parent": discloser.recipient.id == str(of.person_id)}


def meals(of: MealEvaluation, _student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """An evaluation of meal programmes."""
    return {
        "aggregate_results": bool(of.aggregate_results),
        "destroyed": bool(of.destruction),
        "for_agriculture": bool(of.acts_for),
        "protected": bool(of.protection),
        "supported_programme": bool(of.programme),
    }


def recruiting(of: RecruiterRequest, student: SubjectFacts, discloser: Discloser, place: Place) -> dict[str, Any]:
    """A recruiter's request; whether the student attends one of the secondary schools that it is about."""
    return {
        "about_student": any(attends(student, school, discloser, place) for school in of.secondary_school_ids),
        "assisted": bool(of.assistance),
        "optout_notified": bool(of.optout_notice),
        "recruiter": of.recruiter,
        "requested_at": milliseconds_of(of.requested_at),
    }


def onboarding(student: SubjectFacts, evidence: Sequence[Evidence], discloser: Discloser, place: Place) -> dict[str, Any] | None:
    """What the recipient said when it was taken on; None if nothing that is in force. Of several all have to be in order."""
    said = [
        it.of
        for it in evidence
        if isinstance(it.of, OperatorOnboarding) and it.of.recipient_id == discloser.recipient.id and in_force(it, discloser.now)
    ]
    if not said:
        return None
    return {
        "collects_from_under_13": any(it.collects_from_under_13 for it in said),
        "consent_path": all(it.consent_path for it in said),
        "retention_policy": all(it.retention_policy for it in said),
        "subdisclosures": all(it.subdisclosures for it in said),
        "under_13": place.today < reaches(student.birth_date, 13),
    }


def in_force(evidence: Evidence, now: int) -> bool:
    """It holds at `now`."""
    of: Any = evidence.of
    ended = evidence.revoked_at is not None and milliseconds_of(evidence.revoked_at) <= now
    return milliseconds_of(of.valid_from) <= now < milliseconds_of(of.valid_until) and not ended


def attends(student: SubjectFacts, organisation: UUID | None, discloser: Discloser, place: Place) -> bool:
    """The student is enrolled today at the organisation, or at a school below it."""
    return organisation is not None and any(
        organisation in {attendance.organisation_id, *(it.id for it in discloser.tree.upward(attendance.organisation_id))}
        for attendance in student.attendances
        if _lasts(attendance.from_, attendance.until, place.today)
    )


def _lasts(begins: date, last_day: date | None, today: date) -> bool:
    return begins <= today and (last_day is None or today <= last_day)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
