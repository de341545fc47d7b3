"""Telling a peer that a message of ours ended, until it knows. If it has that message already, it answers with its receipt."""

import logging
from uuid import UUID

from safepassage.canonical import digest_of
from safepassage.ending import ENDINGS_PATH
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerResting, PeerUnavailable
from safepassage.problems.trust import NotAMember
from safepassage.trust_members import Member
from services.records.exchange.deliveries import JOSE
from services.records.exchange.due import NO_MEMBER, after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_refusals import refused_as
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.receipts import take_receipt
from services.records.exchange.states import Telling
from services.records.exchange.stored_rows import change
from services.records.tables import EndingRow
from shared.group_commit import Writing

log = logging.getLogger(__name__)


async def take_up(exchange: Exchange, ending_id: UUID, row: EndingRow | None = None) -> None:
    """One attempt, or its end."""
    if row is None:
        row = await exchange.find(EndingRow, ending_id)
    if row is None or row.state != Telling.WAITING:
        return
    if exchange.clock() >= row.lapses_at:
        await end(exchange, row, Telling.LAPSED, None)
        return
    try:
        await exchange.trust.refresh()
        code = await _tell(exchange, row, exchange.trust.member(row.peer))
    except SuiteError as error:  # a member that is suspended may come back
        log.info("ending not told yet", extra={"peer": row.peer, "code": error.code})
        await _put_off(exchange, row, error)
    else:
        await end(exchange, row, Telling.TOLD if code is None else Telling.REFUSED, code)


async def _tell(exchange: Exchange, row: EndingRow, member: Member) -> str | None:
    """None once the peer knows; the code with which it refuses to. Raises what may be tried again."""
    exchange.breakers.require_closed(member.entity_id, exchange.clock())
    try:
        answer = await exchange.peers.post(member, ENDINGS_PATH, row.token.encode("ascii"), content_type=JOSE)
    except SuiteError:
        exchange.breakers.failed(member.entity_id, exchange.clock())
        raise
    exchange.breakers.answered(member.entity_id)
    return await understood(exchange, row, member, answer)


async def understood(exchange: Exchange, row: EndingRow, member: Member, answer: PeerAnswer) -> str | None:
    """None where the answer says that the peer knows; the code with which it refuses to. Raises what may be tried again."""
    if answer.status == 204:
        return None
    if answer.status != 200:
        return await refused_as(exchange, answer, peer=row.peer, about=digest_of(row.token.encode("ascii")))
    try:
        await take_receipt(exchange, member, answer.body.decode("ascii"), outcomes=("received",))
    except UnicodeDecodeError as error:
        raise PeerUnavailable("the answer is no receipt") from error
    log.warning("an answer that ended here had arrived", extra={"peer": row.peer})
    return None


async def end(exchange: Exchange, row: EndingRow, state: Telling, code: str | None) -> None:
    """It is told, or will never be."""

    def store(tx: Writing) -> None:
        change(tx.connection, EndingRow, row.id, when=(Telling.WAITING,), state=state, problem_code=code, next_attempt_at=None)

    await exchange.write(store)


async def _put_off(exchange: Exchange, row: EndingRow, error: SuiteError) -> None:
    attempts = row.attempts + (0 if isinstance(error, PeerResting) else 1)
    due = after_failure(error, failures=max(attempts, 1), now=exchange.clock())
    if isinstance(error, NotAMember):
        due = exchange.clock() + NO_MEMBER
    due = min(due, row.lapses_at)

    def put_off(tx: Writing) -> None:
        change(tx.connection, EndingRow, row.id, when=(Telling.WAITING,), attempts=attempts, next_attempt_at=due)

    await exchange.write(put_off)
