"""Attestations: what officials of the state agency say about questions that the running node does not answer. Nothing is overwritten."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.readiness import AttestationWithdrawn, DocumentNeeded, NoSuchAttestation, NoSuchQuestion
from safepassage.problems.requests import InvalidRequest, NotPermitted, TemporarilyUnavailable
from safepassage.wire_readiness import (
    Attestation,
    AttestationHistory,
    AttestationWithdrawal,
    AttestedDocument,
    NewAttestation,
    ReadinessQuestion,
)
from services.privacy.behind import event_of
from services.privacy.readiness.officials import Attester, Reader
from services.privacy.readiness.questions import question_by_id
from services.privacy.refused_words import refusals_on_record
from services.privacy.tables import ReadinessAttestationRow, ReadinessWithdrawalRow
from shared.contracts.audit import Context
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.inserts import insert_into
from shared.officials import role_as_known
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/readiness", tags=["readiness"])

HOLDS: Final = timedelta(days=365)
LONGEST: Final = timedelta(days=3 * 366)
DOCUMENTED: Final = 2
"""From this level on a question that documents answer needs one."""
TRIES: Final = 20


@router.get("/questions/{question_id}/attestations", responses=responses(NoSuchQuestion, NotPermitted))
async def read_attestations(question_id: str, _: Reader, tx: ReadOnly) -> AttestationHistory:
    """What was ever attested on a question, the newest first."""
    question = question_by_id(question_id)
    query = _HELD.where(ReadinessAttestationRow.question_id == question.id).order_by(ReadinessAttestationRow.version.desc())
    rows = (await tx.execute(query)).all()
    return AttestationHistory(question_id=question.id, attestations=tuple(_attestation(*row) for row in rows))


@router.post(
    "/questions/{question_id}/attestations",
    status_code=201,
    responses=responses(NoSuchQuestion, DocumentNeeded, InvalidRequest, NotPermitted, TemporarilyUnavailable),
    dependencies=[refusals_on_record("policy", "readiness-attested", Attester)],
)
async def attest_question(
    question_id: str,
    new: NewAttestation,
    request: Request,
    caller: Attester,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Attestation:
    """Answer a question, with the document that shows it or on an official's word. The newest word counts until it expires.

    Where the node measures what the question asks, a word alone is kept and changes nothing.
    """
    question = question_by_id(question_id)
    earlier = await once.earlier(tx, caller, "attest_question")
    if earlier is not None:
        return await attestation_by_id(tx, earlier)
    role = role_as_known(caller.claims, new.official, new.role)
    expires_at = _expiry(new, now)
    _require_document(question, new)
    identifier = uuid7(now)
    document = new.document
    values = {
        "id": identifier,
        "question_id": question.id,
        "level": new.level,
        "official": new.official,
        "role": role,
        "client_id": caller.client_id,
        "attested_at": now,
        "expires_at": expires_at,
        "document_digest": None if document is None else document.digest,
        "document_reference": None if document is None else document.reference,
    }
    version = await _insert_next(tx, question.id, values)
    await once.keep(tx, caller, "attest_question", identifier, now)
    context = Context(operation="readiness-attested", about=f"readiness:{question.id}:{version}", count=new.level, reason=role)
    request.app.state.outbox.record(tx, event_of("policy", f"readiness:{identifier}:attested", caller, context))
    return await attestation_by_id(tx, identifier)


@router.post(
    "/attestations/{attestation_id}/withdrawal",
    responses=responses(NoSuchAttestation, AttestationWithdrawn, NotPermitted),
    dependencies=[refusals_on_record("policy", "readiness-attestation-withdrawn", Attester)],
)
async def withdraw_attestation(
    attestation_id: UUID,
    withdrawal: AttestationWithdrawal,
    request: Request,
    caller: Attester,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Attestation:
    """Take an attestation back. It stays in the history; if it was the newest, the question is without one, whatever was said before."""
    if await once.earlier(tx, caller, "withdraw_attestation") is not None:
        return await attestation_by_id(tx, attestation_id)
    role = role_as_known(caller.claims, withdrawal.official, withdrawal.role)
    held = await attestation_by_id(tx, attestation_id)
    values = {
        "attestation_id": attestation_id,
        "withdrawn_at": now,
        "official": withdrawal.official,
        "role": role,
        "reason": withdrawal.reason,
        "client_id": caller.client_id,
    }
    statement = insert_into(tx, ReadinessWithdrawalRow).values(**values).on_conflict_do_nothing()
    if (await tx.execute(statement.returning(ReadinessWithdrawalRow.attestation_id))).scalar_one_or_none() is None:
        raise AttestationWithdrawn
    await once.keep(tx, caller, "withdraw_attestation", attestation_id, now)
    about = f"readiness:{held.question_id}:{held.version}"
    context = Context(operation="readiness-attestation-withdrawn", about=about, reason=withdrawal.reason)
    request.app.state.outbox.record(tx, event_of("policy", f"readiness:{attestation_id}:withdrawn", caller, context))
    return await attestation_by_id(tx, attestation_id)


async def newest_attestations(tx: AsyncSession) -> dict[str, Attestation]:
    """The newest version of each question that has one, withdrawn and expired ones too."""
    row = ReadinessAttestationRow
    newest = select(row.question_id, func.max(row.version).label("version")).group_by(row.question_id).subquery()
    query = _HELD.join(newest, (newest.c.question_id == row.question_id) & (newest.c.version == row.version))
    return {held.question_id: _attestation(held, withdrawal) for held, withdrawal in (await tx.execute(query)).all()}


async def attestation_by_id(tx: AsyncSession, attestation_id: UUID) -> Attestation:
    """Raises NoSuchAttestation."""
    found = (await tx.execute(_HELD.where(ReadinessAttestationRow.id == attestation_id))).one_or_none()
    if found is None:
        raise NoSuchAttestation
    return _attestation(*found)


_HELD = select(ReadinessAttestationRow, ReadinessWithdrawalRow).outerjoin(
    ReadinessWithdrawalRow, ReadinessWithdrawalRow.attestation_id == ReadinessAttestationRow.id
)


async def _insert_next(tx: AsyncSession, question_id: str, values: dict[str, Any]) -> int:
    """Insert as the next version of the question. Two at once: the one that commits later is the later version, and both are kept."""
    row = ReadinessAttestationRow
    for _ in range(TRIES):
        latest = await tx.scalar(select(func.coalesce(func.max(row.version), 0)).where(row.question_id == question_id)) or 0
        statement = insert_into(tx, row).values(version=latest + 1, **values)
        statement = statement.on_conflict_do_nothing(index_elements=["question_id", "version"]).returning(row.version)
        version: int | None = (await tx.execute(statement)).scalar_one_or_none()
        if version is not None:
            return version
    raise TemporarilyUnavailable("many attest this question at once")


def _expiry(new: NewAttestation, now: datetime) -> datetime:
    expires_at = new.expires_at or now + HOLDS
    if not now < expires_at <= now + LONGEST:
        raise InvalidRequest("an attestation expires later than now, and within three years", field="expires_at")
    return expires_at


def _require_document(question: ReadinessQuestion, new: NewAttestation) -> None:
    if new.document is None and question.evidenced_by == ("document",) and new.level >= DOCUMENTED:
        raise DocumentNeeded(field="document")


def _attestation(row: ReadinessAttestationRow, withdrawal: ReadinessWithdrawalRow | None) -> Attestation:
    document = None
    if row.document_digest is not None and row.document_reference is not None:
        document = AttestedDocument(digest=row.document_digest, reference=row.document_reference)
    return Attestation(
        id=row.id,
        question_id=row.question_id,
        version=row.version,
        level=row.level,
        official=row.official,
        role=row.role,
        document=document,
        client_id=row.client_id,
        attested_at=row.attested_at,
        expires_at=row.expires_at,
        withdrawn_at=None if withdrawal is None else withdrawal.withdrawn_at,
        withdrawn_by=None if withdrawal is None else withdrawal.official,
        withdrawal_reason=None if withdrawal is None else withdrawal.reason,
    )
