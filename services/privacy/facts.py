"""The facts of one decision, read in one snapshot: what was committed before it is seen, all of it and nothing half."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from safepassage.problems.privacy import FactsBehind
from safepassage.wire_directory import Preference
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Agreement, Consent, Debarment
from services.privacy.agreements import held_agreement
from services.privacy.consents import held_consent
from services.privacy.debarments import debarments_of
from services.privacy.opt_outs import held_preferences
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.sealing import Sealer
from services.privacy.statements import placed_statements
from services.privacy.subjects import open_facts, subjects_by_id
from services.privacy.tables import OrganisationRow
from shared import prepared
from shared.contracts.privacy import DecisionRequest, StatementsOf, SubjectFacts

HEED_PREFERENCES: Final = frozenset({"consent", "directory", "military-recruiter", "higher-education-recruiter"})
"""Bases in which an opt-out or refusal has a part; for the others none is read."""


@dataclass(frozen=True)
class Facts:
    """What the policies are given, loaded by us, never believed from the asker; but for the evidence that a verified request asserts."""

    subjects: tuple[SubjectFacts, ...]
    """In the order of the request."""
    organisations: dict[UUID, Organisation]
    """Everyone who has a part in it, and all above them."""
    consent: Consent | None
    agreement: Agreement | None
    debarments: tuple[Debarment, ...]
    epochs: dict[str, Any]
    """Which version of each fact was seen."""
    statements: tuple[StatementsOf, ...] = ()
    """Of those of the students in whose records statements of disagreement were placed."""
    preferences: tuple[Preference, ...] = ()
    """Opt-outs and refusals of the students, where the basis gives them a part."""

    @property
    def custodians(self) -> tuple[UUID, ...]:
        """Who keeps the record, for each subject."""
        return tuple(subject.custodian_id for subject in self.subjects)

    def of_one(self, place: int) -> "Facts":
        """The facts of one student of several."""
        student = self.subjects[place]
        epochs = {**self.epochs, "subjects": self.epochs["subjects"][place : place + 1]}
        statements = tuple(of for of in self.statements if of.student_id == student.student_id)
        preferences = tuple(it for it in self.preferences if it.of.student_id == student.student_id)
        return replace(self, subjects=(student,), epochs=epochs, statements=statements, preferences=preferences)

    def of_nobody(self) -> "Facts":
        """The facts of a question about a student whom the asker does not see."""
        return replace(self, subjects=(), consent=None, epochs={}, statements=(), preferences=())

    def not_before(self, now: datetime) -> datetime:
        """The instant to decide at: never before a revocation that was seen, though another replica's clock ran ahead when it was made."""
        withdrawn_at = None if self.consent is None else self.consent.withdrawn_at
        terminated_at = None if self.agreement is None else self.agreement.terminated_at
        return max(now, withdrawn_at or now, terminated_at or now, *(one.recorded_at for one in self.preferences))


def read_facts(
    connection: Connection,
    sealer: Sealer,
    request: DecisionRequest,
    *,
    node_organisation_id: UUID,
    caller_organisation_id: UUID | None,
    at_stated_version: bool = True,
) -> Facts:
    """Load what `request` is decided on. `connection` is in a transaction that is one snapshot (Database.reading).

    # INVARIANT: nothing is cached between decisions, so that a revocation is seen by every decision that starts after its commit.

    at_stated_version  also refuse facts that are older here than those under which the asker will release

    Raises FactsBehind (also for a student who is not here at all), SealBroken.
    """
    rows = subjects_by_id(connection, [subject.student_id for subject in request.subjects])
    held = [
        row
        for subject in request.subjects
        if (row := rows.get(subject.student_id)) is not None and (row.facts_version >= subject.facts_version or not at_stated_version)
    ]
    if len(held) != len(request.subjects):
        raise FactsBehind(f"of {len(request.subjects) - len(held)} of {len(request.subjects)} students", field="subjects")
    subjects = tuple(open_facts(sealer, row) for row in held)
    consent = None if request.consent_id is None else held_consent(connection, sealer, request.consent_id)
    agreement = None if request.agreement_id is None else held_agreement(connection, request.agreement_id)
    organisations = _organisations(
        connection, _concerned(request, subjects, agreement and agreement[0], (node_organisation_id, caller_organisation_id))
    )
    epochs = {
        "agreement": agreement and agreement[1],
        "consent": consent and consent[1],
        "organisations": {str(organisation.id): organisation.version for organisation in organisations.values()},
        "subjects": [subject.facts_version for subject in subjects],
    }
    return Facts(
        subjects,
        organisations,
        consent and consent[0],
        agreement and agreement[0],
        debarments_of(connection, _barred_names(request, organisations)),
        epochs,
        tuple(
            StatementsOf(student_id=row.student_id, statements=placed_statements(sealer, row.student_id, row.sealed_statements))
            for row in held
            if row.sealed_statements is not None
        ),
        held_preferences(connection, sealer, [one.student_id for one in subjects]) if request.basis in HEED_PREFERENCES else (),
    )


def _concerned(
    request: DecisionRequest, subjects: Sequence[SubjectFacts], agreement: Agreement | None, always: Iterable[UUID | None]
) -> set[UUID]:
    """Organisations that the rules may ask about, by their ids here."""
    named = {subject.originating_agency for subject in subjects} | {request.recipient.id}
    if request.transfer is not None:
        named.add(request.transfer.evidence.receiving_organisation.id)
    concerned = {identifier for identifier in map(_uuid, named) if identifier is not None}
    concerned |= {subject.custodian_id for subject in subjects} | {identifier for identifier in always if identifier is not None}
    return concerned if agreement is None else concerned | {agreement.recipient_id, *agreement.district_ids}


def _barred_names(request: DecisionRequest, organisations: dict[UUID, Organisation]) -> set[str]:
    """What a finding against the recipient may name: itself, its node, or the district of a school."""
    recipient = request.recipient
    agency = OrganisationTree(organisations).agency(recipient.id)
    return {recipient.id, *(str(organisation.id) for organisation in agency)} | ({recipient.node} if recipient.node else set())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_NAMED = select(OrganisationRow.id, OrganisationRow.parent_id).where(OrganisationRow.id.in_(bindparam("identifiers", expanding=True)))
_UP = _NAMED.cte("up", recursive=True)
_UP = _UP.union(select(OrganisationRow.id, OrganisationRow.parent_id).where(OrganisationRow.id == _UP.c.parent_id))
_CONCERNED = select(OrganisationRow.whole).where(OrganisationRow.id.in_(select(_UP.c.id)))


def _organisations(connection: Connection, identifiers: set[UUID]) -> dict[UUID, Organisation]:
    """The organisations and all above them."""
    found = prepared.rows(connection, _CONCERNED, {"identifiers": list(identifiers)})
    return {organisation.id: organisation for organisation in (_organisation(one.whole) for one in found)}


@lru_cache(maxsize=4096)
def _organisation(whole: str) -> Organisation:
    """The text that was read, as an organisation: the same text is not parsed for each decision."""
    return Organisation.model_validate_json(whole)
