"""This node as a witness: every answer of C2SP tlog-witness, and a size that was cosigned never goes back."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from safepassage.checkpoints import parse_checkpoint
from safepassage.cosignatures import Cosignature, verified_cosignatures
from safepassage.notes import ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE, note_with, parse_note, parse_signature_lines, signature_line
from safepassage.tlog_witness import MAX_BYTES, AddCheckpoint, origin_digest
from services.audit.tables import SegmentRow, WitnessedLogRow, WitnessFindingRow
from services.audit.witnessing.keys import WitnessKeys
from shared.in_process import Answer, call
from shared.keys import KeyFileUnusable, SigningKey
from shared.ml_dsa_keys import MlDsaKey
from tests.audit.audit_node import ENTITY, AuditNode, running, sqlite_url
from tests.audit.peer_log import BIRCH, PeerLog, member, submit, trust_settings
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def birch() -> PeerLog:
    return PeerLog()


@pytest.fixture
def trusting(birch: PeerLog, tmp_path: Path, clock: StandingClock) -> dict[str, Any]:
    return trust_settings(tmp_path, member(ENTITY), member(BIRCH, birch.as_log()), now=clock())


@pytest.fixture
async def node(store_url: str, node_keys: Path, clock: StandingClock, trusting: dict[str, Any]) -> AsyncIterator[AuditNode]:
    async with running(store_url, node_keys, clock, **trusting) as node:
        yield node


def witness_keys(node: AuditNode) -> WitnessKeys:
    keys = WitnessKeys.of(node.node_keys / "audit", "alder.example")
    assert keys is not None
    return keys


def cosignatures(node: AuditNode, answer: Answer, request: AddCheckpoint) -> tuple[Cosignature, ...]:
    """Those of the answer, verified."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    text = parse_note(request.note).text
    note = parse_note(note_with(text, parse_signature_lines(answer.body.decode())))
    return verified_cosignatures(note, keys=witness_keys(node).verifiers)


async def shown(node: AuditNode, origin: str) -> Answer:
    return await call(node.app, "GET", f"/v1/witness/{origin_digest(origin)}/checkpoint", headers={})


async def stored_size(node: AuditNode) -> int | None:
    async with node.database.reading() as tx:
        return (await tx.execute(select(WitnessedLogRow.size))).scalar_one_or_none()


@pytest.mark.requirement("LOG-witness")
async def test_a_checkpoint_is_cosigned_with_both_keys_and_shown(node: AuditNode, birch: PeerLog, clock: StandingClock) -> None:
    request = birch.request(0, 5)
    found = cosignatures(node, await submit(node, request), request)
    assert [one.key.type for one in found] == [ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE]
    assert {one.key.name for one in found} == {"alder.example/witness"}
    assert {one.timestamp for one in found} == {int(clock().timestamp())}
    note = parse_note((await shown(node, birch.origin)).body)
    assert note.text == parse_note(request.note).text
    assert note.signatures[0] == parse_note(request.note).signatures[0]
    assert verified_cosignatures(note, keys=witness_keys(node).verifiers) == found


@pytest.mark.requirement("LOG-witness")
async def test_it_goes_on_from_what_was_cosigned_by_a_proof(node: AuditNode, birch: PeerLog, clock: StandingClock) -> None:
    for old, size in ((0, 3), (3, 7), (7, 8), (8, 21)):
        clock.advance(seconds=1)
        request = birch.request(old, size)
        assert cosignatures(node, await submit(node, request), request)
        assert await stored_size(node) == size


async def test_another_old_size_is_answered_with_the_known_one(node: AuditNode, birch: PeerLog) -> None:
    for old, known in ((3, b"0\n"), (0, b"5\n"), (4, b"5\n"), (6, b"5\n")):
        if known != b"0\n":
            await submit(node, birch.request(0, 5))
        answer = await submit(node, birch.request(old, 7))
        assert (answer.status, answer.headers["content-type"], answer.body) == (409, "text/x.tlog.size", known)
    assert await stored_size(node) == 5


