"""`POST /internal/entries`: the only way into the log for the other services.

The hottest path of the node, so FastAPI describes the operation and takes no part in it: a plain route, in front of all others, reads
the body with pydantic's JSON reader at once and writes the answer directly.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

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
from services.audit.authority import Permission, needs_decision, permission_of, require_own_class
from services.audit.consistency import Consistency
from services.audit.drafts import Draft, draft_of
from services.audit.driver import Driver
from services.audit.sequencer import Receipt, Sequencer
from services.audit.tables import AppendedRow
from shared.bodies import bounded_body
from shared.contracts.audit import AppendRequest, AppendResponse, Continued, Event, KnownSize
from shared.database import Database
from shared.internal_token import HEADER, Principal
from shared.plain_route import PlainRoute
from shared.problems import invalid_request, responses

router = APIRouter(tags=["internal"])

EVENTS_OF_A_STEP = 256
SUBJECTS_OF_A_STEP = 2_000
WITNESSED_WITHIN_SECONDS = 5.0
"""How long an append waits for a quorum where it asks for one."""
"""A large request is appended in steps, so that the next one is prepared while the last one commits."""

PATH = "/internal/entries"


async def _append(request: Request) -> Response:
    """What `append_entries` describes."""
    state = request.app.state
    now: datetime = state.clock()
    principal = _sender(request, now)
    asked = await _request(request)
    events = asked.events
    if asked.acknowledge == "witnessed":
        await state.publisher.until_witnessed(0, 0, seconds=0)  # nothing to wait for; without witnesses nothing is appended
    permissions = [_permission(event, principal, state, now) for event in events]
    sequencer: Sequencer = state.sequencer
    if any(permission is not None and permission.expired for permission in permissions):
        await _require_appended_before(state, principal, events, permissions)
    receipts = await _in_steps(events, permissions, principal, sequencer)
    await _acknowledged(state, asked.acknowledge, receipts)
    proven = await prove_duplicates(state.database, receipts, events)
    continued = await _continued(state.consistency, asked.continues, receipts, proven) if asked.continues else ()
    return Response(append_answer(receipts, events, proven, continued, size=sequencer.size), media_type="application/json")


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


async def _request(request: Request) -> AppendRequest:
    limit: int = request.app.state.settings.max_append_bytes
    body = await bounded_body(request, limit=limit)
    try:
        return AppendRequest.model_validate_json(body)
    except ValidationError as error:
        raise invalid_request(error) from None


def _permission(event: Event, principal: Principal, state: Any, now: datetime) -> Permission | None:
    require_own_class(event, principal)
    if not needs_decision(event, principal):
        return None
    return permission_of(event, issuer=state.settings.entity_id, keys=state.decision_keys, now=now)


def _draft(event: Event, permission: Permission | None, principal: Principal, sequencer: Sequencer) -> Draft:
    draft = draft_of(event, producer=principal.service, digest_key=sequencer.digest_key)
    if permission is None:
        return draft
    return draft._replace(decision=permission.decision, policy_hash=permission.policy_hash)


async def _require_appended_before(
    state: Any, principal: Principal, events: Sequence[Event], permissions: Sequence[Permission | None]
) -> None:
    """An expired decision is enough to be told where the event is that was logged while it held. Raises MessageExpired."""
    keys = [
        _draft(event, permission, principal, state.sequencer).event_key
        for event, permission in zip(events, permissions, strict=True)
        if permission is not None and permission.expired
    ]
    database: Database = state.database
    held = await database.read(lambda connection: Driver(connection).lookup(AppendedRow, {"event_key": keys}))
    if len(held) != len(set(keys)):
        raise MessageExpired(field="decision_token")


async def _in_steps(
    events: Sequence[Event], permissions: Sequence[Permission | None], principal: Principal, sequencer: Sequencer
) -> list[Receipt]:
    """Append step by step, each prepared while the one before it commits. Raises what the first of those that failed did."""
    steps: list[asyncio.Task[Receipt]] = []
    for step in _steps(events):
        drafts = [_draft(events[at], permissions[at], principal, sequencer) for at in step]
        if len(step) == len(events):
            return [await sequencer.append(drafts)]
        steps.append(asyncio.ensure_future(sequencer.append(drafts)))
        await asyncio.sleep(0)
    await asyncio.gather(*steps, return_exceptions=True)  # whichever failed, all of them end before the answer
    return [step.result() for step in steps]


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
    """The paths to the largest checkpoint of the answer."""
    shown = [receipt.growth.after.size for receipt in receipts if receipt.growth is not None and receipt.note is not None]
    shown += [one.size for one in proven.values()]
    return await consistency.continued(known, size=max(shown, default=0))


def _steps(events: Sequence[Event]) -> Iterator[range]:
    start, subjects = 0, 0
    for at, event in enumerate(events):
        subjects += len(event.subjects)
        if at > start and (at - start >= EVENTS_OF_A_STEP or subjects > SUBJECTS_OF_A_STEP):
            yield range(start, at)
            start, subjects = at, len(event.subjects)
    yield range(start, len(events))
