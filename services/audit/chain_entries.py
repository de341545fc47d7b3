"""`POST /internal/exchange-entries`: what this log has of one exchange, with proofs, for records to put the redisclosure chain together.

To the other node's client go leaves, proofs, and the content of those entries alone that say nothing but what passed between both nodes.
What else there is of it, opened, is for the node's own auditors, each as far as they may see.
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from safepassage.ids import uuid7
from safepassage.problems.chains import NoSuchChain
from safepassage.problems.log import LogFrozen, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted
from services.audit.chain_inside import Inside, inside_of, own_of_exchange
from services.audit.chain_links import Links, links_of
from services.audit.drafts import draft_of, event_key
from services.audit.driver import Driver
from services.audit.openings import OpenedEntry, Place, Sight, open_entries, sight_of
from services.audit.sequencer import Sequencer
from services.audit.tables import AppendedRow
from shared.actors import client_actor
from shared.caller import Caller, sibling
from shared.contracts.audit import Actor, Context, Event
from shared.contracts.chains import ChainEntries, ChainEntriesRequest, NamedEvent
from shared.database import Database
from shared.internal_token import Principal
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(tags=["internal"])

PRODUCER: Final = "records"
Found = list[tuple[NamedEvent, OpenedEntry]]


@router.post("/internal/exchange-entries", responses=responses(NotPermitted, PurposeMissing, NoSuchChain, LogFrozen, LogUnavailable))
async def read_exchange_entries(
    asked: ChainEntriesRequest, request: Request, principal: Annotated[Principal, sibling("records")], now: Now
) -> ChainEntries:
    """Entries of an exchange, for a client of the other node or an auditor of this one. Logged before it is answered, found or not."""
    if principal.caller is None:
        raise NotPermitted("a chain is read for a client")
    state, caller = request.app.state, Caller(principal.caller, principal)
    database: Database = state.database
    of_peer = caller.kind == "peer"
    if of_peer and caller.peer != asked.peer:
        raise NotPermitted("another node's exchange")
    if not of_peer:
        caller.require("audit:search")
    await state.sequencer.publish_now()  # what the log has by now can be shown
    async with database.reading() as tx:
        sight = None if of_peer else await sight_of(tx, caller)
        own = None if sight is None else await own_of_exchange(tx, state, asked.exchange_id, sight)
        found: Found = []
        links, inside = Links(), Inside()
        # INVARIANT: of an exchange of which the caller may see nothing, nothing is opened: it is as one that does not exist.
        if own is None or own.may_be_more:
            found = await _found(tx, state, asked)
            links = await links_of(tx, state.publisher.policy, asked, found)
        if sight is not None and own is not None:
            inside = await inside_of(tx, state, own, found, sight)
    visible = bool(found) if sight is None else _covers(sight, found) or bool(inside.entries)
    await _record(state.sequencer, caller, asked, count=len(links.links) + len(inside.entries) if visible else 0, now=now)
    if not visible:
        raise NoSuchChain
    return _answer(links, inside)


async def _found(tx: AsyncSession, state: object, asked: ChainEntriesRequest) -> Found:
    """The entries of the events that are in the log, in the order of `asked`."""
    by_key = {event_key(PRODUCER, event.key): event for event in asked.events}
    rows = await tx.run_sync(partial(_rows, list(by_key)))
    places = {bytes(key): Place(log, idx) for key, _, log, idx in rows}
    opened = {entry.place: entry for entry in await open_entries(tx, state.keys, list(places.values()))}  # type: ignore[attr-defined]  # app.state
    return [(event, opened[places[key]]) for key, event in by_key.items() if key in places]


def _rows(keys: list[bytes], session: Session) -> list[tuple[bytes, bytes, int, int]]:
    rows: list[tuple[bytes, bytes, int, int]] = []
    for key, digest, log, idx in Driver(session.connection()).lookup(AppendedRow, {"event_key": keys}):
        rows.append((key, digest, log, idx))
    return rows


def _covers(sight: Sight, found: Found) -> bool:
    return any(entry.seen_by(sight) is not None for _, entry in found)


def _answer(links: Links, inside: Inside) -> ChainEntries:
    return ChainEntries(
        checkpoints=links.checkpoints,
        continues=links.continues,
        links=links.links,
        inside=inside.entries,
        inside_left_out=inside.left_out,
        not_looked_at=inside.not_looked_at,
    )


async def _record(sequencer: Sequencer, caller: Caller, asked: ChainEntriesRequest, *, count: int, now: datetime) -> None:
    """Who looked. Raises LogFrozen, LogUnavailable: then nothing is shown."""
    of_peer = caller.kind == "peer"
    event = Event(
        class_="search",
        key=f"search:{uuid7(now)}",
        custodians=() if of_peer else (caller.organisation_id,),
        actor=_peer(caller) if of_peer else client_actor(caller.claims),
        context=Context(
            operation="exchange-chain",
            outcome="answered" if count else "not-found",
            purpose=caller.purpose,
            count=count,
            exchange_id=asked.exchange_id,
            recipient_node=asked.peer if of_peer else None,
        ),
    )
    await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])


def _peer(caller: Caller) -> Actor:
    return Actor(kind="peer", client_id=caller.peer, key=caller.claims.key, address=caller.claims.address)
