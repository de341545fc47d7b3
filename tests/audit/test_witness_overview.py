"""Who witnesses whom is told as audit's store has it: the same at both ends, and what should never have been said."""

import json

import pytest

from safepassage.wire_log_witnesses import LogWitnesses
from tests.audit.audit_node import AuditNode
from tests.audit.two_audits import ALDER, BIRCH, ORIGIN, Nodes, grow, publisher

pytestmark = pytest.mark.anyio

PATH = "/v1/log/witnesses"


async def told(node: AuditNode) -> LogWitnesses:
    """What its operators are told."""
    answer = await node.send("GET", PATH, node.as_caller("audit:operate", kind="sea"))
    assert answer.status == 200, answer.body
    return LogWitnesses.model_validate_json(answer.body)


@pytest.mark.requirement("LOG-witnessed")
async def test_what_one_node_has_had_cosigned_is_what_the_other_says_to_have_cosigned(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        before = await told(alder)
        assert (before.has_policy, before.is_witness, before.witnessed_size) == (True, True, 0)
        assert [(one.size, one.cosigned_at) for one in before.witnesses] == [(0, None)] * 2
        size = await grow(alder, 5)
        await publisher(alder).turn()
        await grow(alder, 2)
        here, there = await told(alder), await told(birch)
        assert (here.log, here.size, here.witnessed_size) == (ORIGIN, size + 2, size)
        assert {one.vkey for one in here.witnesses} == {key.vkey for key in nodes.witness_keys(BIRCH)}
        assert {one.url for one in here.witnesses} == {f"https://{BIRCH}/v1/witness"}
        now = nodes.clock().replace(microsecond=0)
        assert {(one.size, one.cosigned_at) for one in here.witnesses} == {(size, now)}
        assert [(one.origin, one.size, one.cosigned_at) for one in there.witnessed] == [(ORIGIN, size, now)]
        assert here.trust_list.held is not None
        assert here.trust_list.held.serial == 1
        assert (here.findings, there.findings) == ((), ())


async def test_a_finding_is_told_with_how_often_and_when_and_nobody_without_the_scope_is_told(nodes: Nodes, birch: AuditNode) -> None:
    await birch.app.state.findings.record("peer-log-forked", ORIGIN, evidence="two notes")
    nodes.clock.advance(minutes=5)
    await birch.app.state.findings.record("peer-log-forked", ORIGIN)
    answer = await birch.send("GET", PATH, birch.as_caller("audit:operate", kind="sea"))
    assert b"two notes" not in answer.body
    [finding] = json.loads(answer.body)["findings"]
    assert (finding["kind"], finding["about"], finding["count"]) == ("peer-log-forked", ORIGIN, 2)
    assert finding["first_at"] < finding["last_at"]
    assert (await birch.send("GET", PATH, birch.as_caller("audit:search", kind="sea"))).status == 403


async def test_a_node_without_witnesses_and_without_keys_says_so(node: AuditNode) -> None:
    found = await told(node)
    assert (found.has_policy, found.witnesses, found.witnessed, found.trust_list.held) == (False, (), (), None)
