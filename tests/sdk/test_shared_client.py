"""One client for many tasks and threads: a token that is refused to one of them, answers that take long, and what a traceback shows."""

import pickle
from contextlib import suppress
from typing import Any
from uuid import UUID

import anyio
import httpx2
import pytest

from safepassage.client import BlockingClient, Client, calls
from safepassage.client.access import Access, PersonsGrant
from safepassage.client.call import Call
from safepassage.client.flow import Pause, Send, call_flow, token_flow
from safepassage.problems import REGISTRY, Problem, SuiteError, problem_from
from safepassage.problems.calls import NodeUnreachable
from safepassage.problems.people import PersonNotRecentlySeen
from safepassage.problems.quotas import QuotaSpent
from safepassage.problems.requests import NotFound
from services.gateway.door.challenges import challenge
from tests.sdk.test_client import FILE, LOOKUP, Desk

pytestmark = pytest.mark.anyio


async def test_a_task_that_waits_for_its_next_attempt_goes_on_while_another_gets_a_new_token() -> None:
    desk, waits, renewed = Desk(), anyio.Event(), anyio.Event()

    async def pause(_: float) -> None:
        waits.set()
        await renewed.wait()

    async def between(request: httpx2.Request) -> httpx2.Response:
        if waits.is_set() and request.url.path == "/oauth/token":
            renewed.set()  # the one that waited goes on while there is no token
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
        return desk.node.answer(request)

    async with Client(FILE, transport=httpx2.MockTransport(between), clock=desk.clock, pause=pause) as client:
        await client.lookup_students(LOOKUP)
        desk.node.faults.append("unavailable")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.lookup_students, LOOKUP)
            await waits.wait()
            desk.node.faults.append("token-revoked")
            tasks.start_soon(client.lookup_students, LOOKUP)
    assert desk.tokens_asked() == 2


async def test_a_refusal_that_comes_late_does_not_throw_away_the_token_that_came_after_it() -> None:
    desk, late, renewed = Desk(), anyio.Event(), anyio.Event()

    async def between(request: httpx2.Request) -> httpx2.Response:
        answer = desk.node.answer(request)
        if answer.status_code == 401 and not late.is_set():
            late.set()
            await renewed.wait()
        return answer

    async with Client(FILE, transport=httpx2.MockTransport(between), clock=desk.clock) as client:
        await client.lookup_students(LOOKUP)
        desk.node.tokens.clear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.lookup_students, LOOKUP)
            await late.wait()
            await client.lookup_students(LOOKUP)
            renewed.set()
    assert desk.tokens_asked() == 2


async def test_a_task_that_is_cancelled_while_it_gets_a_token_leaves_the_client_to_the_others() -> None:
    desk, stuck = Desk(), anyio.Event()

    async def between(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/oauth/token" and not stuck.is_set():
            stuck.set()
            await anyio.sleep_forever()
        return desk.node.answer(request)

    async with Client(FILE, transport=httpx2.MockTransport(between), clock=desk.clock) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.lookup_students, LOOKUP)
            await stuck.wait()
            tasks.cancel_scope.cancel()
        assert (await client.lookup_students(LOOKUP)).students


