"""Two nodes to which anything may happen in any order: a machine of Hypothesis, and the world in which it works.

The nodes run on a loop of their own, in a thread, over real sockets and SQLite files; their workers rest, so that every step is one that
the machine takes. One world serves all examples: each brings its own children and leaves nothing under way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, Final, Literal, TypeVar
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select

from node.demo.network import NETWORK
from node.message_keys import prepare_next, replace
from node.statement import sign_statement
from node.trust import member_of, signed_list
from safepassage.canonical import digest_of, from_base64url, json_object
from safepassage.problems import SuiteError
from safepassage.trust_list import VerifiedTrustList, read_pinned_trust_list
from safepassage.wire_exchange import NewExchangeRequest
from services.records.exchange.epochs import LASTS
from services.records.exchange.exchange import Job, turn_keys
from services.records.exchange.signing import ExchangeSigner
from services.records.exchange.states import FOLLOWS, Asked, Incoming, Outgoing, Request
from services.records.exchange.work import Work
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, PeerRequestRow, StudentRow
from shared.clock import system_clock
from shared.keys import SigningKey
from shared.peer_statements import USED_FOR
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.records.exchange.bad_line import KINDS_OF_CALLS, BadLine, Fate, NoStore, Seen
from tests.records.exchange.many_children import children_born_apart
from tests.records.exchange.two_states import KINDS, State, TwoStates, ordinary_students, two_states
from tests.soak.account import account
from tests.soak.holdings import holding_of_holder, holding_of_requester

T = TypeVar("T")

MOST_ASKED: Final = 3
"""Requests in one example."""
LATER_ATTEMPTS: Final = (5, 20, 90, 600, 2_400, 10_000, 24_000, 44_000, 60_000, 90_000, 100_000)
"""Seconds: beyond the pauses of the schedule of retries, one after the other."""
STATES: Final = {
    "asked": (ExchangeRequestRow, Asked, "birch"),
    "request": (PeerRequestRow, Request, "alder"),
    "sent": (OutgoingEnvelopeRow, Outgoing, "alder"),
    "got": (IncomingEnvelopeRow, Incoming, "birch"),
}


class World:
    """Both nodes, the line between them, and what was asked for so far."""

    def __init__(self, states: TwoStates, root: Path) -> None:
        self.states, self.seen = states, Seen()
        self.by_name = {"alder": states.alder, "birch": states.birch}
        self.asked: dict[UUID, bool] = {}
        self._waiting: list[tuple[NewExchangeRequest, str, bool]] = []
        self._children = children_born_apart(ordinary_students())
        self._known: dict[tuple[str, object], Any] = {}
        self._root = SigningKey.load(root)
        self._list = _read(states.alder.folder.trust_list.read_bytes())
        self._faults: list[Callable[[], None]] = []
        for state in self.by_name.values():
            BadLine(state, self.seen).take_its_place()

    @property
    def is_faulty(self) -> bool:
        """Whether something inside a node does not work now."""
        return bool(self._faults)

    async def ask(self, *, there: bool) -> None:
        """Birch's information system asks for a child whom nobody has asked for; again later, under the same key, if nobody answers."""
        child = next(self._children)
        if there:
            await self.states.alder.load(child)
        await self._ask(self.states.new_request(child.selector, sections=("identity", "enrollment")), str(uuid4()), there)

    async def _ask(self, request: NewExchangeRequest, key: str, there: bool) -> None:
        async with self.states.birch.client("new-district") as client:
            try:
                made = await client.create_exchange_request(request, idempotency_key=key)
            except SuiteError:
                self._waiting.append((request, key, there))
            else:
                self.asked[made.id] = there

    async def work(self, name: str, job: Job) -> None:
        """Everything that is due of a kind at a node, each once. What fails is put off, as a worker does."""
        work: Work = self.by_name[name].exchange.works[job]
        for key in await work._due(self.states.clock(), 100):
            try:
                await work._do(key, None)
            except Exception:
                if not self.is_faulty:
                    raise

    async def pass_a_week(self) -> None:
        """Others seal to the next key; the operators have signed anew."""
        await self.states.advance(seconds=LASTS.total_seconds())
        await self.renew()

    async def renew(self) -> None:
        """Both operators sign their statements, and the network its list."""
        now = self.states.clock()
        nodes = [state.folder for state in self.by_name.values()]
        for node in nodes:
            sign_statement(node.file, node.keys, node.statement, now=now)
        members = [member_of(node.file, node.keys, today=now.date()) for node in nodes]
        document = signed_list(network=NETWORK, roots=[self._root], threshold=1, members=members, previous=self._list, now=now)
        self._list = _read(document)
        for state in self.by_name.values():
            state.folder.trust_list.write_bytes(document)
            for service in ("gateway", "records", "audit"):
                await state.node.applications[
                    service
                ].state.trust.refresh() if service != "records" else await state.exchange.trust.refresh()
            turn_keys(state.exchange)

    async def change_signing_keys(self) -> None:
        """As docs/keys.md has it: published, an hour later replaced, published again."""
        today = self.states.clock().date()
        if (self.states.alder.folder.keys / "records" / "exchange-signing-retired" / f"{today}.exchange-signing.json").exists():
            return  # once a day
        for state in self.by_name.values():
            prepare_next(state.folder.keys / "records")
            self._publish(state)
        await self.states.advance(seconds=USED_FOR.total_seconds() + 1)
        for state in self.by_name.values():
            replace(state.folder.keys / "records", today=today)
            self._publish(state)
            state.exchange.signing = ExchangeSigner.load(state.folder.keys / "records", state.exchange.settings.exchange_suites)

    def _publish(self, state: State) -> None:
        sign_statement(state.folder.file, state.folder.keys, state.folder.statement, now=self.states.clock())

    async def sibling_fails(self, name: str, service: ServiceName) -> None:
        """A service of a node does not answer the others."""
        node = self.by_name[name].node
        door = node._doors[service]

        def mend() -> None:
            door.app = node.applications[service]

        door.app = None
        self._faults.append(mend)

    async def store_fails(self, name: str) -> None:
        """The store of a node's records takes nothing."""
        write: Any = self.by_name[name].exchange.write
        held = write._database

        def mend() -> None:
            write._database = held

        if not isinstance(held, NoStore):
            write._database = NoStore()
            self._faults.append(mend)

    async def mend(self) -> None:
        """Everything works again."""
        for mend in self._faults:
            mend()
        self._faults.clear()
        self.seen.away.clear()

    async def drain(self) -> None:
        """Everything works, nothing is lost any more: what is under way ends. Then what was held back comes, and changes nothing."""
        await self.mend()
        for fates in self.seen.fates.values():
            fates.clear()
        await self.renew()
        for pause in LATER_ATTEMPTS:
            waiting, self._waiting = self._waiting, []
            for request, key, there in waiting:
                await self._ask(request, key, there)
            await self.states.settle()
            if not self._waiting and await self.is_done():
                break
            await self.states.advance(seconds=pause)
        held, self.seen.held = self.seen.held, []
        for one in held:
            await one.arrive()
        await self.states.settle()

    async def is_done(self) -> bool:
        """Whether nothing waits for another attempt."""
        rows = await self.states.alder.rows(OutgoingEnvelopeRow)
        answered = {row.state for row in await self.states.birch.rows(ExchangeRequestRow)}
        return {row.state for row in rows} <= {Outgoing.PROCESSED} and not {Asked.PREPARED, Asked.ACCEPTED, Asked.RECEIVED} & answered

    async def take_account(self) -> None:
        """Raises DoesNotBalance."""
        holder, requester = await holding_of_holder(self.states.alder.folder), await holding_of_requester(self.states.birch.folder)
        account(self.asked, holder, requester, self.seen.crossed, expired=False)

    async def look(self) -> list[str]:
        """What is wrong at this moment."""
        wrong, self.seen.wrong = self.seen.wrong, []
        for kind, (row, states, name) in STATES.items():
            for one in await self.by_name[name].rows(row):
                wrong += self._moved((kind, one.id), states, states(one.state))
        wrong += await self._filed_otherwise()
        return wrong

    def _moved(self, key: tuple[str, object], states: type[Any], state: Any) -> Iterator[str]:
        before = self._known.get(key)
        if before is not None and state not in _reachable(states, before):
            yield f"{key[0]} went from {before} to {state}"
        self._known[key] = state

    async def _filed_otherwise(self) -> list[str]:
        """INVARIANT: applied once. Every child is another one, so each record that was applied has made one student."""
        applied = (IncomingEnvelopeRow.kind == "package") & (IncomingEnvelopeRow.state == Incoming.APPLIED)
        async with self.states.birch.exchange.database.reading() as tx:
            records = await tx.scalar(select(func.count()).select_from(IncomingEnvelopeRow).where(applied))
            students = await tx.scalar(select(func.count()).select_from(StudentRow))
        return [] if records == students else [f"{records} records were applied, and there are {students} students"]


