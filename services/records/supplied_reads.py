"""One student's record for whoever reads it, where the district keeps it in its own system: had from there at that moment, in memory alone.

As for a peer (services.records.exchange.supplied_records): all of it or nothing, and under the facts that the system shows now. A reader
waits, and is told plainly where the system does not answer; a thousand students at once are not asked for.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from safepassage.problems import SuiteError
from safepassage.problems.ed_fi import RecordNotAtSource, RecordSourceAway
from services.records.ed_fi.supplying import NotAtSource, ask, supplied
from services.records.exchange.exchange import Exchange
from services.records.exchange.supplied_records import KeptAnew, keep_anew
from services.records.left_with_source import Left
from services.records.reading import parts_at
from services.records.tables import StudentRow

log = logging.getLogger(__name__)

T = TypeVar("T")

SECONDS: Final = 12.0
"""For all that the system is asked; the gateway waits for a read as long again."""
AGAIN_AFTER_SECONDS: Final = 30


async def supplied_document(exchange: Exchange, read: StudentRow, left: Left) -> dict[str, Any]:
    """The whole record, as `services.records.record_sources.merged` has it. To be called after the decision and outside any transaction.

    read  the student as it was when it was decided on, or might be read

    Raises RecordSourceAway, RecordNotAtSource, KeptAnew: what was decided on is other now, and is stored and told.
    """
    student, parts = await exchange.read(lambda connection: parts_at(connection, exchange.vault, read.id))
    if student.facts_version != read.facts_version:
        raise KeptAnew
    try:
        async with asyncio.timeout(SECONDS):
            bodies = await ask(exchange.ed_fi.of(left.system, left.organisation_id), left)
        made = await supplied(bodies, left, student, parts, now=exchange.clock())
    except NotAtSource as error:
        raise RecordNotAtSource from error
    except (SuiteError, TimeoutError) as error:
        log.warning("a record is not supplied to a reader", extra={"code": getattr(error, "code", "too-slow")})
        raise RecordSourceAway(retry_after_seconds=AGAIN_AFTER_SECONDS) from error
    if not made.is_as_kept:
        await keep_anew(exchange, made, left)
        raise KeptAnew
    return made.document


async def under_new_facts(make: Callable[[], Awaitable[T]]) -> T:
    """What `make` makes; made once more where what it rests on was not as the system says now. Raises as it does, RecordSourceAway."""
    try:
        return await make()
    except KeptAnew:
        pass
    try:
        return await make()
    except KeptAnew as error:
        raise RecordSourceAway("it changes faster than it is read", retry_after_seconds=AGAIN_AFTER_SECONDS) from error
