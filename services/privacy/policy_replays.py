"""Replays: recorded decisions run under another set, a job of one replica, in pieces that leave the event loop to those who wait."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import BigInteger, bindparam, func, select, update

from safepassage.ids import first_uuid7
from safepassage.problems import SuiteError
from safepassage.problems.policy_sets import PolicySetNotUsable
from safepassage.problems.privacy import PolicySetNotHeld
from safepassage.wire import Digest
from safepassage.wire_policy_sets import ReplayReport
from services.privacy.policy import PolicySet
from services.privacy.policy_hand import Hand, policy_event
from services.privacy.policy_sets import PolicySets, packs_of
from services.privacy.recorded import POLICY_HASH, RAW_INPUT, id_of, open_inputs, open_outcome
from services.privacy.replay_differences import Differences
from services.privacy.replay_skeletons import InstantUse, Skeletons
from services.privacy.sealing import Sealer
from services.privacy.tables import DecisionRow, LeaseRow, PolicyActivationRow, PolicyReplayRow, PolicySetRow
from shared import prepared
from shared.clock import Clock
from shared.contracts.audit import Actor
from shared.database import Database
from shared.leases import take_lease
from shared.outbox import Outbox
from shared.store_faults import is_of_the_store

log = logging.getLogger(__name__)

CHUNK: Final = 250
"""Decisions that are read at once: on SQLite a millisecond of the event loop's time."""
PIECE: Final = 100
"""Decisions of kinds that were met that are counted before others have their turn: two milliseconds. A thread would hold the interpreter
for five at a time, against a loop that wants it back after each wait. What a thread is for are the first of their kind: a rule whose code
is made for the first time takes some ten milliseconds."""
COUNTED_AT_ONCE: Final = 50_000
LEASE = timedelta(seconds=60)
SAID_EVERY = 40
"""Chunks between two writes of the progress, which prolong the lease too; where they take long, it is written by the clock.

# INVARIANT: a replay that goes on keeps its lease: else two replicas take it from one another, and neither comes to its end.
"""
IDLE_SECONDS = 5.0

_JOB = Actor(kind="system", job="policy-replay")
_CHUNK = (
    select(*RAW_INPUT)
    .where(DecisionRow.id > bindparam("after"), DecisionRow.id <= bindparam("until"))
    .order_by(DecisionRow.id)
    .limit(bindparam("most", type_=BigInteger()))
)
_OUTCOMES = (
    select(
        DecisionRow.id,
        DecisionRow.decided_at,
        DecisionRow.valid_until,
        DecisionRow.action,
        DecisionRow.exchange_id,
        DecisionRow.policy_hash,
        DecisionRow.sealed_outcome,
    )
    .where(DecisionRow.id.in_(bindparam("met", expanding=True)))
    .order_by(DecisionRow.id)
)


