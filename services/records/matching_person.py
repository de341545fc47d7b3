"""What matching knows of a student: forms of the record, in memory only. Pure."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from safepassage.record import StudentRecord
from safepassage.record.contacts import Address, Guardian, Telephone
from services.records.normalisation import folded, given_name, identifier_form, suffix_form, surname_forms


@dataclass(frozen=True)
class Candidate:
    """A student who may be the child asked for."""

    student_id: UUID
    given: frozenset[str]
    """Forms of the legal given name and of aliases that are not sealed."""
    middle: str | None
    surnames: frozenset[str]
    suffix: str | None
    birth_date: date | None
    multiple_birth: bool
    state_ids: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()
    """NCES ids."""
    districts: frozenset[str] = frozenset()
    """NCES ids; those of the schools' first seven digits among them."""
    guardian_surnames: frozenset[str] = frozenset()
    household: frozenset[str] = field(default=frozenset(), repr=False)
    """Forms of addresses, telephone numbers and guardians: students of one household share one."""


def candidate_of(student_id: UUID, record: StudentRecord) -> Candidate:
    """What of `record` matching looks at."""
    identity, contacts, enrollment = record.identity, record.contacts, record.enrollment
    name = identity.name if identity else None
    others = [other for other in (identity.other_names or () if identity else ()) if not other.sealed]
    given = {given_name(name.first) if name else None, *(given_name(other.first) for other in others)}
    surnames = set(surname_forms(name.last_1, name.last_2) if name else ()).union(*(surname_forms(o.last) for o in others if o.last))
    enrolled = (enrollment.enrollments or ()) if enrollment else ()
    schools = {one.school.nces_id for one in enrolled if one.school.nces_id and len(one.school.nces_id) == 12}
    districts = {one.district.nces_id for one in enrolled if one.district and one.district.nces_id} | {school[:7] for school in schools}
    guardians = (contacts.guardians or ()) if contacts else ()
    return Candidate(
        student_id=student_id,
        given=frozenset(form for form in given if form is not None),
        middle=given_name(name.middle) if name else None,
        surnames=frozenset(surnames),
        suffix=suffix_form(name.suffix) if name else None,
        birth_date=identity.birth_date.birth_date if identity and identity.birth_date else None,
        multiple_birth=bool(identity and identity.multiple_birth and identity.multiple_birth.indicator),
        state_ids=_state_ids(record),
        schools=frozenset(schools),
        districts=frozenset(districts),
        guardian_surnames=frozenset().union(*(surname_forms(one.name.last_1, one.name.last_2) for one in guardians)),
        household=_household(contacts.addresses if contacts else None, contacts.telephones if contacts else None, guardians),
    )


def _state_ids(record: StudentRecord) -> frozenset[str]:
    identifiers = (record.identity.identifiers or ()) if record.identity else ()
    forms = (identifier_form(one.value) for one in identifiers if one.kind == "state")
    return frozenset(form for form in forms if form is not None)


def _household(
    addresses: tuple[Address, ...] | None, telephones: tuple[Telephone, ...] | None, guardians: tuple[Guardian, ...]
) -> frozenset[str]:
    places = [*(addresses or ()), *(address for one in guardians for address in one.addresses or ())]
    numbers = [*(telephones or ()), *(telephone for one in guardians for telephone in one.telephones or ())]
    forms = {f"address:{folded(place.street)}:{folded(place.postal_code or place.city or '')}" for place in places if place.street}
    forms |= {f"telephone:{form}" for one in numbers if (form := identifier_form(one.number))}
    return frozenset(forms | {f"guardian:{folded(one.name.first or '')}:{folded(one.name.last_1)}" for one in guardians})
