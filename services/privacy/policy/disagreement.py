"""Parents who disagree: what one consents to and another with full rights refuses (34 CFR 99.4)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from safepassage.wire_directory import DisclosureRefusal, ParentsDisagree, Preference
from safepassage.wire_evidence import Evidence
from safepassage.wire_policy import Consent
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.directory_facts import stands
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.programme_facts import in_force
from services.privacy.policy.rights import parental_rights
from services.privacy.policy.taxonomy import is_for
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import SubjectFacts

ANY_REFUSAL_BLOCKS: Final = "any-refusal-blocks"
STRICTEST_FIRST: Final = (ANY_REFUSAL_BLOCKS, "latest-decides", "consent-stands")


def refused_elements(
    consent: Consent,
    others: Sequence[Consent],
    preferences: Sequence[Preference],
    evidence: Sequence[Evidence],
    student: SubjectFacts,
    discloser: Discloser,
    place: Place,
) -> tuple[str, ...]:
    """Elements of a parent's consent that another parent with rights refuses for this party and purpose, as the district chose to count it.

    A consent that the other parent took back counts as a refusal from then on. Where the district that keeps the record has no choice on
    record that is in force, any refusal blocks; where it has several, the strictest counts.
    """
    if consent.grantor_role != "parent":
        return ()
    choice = _choice(evidence, student, discloser)
    if choice == "consent-stands":
        return ()
    since = milliseconds_of(consent.granted_at)
    refused: set[str] = set()
    for person, at, elements in (*_refusals(consent, preferences, discloser), *_taken_back(others, discloser)):
        another = person != consent.acting_for.person_id and _holds_rights(student, person, place)
        if another and (choice == ANY_REFUSAL_BLOCKS or at > since):
            refused |= set(consent.elements) if elements is None else set(elements)
    return tuple(sorted(refused & set(consent.elements)))


def _refusals(consent: Consent, preferences: Sequence[Preference], discloser: Discloser) -> list[tuple[UUID, int, tuple[str, ...] | None]]:
    found = []
    for preference in preferences:
        of = preference.of
        if not isinstance(of, DisclosureRefusal) or of.student_id != consent.student_id or not stands(preference, discloser.now):
            continue
        if of.recipient_id not in (None, discloser.recipient.id) or (of.purposes and not is_for(discloser.request.purpose, of.purposes)):
            continue
        found.append((of.acting_for.person_id, milliseconds_of(of.received_at), of.elements))
    return found


def _taken_back(others: Sequence[Consent], discloser: Discloser) -> list[tuple[UUID, int, tuple[str, ...] | None]]:
    return [
        (other.acting_for.person_id, milliseconds_of(other.withdrawn_at), other.elements)
        for other in others
        if other.withdrawn_at is not None
        and milliseconds_of(other.withdrawn_at) <= discloser.now
        and other.recipient_id == discloser.recipient.id
        and is_for(discloser.request.purpose, other.purposes)
    ]


def _holds_rights(student: SubjectFacts, person: UUID, place: Place) -> bool:
    holds, ends_on = parental_rights(student, person, place)
    return holds and (ends_on is None or place.today < ends_on)


def _choice(evidence: Sequence[Evidence], student: SubjectFacts, discloser: Discloser) -> str:
    keepers = {student.custodian_id, *(organisation.id for organisation in discloser.keeper(student))}
    chosen = {
        it.of.choice for it in evidence if isinstance(it.of, ParentsDisagree) and it.of.agency_id in keepers and in_force(it, discloser.now)
    }
    return next((choice for choice in STRICTEST_FIRST if choice in chosen), ANY_REFUSAL_BLOCKS)


def choice_changes_at(evidence: Sequence[Evidence]) -> list[int]:
    """Instants at which a choice begins or ends by time alone."""
    choices = [it.of for it in evidence if isinstance(it.of, ParentsDisagree)]
    return [milliseconds_of(instant) for of in choices for instant in (of.valid_from, of.valid_until)]
