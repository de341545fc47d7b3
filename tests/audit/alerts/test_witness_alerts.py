"""What witnesses say, and fail to say, is an alert: once, beside the entry that the log has of it already."""

import pytest

from services.audit.tables import WitnessFindingRow
from services.audit.witnessing.findings import finding_key
from tests.audit.alerts.watched import entries, read_students, rows, told, watch
from tests.audit.audit_node import AuditNode, event
from tests.audit.two_audits import ALDER, BIRCH, Nodes, grow, publisher
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def test_a_witness_finding_is_an_alert_whose_entry_is_the_witnesss(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("request"))
    for _ in range(2):
        await node.app.state.findings.record("witness-refuses", "https://birch.example/v1/witness")
        await watch(node)
    (row,) = await rows(node)
    assert (row.rule, row.about) == ("witness-finding", "witness-refuses: https://birch.example/v1/witness")
    (entry,) = await entries(node, classes=["witness"])
    assert (row.entry_log, row.entry_idx) == (2026, entry["index"])
    assert await entries(node) == []
    metrics = node.app.state.metrics.registry
    assert metrics.get_sample_value("safe_passage_alerts_total", {"rule": "witness-finding"}) == 1
    clock.advance(days=1)
    await node.app.state.findings.record("witness-refuses", "https://birch.example/v1/witness")
    await watch(node)
    assert len(await rows(node)) == len(await entries(node, classes=["witness"])) == 2
    assert finding_key("k", "a", "2026-10-20") != finding_key("k", "a", "2026-10-21")


@pytest.mark.parametrize("entered_on", [None, "2026-10-20"])
async def test_a_witness_finding_that_the_log_has_not_yet_is_no_alert_and_stops_no_other(node: AuditNode, entered_on: str | None) -> None:
    async with node.database.transaction() as tx:
        about = {"about": "https://birch.example/v1/witness", "first_at": node.clock(), "last_at": node.clock(), "count": 1}
        tx.add(WitnessFindingRow(kind="witness-refuses", entered_on=entered_on, **about))
    await read_students(node, 300)
    await watch(node)
    assert await told(node) == ["bulk-read", "first-seen-actor"]


async def test_a_checkpoint_that_waits_for_its_quorum_for_an_hour_is_told_of(nodes: Nodes) -> None:
    async with nodes.up(ALDER) as alder, nodes.up(BIRCH):
        await grow(alder, 3)
        await publisher(alder).turn()
        nodes.clock.advance(hours=2)
        await watch(alder)
        assert await told(alder) == []
        nodes.between.down.add(BIRCH)
        await grow(alder)
        await publisher(alder).turn()
        nodes.clock.advance(minutes=59)
        await watch(alder)
        assert await told(alder) == []
        nodes.clock.advance(minutes=1)
        await watch(alder)
        assert [(row.rule, row.count) for row in await rows(alder) if row.rule != "witness-finding"] == [("unwitnessed", 3600)]


async def test_a_quorum_is_waited_for_since_the_first_checkpoint_that_has_none(nodes: Nodes) -> None:
    async with nodes.up(ALDER) as alder:
        nodes.between.down.add(BIRCH)
        await grow(alder, 3)
        for _ in range(2):  # nobody has witnessed any; what is newer waits less, and is not what is told of
            nodes.clock.advance(minutes=20)
            await grow(alder)
            await publisher(alder).turn()
        await watch(alder)
        assert "unwitnessed" not in await told(alder)
        nodes.clock.advance(minutes=40)
        await watch(alder)
        (row,) = [row for row in await rows(alder) if row.rule == "unwitnessed"]
        assert row.count >= 3600
