"""`POST /internal/entries`: the only way into the log for the other services.

The hottest path of the node, so FastAPI describes the operation and takes no part in it: a plain route, in front of all others, reads
the body with pydantic's JSON reader at once and writes the answer directly.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from safepassage.problems.log import (
    ClassNotYours,
    DecisionMissing,
    DecisionNotCovering,
    EventKeyReused,
    LogFrozen,
)
from safepassage.problems.messages import MessageExpired
from safepassage.problems.requests import BodyTooLarge, InvalidRequest, LogUnavailable, MalformedBody
from safepassage.problems.witnessing import NotWitnessedYet, NoWitnessesNamed
from services.audit.answers import Proven, append_answer, prove_duplicates
from services.audit.batches import Batch, Sender
from services.audit.consistency import Consistency
from services.audit.driver import Driver
from services.audit.group_commit import Submission
from services.audit.preparers import LARGE_BYTES, Preparers
from services.audit.sequencer import Sequencer
from services.audit.tables import AppendedRow
from services.audit.waiting import Receipt
from shared.bodies import bounded_body
from shared.contracts.audit import AppendRequest, AppendResponse, Continued, KnownSize
from shared.database import Database
from shared.internal_token import HEADER, Principal
from shared.plain_route import PlainRoute
from shared.problems import responses

router = APIRouter(tags=["internal"])

WITNESSED_WITHIN_SECONDS = 5.0
"""How long an append waits for a quorum where it asks for one."""

PATH = "/internal/entries"


async def _append(request: Request) -> Response:
    """What `append_entries` describes."""
    state = request.app.state
    now: datetime = state.clock()
    sequencer: Sequencer = state.sequencer
    preparers: Preparers = state.preparers
    principal = _sender(request, now)
    body = await bounded_body(request, limit=state.settings.max_append_bytes)
    sender = Sender(principal, now, state.settings.entity_id, state.decision_keys, sequencer.digest_key)
    if len(body) >= LARGE_BYTES:
        await state.projector.admit()
    with sequencer.expecting():
        batch = await preparers.batch_of(body, sender)
        if batch.acknowledge == "witnessed":
            await state.publisher.until_witnessed(0, 0, seconds=0)  # nothing to wait for; without witnesses nothing is appended
        if batch.expired:
            await _require_appended_before(state.database, batch.expired)
        receipts = await _in_steps(batch, sequencer)
    await _acknowledged(state, batch.acknowledge, receipts)
    proven = await prove_duplicates(state.database, receipts, batch.ahead)
    continued = await _continued(state.consistency, batch.continues, receipts, proven) if batch.continues else ()
    return Response(append_answer(receipts, batch.ahead, proven, continued), media_type="application/json")


router.routes.append(PlainRoute(PATH, _append, methods=["POST"], include_in_schema=False))


@router.post(
    PATH,
    responses=responses(
        MalformedBody,
        BodyTooLarge,
        InvalidRequest,
        ClassNotYours,
        DecisionMissing,
        DecisionNotCovering,
        EventKeyReused,
        LogFrozen,
        LogUnavailable,
        NoWitnessesNamed,
        NotWitnessedYet,
    ),
)
async def append_entries(events: AppendRequest) -> AppendResponse:
    """Append events, each once: an event that came before, with the same key, is answered with the entry that it is.

    Ahead-entries (request, disclosure, read, export, received) are answered with proof. If one event is refused, those before it may have
    been appended; sent again, they are duplicates.
    """
    raise AssertionError("the plain route in front of this one answers")


def _sender(request: Request, now: datetime) -> Principal:
    principal: Principal = request.app.state.internal_tokens.verify(request.headers.get(HEADER), now)
    if principal.service == "gateway" and principal.caller is not None:
        raise ClassNotYours("a client's request never reaches the log's own door")
    return principal


async def _require_appended_before(database: Database, expired: Sequence[bytes]) -> None:
    """An expired decision is enough to be told where the event is that was logged while it held. Raises MessageExpired."""
    held = await database.read(lambda connection: Driver(connection).lookup(AppendedRow, {"event_key": expired}))
    if len(held) != len(set(expired)):
        raise MessageExpired(field="decision_token")


async def _in_steps(batch: Batch, sequencer: Sequencer) -> list[Receipt]:
    """Append step by step, each prepared while the one before it commits. Raises what the first of those that failed did."""
    appending: list[asyncio.Task[Receipt]] = []
    for step in batch.steps:
        appended = sequencer.submit(Submission(step.outlines, step.drafts, step.first, step.sealed))
        if len(step.outlines) == len(batch.ahead):
            return [await appended]
        appending.append(asyncio.ensure_future(appended))
        await asyncio.sleep(0)
    await asyncio.gather(*appending, return_exceptions=True)  # whichever failed, all of them end before the answer
    return [one.result() for one in appending]


async def _acknowledged(state: Any, level: str, receipts: Sequence[Receipt]) -> None:
    """Wait until the receipts' entries are as sure as was asked for. Raises NoWitnessesNamed, NotWitnessedYet."""
    if level == "durable":
        return
    await state.sequencer.publish_now()
    if level == "witnessed":
        reached: dict[int, int] = {}
        for place in (place for receipt in receipts for place in receipt.places):
            reached[place.log] = max(reached.get(place.log, 0), place.at + 1)
        for year, size in reached.items():
            await state.publisher.until_witnessed(year, size, seconds=WITNESSED_WITHIN_SECONDS)


async def _continued(
    consistency: Consistency, known: Sequence[KnownSize], receipts: Sequence[Receipt], proven: Mapping[tuple[int, int], Proven]
) -> Sequence[Continued]:
    """The paths to the answer's largest checkpoint of the newest log that it is about: a log of a year that is over has another size."""
    shown = [
        (place.log, receipt.growth.after.size)
        for receipt in receipts
        if receipt.growth is not None and receipt.note is not None
        for place in receipt.places
        if not place.duplicate
    ]
    shown += [(log, one.size) for (log, _), one in proven.items()]
    log, size = max(shown, default=(0, 0))
    return await consistency.continued(known, log=log, size=size)
