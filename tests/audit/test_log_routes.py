"""The log as a monitor reads it: everything can be recomputed from what is served, and nothing beyond a checkpoint is."""

import json

import pytest

from safepassage.bundles import entries_of
from safepassage.canonical import from_base64url
from safepassage.checkpoints import Checkpoint, verify_checkpoint
from safepassage.proofs import verify_consistency
from safepassage.tlog_policy import parse_policy
from safepassage.tlog_proof import parse_proof_file, verify_proof_file
from services.audit.log_keys import policy_text
from tests.audit import naive_tree
from tests.audit.audit_node import AuditNode, event
from tests.conftest import StandingClock
from tests.sdk.cosigners import Cosigner, log_key

pytestmark = pytest.mark.anyio

ORIGIN = "alder.example/log/2026"
BIRCH, CEDAR = [Cosigner(f"{name}.example/witness", bytes([n]) * 32) for n, name in enumerate(("birch", "cedar"), 2)]
POLICY = (
    f"log {log_key().key.vkey}\nwitness B {BIRCH.key.vkey} https://birch.example/v1/witness\nwitness C {CEDAR.key.vkey}\n"
    "group both all B C\ngroup one any both\nquorum one\n"
)


async def get(node: AuditNode, path: str, query: str = "", scope: str = "audit:operate") -> bytes:
    answer = await node.send("GET", path, node.as_caller(scope, kind="sea"), query=query)
    assert answer.status == 200, answer.body
    return answer.body


async def checkpoint(node: AuditNode) -> Checkpoint:
    note = (await get(node, "/v1/log/checkpoint")).decode()
    return verify_checkpoint(note, origin=ORIGIN, keys=[node.verifier(ORIGIN)])


async def test_an_empty_log_has_a_checkpoint(node: AuditNode) -> None:
    head = await checkpoint(node)
    assert (head.size, head.root) == (0, naive_tree.tree_head([]))


@pytest.mark.requirement("LOG-I6")
async def test_tiles_and_bundles_are_the_tree_at_every_checkpointed_size(node: AuditNode) -> None:
    sizes = []
    for count in (1, 254, 1, 3, 300):
        await node.append(*[event("request") for _ in range(count)])
        sizes.append((await checkpoint(node)).size)
    assert sizes == [1, 255, 256, 259, 559]
    entries: list[bytes] = []
    for n, suffix in ((0, ""), (1, ""), (2, ".p/47")):
        entries += entries_of(await get(node, f"/v1/log/tile/entries/00{n}{suffix}"))
    hashes = [naive_tree.leaf_hash(entry) for entry in entries]
    head = await checkpoint(node)
    assert head.root == naive_tree.tree_head(hashes)
    for size in sizes:
        for n in range(size // 256 + 1):
            width = min(256, size - n * 256)
            if width:
                suffix = "" if width == 256 else f".p/{width}"
                assert await get(node, f"/v1/log/tile/0/{n:03d}{suffix}") == b"".join(hashes[n * 256 : n * 256 + width])
    assert await get(node, "/v1/log/tile/1/000.p/2") == b"".join(naive_tree.tree_head(hashes[n * 256 : n * 256 + 256]) for n in (0, 1))


@pytest.mark.requirement("LOG-I4")
async def test_nothing_beyond_the_checkpoint_is_served(node: AuditNode) -> None:
    await node.append(*[event("request") for _ in range(3)])
    await node.append(event("match"))
    operator = node.as_caller("audit:operate", kind="sea")
    for path in ("0/000.p/4", "0/000", "entries/000.p/4", "1/000.p/1", "0/001.p/1", "0/x", "entries/0"):
        answer = await node.send("GET", f"/v1/log/tile/{path}", operator)
        assert (answer.status, json.loads(answer.body)["code"]) == (404, "no-such-tile")
    answer = await node.send("GET", "/v1/log/entries/3", operator)
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "no-such-entry")
    await node.sequencer.publish_now()
    assert json.loads(await get(node, "/v1/log/entries/3"))["index"] == 3


