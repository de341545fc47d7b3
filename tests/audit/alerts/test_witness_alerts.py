"""What witnesses say, and fail to say, is an alert: once, beside the entry that the log has of it already."""

import pytest

from services.audit.witnessing.findings import finding_key
from tests.audit.alerts.watched import entries, rows, told, watch
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
    clock.advance(days=1)
    await node.app.state.findings.record("witness-refuses", "https://birch.example/v1/witness")
    await watch(node)
    assert len(await rows(node)) == len(await entries(node, classes=["witness"])) == 2
    assert finding_key("k", "a", "2026-10-20") != finding_key("k", "a", "2026-10-21")


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
