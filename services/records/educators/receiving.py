"""`/v1/educator-credentials/receptions`: an educator of another state brings a credential; it is verified, logged and filed here."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.credentials.vc_jwt import written
from safepassage.ids import uuid7
from safepassage.problems.credentials import (
    CredentialIssuerNotTrusted,
    CredentialMalformed,
    CredentialNotValidNow,
    CredentialRevoked,
    MemberNotSigned,
    StatusListNotObtained,
    UnknownContext,
)
from safepassage.problems.records import SealBroken
from safepassage.problems.requests import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidRequest,
    NotFound,
    RequestUnderWay,
    TemporarilyUnavailable,
)
from safepassage.problems.rights import IdentityCheckTooOld
from safepassage.problems.signatures import BadSignature
from safepassage.problems.trust import NotAMember, TrustListExpired
from safepassage.wire_educators import HeldMicroCredential, PresentedCredential
from services.records.educators.kept import KeptContent, about, educator_id, keep, kept_as
from services.records.educators.shown import shown
from services.records.educators.verifying import OfTheNetwork, verified
from services.records.exchange.exchange import Exchange
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.idempotency import Once
from shared.identity_checks import require_checked_lately
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/educator-credentials", tags=["educators"])

Staff = Annotated[Caller, caller_with("educators:credentials")]
BASIS = "holder-presented"
OPERATION: Final = "receive_educator_credential"


@router.post(
    "/receptions",
    status_code=201,
    responses=responses(
        BadSignature,
        CredentialIssuerNotTrusted,
        CredentialMalformed,
        CredentialNotValidNow,
        CredentialRevoked,
        IdempotencyKeyMissing,
        IdempotencyKeyReused,
        IdentityCheckTooOld,
        InvalidRequest,
        MemberNotSigned,
        NotAMember,
        NotFound,
        RequestUnderWay,
        SealBroken,
        StatusListNotObtained,
        TemporarilyUnavailable,
        TrustListExpired,
        UnknownContext,
    ),
)
async def receive_educator_credential(
    presented: PresentedCredential, caller: Staff, request: Request, now: Now, once: Annotated[Once, Depends()]
) -> HeldMicroCredential:
    """File what an educator has brought, once it is shown to hold: by keys of the trust list, and the issuer's list of this moment."""
    exchange: Exchange = request.app.state.exchange
    async with exchange.database.reading() as tx:
        earlier = await once.earlier(tx, caller, OPERATION)
        if earlier is not None:  # its issuer is not asked again
            return await _received(tx, exchange, caller, earlier)
    _require_identified(presented, now=now, days=exchange.settings.identity_check_days)
    data = presented.jwt.encode() if presented.jwt is not None else written(presented.document or {})
    found = await verified(exchange, data, now=now)
    async with exchange.database.transaction() as tx:
        id_ = await once.earlier(tx, caller, OPERATION)
        if id_ is None:
            id_ = await _file(tx, exchange, presented, data.decode(), found, caller, now)
            await once.keep(tx, caller, OPERATION, id_, now)
        return await _received(tx, exchange, caller, id_)


def _require_identified(presented: PresentedCredential, *, now: datetime, days: int) -> None:
    """Raises InvalidRequest for a check that is yet to come, IdentityCheckTooOld for one of more than `days` ago."""
    if presented.identified.authenticated_at > now:
        raise InvalidRequest("the identity was checked before the credential is filed", field="identified.authenticated_at")
    require_checked_lately(presented.identified.authenticated_at, at=now, days=days, within="identified")


async def _file(
    tx: AsyncSession, exchange: Exchange, presented: PresentedCredential, text: str, found: OfTheNetwork, caller: Caller, now: datetime
) -> UUID:
    """Its id here: the one that it has already, where it was brought before."""
    new_id = uuid7(now)
    id_ = await keep(
        tx,
        exchange.vault,
        KeptContent(educator=presented.educator, credential=text, identified=presented.identified),
        id_=new_id,
        organisation_id=caller.organisation_id,
        node=found.node,
        credential_id=found.credential.document["id"],
        now=now,
    )
    event = Event(
        class_="load",
        key=f"{new_id}:educator-credential",
        **about(exchange.vault, caller.organisation_id, presented.educator),
        actor=client_actor(caller.claims),
        context=Context(
            operation="educator-credential-received",
            outcome="filed" if id_ == new_id else "known",
            basis=BASIS,
            recipient_node=found.node,
            about=f"credential:{id_}",
        ),
    )
    exchange.outbox.record(tx, event)
    return id_


async def _received(tx: AsyncSession, exchange: Exchange, caller: Caller, id_: UUID) -> HeldMicroCredential:
    """As it is kept: it held when it was brought. Raises NotFound where it was destroyed since."""
    found = await (await tx.connection()).run_sync(lambda connection: kept_as(connection, exchange.vault, id_))
    if found is None:
        raise NotFound
    row, content = found
    known_as = educator_id(exchange.vault, caller.organisation_id, content.educator)
    return shown(content, id_=id_, educator_id=known_as, node=row.node, kept_at=row.kept_at, refusal=None)
