"""`GET /v1/peer/outbox/{kind}`: what waits for a node that fetches it, the same bytes after the same checks as delivery.

Also what such a node hands in, since it cannot be asked: its statement, and paths through its log.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Select, select

from safepassage.canonical import from_base64url
from safepassage.compact import split
from safepassage.envelope import CONTENT_TYPE as ENVELOPE_TYPE
from safepassage.envelope import envelope_body
from safepassage.message_batches import CONTENT_TYPE as BATCH_TYPE
from safepassage.message_batches import MOST, batch_body, grouped
from safepassage.node_statement import CONTENT_TYPE as JOSE
from safepassage.packed import PACKED, PACKED_BATCH, packed
from safepassage.problems.messages import MessageExpired, WrongIssuer
from safepassage.problems.pulling import StatementNotExpected
from safepassage.problems.requests import BodyTooLarge, InvalidRequest, LogUnavailable, UnsupportedMediaType
from safepassage.problems.signatures import BadSignature, MalformedToken, UnknownKey
from safepassage.problems.trust import NotAMember, StatementRolledBack
from safepassage.pulled import OUTBOX_PATH, STATEMENTS_PATH, PinnedSizes, PulledKind, ShownPath
from services.records.exchange import dispatching
from services.records.exchange.accepting import Peer
from services.records.exchange.acknowledging import PROCESSED
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_requests import event_of
from services.records.exchange.refusals import body_of_type, compact_in
from services.records.exchange.states import SENDABLE, Asked, Notice, Outgoing, Telling
from services.records.exchange.stored_rows import change
from services.records.tables import EndingRow, ExchangeRequestRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, OutgoingNoticeRow
from shared.cursors import Cursor, next_link
from shared.group_commit import Writing
from shared.peer_statements import MAX_BYTES
from shared.problems import responses

router = APIRouter()

Given = Callable[[Exchange, Any], Awaitable[bytes | None]]
"""The bytes of a row's message, noted as given; None where it may not be given now."""


@router.get(
    f"{OUTBOX_PATH}/{{kind}}",
    tags=["peers"],
    responses={
        **responses(NotAMember, InvalidRequest, LogUnavailable),
        200: {"description": "Messages", "content": {BATCH_TYPE: {}, ENVELOPE_TYPE: {}, PACKED: {}, PACKED_BATCH: {}}},
        204: {"description": "Nothing waits"},
    },
    response_class=Response,
)
async def read_outbox(
    kind: PulledKind,
    request: Request,
    caller: Peer,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Messages of a page at the most.")] = MOST,
    after: Cursor = None,
) -> Response:
    """What waits for the calling node: the oldest first, until 8 MiB or `limit`; an envelope that is larger comes alone."""
    exchange: Exchange = request.app.state.exchange
    peer, cursors = caller.peer, request.app.state.cursors
    await exchange.trust.refresh()
    exchange.trust.member(peer)
    bound_to = f"outbox:{kind}:{peer}"
    position = cursors.read(after, bound_to=bound_to)
    rows = await _waiting(exchange, kind, peer, None if position is None else UUID(position["after"]), limit + 1)
    taken, last = await _taken(exchange, kind, rows[:limit])
    headers = {"cache-control": "no-store"}
    if last is not None and (len(rows) > limit or last != rows[-1].id):
        signed = cursors.sign({"after": str(last)}, bound_to=bound_to)
        headers["link"] = next_link(f"{OUTBOX_PATH}/{kind}", {"limit": limit, "after": signed})
    if not taken:
        return Response(status_code=204, headers=headers)
    alone, together = ENVELOPE_TYPE, BATCH_TYPE
    if kind == "envelopes" and exchange.statements.takes_packed(peer):
        alone, together, taken = PACKED, PACKED_BATCH, [packed(one) for one in taken]
    if len(taken) == 1 and kind == "envelopes":
        return Response(taken[0], media_type=alone, headers=headers)
    return Response(batch_body(taken), media_type=together, headers=headers)


async def _waiting(exchange: Exchange, kind: PulledKind, peer: str, after: UUID | None, limit: int) -> Sequence[Any]:
    row, query = _QUERIES[kind](peer, exchange)
    if after is not None:
        query = query.where(row.id > after)
    async with exchange.database.reading() as tx:
        found: Sequence[Any] = (await tx.execute(query.order_by(row.id).limit(limit))).scalars().all()
        return found


async def _taken(exchange: Exchange, kind: PulledKind, rows: Sequence[Any]) -> tuple[list[bytes], UUID | None]:
    """As many messages as one answer holds, and the id of the last row that was looked at."""
    taken: list[bytes] = []
    last: UUID | None = None
    for row in rows:
        size = _size(kind, row)
        if taken and len(list(grouped([*taken, bytes(size)]))) > 1:
            break
        last = row.id
        message = await _GIVEN[kind](exchange, row)
        if message is not None:
            taken.append(message)
    return taken, last


def _size(kind: PulledKind, row: Any) -> int:
    return len(row.ciphertext or b"") + len(row.jws or "") + 4 if kind == "envelopes" else 0


