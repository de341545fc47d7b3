"""What anybody may read: the keys that sign credentials, and which credentials were revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import Connection

from safepassage.credentials.issuers import DID_DOCUMENT_PATH, did_document
from safepassage.credentials.status_list import status_list_credential
from safepassage.credentials.vc_jwt import written
from safepassage.problems.credentials import NoCredentialKey, NoSuchStatusList
from services.records.credentials.issuer import LISTS, Issuer, keys_that_signed
from services.records.credentials.places import revoked_places
from services.records.exchange.exchange import Exchange
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(tags=["credentials"])

SIGNED_ANEW = timedelta(hours=1)
"""A list says that it is in force for a week from when it was signed."""
VC, DID = "application/vc", "application/did+json"


@dataclass(frozen=True)
class _Signed:
    revoked: tuple[int, ...]
    at: datetime
    content: bytes


class SignedLists:
    """The lists as this process signed them last: a stranger who asks again costs no signature."""

    def __init__(self) -> None:
        self._signed: dict[int, _Signed] = {}

    async def of(self, issuer: Issuer, number: int, revoked: tuple[int, ...], now: datetime) -> bytes:
        """The list with these places. It is signed anew when there are others, and each hour."""
        held = self._signed.get(number)
        if held is None or held.revoked != revoked or not held.at <= now < held.at + SIGNED_ANEW:
            content = status_list_credential(url=issuer.list_url(number), issuer=issuer.id, revoked=revoked, now=now)
            signed = await to_thread.run_sync(lambda: issuer.with_proof(content, now=now))
            held = self._signed[number] = _Signed(revoked, now, written(signed))
        return held.content


def _described(media_type: str, what: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": what, "content": {media_type: {"schema": {"type": "object"}}}}}


@router.get(
    LISTS + "/{number}",
    response_class=Response,
    responses={**responses(NoSuchStatusList, NoCredentialKey), **_described(VC, "A BitstringStatusListCredential.")},
)
async def read_credential_status_list(number: Annotated[int, Path(ge=1, le=1_000_000)], request: Request, now: Now) -> Response:
    """Which credentials of a list were revoked (W3C Bitstring Status List 1.0), signed; open to everybody, and it names nobody."""
    exchange: Exchange = request.app.state.exchange
    issuer = Issuer.of(exchange)
    revoked = await exchange.read(lambda connection: revoked_places(connection, number))
    if revoked is None:
        raise NoSuchStatusList
    lists: SignedLists = request.app.state.signed_lists
    return Response(await lists.of(issuer, number, revoked, now), media_type=VC)


@router.get(
    DID_DOCUMENT_PATH,
    response_class=Response,
    responses={**responses(NoCredentialKey), **_described(DID, "The issuer's DID document.")},
)
async def read_did_document(request: Request) -> Response:
    """The keys that sign this node's credentials, and those that did (did:web); open to everybody."""
    exchange: Exchange = request.app.state.exchange
    issuer = Issuer.of(exchange)

    def keys(connection: Connection) -> list[Any]:
        return keys_that_signed(connection)

    former = [key for key in await exchange.read(keys) if key.public_bytes_raw() != issuer.key.public_bytes_raw()]
    return Response(written(did_document(issuer.id, [issuer.key, *former])), media_type=DID)
