"""`/v1/evidence`: what a disclosure may rest on, put on record by the agency that discloses, and revoked when it is over."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.evidence import AgencyNotYours, EvidenceIncomplete, EvidenceRevoked, NoSuchEvidence, RecorderNotPermitted
from safepassage.problems.privacy import NoSuchRecipient, UnknownElement, UnknownPurpose
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest, NotPermitted
from safepassage.wire_educator_application import EducatorApplication
from safepassage.wire_evidence import Evidence, EvidenceRevocation, Kind
from safepassage.wire_evidence_pages import EvidencePage
from safepassage.wire_ground import Ground, OfStudents
from safepassage.wire_legal_process import Emergency
from services.privacy.behind import event_of
from services.privacy.duties import Clock, start_duties
from services.privacy.evidence_parties import require_parties
from services.privacy.evidence_records import (
    SEALED_SCOPE,
    callers_evidence,
    event_row,
    in_state,
    may_read_sealed,
    open_evidence,
    row_of,
    shown_to,
    summaries,
    visible_to,
)
from services.privacy.evidence_rules import basis_of, is_secret, require_complete
from services.privacy.rights import zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.tables import EvidenceRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now
from shared.scope_missing import ScopeMissing
from shared.tenancy import within_any

router = APIRouter(prefix="/v1/evidence", tags=["evidence"])

Writer = Annotated[Caller, caller_with("evidence:write")]
Reader = Annotated[Caller, caller_with("evidence:read", "evidence:write", "evidence:sealed")]

OneKind = Literal[
    "accreditation",
    "audit-mandate",
    "child-welfare",
    "conduct-risk",
    "court-order",
    "de-identified-release",
    "dependency",
    "directory-notice",
    "disciplinary-proceeding",
    "educator-application",
    "emergency",
    "financial-aid",
    "interstate-understanding",
    "juvenile-justice",
    "legal-action",
    "meal-evaluation",
    "offender-registration",
    "onward-understanding",
    "operator-onboarding",
    "parents-disagree",
    "recruiter-request",
    "school-official",
    "substance-violation",
]


@router.post(
    "",
    status_code=201,
    responses=responses(
        EvidenceIncomplete,
        RecorderNotPermitted,
        NotPermitted,
        AgencyNotYours,
        NoSuchStudent,
        NoSuchRecipient,
        UnknownElement,
        UnknownPurpose,
    ),
)
async def record_evidence(
    new: Kind, request: Request, caller: Writer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Evidence:
    """Put evidence of a legal basis on record. A secret order takes the scope `evidence:sealed` too; an emergency starts its review."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "record_evidence")
    if earlier is not None:
        return shown_to(caller, open_evidence(sealer, await callers_evidence(tx, caller, earlier)))
    if is_secret(new) and not may_read_sealed(caller):
        raise ScopeMissing(SEALED_SCOPE)
    await require_parties(tx, caller, new)
    require_complete(new, now=now)
    row = row_of(sealer, new, now)
    tx.add(row)
    await tx.flush()
    tx.add(event_row(sealer, row.id, "recorded", caller, None, now))
    if isinstance(new, Emergency):
        zone_name = await zone_name_of(tx, row.agency_id)
        clock = Clock("emergency-review", row.agency_id, zone_name, now, about=f"evidence:{row.id}")
        await start_duties(tx, sealer, [clock], now=now)
    await once.keep(tx, caller, "record_evidence", row.id, now)
    _tell(request, tx, caller, row, new, "recorded", None)
    return shown_to(caller, Evidence(id=row.id, of=new, recorded_at=now))