@pytest.mark.requirement("LOG-witness")
async def test_a_smaller_checkpoint_is_not_cosigned_again(node: AuditNode, birch: PeerLog) -> None:
    await submit(node, birch.request(0, 7))
    answer = await submit(node, birch.request(0, 5))
    assert (answer.status, answer.body) == (409, b"7\n")
    assert (await submit(node, birch.request(7, 5))).status == 400
    assert await stored_size(node) == 7


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "witness-request-malformed"),
        (b"old 0\n\nno note", "witness-request-malformed"),
        (b"old 0\n\nno checkpoint\n\n\xe2\x80\x94 birch.example/log/2026 AAAAAAA=\n", "witness-request-malformed"),
    ],
)
async def test_what_is_no_request_is_refused(node: AuditNode, body: bytes, code: str) -> None:
    answer = await submit(node, body)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, code)


async def test_an_old_size_above_the_checkpoint_s_is_refused(node: AuditNode, birch: PeerLog) -> None:
    assert (await submit(node, birch.request(6, 5))).status == 400


async def test_a_body_is_bounded(node: AuditNode, birch: PeerLog) -> None:
    answer = await submit(node, birch.request(0, 5).body() + b"x" * MAX_BYTES)
    assert (answer.status, json.loads(answer.body)["code"]) == (413, "body-too-large")


async def test_a_log_that_nobody_of_the_list_has_is_unknown(node: AuditNode) -> None:
    stranger = PeerLog("cedar.example/log/2026")
    answer = await submit(node, stranger.request(0, 5))
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "origin-not-witnessed")
    assert (await shown(node, stranger.origin)).status == 404


async def test_a_log_is_shown_only_once_it_was_cosigned_and_under_a_digest_alone(node: AuditNode, birch: PeerLog) -> None:
    assert (await shown(node, birch.origin)).status == 404
    for path in (origin_digest(birch.origin).upper(), "x", birch.origin):
        assert (await call(node.app, "GET", f"/v1/witness/{path}/checkpoint", headers={})).status in (404, 422)


@pytest.mark.requirement("LOG-witness")
async def test_a_checkpoint_without_a_true_signature_of_a_known_key_is_refused(node: AuditNode, birch: PeerLog) -> None:
    other = SigningKey.generate()
    unknown = birch.request(0, 5, keys=[other])
    note = birch.note(5)
    altered = AddCheckpoint(0, (), note.replace("\n5\n", "\n6\n"))
    for request in (unknown, altered):
        answer = await submit(node, request)
        assert (answer.status, json.loads(answer.body)["code"]) == (403, "checkpoint-refused-by-witness")
    assert await stored_size(node) is None
    # an unknown key beside the known one counts for nothing, and its line is not kept
    both = birch.request(0, 5, keys=[other, birch.key])
    assert (await submit(node, both)).status == 200
    assert birch.verifier(other).key_id not in {line.key_id for line in parse_note((await shown(node, birch.origin)).body).signatures}


async def test_a_key_that_the_list_shows_as_retired_speaks_for_the_log_no_more(
    sqlite_store: Path, node_keys: Path, clock: StandingClock, tmp_path: Path, birch: PeerLog
) -> None:
    old = SigningKey.generate()
    settings = trust_settings(tmp_path, member(BIRCH, birch.as_log(retired=[old])), now=clock())
    async with running(sqlite_url(sqlite_store.parent), node_keys, clock, **settings) as node:
        assert (await submit(node, birch.request(0, 5, keys=[old]))).status == 403


async def test_a_suspended_member_s_log_and_the_node_s_own_are_not_witnessed(
    sqlite_store: Path, node_keys: Path, clock: StandingClock, tmp_path: Path, birch: PeerLog
) -> None:
    own = PeerLog("alder.example/log/2026")
    settings = trust_settings(tmp_path, member(ENTITY, own.as_log()), member(BIRCH, birch.as_log(), status="suspended"), now=clock())
    async with running(sqlite_url(sqlite_store.parent), node_keys, clock, **settings) as node:
        assert [(await submit(node, log.request(0, 5))).status for log in (own, birch)] == [404, 404]


@pytest.mark.parametrize("days", [31, -1])
async def test_under_a_list_that_is_not_in_force_nothing_is_cosigned(
    node: AuditNode, birch: PeerLog, clock: StandingClock, days: int
) -> None:
    clock.advance(days=days)
    answer = await submit(node, birch.request(0, 5))
    assert (answer.status, json.loads(answer.body)["code"]) == (503, "temporarily-unavailable")


