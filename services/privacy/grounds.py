"""What privacy holds beside consent and agreement that a decision may rest on: evidence, other consents, what the student's side said."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, or_

from safepassage.wire_directory import Preference
from safepassage.wire_evidence import Evidence
from safepassage.wire_policy import Consent
from services.privacy.consent_records import held_consents
from services.privacy.evidence_records import held_evidence
from services.privacy.opt_outs import held_preferences
from services.privacy.sealing import Sealer
from services.privacy.tables import EvidenceRow
from shared.contracts.privacy import DecisionRequest, SubjectFacts

HEARD_ON: Final = frozenset({"consent", "directory", "military-recruiter", "higher-education-recruiter"})
"""Bases on which the rules ask what parents and eligible students said; no other pays a statement for it."""

Held = tuple[Evidence, int]
"""Evidence and its epoch."""


@dataclass(frozen=True)
class Grounds:
    """Loaded in the snapshot of the other facts."""

    other_consents: tuple[Consent, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    """That the request names, and the standing kinds of the organisations concerned."""
    preferences: tuple[Preference, ...] = ()
    """Of the students of the request."""
    taken_back: tuple[Consent, ...] = ()
    """Consents for the same recipient that were withdrawn, on the basis of consent: whoever asks need not name them."""
    epochs: Mapping[str, Any] = field(default_factory=dict)
    """Which version of each was seen; nothing of what there was none of."""

    @property
    def seen_at(self) -> Iterator[datetime]:
        """Instants that had come when this was read, whatever this replica's clock says: of revocations, and of what was refused."""
        for evidence in self.evidence:
            if evidence.revoked_at is not None:
                yield evidence.revoked_at
        for consent in self.other_consents:
            if consent.withdrawn_at is not None:
                yield consent.withdrawn_at
        yield from (preference.recorded_at for preference in self.preferences)
        yield from (consent.withdrawn_at for consent in self.taken_back if consent.withdrawn_at is not None)

    def of_student(self, student_id: UUID) -> "Grounds":
        """As far as it is about one student of several."""
        return replace(
            self,
            other_consents=tuple(consent for consent in self.other_consents if consent.student_id == student_id),
            preferences=tuple(preference for preference in self.preferences if preference.of.student_id == student_id),
            taken_back=tuple(consent for consent in self.taken_back if consent.student_id == student_id),
        )


def grounds_named(
    connection: Connection,
    sealer: Sealer,
    request: DecisionRequest,
    standing: Collection[Held],
    taken_back: Collection[tuple[Consent, int]] = (),
    *,
    subjects: Sequence[SubjectFacts] = (),
) -> Grounds:
    """What the request names or its basis asks for; `standing` was read with the organisations, `taken_back` with the consent.

    subjects  the facts of the students of the request


    A statement each for evidence and consents that are named, and for preferences on bases that hear them. Raises SealBroken.
    """
    named = held_evidence(connection, sealer, set(request.evidence_ids))
    others = held_consents(connection, sealer, request.other_consent_ids) if request.other_consent_ids else []
    preferences: tuple[Preference, ...] = ()
    if request.basis in HEARD_ON:
        records = {subject.student_id: (subject.student_id, *subject.same_child) for subject in subjects}
        held = held_preferences(connection, sealer, sorted(set(chain.from_iterable(records.values()))))
        preferences = said_about_each_child(held, records)
    evidence = {it.id: (it, epoch) for it, epoch in (*standing, *named)}
    epochs = {
        "evidence": {str(identifier): epoch for identifier, (_, epoch) in evidence.items()},
        "other_consents": {str(consent.id): epoch for consent, epoch in others},
        "taken_back": {str(consent.id): epoch for consent, epoch in taken_back},
        "preferences": {str(it.id): 1 if it.rescinded_at is None else 2 for it in preferences},
    }
    return Grounds(
        tuple(consent for consent, _ in others),
        tuple(it for it, _ in evidence.values()),
        preferences,
        tuple(consent for consent, _ in taken_back),
        {name: seen for name, seen in epochs.items() if seen},
    )


def said_about_each_child(held: Sequence[Preference], records: Mapping[UUID, Collection[UUID]]) -> tuple[Preference, ...]:
    """What was said about any record of a child, as said about the student of the request. In the order of `held`.

    records  by the student of the request, every record of the child
    """
    students: dict[UUID, list[UUID]] = {}
    for student_id, of_child in records.items():
        for record_id in of_child:
            students.setdefault(record_id, []).append(student_id)
    return tuple(
        preference
        if student_id == preference.of.student_id
        else preference.model_copy(update={"of": preference.of.model_copy(update={"student_id": student_id})})
        for preference in held
        for student_id in students[preference.of.student_id]
    )


def standing_kinds(request: DecisionRequest) -> list[str]:
    """The kinds of evidence that this request's rules ask for without its naming any (wire_evidence.STANDING)."""
    kinds = []
    if request.recipient.kind == "vendor":
        kinds.append("operator-onboarding")
    if request.basis == "directory":
        kinds.append("directory-notice")
    if request.basis == "consent":
        kinds.append("parents-disagree")
    if request.action == "redisclose" and request.basis != "transfer":
        kinds.append("onward-understanding")
    return kinds


def standing_of(organisation_id: Any) -> Any:
    """Condition: a row of evidence of the organisation, of one of the parameter `kinds`; of operators the parameter `operator_id` alone."""
    return and_(
        EvidenceRow.agency_id == organisation_id,
        EvidenceRow.kind.in_(bindparam("kinds", expanding=True)),
        or_(EvidenceRow.operator_id.is_(None), EvidenceRow.operator_id == bindparam("operator_id")),
    )