@pytest.mark.parametrize(
    ("call", "read"), [(calls.lookup_students(LOOKUP), 45.0), (calls.load_roster(b"", "application/zip"), 135.0)], ids=["most", "a-roster"]
)
def test_an_answer_is_waited_for_a_little_longer_than_a_node_may_take(call: Call[Any], read: float) -> None:
    desk, waited = Desk(), list[dict[str, float]]()

    def between(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.startswith("/v1/"):
            waited.append(request.extensions["timeout"])
        return desk.node.answer(request)

    for timeout in (None, httpx2.Timeout(3.0)):
        client = BlockingClient(FILE, transport=httpx2.MockTransport(between), clock=desk.clock, timeout=timeout)
        with client, suppress(NotFound):  # the node in memory has no rosters
            client.run(call)
    assert [one["read"] for one in waited] == [read, 3.0]
    assert waited[0]["connect"] == 5.0


def test_no_token_no_assertion_and_no_child_is_in_what_a_traceback_shows() -> None:
    desk = Desk()
    access = Access.of(FILE)
    flow = token_flow(access, desk.clock, lambda: 0.0)
    outcome: Any = None
    shown = list[str]()
    try:
        while True:
            step = flow.send(outcome)
            shown.append(repr(step))
            assert isinstance(step, Send)
            outcome = desk.node.answer(httpx2.Request(step.method, FILE.issuer + step.path, headers=step.headers, content=step.content))
    except StopIteration as end:
        token = end.value
    call = calls.lookup_students(LOOKUP)
    asking = call_flow(call, access, desk.clock, lambda: 0.0)
    next(asking)
    shown += [repr(asking.send(token)), repr(access), repr(call)]
    assert LOOKUP.last_name in (call.body or b"").decode()
    for secret in (token, "client_assertion=", LOOKUP.last_name):
        assert [one for one in shown if secret in one] == []


def test_every_error_goes_from_process_to_process_as_it_is() -> None:
    for kind in REGISTRY.values():
        error = kind("a detail")
        error.retry_after_seconds = 7
        back = pickle.loads(pickle.dumps(error))  # noqa: S301 our own
        assert (type(back), str(back), vars(back)) == (kind, str(error), vars(error))


def refusing(error: SuiteError, **fields: str) -> BlockingClient:
    """A client whose node refuses everything but tokens."""
    desk, body = Desk(), error.as_problem("r-1").model_dump_json().encode()

    def between(request: httpx2.Request) -> httpx2.Response:
        if not request.url.path.startswith("/v1/"):
            return desk.node.answer(request)
        headers = {"content-type": "application/problem+json", **{name.replace("_", "-"): value for name, value in fields.items()}}
        return httpx2.Response(error.status, headers=headers, content=body)

    return BlockingClient(FILE, transport=httpx2.MockTransport(between), clock=desk.clock, pause=desk.pauses.append)


def test_who_has_to_sign_in_again_is_told_how_recently_and_how_strongly() -> None:
    wanted = PersonNotRecentlySeen(max_age_seconds=300, acr_values=("urn:strong", "phrh"))
    said = challenge(wanted, issuer=FILE.issuer)
    with pytest.raises(PersonNotRecentlySeen) as refused:
        refusing(wanted, www_authenticate=said).lookup_students(LOOKUP)
    assert (refused.value.max_age_seconds, refused.value.acr_values) == (300, ("urn:strong", "phrh"))
    for nothing in ("", 'DPoP algs="EdDSA", max_age=x, acr_values=y', f'DPoP max_age="{"9" * 40}"'):
        with pytest.raises(PersonNotRecentlySeen) as refused:
            refusing(wanted, www_authenticate=nothing).lookup_students(LOOKUP)
        assert (refused.value.max_age_seconds, refused.value.acr_values) == (0, ())


def test_a_quota_that_is_spent_is_told_as_it_is() -> None:
    spent = QuotaSpent(quota="client-day", limit=500, retry_after_seconds=3600)
    policy = '"client-day";q=500;w=86400'
    with pytest.raises(QuotaSpent, match=r"^500 requests a day: client-day$") as refused:
        refusing(spent, ratelimit_policy=policy, retry_after="3600").lookup_students(LOOKUP)
    assert (refused.value.quota, refused.value.limit, refused.value.retry_after_seconds) == ("client-day", 500, 3600)


def test_what_every_error_says_is_what_was_sent() -> None:
    for kind in REGISTRY.values():
        for detail in (None, "a detail"):
            sent = Problem.model_validate_json(kind(detail).as_problem("r-1").model_dump_json())
            assert str(problem_from(sent)) == str(kind(detail)) == (detail or kind.title)


@pytest.mark.parametrize(
    ("lost", "refresh_token", "again"),
    [
        (httpx2.ReadError("cut"), None, False),
        (httpx2.ReadTimeout("silence"), None, False),
        (httpx2.ConnectError("refused"), None, True),
        (httpx2.PoolTimeout("busy"), None, True),
        (httpx2.ReadError("cut"), "first", True),
    ],
    ids=["code-cut", "code-silence", "code-never-sent", "code-never-begun", "refresh-token"],
)
def test_a_persons_code_whose_answer_was_lost_is_not_sent_again(lost: Any, refresh_token: str | None, again: bool) -> None:
    """The node ends all that came of a code that comes twice: somebody copied it. Of a refresh token it gives the answer once more."""
    access = Access.of(FILE)
    access.token_path = "/oauth/token"
    access.act_for(PersonsGrant("code", "https://app.example/callback", "verifier", refresh_token))
    flow = token_flow(access, Desk().clock, lambda: 0.0)
    assert isinstance(next(flow), Send)
    if not again:
        with pytest.raises(NodeUnreachable):
            flow.send(lost)
        return
    assert isinstance(flow.send(lost), Pause)
    assert isinstance(next(flow), Send)


def test_what_makes_something_that_is_told_once_is_made_again_where_nothing_can_have_arrived() -> None:
    desk, attempts = Desk(), 0

    def between(request: httpx2.Request) -> httpx2.Response:
        nonlocal attempts
        if not request.url.path.startswith("/v1/"):
            return desk.node.answer(request)
        attempts += 1
        raise httpx2.ConnectError("refused") if attempts < 3 else httpx2.ReadError("cut")

    client = BlockingClient(FILE, transport=httpx2.MockTransport(between), clock=desk.clock, pause=desk.pauses.append)
    with client, pytest.raises(NodeUnreachable):
        client.make_client_secret(UUID(int=1))
    assert attempts == 3, "twice there was no connection; the third time it may have been made"
