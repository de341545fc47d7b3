"""Receipts for what this node sent: R1 is the answer to an envelope, R2 comes to `POST /v1/peer/receipts` when it was filed or rejected."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import bindparam, select

from safepassage.claims import Verified
from safepassage.compact import MAX_LENGTH, split
from safepassage.logged import Logged
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST
from safepassage.problems.envelopes import NoticeNotAcknowledged, ReceiptOfAnotherEnvelope
from safepassage.problems.exchanges import MessageIdReused, NoSuchEnvelope, NotProcessedYet, NotReceived
from safepassage.problems.trust import NotAMember
from safepassage.receipt import Receipt, SentEnvelope, require_one_arrival, require_receipt_for, verify_receipt
from safepassage.trust_members import Member
from services.records.exchange import events
from services.records.exchange.accepting import Peer
from services.records.exchange.dead_letters import lay_answer_aside, settle
from services.records.exchange.deliveries import JOSE
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_logs import Pinned
from services.records.exchange.refusable import OF_A_MESSAGE, OF_A_PROOF
from services.records.exchange.refusals import body_of_type, compact_in, or_refused
from services.records.exchange.sending import claims_of
from services.records.exchange.states import SENDABLE, Outgoing, TransitionRefused, is_final
from services.records.exchange.stored_rows import changing
from services.records.exchange.told_milestones import Reached, milestone
from services.records.tables import IncomingEnvelopeRow, OutgoingEnvelopeRow, PeerRequestRow
from services.records.transfers.onward_notices import tell_of_disclosure
from shared import prepared
from shared.contracts.audit import Event
from shared.group_commit import Expected, Writing
from shared.plain_route import caller_route
from shared.problems import responses

router = APIRouter(prefix="/v1/peer", tags=["peers"])

SHOWN_BY = {"applied": Outgoing.PROCESSED, "rejected": Outgoing.REJECTED}
"""The state that each outcome of R2 shows."""
ASKED_AGAIN_AFTER: Final = timedelta(days=1)
"""After R1, when R2 has not come: the receiver is asked for it, each day (inquiring)."""
TOLD: Final[Mapping[str, Reached]] = {"received": "delivered", "applied": "delivered", "rejected": "rejected"}
"""What privacy is told of a record's receipt. The second says delivered again: the first may never have come."""


