"""A destruction that is cut short between any two transactions goes on, and is one: one entry, one certificate, nothing half gone."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event as sqlalchemy_event

from safepassage.problems.requests import LogUnavailable
from safepassage.wire_retention import LogDestruction
from services.audit.retention.carrying_out import carry_out
from services.audit.retention.destructions import WAITS
from services.audit.verification import verify_store
from shared.database import Database
from tests.audit.audit_node import OAK, event, running, settings_of
from tests.audit.retention.officials import SCHOOL_YEAR, THEN, approved, carried_out, found, is_done, read, years_later
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

COMMITS = 40
"""More than any of it needs."""


class CutShort(Exception):
    """The process ends here."""


class Cuts:
    """Cuts work short where it would begin its next writing transaction."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left, self.cuts = COMMITS, 0
        for name in ("transaction", "write"):
            monkeypatch.setattr(Database, name, self._counted(getattr(Database, name)))

    def again(self, lets_through: int) -> None:
        """So many transactions are let through from now on."""
        self._left = lets_through

    def _counted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                self.cuts += 1
                raise CutShort
            return method(*arguments)

        return counted


async def prepared(url: str, keys: Path, clock: StandingClock) -> tuple[LogDestruction, LogDestruction]:
    """Two that are due: of a student who was in a page, and (when that is carried out) of the node's own year."""
    student, other = uuid4(), uuid4()
    async with running(url, keys, clock) as node:
        many = event("load").model_copy(update={"subjects": (student, other), "custodians": (OAK, OAK)})
        await node.append(event("match", student=student), many, *[event("trust") for _ in range(3)])
        await years_later(node, clock)
        await carried_out(node, await approved(node, other), clock)
        await carried_out(node, first := await approved(node, student), clock)
        own = await approved(node, None, school_years=[SCHOOL_YEAR])
        clock.instant += WAITS + timedelta(seconds=1)
        return first, own


@pytest.mark.slow
@pytest.mark.requirement("LOG-retention")
async def test_cut_short_between_any_two_transactions_it_goes_on_and_is_one(
    store_url: str, own_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.audit.retention.carrying_out.ENTRIES_OF_A_STEP", 3)
    monkeypatch.setattr("services.audit.retention.wrapping.KEYS_OF_A_STEP", 3)
    clock = StandingClock(THEN)
    first, own = await prepared(store_url, own_keys, clock)
    async with running(store_url, own_keys, clock, rotates_key_encryption_key=True) as node:
        cuts = Cuts(monkeypatch)
        for lets_through in range(COMMITS):
            if await is_done(node, own.id):
                break
            cuts.again(lets_through)
            with suppress(CutShort, LogUnavailable):  # the second is what a submitter of a group hears
                await carry_out(node.app.state)
        assert 4 < cuts.cuts < COMMITS
        cuts.again(COMMITS)
    await assert_one(store_url, own_keys, clock, first, own)


async def assert_one(url: str, keys: Path, clock: StandingClock, first: LogDestruction, own: LogDestruction) -> None:
    async with running(url, keys, clock, rotates_key_encryption_key=True) as node:
        await carry_out(node.app.state)
        states = [(await read(node, one.id)).state for one in (first, own)]
        entries = [one for one in (await found(node, classes=["destruction"]))["entries"] if one["context"] is not None]
        said = [one["context"]["operation"] for one in entries if one["context"]["about"] == f"destruction:{own.id}"]
    assert states == ["done", "done"]
    assert sorted(said) == ["destruction-destroyed", "destruction-done"]
    first_log, *_ = await verify_store(settings_of(url, keys))
    assert (first_log.destroyed, first_log.closed) == (5, 0)


@pytest.mark.postgres
async def test_killed_before_any_commit_it_goes_on_and_is_one(store_url: str, own_keys: Path) -> None:
    clock = StandingClock(THEN)
    first, own = await prepared(store_url, own_keys, clock)
    arguments = [sys.executable, "-m", __name__, store_url, str(own_keys), str(own.id), clock().isoformat()]
    lives = await asyncio.to_thread(subprocess.run, arguments, check=True, capture_output=True, text=True, timeout=240)
    *killed, ended = map(int, lives.stdout.split())
    assert (set(killed), ended) == ({-signal.SIGKILL}, 0), lives.stderr
    assert len(killed) > 2
    await assert_one(store_url, own_keys, clock, first, own)


async def life(url: str, keys: Path, own: UUID, now: datetime, lets_through: int) -> None:
    """Carry out for some commits, and be killed before the next one; end well if all is done."""
    async with running(url, keys, StandingClock(now), rotates_key_encryption_key=True) as node:
        if await is_done(node, own):
            return
        left = [lets_through]

        def kill(_: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sqlalchemy_event.listen(node.database.engine.sync_engine, "commit", kill)
        await carry_out(node.app.state)


def main(url: str, keys: str, own: str, now: str) -> None:
    """One life after the other, each a process that is forked by this one, which has imported everything; says how each ended."""
    for lets_through in range(1, COMMITS, 2):
        child = os.fork()
        if child == 0:
            asyncio.run(life(url, Path(keys), UUID(own), datetime.fromisoformat(now), lets_through))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(ended := os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 what the test reads
        if ended != -signal.SIGKILL:
            break


if __name__ == "__main__":
    main(*sys.argv[1:])
