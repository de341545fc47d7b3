"""Two nodes witness one another: what is cosigned is shown, goes on by proofs, and says when a quorum is reached."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError

from safepassage.checkpoints import parse_checkpoint
from safepassage.cosignatures import Cosignature
from safepassage.notes import ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE, SignatureLine, parse_note
from safepassage.problems.witnessing import NotWitnessedYet, NoWitnessesNamed, QuorumNotReached
from safepassage.tlog_policy import parse_policy, verify_witnessed
from safepassage.tlog_proof import parse_proof_file, verify_proof_file
from services.audit.driver import Driver
from services.audit.tables import CosignatureRow
from services.audit.witnessing.cosignatures import (
    SIZES_LOOKED_AT,
    keep,
    largest_cosigned,
    largest_witnessed,
    prune,
    witnesses_since,
)
from services.audit.witnessing.rounds import OwnCheckpoint
from shared.contracts.audit import AppendRequest, AppendResponse, Event
from shared.in_process import Answer
from shared.keys import KeyFileUnusable
from tests.audit.audit_node import AuditNode, event, running, sqlite_url
from tests.audit.two_audits import ALDER, BIRCH, CEDAR, ORIGIN, Nodes, findings, grow, publisher, shown
from tests.conftest import StandingClock
from tests.sdk.cosigners import Cosigner

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("LOG-witnessed")
async def test_a_checkpoint_is_cosigned_by_the_other_node_and_shown_so(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        size = await grow(alder, 5)
        note = await shown(alder)
        with pytest.raises(QuorumNotReached):
            verify_witnessed(note, policy=nodes.policy(ALDER), log_keys=[alder.verifier(ORIGIN)])
        await publisher(alder).turn()
        found = verify_witnessed(await shown(alder), policy=nodes.policy(ALDER), origin=ORIGIN, log_keys=[alder.verifier(ORIGIN)])
        assert found.checkpoint.size == size
        assert {one.key.type for one in found.cosignatures} == {ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE}
        # and it goes on from there, by a proof
        assert await grow(alder, 300) == size + 300
        await publisher(alder).turn()
        assert parse_checkpoint(parse_note(await shown(alder, "witnessed=true")).text).size == size + 300
    assert await findings(birch) == {}


@pytest.mark.requirement("LOG-witnessed")
async def test_the_largest_witnessed_checkpoint_is_shown_while_the_log_goes_on(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        operator = alder.as_caller("audit:operate", kind="sea")
        assert (await alder.send("GET", "/v1/log/checkpoint", operator, query="witnessed=true")).status == 503
        size = await grow(alder, 3)
        await publisher(alder).turn()
        later = await grow(alder, 2)
        assert parse_checkpoint(parse_note(await shown(alder, "witnessed=true")).text).size == size
        assert parse_checkpoint(parse_note(await shown(alder)).text).size == later
        # a proof file with cosignatures stands alone
        answer = await alder.send("GET", "/v1/log/entries/1/proof", operator, query="witnessed=true")
        proof = parse_proof_file(answer.body)
        assert proof.extra is not None
        verify_witnessed(proof.checkpoint, policy=nodes.policy(ALDER), log_keys=[alder.verifier(ORIGIN)])
        assert verify_proof_file(proof, entry=proof.extra, origin=ORIGIN, keys=[alder.verifier(ORIGIN)]).size == size
        answer = await alder.send("GET", f"/v1/log/entries/{size}/proof", operator, query="witnessed=true")
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "not-witnessed-yet")
        assert (await alder.send("GET", f"/v1/log/entries/{size}/proof", operator)).status == 200


async def test_a_search_says_of_each_entry_whether_enough_witnesses_have_cosigned_it(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        state = alder.as_caller("audit:search", kind="sea", purpose="audit-evaluation")

        async def found() -> dict[int, tuple[str, bool]]:
            entries = json.loads((await alder.send("POST", "/v1/log/searches", state, {"classes": ["match"]})).body)["entries"]
            return {one["index"]: (one["proof"], one["witnessed"]) for one in entries}

        receipt = await alder.append(event("match"), event("match"))
        first, second = (entry.index for entry in receipt.entries)
        await alder.sequencer.publish_now()
        assert set((await found()).values()) == {("published", False)}
        await publisher(alder).turn()
        (later,) = (entry.index for entry in (await alder.append(event("match"))).entries)
        await alder.sequencer.publish_now()
        assert await found() == {first: ("published", True), second: ("published", True), later: ("published", False)}


async def test_who_waits_for_the_quorum_is_told_when_it_is_reached(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        size = await grow(alder, 2)
        # the loop of the lifespan is woken by who waits
        await publisher(alder).until_witnessed(2026, size, seconds=20)
        # and who waits for more than was cosigned is not
        await grow(alder)
        waiting = asyncio.create_task(publisher(alder).until_witnessed(2026, size + 2, seconds=20))
        await asyncio.sleep(0)
        await publisher(alder).turn()
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
        await grow(alder)
        await publisher(alder).turn()
        await waiting


async def test_who_comes_during_a_round_does_not_wait_for_the_next_regular_one(
    nodes: Nodes, birch: AuditNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes.up(ALDER) as alder:
        publishing, began, goes_on = publisher(alder), asyncio.Event(), asyncio.Event()
        assert publishing._rounds is not None
        ask = publishing._rounds.ask

        async def slow(own: OwnCheckpoint) -> bool:
            began.set()
            await goes_on.wait()
            return await ask(own)

        monkeypatch.setattr(publishing._rounds, "ask", slow)
        size = await grow(alder, 2)
        first = asyncio.create_task(publishing.until_witnessed(2026, size, seconds=20))
        await began.wait()
        size = await grow(alder)
        second = asyncio.create_task(publishing.until_witnessed(2026, size, seconds=20))
        await asyncio.sleep(0)
        goes_on.set()
        await asyncio.gather(first, second)


@pytest.mark.requirement("FAULT-witness")
async def test_an_append_is_acknowledged_as_it_asks(nodes: Nodes, birch: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    async def append(node: AuditNode, one: Event, level: str) -> Answer:
        body = AppendRequest(events=(one,), acknowledge=level).model_dump_json(by_alias=True, exclude_none=True)  # type: ignore[arg-type]
        return await node.send("POST", "/internal/entries", node.as_job("records"), body.encode())

    async with nodes.up(ALDER) as alder:
        size = await grow(alder, 3)
        for level, published in (("durable", size), ("published", size + 2)):
            assert (await append(alder, event("match"), level)).status == 200
            assert parse_checkpoint(parse_note(await shown(alder)).text).size == published
        one = event("match")
        answer = await append(alder, one, "witnessed")
        assert answer.status == 200
        assert parse_checkpoint(parse_note(await shown(alder, "witnessed=true")).text).size >= size + 3
        monkeypatch.setattr("services.audit.append.WITNESSED_WITHIN_SECONDS", 0)
        late = event("match")
        refused = await append(alder, late, "witnessed")
        assert (refused.status, json.loads(refused.body)["code"]) == (503, "not-witnessed-yet")
        await publisher(alder).turn()
        again = AppendResponse.model_validate_json((await append(alder, late, "witnessed")).body)
        assert [(each.index, each.duplicate) for each in again.entries] == [(size + 3, True)]


async def test_a_node_without_witnesses_says_so(sqlite_store: Path, node_keys: Path, clock: StandingClock) -> None:
    async with running(sqlite_url(sqlite_store.parent), node_keys, clock) as node:
        with pytest.raises(NoWitnessesNamed):
            await publisher(node).until_witnessed(2026, 0, seconds=0)
        answer = await node.send("GET", "/v1/log/checkpoint", node.as_caller("audit:operate", kind="sea"), query="witnessed=true")
        assert (answer.status, json.loads(answer.body)["code"]) == (409, "no-witnesses-named")
        body = AppendRequest(events=(event("match"),), acknowledge="witnessed").model_dump_json(by_alias=True, exclude_none=True)
        answer = await node.send("POST", "/internal/entries", node.as_job("records"), body.encode())
        assert (answer.status, json.loads(answer.body)["code"]) == (409, "no-witnesses-named")
        assert node.sequencer.size == 0


@pytest.mark.slow
@pytest.mark.requirement("LOG-witnessed")
async def test_of_three_nodes_two_are_a_quorum_and_one_is_none(three: Nodes) -> None:
    async with three.up(ALDER) as alder, three.up(BIRCH):
        size = await grow(alder, 4)
        await publisher(alder).turn()
        with pytest.raises(QuorumNotReached):
            verify_witnessed(await shown(alder), policy=three.policy(ALDER), log_keys=[alder.verifier(ORIGIN)])
        with pytest.raises(NotWitnessedYet):
            await publisher(alder).until_witnessed(2026, size, seconds=0)
        async with three.up(CEDAR):
            three.clock.advance(minutes=2)
            await publisher(alder).turn()
            await publisher(alder).until_witnessed(2026, size, seconds=0)
            verify_witnessed(await shown(alder), policy=three.policy(ALDER), log_keys=[alder.verifier(ORIGIN)])


async def test_what_was_cosigned_before_a_restart_is_known_after_it(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        size = await grow(alder, 4)
        await publisher(alder).turn()
    async with nodes.up(ALDER) as alder:
        await publisher(alder).until_witnessed(2026, size, seconds=0)
        asked = len(nodes.between.asked)
        await publisher(alder).turn()
        assert len(nodes.between.asked) == asked  # nothing is new
        await grow(alder)
        await publisher(alder).turn()
        assert nodes.between.asked[asked:] == [("POST", BIRCH)]  # with the right old size at once


@pytest.mark.slow
async def test_two_processes_of_one_node_have_their_log_cosigned_without_a_false_alarm(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as one, nodes.up(ALDER) as two:
        for _ in range(3):
            await grow(one, 2)
            await grow(two, 3)
            await asyncio.gather(publisher(one).turn(), publisher(two).turn())
        await publisher(one).turn()
        assert await findings(one) == {}
        assert one.sequencer.frozen is None
        # one that asks with what has become old meanwhile hears of the larger size, which is ours
        [old] = await publisher(two)._own()
        await grow(one, 2)
        await publisher(one).turn()
        rounds = publisher(two)._rounds
        assert rounds is not None
        await rounds._ask(rounds.addresses[0], old)
        assert await findings(two) == {}
        for node in (one, two):
            await publisher(node).until_witnessed(2026, 15, seconds=5)
    assert await findings(birch) == {}


async def test_what_one_process_of_a_node_had_cosigned_another_does_not_ask_for(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as one, nodes.up(ALDER) as two:
        for turn in range(1, 4):
            await grow(one, 2)
            asked = len(nodes.between.asked)
            await publisher(one).turn()
            await publisher(two).turn()
            assert nodes.between.asked[asked:] == [("POST", BIRCH)]
            await publisher(two).until_witnessed(2026, 2 * turn, seconds=0)
        # and goes on from there, with the right size at once
        await grow(two)
        asked = len(nodes.between.asked)
        await publisher(two).turn()
        assert nodes.between.asked[asked:] == [("POST", BIRCH)]


@pytest.mark.slow
async def test_the_last_checkpoint_of_a_closed_year_is_cosigned_too(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 3)
        nodes.between.down.add(BIRCH)
        await publisher(alder).turn()
        nodes.between.down.clear()
        nodes.clock.advance(minutes=2)
        await alder.app.state.sequencer._shards.roll_over(2026, nodes.clock(), digest_key=alder.sequencer.digest_key)
        await grow(alder)
        await publisher(alder).turn()
        await publisher(alder).until_witnessed(2026, 3, seconds=0)
        await publisher(alder).until_witnessed(2027, 2, seconds=0)


async def test_old_cosignatures_go_but_for_one_an_hour(node: AuditNode) -> None:
    witness = Cosigner("birch.example/witness", b"\5" * 32)
    policy = parse_policy(f"witness a {witness.key.vkey}\nquorum a\n".encode())
    await grow(node, 3)

    def keep_many(connection: Connection) -> int:
        driver = Driver(connection)
        for size in range(1, SIZES_LOOKED_AT + 101):
            line = SignatureLine(witness.key.name, witness.key.key_id, b"-")
            keep(driver, 2026, size, [Cosignature(witness.key, size * 60, line)] * 2)  # the second changes nothing
        return prune(driver, 2026)

    assert await node.database.write(keep_many) == 99
    async with node.database.reading() as tx:
        left = (await tx.execute(select(CosignatureRow.size).order_by(CosignatureRow.size))).scalars().all()
        assert left == [59, *range(101, SIZES_LOOKED_AT + 101)]
        assert await largest_cosigned(tx, 2026, [witness.key]) == (left[-1], left[-1] * 60)
        assert await witnesses_since(tx, 2026, left[-1] * 60) == 1
        assert await witnesses_since(tx, 2026, left[-1] * 60 + 1) == 0
        assert await largest_witnessed(tx, 2026, policy) is None  # there is no checkpoint of that size
    with pytest.raises(DBAPIError):
        async with node.database.transaction() as tx:
            await tx.execute(update(CosignatureRow).values(line="another"))


@pytest.mark.slow
async def test_a_policy_that_cannot_be_used_stops_the_start(nodes: Nodes, tmp_path: Path) -> None:
    no_address = f"witness a {nodes.witness_keys(BIRCH)[0].vkey}\nquorum a\n"
    file = tmp_path / "policy"
    for policy in (None, "quorum", "witness a b\nquorum a\n", no_address):
        if policy is not None:
            file.write_text(policy)
        with pytest.raises(KeyFileUnusable):
            async with nodes.up(ALDER, witness_policy_file=file):
                pass
