"""Processes that prepare beside the service: they make what the service makes itself, each event once, at a time that never goes back."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.canonical import digest_of, from_base64url
from safepassage.leaf import parse_leaf
from safepassage.problems import Problem, SuiteError
from services.audit.batches import Batch, batch_of
from services.audit.group_commit import Submission
from services.audit.heads import Head
from services.audit.preparers import Preparers, PreparingProcess
from services.audit.sealed_ahead import SealedAhead
from services.audit.verification import verify_store
from shared.contracts.audit import AppendRequest, Context
from tests.audit.audit_node import OAK, disclosure, event, running, settings_of
from tests.audit.beside import JUDGING, SENDER, YEAR, Beside, large, numbered
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def process() -> Iterator[PreparingProcess]:
    one = PreparingProcess(JUDGING)
    yield one
    one.stop()


# What is made

members = st.sampled_from(
    ("events", "class", "key", "subjects", "actor", "context", "v", "digests", "policy_hash", "decision_token", "more")
)
values: st.SearchStrategy[object] = st.one_of(
    st.none(),
    st.just([]),
    st.just({}),
    st.integers(-1, 2),
    st.text(max_size=5),
    st.sampled_from(("match", "disclosure", "search", str(OAK), [str(OAK)] * 2)),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Requests of one to six events; about half of them with something wrong in one of them, or cut off."""
    events = [
        event(
            draw(st.sampled_from(("match", "request", "load"))),
            key=draw(st.from_regex(r"[A-Za-z0-9._:-]{1,40}", fullmatch=True)),
            student=draw(st.none() | st.uuids()),
            threat=draw(st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)),
            elements=draw(st.sampled_from(((), ("identity.name",)))),
            exchange_id=draw(st.none() | st.uuids()),
        )
        for _ in range(draw(st.integers(1, 6)))
    ]
    body = AppendRequest(events=tuple(events)).model_dump(mode="json", by_alias=True, exclude_none=True)
    if draw(st.booleans()):
        draw(st.sampled_from(body["events"]))[draw(members)] = draw(values)
    written = json.dumps(body).encode()
    return written[: draw(st.integers(0, len(written)))] if draw(st.integers(0, 9)) == 0 else written


def made(prepare: Callable[[], Batch]) -> object:
    """What is made of a request, or how it is refused."""
    try:
        batch = prepare()
    except SuiteError as refused:
        return refused.as_problem().model_dump_json()
    steps = [(step.first, step.outlines, list(step.drafts()), step.sealed) for step in batch.steps]
    return batch._replace(ahead=list(batch.ahead), steps=steps)


@given(bodies())
@settings(max_examples=100)
def test_a_process_makes_of_every_request_what_the_service_makes_of_it(process: PreparingProcess, body: bytes) -> None:
    async def no_terms(_: Iterable[str]) -> None:
        return None

    async def prepared() -> Batch:
        preparers = Preparers(0, JUDGING, no_terms)
        preparers.processes.append(process)
        preparers._free.put_nowait(process)
        return await preparers.batch_of(large(body), SENDER)

    assert made(lambda: asyncio.run(prepared())) == made(lambda: batch_of(large(body), SENDER))


async def test_events_keep_their_order_and_each_its_own_leaf_and_seals(beside: Beside) -> None:
    events = numbered(600)
    appended = await beside.append(*events)
    assert [one.index for one in appended] == list(range(600))
    assert [parse_leaf(from_base64url(one.entry)).digests.ct for one in appended] == [one.digests.ct for one in events]
    entries = await beside.entries(512)
    assert [(one.facts.reason, one.facts.custodians, one.subjects, one.is_open) for one in entries] == [
        (f"n-{n}", (str(OAK),), 1, True) for n in range(512)
    ]


async def test_an_ahead_entry_is_proven_and_a_page_of_many_students_is_one_entry(beside: Beside) -> None:
    students = tuple(uuid4() for _ in range(40))
    page = event("request", student=students[0]).model_copy(update={"subjects": students})
    proven, other = await beside.append(page, event("request"))
    assert (beside.node.verified(proven).size, beside.node.verified(other).size) == (2, 2)
    assert [one.subjects for one in await beside.entries(2)] == [40, 0]


async def test_a_decision_is_asked_for_and_looked_at_beside_too(beside: Beside, clock: StandingClock) -> None:
    student = uuid4()
    permitted = disclosure(beside.node, student)
    (appended,) = await beside.append(permitted)
    assert parse_leaf(from_base64url(appended.entry)).digests.decision == digest_of((permitted.decision_token or "").encode())
    wider = permitted.model_copy(update={"key": "wider", "context": permitted.context.model_copy(update={"elements": ("health.alerts",)})})
    for refused in (
        wider,
        wider.model_copy(update={"decision_token": None}),
        event("search"),
        wider.model_copy(update={"decision_token": "a.b.c"}),
    ):
        status, body = await beside.try_append(event(), refused)
        alone = await beside.node.try_append(event(), refused)
        assert (status, Problem.model_validate_json(body).code) == (alone.status, Problem.model_validate_json(alone.body).code)
        assert status in (400, 401, 403, 422)
    clock.advance(minutes=10)
    (again,) = await beside.append(permitted)
    assert (again.index, again.duplicate) == (appended.index, True)
    status, body = await beside.try_append(permitted.model_copy(update={"key": "another"}))
    assert Problem.model_validate_json(body).code == "message-expired"
    assert await beside.size() == 1


# Once each


