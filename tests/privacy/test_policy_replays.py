"""Replays: what recorded decisions would be under another set, told of no student, by one replica at a time."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from safepassage.ids import uuid7
from safepassage.wire_policy_sets import PolicyReplay
from services.privacy.policy import PolicySet
from services.privacy.policy_replays import Replays
from services.privacy.policy_sets import PolicySets
from services.privacy.tables import DecisionRow, LeaseRow, PolicyReplayRow
from shared.leases import take_lease
from tests.privacy.officials import AUTHOR, Officials, forbid
from tests.privacy.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_table")]

NAME = "identity.name"


@pytest.fixture
def officials(world: World) -> Officials:
    return Officials.of(world)


async def decisions_of_a_day(world: World) -> set[str]:
    """A page of a vendor for two students, a transfer, a refusal: the ids of the students."""
    ours, theirs = await world.student(), await world.student(flags=frozenset({"protected-address"}))
    agreement, vendor = await world.agreement(), world.node.client(world.vendor)
    await world.node.decide(world.by_contract(agreement, ours, theirs), by=vendor)
    await world.node.decide(world.by_transfer(ours))
    await world.node.decide(world.by_transfer(theirs, purpose="study"))
    world.node.clock.advance(minutes=1)
    return {str(ours.student_id), str(theirs.student_id)}


@pytest.mark.requirement("SETS-replay")
async def test_a_replay_counts_who_would_lose_by_policy_element_and_recipient_and_names_no_student(
    world: World, officials: Officials
) -> None:
    students = await decisions_of_a_day(world)
    drafted = await officials.draft(forbid(element=NAME))
    replay = await officials.replay(drafted.policy_hash)
    report = replay.report
    assert report is not None
    assert (replay.state, replay.done, replay.total, report.decisions, report.students) == ("done", 3, 3, 3, 4)
    assert (report.permit_to_deny, report.deny_to_permit, report.decisions_losing, report.decisions_gaining) == (3, 0, 2, 0)
    assert [(one.name, one.permit_to_deny, one.deny_to_permit) for one in report.by_policy] == [("xa-transcripts-stay", 3, 0)]
    assert [(one.name, one.permit_to_deny) for one in report.by_element] == [(NAME, 3)]
    assert [(one.name, one.permit_to_deny) for one in report.by_recipient_kind] == [("school", 1), ("vendor", 2)]
    assert [(one.name, one.permit_to_deny) for one in report.by_purpose] == [("enrollment", 1), ("instruction", 2)]
    assert (len(report.samples_losing), report.samples_gaining) == (2, ())
    assert report.other_reason == 1
    """The refused transfer's name: forbidden now, beside its failed condition."""
    assert (report.not_replayed, report.not_reproduced) == (0, 0)
    answer = await officials.client.get(f"/v1/policy-sets/{drafted.policy_hash}/replays/{replay.id}")
    told = answer.body.decode() + "".join(event.model_dump_json() for event in await world.node.events() if event.class_ == "policy")
    assert not any(student in told for student in students)
    assert b"protected" not in answer.body


async def test_who_would_gain_has_to_be_acknowledged(world: World, officials: Officials) -> None:
    facts, agreement = await world.student(jurisdiction="US-CA"), await world.agreement()
    await world.node.decide(world.by_contract(agreement, facts), by=world.node.client(world.vendor))
    world.node.clock.advance(minutes=1)
    drafted = await officials.draft_without("us-ca.forbids")
    await officials.validate(drafted.policy_hash)
    assert (await officials.test(drafted.policy_hash)).passed
    report = (await officials.replay(drafted.policy_hash)).report
    assert report is not None
    assert (report.deny_to_permit, report.decisions_gaining, report.permit_to_deny) == (3, 1, 0)
    assert [one.name for one in report.by_policy] == ["ferpa-99.31a1ib-contractor"]
    read = await officials.read(drafted.policy_hash)
    assert read.must_acknowledge == ("deny-to-permit",)
    assert (await officials.approve(drafted.policy_hash, "o-first", "changed-cases")).status == 409
    await officials.approved(drafted.policy_hash, "deny-to-permit")


async def of_another_store(sets: PolicySets, policy_hash: str) -> PolicySet:
    return replace(sets.built_in, policy_hash="C" * 42 + "A")


