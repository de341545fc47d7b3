"""What is unusual is found behind the index, kept once, and entered once, whoever finds it and whenever it is stopped."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from safepassage.canonical import from_base64url
from safepassage.leaf import parse_leaf
from safepassage.problems.requests import LogUnavailable
from services.audit.alerts.found import SpanTaken, alert_digest, day_of, keep_span
from services.audit.alerts.habits import Habits, Span
from services.audit.alerts.thresholds import Thresholds
from services.audit.alerts.watching import LEASE
from services.audit.driver import Driver
from services.audit.index.terms import Kind, digest_of, term_keys
from services.audit.stored_tree import StoredTree
from services.audit.tables import ActivityRow, AlertCursorRow, AlertRow
from shared.contracts.audit import Actor, Context, Event
from tests.audit.alerts.watched import by, decided, did, entries, read_students, rows, told, watch, watcher_of
from tests.audit.audit_node import AuditNode, disclosure, give_organisations, running
from tests.audit.retention.test_cut_short import COMMITS, Cuts, CutShort
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def known(node: AuditNode, clock: StandingClock, *, days: int = 3) -> None:
    """A client that reads a little each day, at noon."""
    for _ in range(days):
        await read_students(node, 20)
        await watch(node)
        clock.advance(days=1)
    async with node.database.transaction() as tx:
        await tx.execute(update(AlertRow).values(acknowledged_count=1_000_000, acknowledged_as="explained"))


@pytest.mark.requirement("LOG-ALERTS")
async def test_a_bulk_read_is_an_alert_with_an_entry_of_its_own(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await known(node, clock)
    await read_students(node, 500)
    await watch(node)
    row = (await rows(node))[-1]
    assert (row.rule, row.count, row.usual, row.day) == ("bulk-read", 500, 20, day_of(clock()))
    entry = (await entries(node))[-1]
    assert entry["actor"] == {"job": "alerts", "kind": "system"}
    assert entry["context"] == {
        "about": f"alert:{row.id}",
        "count": 500,
        "operation": "alert",
        "outcome": "alarm",
        "reason": "bulk-read",
    }
    assert (row.entry_log, row.entry_idx) == (2026, entry["index"])
    async with node.database.reading() as tx:
        (leaf,) = await StoredTree(tx, 2026).entries(entry["index"], entry["index"] + 1)
    assert parse_leaf(leaf).digests.ct == alert_digest(row)
    assert len(from_base64url(alert_digest(row))) == 32


@pytest.mark.requirement("HARD-23")
async def test_every_rule_about_actors_finds_in_a_real_log_what_it_is_for(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await known(node, clock)
    await did(node, by("sleeper", "request"))
    await watch(node)
    clock.advance(days=27)
    await read_students(node, 20)
    clock.advance(days=27)
    await read_students(node, 20)
    clock.advance(days=1)
    before = len(await rows(node))
    await read_students(node, 300)
    await did(node, by("sleeper", "request"), by("stranger", students=[uuid4()]))
    await did(node, *[by("guesser", students=(), operation="student-lookup", outcome="not-found") for _ in range(30)])
    await did(node, by(students=[uuid4()], purpose="study"))
    await decided(node, "prober", *["deny"] * 10, "permit")
    await decided(node, "honest", *["deny", "permit"] * 12)
    await node.append(disclosure(node, uuid4(), basis="emergency"))
    clock.advance(hours=16)
    await did(node, by(students=[uuid4()]))
    await watch(node)
    found = [(row.rule, row.count) for row in (await rows(node))[before:]]
    assert sorted(found) == [
        ("after-hours", 1),
        ("break-glass", 1),
        ("bulk-read", 301),
        ("denied-then-permitted", 10),
        ("dormant-credential", 55),
        ("enumeration", 30),
        ("first-seen-actor", 1),
        ("first-seen-purpose", 1),
    ]


async def test_what_is_put_on_record_between_denials_is_no_permission(node: AuditNode) -> None:
    for client, last in (("prober", "permit-with-redaction"), ("waiting", "recorded")):
        await decided(node, client, *["deny", "recorded"] * 10, last)
    await watch(node)
    assert [(row.rule, row.count) for row in await rows(node)] == [("denied-then-permitted", 10)]


async def test_who_exports_the_log_after_a_bulk_read_is_told(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await read_students(node, 300, client="auditor")
    exporter = node.as_caller("audit:export", client="auditor")
    answer = await node.send("POST", "/v1/log/exports", exporter, {"format": "jsonl", "search": {}})
    assert answer.status == 200, answer.body
    await watch(node)
    assert await told(node) == ["bulk-read", "export-after-bulk-read", "first-seen-actor"]


async def test_a_day_that_goes_on_is_one_alert_and_one_entry(node: AuditNode) -> None:
    for _ in range(3):
        await read_students(node, 200)
        await watch(node)
    assert await told(node) == ["bulk-read", "first-seen-actor"]
    assert {(row.rule, row.count, row.seen_count) for row in await rows(node)} == {("bulk-read", 200, 600), ("first-seen-actor", 200, 600)}
    assert len(await entries(node)) == 2


async def test_a_bulk_read_that_goes_on_next_day_is_told_again_until_it_is_accepted(node: AuditNode, clock: StandingClock) -> None:
    for day in range(3):
        await read_students(node, 300)
        await watch(node)
        assert (await told(node)).count("bulk-read") == day + 1
        clock.advance(days=1)
    async with node.database.transaction() as tx:
        await tx.execute(update(AlertRow).values(acknowledged_as="expected"))
    await read_students(node, 300)
    await watch(node)
    assert (await told(node)).count("bulk-read") == 3


async def test_an_alert_that_doubles_after_it_was_acknowledged_is_open_again_and_entered_again(node: AuditNode) -> None:
    await read_students(node, 200)
    await watch(node)
    async with node.database.transaction() as tx:
        await tx.execute(update(AlertRow).values(acknowledged_count=AlertRow.seen_count, acknowledged_as="explained"))
    await read_students(node, 200)
    await watch(node)
    assert [row.acknowledged_count for row in await rows(node)] == [200, 200]
    await read_students(node, 1)
    await watch(node)
    await watch(node)
    assert [(row.acknowledged_count, row.reopened, row.reopened_entered) for row in await rows(node)] == [(None, 1, 1)] * 2
    assert [one["context"]["operation"] for one in await entries(node)] == ["alert"] * 2 + ["alert-reopened"] * 2
    metrics = node.app.state.metrics.registry
    assert metrics.get_sample_value("safe_passage_alerts_total", {"rule": "bulk-read"}) == 2, "told when found, and when open again"


async def test_habits_outlive_the_change_of_the_school_year(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    clock.instant = clock.instant.replace(month=6, day=22)
    async with running(store_url, node_keys, clock) as node:
        await known(node, clock, days=5)
        assert await told(node) == ["first-seen-actor"]
        clock.instant = clock.instant.replace(month=7, day=2)
        await read_students(node, 20)
        await watch(node)
        assert await told(node) == ["first-seen-actor"]


async def test_what_lies_days_back_is_judged_by_its_own_day(node: AuditNode, clock: StandingClock) -> None:
    """The index was behind for days: each day is told of as it was, and what came later does not count."""
    start = day_of(clock())
    for count in (300, 20, 900):
        await read_students(node, count)
        clock.advance(days=1)
    await watch(node)
    bulk = [(row.day, row.count) for row in await rows(node) if row.rule == "bulk-read"]
    assert bulk == [(start, 300), (start + 2, 900)]


async def test_nothing_is_looked_at_while_an_index_is_made_again(node: AuditNode) -> None:
    await read_students(node, 300)
    await watch(node)
    async with node.database.transaction() as tx:
        await tx.execute(update(AlertCursorRow).values(at=AlertCursorRow.at + 50))
        before = (await tx.scalars(select(AlertCursorRow.at))).all()
    assert await watcher_of(node).look_at_actors() == 0
    async with node.database.reading() as tx:
        assert (await tx.scalars(select(AlertCursorRow.at))).all() == before
    assert len(await rows(node)) == 2


async def test_who_read_before_the_four_weeks_is_no_stranger(node: AuditNode, clock: StandingClock) -> None:
    for _ in range(2):
        await read_students(node, 20)
        await watch(node)
        clock.advance(days=42)
    assert await told(node) == ["first-seen-actor"]


async def test_who_read_before_the_four_weeks_and_did_other_things_since_is_no_stranger(node: AuditNode, clock: StandingClock) -> None:
    await read_students(node, 20)
    await watch(node)
    clock.advance(days=42)
    await did(node, by(class_="request"))
    await watch(node)
    clock.advance(days=1)
    watcher_of(node)._habits = Habits(Thresholds())  # a process that has started anew
    await read_students(node, 20)
    await watch(node)
    assert await told(node) == ["first-seen-actor"]


async def test_what_no_client_did_holds_nothing_up(node: AuditNode) -> None:
    """What another node did is no actor's here: the search goes over it, to what comes after."""
    peer = Event(class_="request", key="of-a-peer", actor=Actor(kind="peer"), context=Context(operation="exchange", outcome="done"))
    await node.append(peer)
    await watch(node)
    async with node.database.reading() as tx:
        assert (await tx.scalars(select(AlertCursorRow.at))).one() > 0
    await read_students(node, 300)
    await watch(node)
    assert await told(node) == ["bulk-read", "first-seen-actor"]