@pytest.mark.requirement("LOG-I5")
async def test_an_event_is_one_entry_whichever_way_it_comes(beside: Beside, store_url: str, node_keys: Path, clock: StandingClock) -> None:
    events = numbered(300)
    async with running(store_url, node_keys, clock) as alone:
        here = (await alone.append(*events[:10])).entries
    there = await beside.append(*events)
    assert [(one.index, one.duplicate) for one in there] == [(n, n < 10) for n in range(300)]
    assert [one.entry for one in there[:10]] == [one.entry for one in here]
    async with running(store_url, node_keys, clock) as alone:
        again = (await alone.append(*events)).entries
    assert [(one.index, one.duplicate, one.entry) for one in again] == [(n, True, one.entry) for n, one in enumerate(there)]
    assert await beside.size() == 300


async def test_a_reused_key_is_named_by_its_place_in_the_request_whichever_way_it_comes(
    beside: Beside, store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    events = numbered(280)
    await beside.node.append(events[270])
    events[270] = events[270].model_copy(update={"context": Context(operation="other")})
    status, body = await beside.try_append(*events)
    async with running(store_url, node_keys, clock) as alone:
        here = await alone.try_append(*events)
    for refused in (Problem.model_validate_json(body), Problem.model_validate_json(here.body)):
        assert (status, refused.code, refused.field) == (409, "event-key-reused", "events.270.key")
    assert await beside.size() == 1 + 256  # the step before the one with the reused key


# Time


@pytest.mark.requirement("LOG-I10")
@pytest.mark.parametrize(("seconds", "logged_later"), [(0, 0), (1, 0), (2, 2), (60, 60), (-5, 0)])
async def test_what_was_sealed_ahead_is_logged_at_its_time_or_sealed_again(
    beside: Beside, clock: StandingClock, seconds: int, logged_later: int
) -> None:
    """A second is what the clock's whole seconds allow; and time never goes back behind the log's."""

    async def pass_by() -> None:
        clock.advance(seconds=seconds)

    began = int(clock().timestamp())
    beside.before_sealing(pass_by)
    (appended,) = await beside.append(event("match", student=uuid4()))
    assert parse_leaf(from_base64url(appended.entry)).t == began + logged_later
    assert [one.is_open for one in await beside.entries(1)] == [True]


@pytest.mark.requirement("LOG-I10")
async def test_what_waited_in_several_steps_is_read_again_each_step_with_its_own_events(beside: Beside, clock: StandingClock) -> None:
    pages = [one.model_copy(update={"subjects": tuple(uuid4() for _ in range(450)), "custodians": (OAK,) * 450}) for one in numbered(10)]

    async def pass_by() -> None:
        clock.advance(minutes=1)

    beside.before_sealing(pass_by)
    appended = await beside.append(*pages)
    assert [parse_leaf(from_base64url(one.entry)).digests.ct for one in appended] == [one.digests.ct for one in pages]
    assert {parse_leaf(from_base64url(one.entry)).t for one in appended} == {int(clock().timestamp())}
    assert [(one.facts.reason, one.subjects, one.is_open) for one in await beside.entries(1)] == [("n-0", 450, True)]


@pytest.mark.requirement("LOG-I10")
async def test_what_another_entry_has_overtaken_is_sealed_again(beside: Beside, clock: StandingClock) -> None:
    async def overtake() -> None:
        clock.advance(seconds=1)
        await beside.node.append(event("match", reason="overtook"))

    beside.before_sealing(overtake)
    appended = await beside.append(*numbered(3))
    assert [one.index for one in appended] == [1, 2, 3]
    assert {parse_leaf(from_base64url(one.entry)).t for one in appended} == {int(clock().timestamp())}
    assert [(one.facts.reason, one.is_open) for one in await beside.entries(4)] == [
        ("overtook", True), *[(f"n-{n}", True) for n in range(3)]
    ]  # fmt: skip


async def test_what_was_sealed_for_a_year_that_is_over_is_in_the_next_years_log(
    store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    clock.instant = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)

    async def end_the_year() -> None:
        clock.advance(seconds=1)
        await beside.node.append(event("match"))

    async with running(store_url, node_keys, clock, preparing_processes=1) as node:
        beside = Beside(node)
        await node.append(event("match"))
        beside.before_sealing(end_the_year)
        (appended,) = await beside.append(event("request"))
        assert beside.node.verified(appended).origin.endswith("/2027")
    assert [report.log.size for report in await verify_store(settings_of(store_url, node_keys))] == [1, 3]


def test_what_was_sealed_for_another_log_does_not_fit() -> None:
    head = Head(YEAR, "alder.example/log/2026", "", 5, 0, edges=((),))
    assert [
        Submission((), tuple, sealed=SealedAhead(origin, 5, ())).fits(head, 5) for origin in (head.origin, "alder.example/log/2027")
    ] == [
        True,
        False,
    ]


async def test_nothing_is_sealed_ahead_where_another_process_has_appended_and_nothing_is_lost(
    beside: Beside, store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, node_keys, clock) as other:
        await beside.append(event())
        assert await beside.preparers._terms({str(uuid4())}) is not None
        await other.append(event())
        assert await beside.preparers._terms({str(uuid4())}) is None
        assert [one.index for one in await beside.append(*numbered(3))] == [2, 3, 4]
    assert [one.is_open for one in await beside.entries(5)] == [True] * 5


async def test_what_works_behind_the_log_gives_way_from_the_moment_that_a_request_is_prepared(beside: Beside) -> None:
    busy = []

    async def look() -> None:
        busy.append(beside.node.sequencer.is_busy)

    beside.before_sealing(look)
    await beside.append(event())
    assert [*busy, beside.node.sequencer.is_busy] == [True, False]
