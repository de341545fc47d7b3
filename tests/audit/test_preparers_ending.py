"""A process that prepares beside the service and ends: killed, given up, or with the service. It leaves nothing half done."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import pytest

from safepassage.canonical import digest_of, from_base64url
from safepassage.leaf import parse_leaf
from safepassage.problems import Problem
from safepassage.problems.requests import InternalFault
from services.audit.preparing import Request
from services.audit.preparing_process import NICER_BY, Preparing
from services.audit.sealed_ahead import SealingTerms
from services.audit.verification import verify_store
from shared.inline_sqlite import InlineSqliteDialect
from tests.audit.audit_node import event, running, settings_of
from tests.audit.beside import JUDGING, NOON, RECORDS, Beside, body_of, numbered
from tests.audit.test_faults import BREAKS, MENDS, cannot_sync, in_store
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


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


async def test_the_service_has_a_core_before_those_beside_it_have(beside: Beside) -> None:
    await beside.append(event())
    assert os.getpriority(os.PRIO_PROCESS, beside.pid) == min(os.getpriority(os.PRIO_PROCESS, 0) + NICER_BY, 19)


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
        answer = preparing.answer(SealingTerms("alder.example/log/2026", 0, 2027, None, {}, None))  # type: ignore[arg-type]  # no keys: a fault
    assert isinstance(answer, InternalFault)
    assert str(student) not in caplog.text + answer.as_problem().model_dump_json()


async def test_keys_that_could_not_be_stored_seal_nothing(beside: Beside, store_url: str, node_keys: Path) -> None:
    one = event("request", student=uuid4())
    engine = "sqlite" if beside.node.database.is_sqlite else "postgresql"
    broken = BREAKS[engine].format(table="subject_key").replace("log < 0", "epoch < 0")
    await in_store(beside.node, broken)
    refused = await beside.try_append(one)
    assert (refused[0], Problem.model_validate_json(refused[1]).retry) == (503, "same-key")
    await in_store(beside.node, MENDS[engine].format(table="subject_key"))
    assert [(found.index, found.duplicate) for found in await beside.append(one)] == [(0, False)]
    (report,) = await verify_store(settings_of(store_url, node_keys))
    assert (report.opened, report.destroyed) == (1, 0)


async def test_after_a_failed_fsync_of_keys_nothing_is_appended_any_more(
    sqlite_store: Path, node_keys: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = event("request", student=uuid4())
    async with running(f"sqlite+aiosqlite:///{sqlite_store}", node_keys, clock, preparing_processes=1) as node:
        beside = Beside(node)
        with monkeypatch.context() as fault:
            fault.setattr(InlineSqliteDialect, "do_commit", cannot_sync)
            assert (await beside.try_append(one))[0] == 503
        assert (await beside.try_append(one))[0] == 503
        assert (await node.send("GET", "/readyz", {})).status == 503


async def test_small_requests_are_prepared_by_the_service(beside: Beside) -> None:
    os.kill(beside.pid, signal.SIGSTOP)
    assert (await beside.node.append(event("match", student=UUID(int=4)))).entries[0].index == 0
    os.kill(beside.pid, signal.SIGCONT)
