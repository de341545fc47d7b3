"""Other nodes' logs, as far as this node has seen them: each new checkpoint has to continue the largest one seen (decisions 6)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection, select

from safepassage.canonical import from_base64url
from safepassage.checkpoints import Checkpoint, parse_checkpoint
from safepassage.logged import Logged
from safepassage.notes import parse_note
from safepassage.problems import SuiteError
from safepassage.problems.envelopes import ConsistencyNotShown, WithoutProof
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.pulling import ConsistencyWanted
from safepassage.trust_members import Member
from services.records.exchange.peers import Peers
from services.records.exchange.pins import pin, pin_after, pinning_after
from services.records.exchange.stored_rows import row_at
from services.records.tables import PeerLogRow
from shared.clock import Clock
from shared.contracts.audit import ConsistencyResponse
from shared.database import Database
from shared.group_commit import Expected, GroupCommit, Write, Writing

T = TypeVar("T")
R = TypeVar("R")
Pinned = Mapping[str, Checkpoint]
Verify = Callable[[Pinned, list[bytes] | None], tuple[T, Logged]]
"""Verifies a message against the pinned checkpoints and, where it was asked for, a path between; gives what the proof has shown."""

REMEMBERED = 4096
CONSISTENCY_PATH = "/v1/peer/consistency"


class PinMoved(Exception):
    """Another process of this node has pinned a checkpoint that this one has not linked: verify again."""


@dataclass
class _Seen:
    """One node's logs: the largest checkpoint of each, and those that were proven to be part of the same history."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    largest: dict[str, Checkpoint] = field(default_factory=dict)
    linked: dict[Checkpoint, None] = field(default_factory=dict)
    pinned: dict[str, Checkpoint] = field(default_factory=dict)
    """What this process has stored last of each log, as far as it knows."""
    moves: int = 0
    """How often another process's pin took the place of what this one had linked."""

    def link(self, checkpoint: Checkpoint) -> None:
        self.linked[checkpoint] = None
        while len(self.linked) > REMEMBERED:
            del self.linked[next(iter(self.linked))]
        known = self.largest.get(checkpoint.origin)
        if known is None or known.size < checkpoint.size:
            self.largest[checkpoint.origin] = checkpoint

    def moved_to(self, pinned: Checkpoint) -> None:
        """Another process has pinned this one: only what is linked to it counts from here on."""
        self.moves += 1
        self.linked.clear()
        self.largest.pop(pinned.origin, None)
        self.link(pinned)


