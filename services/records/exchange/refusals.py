"""A peer's message that is refused: put into quarantine, said in our log, and told with our signature, so that no proxy says it for us."""

import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import Response
from sqlalchemy import func, select, update
from starlette.requests import Request

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.requests import BodyTooLarge, UnsupportedMediaType
from safepassage.problems.signatures import MalformedToken
from safepassage.refusal import MEMBER, Refusal
from services.records.exchange import events
from services.records.exchange.answer_keys import SealedToAnotherKey
from services.records.exchange.dead_letters import lay_aside
from services.records.exchange.exchange import Exchange
from services.records.exchange.stored_rows import store
from services.records.tables import QuarantineRow
from shared.bodies import bounded_body
from shared.group_commit import Writing
from shared.problems import MEDIA_TYPE
from shared.telemetry import request_id_of

log = logging.getLogger(__name__)


async def body_of_type(request: Request, *, content_type: str, limit: int) -> bytes:
    """The raw body. Raises UnsupportedMediaType, BodyTooLarge as soon as it is longer than `limit`."""
    if media_type_of(request) != content_type:
        raise UnsupportedMediaType
    return await bounded_body(request, limit=limit)


def media_type_of(request: Request) -> str:
    """What the caller calls the body: type and subtype, lower-case; empty where nothing is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def compact_in(body: bytes, *, longest: int) -> str:
    """The compact JWS that a message is, not looked into yet. Raises BodyTooLarge, MalformedToken."""
    if len(body) > longest:
        raise BodyTooLarge
    try:
        return body.decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedToken("not a compact JWS") from error


async def or_refused(
    exchange: Exchange, request: Request, *, peer: str, jws: str | None, size: int, answer: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer; or, where the message is refused for good, the signed refusal. What may be tried again is raised as it is.

    jws  the signed part of the message as far as it could be found; what a refusal is about
    """
    try:
        return await answer()
    except SuiteError as error:
        if error.retry != "never" or error.status >= 500 or jws is None:
            raise
        now, code = exchange.clock(), error.code
        digest = digest_of(jws.encode())
        log.warning("message of a peer refused", extra={"peer": peer, "code": code, "size": size})
        await exchange.write(lambda tx: _quarantine(tx, exchange, peer=peer, jws=jws, digest=digest, size=size, code=code, now=now))
        return _signed(exchange, request, error, peer=peer, jws=jws, now=now)


def _signed(exchange: Exchange, request: Request, error: SuiteError, *, peer: str, jws: str, now: datetime) -> Response:
    about = digest_of(jws.encode())
    key = error.answer_key if isinstance(error, SealedToAnotherKey) else None
    refusal = Refusal(
        iss=exchange.entity_id, aud=peer, about=about, code=error.code, status=error.status, iat=int(now.timestamp()), answer_key=key
    )
    document = error.as_problem(request_id_of(request.scope)).model_dump(mode="json", exclude_none=True)
    document[MEMBER] = exchange.signing.sign_compact(typ=Refusal.TYPE, payload=refusal.claims(), answers=jws)
    return Response(json.dumps(document), error.status, {"cache-control": "no-store"}, MEDIA_TYPE)


def _quarantine(tx: Writing, exchange: Exchange, *, peer: str, jws: str, digest: str, size: int, code: str, now: datetime) -> None:
    """Keep the signed part, once. A peer cannot fill the store, nor the log: beyond its share, what is refused is only counted."""
    again = update(QuarantineRow).where(QuarantineRow.peer == peer, QuarantineRow.message_digest == digest)
    if tx.connection.execute(again.values(times=QuarantineRow.times + 1, last_at=now, code=code)).rowcount:
        return
    kept = tx.connection.execute(select(func.count()).select_from(QuarantineRow).where(QuarantineRow.peer == peer)).scalar_one()
    if kept >= exchange.settings.max_quarantined_per_peer:
        return
    row = QuarantineRow(
        peer=peer,
        message_digest=digest,
        code=code,
        jws=jws if jws.isprintable() else None,
        size=size,
        times=1,
        first_at=now,
        last_at=now,
    )
    if store(tx.connection, row):
        tx.record(events.refused(peer=peer, message_digest=digest, code=code))
        lay_aside(tx.connection, uuid7(now), "refused-here", peer=peer, exchange_id=None, code=code, now=now)
