"""The rate of a client, and of all of an organisation, over several processes of one store: one rate, whichever of them is asked."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import mean
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.requests import TooManyRequests
from services.gateway.door import limits
from services.gateway.door.allowances import Allowances
from services.gateway.door.limits import RateLimit
from services.gateway.door.quotas import QuotaName, Quotas
from shared.clock import system_clock
from tests.gateway.by_hand import Party
from tests.gateway.processes import GatewayProcess, gateways
from tests.stores import at_head

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
START = NOON.timestamp()
MANY: dict[QuotaName, int] = dict.fromkeys(("client-day", "client-bulk", "organisation-day", "organisation-bulk"), 2**40)
ZONE = ZoneInfo("UTC")
CLIENT, OTHER, AGENCY = UUID(int=1), UUID(int=2), UUID(int=9)
RATE, BURST = 100, 200
PAUSE_SECONDS = 0.01
"""Between two requests of whoever asks all the while: several times the rate still, and not all of both cores."""


class Store:
    """What processes sum up in."""

    def __init__(self) -> None:
        self.sums: Counter[tuple[UUID, QuotaName, date]] = Counter()

    def sum_up(self, process: Allowances, now: float) -> None:
        self.sums.update(process.quotas.hand_over(now)[0])
        process.know(process.quotas.know(self.sums, {}, ZONE), now)

    def process(self, *, client: RateLimit | None = None, organisation: RateLimit | None = None) -> Allowances:
        """One that starts now."""
        wide = RateLimit("wide", per_second=100_000, burst=1_000_000)
        made = Allowances(client or wide, organisation or wide, Quotas(MANY, ZONE, NOON))
        made.quotas.know(self.sums, {}, ZONE)
        return made


def passes(process: Allowances, now: float, client: UUID = CLIENT) -> bool:
    return process.take(str(client), AGENCY, bulk=False, now=now)[1] is None


def let_through(count: int, demand: Callable[[int, float], float], seconds: int, seed: int) -> list[int]:
    """How many of one client's requests in each second; `demand(process, at)`: how many come to it a second."""
    dice, store = random.Random(seed), Store()
    processes = [store.process(client=RateLimit("client", per_second=RATE, burst=BURST)) for _ in range(count)]
    sums_up, waiting, passed = [dice.random() for _ in processes], [0.0] * count, [0] * seconds
    for step in range(seconds * 200):
        at = step / 200
        for number, process in enumerate(processes):
            if at >= sums_up[number]:
                store.sum_up(process, START + at)
                sums_up[number] = at + dice.uniform(1.0, 1.1)
            waiting[number] += demand(number, at) / 200
            while waiting[number] >= 1:
                waiting[number] -= 1
                passed[int(at)] += passes(process, START + at)
    return passed


@pytest.mark.requirement("DOOR-rate")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("count", "demand"),
    [
        pytest.param(1, lambda _number, _at: 300, id="one"),
        pytest.param(2, lambda _number, _at: 300, id="two"),
        pytest.param(2, lambda number, _at: (400, 20)[number], id="one more than the other"),
        pytest.param(2, lambda number, at: 300 if number == 0 or at > 15 else 0, id="a second one later"),
        pytest.param(2, lambda number, at: 300 if int(at / 5) % 2 == number else 0, id="now one and now the other"),
        pytest.param(4, lambda _number, _at: 300, id="four"),
        pytest.param(8, lambda _number, _at: 150, id="eight"),
    ],
)
def test_over_a_minute_the_rate_is_exact_to_five_percent_at_up_to_four_processes_and_to_ten_at_eight(
    count: int, demand: Callable[[int, float], float], seed: int
) -> None:
    passed = let_through(count, demand, 60, seed)
    assert sum(passed) == pytest.approx(BURST + 60 * RATE, rel=0.05 if count <= 4 else 0.1)
    assert sum(passed[:2]) <= count * (BURST + RATE) + RATE, "at once no more than each has until it knows of the others"


def test_two_processes_share_the_rate_evenly_and_no_second_has_much_more_than_another() -> None:
    passed = let_through(2, lambda _number, _at: 300, 30, 0)
    assert max(passed[15:]) <= 1.15 * RATE
    assert min(passed[15:]) >= 0.85 * RATE


def test_who_stays_below_the_rate_is_never_refused() -> None:
    assert let_through(3, lambda _number, _at: 30, 20, 0) == pytest.approx([90] * 20, abs=3)


def test_of_a_process_that_dies_nothing_is_counted_a_second_later() -> None:
    passed = let_through(2, lambda number, at: 300 if number == 0 or at < 20 else 0, 40, 0)
    assert mean(passed[23:]) == pytest.approx(RATE, rel=0.02)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["take", "take", "take", "sum up"])), max_size=120))
@settings(max_examples=100, deadline=None)
def test_every_request_counts_once_at_every_process(steps: list[tuple[int, str]]) -> None:
    store = Store()
    processes = [store.process(client=RateLimit("client", per_second=1, burst=1000)) for _ in range(3)]
    passed = 0
    for number, step in steps:
        if step == "take":
            passed += passes(processes[number], START)
        else:
            store.sum_up(processes[number], START)
    for process in processes * 2:
        store.sum_up(process, START)
    for process in processes:
        assert process.client._due.get(str(CLIENT), START) - START == pytest.approx(passed)


def test_the_first_of_a_client_is_let_through_also_where_a_burst_is_one_and_others_are_counted_on() -> None:
    limit = RateLimit("client", per_second=1, burst=1)
    limit.know({"k": (1, 4)}, START)
    assert limit.take("k", START + 5).startswith(b'"client";r=0;')


