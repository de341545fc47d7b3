"""`/v1/credentials/{id}/revocation`: a credential does not hold any more; everybody who reads its list again sees that."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select

from safepassage.problems.credentials import NoSuchCredential
from safepassage.wire_credentials import CredentialRevocation, RevokedCredential
from services.records.tables import IssuedCredentialRow, OrganisationRow
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.database import Transaction
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to

router = APIRouter(tags=["credentials"])

Revoker = Annotated[Caller, caller_with("credentials:revoke")]


@router.post("/v1/credentials/{credential_id}/revocation", responses=responses(NoSuchCredential))
async def revoke_credential(
    credential_id: UUID, revocation: CredentialRevocation, caller: Revoker, request: Request, tx: Transaction, now: Now
) -> RevokedCredential:
    """Revoke a credential, for good. Once it is, the same call answers what was said first."""
    mine = belongs_to(IssuedCredentialRow.organisation_id, OrganisationRow, caller.organisation_id)
    query = select(IssuedCredentialRow).where(IssuedCredentialRow.id == credential_id, mine).with_for_update()
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchCredential
    if row.revoked_at is None or row.reason is None:
        row.revoked_at, row.reason, row.revoked_by = now, revocation.reason, caller.client_id
        event = Event(
            class_="load",
            key=f"{credential_id}:revoked",
            subjects=() if row.student_id is None else (row.student_id,),
            custodians=(row.organisation_id,),
            actor=client_actor(caller.claims),
            context=Context(operation="credential-revoked", reason=row.reason, outcome=row.kind, about=f"credential:{credential_id}"),
        )
        request.app.state.outbox.record(tx, event)
    return RevokedCredential(id=row.id, issued_at=row.issued_at, revoked_at=row.revoked_at, reason=row.reason)
