"""Tasks of one process that write at the same moment share one commit: a disk takes a while to be sure, and a transaction has its price."""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from shared import prepared
from shared.asked_once import asked_once
from shared.contracts.audit import Event
from shared.database import Database
from shared.outbox import Outbox
from shared.prepared import Change

T = TypeVar("T")

LARGEST = 64


class Gathering(Protocol):
    """Rows that several writes have for the same tables."""

    def write(self, connection: Connection) -> None:
        """Store them."""
        ...


G = TypeVar("G", bound=Gathering)


class Writing:
    """The transaction that several writes share."""

    def __init__(self, connection: Connection, *, is_shared: bool = False) -> None:
        self.connection = connection
        self.is_shared = is_shared
        """Whether other writes are in it, beside which this one's changes can be made (`expect`, `add`)."""
        self.events: list[Event] = []
        self.tellings: list[dict[str, Any]] = []
        self.done: set[Hashable] = set()
        """What is done once for all writes of this transaction, by names of who did it: a lock that is held, a row that was set."""
        self._callbacks: list[Callable[[], None]] = []
        self._gathered: dict[Hashable, Gathering] = {}
        self._expected: dict[Hashable, list[tuple[Change, Exception]]] = {}
        self._unseen: set[Hashable] = set()

    def record(self, event: Event) -> None:
        """Append a behind-entry to the log, once this has committed."""
        self.events.append(event)

    def tell(self, row: dict[str, Any]) -> None:
        """Tell a sibling (`Outbox.row_to_tell`), once this has committed."""
        self.tellings.append(row)

    def expect(self, change: Change, otherwise: Exception, *, about: Hashable = None) -> None:
        """Change one row, that no other expected change of this write is of: where it is no row, `otherwise` is raised, and nothing of
        this write is stored.

        It is made before the transaction ends, with others' that are alike: what is read until then does not show it, but to who has
        called `show` for what it is `about`.
        """
        statement, values = change
        self._unseen.add(about)
        self._expected.setdefault((statement, tuple(values)), []).append((change, otherwise))

    def show(self, about: Hashable) -> None:
        """Make now what other writes expect, if something of it is about this: what is read from here on shows it."""
        if about in self._unseen:
            self.make_expected()

    def gathered(self, name: Hashable, make: Callable[[], G]) -> G:
        """What all writes of this transaction gather under `name`; it is stored before what is expected."""
        kept: G = self._gathered.setdefault(name, make())  # type: ignore[assignment]  # of this name
        return kept

    def make_expected(self, *, beside: Sequence[Change] = ()) -> None:
        """Store what was gathered, and make the changes that are expected; of one write alone together, with those `beside` them."""
        for one in self._gathered.values():
            one.write(self.connection)
        if self.is_shared:
            self._make_alike()
            prepared.together(self.connection, beside)
        else:
            self._make_together(beside)
        self._gathered, self._expected, self._unseen = {}, {}, set()

    def _make_alike(self) -> None:
        for several in self._expected.values():
            statement = several[0][0][0]
            if prepared.change_many(self.connection, statement, [values for (_, values), _ in several]) != len(several):
                # INVARIANT: of several nobody knows whose it was; each is made again by itself (GroupCommit), and told then.
                raise several[0][1]

    def _make_together(self, beside: Sequence[Change]) -> None:
        expected = list(chain.from_iterable(self._expected.values()))
        counts = prepared.together(self.connection, [*(change for change, _ in expected), *beside])
        for (_, otherwise), count in zip(expected, counts, strict=False):
            if count != 1:
                raise otherwise

    def afterwards(self, callback: Callable[[], None]) -> None:
        """Call `callback` once this has committed, and only then."""
        self._callbacks.append(callback)

    def committed(self) -> None:
        """It has."""
        for callback in self._callbacks:
            callback()


class NotOfOneRow(Exception):
    """A change that is of one row as a rule was of none: alone it says so."""


@dataclass(frozen=True)
class Changes:
    """A write that asks nothing first, none of whose changes is of a row that another one is of: alone it is one statement."""

    changes: Sequence[Change]
    each_of_one: bool = False
    """Each of `changes` is of one row, unless something came between: those of several writes that are alike can be made together."""
    once: Mapping[Hashable, Change] = field(default_factory=dict)
    """What is changed once for all writes of a transaction, by names of who does it (Writing.done)."""

    def __call__(self, tx: Writing) -> list[int]:
        """How many rows each of `changes` concerned."""
        left = [change for name, change in self.once.items() if name not in tx.done]
        tx.done.update(self.once)
        if self.each_of_one and tx.is_shared:
            for change in self.changes:
                tx.expect(change, NotOfOneRow())
            prepared.together(tx.connection, left)
            return [1] * len(self.changes)
        return prepared.together(tx.connection, [*self.changes, *left])[: len(self.changes)]

    async def alone(self, database: Database) -> list[int]:
        """The same, in a transaction by itself."""
        return (await database.write_together([*self.changes, *self.once.values()]))[: len(self.changes)]


