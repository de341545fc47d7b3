"""Who is this child? Certain, or a person decides, or nobody here. Pure.

A false match gives a child's record to strangers and is far worse than a miss. So certain means: one student whose name and date of birth
agree, and one thing more that a stranger does not know; and nobody in sight who could be a twin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from uuid import UUID

from safepassage.wire_exchange import PersonSelector
from services.records.matching_person import Candidate
from services.records.normalisation import given_name, identifier_form, same_surname, surname_forms

NEAR_GIVEN_NAME = 0.75
"""Ratio of Ratcliff and Obershelp from which two given names are near: a person is asked, nothing is decided by it."""


@dataclass(frozen=True)
class Certain:
    """The child is this student."""

    student_id: UUID


@dataclass(frozen=True)
class NeedsPerson:
    """One of these may be the child; a person decides. `reasons` are codes, sorted."""

    student_ids: tuple[UUID, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class NoCandidate:
    """Nobody here is near."""


Match = Certain | NeedsPerson | NoCandidate


def match(selector: PersonSelector, candidates: Sequence[Candidate]) -> Match:
    """Find the child that `selector` describes among `candidates` (all who share an identifier, or a name and a date of birth, with it).

    INVARIANT: of twins none is ever certain: a possible sibling of a multiple birth, or an identifier that says somebody else, and a person
    decides.
    """
    compared = [_Comparison(selector, candidate) for candidate in candidates]
    near = [one for one in compared if one.is_near]
    if not near:
        return NoCandidate()
    agreeing = [one for one in near if one.agrees]
    reasons: set[str] = set()
    if len(agreeing) != 1:
        reasons.add("several-agree" if agreeing else "none-agrees-fully")
    if any(one.identifier_contradicts for one in compared):
        reasons.add("identifier-contradicts")
    reasons |= _doubts(agreeing[0], candidates) if len(agreeing) == 1 else set()
    if reasons:
        seen = {one.candidate.student_id for one in near}
        seen |= {other.student_id for one in agreeing for other in candidates if _may_be_sibling(one.candidate, other)}
        return NeedsPerson(tuple(one.student_id for one in candidates if one.student_id in seen), tuple(sorted(reasons)))
    return Certain(agreeing[0].candidate.student_id)


def names_and_birth_agree(selector: PersonSelector, candidate: Candidate) -> bool:
    """Whether the child's name and date of birth are this student's, by all that is said of both."""
    return _Comparison(selector, candidate).agrees


class _Comparison:
    """One candidate held against the selector."""

    def __init__(self, selector: PersonSelector, candidate: Candidate) -> None:
        self.candidate = candidate
        given, surnames = given_name(selector.first_name), surname_forms(selector.last_name)
        state_id = identifier_form(selector.state_student_id or "")
        self.same_given = given is not None and given in candidate.given
        self.near_given = given is not None and any(_near(given, form) for form in {*candidate.given, candidate.middle or ""})
        self.same_surname = same_surname(surnames, candidate.surnames)
        self.given_as_surname = given is not None and given in candidate.surnames
        self.surname_as_given = not surnames.isdisjoint(candidate.given)
        self.same_birth_date = candidate.birth_date == selector.birth_date
        self.transposed = candidate.birth_date is not None and candidate.birth_date == transposed(selector.birth_date)
        self.same_identifier = state_id is not None and state_id in candidate.state_ids
        self.other_identifier = state_id is not None and bool(candidate.state_ids) and state_id not in candidate.state_ids
        self.middle_contradicts = _contradict(given_name(selector.middle_name), candidate.middle)
        self.same_school = selector.former_school_nces_id in candidate.schools
        self.same_district = selector.former_district_nces_id in candidate.districts
        guardian = surname_forms(selector.guardian_last_name or "") - surnames
        self.same_guardian = not guardian.isdisjoint(candidate.guardian_surnames)

    @property
    def one_more(self) -> bool:
        """Something that is neither name nor date of birth agrees. A guardian counts whose surname is not the child's."""
        return self.same_identifier or self.same_school or self.same_district or self.same_guardian

    @property
    def agrees(self) -> bool:
        """Name and date of birth agree."""
        return self.same_given and self.same_surname and self.same_birth_date and not self.middle_contradicts

    @property
    def identifier_contradicts(self) -> bool:
        """The identifier says this student and the rest does not, or the rest says this student and the identifier does not."""
        return self.same_identifier != self.agrees and (self.same_identifier or self.other_identifier)

    @property
    def is_near(self) -> bool:
        """Worth a person's look."""
        born = self.same_birth_date or self.transposed
        exchanged = self.given_as_surname and self.surname_as_given  # the family name first, or who has one name alone
        named = exchanged or (self.same_surname and (self.same_given or self.near_given))
        partly = (self.same_surname or self.same_given or self.given_as_surname or self.surname_as_given) and self.one_more
        return self.same_identifier or (born and (named or partly))


def _doubts(agreeing: _Comparison, candidates: Sequence[Candidate]) -> set[str]:
    """Why the one who agrees is not certain."""
    one = agreeing.candidate
    doubts = set()
    if not agreeing.one_more:
        doubts.add("name-and-birth-date-only")
    if one.birth_date is not None and (one.birth_date.month, one.birth_date.day) == (1, 1) and not agreeing.same_identifier:
        doubts.add("default-birth-date")
    if one.multiple_birth or any(_may_be_sibling(one, other) for other in candidates if other.student_id != one.student_id):
        doubts.add("multiple-birth")
    return doubts


def _may_be_sibling(one: Candidate, other: Candidate) -> bool:
    """Born on one day with one surname: siblings of a multiple birth, unless it is known that they share neither home nor guardian."""
    if one.birth_date != other.birth_date or not same_surname(one.surnames, other.surnames):
        return False
    strangers = one.household and other.household and one.household.isdisjoint(other.household)
    return other.multiple_birth or not strangers


def transposed(day: date) -> date | None:
    """The date with month and day exchanged (03/04 for 04/03), where that is another date."""
    if day.day > 12 or day.day == day.month:
        return None
    return date(day.year, day.day, day.month)


def _near(one: str, other: str) -> bool:
    if not other:
        return False
    return one == other or one.startswith(other) or other.startswith(one) or SequenceMatcher(None, one, other).ratio() >= NEAR_GIVEN_NAME


def _contradict(one: str | None, other: str | None) -> bool:
    """Two middle names that are there and differ, an initial being enough to agree."""
    if one is None or other is None:
        return False
    return not (one.startswith(other) or other.startswith(one))
