"""Directory information as the rules read it: the notice of the agency that keeps the record, and what the student's side refused."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from safepassage.wire_directory import DirectoryNotice, DirectoryOptOut, Preference, RecruiterOptOut
from safepassage.wire_evidence import Evidence
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.taxonomy import PURPOSES
from services.privacy.policy.time_values import instant_of, milliseconds_of
from shared.contracts.privacy import SubjectFacts


def directory(
    student: SubjectFacts, evidence: Sequence[Evidence], preferences: Sequence[Preference], discloser: Discloser
) -> dict[str, Any] | None:
    """The last notice of the keeper that was given and not revoked; None if there is none."""
    notice = _last_notice(student, evidence, discloser)
    if notice is None:
        return None
    ended = [notice.of.valid_until] if notice.revoked_at is None else [notice.of.valid_until, notice.revoked_at]
    of: Any = notice.of
    return {
        "designated": tuple(sorted(set(of.designated))),
        "ends_at": min(map(milliseconds_of, ended)),
        "former_student": not _is_in_attendance(student, discloser),
        "found_by_other_information": not set(discloser.request.identified_by) <= set(of.designated),
        "given_at": milliseconds_of(of.given_at),
        "limited_to_parties": of.only_to is not None,
        "limited_to_purposes": of.only_for is not None,
        "names_recipient": of.only_to is None or discloser.recipient.id in of.only_to,
        "objections_until": milliseconds_of(of.objections_until),
        "opted_out": tuple(sorted(_opted_out(student, preferences, of.designated, discloser))),
        "purposes": tuple(sorted(PURPOSES if of.only_for is None else set(of.only_for))),
    }


def opted_out_of_recruiters(
    student: SubjectFacts, preferences: Sequence[Preference], recruiting: Mapping[str, Any], discloser: Discloser
) -> bool:
    """A request stands that keeps the student's data from recruiters of this kind."""
    kinds = (recruiting["recruiter"], "both")
    return any(
        _is_told_to(it, student, discloser)
        and isinstance(it.of, RecruiterOptOut)
        and it.of.student_id == student.student_id
        and it.of.recruiters in kinds
        and stands(it, discloser.now)
        for it in preferences
    )


def stands(preference: Preference, now: int) -> bool:
    """It was received and is not rescinded. Neither the end of the enrolment nor of the year ends it, 99.37(b)."""
    rescinded = preference.rescinded_at is not None and milliseconds_of(preference.rescinded_at) <= now
    return milliseconds_of(preference.of.received_at) <= now and not rescinded


def _is_told_to(preference: Preference, student: SubjectFacts, discloser: Discloser) -> bool:
    """It was told to the agency that keeps the record: another's duty it is not, 99.37(b)."""
    return preference.district_id in {student.custodian_id, *(organisation.id for organisation in discloser.keeper(student))}


def _last_notice(student: SubjectFacts, evidence: Sequence[Evidence], discloser: Discloser) -> Evidence | None:
    keepers = {student.custodian_id, *(organisation.id for organisation in discloser.keeper(student))}
    given = [
        (milliseconds_of(it.of.given_at), str(it.id), it)
        for it in evidence
        if isinstance(it.of, DirectoryNotice) and it.of.agency_id in keepers and milliseconds_of(it.of.given_at) <= discloser.now
    ]
    return max(given)[2] if given else None


def _opted_out(student: SubjectFacts, preferences: Sequence[Preference], designated: Sequence[str], discloser: Discloser) -> set[str]:
    refused: set[str] = set()
    for preference in preferences:
        of = preference.of
        told = _is_told_to(preference, student, discloser) and stands(preference, discloser.now)
        if told and isinstance(of, DirectoryOptOut) and of.student_id == student.student_id:
            refused |= set(designated) if of.elements is None else set(of.elements)
    return refused


def _is_in_attendance(student: SubjectFacts, discloser: Discloser) -> bool:
    """At the agency that keeps the record, by the student's own calendar."""
    today = Place.at(student.time_zone, instant_of(discloser.now)).today
    keepers = {student.custodian_id, *(organisation.id for organisation in discloser.keeper(student))}
    return any(
        _lasts(attendance.from_, attendance.until, today)
        and not keepers.isdisjoint({attendance.organisation_id, *(it.id for it in discloser.tree.upward(attendance.organisation_id))})
        for attendance in student.attendances
    )


def _lasts(begins: date, last_day: date | None, today: date) -> bool:
    return begins <= today and (last_day is None or today <= last_day)
