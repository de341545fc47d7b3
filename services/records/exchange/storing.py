"""From a stored envelope to its receipt R1: L log that it was received, T2 store the receipt; only then is the sender answered."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from safepassage.compact import split
from safepassage.envelope import Envelope
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST
from safepassage.problems.exchanges import BeingStored
from safepassage.receipt import Receipt
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import OPEN_FOR_A_PACKAGE, Asked, Incoming, TransitionRefused
from services.records.exchange.stored_rows import change, changing, row_at
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow
from shared.contracts.audit import Appended, Event
from shared.group_commit import Expected, Write, Writing
from shared.prepared import Change


@dataclass(frozen=True)
class Received:
    """An envelope as it is stored here, with the request that it answers."""

    row: IncomingEnvelopeRow
    asked: ExchangeRequestRow


def received(connection: Connection, issuer: str, envelope_id: UUID) -> Received | None:
    """The stored envelope, if there is one."""
    row = row_at(connection, IncomingEnvelopeRow, issuer, envelope_id)
    asked = None if row is None else row_at(connection, ExchangeRequestRow, row.exchange_id)
    return None if row is None or asked is None else Received(row, asked)


async def acknowledge(exchange: Exchange, stored: Received) -> str:
    """L and T2 of a stored envelope, and its receipt R1: again after a crash, with the same result. Raises LogUnavailable."""
    row, asked = stored.row, stored.asked
    if row.r1 is not None:
        return row.r1
    appended = await exchange.own_log.append(Event.model_validate_json(row.event))
    await exchange.milestones.reached("receiver after_append")
    r1 = await _receipt(exchange, row, asked, appended)
    now = exchange.clock()
    acknowledged = {"state": Incoming.RECEIVED, "r1": r1, "entry_index": appended.index, "next_attempt_at": now}
    counts = await exchange.write(_t2_of(exchange, stored, acknowledged, appended))
    await exchange.milestones.reached("receiver after_T2")
    if counts == r1:
        for name, value in acknowledged.items():
            setattr(row, name, value)
        exchange.wake("opening", (row.issuer, row.id), stored)
    return counts


async def take_up(exchange: Exchange, key: tuple[str, UUID], _: None = None) -> None:
    """An envelope that was stored by a process that did not come to its receipt."""
    stored = await exchange.read(lambda connection: received(connection, *key))
    if stored is not None:
        await acknowledge(exchange, stored)


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
    return await exchange.sign(receipt, answers=row.jws)


def _t2_of(exchange: Exchange, stored: Received, acknowledged: dict[str, Any], appended: Appended) -> Write[str]:
    def t2(tx: Writing) -> str:
        return _t2(tx, exchange, stored, acknowledged, appended)

    if stored.row.kind == "not-provided":
        return t2
    keeping = exchange.own_log.keeping(exchange.database.dialect, appended).values()
    kept = partial(exchange.own_log.kept, appended)
    return Expected(_changes(stored, acknowledged), str(acknowledged["r1"]), otherwise=t2, beside=[*keeping], afterwards=kept)


def _changes(stored: Received, acknowledged: dict[str, Any]) -> list[Change]:
    """What T2 changes where the envelope brings what was asked for."""
    row, asked = stored.row, stored.asked
    return [
        changing(IncomingEnvelopeRow, row.issuer, row.id, when=(Incoming.STORED,), **acknowledged),
        changing(ExchangeRequestRow, asked.id, when=OPEN_FOR_A_PACKAGE, state=Asked.RECEIVED, next_attempt_at=None),
    ]


def _t2(tx: Writing, exchange: Exchange, stored: Received, acknowledged: dict[str, Any], appended: Appended) -> str:
    """Store the receipt. Gives the one that counts: the first stored, if two processes came this far."""
    row, asked = stored.row, stored.asked
    if tx.is_shared and row.kind != "not-provided":
        refused = TransitionRefused("the request takes no package any more")
        for one in _changes(stored, acknowledged):
            tx.expect(one, refused)
        exchange.own_log.keep(tx, appended)
        return str(acknowledged["r1"])
    if not change(tx.connection, IncomingEnvelopeRow, row.issuer, row.id, when=(Incoming.STORED,), **acknowledged):
        held = row_at(tx.connection, IncomingEnvelopeRow, row.issuer, row.id)
        if held is None or held.r1 is None:
            raise BeingStored
        return held.r1
    if row.kind != "not-provided":
        shown: dict[str, Any] = {"state": Asked.RECEIVED, "next_attempt_at": None}
        if not change(tx.connection, ExchangeRequestRow, asked.id, when=OPEN_FOR_A_PACKAGE, **shown):
            raise TransitionRefused("the request takes no package any more")
    else:
        shown = {"state": Asked.NOT_PROVIDED, "next_attempt_at": asked.expires_at}
        change(tx.connection, ExchangeRequestRow, asked.id, when=(Asked.PREPARED, Asked.ACCEPTED), **shown)
    exchange.own_log.keep(tx, appended)
    return str(acknowledged["r1"])


def message_of(row: IncomingEnvelopeRow) -> Envelope:
    """The claims of a stored envelope, which were verified before it was stored."""
    return Envelope.model_validate(split(row.jws)[1])
