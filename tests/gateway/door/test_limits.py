from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.requests import TooManyRequests
from services.gateway.door import limits
from services.gateway.door.limits import RateLimit
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask
from tests.gateway.house import House, open_house


def let_through(limit: RateLimit, times: list[float], key: str = "k") -> int:
    count = 0
    for now in times:
        try:
            limit.take(key, now)
        except TooManyRequests:
            continue
        count += 1
    return count


def test_a_burst_then_the_rate() -> None:
    limit = RateLimit("k", per_second=10, burst=5)
    assert let_through(limit, [100.0] * 20) == 5
    assert let_through(limit, [100.1]) == 1
    assert let_through(limit, [100.1]) == 0
    assert let_through(limit, [200.0] * 20) == 5


def test_the_rate_over_a_minute_is_exact_to_a_percent() -> None:
    limit = RateLimit("k", per_second=10, burst=5)
    assert abs(let_through(limit, [index / 100 for index in range(6000)]) - 605) <= 6


def test_retry_after_is_enough() -> None:
    limit = RateLimit("k", per_second=0.5, burst=1)
    limit.take("k", 0.0)
    with pytest.raises(TooManyRequests) as refused:
        limit.take("k", 0.1)
    assert refused.value.retry_after_seconds == 2
    limit.take("k", 0.1 + refused.value.retry_after_seconds)


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=200).map(sorted), st.integers(1, 20), st.floats(0.5, 50))
@settings(max_examples=100, deadline=None)
def test_never_more_than_burst_and_rate(times: list[float], burst: int, rate: float) -> None:
    passed = let_through(RateLimit("k", per_second=rate, burst=burst), times)
    span = times[-1] - times[0] if times else 0.0
    assert passed <= burst + span * rate + 1e-6
    assert passed >= min(len(times), 1)


def test_what_is_left_is_what_is_let_through() -> None:
    limit = RateLimit("client", per_second=2, burst=5)
    assert limit.policy == b'"client";q=5;w=3'
    told = [limit.take("k", 100.0) for _ in range(5)]
    assert told == [b'"client";r=%d;t=%d' % (left, seconds) for left, seconds in ((4, 1), (3, 1), (2, 2), (1, 2), (0, 3))]
    for now in (100.5, 101.6, 103.0, 200.0):
        remaining = int(limit.take("k", now).split(b";r=")[1].split(b";")[0])
        assert let_through(limit, [now] * 20) == remaining


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BUCKETS_KEPT", 10)
    limit = RateLimit("k", per_second=1, burst=1)
    for number in range(100):
        limit.take(str(number), 0.0)
    assert len(limit._due) <= 11


@pytest.mark.anyio
async def test_a_client_that_comes_too_often_is_told_when_to_come_again(
    tmp_path: object, node_keys: object, clock: StandingClock, empty_store: object
) -> None:
    few = {"client_requests_per_second": 1, "client_burst": 3, "anonymous_requests_per_second": 1, "anonymous_burst": 4}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **few) as house:  # type: ignore[arg-type]  # fixtures
        party = await house.sea_party("decisions:read")
        other = await house.sea_party("decisions:read")
        token, others = await house.token(party), await house.token(other)
        path = "/v1/decisions/019a0000-0000-7000-8000-000000000000"
        answers = [await house.call(party, token, "GET", path) for _ in range(5)]
        assert Counter(answer.status for answer in answers) == {200: 3, 429: 2}
        assert (answers[-1].code, answers[-1].headers["retry-after"]) == ("too-many-requests", "1")
        assert {answer.headers["ratelimit-policy"].split(", ")[0] for answer in answers} == {'"client";q=3;w=3'}
        told = [answer.headers["ratelimit"].split(", ")[0] for answer in answers]
        assert told == ['"client";r=2;t=1', '"client";r=1;t=2', '"client";r=0;t=3', '"client";r=0;t=1', '"client";r=0;t=1']
        assert (await house.call(other, others, "GET", path)).status == 200
        clock.advance(seconds=1)
        await house.app.state.standing.refresh()
        assert (await house.call(party, token, "GET", path)).status == 200
        await _strangers(house)


async def _strangers(house: House) -> None:
    """Of one network address: the fifth at once is one too many; another address is another stranger."""
    house.clock.advance(minutes=1)
    answers = [await ask(house.app, "GET", "/oauth/jwks", address="198.51.100.1") for _ in range(5)]
    assert Counter(answer.status for answer in answers) == {200: 4, 429: 1}
    assert [answer.headers["ratelimit"] for answer in answers[::4]] == ['"address";r=3;t=1', '"address";r=0;t=1']
    assert (await ask(house.app, "GET", "/oauth/jwks", address="198.51.100.2")).status == 200


@pytest.mark.anyio
async def test_all_clients_of_an_organisation_together_have_its_rate(
    tmp_path: object, node_keys: object, clock: StandingClock, empty_store: object
) -> None:
    few = {"organisation_requests_per_second": 1, "organisation_burst": 3}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **few) as house:  # type: ignore[arg-type]  # fixtures
        one, two = await house.sea_party("decisions:read"), await house.sea_party("decisions:read")
        other = await house.party(await house.organisation("vendor"), "records:read")
        tokens = [await house.token(party) for party in (one, two, other)]
        path = "/oauth/token_info"
        answers = [await house.call(party, token, "GET", path) for _ in range(2) for party, token in zip((one, two), tokens, strict=False)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert (answers[3].headers["ratelimit-policy"], answers[3].headers["ratelimit"]) == (
            '"organisation";q=3;w=3',
            '"organisation";r=0;t=1',
        )
        told = answers[0].headers["ratelimit"].split(", ")
        assert [one.partition(";")[0] for one in told] == ['"client"', '"organisation"', '"client-day"', '"organisation-day"']
        assert (await house.call(other, tokens[2], "GET", path)).status == 200
        left = int(answers[2].headers["ratelimit"].split(";r=")[1].split(";")[0])
        clock.advance(seconds=1)
        await house.app.state.standing.refresh()
        again = await house.call(one, tokens[0], "GET", path)
        assert again.status == 200
        assert int(again.headers["ratelimit"].split(";r=")[1].split(";")[0]) >= left, "what is refused uses up no client's own rate"