def _not_said(_: Writing) -> Any:
    raise NotOfOneRow


@dataclass(frozen=True)
class Expected(Generic[T]):
    """A write that is known beforehand, as long as nothing comes between: alone it is one statement that changes all of it, or nothing.

    Where something did, and among other writes, it is what `otherwise` makes of it: which does the same, and says what is the matter.
    """

    changes: Sequence[Change]
    """Each of one row, none of a row that another one is of."""
    result: T
    otherwise: "Write[T]" = _not_said
    beside: Sequence[Change] = ()
    """Of any number of rows."""
    events: Sequence[Event] = ()
    tellings: Sequence[dict[str, Any]] = ()
    """What `otherwise` has recorded and told, in its order."""
    afterwards: Callable[[], None] = lambda: None
    about: Hashable = None
    """What it is about, for who asks to be shown it (Writing.show)."""

    def __call__(self, tx: Writing) -> T:
        """Among others."""
        return self.otherwise(tx)

    def expect_of(self, tx: Writing) -> T:
        """The same among others, by who knows that none of `changes` is of a row that another write of the transaction changes."""
        for change in self.changes:
            tx.expect(change, NotOfOneRow(), about=self.about)
        tx.events += self.events
        tx.tellings += self.tellings
        tx.afterwards(self.afterwards)
        return self.result

    async def is_done(self, database: Database, outbox: Outbox) -> bool:
        """Whether it was as expected, and is made."""
        told = [*(outbox.row_of(event) for event in self.events), *self.tellings]
        if not await database.write_all_or_none([*self.changes, *map(outbox.adding, told)], self.beside):
            return False
        self.afterwards()
        if told:
            outbox.wake()
        return True


Write = Callable[[Writing], T]
"""Reads and writes in the transaction that it is given, and nothing else: it may run twice, the second time in one of its own."""


class GroupCommit:
    """Writes of one process, a transaction for all that are waiting. What one writes the next one sees; none is told before the commit."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database, self._outbox = database, outbox
        self._waiting: list[tuple[Write[Any], asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, write: Write[T]) -> T:
        """Run `write` and give its result once it is committed. What it raises is raised here, and nothing of it is stored.

        Raises TypeError for a coroutine function, which would be called and never run.
        """
        if iscoroutinefunction(write):
            raise TypeError("a write is a plain function: it waits for nobody while locks are held")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((write, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_waiting())
        return await future

    async def _commit_waiting(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            await self._commit(group)

    async def _commit(self, group: list[tuple[Write[Any], asyncio.Future[Any]]]) -> None:
        try:
            results = await self._together([write for write, _ in group])
        except Exception as error:
            # INVARIANT: one write that fails takes no other with it; of several nobody knows whose it was.
            if len(group) > 1:
                half = len(group) // 2
                await self._commit(group[:half])
                await self._commit(group[half:])
            elif not group[0][1].done():
                group[0][1].set_exception(error)
        else:
            for (_, future), result in zip(group, results, strict=True):
                if not future.done():
                    future.set_result(result)

    async def _together(self, writes: list[Write[Any]]) -> list[Any]:
        [first, *others] = writes
        if isinstance(first, Changes) and not others:
            return [await first.alone(self._database)]
        if isinstance(first, Expected) and not others and await first.is_done(self._database, self._outbox):
            return [first.result]

        def run(connection: Connection) -> tuple[Writing, list[Any]]:
            writing = Writing(connection, is_shared=bool(others))
            with asked_once():
                results = [write(writing) for write in writes]
            told = [*(self._outbox.row_of(event) for event in writing.events), *writing.tellings]
            if len({row["lane"] for row in told}) == len(told):  # rows of one lane go in the order in which they are stored
                writing.make_expected(beside=[self._outbox.adding(row) for row in told])
            else:
                writing.make_expected()
                self._outbox.add_to(connection, *told)
            return writing, results

        writing, results = await self._database.write(run)
        writing.committed()
        if writing.events or writing.tellings:
            self._outbox.wake()
        return results
