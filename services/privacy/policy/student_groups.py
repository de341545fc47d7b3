"""Students of a request whose facts are alike stand in one group, so that a page of them is decided once. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from safepassage.wire_policy import Consent
from services.privacy.policy.calendar_days import Place, reaches, reaches_majority_on
from services.privacy.policy.consent_facts import consent_facts
from services.privacy.policy.custody_facts import Parties, custody_facts
from services.privacy.policy.disagreement import choice_changes_at, refused_elements
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.ground_facts import Held, ground_facts
from services.privacy.policy.policy_input import ConsentFacts, StudentFacts, StudentGroup, Subject
from services.privacy.policy.rights import attendance_changes_on, is_eligible, parents_change_on
from shared.contracts.privacy import SubjectFacts

Alike = tuple[object, ...]
"""All of a student that its group depends on: who has the same is in the same group."""


@dataclass(frozen=True)
class GroupMaker:
    """Makes the group of a student from what is the same for every student. A group that was made is given again to who is alike."""

    parties: Parties
    discloser: Discloser
    consents: tuple[Consent, ...]
    taken_back: tuple[Consent, ...]
    held: Held
    now: datetime
    _made: dict[Alike, StudentGroup] = field(default_factory=dict)
    places: dict[str, Place | None] = field(default_factory=dict)

    def place(self, time_zone: str) -> Place | None:
        """The calendar of a student; None where the time zone does not exist."""
        if time_zone not in self.places:
            try:
                self.places[time_zone] = Place.at(time_zone, self.now)
            except ValueError:
                self.places[time_zone] = None
        return self.places[time_zone]

    def own_consents(self, student: SubjectFacts) -> tuple[Consent, ...]:
        """Those of the consents that are about the student."""
        return tuple(consent for consent in self.consents if consent.student_id == student.student_id)

    @cached_property
    def has_grounds(self) -> bool:
        """Whether there may be other evidence for any student."""
        return bool(self.held.evidence) or self.discloser.recipient.kind == "person"

    def grounds(self, student: SubjectFacts, place: Place) -> GroundFacts | None:
        """The facts of other evidence; None if there is none."""
        return ground_facts(student, self.held, self.discloser, place)

    def group(
        self, student: SubjectFacts, eligible: bool, own: tuple[Consent, ...], grounds: GroundFacts | None, place: Place
    ) -> StudentGroup:
        """The group of students with these facts.

        # INVARIANT: a consent is about one student: who has one of its own is in the group of nobody else.
        """
        alike: Alike = (
            eligible,
            "homeless" in student.flags,
            student.jurisdiction,
            "protected-address" in student.flags,
            student.custodian_id,
            student.originating_agency,
            tuple([consent.id for consent in own]) if own else (),
            grounds,
        )
        found = self._made.get(alike)
        if found is None:
            found = self._made[alike] = self._new_group(student, eligible, own, grounds, place)
        return found

    def _new_group(
        self, student: SubjectFacts, eligible: bool, own: tuple[Consent, ...], grounds: GroundFacts | None, place: Place
    ) -> StudentGroup:
        candidates = tuple(self._consent(consent, student, place) for consent in own)
        return StudentGroup(
            consent=candidates[0] if candidates else None,
            custody=custody_facts(student, self.parties),
            grounds=grounds,
            other_consents=candidates[1:] or None,
            student=StudentFacts(
                eligible=eligible,
                homeless="homeless" in student.flags,
                jurisdiction=student.jurisdiction,
                protected_address="protected-address" in student.flags,
            ),
        )

    def _consent(self, consent: Consent, student: SubjectFacts, place: Place) -> ConsentFacts:
        others = {it.id: it for it in (*self.taken_back, *self.consents) if it.id != consent.id and it.student_id == student.student_id}
        refused = refused_elements(
            consent, tuple(others.values()), self.held.preferences, self.held.evidence, student, self.discloser, place
        )
        return consent_facts(consent, student, self.parties.recipient, place, refused=refused)


@dataclass
class StudentGroups:
    """The groups of the students of one input, in the order of their first students."""

    maker: GroupMaker
    groups: list[StudentGroup] = field(default_factory=list)
    changes_at: list[int] = field(default_factory=list)
    """When a student comes of an age, or leaves a school, on which the answer turns, if that is to come; when a district's choice begins or
    ends.
    """
    _index: dict[int, int] = field(default_factory=dict)
    """By the identity of a group, which its maker keeps."""

    def subject(self, student: SubjectFacts) -> Subject:
        """The student with its group; without one where its time zone does not exist."""
        maker = self.maker
        place = maker.places.get(student.time_zone) or maker.place(student.time_zone)
        identifier = str(student.student_id)
        if place is None:
            return identifier, student.facts_version, None
        eligible, own = is_eligible(student, place), maker.own_consents(student) if maker.consents else ()
        grounds = maker.grounds(student, place) if maker.has_grounds else None
        if not eligible and (own or (grounds is not None and grounds.relation is not None)):
            self.changes_at.append(place.begins(reaches_majority_on(student.birth_date)))
        if own or grounds is not None:
            self.changes_at.extend(place.begins(day) for day in attendance_changes_on(student))
        if grounds is not None and grounds.order is not None and grounds.order.child_protection:
            self.changes_at.extend(place.begins(day) for day in parents_change_on(student))
        if grounds is not None and grounds.substance is not None and grounds.substance.under_21:
            self.changes_at.append(place.begins(reaches(student.birth_date, 21)))
        if own:
            self.changes_at.extend(choice_changes_at(maker.held.evidence))
        group = maker.group(student, eligible, own, grounds, place)
        index = self._index.get(id(group))
        if index is None:
            index = self._index[id(group)] = len(self.groups)
            self.groups.append(group)
        return identifier, student.facts_version, index
