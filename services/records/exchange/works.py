"""The kinds of work behind the endpoints, each with the rows that it takes up; and what a process does first of all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI
from sqlalchemy import update

from safepassage.problems import SuiteError
from services.records.answered_once import forget_answers
from services.records.bodies import sweep
from services.records.exchange import (
    acknowledging,
    answering,
    asking,
    dispatching,
    inquiring,
    opening,
    reconciling,
    sending,
    storing,
    telling_endings,
)
from services.records.exchange.collecting import destroy_collected
from services.records.exchange.due import due_rows
from services.records.exchange.exchange import Exchange, Job, turn_keys
from services.records.exchange.organisation_keys import forget_keys
from services.records.exchange.passing_trust_lists import pass_on
from services.records.exchange.pulling import pull_round
from services.records.exchange.states import SENDABLE, Asked, Incoming, Outgoing, Reconciling, Telling
from services.records.exchange.trust_lists import bring_lists
from services.records.exchange.work import Work, standing_faults
from services.records.reading_again import read_again
from services.records.tables import (
    EndingRow,
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    OutgoingEnvelopeRow,
    OutgoingNoticeRow,
    PeerRequestRow,
    ReconciliationRow,
)
from services.records.transfers import noticing
from shared.group_commit import Writing
from shared.standing_faults import StandingFaults

log = logging.getLogger(__name__)

MINUTE_SECONDS = 60.0
KEYS_EVERY_MINUTES = 60

TakeUp = Callable[[Exchange, Any, Any], Awaitable[None]]

_INCOMING = (IncomingEnvelopeRow.issuer, IncomingEnvelopeRow.id)

KINDS: dict[Job, tuple[type[Any], tuple[Any, ...], tuple[str, ...], TakeUp]] = {
    "asking": (ExchangeRequestRow, (ExchangeRequestRow.id,), (Asked.PREPARED, Asked.ACCEPTED, Asked.NOT_PROVIDED), asking.take_up),
    "answering": (PeerRequestRow, (PeerRequestRow.id,), answering.NOT_OVER, answering.take_up),
    "queueing": (OutgoingEnvelopeRow, (OutgoingEnvelopeRow.id,), (Outgoing.SEALED,), sending.queue),
    "dispatching": (OutgoingEnvelopeRow, (OutgoingEnvelopeRow.id,), SENDABLE, dispatching.take_up),
    "inquiring": (OutgoingEnvelopeRow, (OutgoingEnvelopeRow.id,), (Outgoing.RECEIVED,), inquiring.take_up),
    "telling": (EndingRow, (EndingRow.id,), (Telling.WAITING,), telling_endings.take_up),
    "reconciling": (ReconciliationRow, (ReconciliationRow.day, ReconciliationRow.peer), (Reconciling.DUE,), reconciling.take_up),
    "storing": (IncomingEnvelopeRow, _INCOMING, (Incoming.STORED,), storing.take_up),
    "opening": (IncomingEnvelopeRow, _INCOMING, opening.NOT_OVER, opening.take_up),
    "acknowledging": (IncomingEnvelopeRow, _INCOMING, acknowledging.PROCESSED, acknowledging.take_up),
    "noticing": (OutgoingNoticeRow, (OutgoingNoticeRow.id,), noticing.UNSENT, noticing.take_up),
}
"""Rows, their key, the states in which there is something to do once they are due, and what takes one up."""


def works_of(exchange: Exchange) -> dict[Job, Work]:
    """The work of one process."""
    faults = standing_faults()
    return {
        job: Work(
            job,
            exchange.lease,
            exchange.clock,
            due=due_rows(exchange.database, row, key, states),
            do=partial(take_up, exchange),
            faults=faults,
        )
        for job, (row, key, states, take_up) in KINDS.items()
    }


async def take_over(exchange: Exchange) -> None:
    """What a process that died was in the middle of is due at once. Doing it twice does no harm: every step has its key."""
    now = exchange.clock()

    def due_now(tx: Writing) -> None:
        tx.connection.execute(update(OutgoingEnvelopeRow).where(OutgoingEnvelopeRow.state == Outgoing.SEALED).values(next_attempt_at=now))
        tx.connection.execute(update(IncomingEnvelopeRow).where(IncomingEnvelopeRow.state == Incoming.STORED).values(next_attempt_at=now))
        endless = (IncomingEnvelopeRow.state == Incoming.MATCHING, IncomingEnvelopeRow.next_attempt_at.is_(None))  # of versions before
        tx.connection.execute(update(IncomingEnvelopeRow).where(*endless).values(next_attempt_at=now))

    await exchange.write(due_now)


async def work(app: FastAPI) -> None:
    """Every kind of work, until cancelled: a lifespan task. Where the store is away as it begins, it begins once it is back."""
    exchange: Exchange = app.state.exchange
    faults, is_taken_over = standing_faults(), False
    while not is_taken_over:
        try:
            await take_over(exchange)
        except Exception as error:
            await asyncio.sleep(faults.failed("taking-over", error, exchange.clock()))
        else:
            faults.went("taking-over")
            is_taken_over = True
    async with asyncio.TaskGroup() as group:
        for one in exchange.works.values():
            group.create_task(one.run())


async def keep_swept(app: FastAPI) -> None:
    """Read again once what a version before could not read; every minute, learn where the agency's days begin, and remove what serves
    nothing any more: chunks, keys, answers whose day is over. A lifespan task of several processes.
    """
    state = app.state
    try:
        await read_again(state.exchange)
    except Exception as error:
        log.error("records cannot be read again", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
    while True:
        await asyncio.sleep(MINUTE_SECONDS)
        try:
            await state.days.look()
            await sweep(state.database, state.clock())
            await forget_answers(state.database, state.clock())
            await forget_keys(state.database, state.clock())
        except Exception as error:
            log.error("what serves nothing cannot be removed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value


async def pull(app: FastAPI) -> None:
    """Where the trust list says that this node pulls, fetch what is for it, again and again: a lifespan task."""
    exchange: Exchange = app.state.exchange
    faults = StandingFaults(log, failed="nothing fetched", over="fetching goes on")
    while True:
        await asyncio.sleep(exchange.settings.pull_every_seconds)
        try:
            if await exchange.lease.is_held():
                await pull_round(exchange)
        except Exception as error:
            await asyncio.sleep(faults.failed("pulling", error, exchange.clock()))
        else:
            faults.went("pulling")


async def keep_watch(app: FastAPI) -> None:
    """Look at the trust list every minute and bring it to others, turn the encryption keys every hour, plan each day's comparison and
    destroy what was collected long ago: a lifespan task.

    # INVARIANT: nothing that one minute comes to ends it, the store's fault least of all: nobody would begin it again.
    """
    exchange: Exchange = app.state.exchange
    minutes, planned, destroyed = 0, exchange.clock().date(), date.min
    while True:
        await asyncio.sleep(MINUTE_SECONDS)
        minutes += 1
        await _bring(exchange)
        if minutes == 1 or exchange.clock().date() != planned:
            planned = await _planned(exchange, planned)
        if exchange.clock().date() != destroyed:
            destroyed = await _destroyed(exchange, destroyed)
        if minutes % KEYS_EVERY_MINUTES == 0:
            turn_keys(exchange)


async def _bring(exchange: Exchange) -> None:
    """Whatever it comes to, the rest of the minute's work is done."""
    try:
        await exchange.trust.refresh()
        await exchange.trust.catch_up()
        await pass_on(exchange)
        if await exchange.lease.is_held():
            await bring_lists(exchange)
    except Exception as error:
        log.error("trust list not brought", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value


async def _planned(exchange: Exchange, before: date) -> date:
    """Today, once yesterday's comparisons are planned; the day before while they cannot be."""
    today = exchange.clock().date()  # INVARIANT: not after it, which may be the day after: that one's would not be planned
    try:
        await reconciling.plan(exchange)
    except SuiteError as error:
        log.warning("comparisons not planned", extra={"code": error.code})
        return before - timedelta(days=1)
    except Exception as error:
        log.error("comparisons not planned", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
        return before - timedelta(days=1)
    return today


async def _destroyed(exchange: Exchange, before: date) -> date:
    """Today, once what was collected long ago is destroyed, or another process is to do it; the day before while it cannot be."""
    today = exchange.clock().date()
    try:
        done = await destroy_collected(exchange) if await exchange.lease.is_held() else None
    except Exception as error:
        log.error("what was collected is not destroyed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
        return before
    if done is not None:
        log.info("what was collected is destroyed", extra={"count": done.destroyed.students + done.destroyed.parts})
    return today
