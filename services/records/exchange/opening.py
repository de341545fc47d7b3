"""Opening what was received: decrypt, compare with what was signed and logged, file it once, delete the ciphertext, and say so (R2)."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.compact import split
from safepassage.envelope import Envelope, sealed_claims
from safepassage.ids import uuid7
from safepassage.package import NotProvided, Package, read_sealed
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import RecordNotFiled
from safepassage.receipt import Receipt
from safepassage.request import Selector
from services.records.exchange import events
from services.records.exchange.asking import selector_of
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Asked, Incoming, require_transition
from services.records.exchange.storing import message_of
from services.records.loading import ReceivedEnrollment, store_received
from services.records.match_reviews import open_review
from services.records.matching import Certain, Match, NeedsPerson, match
from services.records.matching_candidates import find_candidates
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, OrganisationRow, StudentRow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Opened:
    """An envelope with what was in it."""

    row: IncomingEnvelopeRow
    asked: ExchangeRequestRow
    message: Envelope
    selector: Selector
    content: Package | NotProvided


async def take_up(exchange: Exchange, key: tuple[str, UUID]) -> None:
    """Open one envelope, and file what is in it."""
    async with exchange.database.reading() as tx:
        row = await tx.get(IncomingEnvelopeRow, key)
        asked = None if row is None else await tx.get_one(ExchangeRequestRow, row.exchange_id)
    if row is None or asked is None or row.state != Incoming.RECEIVED or row.ciphertext is None:
        return
    try:
        opened = _opened(exchange, row, asked, row.ciphertext)
        await exchange.milestones.reached("receiver after_open")
    except SuiteError as error:
        if error.retry != "never":
            raise
        code = error.code
        log.warning("package rejected", extra={"code": code, "peer": row.issuer})
        await exchange.write(lambda tx: _reject(tx, exchange, key, code))
    else:
        await _file(exchange, opened)
        await exchange.milestones.reached("receiver after_apply")
    exchange.wake("acknowledging", key)


def _opened(exchange: Exchange, row: IncomingEnvelopeRow, asked: ExchangeRequestRow, ciphertext: bytes) -> _Opened:
    """Raises the problem for which the package is rejected."""
    message, selector = message_of(row), selector_of(exchange, asked)
    private = exchange.epochs.private(message.enc_kid, now=exchange.clock())
    content = read_sealed(private.open(ciphertext, suite=message.suite, info=message.info()), envelope=sealed_claims(message))
    if isinstance(content, Package):
        require_as_asked(content, selector)
    return _Opened(row, asked, message, selector, content)


def require_as_asked(package: Package, selector: Selector) -> None:
    """The record has what its manifest says, and nothing beyond what was asked for. Raises RecordNotFiled."""
    record = package.record
    if record.elements() != package.manifest.elements:
        raise RecordNotFiled("the manifest and the record differ")
    if not {section for section, _ in record.sections()} <= set(selector.sections):
        raise RecordNotFiled("sections that were not asked for")


async def _file(exchange: Exchange, opened: _Opened) -> None:
    """One transaction: the record filed, the ciphertext deleted, R2 made. INVARIANT: applied once, since the state is checked in it."""
    row, now = opened.row, exchange.clock()
    outcome: Match | None = None
    if isinstance(opened.content, Package) and row.match_id is None:
        async with exchange.database.reading() as tx:
            outcome = match(opened.selector.person, await find_candidates(tx, exchange.vault, opened.selector.person))

    async def file(tx: AsyncSession) -> None:
        held = await tx.get_one(IncomingEnvelopeRow, (row.issuer, row.id), with_for_update=True)
        if held.state != Incoming.RECEIVED:
            return
        if isinstance(outcome, NeedsPerson):
            await _ask_person(tx, held, opened, outcome, now)
            return
        if isinstance(opened.content, Package):
            found = outcome.student_id if isinstance(outcome, Certain) else held.student_id
            held.student_id = await _store(tx, exchange, opened, opened.content, found, now)
            await _apply(tx, exchange, opened, opened.content, held.student_id)
        _done(exchange, held, Incoming.APPLIED, None, now)

    await exchange.write(file)


async def _store(tx: AsyncSession, exchange: Exchange, opened: _Opened, package: Package, student_id: UUID | None, now: datetime) -> UUID:
    organisation_id = opened.asked.receiving_organisation_id
    stored = await store_received(
        tx,
        exchange.vault,
        exchange.outbox,
        package.record,
        from_node=opened.message.iss,
        exchange_id=opened.message.exchange_id,
        student_id=student_id,
        custodian_id=await _district_of(tx, organisation_id),
        enrollment=ReceivedEnrollment(organisation_id, opened.selector.evidence.entry_date),
        jurisdiction=exchange.settings.jurisdiction,
        now=now,
    )
    return stored.student_id


async def _apply(tx: AsyncSession, exchange: Exchange, opened: _Opened, package: Package, student_id: UUID) -> None:
    asked = await tx.get_one(ExchangeRequestRow, opened.asked.id, with_for_update=True)
    require_transition(Asked(asked.state), Asked.APPLIED)
    asked.state, asked.student_id, asked.next_attempt_at = Asked.APPLIED, student_id, None
    custodian_id = (await tx.execute(select(StudentRow.custodian_id).where(StudentRow.id == student_id))).scalar_one()
    event = events.filed(message=opened.message, student_id=student_id, custodian_id=custodian_id, elements=package.manifest.elements)
    exchange.outbox.record(tx, event)


async def _district_of(tx: AsyncSession, organisation_id: UUID) -> UUID:
    """Who answers for the record here: the receiving school's district, or the district itself."""
    organisation = await tx.get_one(OrganisationRow, organisation_id)
    return organisation.parent_id if organisation.kind == "school" and organisation.parent_id is not None else organisation_id


async def _ask_person(tx: AsyncSession, held: IncomingEnvelopeRow, opened: _Opened, outcome: NeedsPerson, now: datetime) -> None:
    """A person says whether one of our students is this child. Until then it stays sealed."""
    held.state, held.match_id, held.next_attempt_at = Incoming.MATCHING, uuid7(now), None
    await open_review(
        tx,
        request_id=held.match_id,
        student_ids=outcome.student_ids,
        reasons=outcome.reasons,
        expires_at=opened.asked.expires_at,
        now=now,
    )


async def _reject(tx: AsyncSession, exchange: Exchange, key: tuple[str, UUID], code: str) -> None:
    held = await tx.get_one(IncomingEnvelopeRow, key, with_for_update=True)
    if held.state != Incoming.RECEIVED:
        return
    asked = await tx.get_one(ExchangeRequestRow, held.exchange_id, with_for_update=True)
    if held.kind == "package":
        require_transition(Asked(asked.state), Asked.REJECTED)
        asked.state, asked.problem_code, asked.next_attempt_at = Asked.REJECTED, code, None
    _done(exchange, held, Incoming.REJECTED, code, exchange.clock())


def _done(exchange: Exchange, held: IncomingEnvelopeRow, state: Incoming, code: str | None, now: datetime) -> None:
    """The ciphertext goes, R2 is there to be sent. Its proof is that of R1: the entry that the envelope was received."""
    require_transition(Incoming(held.state), state)
    outcome = {"outcome": "applied" if state == Incoming.APPLIED else "rejected", "reason": code, "iat": int(now.timestamp())}
    receipt = Receipt.model_validate({**split(held.r1 or "")[1], **outcome, "consistency": None})
    held.r2 = exchange.signing.sign_compact(typ=Receipt.TYPE, payload=receipt.claims())
    held.state, held.ciphertext, held.attempts, held.next_attempt_at = state, None, 0, now
