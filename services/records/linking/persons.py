"""What linking compares of a student: forms in memory, one row each. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from safepassage.record import StudentRecord
from services.records.linking.given_names import groups_of
from services.records.matching import transposed
from services.records.matching_person import Candidate
from services.records.normalisation import given_name, identifier_form, words

CROWDED: Final = 8
"""An address or telephone of more students than this says nothing: a shelter, a school's office, a placeholder."""


@dataclass(frozen=True, slots=True)
class LinkedPerson:
    """A student as one record has it."""

    key: str
    """The student's id, or what stands for it."""
    given: str | None
    """The form of the legal given name; None for a placeholder."""
    given_forms: frozenset[str]
    """That, those of aliases, and the groups of names that are used for one another."""
    middle: str | None
    surname: str | None
    """The form of the first surname."""
    surnames: frozenset[str]
    suffix: str | None
    birth_date: date | None
    sex: str | None
    multiple_birth: bool
    state_ids: frozenset[tuple[str, str]]
    """System and form."""
    guardians: frozenset[str] = field(repr=False)
    """Forms of given name and surname."""
    places: frozenset[str] = field(repr=False)
    """Forms of addresses and telephone numbers."""

    @property
    def born_by_default(self) -> bool:
        """1 January: what is written where the day is not known. It carries no weight."""
        return self.birth_date is not None and (self.birth_date.month, self.birth_date.day) == (1, 1)

    @property
    def transposed(self) -> date | None:
        """The birth date with day and month exchanged, where that is another date."""
        return None if self.birth_date is None else transposed(self.birth_date)


def linked_person(key: str, record: StudentRecord, candidate: Candidate) -> LinkedPerson:
    """The row of a record; `candidate` is what matching knows of it. Names that are sealed are in neither."""
    identity = record.identity
    name = identity.name if identity else None
    given = given_name(name.first) if name else None
    forms = candidate.given
    parts = words(name.last_1) if name else []
    surname = "".join(parts) if parts and "".join(parts) in candidate.surnames else None
    return LinkedPerson(
        key=key,
        given=given,
        given_forms=frozenset(forms | {group for form in forms for group in groups_of(form)}),
        middle=candidate.middle,
        surname=surname,
        surnames=candidate.surnames,
        suffix=candidate.suffix,
        birth_date=candidate.birth_date,
        sex=identity.sex.code.casefold() if identity and identity.sex else None,
        multiple_birth=candidate.multiple_birth,
        state_ids=_state_ids(record),
        guardians=frozenset(form for form in candidate.household if form.startswith("guardian:")),
        places=frozenset(form for form in candidate.household if not form.startswith("guardian:")),
    )


def _state_ids(record: StudentRecord) -> frozenset[tuple[str, str]]:
    identifiers = (record.identity.identifiers or ()) if record.identity else ()
    return frozenset((one.system, form) for one in identifiers if one.kind == "state" and (form := identifier_form(one.value)) is not None)


def without_crowded(people: Sequence[LinkedPerson]) -> list[LinkedPerson]:
    """The same people without the addresses and telephones that too many share."""
    counted = Counter(place for one in people for place in one.places)
    crowded = {place for place, count in counted.items() if count > CROWDED}
    return [one if crowded.isdisjoint(one.places) else replace(one, places=one.places - crowded) for one in people]
