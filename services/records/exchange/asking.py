"""A request of ours: logged before it leaves, delivered to the holder until it is taken, refused, or over."""

import logging
from uuid import UUID

from safepassage.accepted import Accepted, verify_accepted
from safepassage.claims import Verified
from safepassage.compact import split
from safepassage.logged import Logged
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerResting, PeerUnavailable
from safepassage.trust_members import Member
from services.records.exchange.dead_letters import UNANSWERED, lay_request_aside
from services.records.exchange.due import after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_requests import event_of, left_of
from services.records.exchange.peer_logs import Pinned
from services.records.exchange.peer_refusals import refused_as
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.states import FOLLOWS, Asked, is_final
from services.records.exchange.stored_rows import change, changing
from services.records.exchange.told_milestones import milestone
from services.records.tables import ExchangeRequestRow
from shared.group_commit import Expected, Writing
from shared.prepared import change as prepared_change

log = logging.getLogger(__name__)

AFTER_PREPARED = tuple(state for state in Asked if state != Asked.PREPARED)


async def take_up(exchange: Exchange, exchange_id: UUID, logged: ExchangeRequestRow | None = None) -> None:
    """Do what is due of one request: deliver it, or let it end. `logged`: the row, where this process has logged it a moment ago."""
    row = logged
    if row is None:
        row = await exchange.find(ExchangeRequestRow, exchange_id)
    if row is None or is_final(Asked(row.state)):
        return
    if exchange.clock() >= row.expires_at:
        await end(exchange, row, Asked.EXPIRED, None)
    elif row.state == Asked.PREPARED:
        await _deliver(exchange, row, logged=logged is not None)


async def _deliver(exchange: Exchange, row: ExchangeRequestRow, *, logged: bool) -> None:
    """One attempt to hand the request over.

    INVARIANT: the entry is in the log before a connection is opened, at every attempt of every process (the log answers the same).
    """
    try:
        if not logged:
            await exchange.own_log.append(event_of(row))
        exchange.trust.require_fresh()
        member = exchange.trust.member(row.holder)
        answer = await exchange.deliveries.hand_over(member, "requests", row.token.encode("ascii"))
        if answer.status == 202:
            await accept(exchange, row, member, answer)
        else:
            await end(exchange, row, Asked.REFUSED, await refused_as(exchange, answer, peer=row.holder, about=row.request_digest))
    except SuiteError as error:
        log.info("request not delivered", extra={"code": error.code, "peer": row.holder, "attempt": row.attempts + 1})
        attempts = row.attempts + (0 if isinstance(error, PeerResting) else 1)
        due = min(after_failure(error, failures=attempts, now=exchange.clock()), row.expires_at)

        def put_off(tx: Writing) -> None:
            change(tx.connection, ExchangeRequestRow, row.id, when=(Asked.PREPARED,), attempts=attempts, next_attempt_at=due)

        await exchange.write(put_off)


async def accept(exchange: Exchange, row: ExchangeRequestRow, member: Member, answer: PeerAnswer) -> None:
    """The holder has it on record. Raises PeerUnavailable, and what `verify_accepted` raises."""
    try:
        token = answer.body.decode("ascii")
        header, payload, _, _ = split(token)
        kid, note = header["kid"], payload.get("checkpoint")
    except UnicodeDecodeError as error:
        raise PeerUnavailable("the answer is no sp-accepted") from error
    keys = await exchange.signing_keys_of(row.holder, kid=kid)
    now = exchange.clock()

    def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[Verified[Accepted], Logged]:
        return verify_accepted(
            token,
            issuer=row.holder,
            audience=exchange.entity_id,
            keys=keys,
            exchange_id=row.id,
            request_digest=row.request_digest,
            logs=member.log_identities(),
            pinned=pinned,
            now=now,
            consistency=path,
        )

    values = {"accepted": token, "state": Asked.ACCEPTED, "attempts": 0, "next_attempt_at": row.expires_at}
    accepted = changing(ExchangeRequestRow, row.id, when=(Asked.PREPARED,), **values)
    told = milestone(exchange.outbox, row.id, "accepted", peer=row.holder, receipt=token, at=now)

    def keep(tx: Writing, _: Verified[Accepted], __: Logged) -> None:
        if not prepared_change(tx.connection, *accepted):  # an answer can be quicker than this
            change(tx.connection, ExchangeRequestRow, row.id, when=AFTER_PREPARED, accepted=token)
        tx.tell(told)

    def expected(_: Verified[Accepted], __: Logged) -> Expected[None]:
        return Expected([accepted], None, tellings=[told])

    await exchange.peer_logs.take(member, note if isinstance(note, str) else None, verify, keep, expected)


async def end(exchange: Exchange, row: ExchangeRequestRow, state: Asked, code: str | None) -> None:
    """A person looks at it, unless the holder has said that it provides nothing: then it did what it was for."""
    ended = {"state": state, "problem_code": code, "next_attempt_at": None, **left_of(row)}

    def store(tx: Writing) -> None:
        before = [old for old in Asked if state in FOLLOWS[Asked][old]]
        if change(tx.connection, ExchangeRequestRow, row.id, when=[old for old in before if old != Asked.NOT_PROVIDED], **ended):
            lay_request_aside(tx.connection, row, code=code or UNANSWERED, now=exchange.clock())
        elif Asked.NOT_PROVIDED in before:
            change(tx.connection, ExchangeRequestRow, row.id, when=(Asked.NOT_PROVIDED,), **ended)

    await exchange.write(store)