@pytest.mark.requirement("LOG-witness")
@pytest.mark.requirement("FAULT-fork")
async def test_a_fork_is_refused_and_is_a_finding_with_both_checkpoints(node: AuditNode, birch: PeerLog) -> None:
    await submit(node, birch.request(0, 5))
    for request, kind in (
        (birch.request(5, 5, forked_at=2), "peer-log-forked"),
        (birch.request(5, 9, forked_at=2), "peer-log-not-continued"),
    ):
        answer = await submit(node, request)
        assert (answer.status, json.loads(answer.body)["code"]) == (422, "checkpoint-not-consistent")
        async with node.database.reading() as tx:
            row = await tx.get_one(WitnessFindingRow, (kind, birch.origin))
        assert row.evidence is not None
        assert birch.note(5).partition("\n\n")[0] in row.evidence
        assert request.note in row.evidence
    assert await stored_size(node) == 5
    assert b'"class":"witness"' in await leaves(node)


async def test_a_log_that_misbehaves_all_day_fills_our_log_with_one_entry_a_day(
    node: AuditNode, birch: PeerLog, clock: StandingClock
) -> None:
    await submit(node, birch.request(0, 5))
    for size in (5, 5, 5):
        await submit(node, birch.request(5, size, forked_at=size - 3))
    assert (await leaves(node)).count(b'"class":"witness"') == 1
    clock.advance(days=1)
    await submit(node, birch.request(5, 5, forked_at=1))
    assert (await leaves(node)).count(b'"class":"witness"') == 2
    async with node.database.reading() as tx:
        row = (await tx.execute(select(WitnessFindingRow))).scalar_one()
    assert row.count == 4
    assert row.evidence is not None
    assert birch.note(5, forked_at=2) in row.evidence  # that of the first time


async def leaves(node: AuditNode) -> bytes:
    async with node.database.reading() as tx:
        return b"".join((await tx.execute(select(SegmentRow.data))).scalars())


@pytest.mark.parametrize("path", ["dropped", "longer", "other"])
async def test_a_path_that_shows_nothing_is_refused(node: AuditNode, birch: PeerLog, path: str) -> None:
    await submit(node, birch.request(0, 5))
    right = birch.request(5, 9)
    paths = {"dropped": right.path[:-1], "longer": (*right.path, bytes(32)), "other": (bytes(32), *right.path[1:])}
    assert (await submit(node, AddCheckpoint(5, paths[path], right.note))).status == 422
    assert await stored_size(node) == 5


async def test_from_nothing_and_between_equal_sizes_the_path_is_empty(node: AuditNode, birch: PeerLog, clock: StandingClock) -> None:
    assert (await submit(node, AddCheckpoint(0, (bytes(32),), birch.note(5)))).status == 422
    await submit(node, birch.request(0, 5))
    clock.advance(minutes=1)
    assert (await submit(node, AddCheckpoint(5, (bytes(32),), birch.note(5)))).status == 422
    assert (await submit(node, birch.request(5, 5))).status == 200


async def test_the_empty_tree_has_the_empty_tree_s_root(node: AuditNode, birch: PeerLog) -> None:
    assert (await submit(node, AddCheckpoint(0, (), birch.note(0, root=bytes(32))))).status == 422
    request = birch.request(0, 0)
    assert cosignatures(node, await submit(node, request), request)
    assert (await submit(node, birch.request(0, 4))).status == 200


async def test_the_same_checkpoint_is_answered_with_the_same_cosignatures_for_a_while(
    node: AuditNode, birch: PeerLog, clock: StandingClock
) -> None:
    first = await submit(node, birch.request(0, 5))
    clock.advance(seconds=9)
    assert (await submit(node, birch.request(5, 5))).body == first.body
    clock.advance(seconds=1)
    request = birch.request(5, 5)
    again = cosignatures(node, await submit(node, request), request)
    assert {one.timestamp for one in again} == {int(clock().timestamp())}


async def test_a_clock_that_goes_back_does_not_take_cosignatures_with_it(node: AuditNode, birch: PeerLog, clock: StandingClock) -> None:
    clock.advance(hours=5)
    before = int(clock().timestamp())
    await submit(node, birch.request(0, 5))
    clock.advance(hours=-3)
    request = birch.request(5, 9)
    assert {one.timestamp for one in cosignatures(node, await submit(node, request), request)} == {before}