async def test_a_decision_that_failed_and_one_whose_set_is_gone_are_said(
    world: World, officials: Officials, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = await world.student()
    sets = world.node.app.state.policy_sets
    built_in, broken = sets.built_in, dict[str, Any](taxonomy=None)
    sets.built_in = replace(built_in, **broken)
    await world.node.decide(world.by_transfer(facts))
    sets.built_in = built_in
    with monkeypatch.context() as elsewhere:  # a set that this store never had, as a store that was put together from two would have
        elsewhere.setattr(type(sets), "in_force", of_another_store)
        await world.node.decide(world.by_transfer(facts))
    await world.node.decide(world.by_transfer(facts))
    world.node.clock.advance(minutes=1)
    drafted = await officials.draft(forbid(element=NAME))
    report = (await officials.replay(drafted.policy_hash)).report
    assert report is not None
    assert (report.decisions, report.not_replayed, report.not_reproduced, report.permit_to_deny) == (3, 1, 1, 2)


async def test_only_the_decisions_of_the_range_are_run(world: World, officials: Officials) -> None:
    facts = await world.student()
    drafted = await officials.draft(forbid(element=NAME))
    for _ in range(4):
        await world.node.decide(world.by_transfer(facts))
        world.node.clock.advance(hours=1)
    now = world.node.clock()
    body = officials.acting(AUTHOR, **{"from": (now - timedelta(hours=3)).isoformat(), "until": (now - timedelta(hours=1)).isoformat()})
    await officials.said(PolicyReplay, f"/v1/policy-sets/{drafted.policy_hash}/replays", body, 202)
    await world.node.app.state.replays.drain()
    (replay,) = (await officials.read(drafted.policy_hash)).replays
    assert replay.report is not None
    assert replay.report.decisions == 2


async def test_a_replay_that_a_replica_left_half_done_begins_again_and_never_beside_it(world: World, officials: Officials) -> None:
    await decisions_of_a_day(world)
    drafted = await officials.draft(forbid(element=NAME))
    first = await officials.replay(drafted.policy_hash)
    database, replays = world.node.app.state.database, world.node.app.state.replays
    half_done = {"state": "running", "done": 1, "report": None, "finished_at": None}
    lease = {"holder": "another", "expires_at": world.node.clock() + timedelta(seconds=30)}
    async with database.transaction() as tx:  # a fault: replica_is_killed
        await tx.execute(update(PolicyReplayRow).values(**half_done))
        await tx.execute(update(LeaseRow).where(LeaseRow.name == "policy-replays").values(**lease))
    assert not await replays.run_next()
    world.node.clock.advance(minutes=2)
    await replays.drain()
    (again,) = (await officials.read(drafted.policy_hash)).replays
    assert (again.state, again.report) == ("done", first.report)


async def test_a_replay_that_takes_long_keeps_its_lease(world: World, officials: Officials, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions of kinds that were not met before take long: a few of them, and nobody else begins the same replay."""
    await decisions_of_a_day(world)
    drafted, database, clock = await officials.draft(forbid(element=NAME)), world.node.app.state.database, world.node.clock
    monkeypatch.setattr("services.privacy.policy_replays.CHUNK", 1)
    meet, taken = Replays._meet, list[int | None]()

    async def slowly(self: Replays, *arguments: Any) -> None:
        await meet(self, *arguments)
        clock.advance(seconds=40)
        lasts = timedelta(seconds=60)
        taken.append(await take_lease(database, LeaseRow, name="policy-replays", holder="another", now=clock(), lasts=lasts))

    monkeypatch.setattr(Replays, "_meet", slowly)
    assert (await officials.replay(drafted.policy_hash)).state == "done"
    assert taken == [None, None, None]


async def queued(world: World, policy_hash: str) -> None:
    """A replay of the last day, of which nobody is told."""
    now = world.node.clock()
    values = {"id": uuid7(now), "policy_hash": policy_hash, "official": AUTHOR, "requested_at": now}
    values |= {"from_at": now - timedelta(days=1), "until_at": now, "state": "queued", "done": 0, "total": 0}
    async with world.node.app.state.database.transaction() as tx:
        tx.add(PolicyReplayRow(**values))
    world.node.clock.advance(seconds=1)


async def test_a_replay_that_cannot_open_a_decision_fails_and_says_so(world: World, officials: Officials) -> None:
    await decisions_of_a_day(world)
    drafted = await officials.draft(forbid(element=NAME))
    provider = world.node.app.state.sealer.provider
    ciphers, provider._ciphers = provider._ciphers, {9: next(iter(provider._ciphers.values()))}  # a fault: key_version_is_gone
    database, replays = world.node.app.state.database, world.node.app.state.replays
    await queued(world, drafted.policy_hash)
    await replays.drain()
    provider._ciphers = ciphers
    async with database.reading() as tx:
        assert (await tx.scalars(select(PolicyReplayRow.state))).all() == ["failed"]
        assert len((await tx.scalars(select(DecisionRow.id))).all()) == 3


async def test_a_replay_that_a_fault_of_ours_ends_keeps_none_behind_it_waiting_and_one_of_the_store_is_no_such(
    world: World, officials: Officials, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decisions_of_a_day(world)
    drafted, replays, meet = await officials.draft(forbid(element=NAME)), world.node.app.state.replays, Replays._meet
    await queued(world, drafted.policy_hash)
    await queued(world, drafted.policy_hash)
    faults: list[Exception] = [OperationalError("SELECT", {}, OSError()), ZeroDivisionError()]

    async def faulty(self: Replays, *arguments: Any) -> None:
        if faults:
            raise faults.pop(0)
        await meet(self, *arguments)

    monkeypatch.setattr(Replays, "_meet", faulty)
    with pytest.raises(OperationalError):
        await replays.run_next()
    await replays.drain()
    async with world.node.app.state.database.reading() as tx:
        assert (await tx.scalars(select(PolicyReplayRow.state).order_by(PolicyReplayRow.requested_at))).all() == ["failed", "done"]


async def test_while_a_replay_runs_decisions_are_made(world: World, officials: Officials, monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is done a piece at a time: what is asked between two pieces is answered between them."""
    await decisions_of_a_day(world)
    monkeypatch.setattr("services.privacy.policy_replays.CHUNK", 1)
    drafted, asked = await officials.draft(forbid(element=NAME)), world.by_transfer(await world.student())
    made: list[str] = []
    add = Replays._add

    async def adding(self: Replays, *arguments: Any) -> Any:
        made.append("piece")
        return await add(self, *arguments)

    monkeypatch.setattr(Replays, "_add", adding)
    _, answer = await asyncio.gather(officials.replay(drafted.policy_hash), world.node.ask(asked))
    assert json.loads(answer.body)["outcome"] == "permit-with-redaction"
    assert len(made) >= 3