def _read(document: bytes) -> VerifiedTrustList:
    digest = digest_of(from_base64url(str(json_object(document)["payload"])))
    return read_pinned_trust_list(document, digest=digest, development=True)


def _reachable(states: type[Any], state: Any) -> set[Any]:
    found, left = {state}, [state]
    while left:
        new = FOLLOWS[states][left.pop()] - found
        found |= new
        left += new
    return found


class Running:
    """The world's loop."""

    def __init__(self, network: Path, folder: Path) -> None:
        self._network, self._folder = network, folder
        self._loop: asyncio.AbstractEventLoop
        self._ready: Future[World] = Future()

    def do(self, step: Callable[[World], Awaitable[T]]) -> T:
        """Run it, and wait for it."""

        async def run() -> T:
            return await step(self.world)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def begin(self) -> None:
        """Start both nodes."""
        self._thread = Thread(target=lambda: asyncio.run(self._live()))
        self._thread.start()
        self.world = self._ready.result()

    def end(self) -> None:
        """Stop both."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with AsyncExitStack() as stack:
                states = await stack.enter_async_context(two_states(self._network, self._folder, StandingClock(system_clock())))
                self._ready.set_result(World(states, self._network / "root" / "root.json"))
                await self._over.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise


@contextmanager
def running_world(network: Path, folder: Path) -> Iterator[Running]:
    """Both nodes of a copy of the network's folders, on a loop of their own."""
    running = Running(network, folder)
    running.begin()
    try:
        yield running
    finally:
        running.end()


