"""From a stored envelope to its receipt R1: L log that it was received, T2 store the receipt; only then is the sender answered."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.compact import split
from safepassage.envelope import Envelope
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST
from safepassage.problems.exchanges import BeingStored
from safepassage.receipt import Receipt
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Asked, Incoming, require_transition
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow
from shared.contracts.audit import Appended, Event


async def acknowledge(exchange: Exchange, issuer: str, envelope_id: UUID) -> str:
    """L and T2 of a stored envelope, and its receipt R1: again after a crash, with the same result. Raises LogUnavailable."""
    async with exchange.database.reading() as tx:
        row = await tx.get_one(IncomingEnvelopeRow, (issuer, envelope_id))
        asked = await tx.get_one(ExchangeRequestRow, row.exchange_id)
    if row.r1 is not None:
        return row.r1
    appended = await exchange.own_log.append(Event.model_validate_json(row.event))
    await exchange.milestones.reached("receiver after_append")
    r1 = await _receipt(exchange, row, asked, appended)
    stored = await exchange.write(lambda tx: _t2(tx, exchange, row, r1, appended))
    await exchange.milestones.reached("receiver after_T2")
    exchange.wake("opening", (issuer, envelope_id))
    return stored


async def take_up(exchange: Exchange, key: tuple[str, UUID]) -> None:
    """An envelope that was stored by a process that did not come to its receipt."""
    await acknowledge(exchange, *key)


async def _receipt(exchange: Exchange, row: IncomingEnvelopeRow, asked: ExchangeRequestRow, appended: Appended) -> str:
    members = await exchange.proofs.members_for(row.issuer, appended)
    receipt = Receipt(
        iss=exchange.entity_id,
        aud=row.issuer,
        exchange_id=row.exchange_id,
        envelope_id=row.id,
        envelope_digest=row.envelope_digest,
        request_digest=asked.request_digest,
        subject_commit=asked.subject_commit,
        recipient_organisation=str(asked.receiving_organisation_id),
        outcome="received",
        redisclosure_notice_digest=REDISCLOSURE_NOTICE_DIGEST if row.kind == "package" else None,
        stored_at=int(row.stored_at.timestamp()),
        iat=int(exchange.clock().timestamp()),
        **members,
    )
    return exchange.signing.sign_compact(typ=Receipt.TYPE, payload=receipt.claims())


async def _t2(tx: AsyncSession, exchange: Exchange, row: IncomingEnvelopeRow, r1: str, appended: Appended) -> str:
    """Store the receipt. Gives the one that counts: the first stored, if two processes came this far."""
    held = await tx.get_one(IncomingEnvelopeRow, (row.issuer, row.id), with_for_update=True)
    if held.r1 is not None:
        return held.r1
    if held.state != Incoming.STORED:
        raise BeingStored
    now = exchange.clock()
    held.state, held.r1, held.entry_index, held.next_attempt_at = Incoming.RECEIVED, r1, appended.index, now
    asked = await tx.get_one(ExchangeRequestRow, row.exchange_id, with_for_update=True)
    shown = Asked.RECEIVED if held.kind == "package" else Asked.NOT_PROVIDED
    if held.kind == "package" or asked.state in (Asked.PREPARED, Asked.ACCEPTED):
        require_transition(Asked(asked.state), shown)
        asked.state = shown
        asked.next_attempt_at = None if shown == Asked.RECEIVED else asked.expires_at
    await exchange.own_log.keep(tx, appended)
    return r1


def message_of(row: IncomingEnvelopeRow) -> Envelope:
    """The claims of a stored envelope, which were verified before it was stored."""
    return Envelope.model_validate(split(row.jws)[1])
