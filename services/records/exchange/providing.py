"""Providing an answer: sealed, stored with the request's step and what follows from it, and sent off at its tick."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from safepassage.ids import uuid7
from safepassage.node_statement import EncryptionKey
from safepassage.recipient_key import RecipientKey
from safepassage.suites import Suite
from services.records.attachments.documents import Document
from services.records.educators.kept import require_kept
from services.records.exchange import request_events
from services.records.exchange.answer_keys import key_of
from services.records.exchange.answers import Asked, Hinted, Nothing, Released, Subject, Vouched, sealed
from services.records.exchange.exchange import Exchange
from services.records.exchange.packing import Packed, pack
from services.records.exchange.sending import send_off
from services.records.exchange.states import Request as State
from services.records.exchange.states import TransitionRefused
from services.records.exchange.stored_rows import changing
from services.records.match_reviews import open_review
from services.records.matching import NeedsPerson
from services.records.tables import PeerRequestRow
from services.records.transfers.holding import lift, open_hold, require_unclaimed
from services.records.transfers.onward_notices import tell_of_refusal
from shared.group_commit import Writing


async def provide(
    exchange: Exchange, row: PeerRequestRow, asked: Asked, what: Released | Hinted | Vouched | Nothing, *, review: NeedsPerson | None = None
) -> None:
    """Seal the answer, store it with what follows from it for the request, and send it off.

    INVARIANT: a package, `perhaps` and `not-provided` take the same way and the same steps; only their contents differ.
    """
    now = exchange.clock()
    suite, key = await key_of(exchange, row.requester, asked.selector, now)
    serial = exchange.trust.current().serial
    packed = None
    if isinstance(what, Released) and what.documents:
        packed = await _packed(exchange, asked, what.documents, suite, key, now)
    answer = sealed(asked, what, issuer=exchange.entity_id, suite=suite, key=key, trust_serial=serial, now=now, packed=packed)

    def follow(tx: Writing) -> None:
        values: dict[str, object] = {"attempts": 0, "next_attempt_at": row.expires_at}
        if isinstance(what, Nothing) and what.again_at is not None:
            values |= {"attempts": 1, "next_attempt_at": min(what.again_at, row.expires_at)}
        if isinstance(what, Released):
            values |= {"state": State.ANSWERED, "next_attempt_at": None}
            require_unclaimed(tx, what.subject.student_id, row.id, what.claims)
        elif isinstance(what, Hinted | Vouched):
            values |= {"state": State.ANSWERED, "next_attempt_at": row.expires_at}
            if isinstance(what, Vouched):
                require_kept(tx.connection, what.subject.student_id)
        elif row.state != State.WAITING:
            values["state"] = State.WAITING
        subject = what.subject
        if subject is not None and row.student_id is None:
            if not subject.is_nobody and not row.is_finding and not row.is_educators:
                values["student_id"] = subject.student_id
            tx.record(
                request_events.matched(
                    request_id=row.id,
                    exchange_id=row.exchange_id,
                    requester=row.requester,
                    selector=asked.selector,
                    student_id=subject.student_id,
                    custodian_id=subject.custodian_id,
                    outcome=_matched_as(subject, review),
                    is_nobody=subject.is_nobody,
                ),
            )
        if isinstance(what, Nothing) and what.denied and subject is not None and row.state == State.ACCEPTED:
            tell_of_refusal(tx, exchange, asked, subject.student_id, now)
        if isinstance(what, Nothing) and what.held_for and subject is not None:
            about: Any = {"student_id": subject.student_id, "custodian_id": subject.custodian_id}
            open_hold(tx, exchange, row, **about, codes=what.held_for, claims=what.claims, now=now)
        elif row.state == State.WAITING:
            lift(tx, row, now)
        if review is not None:
            open_review(
                tx.connection, request_id=row.id, student_ids=review.student_ids, reasons=review.reasons, expires_at=row.expires_at, now=now
            )
        # INVARIANT: an answer is stored only with the request's step from the state in which it was made.
        meanwhile = TransitionRefused("the request was answered meanwhile")
        tx.expect(changing(PeerRequestRow, row.id, when=(State(row.state),), **values), meanwhile)

    await send_off(exchange, row, answer, follow=follow)


async def _packed(
    exchange: Exchange, asked: Asked, documents: Sequence[Document], suite: Suite, key: EncryptionKey | RecipientKey, now: datetime
) -> Packed:
    claims = {
        "suite": suite.name,
        "iss": exchange.entity_id,
        "aud": asked.requester,
        "recipient_organisation": asked.recipient_organisation,
        "exchange_id": str(asked.exchange_id),
        "envelope_id": str(uuid7(now)),
        "request_digest": asked.request_digest,
        "enc_kid": key.kid,
    }
    return await pack(exchange.database, documents, envelope=claims, recipient=asked.requester, now=now)


def _matched_as(subject: Subject, review: NeedsPerson | None) -> str:
    if review is not None:
        return "needs-person"
    return "not-found" if subject.is_nobody else "certain"