@caller_route(router, "/receipts", "exchange:peer")
@router.post(
    "/receipts",
    status_code=204,
    responses=responses(
        *OF_A_MESSAGE,
        *OF_A_PROOF,
        NoSuchEnvelope,
        ReceiptOfAnotherEnvelope,
        NoticeNotAcknowledged,
        MessageIdReused,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def receive_receipt(request: Request, caller: Peer) -> Response:
    """Take R2 (sp-receipt+jws): the record was filed, or rejected, and why. The same receipt again is taken again."""
    exchange: Exchange = request.app.state.exchange
    body = await body_of_type(request, content_type=JOSE, limit=MAX_LENGTH)
    return await take_processed(exchange, request, caller.peer, body)


async def take_processed(exchange: Exchange, request: Request, peer: str, body: bytes) -> Response:
    """The answer to one R2 of `peer`, which came alone or with others. Raises what may be tried again."""
    token = compact_in(body, longest=MAX_LENGTH)

    async def answer() -> Response:
        await exchange.trust.refresh()
        await take_receipt(exchange, exchange.trust.member(peer), token, outcomes=("applied", "rejected"))
        return Response(status_code=204)

    return await or_refused(exchange, request, peer=peer, jws=token, size=len(body), answer=answer)


@router.get(
    "/receipts/{envelope_id}",
    responses={**responses(NotAMember, NotReceived, NotProcessedYet), 200: {"description": "R2", "content": {JOSE: {}}}},
    response_class=Response,
)
async def read_receipt(envelope_id: UUID, request: Request, caller: Peer) -> Response:
    """R2 of an envelope that the peer has sent, the same bytes as were sent to it: for a peer to which they did not come."""
    exchange: Exchange = request.app.state.exchange
    peer = caller.peer
    exchange.trust.member(peer)
    row = await exchange.find(IncomingEnvelopeRow, peer, envelope_id)
    if row is None:
        raise NotReceived
    if row.r2 is None:
        raise NotProcessedYet(retry_after_seconds=int(ASKED_AGAIN_AFTER.total_seconds()))
    return Response(row.r2, media_type=JOSE)


@dataclass(frozen=True)
class Answered:
    """An envelope of ours to which a receipt is the answer."""

    row: OutgoingEnvelopeRow
    subject_commit: str | None
    """Of the request that it answers, where that is known."""
    may_owe_notices: bool = True
    """Whether somebody may have to be told that it has arrived (onward_notices.owes_notices)."""


async def take_receipt(
    exchange: Exchange, member: Member, token: str, *, outcomes: Collection[str], answered: Answered | None = None
) -> None:
    """Verify a receipt for an envelope of ours, store it, and go to the state that it shows. The same again changes nothing.

    answered  for which it was given; None where a receipt comes by itself, and says for which it is

    Raises what `verify_receipt`, `require_receipt_for` and `require_one_arrival` raise, NoSuchEnvelope, MessageIdReused, PeerUnavailable.
    """
    header, payload, _, _ = split(token)
    keys = await exchange.signing_keys_of(member.entity_id, kid=header["kid"])
    note = payload.get("checkpoint")

    def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[Verified[Receipt], Logged]:
        return verify_receipt(
            token,
            issuer=member.entity_id,
            audience=exchange.entity_id,
            keys=keys,
            logs=member.log_identities(),
            pinned=pinned,
            consistency=path,
        )

    def store(tx: Writing, receipt: Verified[Receipt], logged: Logged) -> None:
        tx.show(receipt.message.envelope_id)  # the first may have come in this transaction, and the second now
        row = prepared.row(tx.connection, _ENVELOPE, {"id_": receipt.message.envelope_id})
        if row is None or row.recipient_node != member.entity_id or row.envelope_digest is None:
            raise NoSuchEnvelope
        # INVARIANT: a receipt of one envelope, however genuine, is no answer to another, which would count as handed over and is not.
        if answered is not None and row.id != answered.row.id:
            raise ReceiptOfAnotherEnvelope("this is one for another envelope")
        require_for(receipt, logged, row, row.subject_commit)
        _keep(tx, exchange, row, receipt, may_owe_notices=answered is None or answered.may_owe_notices)

    def require_for(receipt: Verified[Receipt], logged: Logged, row: Any, subject_commit: str) -> None:
        if receipt.message.outcome not in outcomes:
            raise ReceiptOfAnotherEnvelope("another outcome belongs here")
        require_receipt_for(receipt.message, logged, sent=_sent(row, subject_commit), now=exchange.clock())

    def expected(receipt: Verified[Receipt], logged: Logged) -> Expected[None] | None:
        """Of a first receipt for what was handed over a moment ago, which the row in hand shows as it is."""
        if answered is None or answered.subject_commit is None or receipt.message.envelope_id != answered.row.id:
            return None
        row, message = answered.row, receipt.message
        if message.outcome != "received" or Outgoing(row.state) not in SENDABLE or answered.may_owe_notices:
            return None
        require_for(receipt, logged, row, answered.subject_commit)
        return Expected(
            [changing(OutgoingEnvelopeRow, row.id, when=(Outgoing(row.state),), **_first(exchange, receipt))],
            None,
            events=[_acknowledged(row, receipt)],
            tellings=[_told(exchange, row, receipt)] if row.kind == "package" else (),
            about=row.id,
        )

    await exchange.peer_logs.take(member, note if isinstance(note, str) else None, verify, store, expected)


_SENT = OutgoingEnvelopeRow.__table__
_ENVELOPE = (
    select(*(column for column in _SENT.c if column.key != "ciphertext"), PeerRequestRow.subject_commit)
    .join(PeerRequestRow, PeerRequestRow.id == _SENT.c.request_id)
    .where(_SENT.c.id == bindparam("id_"))
    .with_for_update(of=_SENT)
)


def _sent(row: Any, subject_commit: str) -> SentEnvelope:
    """What was sent, from our own rows."""
    message = claims_of(row)
    return SentEnvelope(
        exchange_id=message.exchange_id,
        envelope_id=message.envelope_id,
        envelope_digest=row.envelope_digest or "",
        request_digest=message.request_digest,
        subject_commit=subject_commit,
        recipient_organisation=message.recipient_organisation,
        ct_digest=message.ct_digest,
        pt_commit=message.pt_commit,
        redisclosure_notice_digest=REDISCLOSURE_NOTICE_DIGEST if row.kind == "package" else None,
    )


def _keep(tx: Writing, exchange: Exchange, row: Any, receipt: Verified[Receipt], *, may_owe_notices: bool) -> None:
    """Store the receipt, once. INVARIANT: a state changes only on a receipt that is stored with it; a final one never.

    A record's receipt ends the duty to send it; that it could not be filed opens the duty again.
    """
    outcome = receipt.message.outcome
    first = outcome == "received"
    held = row.r1 if first else row.r2
    if held is not None:
        if held != receipt.token and split(held)[1]["outcome"] != outcome:
            raise MessageIdReused("another receipt for this envelope is on record")
        return
    beside = row.r2 if first else row.r1
    if beside is not None:  # INVARIANT: what is on record of an exchange is one chain
        require_one_arrival(receipt.message, Receipt.model_validate(split(beside)[1]))
    values: dict[str, Any] = {"r1": receipt.token} if first else {"r2": receipt.token, "ciphertext": None}
    state = Outgoing(row.state)
    if not is_final(state) and first:
        values = _first(exchange, receipt)
    elif not is_final(state):
        values |= {"state": SHOWN_BY[outcome], "problem_code": receipt.message.reason, "next_attempt_at": None}
    changed = changing(OutgoingEnvelopeRow, row.id, when=(state,), **values)
    if is_final(state):
        prepared.change(tx.connection, *changed)
    else:  # the state goes on, so that nobody who has read the one before changes the row beside this
        tx.expect(changed, TransitionRefused("another receipt came meanwhile"), about=row.id)
    if outcome == "rejected":
        lay_answer_aside(tx.connection, row, code=receipt.message.reason or outcome, now=exchange.clock())
    elif not first and (is_final(state) or row.next_attempt_at is None):
        settle(tx.connection, row.id)  # it was late, or had been given up
    tx.record(_acknowledged(row, receipt))
    if may_owe_notices and row.kind == "package" and row.r1 is None and row.r2 is None:
        tell_of_disclosure(tx, exchange, row)
    if row.kind == "package" and outcome in TOLD:
        tx.tell(_told(exchange, row, receipt))


def _first(exchange: Exchange, receipt: Verified[Receipt]) -> dict[str, Any]:
    """What R1 sets in the row of an envelope that is not over."""
    due = exchange.clock() + ASKED_AGAIN_AFTER
    return {"r1": receipt.token, "state": Outgoing.RECEIVED, "problem_code": receipt.message.reason, "next_attempt_at": due}


def _acknowledged(row: Any, receipt: Verified[Receipt]) -> Event:
    return events.acknowledged(receipt.message, digest=receipt.digest, student_id=row.student_id, custodian_id=row.custodian_id)


def _told(exchange: Exchange, row: Any, receipt: Verified[Receipt]) -> dict[str, Any]:
    message, told = receipt.message, TOLD[receipt.message.outcome]
    return milestone(exchange.outbox, message.exchange_id, told, peer=row.recipient_node, receipt=receipt.token, at=exchange.clock())