class Replays:
    """Runs what is queued, one at a time on one replica. A replay that a replica left half done begins again on the next."""

    def __init__(self, *, database: Database, sets: PolicySets, sealer: Sealer, outbox: Outbox, clock: Clock, holder: str) -> None:
        self._database, self._sets, self._sealer, self._outbox, self._clock, self._holder = database, sets, sealer, outbox, clock, holder
        self._awake, self._one_at_a_time = asyncio.Event(), asyncio.Lock()

    def wake(self) -> None:
        """Something was queued."""
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled: a lifespan task."""
        while True:
            self._awake.clear()
            try:
                more = await self.run_next()
            except Exception as error:
                log.error("replays failed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
                more = False
            if not more:
                try:
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._awake.wait()
                except TimeoutError:
                    pass

    async def drain(self) -> None:
        """Run until nothing is queued."""
        while await self.run_next():
            pass

    async def run_next(self) -> bool:
        """Run the replay that has waited longest. False if there is none, or another replica runs them."""
        async with self._one_at_a_time:
            waiting = PolicyReplayRow.state.in_(("queued", "running"))
            async with self._database.reading() as tx:
                row = (await tx.scalars(select(PolicyReplayRow).where(waiting).order_by(PolicyReplayRow.id).limit(1))).first()
            if row is None or not await self._holds_lease():
                return False
            try:
                report = await self._run(row)
            except SuiteError as error:
                log.error("a replay failed", extra={"code": error.code})  # noqa: TRY400 the code says it
                await self._end(row, "failed", None)
            except Exception as error:
                if isinstance(error, _Overtaken | OSError) or is_of_the_store(error):
                    raise
                # INVARIANT: one that cannot come to its end, over a fault of ours, does not keep those behind it waiting for ever.
                log.error("a replay failed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
                await self._end(row, "failed", None)
            else:
                await self._end(row, "done", report)
            return True

    async def _run(self, row: PolicyReplayRow) -> ReplayReport:
        """Raises PolicySetNotHeld, PolicySetNotUsable, SealBroken."""
        new = await self._sets.held(row.policy_hash)
        async with self._database.reading() as tx:
            hashes = (await tx.scalars(select(PolicyActivationRow.policy_hash).distinct())).all()
            contents = (
                await tx.scalars(select(PolicySetRow.contents).where(PolicySetRow.policy_hash.in_({*hashes, row.policy_hash})))
            ).all()
        sets = {policy_hash: await self._set_of_then(policy_hash) for policy_hash in hashes}
        use = await asyncio.to_thread(_use_of, contents)
        differences, total = Differences(new, Skeletons(use)), await self._total(row)
        await self._progress(row, 0, total)
        done, last, chunks, said_at = 0, first_uuid7(row.from_at), 0, self._clock()
        while rows := await self._chunk(last, row.until_at):
            met = await self._add(differences, rows)
            if met:
                await self._meet(differences, met, sets)
            done, last, chunks = done + len(rows), id_of(rows[-1][0]), chunks + 1
            if chunks % SAID_EVERY == 0 or self._clock() - said_at >= LEASE / 4:
                await self._progress(row, done, max(done, total))
                said_at = self._clock()
        return differences.report()

    async def _chunk(self, after: UUID, until: datetime) -> Sequence[Any]:
        asked = {"after": after, "until": first_uuid7(until), "most": CHUNK}
        return await self._database.read(lambda connection: prepared.plain_rows(connection, _CHUNK, asked))

    async def _total(self, row: PolicyReplayRow) -> int:
        """How many decisions the range has, counted in pieces too: a million would hold the loop of SQLite up."""
        total, last = 0, first_uuid7(row.from_at)
        while True:
            beyond = select(DecisionRow.id).where(DecisionRow.id > last, DecisionRow.id <= first_uuid7(row.until_at))
            async with self._database.reading() as tx:
                following = await tx.scalar(beyond.order_by(DecisionRow.id).offset(COUNTED_AT_ONCE - 1).limit(1))
                if following is None:
                    return total + (await tx.scalar(select(func.count()).select_from(beyond.subquery())) or 0)
            total, last = total + COUNTED_AT_ONCE, following

    async def _add(self, differences: Differences, rows: Sequence[Sequence[Any]]) -> dict[UUID, bytes]:
        """Count decisions; the inputs of those of which none of their kind was met before."""
        add, met = differences.add, {}
        for start in range(0, len(rows), PIECE):
            piece = rows[start : start + PIECE]
            for row, recorded_input in zip(piece, open_inputs(self._sealer, piece), strict=True):
                if not add(row[0], row[POLICY_HASH], recorded_input):
                    met[id_of(row[0])] = recorded_input
            await asyncio.sleep(0)
        return met

    async def _meet(self, differences: Differences, met: Mapping[UUID, bytes], sets: Mapping[Digest, PolicySet | None]) -> None:
        """Decide those that are the first of their kind, and compare them with the outcomes that were recorded."""
        asked = {"met": tuple(met)}
        rows = await self._database.read(lambda connection: prepared.rows(connection, _OUTCOMES, asked))

        def each() -> None:
            for row in rows:
                recorded_input = met[row.id]
                if not differences.add(row.id, row.policy_hash, recorded_input):
                    outcome = open_outcome(self._sealer, row)
                    differences.meet(row.id, sets.get(row.policy_hash), row.policy_hash, recorded_input, outcome)

        await asyncio.to_thread(each)

    async def _set_of_then(self, policy_hash: Digest) -> PolicySet | None:
        try:
            return await self._sets.held(policy_hash)
        except (PolicySetNotHeld, PolicySetNotUsable):
            return None

    async def _holds_lease(self) -> bool:
        now = self._clock()
        return await take_lease(self._database, LeaseRow, name="policy-replays", holder=self._holder, now=now, lasts=LEASE) is not None

    async def _progress(self, row: PolicyReplayRow, done: int, total: int) -> None:
        if not await self._holds_lease():
            raise _Overtaken
        async with self._database.transaction() as tx:
            change = update(PolicyReplayRow).where(PolicyReplayRow.id == row.id)
            await tx.execute(change.values(state="running", done=done, total=total))

    async def _end(self, row: PolicyReplayRow, state: str, report: ReplayReport | None) -> None:
        now = self._clock()
        values: dict[str, Any] = {"state": state, "finished_at": now}
        if report is not None:
            values |= {"done": report.decisions, "total": report.decisions, "report": report.model_dump_json()}
        async with self._database.transaction() as tx:
            await tx.execute(update(PolicyReplayRow).where(PolicyReplayRow.id == row.id).values(**values))
            count = None if report is None else report.decisions
            event = policy_event(
                "policy-set-replayed", f"{row.id}:{state}", Hand(row.official, _JOB), row.policy_hash, outcome=state, count=count
            )
            self._outbox.record(tx, event)


class _Overtaken(Exception):
    """Another replica took the lease: it begins this replay again."""


def _use_of(contents: Sequence[str]) -> InstantUse:
    """How the rules of several sets use instants."""
    policies = (policy for text in contents for pack in packs_of(text) for policy in pack.policies.values())
    return InstantUse.of(policies)


async def work(app: FastAPI) -> None:
    """The lifespan task."""
    replays: Replays = app.state.replays
    await replays.run()
