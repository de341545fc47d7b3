"""A part of an export is complete or not given out; of several years it is in the order of time, and whoever exported is on record."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.leaf import ABSENT, parse_leaf
from safepassage.wire_exports import SignedManifest
from services.audit.stored_tree import StoredTree
from tests.audit.alerts.watched import stop_workers
from tests.audit.audit_node import ELM, OAK, AuditNode, event, give_organisations
from tests.audit.exports.test_exports import asking, district, export, lines, plan, state_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("LOG-EXPORTS")
async def test_what_the_index_has_not_is_left_out_of_no_part(node: AuditNode) -> None:
    """The part is refused until the index has come that far, and then it has every entry."""
    await stop_workers(node, "_keep_index")
    for _ in range(3):
        await node.append(*[event("load", custodian=None) for _ in range(700)])
    await node.append(event("match", student=uuid4()))
    await node.sequencer.publish_now()
    search = {"classes": ["match"]}
    planned = await plan(node, state_of(node), **search)
    refused = await node.send("POST", "/v1/log/exports/parts", state_of(node), asking(planned, 0, "entries", search))
    assert (refused.status, json.loads(refused.body)["code"]) == (503, "index-behind")
    await node.app.state.projector.catch_up()
    answer = await node.send("POST", "/v1/log/exports/parts", state_of(node), asking(planned, 0, "entries", search))
    assert [json.loads(line)["index"] for line in answer.body.splitlines()] == [2100]


async def test_an_export_over_two_years_is_in_the_order_of_time_and_its_entry_is_the_exporters_own(
    node: AuditNode, tmp_path: Path, clock: StandingClock
) -> None:
    await give_organisations(node)
    await node.append(event("match", student=uuid4()))
    clock.advance(days=90)
    await node.append(event("match", student=uuid4()))
    await node.sequencer.publish_now()
    planned = await export(node, tmp_path / "years", district(node), classes=["match"])
    assert [one.year for one in planned.plan.ranges] == [2026, 2027]
    logged = [one["logged_at"] for one in lines(tmp_path / "years", planned)]
    assert (len(logged), logged) == (2, sorted(logged))
    await node.app.state.projector.catch_up()
    asked = {"classes": ["export"]}
    for organisation, count in ((OAK, 2), (ELM, 0)):
        answer = await node.send("POST", "/v1/log/searches", node.as_caller("audit:search", organisation=organisation), asked)
        assert len(json.loads(answer.body)["entries"]) == count


@pytest.mark.requirement("LOG-EXPORTS")
async def test_the_log_pins_the_manifest_that_was_signed(node: AuditNode, tmp_path: Path) -> None:
    await node.append(event("match", student=uuid4()))
    await export(node, tmp_path / "export", state_of(node))
    note = SignedManifest.model_validate_json((tmp_path / "export" / "manifest.json").read_bytes()).note
    async with node.database.reading() as tx:
        leaves = [parse_leaf(one) for one in await StoredTree(tx, 2026).entries(0, node.sequencer.size)]
    assert [leaf.digests.ct for leaf in leaves if leaf.class_ == "export"] == [ABSENT, digest_of(note.encode())]
