"""Processes that prepare beside the service: they make what the service makes itself, and one that ends leaves nothing half done."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.canonical import digest_of, from_base64url
from safepassage.leaf import parse_leaf
from safepassage.problems import Problem, SuiteError
from safepassage.problems.requests import InternalFault
from services.audit.batches import Batch, Sender, batch_of
from services.audit.driver import Driver
from services.audit.index.reading import Indexed, read_piece
from services.audit.preparers import LARGE_BYTES, Preparers, PreparingProcess
from services.audit.preparing import Judging, Request
from services.audit.preparing_process import Preparing
from services.audit.sealed_ahead import SealingTerms
from services.audit.verification import verify_store
from shared.contracts.audit import Appended, AppendRequest, AppendResponse, Context, Digests, Event
from shared.internal_token import Principal
from tests.audit.audit_node import OAK, AuditNode, disclosure, event, running, settings_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
YEAR = NOON.year
RECORDS = Principal(service="records", caller=None, job="outbox")
JUDGING = Judging("https://alder.example", (), b"k" * 32)
SENDER = Sender(RECORDS, NOON, JUDGING.issuer, {}, JUDGING.digest_key)


def large(body: bytes) -> bytes:
    """The same request, as long as one that goes to a process."""
    return body + b" " * (LARGE_BYTES - len(body))


def body_of(*events: Event) -> bytes:
    return AppendRequest(events=events).model_dump_json(by_alias=True, exclude_none=True).encode()


def numbered(count: int, **more: object) -> list[Event]:
    """Events that are told apart by their leaves, and by what is sealed of them."""
    return [
        event("match", student=uuid4(), reason=f"n-{n}").model_copy(update={"digests": Digests(ct=digest_of(b"%d" % n)), **more})
        for n in range(count)
    ]


@dataclass
class Beside:
    """A service that has a process beside it."""

    node: AuditNode

    @property
    def preparers(self) -> Preparers:
        found: Preparers = self.node.app.state.preparers
        return found

    @property
    def process(self) -> PreparingProcess:
        (process,) = self.preparers.processes
        return process

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    async def try_append(self, *events: Event) -> tuple[int, bytes]:
        answer = await self.node.send("POST", "/internal/entries", self.node.as_job("records"), large(body_of(*events)))
        return answer.status, answer.body

    async def append(self, *events: Event) -> tuple[Appended, ...]:
        status, body = await self.try_append(*events)
        assert status == 200, body
        return AppendResponse.model_validate_json(body).entries

    async def size(self) -> int:
        return int((await self.node.database.read(lambda connection: Driver(connection).rows("SELECT sum(size) FROM tree_state")))[0][0])

    async def entries(self, count: int) -> list[Indexed]:
        """The first entries, as far as they open."""
        keys = self.node.app.state.keys
        return await self.node.database.read(lambda one: read_piece(Driver(one), keys, year=YEAR, start=0, end=count))

    def before_sealing(self, happen: Callable[[], Awaitable[object]]) -> None:
        """Have something happen once the drafts of the next request are there, and their entries are about to be sealed."""
        found, terms = self.preparers, self.preparers._terms

        async def later(students: Iterable[str]) -> SealingTerms | None:
            found._terms = terms
            sealed_with = await terms(students)
            await happen()
            return sealed_with

        found._terms = later


@pytest.fixture
async def beside(store_url: str, node_keys: Path, clock: StandingClock) -> AsyncIterator[Beside]:
    async with running(store_url, node_keys, clock, preparing_processes=1) as node:
        yield Beside(node)
    (report,) = await verify_store(settings_of(store_url, node_keys))
    assert report.log.newer == 0


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
    return batch._replace(ahead=list(batch.ahead), steps=list(batch.steps))


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
async def test_an_event_is_one_entry_whichever_way_it_comes(beside: Beside) -> None:
    events = numbered(300)
    here = (await beside.node.append(*events[:10])).entries
    there = await beside.append(*events)
    assert [(one.index, one.duplicate) for one in there] == [(n, n < 10) for n in range(300)]
    assert [one.entry for one in there[:10]] == [one.entry for one in here]
    again = (await beside.node.append(*events)).entries
    assert [(one.index, one.duplicate, one.entry) for one in again] == [(n, True, one.entry) for n, one in enumerate(there)]
    assert await beside.size() == 300


async def test_a_reused_key_is_named_by_its_place_in_the_request_whichever_way_it_comes(beside: Beside) -> None:
    events = numbered(280)
    await beside.node.append(events[270])
    events[270] = events[270].model_copy(update={"context": Context(operation="other")})
    status, body = await beside.try_append(*events)
    here = await beside.node.try_append(*events)
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


# Processes that end


@pytest.mark.requirement("LOG-I1", "LOG-I5")
async def test_a_process_that_is_killed_leaves_nothing_half_done_and_the_next_one_does_it(beside: Beside) -> None:
    events = numbered(300)

    async def kill() -> None:
        os.kill(beside.pid, signal.SIGKILL)

    os.kill(beside.pid, signal.SIGSTOP)
    first = asyncio.ensure_future(beside.try_append(*events))
    for _ in range(20):
        await asyncio.sleep(0)
    assert beside.preparers._free.empty()
    await kill()
    beside_first = await first
    beside.before_sealing(kill)
    beside_second = await beside.try_append(*events)
    for status, body in (beside_first, beside_second):
        refused = Problem.model_validate_json(body)
        assert (status, refused.code, refused.retry) == (503, "log-unavailable", "same-key")
    assert await beside.size() == 0
    assert [(one.index, one.duplicate) for one in await beside.append(*events)] == [(n, False) for n in range(300)]
    assert await beside.size() == 300


async def test_an_answer_that_nobody_waits_for_is_not_taken_for_the_next_ones(beside: Beside) -> None:
    os.kill(beside.pid, signal.SIGSTOP)
    given_up = asyncio.ensure_future(beside.try_append(*numbered(3)))
    for _ in range(20):
        await asyncio.sleep(0)
    assert beside.preparers._free.empty()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert [parse_leaf(from_base64url(one.entry)).digests.ct for one in await beside.append(*numbered(1))] == [digest_of(b"0")]
    assert await beside.size() == 1


async def test_a_signal_to_the_service_and_those_beside_it_is_the_services_own_affair(beside: Beside) -> None:
    await beside.append(event())
    pid = beside.pid
    for sent in (signal.SIGTERM, signal.SIGINT):
        os.kill(pid, sent)
    (appended,) = await beside.append(event())
    assert (appended.index, beside.pid) == (1, pid)


async def test_a_service_that_stops_leaves_no_process(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock, preparing_processes=2) as node:
        pids = [process.pid for process in node.app.state.preparers.processes]
        assert all(psutil.pid_exists(pid) for pid in pids)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_process_ends_with_the_service_that_was_killed() -> None:
    started = (
        "from services.audit.preparers import PreparingProcess as P; from services.audit.preparing import Judging; "
        "p = P(Judging('', (), b'')); p.start(); print(p.pid, flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", started], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        beside = psutil.Process(int(service.stdout.readline()))
        service.kill()
        beside.wait(30)


def test_a_fault_of_ours_beside_is_told_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    student = uuid4()
    preparing = Preparing(JUDGING)
    preparing.answer(Request(body_of(event(student=student)), RECORDS, NOON))
    with caplog.at_level(logging.DEBUG):
        answer = preparing.answer(SealingTerms("alder.example/log/2026", 0, 2027, None, {}))  # type: ignore[arg-type]  # no keys: a fault
    assert isinstance(answer, InternalFault)
    assert str(student) not in caplog.text + answer.as_problem().model_dump_json()


async def test_small_requests_are_prepared_by_the_service(beside: Beside) -> None:
    os.kill(beside.pid, signal.SIGSTOP)
    assert (await beside.node.append(event("match", student=UUID(int=4)))).entries[0].index == 0
    os.kill(beside.pid, signal.SIGCONT)
