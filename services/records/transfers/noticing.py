"""Sending a notice: sealed to the peer, logged before it leaves, delivered until it is taken, refused, or over."""

import logging
from typing import Any, Final
from uuid import UUID

from safepassage.canonical import digest_of, from_base64url, to_base64url
from safepassage.claims import Verified, read_closed
from safepassage.compact import split
from safepassage.logged import Logged
from safepassage.node_statement import key_to_seal_to
from safepassage.notice import MAX_LENGTH, Notice, NoticeTaken, notice_info, verify_taken
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerResting, PeerUnavailable
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.trust import NotAMember
from safepassage.sealing import pt_commit
from safepassage.suites import suite_named
from safepassage.trust_members import Member
from services.records.exchange.dead_letters import EXPIRED, lay_aside
from services.records.exchange.due import NO_MEMBER, after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_logs import Pinned
from services.records.exchange.peer_refusals import refused_for_good
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.seals import seal
from services.records.exchange.states import Notice as State
from services.records.exchange.stored_rows import change
from services.records.tables import OutgoingNoticeRow
from services.records.transfers.notices import content_of
from shared.contracts.audit import Digests, Event
from shared.group_commit import Writing

log = logging.getLogger(__name__)

UNSENT: Final = (State.PREPARED, State.SEALED, State.QUEUED)
UNTAKEN: Final = (State.REFUSED, State.EXPIRED)


async def take_up(exchange: Exchange, notice_id: UUID, _: None = None) -> None:
    """Take one notice as far as it goes now."""
    row = await exchange.find(OutgoingNoticeRow, notice_id)
    if row is None or row.state not in UNSENT:
        return
    if exchange.clock() >= row.expires_at:
        await _set(exchange, row, state=State.EXPIRED, next_attempt_at=None)
        return
    try:
        if row.state == State.PREPARED:
            await _seal(exchange, row)
        if row.state == State.SEALED:
            await _log(exchange, row)
        await _deliver(exchange, row)
    except NoSuchStudent:  # what was sealed of it was destroyed meanwhile
        await _set(exchange, row, state=State.EXPIRED, problem_code=NoSuchStudent.code, next_attempt_at=None)
    except SuiteError as error:
        log.info("notice not delivered", extra={"code": error.code, "peer": row.peer, "attempt": row.attempts + 1})
        attempts = row.attempts + (0 if isinstance(error, PeerResting) else 1)
        due = after_failure(error, failures=max(attempts, 1), now=exchange.clock())
        if isinstance(error, NotAMember):
            due = exchange.clock() + NO_MEMBER
        await _set(exchange, row, attempts=attempts, next_attempt_at=min(due, row.expires_at))


async def _seal(exchange: Exchange, row: OutgoingNoticeRow) -> None:
    """The ciphertext is stored before it is logged: a process that dies in between logs the same one again."""
    exchange.trust.require_fresh()
    now, content = exchange.clock(), content_of(exchange, row)
    statement = (await exchange.statements.of(row.peer)).message
    suite, key = key_to_seal_to(statement, supported=exchange.signing.suites, now=now)
    about: dict[str, Any] = {"iss": exchange.entity_id, "aud": row.peer, "exchange_id": row.exchange_id, "notice_id": row.id}
    info = notice_info(**about, suite=suite.name, enc_kid=key.kid)
    plaintext = content.plaintext()
    ciphertext = seal(plaintext, public_key=from_base64url(key.public_key), suite=suite, info=info)
    message = Notice(
        **about,
        iat=int(row.made_at.timestamp()),
        exp=int(row.expires_at.timestamp()),
        suite=suite.name,
        enc_kid=key.kid,
        ciphertext=to_base64url(ciphertext),
        ct_digest=digest_of(ciphertext),
        pt_commit=pt_commit(salt=from_base64url(content.pt_salt), plaintext=plaintext),
    )
    event = Event.model_validate_json(row.event).model_copy(update={"digests": Digests(ct=message.ct_digest, pt_commit=message.pt_commit)})
    await _set(
        exchange,
        row,
        state=State.SEALED,
        claims=message.model_dump_json(exclude_none=True),
        event=event.model_dump_json(by_alias=True, exclude_none=True),
    )


