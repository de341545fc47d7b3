"""The rate of another node, and of an address without a token, over several processes of one store: one rate, whichever is asked."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from safepassage.problems.requests import TooManyRequests
from services.gateway.door import rate_store
from services.gateway.door.limits import RateLimit
from services.gateway.door.rate_store import share
from services.gateway.door.shared_rates import SharedRate, SharedRates
from services.gateway.limit_settings import LimitSettings
from services.gateway.tables import RateUseRow
from shared.database import Database
from tests.conftest import StandingClock
from tests.gateway.processes import GatewayProcess, gateways
from tests.stores import at_head

KEY = b"k" * 32
START = datetime(2026, 10, 20, 12, tzinfo=UTC).timestamp()
BIRCH, ADDRESS = "https://birch.example", "192.0.2.7"
PAUSE_SECONDS = 0.01
"""Between two requests of whoever asks all the while: several times the rate still, and not all of both cores."""
LIMITS = LimitSettings(client_requests_per_second=1, client_burst=100, anonymous_requests_per_second=50, anonymous_burst=100)


def passes(rate: SharedRate, now: float, who: str = BIRCH) -> bool:
    try:
        rate.take(who, now)
    except TooManyRequests:
        return False
    return True


class Store:
    """What processes sum up in."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()

    def share(self, rate: SharedRate, now: float) -> None:
        told = rate.hand_over()
        self.sums.update(told)
        rate.added(told)
        rate.know(self.sums, now)

    def process(self, *, per_second: float = 1, burst: int = 1000, told_from: float = 1) -> SharedRate:
        made = SharedRate("peer", RateLimit("client", per_second=per_second, burst=burst), KEY, told_from=told_from)
        self.share(made, START)
        return made


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["take", "take", "take", "share", "fail"])), max_size=120))
@settings(max_examples=100, deadline=None)
def test_every_request_counts_once_at_every_process_also_where_the_store_was_away(steps: list[tuple[int, str]]) -> None:
    store = Store()
    processes, passed = [store.process() for _ in range(3)], 0
    for number, step in steps:
        if step == "take":
            passed += passes(processes[number], START)
        elif step == "share":
            store.share(processes[number], START)
        else:
            processes[number].take_back(processes[number].hand_over())
    for process in processes * 2:
        store.share(process, START)
    for process in processes:
        assert process.limit._due.get(process.holder(BIRCH), START) - START == pytest.approx(passed)


def test_over_half_a_minute_two_processes_let_an_address_have_its_rate_once() -> None:
    store = Store()
    processes = [store.process(per_second=100, burst=200, told_from=10) for _ in range(2)]
    passed = 0
    for step in range(30 * 100):
        for process in processes:
            passed += sum(passes(process, START + step / 100) for _ in range(3))
            if step % 100 == 99:
                store.share(process, START + step / 100)
    assert passed == pytest.approx(200 + 30 * 100, rel=0.05)


def test_who_comes_to_each_process_at_less_than_a_tenth_of_the_rate_is_told_of_to_nobody() -> None:
    store = Store()
    one, two = (store.process(per_second=100, burst=200, told_from=10) for _ in range(2))
    for _ in range(9):
        assert passes(one, START)
    store.share(one, START)
    assert not store.sums
    for _ in range(10):
        assert passes(two, START, ADDRESS)
    store.share(two, START)
    assert list(store.sums.values()) == [10]
    assert passes(two, START, ADDRESS)
    store.share(two, START)
    assert list(store.sums.values()) == [11], "who was told of is told of on"


def test_a_sum_that_was_forgotten_and_began_anew_counts_once() -> None:
    store = Store()
    one, two = store.process(), store.process()
    for _ in range(50):
        passes(one, START)
    store.share(one, START)
    store.share(two, START)
    store.sums.clear()
    for _ in range(5):
        passes(one, START)
    store.share(one, START)
    store.share(two, START)
    assert two.limit._due[two.holder(BIRCH)] - START == pytest.approx(55)


def test_a_process_that_starts_counts_none_of_what_was_before() -> None:
    store = Store()
    one = store.process(burst=10)
    for _ in range(10):
        assert passes(one, START)
    store.share(one, START)
    later = store.process(burst=10)
    assert [passes(later, START) for _ in range(11)].count(True) == 10


