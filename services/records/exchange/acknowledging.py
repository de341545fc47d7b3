"""Sending R2, until the holder has it: that the record was filed, or why it was rejected. Receipts go out under an old trust list too."""

import logging
from uuid import UUID

from safepassage.canonical import digest_of
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerResting
from safepassage.problems.trust import NotAMember
from services.records.exchange.due import NO_MEMBER, after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_refusals import refused_as
from services.records.exchange.states import Incoming
from services.records.exchange.stored_rows import changing
from services.records.tables import IncomingEnvelopeRow
from shared.group_commit import Changes

log = logging.getLogger(__name__)

PROCESSED = (Incoming.APPLIED, Incoming.REJECTED)


async def take_up(exchange: Exchange, key: tuple[str, UUID], row: IncomingEnvelopeRow | None = None) -> None:
    """One attempt to hand R2 over. A holder that refuses it for good, or was expelled, is left alone; one that is suspended may come back,
    and so may this node where it is the one: R2 is owed until the holder has it.
    """
    if row is None:
        row = await exchange.find(IncomingEnvelopeRow, *key)
    if row is None or row.state not in PROCESSED or row.r2 is None:
        return
    attempts, due = row.attempts + 1, None
    try:
        await exchange.trust.refresh()
        member = exchange.trust.member(row.issuer)
        answer = await exchange.deliveries.hand_over(member, "receipts", row.r2.encode("ascii"))
        await exchange.milestones.reached("receiver after_R2")
        if answer.status != 204:
            code = await refused_as(exchange, answer, peer=row.issuer, about=digest_of(row.r2.encode("ascii")))
            log.error("holder refuses a receipt", extra={"peer": row.issuer, "code": code})
            due = exchange.clock() + NO_MEMBER if code == NotAMember.code else None
    except NotAMember:
        log.warning("receipt not sent: the holder is no member", extra={"peer": row.issuer})
        due = exchange.clock() + NO_MEMBER if exchange.trust.may_come_back(row.issuer) else None
    except PeerResting as error:
        attempts, due = row.attempts, after_failure(error, failures=max(row.attempts, 1), now=exchange.clock())
    except SuiteError as error:
        log.info("receipt not delivered yet", extra={"peer": row.issuer, "code": error.code, "attempt": attempts})
        due = after_failure(error, failures=attempts, now=exchange.clock())

    processed = changing(IncomingEnvelopeRow, *key, when=PROCESSED, attempts=attempts, next_attempt_at=due)
    await exchange.write(Changes([processed], each_of_one=True))


async def end(exchange: Exchange, key: tuple[str, UUID]) -> None:
    """The holder has it, or wants none: it is not sent any more."""
    await exchange.write(Changes([changing(IncomingEnvelopeRow, *key, when=PROCESSED, next_attempt_at=None)]))
