"""Destruction: cleared before it happens, unless somebody waits to inspect (34 CFR 99.10(e)); attested by the party that owed it after.

# INVARIANT: no word of a destruction is taken while a request to inspect what was destroyed is outstanding.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of
from safepassage.compact import PublicKeys, public_key_of, thumbprint
from safepassage.destruction import Destroyed, verify_destruction
from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.rights import AttestationNotValid, InspectionOutstanding, NoSuchAttestation, NothingToDestroy
from safepassage.wire_duties import Destruction, DestructionAttestation, DestructionOwed, NewDestruction, SignedAttestation
from services.privacy.agreement_records import visible_agreement
from services.privacy.behind import event_of
from services.privacy.destruction_holds import DESTROY, suspended
from services.privacy.obligations import discharge
from services.privacy.policy.calendar_days import day_in
from services.privacy.refused_words import refusals_on_record
from services.privacy.rights import lock_subject, outstanding_inspections, zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts
from services.privacy.tables import AgreementRow, DestructionAttestationRow, DestructionRow, ObligationRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once, found
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to

router = APIRouter(prefix="/v1", tags=["destruction"])

Clearer = Annotated[Caller, caller_with("destruction:clear")]
Attester = Annotated[Caller, caller_with("destruction:attest")]
Reader = Annotated[Caller, caller_with("destruction:attest", "obligations:read", "obligations:discharge")]

_OPEN = (ObligationRow.discharged_at.is_(None), ObligationRow.waived_at.is_(None))

CLIENT_KEY = "client_key"
"""In the caller's details: thumbprint of the registered key that the client got its token with (services.gateway.oauth.tokens)."""


