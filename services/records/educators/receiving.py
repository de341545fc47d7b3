"""`/v1/educator-credentials/receptions`: an educator of another state brings a credential; it is verified, logged and filed here."""

from typing import Annotated

from fastapi import APIRouter, Request

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
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.problems.signatures import BadSignature
from safepassage.problems.trust import NotAMember, TrustListExpired
from safepassage.wire_educators import HeldMicroCredential, PresentedCredential
from services.records.educators.kept import KeptContent, about, educator_id, keep
from services.records.educators.shown import shown
from services.records.educators.verifying import verified
from services.records.exchange.exchange import Exchange
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context, Event
from shared.problems import responses

router = APIRouter(prefix="/v1/educator-credentials", tags=["educators"])

Staff = Annotated[Caller, caller_with("educators:credentials")]
BASIS = "holder-presented"


@router.post(
    "/receptions",
    status_code=201,
    responses=responses(
        BadSignature,
        CredentialIssuerNotTrusted,
        CredentialMalformed,
        CredentialNotValidNow,
        CredentialRevoked,
        MemberNotSigned,
        NotAMember,
        SealBroken,
        StatusListNotObtained,
        TemporarilyUnavailable,
        TrustListExpired,
        UnknownContext,
    ),
)
async def receive_educator_credential(presented: PresentedCredential, caller: Staff, request: Request, now: Now) -> HeldMicroCredential:
    """File what an educator has brought, once it is shown to hold: by keys of the trust list, and the issuer's list of this moment."""
    exchange: Exchange = request.app.state.exchange
    data = presented.jwt.encode() if presented.jwt is not None else written(presented.document or {})
    found = await verified(exchange, data, now=now)
    content = KeptContent(educator=presented.educator, credential=data.decode())
    new_id = uuid7(now)
    async with exchange.database.transaction() as tx:
        id_ = await keep(
            tx,
            exchange.vault,
            content,
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
    known_as = educator_id(exchange.vault, caller.organisation_id, presented.educator)
    return shown(content, id_=id_, educator_id=known_as, node=found.node, kept_at=now, refusal=None)
