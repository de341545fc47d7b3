"""Pages of alerts, what an alert without evidence says, and what of an act stands in the log: at the edges."""

from urllib.parse import parse_qs
from uuid import UUID

import pytest
from sqlalchemy import func, select

from safepassage.bundles import entries_of
from safepassage.canonical import digest_of
from safepassage.leaf import ABSENT, Leaf, parse_leaf
from safepassage.wire_alerts import AlertPage
from services.audit.tables import AlertAcknowledgementRow, SegmentRow
from tests.audit.alerts.officials import acknowledge, code, listed, read, said, state_client
from tests.audit.alerts.watched import entries, read_students, rows, watch, watcher_of
from tests.audit.audit_node import OAK, STATE, AuditNode, give_organisations
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

PATH = "/v1/log/alerts"


async def _leaf(node: AuditNode, index: int) -> Leaf:
    async with node.database.reading() as tx:
        segment = (await tx.scalars(select(SegmentRow).where(SegmentRow.start <= index).order_by(SegmentRow.start.desc()).limit(1))).one()
    return parse_leaf(entries_of(segment.data)[index - segment.start])


async def some_alerts(node: AuditNode, clock: StandingClock) -> None:
    """Six, of two rules and three days."""
    for client in ("a", "b", "c"):
        await read_students(node, 300, client=client)
        await watch(node)
        clock.advance(days=1)


async def pages(node: AuditNode, query: str) -> list[list[UUID]]:
    """The alerts of each page, by the links from one to the next."""
    found = []
    while query:
        answer = await node.send("GET", PATH, state_client(node), query=query)
        assert answer.status == 200, answer.body
        found.append([one.id for one in AlertPage.model_validate_json(answer.body).alerts])
        query = answer.headers.get("link", "").partition("?")[2].partition(">")[0]
    return found


async def test_a_list_that_ends_with_a_page_has_no_next_one(node: AuditNode, clock: StandingClock) -> None:
    await some_alerts(node, clock)
    assert [len(page) for page in await pages(node, "limit=6")] == [6]
    assert [len(page) for page in await pages(node, "limit=5")] == [5, 1]


@pytest.mark.parametrize("order", ["found_at", "-found_at"])
async def test_each_page_is_as_long_and_in_the_order_that_was_asked_for(node: AuditNode, clock: StandingClock, order: str) -> None:
    await some_alerts(node, clock)
    found = await pages(node, f"sort={order}&limit=4")
    assert [len(page) for page in found] == [4, 2]
    every = sorted([one for page in found for one in page], reverse=order == "-found_at")
    assert [one for page in found for one in page] == every


@pytest.mark.parametrize("other", ["rule=first-seen-actor", "state=acknowledged", "since=2026-10-21", "until=2026-10-22", "sort=found_at"])
async def test_a_page_of_one_list_does_not_go_on_in_another(node: AuditNode, clock: StandingClock, other: str) -> None:
    await some_alerts(node, clock)
    asked = {"rule": "bulk-read", "state": "open", "since": "2026-10-20", "until": "2026-11-30", "sort": "-found_at"}
    answer = await node.send(
        "GET", PATH, state_client(node), query="&".join([*(f"{name}={value}" for name, value in asked.items()), "limit=1"])
    )
    cursor = parse_qs(answer.headers["link"].partition("?")[2].partition(">")[0])["cursor"][0]
    name, _, value = other.partition("=")
    query = "&".join(f"{one}={its}" for one, its in (asked | {name: value}).items())
    answer = await node.send("GET", PATH, state_client(node), query=f"{query}&limit=1&cursor={cursor}")
    assert (answer.status, code(answer), said(answer)["field"]) == (422, "invalid-request", "cursor")


async def test_an_alert_about_the_node_itself_has_nobody_and_no_entry_as_evidence(node: AuditNode) -> None:
    await read_students(node, 300)
    await watcher_of(node).look_at_node(900.0)
    await watch(node)
    of_the_node = [one for one in await rows(node) if one.rule == "clock-skew"]
    assert len(of_the_node) == 1
    shown = {one.id: one for one in await listed(node)}
    for row in of_the_node:
        alert = shown[row.id]
        assert (alert.rule, alert.actor, alert.evidence_log, alert.first, alert.last) == (row.rule, None, None, None, None)
        assert alert.log.endswith("/log/2026")
    assert {one.actor is None for one in shown.values()} == {True, False}


async def test_no_alert_behind_the_newest_checkpoint_is_called_published(node: AuditNode) -> None:
    await read_students(node, 300)
    await node.app.state.sequencer.publish_now()
    await watch(node)
    assert [one.proof for one in await listed(node)] == ["pending", "pending"]


async def test_what_was_said_of_an_alert_stands_with_it_alone_the_newest_first(node: AuditNode, clock: StandingClock) -> None:
    await some_alerts(node, clock)
    first, second, *_ = await listed(node, "rule=bulk-read")
    await acknowledge(node, first, note="of the first")
    clock.advance(minutes=1)
    await acknowledge(node, second, note="of the second")
    told = {one.id: [said.note for said in one.acknowledgements] for one in await listed(node, "rule=bulk-read")}
    assert (told[first.id], told[second.id]) == (["of the first"], ["of the second"])
    assert [said.note for said in (await read(node, second.id)).acknowledgements] == ["of the second"]


async def test_the_entry_of_an_act_pins_the_note_as_it_is_kept_and_is_the_agencys(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await some_alerts(node, clock)
    with_note, without, *_ = await listed(node)
    await acknowledge(node, with_note, note="looked into")
    await acknowledge(node, without)
    async with node.database.reading() as tx:
        [note] = [kept for kept in await tx.scalars(select(AlertAcknowledgementRow.sealed_note)) if kept is not None]
    acts = [one for one in await entries(node, custodian_ids=[str(STATE)]) if one["context"]["operation"] == "alert-acknowledged"]
    leaves = [await _leaf(node, one["index"]) for one in acts]
    assert [leaf.digests.ct for leaf in leaves] == [digest_of(note), ABSENT]


@pytest.mark.parametrize("grown", [False, True])
async def test_an_act_that_is_refused_leaves_no_entry(node: AuditNode, grown: bool) -> None:
    await give_organisations(node)
    await read_students(node, 300)
    await watch(node)
    alert = (await listed(node, "rule=bulk-read"))[0]
    headers = state_client(node)
    if grown:
        await read_students(node, 10)
        await watch(node)
    else:
        headers = node.as_caller("alerts:read", "alerts:review", kind="lea", organisation=OAK, purpose="audit-evaluation") | {
            "idempotency-key": headers["idempotency-key"]
        }
    answer = await acknowledge(node, alert, headers=headers)
    assert (answer.status, code(answer)) == ((409, "alert-has-grown") if grown else (403, "not-permitted"))
    assert [one for one in await entries(node) if one["context"]["operation"] == "alert-acknowledged"] == []
    async with node.database.reading() as tx:
        assert await tx.scalar(select(func.count()).select_from(AlertAcknowledgementRow)) == 0
