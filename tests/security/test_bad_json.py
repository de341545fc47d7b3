"""At every operation that takes JSON: what is too deep, not a number, said twice or no JSON is refused, and fails nothing."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.requests import InvalidRequest
from shared.json_bodies import require_members_once
from tests.conftest import StandingClock
from tests.isolation.coverage import document, operations, route_of
from tests.isolation.two_districts import Request, TwoDistricts, meet_everybody, two_districts

DEEP = 20_000
BODIES = {
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "not a number": b'{"a":NaN}',
    "infinity": b"-Infinity",
    "a number beyond any": b"1e999999",
    "a member twice": b'{"a":1,"a":2}',
    "half a surrogate": b'{"a":"\\ud800"}',
    "not UTF-8": b'{"a":"\xff"}',
    "nothing": b" ",
    "a long number": b"1" * 5_000,
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def two(tmp_path_factory: pytest.TempPathFactory, node_keys: Path) -> AsyncIterator[TwoDistricts]:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    async with two_districts(tmp_path_factory.mktemp("node"), node_keys, clock) as opened:
        await meet_everybody(opened)
        yield opened


def of_json() -> list[str]:
    """Operations of clients with a body of JSON."""
    return [one for one in operations() if route_of(one).accepts == "clients" and "application/json" in route_of(one).media_types]


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-json")
async def test_json_that_is_none_or_means_two_things_is_refused_at_every_operation(two: TwoDistricts) -> None:
    seen = Counter[int]()
    for operation in of_json():
        method, path = operations()[operation]
        place = path
        for parameter in [part for part in path.split("/") if part.startswith("{")]:
            place = place.replace(parameter, "019a0000-0000-7000-8000-000000000000")
        scopes = route_of(operation).scopes
        by = next(one for one in (*two.owners.values(), *two.strangers.values()) if any(held & scopes for held in one.scopes))
        for name, body in BODIES.items():
            request = Request(method, place, (), body, headers=(("content-type", "application/json"),))
            answer = await two.ask(by, scopes, request)
            seen[answer.status] += 1
            assert 400 <= answer.status < 500, (operation, name, answer.status, answer.body[:200])
            assert answer.headers["content-type"] == "application/problem+json", (operation, name)
            assert not any(sent in answer.body for sent in (b"[[[[", b"NaN", b"Infinity")), answer.body
    assert seen.keys() <= {400, 403, 404, 409, 413, 422}, seen
    assert len(of_json()) > 80
    assert document()["openapi"] == "3.1.0"


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-json")
async def test_a_member_that_comes_twice_is_refused_where_the_rest_is_right(two: TwoDistricts) -> None:
    path, scopes = "/v1/log/searches", route_of("audit.search_log").scopes
    for body, status in (
        (b'{"classes":["match"]}', 200),
        (b'{"classes":["match"],"classes":["read"]}', 422),
        (b'{"classes":["match"],"clas\\u0073es":["read"]}', 422),
        (b'{"classes":[],"client_ids":[{"a":1,"a":2}]}', 422),
    ):
        request = Request("POST", path, (), body, headers=(("content-type", "application/json"),))
        answer = await two.ask(two.owners["state"], scopes, request)
        assert answer.status == status, (body, answer.body)
        if status == 422 and b"client_ids" not in body:
            assert answer.json["detail"] == "a member of an object comes twice"


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_whatever_is_said_once_passes(value: object) -> None:
    require_members_once(json.dumps(value).encode())


@given(st.dictionaries(st.text(), st.integers(), min_size=1), st.data())
def test_whatever_is_said_twice_does_not(value: dict[str, int], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(sorted(value)))
    text = json.dumps(value)[:-1] + f", {json.dumps(again)}: 7}}"
    with pytest.raises(InvalidRequest):
        require_members_once(f'[{{"inner": {text}}}]'.encode())