async def test_extension_lines_are_cosigned_by_the_type_that_signs_them(node: AuditNode, birch: PeerLog) -> None:
    text = parse_note(birch.note(5)).text + b"a line more\n"
    note = note_with(text, [signature_line(birch.verifier(), birch.key.sign(text))])
    request = AddCheckpoint(0, (), note)
    assert [one.key.type for one in cosignatures(node, await submit(node, request), request)] == [ED25519_COSIGNATURE]


async def test_a_checkpoint_of_the_same_tree_with_other_lines_is_not_answered_with_the_cosignatures_of_the_one_before(
    node: AuditNode, birch: PeerLog
) -> None:
    await submit(node, birch.request(0, 5))
    text = parse_note(birch.note(5)).text + b"a line more\n"
    request = AddCheckpoint(5, (), note_with(text, [signature_line(birch.verifier(), birch.key.sign(text))]))
    assert [one.key.type for one in cosignatures(node, await submit(node, request), request)] == [ED25519_COSIGNATURE]


@pytest.mark.requirement("LOG-witness")
async def test_of_many_requests_at_once_each_cosigned_size_follows_the_one_before(
    store_url: str, node_keys: Path, clock: StandingClock, trusting: dict[str, Any], birch: PeerLog
) -> None:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(running(store_url, node_keys, clock, **trusting)) for _ in range(3)]
        requests = [birch.request(0, size) for size in range(1, 10)]
        answers = await asyncio.gather(*(submit(nodes[n % 3], request) for n, request in enumerate(requests)))
        # from nothing one can win; the others learn of it
        assert sorted(answer.status for answer in answers) == [200] + [409] * 8
        won = next(request for request, answer in zip(requests, answers, strict=True) if answer.status == 200)
        known = parse_checkpoint(parse_note(won.note).text).size
        assert await stored_size(nodes[0]) == known
        onward = [birch.request(known, known + more) for more in range(1, 10)]
        answers = await asyncio.gather(*(submit(nodes[n % 3], request) for n, request in enumerate(onward)))
        winners = [request for request, answer in zip(onward, answers, strict=True) if answer.status == 200]
        assert len(winners) == 1
        assert await stored_size(nodes[0]) == parse_checkpoint(parse_note(winners[0].note).text).size
        assert {answer.status for answer in answers} == {200, 409}


async def test_a_node_without_witness_keys_witnesses_nobody(
    sqlite_store: Path, node_keys: Path, clock: StandingClock, trusting: dict[str, Any], birch: PeerLog, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    shutil.copytree(node_keys, keys)
    for file in (keys / "audit").glob("witness*.json"):
        file.unlink()
    async with running(sqlite_url(sqlite_store.parent), keys, clock, **trusting) as node:
        assert (await submit(node, birch.request(0, 5))).status == 404


def test_one_key_of_two_or_the_log_s_own_key_is_refused(tmp_path: Path) -> None:
    WitnessKeys.create(tmp_path)
    (tmp_path / "witness-ml-dsa-44.json").rename(tmp_path / "aside.json")
    with pytest.raises(KeyFileUnusable):
        WitnessKeys.of(tmp_path, "alder.example")
    (tmp_path / "aside.json").rename(tmp_path / "witness-ml-dsa-44.json")
    WitnessKeys.of(tmp_path, "alder.example")
    (tmp_path / "log.json").write_bytes((tmp_path / "witness.json").read_bytes())
    (tmp_path / "log.json").chmod(0o600)
    with pytest.raises(KeyFileUnusable):
        WitnessKeys.of(tmp_path, "alder.example")


def test_an_ml_dsa_key_file_is_read_as_it_was_written_and_no_other(tmp_path: Path) -> None:
    key, file = MlDsaKey.generate(), tmp_path / "key.json"
    key.save(file)
    assert MlDsaKey.load(file).public == key.public
    assert repr(key).startswith("MlDsaKey(")
    jwk = json.loads(file.read_text())
    for change in ({"pub": MlDsaKey.generate().public.hex()}, {"alg": "ML-DSA-65"}, {"kty": "OKP"}, {"priv": "AAAA"}):
        file.write_text(json.dumps(jwk | change))
        with pytest.raises(KeyFileUnusable):
            MlDsaKey.load(file)
    file.write_text(json.dumps(jwk))
    file.chmod(0o644)
    with pytest.raises(KeyFileUnusable):
        MlDsaKey.load(file)
