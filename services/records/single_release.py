"""What every release of one student's record shares, to a rights holder or to a party: who keeps the record, and what privacy says."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from safepassage.problems import SuiteError
from safepassage.problems.privacy import FactsBehind
from safepassage.problems.records import NoSuchStudent
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import ActingFor
from services.records.exchange.exchange import Exchange
from services.records.reading import HeldDocument, document_at
from services.records.supplied_reads import supplied_document
from services.records.tables import OrganisationRow, StudentRow
from services.records.vault import Vault
from shared.caller import Caller
from shared.contracts.privacy import Decision, DecisionRequest, Recipient, RecipientProof, SubjectVersion
from shared.tenancy import belongs_to


def held_by_caller(
    connection: Connection, vault: Vault, caller: Caller, student_id: UUID, sections: Collection[str]
) -> tuple[HeldDocument, Organisation]:
    """The record and its custodian, of a student whose record the caller's organisation or one below it keeps.

    Raises NoSuchStudent."""
    mine = belongs_to(StudentRow.custodian_id, OrganisationRow, caller.organisation_id)
    query = (
        select(OrganisationRow.whole)
        .join(StudentRow, StudentRow.custodian_id == OrganisationRow.id)
        .where(StudentRow.id == student_id, mine, StudentRow.facts_version > 0)
    )
    custodian = connection.execute(query).scalar_one_or_none()
    if custodian is None:
        raise NoSuchStudent
    return document_at(connection, vault, student_id, sections=sections), Organisation.model_validate_json(custodian)


async def whole_document(exchange: Exchange, held: HeldDocument) -> dict[str, Any]:
    """What is released of, once it is permitted: what is here, or what the district's own system says now.

    INVARIANT: a copy of what is here alone would look like the whole record. Raises RecordSourceAway, RecordNotAtSource, KeptAnew.
    """
    return held.document if held.left is None else await supplied_document(exchange, held.student, held.left)


def to_rights_holder(student: StudentRow, acting: ActingFor, elements: tuple[str, ...]) -> DecisionRequest:
    """The question of a parent or eligible student whom staff have identified, 34 CFR 99.31(a)(12)."""
    return DecisionRequest(
        action="disclose",
        subjects=subject_of(student),
        recipient=Recipient(kind="person", id=str(acting.person_id)),
        basis="rights-holder",
        purpose="records-access",
        elements=elements,
        recipient_proof=RecipientProof(**acting.model_dump(exclude={"person_id"})),
    )


def subject_of(student: StudentRow) -> tuple[SubjectVersion]:
    """The one subject of such a question, under the facts that it is released under."""
    return (SubjectVersion(student_id=student.id, facts_version=student.facts_version),)


async def decided(exchange: Exchange, caller: Caller, asked: DecisionRequest) -> Decision:
    """privacy's decision. Where it has older facts they are pushed, and it is asked once more. Raises its problem."""
    [decision] = await exchange.privacy.decisions_for(caller.principal, [asked])
    if isinstance(decision, FactsBehind):
        await exchange.outbox.drain()
        [decision] = await exchange.privacy.decisions_for(caller.principal, [asked])
    if isinstance(decision, SuiteError):
        raise decision
    return decision


def why_not(decision: Decision) -> str | None:
    """Why nothing of the one student is permitted, as the first thing that is withheld says."""
    withheld = decision.subjects[0].withheld
    return f"{withheld[0].reason} ({withheld[0].citation or 'no citation'})" if withheld else None
