"""A log for each year: closed at New Year, chained to the next, and correct through crashes and clocks that go back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from safepassage.canonical import digest_of, from_base64url
from safepassage.leaf import parse_leaf
from services.audit.checkpoints import latest_checkpoint
from services.audit.tables import LogRow
from services.audit.verification import verify_store
from shared.contracts.audit import Appended
from tests.audit.audit_node import OAK, AuditNode, event, running, settings_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
OLD, NEW = "alder.example/log/2026", "alder.example/log/2027"


def origin(appended: Appended) -> str:
    return (appended.checkpoint or "").partition("\n")[0]


async def test_the_first_entry_of_a_year_pins_the_last_checkpoint_of_the_year_before(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("request"), event("match"))
    await node.append(event("match"))  # behind, and not published when the year ends
    clock.instant = NEW_YEAR + timedelta(seconds=5)
    (appended,) = (await node.append(event("request"))).entries
    assert (appended.index, origin(appended)) == (1, NEW)
    node.verified(appended)
    async with node.database.reading() as tx:
        last = await latest_checkpoint(tx, 2026)
        states = {row.year: row.state for row in await tx.scalars(select(LogRow))}
    assert last is not None
    assert (last.size, states) == (3, {2026: "sealed", 2027: "active"})
    answer = await node.send("GET", "/v1/log/entries/0", node.as_caller("audit:operate", kind="sea"))
    first = parse_leaf(from_base64url(json.loads(answer.body)["entry"]))
    assert (first.class_, first.digests.ct) == ("witness", digest_of(last.note.encode()))


async def test_a_year_has_a_checkpoint_from_its_first_entry_on(node: AuditNode, clock: StandingClock) -> None:
    """Whoever reads, searches or witnesses in the first second of a year is not told that there is no log."""
    student = uuid4()
    await node.append(event("match", student=student))
    clock.instant = NEW_YEAR
    await node.append(event("match", student=student))  # behind: nothing else publishes
    answer = await node.send("GET", "/v1/log/checkpoint", node.as_caller("audit:operate", kind="sea"))
    assert (answer.status, answer.body.split(b"\n")[:2]) == (200, [NEW.encode(), b"1"])
    found = await node.send("POST", "/v1/log/searches", node.as_caller("audit:search", organisation=OAK), {"student_id": str(student)})
    assert found.status == 200
    assert [(one["log"], one["proof"]) for one in json.loads(found.body)["entries"]] == [(NEW, "pending"), (OLD, "published")]


@pytest.mark.requirement("LOG-I5")
async def test_an_event_sent_again_after_new_year_is_still_the_entry_of_the_old_year(node: AuditNode, clock: StandingClock) -> None:
    one = event("request")
    (before,) = (await node.append(one)).entries
    clock.instant = NEW_YEAR
    await node.append(event("request"))
    (again,) = (await node.append(one)).entries
    assert (again.index, again.entry, again.duplicate, origin(again)) == (before.index, before.entry, True, OLD)
    node.verified(again)


@pytest.mark.requirement("LOG-I10")
@pytest.mark.requirement("FAULT-clock")
async def test_a_clock_that_goes_back_over_new_year_reopens_nothing(node: AuditNode, clock: StandingClock) -> None:
    clock.instant = NEW_YEAR
    await node.append(event("request"))
    clock.instant = NEW_YEAR - timedelta(hours=1)
    (appended,) = (await node.append(event("request"))).entries
    assert (origin(appended), appended.index) == (NEW, 2)
    assert parse_leaf(from_base64url(appended.entry)).t == int(NEW_YEAR.timestamp())


async def test_a_closed_year_is_still_read_and_searched(node: AuditNode, clock: StandingClock) -> None:
    student = uuid4()
    await node.append(*[event("request", student=student) for _ in range(3)])
    clock.instant = NEW_YEAR
    await node.append(event("request", student=student))
    operator = node.as_caller("audit:operate", kind="sea")
    answer = await node.send("GET", "/v1/log/entries/2", operator, query="year=2026")
    assert json.loads(answer.body)["log"] == OLD
    assert (await node.send("GET", "/v1/log/tile/0/000.p/3", operator, query="year=2026")).status == 200
    internal = await node.send("GET", "/internal/consistency", node.as_job("records"), query=f"from=1&to=3&origin={OLD}")
    assert internal.status == 200
    found = await node.send("POST", "/v1/log/searches", node.as_caller("audit:search", organisation=OAK), {"student_id": str(student)})
    places = [(entry["log"], entry["index"], entry["proof"]) for entry in json.loads(found.body)["entries"]]
    assert places == [(NEW, 1, "published"), *((OLD, n, "published") for n in (2, 1, 0))]


@pytest.mark.parametrize("steps_done", ["sealed", "sealed and published"])
async def test_a_year_that_was_closed_halfway_goes_on_at_the_next_start(
    store_url: str, node_keys: Path, clock: StandingClock, steps_done: str
) -> None:
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match"), event("match"))
        if steps_done == "sealed and published":
            await node.sequencer.publish_now()
        async with node.database.transaction() as tx:
            (await tx.get_one(LogRow, 2026)).state = "sealed"
    async with running(store_url, node_keys, clock) as node:  # the clock is still in the old year
        (appended,) = (await node.append(event("request"))).entries
        assert (origin(appended), appended.index) == (NEW, 1)
        async with node.database.reading() as tx:
            last = await latest_checkpoint(tx, 2026)
            assert last is not None
            assert last.size == 2


async def test_a_node_that_was_off_for_years_chains_to_its_last_log(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match"))
    clock.instant = datetime(2029, 3, 1, tzinfo=UTC)
    async with running(store_url, node_keys, clock) as node:
        (appended,) = (await node.append(event("request"))).entries
        assert origin(appended) == "alder.example/log/2029"
    reports = await verify_store(settings_of(store_url, node_keys))
    assert [(report.log.origin, report.log.size) for report in reports] == [(OLD, 1), ("alder.example/log/2029", 2)]


async def test_two_processes_at_new_year_open_one_log(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as one, running(store_url, node_keys, clock) as two:
        await one.append(event("request"))
        clock.instant = NEW_YEAR
        first, second = await one.append(event("request")), await two.append(event("request"))
        assert [answer.entries[0].index for answer in (first, second)] == [1, 2]
    await verify_store(settings_of(store_url, node_keys))
