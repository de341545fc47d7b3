"""One soak: children are loaded and asked for while processes die, keys change and the line is bad; then calm, an end, and the account."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Final

from node.demo.processes import NodeProcess
from node.synthetic import SyntheticStudent
from services.audit.verification import StoreReport
from services.records.exchange.states import Asked, Outgoing, is_final
from services.records.tables import ExchangeRequestRow, OutgoingEnvelopeRow, PeerRequestRow
from tests.soak.account import DoesNotBalance, account
from tests.soak.holdings import Store, holding_of_holder, holding_of_requester, verified
from tests.soak.information_systems import InformationSystems, children_of
from tests.soak.node_folders import Network
from tests.soak.rotation import Operator, Reaper
from tests.soak.weather import CALM, Climate, Weather

MOST_CHILDREN: Final = 3_000
ABSENT: Final = 0.1
"""Share of the requests that are for a child whom Alder has not."""
ABSENT_CHILDREN: Final = 100
TOGETHER: Final = 0.7
"""Share of the groups that are asked for in one call; the others one by one."""
FASTER: Final = 3.0
"""Seconds that pass for the nodes in one."""
FASTEST: Final = 30.0
"""When everything was asked for and only late attempts are waited for."""
PATIENCE_SECONDS: Final = 600.0
FIFTEEN_DAYS: Final = 15 * 86_400.0
DRAWN_EVERY_SECONDS: Final = 5.0
BAR: Final = 30

Children = Sequence[tuple[SyntheticStudent, bool]]


@dataclass(frozen=True)
class Told:
    """What the soak is told."""

    messages: int
    seed: int
    kill_every: float
    """Seconds, on average."""

    @property
    def exchanges(self) -> int:
        """Each a request and an answer."""
        return self.messages // 2

    @property
    def most_together(self) -> int:
        """Requests in one call."""
        return min(100, 5 + self.exchanges // 15)

    @property
    def most_under_way(self) -> int:
        """Requests that are not over, before more are made."""
        return min(400, 20 + self.exchanges // 4)


class Soak:
    """Of one network."""

    def __init__(self, network: Network, told: Told, draw: Callable[[str], None]) -> None:
        self._network, self._told, self._draw = network, told, draw
        self._random = Random(told.seed)
        self._weather = Weather(network, Random(self._random.getrandbits(64)), Climate())
        self._reaper = Reaper(network, Random(self._random.getrandbits(64)))
        self._operator = Operator(network, self._reaper, self._weather.renew)
        self._processes = [NodeProcess(node, arguments=("-m", "tests.soak.lives")) for node in network.nodes.values()]
        self._faster, self._began, self._drawn = FASTER, time.monotonic(), 0.0
        self._lines: list[str] = []

    async def run(self) -> None:
        """Raises DoesNotBalance."""
        async with self._weather:
            self._weather.climate = CALM
            try:
                await self._start()
                self._stores = {name: Store(node) for name, node in self._network.nodes.items()}
                self._systems = InformationSystems(self._network, Random(self._random.getrandbits(64)))
                passing = asyncio.create_task(self._let_time_pass())
                await self._load()
                self._weather.climate = Climate()
                reaping = asyncio.create_task(self._reap())
                await self._ask()
                reaping.cancel()
                await self._end()
                passing.cancel()
                await self._systems.close()
                for store in self._stores.values():
                    await store.close()
            finally:
                for process in self._processes:
                    await asyncio.to_thread(process.stop)
        await self._take_account()

    async def _start(self) -> None:
        for process in self._processes:
            process.start()
        for process in self._processes:
            await asyncio.to_thread(process.wait_until_ready)

    async def _let_time_pass(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            self._network.clock.advance(0.5 * (self._faster - 1))

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(self._random.expovariate(1 / self._told.kill_every))
            self._reaper.kill_any()

    async def _load(self) -> None:
        present = children_of(self._network, min(MOST_CHILDREN, max(50, self._told.exchanges)))
        absent = children_of(self._network, ABSENT_CHILDREN, apart=len(present))
        self._draw(f"loading {len(present):,} children")
        await self._systems.load(present)
        await self._until("every service knows what was loaded", self._is_told)
        self._children = self._drawn_from(present, absent)

    def _drawn_from(
        self, present: Sequence[SyntheticStudent], absent: Sequence[SyntheticStudent]
    ) -> Iterator[tuple[SyntheticStudent, bool]]:
        """One after the other; a child comes again only when every other one was asked for."""
        at = 0
        while True:
            if self._random.random() < ABSENT:
                yield self._random.choice(absent), False
            else:
                yield present[at % len(present)], True
                at += 1

    async def _is_told(self) -> bool:
        return not any([await store.waiting() for store in self._stores.values()])

    async def _ask(self) -> None:
        changes: list[Callable[[], Awaitable[None]]] = [
            self._operator.exchange_signing,
            self._operator.key_encryption,
            self._operator.peer_clients,
            self._operator.log_keys,
            self._operator.encryption_epoch,
        ]
        every, asked, due = self._told.exchanges, 0, len(changes)
        while asked < every:
            group: Children = list(islice(self._children, min(every - asked, self._random.randint(3, self._told.most_together))))
            together = self._random.random() < TOGETHER
            await (self._systems.ask_together(group) if together else self._systems.ask_one_by_one(group))
            asked += len(group)
            await self._until("enough is done", lambda: self._is_below(self._told.most_under_way))
            if due and asked * (len(changes) + 1) >= every * (len(changes) - due + 1):
                await changes[len(changes) - due]()  # while much is under way
                due -= 1

    async def _is_below(self, most: int) -> bool:
        """Whether fewer are under way."""
        states = await self._stores["birch"].counts(ExchangeRequestRow)
        return len(self._systems.asked) - self._done(states) < most

    def _done(self, states: dict[str, int]) -> int:
        done = sum(states.get(one, 0) for one in (Asked.APPLIED, Asked.NOT_PROVIDED, Asked.EXPIRED, Asked.REJECTED, Asked.REFUSED))
        if time.monotonic() > self._drawn + DRAWN_EVERY_SECONDS:
            self._drawn = time.monotonic()
            self._draw(self._progress(done))
        return done

    def _progress(self, done: int) -> str:
        share = min(1.0, done / max(1, self._told.exchanges))
        bar = "#" * int(BAR * share) + "." * (BAR - int(BAR * share))
        seen = self._weather.counts
        return (
            f"{time.monotonic() - self._began:5.0f} s [{bar}] {2 * done:,} of {self._told.messages:,}; lost {seen['lost']:,}, "
            f"answer lost {seen['unanswered']:,}, repeated {seen['repeated']:,}, late {seen['late']:,}; {len(self._reaper.killed)} killed"
        )

    async def _end(self) -> None:
        """Calm; everything that waits for another attempt comes to it; then so much time passes that every request is over."""
        self._weather.climate, self._faster = CALM, FASTEST
        await self._until("every answer is received", self._is_delivered)
        self._network.clock.advance(FIFTEEN_DAYS)
        await self._until("every request is over", self._is_over)
        await self._until("everything is told", self._is_told)
        await asyncio.sleep(2)  # the last checkpoint

    async def _is_delivered(self) -> bool:
        """Of each request: some have more than one answer, where a key had gone or a decision had fallen."""
        answered = self._done(await self._stores["birch"].counts(ExchangeRequestRow)) >= len(self._systems.asked)
        sent = await self._stores["alder"].counts(OutgoingEnvelopeRow)
        return answered and all(is_final(Outgoing(state)) for state in sent)

    async def _is_over(self) -> bool:
        asked = await self._stores["birch"].counts(ExchangeRequestRow)
        requests = await self._stores["alder"].counts(PeerRequestRow)
        return all(is_final(Asked(state)) for state in asked) and not {"accepted", "waiting"} & set(requests)

    async def _until(self, what: str, is_so: Callable[[], Awaitable[bool]]) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not await is_so():
            if time.monotonic() > until:
                found = {name: await store.counts(row) for name, store, row in self._tables()}
                raise DoesNotBalance(f"it never came that {what}: {found}")
            await asyncio.sleep(0.4)

    def _tables(self) -> list[tuple[str, Store, type]]:
        alder, birch = self._stores["alder"], self._stores["birch"]
        return [("asked", birch, ExchangeRequestRow), ("requests", alder, PeerRequestRow), ("sent", alder, OutgoingEnvelopeRow)]

    async def _take_account(self) -> None:
        if self._weather.otherwise:
            raise DoesNotBalance(f"{len(self._weather.otherwise)} messages were answered by other bytes when they came again")
        nodes = self._network.nodes
        alder, birch = await holding_of_holder(nodes["alder"]), await holding_of_requester(nodes["birch"])
        balance = account(self._systems.asked, alder, birch, self._weather.crossed)
        reports = {name: await verified(self._network, name) for name in self._network.nodes}
        seen = self._weather.counts
        self._lines = [
            f"{balance.exchanges:,} exchanges: {balance.applied:,} records, each applied once; {balance.nothing_provided:,} with nothing",
            f"{balance.crossed:,} envelopes crossed, each with its entry; {balance.envelopes:,} with both nodes, the same receipts",
            f"handed over: {seen['request']:,} requests, {seen['envelope']:,} envelopes, {seen['receipt']:,} receipts of filing",
            f"of these lost {seen['lost']:,}, answer lost {seen['unanswered']:,}, repeated {seen['repeated']:,}, late {seen['late']:,}",
            f"killed {len(self._reaper.killed)} times: {', '.join(sorted(set(self._reaper.killed)))}",
            f"keys changed meanwhile: {', '.join(self._operator.done)}",
            *(f"{name}'s log verifies offline: {_said(report)}" for name, report in reports.items()),
        ]

    def summary(self) -> list[str]:
        """What came of it."""
        return self._lines


def _said(report: StoreReport) -> str:
    return f"{report.log.size:,} entries, {report.log.checkpoints:,} checkpoints, {report.opened:,} opened as committed"