@router.post("/destructions", status_code=201, responses=responses(NoSuchStudent, InspectionOutstanding))
async def clear_destruction(
    new: NewDestruction, request: Request, caller: Clearer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Destruction:
    """Ask, before destroying a student's records, whether anything forbids it. Refused while a request to inspect is outstanding."""
    earlier = await once.earlier(tx, caller, "clear_destruction")
    if earlier is not None:
        row = await found(tx, DestructionRow, earlier)
        return Destruction(**new.model_dump(), id=row.id, custodian_id=row.custodian_id, cleared_at=row.cleared_at)
    subject = await callers_subject(tx, caller, new.student_id)
    await lock_subject(tx, subject.student_id)
    sealer: Sealer = request.app.state.sealer
    if await outstanding_inspections(tx, [subject.student_id, *open_facts(sealer, subject).same_child]):
        raise InspectionOutstanding
    destruction_id = uuid7(now)
    clear = new.model_dump_json().encode()
    tx.add(
        DestructionRow(
            id=destruction_id,
            student_id=subject.student_id,
            custodian_id=subject.custodian_id,
            cleared_at=now,
            sealed=sealer.seal(clear, **_place(destruction_id, subject.student_id)),
        )
    )
    await tx.flush()
    await once.keep(tx, caller, "clear_destruction", destruction_id, now)
    context = Context(operation="destruction-cleared", reason=new.reason, about=f"destruction:{destruction_id}")
    students, custodians = (subject.student_id,), (subject.custodian_id,)
    event = event_of("rights", f"destruction:{destruction_id}", caller, context, students=students, custodians=custodians)
    request.app.state.outbox.record(tx, event)
    return Destruction(**new.model_dump(), id=destruction_id, custodian_id=subject.custodian_id, cleared_at=now)


def open_clearance(sealer: Sealer, row: DestructionRow) -> NewDestruction:
    """What was cleared. Raises SealBroken."""
    return NewDestruction.model_validate_json(sealer.open(row.sealed, **_place(row.id, row.student_id)))


def _place(destruction_id: UUID, student_id: UUID) -> dict[str, Any]:
    return {"table": "destruction", "row": destruction_id, "of": f"destruction:{student_id}"}


@router.get("/agreements/{agreement_id}/destruction", responses=responses(NoSuchAgreement))
async def read_destruction_owed(agreement_id: UUID, request: Request, caller: Reader, tx: ReadOnly, now: Now) -> DestructionOwed:
    """What has to be destroyed under an agreement, and whether it must wait: a party asks here before it destroys anything."""
    await visible_agreement(tx, caller, agreement_id)
    query = select(ObligationRow).where(ObligationRow.agreement_id == agreement_id, ObligationRow.kind == DESTROY, *_OPEN)
    rows = (await tx.execute(query.order_by(ObligationRow.due_at, ObligationRow.id))).scalars().all()
    held = await suspended(tx, request.app.state.sealer, rows)
    dues = [row.due_at for row in rows if row.due_at is not None]
    return DestructionOwed(
        agreement_id=agreement_id,
        owed=len(rows),
        due_at=min(dues, default=None),
        overdue=not held and any(due <= now for due in dues),
        held=bool(held),
    )


@router.post(
    "/destruction-attestations",
    status_code=201,
    responses=responses(AttestationNotValid, NoSuchAgreement, NothingToDestroy, InspectionOutstanding),
    dependencies=[refusals_on_record("agreement", "destruction-attested", Attester)],
)
async def attest_destruction(
    signed: SignedAttestation, request: Request, caller: Attester, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> DestructionAttestation:
    """Take a party's signed word that what it held under an ended agreement is destroyed: it discharges what it owed."""
    earlier = await once.earlier(tx, caller, "attest_destruction")
    if earlier is not None:
        return await attestation_of(tx, await found(tx, DestructionAttestationRow, earlier))
    said = _verified(signed, caller, audience=request.app.state.settings.entity_id, now=now)
    await _require_own_agreement(tx, caller, said.agreement_id)
    zone = ZoneInfo(await zone_name_of(tx, caller.organisation_id))
    if said.destroyed_on > now.astimezone(zone).date():
        raise AttestationNotValid("it is attested after the fact", field="attestation")
    owed = await _owed(tx, said.agreement_id, now)
    met = [one for one in owed if one.due_at is not None and day_in(one.due_at, zone) <= said.destroyed_on]
    if not met:
        raise NothingToDestroy
    if await suspended(tx, request.app.state.sealer, met):
        raise InspectionOutstanding("of a student whose records were received under this agreement")
    row = DestructionAttestationRow(
        id=uuid7(now),
        agreement_id=said.agreement_id,
        organisation_id=caller.organisation_id,
        client_id=caller.client_id,
        recorded_at=now,
        digest=digest_of(signed.attestation.encode()),
        token=signed.attestation,
        x=signed.x,
    )
    tx.add(row)
    await tx.flush()
    sealer: Sealer = request.app.state.sealer
    for one in met:
        discharge(one, by=caller.client_id, evidence=f"attestation:{row.id}", sealer=sealer, now=now)
        one.attestation_id = row.id
    await tx.flush()
    await once.keep(tx, caller, "attest_destruction", row.id, now)
    context = Context(
        operation="destruction-attested",
        reason=said.method,
        agreement_id=said.agreement_id,
        count=len(met),
        request_digest=row.digest,
        about=f"attestation:{row.id}",
    )
    request.app.state.outbox.record(tx, event_of("agreement", f"attestation:{row.id}", caller, context))
    return await attestation_of(tx, row)


@router.get("/destruction-attestations/{attestation_id}", responses=responses(NoSuchAttestation))
async def read_destruction_attestation(attestation_id: UUID, caller: Reader, tx: ReadOnly) -> DestructionAttestation:
    """An attestation: to who made it, and to the agencies whose obligations it discharged. Its signature is verified with the SDK."""
    mine = select(ObligationRow.attestation_id).where(
        ObligationRow.attestation_id == attestation_id,
        belongs_to(ObligationRow.custodian_id, OrganisationRow, caller.organisation_id),
    )
    visible = or_(DestructionAttestationRow.organisation_id == caller.organisation_id, DestructionAttestationRow.id.in_(mine))
    query = select(DestructionAttestationRow).where(DestructionAttestationRow.id == attestation_id, visible)
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchAttestation
    return await attestation_of(tx, row)


def _verified(signed: SignedAttestation, caller: Caller, *, audience: str, now: datetime) -> Destroyed:
    """Signed by the caller's own registered key, for this node, in its own name. Raises AttestationNotValid."""
    try:
        key = public_key_of({"kty": "OKP", "crv": "Ed25519", "x": signed.x})
        keys: PublicKeys = {thumbprint(key): key}
        said = verify_destruction(signed.attestation, audience=audience, keys=keys, now=now).message
    except SuiteError as error:
        raise AttestationNotValid(error.title, field="attestation") from error
    if caller.claims.details.get(CLIENT_KEY) not in keys:
        raise AttestationNotValid("the key is not the one that the client is registered with", field="x")
    if said.iss != caller.organisation_id:
        raise AttestationNotValid("a party attests for itself", field="attestation")
    return said


async def _require_own_agreement(tx: AsyncSession, caller: Caller, agreement_id: UUID) -> None:
    query = select(AgreementRow.id).where(AgreementRow.id == agreement_id, AgreementRow.recipient_id == caller.organisation_id)
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise NoSuchAgreement


async def _owed(tx: AsyncSession, agreement_id: UUID, now: datetime) -> list[ObligationRow]:
    """What is due by now: until the agreement has ended the party may receive more, so nothing attested before counts."""
    query = select(ObligationRow).where(
        ObligationRow.agreement_id == agreement_id,
        ObligationRow.kind == DESTROY,
        ObligationRow.due_at <= now,
        *_OPEN,
    )
    return list((await tx.execute(query.order_by(ObligationRow.id).with_for_update())).scalars())


async def attestation_of(tx: AsyncSession, row: DestructionAttestationRow) -> DestructionAttestation:
    """The row as it is said aloud."""
    query = select(ObligationRow.id).where(ObligationRow.attestation_id == row.id).order_by(ObligationRow.id)
    return DestructionAttestation(
        id=row.id,
        agreement_id=row.agreement_id,
        organisation_id=row.organisation_id,
        recorded_at=row.recorded_at,
        attestation=row.token,
        x=row.x,
        discharged=tuple((await tx.execute(query)).scalars()),
    )