@pytest.mark.parametrize(("elsewhere", "left"), [(4, 15), (40, 9), (10, 9)])
def test_what_is_left_is_what_is_let_through_also_where_others_are_counted_on(elsewhere: int, left: int) -> None:
    limit = RateLimit("client", per_second=1, burst=20)
    limit.know({"k": (elsewhere, elsewhere)}, START)
    told, passed = int(limit.take("k", START + 100).split(b";r=")[1].split(b";")[0]), 0
    assert told == left
    with pytest.raises(TooManyRequests):
        while limit.take("k", START + 100):
            passed += 1
    assert passed == told


def test_what_another_allowance_refuses_counts_nowhere_also_where_others_are_counted_on() -> None:
    store = Store()
    one, two = (store.process(client=RateLimit("client", per_second=1, burst=1000)) for _ in range(2))
    for _ in range(2):
        for process in (one, two):
            assert passes(process, START)
            store.sum_up(process, START)
    before = one.client._due[str(CLIENT)]
    assert one.client._shares[str(CLIENT)].others > 0
    one.client.take(str(CLIENT), START)
    one.client.give_back(str(CLIENT))
    assert one.client._due[str(CLIENT)] - START == pytest.approx(before - START)
    assert one.client._shares[str(CLIENT)].counted_on == 0


def test_all_clients_of_an_organisation_have_its_rate_over_all_processes() -> None:
    store = Store()
    one, two = (store.process(organisation=RateLimit("organisation", per_second=1, burst=100)) for _ in range(2))
    assert [passes(one, START, CLIENT) for _ in range(60)] == [True] * 60
    passed = []
    for _ in range(20):
        for process in (one, two):
            store.sum_up(process, START)
        passed.append([passes(two, START, OTHER) for _ in range(50)].count(True))
    assert sum(passed) == pytest.approx(40, abs=1)
    assert passed[0] >= 10, "a quarter, until it is known that no more came to the other one"


def test_who_came_a_little_elsewhere_may_still_come_here_at_once() -> None:
    store = Store()
    one, two = (store.process(client=RateLimit("client", per_second=100, burst=200)) for _ in range(2))
    assert [passes(one, START) for _ in range(10)] == [True] * 10
    for process in (one, two):
        store.sum_up(process, START)
    assert [passes(two, START + 1) for _ in range(200)].count(True) == 190


def test_a_process_that_starts_does_not_count_what_was_had_before_in_the_day() -> None:
    store = Store()
    one = store.process(client=RateLimit("client", per_second=1, burst=10))
    assert passes(one, START)
    for at in range(1, 20):
        store.sums[CLIENT, "client-day", NOON.date()] += 1
        store.sum_up(one, START + at)
    later = store.process(client=RateLimit("client", per_second=1, burst=10))
    store.sum_up(later, START + 20)
    assert [passes(later, START + 20) for _ in range(11)].count(True) == 10


def test_buckets_of_clients_elsewhere_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BUCKETS_KEPT", 10)
    limit = RateLimit("client", per_second=1, burst=5)
    for at in range(30):
        limit.know({str(number): (0, 100) for number in range(at, at + 20)}, START + at)
    assert len(limit._due) <= 10
    for at in range(30, 60):
        limit.know({}, START + at)
    assert not limit._shares


@pytest.mark.anyio
@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.requirement("DOOR-rate")
async def test_two_processes_of_one_store_let_a_client_have_its_rate_once_and_one_alone_has_it_all(
    postgres_place: str, node_keys: Path
) -> None:
    rate, about = 20, {"client_requests_per_second": 20, "client_burst": 40}
    await at_head("gateway", postgres_place)
    async with gateways(2, database_url=postgres_place, keys=node_keys, **about) as made:
        await made.start()
        party, (one, two) = await made.party("decisions:read"), made.processes
        token = await _token(one, party)
        begun = time.monotonic()
        first = await asyncio.gather(*(_ask_until(process, party, token, begun + 15) for process in (one, two)))
        assert sum(map(len, first)) == pytest.approx(40 + 15 * rate, rel=0.05)
        assert all(len(passed) > 15 * rate / 4 for passed in first)
        settled = [sum(begun + 8 <= at < begun + 15 for at in passed) for passed in first]
        assert sum(settled) == pytest.approx(7 * rate, rel=0.1)
        await two.end(signal.SIGKILL)
        died = time.monotonic()
        alone = await _ask_until(one, party, token, died + 10)
        assert sum(at >= died + 3 for at in alone) == pytest.approx(7 * rate, rel=0.1)


async def _token(process: GatewayProcess, party: Party) -> str:
    now = system_clock()
    answer = await process.token(party.form(now), party.proof(now, "POST", "/oauth/token"))
    return str(answer.json["access_token"])


async def _ask_until(process: GatewayProcess, party: Party, token: str, end: float) -> list[float]:
    """When requests were let through, of two that ask all the while."""
    passed: list[float] = []

    async def ask() -> None:
        while time.monotonic() < end:
            proof = party.proof(system_clock(), "GET", "/oauth/token_info", token=token)
            answer = await process.ask("GET", "/oauth/token_info", [("Authorization", f"DPoP {token}"), ("DPoP", proof)])
            if answer.status == 200:
                passed.append(time.monotonic())
            else:
                assert answer.status == 429, answer.body
            await asyncio.sleep(PAUSE_SECONDS)

    await asyncio.gather(ask(), ask())
    return passed
