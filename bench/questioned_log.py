"""A log of real entries, each sealed for one student of many, to ask questions of: written past HTTP, so that ten million take minutes."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from bench.figures import progress
from safepassage.elements import ELEMENTS
from safepassage.ids import uuid7
from services.audit.drafts import Draft, draft_of
from services.audit.driver import Driver
from services.audit.entries import entries_of
from services.audit.group_commit import Signing, write_entries
from services.audit.heads import Head
from services.audit.school_years import key_epoch
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database

GROUP: Final = 1_024
"""As many as the sequencer commits at once, at the most: the longest segments to look into."""
STUDENTS: Final = 200_000
CLIENTS: Final = 300
CUSTODIANS: Final = 150
DAYS: Final = 60
PEERS: Final = ("birch", "cedar", "dogwood", "elder", "fir", "gum")
OPERATIONS: Final = (
    ("disclosure", "vendor-page", "instruction", "contractor"),
    ("decision", "decide", "instruction", "contractor"),
    ("decision", "decide", "enrollment", "transfer"),
    ("match", "exchange-match", "enrollment", "transfer"),
    ("read", "read-student", "audit", "authorized-representative"),
    ("load", "load-student", "reporting", "none"),
)
KINDS_OF_EVENT: Final = 4_000
"""Different events; each entry is one of them about a student of its own, with an exchange and a decision of its own where it has such."""
ENTRIES_OF_AN_EXCHANGE: Final = 4
_ANY_EXCHANGE: Final = UUID("00000000-0000-7000-8000-000000000000")
ENTRIES_OF_A_DECISION: Final = 2
"""That it was decided, and what was done by it."""
_ANY_DECISION: Final = UUID("00000000-0000-7000-8000-000000000001")


class Questioned(NamedTuple):
    """Who is in the log, for questions."""

    students: list[UUID]
    clients: list[str]
    organisations: list[UUID]
    custodians: list[UUID]
    since: datetime
    until: datetime
    exchanges: list[str]
    """One of each group of entries, once they are written."""
    decisions: list[str]
    """As those."""


def asked_about(now: datetime, seed: int = 4) -> Questioned:
    """Whom the log is about, always the same."""
    chance = random.Random(seed)

    def ids(count: int) -> list[UUID]:
        return [UUID(int=chance.getrandbits(128), version=4) for _ in range(count)]

    clients, since = [f"client-{n}" for n in range(CLIENTS)], now - timedelta(days=DAYS)
    return Questioned(ids(STUDENTS), clients, ids(60), ids(CUSTODIANS), since, now, [], [])


async def fill(database: Database, state: Any, head: Head, about: Questioned, count: int) -> None:
    """Write `count` entries, evenly over the time, in groups with their checkpoints."""
    chance = random.Random(head.size)
    events = list(_events(about, state.sequencer.digest_key, chance))
    start, span = int(about.since.timestamp()), DAYS * 86_400
    for done in range(0, count, GROUP):
        t = start + span * done // count
        at = datetime.fromtimestamp(t, UTC)
        exchanges = [str(uuid7(at)) for _ in range(GROUP // ENTRIES_OF_AN_EXCHANGE)]
        decisions = [str(uuid7(at)) for _ in range(GROUP // ENTRIES_OF_A_DECISION)]
        about.exchanges.append(exchanges[0])
        about.decisions.append(decisions[0])
        some = [
            _about_one(
                chance.choice(events),
                about.students[int(STUDENTS * chance.random() ** 2)],
                done + n,
                exchanges[n // ENTRIES_OF_AN_EXCHANGE],
                decisions[n // ENTRIES_OF_A_DECISION],
            )
            for n in range(min(GROUP, count - done))
        ]
        head = await database.write(partial(_write, state, head, some, t))
        if not done // GROUP % 100:
            progress(f"writing: {done:,} of {count:,} entries")


def _write(state: Any, head: Head, drafts: list[Draft], t: int, connection: Connection) -> Head:
    driver, epoch = Driver(connection), key_epoch(t)
    minted = state.keys.for_students(driver, epoch, {draft.outline.subjects[0] for draft in drafts})
    entries = entries_of(drafts, origin=head.origin, t=t, epoch=epoch, node_key=minted.node_key, keys=minted.keys)
    return write_entries(driver, head, entries, t, signing=Signing(state.signer, state.clock())).head


def _about_one(draft: Draft, student: UUID, number: int, exchange: str, decision: str) -> Draft:
    context = draft.context.replace(str(_ANY_EXCHANGE).encode(), exchange.encode()).replace(str(_ANY_DECISION).encode(), decision.encode())
    outline = draft.outline._replace(subjects=(str(student),), event_key=number.to_bytes(22, "big"))
    return draft._replace(outline=outline, context=context)


def _events(about: Questioned, digest_key: bytes, chance: random.Random) -> Iterator[Draft]:
    """A few clients do most; every eighth decision is a denial; a tenth goes to another state."""
    for n in range(KINDS_OF_EVENT):
        class_, operation, purpose, basis = chance.choice(OPERATIONS)
        client = int(CLIENTS * chance.random() ** 3)
        peer = chance.choice(PEERS) if class_ == "match" or not n % 10 else None
        context = Context(
            operation=operation,
            outcome="deny" if class_ == "decision" and not n % 8 else "permit",
            purpose=purpose,
            basis=basis,
            elements=tuple(sorted(element.id for element in chance.sample(ELEMENTS, 6))),
            recipient_node=None if peer is None else f"https://{peer}.example",
            recipient_organisation=None if peer is not None else str(chance.choice(about.organisations)),
            exchange_id=_ANY_EXCHANGE if basis == "transfer" else None,
            decision_id=None if class_ == "load" else _ANY_DECISION,
        )
        actor = Actor(
            kind="client",
            client_id=about.clients[client],
            organisation_id=about.organisations[client % len(about.organisations)],
            role="information-system",
        )
        event = Event(
            class_=class_,
            key=f"bench:{n}",
            subjects=(about.students[0],),
            custodians=(chance.choice(about.custodians),),
            actor=actor,
            context=context,
        )
        yield draft_of(event, producer="records", digest_key=digest_key)
