"""An entry as an export has it is the leaf that the log proves: its id, its class, its instant, the policy that decided, its students."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import pytest

from safepassage.leaf import ABSENT, parse_leaf
from services.audit.stored_tree import StoredTree
from tests.audit.audit_node import AuditNode, disclosure, event
from tests.audit.exports.test_exports import asking, plan, state_of

pytestmark = pytest.mark.anyio


async def test_what_is_exported_of_an_entry_is_what_its_leaf_says(node: AuditNode) -> None:
    student = uuid4()
    await node.append(disclosure(node, student), event("load"), event("load", custodian=None))
    await node.sequencer.publish_now()
    planned = await plan(node, state_of(node))
    answer = await node.send("POST", "/v1/log/exports/parts", state_of(node), asking(planned, 0, "entries", {}))
    told = [json.loads(line) for line in answer.body.splitlines()]
    async with node.database.reading() as tx:
        leaves = [parse_leaf(one) for one in await StoredTree(tx, 2026).entries(0, 3)]
    assert [one["entry_id"] for one in told] == [str(leaf.id) for leaf in leaves]
    assert [one["class"] for one in told] == [leaf.class_ for leaf in leaves]
    assert [one["logged_at"] for one in told] == [f"{datetime.fromtimestamp(leaf.t, UTC):%Y-%m-%dT%H:%M:%SZ}" for leaf in leaves]
    assert [one["policy_hash"] for one in told] == [None if leaf.policy_hash == ABSENT else leaf.policy_hash for leaf in leaves]
    assert [one["policy_hash"] is None for one in told] == [False, True, True]
    assert [one["student_ids"] for one in told] == [[str(student)], [], []]


async def test_a_planned_export_is_on_record_with_its_purpose_its_search_and_how_many_entries_it_looks_at(node: AuditNode) -> None:
    await node.append(*[event("match", student=uuid4()) for _ in range(3)])
    await node.sequencer.publish_now()
    planned = await plan(node, state_of(node), "csv", classes=["match"])
    headers = node.as_caller("audit:search", kind="sea", purpose="audit-evaluation")
    await node.app.state.projector.catch_up()
    answer = await node.send("POST", "/v1/log/searches", headers, {"operations": ["export-planned"]})
    (one,) = json.loads(answer.body)["entries"]
    assert one["context"] == {
        "about": f"log-export:{planned.plan.id}",
        "count": 3,
        "operation": "export-planned",
        "outcome": "planned",
        "purpose": "audit-evaluation",
        "reason": "csv",
        "request_digest": planned.plan.search_digest,
    }


async def test_a_part_says_how_many_entries_it_has_and_its_own_digest_and_a_manifest_is_of_the_plan_alone(node: AuditNode) -> None:
    await node.append(*[event("match", student=uuid4()) for _ in range(3)])
    await node.sequencer.publish_now()
    planned = await plan(node, state_of(node))
    tokens = []
    for kind in ("entries", "proofs"):
        answer = await node.send("POST", "/v1/log/exports/parts", state_of(node), asking(planned, 0, kind, {}))
        assert answer.headers["content-digest"] == f"sha-256=:{b64encode(sha256(answer.body).digest()).decode()}:"
        tokens.append(answer.headers["export-part"])
        if kind == "proofs":
            assert all(
                {"actor", "context", "subjects"} & set(json.loads(line)) >= {"actor", "context"} for line in answer.body.splitlines()
            )
    body = {"plan": planned.plan.model_dump(mode="json"), "token": planned.token, "parts": tokens}
    signed = json.loads((await node.send("POST", "/v1/log/exports/manifest", state_of(node), body)).body)
    assert signed["manifest"]["entries"] == 3
    assert [(one["kind"], one["entries"]) for one in signed["manifest"]["parts"]] == [("entries", 3), ("proofs", 3)]
    forged = body | {"plan": body["plan"] | {"format": "csv"}}
    assert (await node.send("POST", "/v1/log/exports/manifest", state_of(node), forged)).status == 422
