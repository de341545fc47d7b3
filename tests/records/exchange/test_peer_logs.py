"""What two processes of one node have seen of another node's log is one history, whoever pinned it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from safepassage.canonical import to_base64url
from safepassage.checkpoints import ED25519, Checkpoint, VerifierKey, checkpoint_body, note_with, signature_line
from safepassage.logged import Logged
from safepassage.problems.envelopes import ConsistencyNotShown
from safepassage.problems.proofs import ConsistencyNotProven
from safepassage.trust_members import Member
from services.records.exchange.peer_logs import PeerLogs, Pinned, Verify
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.pins import pin
from services.records.tables import LeaseRow, OutboxRow, PeerLogRow
from shared.contracts.audit import ConsistencyResponse
from shared.database import Database
from shared.group_commit import GroupCommit, Writing
from shared.keys import SigningKey
from shared.outbox import Outbox
from tests.conftest import StandingClock
from tests.stores import at_head

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
ORIGIN = "birch.example/log/2026"
BIRCH = cast(
    "Member", type("Birch", (), {"entity_id": "https://birch.example", "pulls": False, "logs": (type("Log", (), {"origin": ORIGIN}),)})
)
OURS, OTHER = b"\1" * 32, b"\2" * 32
"""Roots of two histories."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    database = Database(url)
    yield database
    await database.close()


class Process:
    """One of several processes on a store: what it has verified, and what it has stored."""

    def __init__(self, database: Database) -> None:
        outbox = Outbox("records", database, cast("Any", None), StandingClock(NOON), row=OutboxRow, lease=LeaseRow, holder="test")
        self.write = GroupCommit(database, outbox)
        self.logs = PeerLogs(database, self.write, cast("Any", None), StandingClock(NOON))
        self.stored: list[int] = []

    async def take(self, size: int, root: bytes) -> None:
        """A message whose checkpoint has this size, of this history."""
        await self.logs.take(BIRCH, None, message(size, root), self._store)

    def _store(self, _: Writing, size: int, __: Logged) -> None:
        self.stored.append(size)


def message(size: int, root: bytes) -> Verify[int]:
    """Verifies as a proof does: a pinned checkpoint of the other history is continued by none of this one."""

    def verify(pinned: Pinned, _: list[bytes] | None) -> tuple[int, Logged]:
        if any(known.root != root for known in pinned.values()):
            raise ConsistencyNotProven
        return size, Logged(leaf=cast("Any", None), index=0, checkpoint=Checkpoint(ORIGIN, size, root), note=f"note of {size}")

    return verify


async def pinned(database: Database) -> list[tuple[int, str]]:
    async with database.reading() as tx:
        return [(row.size, row.note) for row in (await tx.execute(select(PeerLogRow))).scalars()]


async def test_messages_that_another_processs_pin_overtook_are_all_verified_again(database: Database) -> None:
    """All of one group: the first one learns of the pin, and the others must not be stored as if they continued it."""
    one = Process(database)
    await one.take(5, OURS)
    await database.write(lambda tx: pin(tx, Checkpoint(ORIGIN, 9, OTHER), node=BIRCH.entity_id, note="note of another process", now=NOON))
    outcomes = await asyncio.gather(*(one.take(size, OURS) for size in (6, 7, 8)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConsistencyNotProven] * 3
    assert one.stored == [5]
    assert await pinned(database) == [(9, "note of another process")]


async def test_a_message_that_continues_another_processs_pin_is_stored(database: Database) -> None:
    one, two = Process(database), Process(database)
    await one.take(5, OURS)
    await two.take(9, OURS)
    await asyncio.gather(*(one.take(size, OURS) for size in (6, 12)))
    assert (sorted(one.stored), two.stored) == ([5, 6, 12], [9])
    assert await pinned(database) == [(12, "note of 12")]


class Log:
    """Birch's log, which shows paths; it holds the first answer back until what was asked is out of date."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.outdated: Callable[[], bool] = lambda: True

    async def get(self, _: Member, __: str, query: dict[str, Any]) -> PeerAnswer:
        self.asked.append((query["from"], query["to"]))
        async with asyncio.timeout(5):
            while not self.outdated():  # noqa: ASYNC110 what it waits for is another task's store
                await asyncio.sleep(0)
        path = ConsistencyResponse(path=(to_base64url(path_between(query["from"], query["to"])),))
        return PeerAnswer(200, path.model_dump_json().encode(), None)


def path_between(old: int, new: int) -> bytes:
    return old.to_bytes(16, "big") + new.to_bytes(16, "big")


def linked_by_path(size: int, *, offers_from: int | None = None) -> Verify[int]:
    """Verifies as a proof does: linked to what is pinned by the very path between the two, which it may bring along."""

    def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[int, Logged]:
        known = pinned.get(ORIGIN)
        if known is not None and known.size not in (size, offers_from):
            old, new = sorted((known.size, size))
            if path is None:
                raise ConsistencyNotShown(old_size=old, new_size=new)
            if path != [path_between(old, new)]:
                raise ConsistencyNotProven
        return size, Logged(leaf=cast("Any", None), index=0, checkpoint=Checkpoint(ORIGIN, size, OURS), note=note_of(size))

    return verify


def note_of(size: int) -> str:
    key = SigningKey.generate()
    body = checkpoint_body(ORIGIN, size, OURS)
    return note_with(body, [signature_line(VerifierKey(ORIGIN, ED25519, key.public.public_bytes_raw()), key.sign(body))])


async def test_a_genuine_message_is_not_refused_because_another_process_pinned_while_a_path_was_fetched(database: Database) -> None:
    log, one = Log(), Process(database)
    logs = one.logs = PeerLogs(database, one.write, cast("Any", log), StandingClock(NOON))
    await logs.take(BIRCH, note_of(5), linked_by_path(5), one._store)
    await database.write(lambda tx: pin(tx, Checkpoint(ORIGIN, 9, OURS), node=BIRCH.entity_id, note="note of another process", now=NOON))
    log.outdated = lambda: logs.largest_size(BIRCH) == 9
    # The first needs no path, and learns of the pin when it is stored; meanwhile the second waits for its path.
    first = logs.take(BIRCH, note_of(6), linked_by_path(6, offers_from=5), one._store)
    await asyncio.gather(first, logs.take(BIRCH, note_of(7), linked_by_path(7), one._store))
    assert sorted(one.stored) == [5, 6, 7]
    assert (log.asked[0], sorted(log.asked[1:])) == ((6, 7), [(6, 9), (7, 9)])
    assert await pinned(database) == [(9, "note of another process")]