async def _log(exchange: Exchange, row: OutgoingNoticeRow) -> None:
    """INVARIANT: the entry is in the log before a connection is opened."""
    event = Event.model_validate_json(row.event)
    told = event.context.model_copy(update={"outcome": content_of(exchange, row).kind})  # in the store it is sealed
    try:
        appended = await exchange.own_log.append(event.model_copy(update={"context": told}))
    except SuiteError as error:
        if error.retry != "never":
            raise
        log.error("audit refuses a notice", extra={"code": error.code})  # noqa: TRY400 the code says it
        await _set(exchange, row, state=State.REFUSED, problem_code=error.code, next_attempt_at=None)
        return
    members = await exchange.proofs.members_for(row.peer, appended)
    message = Notice.model_validate({**read_closed((row.claims or "").encode(), model=Notice).model_dump(), **members})
    token = await exchange.sign(message, suite=suite_named(message.suite))

    def queued(tx: Writing) -> None:
        if change(tx.connection, OutgoingNoticeRow, row.id, when=(State.SEALED,), state=State.QUEUED, token=token):
            exchange.own_log.keep(tx, appended)

    await exchange.write(queued)
    held = await exchange.find(OutgoingNoticeRow, row.id)
    if held is not None:
        row.state, row.token = held.state, held.token


async def _deliver(exchange: Exchange, row: OutgoingNoticeRow) -> None:
    if row.state != State.QUEUED or row.token is None:
        return
    await exchange.trust.refresh()
    exchange.trust.require_fresh()
    member = exchange.trust.member(row.peer)
    await answered(exchange, row, member, await exchange.deliveries.hand_over(member, "notices", row.token.encode("ascii")))


async def answered(exchange: Exchange, row: OutgoingNoticeRow, member: Member, answer: PeerAnswer) -> None:
    """What the peer says to a notice, delivered or fetched. Raises PeerUnavailable for what is no answer to it, NotAMember."""
    if answer.status != 200:
        code = await refused_for_good(exchange, answer, peer=row.peer, about=digest_of((row.token or "").encode("ascii")))
        await _set(exchange, row, state=State.REFUSED, problem_code=code, next_attempt_at=None)
        return
    try:
        taken = answer.body.decode("ascii")
        await _take(exchange, row, member, taken)
    except UnicodeDecodeError as error:
        raise PeerUnavailable("the answer is no receipt for this notice") from error


async def _take(exchange: Exchange, row: OutgoingNoticeRow, member: Member, taken: str) -> None:
    """The peer has it on record. What is no receipt for this notice counts as no answer."""
    message, now = read_closed((row.claims or "").encode(), model=Notice), exchange.clock()
    digest = digest_of((row.token or "").encode("ascii"))
    try:
        header, payload, _, _ = split(taken, max_length=MAX_LENGTH)
        note = payload.get("checkpoint")
        keys = await exchange.signing_keys_of(row.peer, kid=header["kid"])

        def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[Verified[NoticeTaken], Logged]:
            return verify_taken(
                taken,
                issuer=row.peer,
                audience=exchange.entity_id,
                keys=keys,
                notice=message,
                notice_digest=digest,
                logs=member.log_identities(),
                pinned=pinned,
                now=now,
                consistency=path,
            )

        def store(tx: Writing, _: Verified[NoticeTaken], __: Logged) -> None:
            done = {"state": State.DELIVERED, "taken": taken, "next_attempt_at": None}
            change(tx.connection, OutgoingNoticeRow, row.id, when=(State.QUEUED,), **done)

        await exchange.peer_logs.take(member, note if isinstance(note, str) else None, verify, store)
    except PeerUnavailable:
        raise
    except SuiteError as error:
        log.warning("receipt for a notice not accepted", extra={"peer": row.peer, "code": error.code})
        raise PeerUnavailable("the answer is no receipt for this notice") from error


async def _set(exchange: Exchange, row: OutgoingNoticeRow, **values: Any) -> None:
    """In the store and in `row`, where it is still in the state in which it was taken up. What ends untaken is laid aside for a person."""

    def note(tx: Writing) -> bool:
        changed = change(tx.connection, OutgoingNoticeRow, row.id, when=(State(row.state),), **values)
        if changed and values.get("state") in UNTAKEN:
            about: dict[str, Any] = {"peer": row.peer, "exchange_id": row.exchange_id, "expires_at": row.expires_at}
            lay_aside(tx.connection, row.id, "notice", code=values.get("problem_code") or EXPIRED, now=exchange.clock(), **about)
        return changed

    if await exchange.write(note):
        for name, value in values.items():
            setattr(row, name, value)
