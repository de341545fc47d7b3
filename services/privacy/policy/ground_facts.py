"""Which evidence a student's disclosure can stand on, and what every kind of it has in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safepassage.wire_directory import Preference
from safepassage.wire_educator_application import EducatorApplication
from safepassage.wire_evidence import STANDING, Evidence
from safepassage.wire_programmes import Dependency
from services.privacy.policy import directory_facts, postsecondary_facts, process_facts, programme_facts, release_facts, tax_years
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.relation_facts import relation_facts
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import SubjectFacts

Reader = Callable[[Any, SubjectFacts, Discloser, Place], Mapping[str, Any]]
"""(what is on record, the student, who discloses to whom, the student's calendar) → the members of its own kind."""

PLACES: Mapping[str, tuple[str, Reader]] = {
    "accreditation": ("accreditation", programme_facts.accreditation),
    "audit-mandate": ("mandate", programme_facts.mandate),
    "child-welfare": ("placement", process_facts.placement),
    "conduct-risk": ("risk", programme_facts.risk),
    "court-order": ("order", process_facts.order),
    "de-identified-release": ("release", release_facts.release),
    "dependency": ("dependency", programme_facts.dependency),
    "disciplinary-proceeding": ("proceeding", postsecondary_facts.proceeding),
    "emergency": ("emergency", process_facts.emergency),
    "financial-aid": ("aid", programme_facts.aid),
    "juvenile-justice": ("juvenile", process_facts.juvenile),
    "legal-action": ("litigation", process_facts.litigation),
    "meal-evaluation": ("meals", programme_facts.meals),
    "offender-registration": ("registration", postsecondary_facts.registration),
    "recruiter-request": ("recruiting", programme_facts.recruiting),
    "school-official": ("official", programme_facts.official),
    "substance-violation": ("substance", postsecondary_facts.substance),
}
"""Where the facts of a kind stand, and what reads them."""


@dataclass(frozen=True)
class Held:
    """What privacy holds on the students of a request beside consents and agreements."""

    evidence: Sequence[Evidence] = ()
    """That the request names, and the standing kinds of the agencies concerned."""
    preferences: Sequence[Preference] = ()
    """Of the students of the request."""


def ground_facts(student: SubjectFacts, held: Held, discloser: Discloser, place: Place) -> GroundFacts | None:
    """The facts of all evidence that bears on `student`; None if there is none."""
    found: dict[str, Any] = {}
    fits: dict[str, bool] = {}
    for evidence in held.evidence:
        if evidence.of.kind in STANDING or isinstance(evidence.of, EducatorApplication):
            continue  # the last is about no student
        where, reader = PLACES[evidence.of.kind]
        facts = {**in_common(evidence, student, discloser, place), **reader(evidence.of, student, discloser, place)}
        # of several of one kind the first one that is about this student, this party and this instant
        if where not in found or (not fits[where] and _fits(facts, discloser)):
            found[where], fits[where] = facts, _fits(facts, discloser)
    found["relation"] = relation_facts(student, discloser, place)
    found["directory"] = directory_facts.directory(student, held.evidence, held.preferences, discloser)
    found["onboarding"] = programme_facts.onboarding(student, held.evidence, discloser, place)
    if "recruiting" in found:
        found["recruiting"]["opt_out_stands"] = directory_facts.opted_out_of_recruiters(
            student, held.preferences, found["recruiting"], discloser
        )
    present = {where: facts for where, facts in found.items() if facts is not None}
    if not present:
        return None
    members = {where: _chosen(where, facts) for where, facts in present.items()}
    return GroundFacts.model_validate(members)


def in_common(evidence: Evidence, student: SubjectFacts, discloser: Discloser, place: Place) -> dict[str, Any]:
    """Whose evidence it is, about whom, for whom, and its period; a revocation ends it, and of a tax year another one's proof."""
    of: Any = evidence.of
    begins, ends = [milliseconds_of(of.valid_from)], [milliseconds_of(of.valid_until)]
    if evidence.revoked_at is not None:
        ends.append(milliseconds_of(evidence.revoked_at))
    if isinstance(of, Dependency):
        begins.append(place.begins(tax_years.first_day(of.tax_year)))
        ends.append(place.begins(tax_years.first_day_after(of.tax_year)))
    return {
        "about_student": student.student_id in getattr(of, "student_ids", (student.student_id,)),
        "begins_at": max(begins),
        "elements": tuple(sorted(set(of.elements))),
        "ends_at": min(ends),
        "for_discloser": discloser.discloses(of.agency_id, student),
        "names_recipient": discloser.recipient.id == of.recipient_id,
    }


def _fits(facts: Mapping[str, Any], discloser: Discloser) -> bool:
    in_force = facts["begins_at"] <= discloser.now < facts["ends_at"]
    return bool(in_force and facts["about_student"] and facts["for_discloser"] and facts["names_recipient"])


def _chosen(where: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members that the rules read of this kind."""
    model: Any = GroundFacts.model_fields[where].annotation
    (known,) = (part.model_fields for part in model.__args__ if part is not type(None))
    return {name: value for name, value in facts.items() if name in known}