@router.get("", responses=responses(InvalidRequest))
async def list_evidence(  # what a list can be asked for
    caller: Reader,
    request: Request,
    response: Response,
    tx: ReadOnly,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[Literal["in-force", "pending", "ended", "revoked", "all"], Query(description="Which ones.")] = "in-force",
    kind: Annotated[OneKind | None, Query(description="Of one kind only.")] = None,
    organisation_id: Annotated[UUID | None, Query(description="Of one organization and those below it.")] = None,
) -> EvidencePage:
    """The evidence of the caller's organisation and those below it, the newest first. What a court keeps secret is left out."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_evidence:{caller.client_id}:{state}:{kind}:{organisation_id}:{may_read_sealed(caller)}"
    query = select(EvidenceRow).where(*visible_to(caller), *in_state(state, now))
    if kind is not None:
        query = query.where(EvidenceRow.kind == kind)
    if organisation_id is not None:
        query = query.where(EvidenceRow.agency_id.in_(within_any(OrganisationRow, (organisation_id,))))
    position = cursors.read(cursor, bound_to=bound_to)
    if position is not None:
        query = query.where(EvidenceRow.id < UUID(position["id"]))
    rows = (await tx.scalars(query.order_by(EvidenceRow.id.desc()).limit(limit + 1))).all()
    if len(rows) <= limit:
        return EvidencePage(evidence=summaries(rows, now=now))
    following = cursors.sign({"id": str(rows[limit - 1].id)}, bound_to=bound_to)
    asked = {"limit": limit, "state": state, "kind": kind, "organisation_id": organisation_id, "cursor": following}
    response.headers["link"] = next_link(request.url.path, {name: str(value) for name, value in asked.items() if value is not None})
    return EvidencePage(evidence=summaries(rows[:limit], now=now), next=following)


@router.get("/{evidence_id}", responses=responses(NoSuchEvidence, InvalidRequest))
async def read_evidence(
    evidence_id: UUID,
    request: Request,
    caller: Reader,
    tx: ReadOnly,
    known_at: Annotated[datetime | None, Query(description="As it was known to stand at this instant; now, if left out.")] = None,
) -> Evidence:
    """Evidence of the caller's organisation or one below it. A threat's text is shown to the scope `evidence:sealed` alone."""
    row = await callers_evidence(tx, caller, evidence_id)
    evidence = shown_to(caller, open_evidence(request.app.state.sealer, row))
    if known_at is None:
        return evidence
    if known_at.tzinfo is None:
        raise InvalidRequest("an instant needs its UTC offset", field="known_at")
    if known_at < evidence.recorded_at:
        raise NoSuchEvidence
    known = evidence.revoked_at is not None and evidence.revoked_at <= known_at
    return evidence if known else evidence.model_copy(update={"revoked_at": None})


@router.post("/{evidence_id}/revocation", responses=responses(NoSuchEvidence, EvidenceRevoked))
async def revoke_evidence(
    evidence_id: UUID,
    revocation: EvidenceRevocation,
    request: Request,
    caller: Writer,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Evidence:
    """End evidence. Every decision that starts from now on finds it revoked, and what waits to be sent is recalled."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "revoke_evidence")
    row = await callers_evidence(tx, caller, earlier or evidence_id, for_update=True)
    evidence = open_evidence(sealer, row)
    if earlier is not None:
        return shown_to(caller, evidence)
    if row.revoked_at is not None:
        raise EvidenceRevoked
    row.revoked_at, row.epoch = max(now, row.recorded_at), row.epoch + 1
    tx.add(event_row(sealer, row.id, "revoked", caller, revocation.reason, now))
    await once.keep(tx, caller, "revoke_evidence", row.id, now)
    _tell(request, tx, caller, row, evidence.of, "revoked", revocation.reason)
    return shown_to(caller, evidence.model_copy(update={"revoked_at": row.revoked_at}))


def _tell(request: Request, tx: AsyncSession, caller: Caller, row: EvidenceRow, of: Kind, happened: str, reason: str | None) -> None:
    """The behind-entry: ids and codes, and of an emergency the threat, which 99.32(a)(5) asks to be with the record of disclosures.

    # INVARIANT: that of a secret order says its basis, which keeps it from every accounting.
    """
    context = Context(
        operation=f"evidence-{happened}",
        about=f"evidence:{row.id}",
        basis=basis_of(of),
        reason=reason or row.kind,
        recipient_organisation=of.recipient_id if isinstance(of, Ground) else None,
        elements=of.elements if isinstance(of, Ground) else (),
        threat=of.threat if isinstance(of, Emergency) and happened == "recorded" else None,
    )
    event = event_of(
        "decision",
        f"evidence:{row.id}:{happened}",
        caller,
        context,
        students=_subjects(of),
        custodians=(row.agency_id,),
    )
    request.app.state.outbox.record(tx, event)


def _subjects(of: Kind) -> tuple[UUID, ...]:
    """Whom the log's entry is about."""
    if isinstance(of, EducatorApplication):
        return (of.educator_id,)
    return tuple(dict.fromkeys(of.student_ids)) if isinstance(of, OfStudents) else ()