def _requests(peer: str, exchange: Exchange) -> tuple[Any, Select[Any]]:
    row, now = ExchangeRequestRow, exchange.clock()
    return row, select(row).where(row.holder == peer, row.state == Asked.PREPARED, row.expires_at > now)


def _envelopes(peer: str, exchange: Exchange) -> tuple[Any, Select[Any]]:
    row = OutgoingEnvelopeRow
    return row, select(row).where(row.recipient_node == peer, row.state.in_(SENDABLE), row.leaves_at <= exchange.clock())


def _receipts(peer: str, _: Exchange) -> tuple[Any, Select[Any]]:
    row = IncomingEnvelopeRow
    return row, select(row).where(row.issuer == peer, row.state.in_(PROCESSED), row.r2.is_not(None), row.next_attempt_at.is_not(None))


def _endings(peer: str, exchange: Exchange) -> tuple[Any, Select[Any]]:
    row, now = EndingRow, exchange.clock()
    return row, select(row).where(row.peer == peer, row.state == Telling.WAITING, row.lapses_at > now)


def _notices(peer: str, exchange: Exchange) -> tuple[Any, Select[Any]]:
    row, now = OutgoingNoticeRow, exchange.clock()
    return row, select(row).where(row.peer == peer, row.state == Notice.QUEUED, row.token.is_not(None), row.expires_at > now)


_QUERIES: Final[dict[PulledKind, Callable[[str, Exchange], tuple[Any, Select[Any]]]]] = {
    "requests": _requests,
    "envelopes": _envelopes,
    "receipts": _receipts,
    "notices": _notices,
    "endings": _endings,
}


async def _give_request(exchange: Exchange, row: ExchangeRequestRow) -> bytes:
    """INVARIANT: the entry is in the log before it is given, whoever gives it (the log answers the same)."""
    exchange.trust.require_fresh()
    await exchange.own_log.append(event_of(row))
    return row.token.encode("ascii")


async def _give_envelope(exchange: Exchange, row: OutgoingEnvelopeRow) -> bytes | None:
    """INVARIANT: it is noted as given before it is: from here on it may have arrived."""
    if row.jws is None or row.ciphertext is None or await dispatching.ready(exchange, row) is None:
        return None

    def note(tx: Writing) -> bool:
        given = {"state": Outgoing.IN_FLIGHT, "attempts": row.attempts + 1}
        return change(tx.connection, OutgoingEnvelopeRow, row.id, when=SENDABLE, **given)

    return envelope_body(row.jws, row.ciphertext) if await exchange.write(note) else None


async def _give_receipt(_: Exchange, row: IncomingEnvelopeRow) -> bytes | None:
    return None if row.r2 is None else row.r2.encode("ascii")


async def _give_notice(exchange: Exchange, row: OutgoingNoticeRow) -> bytes | None:
    exchange.trust.require_fresh()
    return None if row.token is None else row.token.encode("ascii")


async def _give_ending(_: Exchange, row: EndingRow) -> bytes:
    return row.token.encode("ascii")


_GIVEN: Final[dict[PulledKind, Given]] = {
    "requests": _give_request,
    "envelopes": _give_envelope,
    "receipts": _give_receipt,
    "notices": _give_notice,
    "endings": _give_ending,
}


@router.get("/v1/peer/pins", tags=["peers"], responses=responses(NotAMember))
async def read_pins(request: Request, caller: Peer) -> PinnedSizes:
    """How far this node has verified the calling node's logs: a message that continues it needs no question back."""
    exchange: Exchange = request.app.state.exchange
    return PinnedSizes(sizes=exchange.peer_logs.sizes(exchange.trust.member(caller.peer)))


@router.post("/v1/peer/paths", status_code=204, tags=["peers"], responses=responses(NotAMember), response_class=Response)
async def show_path(shown: ShownPath, request: Request, caller: Peer) -> Response:
    """Take a path through the calling node's log, which cannot be asked for it. It is believed where it verifies, and not before."""
    exchange: Exchange = request.app.state.exchange
    member = exchange.trust.member(caller.peer)
    if shown.origin in {log.origin for log in member.logs}:
        path = [from_base64url(digest) for digest in shown.path]
        exchange.peer_logs.keep_path(shown.origin, shown.from_size, shown.to_size, path)
    return Response(status_code=204)


@router.post(
    STATEMENTS_PATH,
    status_code=204,
    tags=["peers"],
    responses=responses(
        MalformedToken,
        UnknownKey,
        BadSignature,
        WrongIssuer,
        NotAMember,
        MessageExpired,
        StatementRolledBack,
        StatementNotExpected,
        UnsupportedMediaType,
        BodyTooLarge,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def hand_in_statement(request: Request) -> Response:
    """Take the statement (sp-node+jws) of a member that pulls. Anybody may bring it: it is signed by the trust list's key, or refused."""
    exchange: Exchange = request.app.state.exchange
    body = await body_of_type(request, content_type=JOSE, limit=MAX_BYTES)
    token = compact_in(body, longest=MAX_BYTES).strip()
    issuer = split(token)[1].get("iss")
    await exchange.trust.refresh()
    if not exchange.trust.member(issuer if isinstance(issuer, str) else "").pulls:
        raise StatementNotExpected
    await exchange.statements.handed_in(str(issuer), token)
    return Response(status_code=204)