class PeerLogs:
    """The checkpoints that this process has verified, and the store of the largest of each log."""

    def __init__(self, database: Database, write: GroupCommit, peers: Peers, clock: Clock) -> None:
        self._database, self._write, self._peers, self._clock = database, write, peers, clock
        self._nodes: dict[str, _Seen] = {}
        self._shown: dict[tuple[str, int, int], list[bytes]] = {}

    async def open(self) -> None:
        """Load what is pinned."""
        async with self._database.reading() as tx:
            rows = (await tx.execute(select(PeerLogRow))).scalars().all()
        for row in rows:
            self._seen(row.node).link(_checkpoint_of(row))

    def largest_size(self, member: Member) -> int:
        """Size of the largest checkpoint seen of the newest log of the member of which one was seen; 0 for none."""
        largest = self._seen(member.entity_id).largest
        return next((largest[log.origin].size for log in reversed(member.logs) if log.origin in largest), 0)

    async def verify(self, member: Member, note: str | None, verify: Verify[T]) -> tuple[T, Logged]:
        """Run `verify` on a message of `member` whose checkpoint is `note`, with a path from its log if one is needed.

        Raises what `verify` raises, PeerUnavailable if the path cannot be had. What was proven is pinned by `take`.
        """
        seen = self._seen(member.entity_id)
        already = self._already_linked(seen, note)
        if already is not None:  # nothing is to be asked for: messages of one moment do not wait for one another
            result, logged = verify(already, None)
            seen.link(_plain(logged.checkpoint))
            return result, logged
        async with seen.lock:
            while True:
                moves, known = seen.moves, self._already_linked(seen, note)
                try:
                    result, logged = verify(known or seen.largest, None)
                except ConsistencyNotShown as gap:
                    path = await self._path(member, note, gap)
                    if seen.moves != moves:
                        continue  # the path links to what is not pinned any more: a genuine message must not be refused for that
                    result, logged = verify(seen.largest, path)
                seen.link(_plain(logged.checkpoint))
                return result, logged

    async def take(
        self,
        member: Member,
        note: str | None,
        verify: Verify[T],
        store: Callable[[Writing, T, Logged], R],
        expected: Callable[[T, Logged], Expected[R] | None] | None = None,
    ) -> R:
        """Verify a message, then store it and pin its checkpoint in one transaction; again if another process pinned meanwhile.

        expected  what `store` changes where nothing comes between, of rows that no other message is about; None where that is not known

        Raises what `verify` and `store` raise, PeerUnavailable.
        """
        while True:
            result, logged = await self.verify(member, note, verify)
            known = None if expected is None else expected(result, logged)
            write: Write[R] = partial(self._store, member, store, result, logged, known)
            try:
                return await self._write(write if known is None else self._pinning(member, logged, replace(known, otherwise=write)))
            except PinMoved:
                continue

    def _pinning(self, member: Member, logged: Logged, write: Expected[R]) -> Write[R]:
        """The same, that pins too: where this process has pinned what comes before, as far as it knows."""
        checkpoint, seen = _plain(logged.checkpoint), self._seen(member.entity_id)
        before = seen.pinned.get(checkpoint.origin)
        # INVARIANT: as `_keep` has it; another process's pin is none that this one has put there, and then nothing is changed.
        if checkpoint not in seen.linked or before is None or before.size >= checkpoint.size:
            return write.otherwise
        moved = pinning_after(before, checkpoint, note=logged.note, now=self._clock())

        def done() -> None:
            seen.pinned[checkpoint.origin] = checkpoint
            write.afterwards()

        return replace(write, changes=[moved, *write.changes], afterwards=done)

    def _store(
        self,
        member: Member,
        store: Callable[[Writing, T, Logged], R],
        result: T,
        logged: Logged,
        known: Expected[R] | None,
        tx: Writing,
    ) -> R:
        done = ("peer-log", member.entity_id, _plain(logged.checkpoint))
        if done not in tx.done:  # else another message of this transaction has shown the same; the row is locked until its end
            self._keep(tx.connection, member, logged)
            tx.done.add(done)
        return store(tx, result, logged) if known is None or not tx.is_shared else known.expect_of(tx)

    def _keep(self, connection: Connection, member: Member, logged: Logged) -> None:
        """Pin what `verify` has shown. Raises PinMoved."""
        checkpoint, seen, now = _plain(logged.checkpoint), self._seen(member.entity_id), self._clock()
        # INVARIANT: what is pinned is always part of one history with everything that was pinned before, whichever process pinned it.
        if checkpoint not in seen.linked:
            raise PinMoved
        before = seen.pinned.get(checkpoint.origin)
        if before is not None and before.size < checkpoint.size and pin_after(connection, before, checkpoint, note=logged.note, now=now):
            seen.pinned[checkpoint.origin] = checkpoint
            return
        row = row_at(connection, PeerLogRow, checkpoint.origin, lock=True)
        held = None if row is None else _checkpoint_of(row)
        if held is not None and held not in seen.linked:
            seen.moved_to(held)
            raise PinMoved
        if held is None or held.size < checkpoint.size:
            pin(connection, checkpoint, node=member.entity_id, note=logged.note, now=now)
            held = checkpoint
        seen.pinned[checkpoint.origin] = held

    def _seen(self, node: str) -> _Seen:
        return self._nodes.setdefault(node, _Seen())

    @staticmethod
    def _already_linked(seen: _Seen, note: str | None) -> dict[str, Checkpoint] | None:
        """The checkpoint of the message itself as the pinned one, where it was linked before: nothing more has to be shown then."""
        try:
            checkpoint = _named(note)
        except SuiteError:
            return None  # what is wrong with it, `verify` says in its order
        return {checkpoint.origin: checkpoint} if checkpoint in seen.linked else None

    def latest(self, member: Member) -> Checkpoint | None:
        """The largest checkpoint seen of the newest log of the member of which one was seen."""
        largest = self._seen(member.entity_id).largest
        return next((largest[log.origin] for log in reversed(member.logs) if log.origin in largest), None)

    def sizes(self, member: Member) -> dict[str, int]:
        """By origin, the size of the largest checkpoint seen of each of the member's logs."""
        return {checkpoint.origin: checkpoint.size for checkpoint in self._seen(member.entity_id).largest.values()}

    def keep_path(self, origin: str, from_size: int, to_size: int, path: list[bytes]) -> None:
        """Remember a path that the log's own node has shown, since it cannot be asked; it is believed where it verifies."""
        self._shown[origin, from_size, to_size] = path
        while len(self._shown) > REMEMBERED:
            del self._shown[next(iter(self._shown))]

    def _shown_path(self, origin: str, gap: ConsistencyNotShown) -> list[bytes]:
        path = self._shown.get((origin, gap.old_size, gap.new_size))
        if path is None:
            raise ConsistencyWanted(retry_after_seconds=1)
        return path

    async def _path(self, member: Member, note: str | None, gap: ConsistencyNotShown) -> list[bytes]:
        origin = _named(note).origin
        if member.pulls:
            return self._shown_path(origin, gap)
        query: dict[str, str | int] = {"from": gap.old_size, "to": gap.new_size, "origin": origin}
        answer = await self._peers.get(member, CONSISTENCY_PATH, query)
        if answer.status in (400, 422):
            raise gap  # its log does not know the size of the checkpoint that it has signed
        if answer.status != 200:
            raise PeerUnavailable("the peer's log gives no consistency path", retry_after_seconds=5)
        try:
            return [from_base64url(digest) for digest in ConsistencyResponse.model_validate_json(answer.body).path]
        except ValidationError as error:
            raise PeerUnavailable("the peer's log answers something else") from error


def _named(note: str | None) -> Checkpoint:
    """The checkpoint as the note says it, its signature not looked at. Raises WithoutProof, NoteMalformed."""
    if note is None:
        raise WithoutProof
    return _plain(parse_checkpoint(parse_note(note).text))


def _plain(checkpoint: Checkpoint) -> Checkpoint:
    return Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root)


def _checkpoint_of(row: PeerLogRow) -> Checkpoint:
    return Checkpoint(row.origin, row.size, from_base64url(row.root))