FATES: Final[tuple[Fate, ...]] = ("is not answered", "comes twice", "is held back", "is lost")
SOME_FATES: Final = st.lists(st.sampled_from(FATES), min_size=1, max_size=3)
NAMES: Final = st.sampled_from(("alder", "birch"))


class AnyOrder(RuleBasedStateMachine):
    """What may happen."""

    def __init__(self, running: Running) -> None:
        super().__init__()
        self._running, self._asked = running, 0
        self._keys_changed = False

    @initialize(
        others=st.lists(st.booleans(), max_size=MOST_ASKED - 1), fates=st.fixed_dictionaries(dict.fromkeys(KINDS_OF_CALLS, SOME_FATES))
    )
    def begin(self, others: list[bool], fates: dict[str, list[Fate]]) -> None:
        """What a failed example left is over. A record is asked for, and whatever else, over a bad line."""
        self._running.do(World.mend)
        for there in (True, *others):
            self.ask(there)
        for kind, several in fates.items():
            self.the_line_is_bad(kind, several)

    @precondition(lambda self: self._asked < MOST_ASKED)
    @rule(there=st.sampled_from((True, True, True, False)))
    def ask(self, there: bool) -> None:
        self._asked += 1
        self._running.do(lambda world: world.ask(there=there))

    @rule(name=NAMES, job=st.sampled_from(KINDS))
    def work(self, name: str, job: Job) -> None:
        self._running.do(lambda world: world.work(name, job))

    @rule()
    def both_work(self) -> None:
        for name in ("birch", "alder", "birch"):
            for job in KINDS:
                self.work(name, job)

    @rule(kind=st.sampled_from(KINDS_OF_CALLS), fates=SOME_FATES)
    def the_line_is_bad(self, kind: str, fates: list[Fate]) -> None:
        self._running.world.seen.fates[kind].extend(fates)

    @precondition(lambda self: self._running.world.seen.held)
    @rule(which=st.integers(0, 100))
    def what_was_held_back_arrives(self, which: int) -> None:
        held = self._running.world.seen.held

        async def arrive(_: World) -> None:
            with suppress(SuiteError):  # nobody is there
                await held.pop(which % len(held)).arrive()

        self._running.do(arrive)

    @rule(seconds=st.sampled_from((6, 20, 90, 600, 7_200)))
    def time_passes(self, seconds: int) -> None:
        self._running.do(lambda world: world.states.advance(seconds=seconds))

    @rule(name=NAMES, what=st.sampled_from(("line", "store", "audit", "privacy")))
    def something_fails(self, name: str, what: Literal["line", "store", "audit", "privacy"]) -> None:
        if what == "line":
            self._running.world.seen.away.add(self._running.world.by_name[name].entity_id)
        elif what == "store":
            self._running.do(lambda world: world.store_fails(name))
        else:
            self._running.do(lambda world: world.sibling_fails(name, what))

    @rule()
    def everything_works_again(self) -> None:
        self._running.do(World.mend)

    @precondition(lambda self: not self._keys_changed and not self._running.world.is_faulty)
    @rule(which=st.sampled_from((World.pass_a_week, World.change_signing_keys)))
    def keys_change(self, which: Callable[[World], Awaitable[None]]) -> None:
        self._keys_changed = True
        self._running.do(which)

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert self._running.do(World.look) == []

    def teardown(self) -> None:
        """Everything ends, and balances."""
        self._running.do(World.drain)
        self._running.do(World.take_account)
        assert self._running.do(World.look) == []