@pytest.mark.requirement("LOG-I3")
async def test_published_checkpoints_are_pairwise_consistent(node: AuditNode) -> None:
    heads = []
    for count in (1, 2, 5, 40):
        await node.append(*[event("request") for _ in range(count)])
        heads.append(await checkpoint(node))
    for new in heads:
        for old in heads[: heads.index(new) + 1]:
            answer = json.loads(await get(node, "/v1/log/consistency", f"from={old.size}&to={new.size}"))
            path = [from_base64url(digest) for digest in answer["path"]]
            verify_consistency(old_size=old.size, new_size=new.size, old_root=old.root, new_root=new.root, path=path)
    internal = await node.send("GET", "/internal/consistency", node.as_job("records"), query=f"from=3&to=48&origin={ORIGIN}")
    assert json.loads(internal.body)["path"] == json.loads(await get(node, "/v1/log/consistency", "from=3&to=48"))["path"]


async def test_what_is_served_has_the_types_of_the_standard_and_says_how_long_it_stays(node: AuditNode) -> None:
    await node.append(*[event("request") for _ in range(257)])
    await node.sequencer.publish_now()
    text, octets = "text/plain; charset=utf-8", "application/octet-stream"
    for path, media_type, kept in (
        ("checkpoint", text, "private, max-age=1"),
        ("entries/3/proof", text, "private, max-age=1"),
        ("tile/0/000", octets, "private, max-age=31536000, immutable"),
        ("tile/0/001.p/1", octets, "private, max-age=31536000, immutable"),
        ("tile/entries/000", octets, "private, max-age=31536000, immutable"),
    ):
        answer = await node.send("GET", f"/v1/log/{path}", node.as_caller("audit:operate", kind="sea"))
        assert (answer.status, answer.headers["content-type"], answer.headers["cache-control"]) == (200, media_type, kept), path


async def test_sizes_that_prove_nothing_are_refused(node: AuditNode) -> None:
    await node.append(event("request"), event("request"))
    operator = node.as_caller("audit:operate", kind="sea")
    for query, expected in (
        ("from=2&to=1", 422),
        ("from=1&to=3", 422),
        ("from=0&to=1", 422),
        ("from=1", 422),
        ("from=1&to=1&year=2025", 404),
    ):
        assert (await node.send("GET", "/v1/log/consistency", operator, query=query)).status == expected
    unknown = await node.send("GET", "/internal/consistency", node.as_job("records"), query="from=1&to=2&origin=birch.example/log/2026")
    assert unknown.status == 404


async def test_a_proof_file_stands_alone(node: AuditNode) -> None:
    await node.append(*[event("request") for _ in range(9)])
    proof = parse_proof_file(await get(node, "/v1/log/entries/4/proof"))
    assert proof.extra is not None
    head = verify_proof_file(proof, entry=proof.extra, origin=ORIGIN, keys=[node.verifier(ORIGIN)])
    assert head.size == 9


async def test_a_behind_entry_is_published_by_the_clock_without_anybody_waiting(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("match"))
    assert (await checkpoint(node)).size == 0
    await node.sequencer.publish_now()
    assert (await checkpoint(node)).size == 1


async def test_scopes_are_needed_and_vendors_have_none(node: AuditNode) -> None:
    await node.append(event("request"))
    paths = ("/v1/log/checkpoint", "/v1/log/tile/0/000.p/1", "/v1/log/consistency", "/v1/log/entries/0", "/v1/log/entries/0/proof")
    for path in paths:
        for headers in (
            node.as_caller("audit:accounting", kind="sea"),
            node.as_caller("records:read", kind="vendor"),
            node.as_job("records"),
        ):
            answer = await node.send("GET", path, headers, query="from=1&to=1")
            assert answer.status in (401, 403)
    assert (await node.send("GET", "/internal/consistency", node.as_job("privacy"), query="from=1&to=1")).status == 403


async def test_whose_signatures_count_is_shown_with_the_policy_of_who_witnesses(node: AuditNode) -> None:
    found = json.loads(await get(node, "/v1/log/keys", scope="audit:search"))
    assert found == {"log": ORIGIN, "keys": [node.verifier(ORIGIN).vkey], "witness_keys": [], "policy": None}
    assert (await node.send("GET", "/v1/log/keys", node.as_caller("audit:operate", kind="sea"), query="year=1999")).status == 404
    assert (await node.send("GET", "/v1/log/keys", node.as_caller("records:read"))).status == 403
    policy = parse_policy(POLICY.encode())
    assert parse_policy(policy_text(policy).encode()) == policy


async def test_whoever_may_search_the_log_may_see_that_it_continues_what_they_remember(node: AuditNode) -> None:
    await node.append(*[event("request") for _ in range(3)])
    await get(node, "/v1/log/consistency", "from=1&to=3", scope="audit:search")