@pytest.mark.parametrize("commits", range(8))
async def test_cut_short_between_any_two_transactions_each_finding_is_entered_once(
    sqlite_store: Path, node_keys: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    url = f"sqlite+aiosqlite:///{sqlite_store}"
    async with running(url, node_keys, clock) as node:
        await read_students(node, 300)
        await node.app.state.projector.catch_up()
        cuts = Cuts(monkeypatch)
        cuts.again(commits)
        with suppress(CutShort, LogUnavailable):
            await watcher_of(node).turn()
        cuts.again(10 * COMMITS)
    clock.advance(minutes=5)
    async with running(url, node_keys, clock) as node:
        await watch(node)
        found = await rows(node)
        assert [row.rule for row in found] == ["bulk-read", "first-seen-actor"]
        assert sorted(row.entry_idx or 0 for row in found) == [one["index"] for one in await entries(node)]
        assert len({row.entry_idx for row in found}) == 2


async def test_replicas_that_look_at_once_enter_each_finding_once(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as one, running(store_url, node_keys, clock) as other:
        for client in ("a", "b", "c"):
            await read_students(one, 300, client=client)
        await one.app.state.projector.catch_up()
        watchers = [watcher_of(one), watcher_of(other)]
        await asyncio.gather(*(watcher.look_at_actors() for watcher in watchers))
        await asyncio.gather(*(watcher.enter() for watcher in watchers))
        found = await rows(one)
        assert len(found) == 6
        assert sorted(row.entry_idx or 0 for row in found) == [each["index"] for each in await entries(one)]
        counted = [
            node.app.state.metrics.registry.get_sample_value("safe_passage_alerts_total", {"rule": "bulk-read"}) for node in (one, other)
        ]
        assert sum(value or 0 for value in counted) == 3


async def test_a_day_is_counted_in_the_log_that_it_is_in(node: AuditNode) -> None:
    """At New Year a clock that goes back can make a day lie in two logs."""
    await read_students(node, 150)
    await node.app.state.projector.catch_up()
    async with node.database.transaction() as tx:
        held = (await tx.scalars(select(ActivityRow))).one()
        values = {column.name: getattr(held, column.name) for column in ActivityRow.__table__.columns}
        tx.add(ActivityRow(**values | {"log": 2025}))
    await watch(node)
    assert await told(node) == ["first-seen-actor"]


async def test_who_comes_second_over_a_span_keeps_nothing(node: AuditNode) -> None:
    await read_students(node, 300)
    await watch(node)
    with pytest.raises(SpanTaken):
        async with node.database.transaction() as tx:
            await keep_span(tx, Span(2026, 0, 3, 0), [], node.clock())


async def test_one_process_at_a_time_looks(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as one, running(store_url, node_keys, clock) as other:
        await watcher_of(one).turn()
        await read_students(one, 300)
        await one.app.state.projector.catch_up()
        await watcher_of(other).turn()
        assert await told(one) == []
        clock.advance(seconds=LEASE.total_seconds() + 1)
        await watcher_of(other).turn()
        assert await told(one) == ["bulk-read", "clock-skew", "first-seen-actor"]


async def test_an_alert_is_told_by_its_code_alone_and_counted(node: AuditNode, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await read_students(node, 300)
        await watch(node)
    assert sorted((one.message, vars(one)["code"]) for one in caplog.records if one.name.endswith("watching")) == [
        ("alert", "bulk-read"),
        ("alert", "first-seen-actor"),
    ]
    metrics = (await node.send("GET", "/metrics", {})).body.decode()
    assert 'safe_passage_alerts_total{rule="bulk-read"} 1.0' in metrics
    assert "safe_passage_alerts_open 2.0" in metrics


async def test_subjects_are_the_indexs_own_tags(node: AuditNode) -> None:
    await read_students(node, 300)
    await watch(node)
    keys = await node.database.read(lambda connection: term_keys(Driver(connection), node.app.state.keys))
    assert {row.subject for row in await rows(node)} == {digest_of(Kind.ACTOR, "client:sis-1", keys.tags[2027])}
