"""The record that an answer is cut from, where the child's district keeps it in its own system: asked for once a release is permitted.

What a peer can see is as for any other child (docs/decisions/0073): where the system has not answered when the answer of a child who is not
here would leave, `not-provided` leaves at that tick, and the package follows once the record could be had.
"""

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.ed_fi import EdFiSystemUnavailable
from services.records.ed_fi.collecting import Bodies
from services.records.ed_fi.supplying import Supplied, ask, supplied
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Request as State
from services.records.exchange.ticks import next_tick
from services.records.left_with_source import Left
from services.records.reading import parts_at
from services.records.roster_division import Leaving, LoadedBy
from services.records.roster_storing import RosterStoring
from services.records.tables import PeerRequestRow
from shared.contracts.audit import Actor

log = logging.getLogger(__name__)

JOB: Final = "supply-record"
MARGIN_SECONDS: Final = 1.0
"""Before a tick, for the rest of the work of an answer; a quarter of the schedule where that is less."""


class SourceAway(Exception):
    """The record could not be had, for now, and the peer has not heard of this request yet."""


class KeptAnew(Exception):
    """What finds the child, or what is decided on, was not as the system says now: it was stored, and the answer is made again."""


async def document_of(exchange: Exchange, row: PeerRequestRow, student_id: UUID, left: Left, sections: Collection[str]) -> dict[str, Any]:
    """The record as the system has it now, as far as `sections` go. Raises NotAtSource, SourceAway, KeptAnew, EdFiSystemUnavailable.

    # INVARIANT: what is released is what the decision knew of: facts that are other ones now are stored and told first.
    """
    student, parts = await exchange.read(lambda connection: parts_at(connection, exchange.vault, student_id))
    try:
        bodies = await _in_time(exchange, row, left)
        made = await supplied(bodies, left, student, parts, now=exchange.clock())
    except SuiteError as error:
        log.warning("a record is not supplied", extra={"code": error.code, "attempt": row.attempts + 1})
        if row.state == State.ACCEPTED:
            raise SourceAway from error
        raise EdFiSystemUnavailable from error
    if not made.is_as_kept:
        await keep_anew(exchange, made, left)
        raise KeptAnew
    wanted = {*sections, "statements", "provenance", "v"}
    return {name: part for name, part in made.document.items() if name in wanted}


async def _in_time(exchange: Exchange, row: PeerRequestRow, left: Left) -> Bodies:
    """What the system says; until the tick at which an answer leaves that needs nothing of it, unless one has left already."""
    api = exchange.ed_fi.of(left.system, left.organisation_id)
    every = exchange.settings.exchange_tick_seconds
    if row.state != State.ACCEPTED or every == 0:
        return await ask(api, left)
    now = exchange.clock()
    seconds = (next_tick(now, every_seconds=every) - now).total_seconds() - min(MARGIN_SECONDS, every / 4)
    try:
        async with asyncio.timeout(max(seconds, 0.0)):
            return await ask(api, left)
    except TimeoutError as error:
        raise EdFiSystemUnavailable("it takes longer than until the next tick") from error


async def keep_anew(exchange: Exchange, made: Supplied, left: Left) -> None:
    """Store what is kept of the child as a pull would. The sections stay where they are. Raises EdFiSystemUnavailable."""
    now: datetime = exchange.clock()
    storing = RosterStoring(
        exchange.vault,
        exchange.outbox,
        made.roster,
        loader=LoadedBy(left.organisation_id, Actor(kind="system", job=JOB)),
        jurisdiction=exchange.settings.jurisdiction,
        load_id=uuid7(now),
        now=now,
        leaving=Leaving(left.system),
    )
    try:
        async with exchange.database.transaction() as tx:
            await storing.store(tx, made.roster.students, part=1)
    except IntegrityError as error:
        raise EdFiSystemUnavailable("the student is being loaded") from error