@asynccontextmanager
async def _at_head(url: str) -> AsyncIterator[Database]:
    await at_head("gateway", url)
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def _holds(database: Database, clock: StandingClock) -> None:
    """Two processes, and their store."""
    one, two = SharedRates(LIMITS, KEY), SharedRates(LIMITS, KEY)

    async def together() -> None:
        for rates in (one, two, one):
            await share(rates, database, clock)

    await together()
    now = clock().timestamp()
    assert [passes(one.peers, now) for _ in range(60)] == [True] * 60
    assert [passes(one.addresses, now, ADDRESS) for _ in range(60)] == [True] * 60
    assert [passes(one.addresses, now, "192.0.2.8") for _ in range(4)] == [True] * 4
    await together()
    async with database.reading() as tx:
        held = {row.holder: row.used for row in await tx.scalars(select(RateUseRow))}
    assert held == {one.peers.holder(BIRCH): 60, one.addresses.holder(ADDRESS): 60}
    assert not any(ADDRESS in holder or "birch" in holder for holder in held)
    assert set(two.peers.limit._due) == {two.peers.holder(BIRCH)}
    assert [passes(two.peers, now) for _ in range(60)].count(True) <= 40
    assert [passes(two.addresses, now, ADDRESS) for _ in range(60)].count(True) <= 40
    assert passes(two.addresses, now, "192.0.2.8")
    await together()
    async with database.reading() as tx:
        assert (await tx.get_one(RateUseRow, two.peers.holder(BIRCH))).used > 60
    clock.advance(minutes=2)
    passes(two.peers, clock().timestamp(), "https://cedar.example")
    await together()
    async with database.reading() as tx:
        assert [row.holder for row in await tx.scalars(select(RateUseRow))] == [two.peers.holder("https://cedar.example")]


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-rate")
async def test_nodes_and_addresses_have_one_rate_over_the_processes_of_an_sqlite_store(tmp_path: Path, clock: StandingClock) -> None:
    async with _at_head(f"sqlite+inline:///{tmp_path}/gateway.db") as database:
        await _holds(database, clock)


@pytest.mark.anyio
@pytest.mark.postgres
async def test_nodes_and_addresses_have_one_rate_over_the_processes_of_a_postgresql_store(
    postgres_place: str, clock: StandingClock
) -> None:
    async with _at_head(postgres_place) as database:
        await _holds(database, clock)


@pytest.mark.anyio
async def test_what_could_not_be_stored_is_shared_later(tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    async with _at_head(f"sqlite+inline:///{tmp_path}/gateway.db") as database:
        one, two = SharedRates(LIMITS, KEY), SharedRates(LIMITS, KEY)
        for rates in (one, two):
            await share(rates, database, clock)
        for _ in range(3):
            passes(one.peers, clock().timestamp())
        with monkeypatch.context() as fault:
            fault.setattr(rate_store, "add", _away)
            with pytest.raises(OperationalError):
                await share(one, database, clock)
        with monkeypatch.context() as fault:
            fault.setattr(rate_store, "_sums", _away)
            with pytest.raises(OperationalError):
                await share(one, database, clock)
        for rates in (one, two):
            await share(rates, database, clock)
        for rates in (one, two):
            due = rates.peers.limit._due[rates.peers.holder(BIRCH)]
            assert due - clock().timestamp() == pytest.approx(3)


def _away(*_: object, **__: object) -> None:
    raise OperationalError("", None, OSError("away"))


@pytest.mark.anyio
@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.requirement("DOOR-rate")
async def test_two_processes_of_one_store_let_an_address_have_its_rate_once_and_one_alone_has_it_all(
    postgres_place: str, node_keys: Path
) -> None:
    rate, burst = 40, 80
    about = {"anonymous_requests_per_second": rate, "anonymous_burst": burst}
    await at_head("gateway", postgres_place)
    async with gateways(2, database_url=postgres_place, keys=node_keys, **about) as made:
        await made.start()
        one, two = made.processes
        begun = time.monotonic()
        passed = await asyncio.gather(*(_ask_until(process, begun + 12) for process in (one, two)))
        assert sum(map(len, passed)) <= 2 * burst + 13 * rate
        settled = [sum(begun + 6 <= at < begun + 12 for at in some) for some in passed]
        assert sum(settled) == pytest.approx(6 * rate, rel=0.1)
        await two.end(signal.SIGKILL)
        died = time.monotonic()
        alone = await _ask_until(one, died + 8)
        assert sum(at >= died + 3 for at in alone) == pytest.approx(5 * rate, rel=0.1)


async def _ask_until(process: GatewayProcess, end: float) -> list[float]:
    """When requests were let through, of two that ask all the while."""
    passed: list[float] = []

    async def ask() -> None:
        while time.monotonic() < end:
            answer = await process.ask("GET", "/oauth/jwks", [])
            assert answer.status in (200, 429), answer.body
            if answer.status == 200:
                passed.append(time.monotonic())
            await asyncio.sleep(PAUSE_SECONDS)

    await asyncio.gather(ask(), ask())
    return passed
