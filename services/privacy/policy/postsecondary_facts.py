"""What postsecondary institutions determine about conduct, and offenders on a register, as the rules read it."""

from datetime import date
from typing import Any, Final

from safepassage.wire_evidence import DisciplinaryProceeding, OffenderRegistration, SubstanceViolation
from services.privacy.policy.calendar_days import Place, day_in, reaches
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.rights import attends_postsecondary
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import SubjectFacts

SINCE: Final = date(1998, 10, 7)
"""99.31(a)(14)(iii)."""


def proceeding(of: DisciplinaryProceeding, student: SubjectFacts, _discloser: Discloser, place: Place) -> dict[str, Any]:
    """A disciplinary proceeding's final results."""
    return {
        "final_at": milliseconds_of(of.final_at),
        "final_since_1998": day_in(of.final_at, place.zone) >= SINCE,
        "names_victim": bool(of.victim),
        "offense": of.offense,
        "postsecondary": attends_postsecondary(student, place),
        "violation_found": bool(of.violation_found),
    }


def substance(of: SubstanceViolation, student: SubjectFacts, _discloser: Discloser, place: Place) -> dict[str, Any]:
    """A violation with alcohol or a controlled substance."""
    return {
        "postsecondary": attends_postsecondary(student, place),
        "under_21": place.today < reaches(student.birth_date, 21),
        "violation_determined": bool(of.determination),
    }


def registration(of: OffenderRegistration, _student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """Information that came under 42 U.S.C. 14071."""
    return {"provided_under_registration": bool(of.provided_under)}
