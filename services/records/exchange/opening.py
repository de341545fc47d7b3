"""Opening what was received: decrypt, compare with what was signed and logged, examine; then it is filed, or rejected."""

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from safepassage.envelope import sealed_claims
from safepassage.package import Package, read_sealed
from safepassage.problems import SuiteError
from safepassage.problems.attachments import ScannerNotConfigured, ScannerUnavailable
from safepassage.problems.credentials import StatusListNotObtained
from safepassage.problems.exchanges import MatchNotDecided, RecordNotFiled
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.request import Selector
from services.records.educators.filing import genuine_in
from services.records.exchange.answer_keys import key_to_open
from services.records.exchange.exchange import Exchange
from services.records.exchange.filing import Opened, file_opened, processed, reject
from services.records.exchange.own_requests import selector_of
from services.records.exchange.received_documents import examine
from services.records.exchange.states import Incoming
from services.records.exchange.stored_rows import change, changing
from services.records.exchange.storing import Received, message_of, received
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow
from shared import prepared
from shared.group_commit import Writing

log = logging.getLogger(__name__)

EXAMINED_AGAIN_AFTER = timedelta(minutes=1)
"""When the malware scanner does not answer."""


NOT_OVER = (Incoming.RECEIVED, Incoming.MATCHING)


async def take_up(exchange: Exchange, key: tuple[str, UUID], stored: Received | None = None) -> None:
    """Open one envelope, and file what is in it; or end the wait for a person's word."""
    if stored is None:
        stored = await exchange.read(lambda connection: received(connection, *key))
    if stored is not None and stored.row.state == Incoming.MATCHING:
        await _wait_no_longer(exchange, stored)
        return
    if stored is None or stored.row.state != Incoming.RECEIVED or stored.row.ciphertext is None:
        return
    row = stored.row
    try:
        opened = await _opened(exchange, row, stored.asked, stored.row.ciphertext)
        if isinstance(opened.content, Package):
            await examine(exchange, opened.message, opened.content)
        genuine = await genuine_in(exchange, opened.content)
        await exchange.milestones.reached("receiver after_open")
    except SuiteError as error:
        later = isinstance(error, StatusListNotObtained | TemporarilyUnavailable) and exchange.clock() < stored.asked.expires_at
        if later or isinstance(error, ScannerUnavailable | ScannerNotConfigured):
            await _put_off(exchange, row, error)
            return
        if error.retry != "never":
            raise
        await _reject(exchange, stored, error.code)
        return
    done = await file_opened(exchange, opened, genuine)
    await exchange.milestones.reached("receiver after_apply")
    _tell_the_sender(exchange, row, done)


async def _wait_no_longer(exchange: Exchange, stored: Received) -> None:
    """When the request ends: nobody can say any more whose record it is (the review ends then), and before long nothing opens it.

    INVARIANT: as of dead letters.
    """
    row, ends_at = stored.row, stored.asked.expires_at
    if exchange.clock() >= ends_at:
        await _reject(exchange, stored, MatchNotDecided.code)
        return
    put_off = changing(IncomingEnvelopeRow, row.issuer, row.id, when=(Incoming.MATCHING,), next_attempt_at=ends_at)
    await exchange.write(lambda tx: prepared.change(tx.connection, *put_off))


async def _reject(exchange: Exchange, stored: Received, code: str) -> None:
    row = stored.row
    log.warning("package rejected", extra={"code": code, "peer": row.issuer})
    rejected = await processed(exchange, row, Incoming.REJECTED, code)
    _tell_the_sender(exchange, row, await exchange.write(lambda tx: reject(tx.connection, stored, code, rejected, exchange.clock())))


def _tell_the_sender(exchange: Exchange, row: IncomingEnvelopeRow, done: dict[str, Any] | None) -> None:
    """`done`: what was set in the row; None where it was over already."""
    if done is not None:
        for name, value in done.items():
            setattr(row, name, value)
        exchange.wake("acknowledging", (row.issuer, row.id), row)


async def _opened(exchange: Exchange, row: IncomingEnvelopeRow, asked: ExchangeRequestRow, ciphertext: bytes) -> Opened:
    """Raises the problem for which the package is rejected."""
    message, selector = message_of(row), None if asked.finding_id is not None else selector_of(exchange, asked)
    private = await key_to_open(exchange, asked, message)
    opened = read_sealed(private.open(ciphertext, suite=message.suite, info=message.info()), envelope=sealed_claims(message))
    content, unread = opened.content, opened.unread
    if isinstance(content, Package):
        if selector is None:
            raise RecordNotFiled("a record that was not asked for")
        require_as_asked(content, selector, unread=() if unread is None else unread.elements)
        if unread is not None and unread.not_known:
            log.warning("a record came with what this version does not know", extra={"peer": row.issuer})
    return Opened(row, asked, message, selector, content, unread)


async def _put_off(exchange: Exchange, row: IncomingEnvelopeRow, error: SuiteError) -> None:
    """What came cannot be examined now: its documents, or the status of a credential.

    INVARIANT: nothing of a package is filed before all of it was found good.
    """
    log.warning("package not filed yet", extra={"code": error.code, "peer": row.issuer})
    due = exchange.clock() + EXAMINED_AGAIN_AFTER

    def put_off(tx: Writing) -> None:
        change(tx.connection, IncomingEnvelopeRow, row.issuer, row.id, when=(Incoming.RECEIVED,), next_attempt_at=due)

    await exchange.write(put_off)


def require_as_asked(package: Package, selector: Selector, *, unread: Collection[str] = ()) -> None:
    """The record has what its manifest says, and nothing beyond what was asked for. Raises RecordNotFiled.

    unread  elements that came and of which this version reads nothing: the manifest names them too. A section may have no others.
    """
    record, named = package.record, package.manifest.elements
    if record.elements() != tuple(one for one in named if one not in unread) or not set(unread) <= set(named):
        raise RecordNotFiled("the manifest and the record differ")
    if not {section for section, _ in record.sections()} | {one.partition(".")[0] for one in unread} <= set(selector.sections):
        raise RecordNotFiled("sections that were not asked for")
    if package.attachments and selector.attachments is None:
        raise RecordNotFiled("documents that were not asked for")
