"""A log of which the last entries are lost for good is ended, and the node goes on with the next one, which says so."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from node.command import app
from safepassage.canonical import digest_of, from_base64url
from safepassage.checkpoints import checkpoint_body, note_with, parse_checkpoint, signature_line
from safepassage.leaf import parse_leaf
from safepassage.notes import parse_note
from services.audit.ending import ENDED, end_log
from services.audit.heads import LogDamaged
from services.audit.settings import AuditSettings
from services.audit.shards import NotToBeEnded
from services.audit.tables import LogRow
from services.audit.verification import verify_store
from services.audit.witnessing.examination import examine_witnessing
from services.records.tables import PeerLogRow
from shared.database import Database
from shared.keys import SigningKey
from tests.audit.alerts.watched import rows, watch
from tests.audit.audit_node import STATE, AuditNode, event, running, settings_of
from tests.audit.two_audits import ALDER, BIRCH, ORIGIN, Nodes, findings, grow, publisher, shown
from tests.conftest import StandingClock
from tests.stores import at_head

pytestmark = pytest.mark.anyio

NEXT = f"{ALDER}/log/2027"


def settings(nodes: Nodes) -> AuditSettings:
    return settings_of(nodes.store(ALDER), nodes.keys[ALDER], **nodes.settings[ALDER])


async def put_back(nodes: Nodes, *, before: int = 5, after: int = 2) -> None:
    """The copy of a log with `before` entries is put back after `after` more; the witness has all of them."""
    async with nodes.up(ALDER) as alder:
        await grow(alder, before)
        await publisher(alder).turn()
    nodes.copy(ALDER)
    async with nodes.up(ALDER) as alder:
        await grow(alder, after)
        await publisher(alder).turn()
    nodes.restore(ALDER)


async def lost(nodes: Nodes, *, before: int = 5, after: int = 2) -> None:
    """The same, and the log is frozen, as the witness has shown what is missing."""
    await put_back(nodes, before=before, after=after)
    async with nodes.up(ALDER) as alder:
        assert alder.sequencer.frozen is not None


async def states(node: AuditNode) -> dict[int, str]:
    async with node.database.reading() as tx:
        return {row.year: row.state for row in await tx.scalars(select(LogRow))}


async def first_entries(node: AuditNode, count: int) -> list[bytes]:
    operator = node.as_caller("audit:operate", kind="sea")
    answers = [await node.send("GET", f"/v1/log/entries/{n}", operator) for n in range(count)]
    return [from_base64url(json.loads(answer.body)["entry"]) for answer in answers]


@pytest.mark.requirement("LOG-rollback")
async def test_the_node_goes_on_with_the_next_log_which_pins_the_end_and_says_what_was_lost(nodes: Nodes, birch: AuditNode) -> None:
    await lost(nodes)
    ended = await end_log(settings(nodes), at=5, clock=nodes.clock)
    assert (ended.origin, ended.size, ended.next_origin) == (ORIGIN, 5, NEXT)
    nodes.clock.advance(minutes=10)
    async with nodes.up(ALDER) as alder:
        one = event("request", student=uuid4())
        (appended,) = (await alder.append(one)).entries
        assert alder.verified(appended).origin == NEXT
        assert appended.index == 3
        leaf = parse_leaf(from_base64url(appended.entry))
        assert leaf.t == int(nodes.clock().timestamp())  # of now, though the log has next year's name
        assert await states(alder) == {2026: "ended", 2027: "active"}
        # the first entry pins the last checkpoint of the log before, the second one what the witness has shown of what is lost
        opened, second, third = map(parse_leaf, await first_entries(alder, 3))
        last = (await alder.send("GET", "/v1/log/checkpoint", alder.as_caller("audit:operate", kind="sea"), query="year=2026")).body
        assert parse_checkpoint(parse_note(last).text).size == 5
        evidence = (await birch.send("GET", f"/v1/witness/{_digest()}/checkpoint", {})).body
        assert {one.class_ for one in (opened, second, third)} == {"witness"}
        assert second.digests.ct == third.digests.ct == digest_of(evidence)
        # what the witness found, which the frozen log could not take, is an alert that somebody has to answer
        await watch(alder)
        assert [(row.rule, row.entry_log, row.entry_idx) for row in await rows(alder)] == [("witness-finding", 2027, 2)]
        # witnesses cosign the new one, and are shown the old one no more
        for _ in range(3):
            nodes.clock.advance(minutes=2)
            await publisher(alder).turn()
        assert parse_checkpoint(parse_note(await shown(alder, "witnessed=true")).text).origin == NEXT
        assert set(await findings(alder)) == {"own-log-rolled-back"}
        assert alder.sequencer.frozen is None
        # whoever asks for it finds it
        state = alder.as_caller("audit:search", kind="sea", purpose="audit-evaluation")
        found = await alder.send("POST", "/v1/log/searches", state, {"operations": [ENDED]})
        (told,) = json.loads(found.body)["entries"]
        assert (told["log"], told["index"]) == (NEXT, 1)
        async with alder.database.reading() as tx:
            said = {one.what: one.state for one in await examine_witnessing(tx, nodes.clock())}
        assert (said["log"], said[f"log, {ORIGIN}"]) == ("good", "warning")
    older, newer = await verify_store(settings(nodes))
    assert (older.log.size, newer.log.size) == (5, 5)
    assert await findings(birch) == {}


@pytest.mark.slow
@pytest.mark.requirement("LOG-rollback")
async def test_what_goes_on_outlives_restarts_and_two_new_years(nodes: Nodes, birch: AuditNode) -> None:
    await lost(nodes)
    await end_log(settings(nodes), at=5, clock=nodes.clock)
    shared = event("request")
    async with nodes.up(ALDER) as alder:
        (before,) = (await alder.append(shared)).entries
    for instant, year in (
        (datetime(2027, 1, 1, tzinfo=UTC), 2027),
        (datetime(2027, 12, 31, tzinfo=UTC), 2027),
        (datetime(2028, 1, 1, tzinfo=UTC), 2028),
    ):
        nodes.clock.instant = instant
        async with nodes.up(ALDER) as alder:
            (appended,) = (await alder.append(event("request"))).entries
            assert alder.verified(appended).origin == f"{ALDER}/log/{year}"
            (again,) = (await alder.append(shared)).entries
            assert (again.index, again.duplicate) == (before.index, True)
    assert [report.log.origin[-4:] for report in await verify_store(settings(nodes))] == ["2026", "2027", "2028"]


@pytest.mark.requirement("LOG-rollback")
async def test_it_is_no_way_around_a_log_that_is_whole_and_the_operator_has_to_know_the_copy(nodes: Nodes, birch: AuditNode) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 3)
        note = await shown(alder)
    for pinned in (None, note, note.replace("\n3\n", "\n4\n"), "no checkpoint"):  # none of them says that anything is lost
        with pytest.raises(NotToBeEnded, match="not frozen"):
            await end_log(settings(nodes), at=3, clock=nodes.clock, pinned=pinned)
    await lost(nodes, before=2)
    with pytest.raises(NotToBeEnded, match="has 5 entries"):
        await end_log(settings(nodes), at=7, clock=nodes.clock)
    async with nodes.up(ALDER) as alder:
        assert await states(alder) == {2026: "frozen"}
        async with alder.database.transaction() as tx:
            await tx.run_sync(_tamper)
    with pytest.raises(LogDamaged):
        await end_log(settings(nodes), at=5, clock=nodes.clock)


@pytest.mark.slow
@pytest.mark.requirement("LOG-rollback")
async def test_a_node_that_has_lost_everything_begins_anew_and_its_lost_log_stays_witnessed(
    nodes: Nodes, birch: AuditNode, sqlite_template: Path
) -> None:
    async with nodes.up(ALDER) as alder:
        await grow(alder, 5)
        await publisher(alder).turn()
    nodes.lose(ALDER, sqlite_template)
    async with nodes.up(ALDER) as alder:
        assert alder.sequencer.frozen is not None
    await end_log(settings(nodes), at=0, clock=nodes.clock)
    async with nodes.up(ALDER) as alder:
        assert (await alder.append(event("request"))).entries[0].index == 3
        await publisher(alder).turn()
        assert alder.sequencer.frozen is None
    held = (await birch.send("GET", f"/v1/witness/{_digest()}/checkpoint", {})).body
    assert parse_checkpoint(parse_note(held).text).size == 5
    assert [report.log.size for report in await verify_store(settings(nodes))] == [0, 4]


@pytest.mark.slow
@pytest.mark.requirement("LOG-rollback")
async def test_a_fork_of_our_own_past_is_ended_too(nodes: Nodes, birch: AuditNode) -> None:
    await put_back(nodes, after=3)
    nodes.between.down.add(BIRCH)
    async with nodes.up(ALDER) as alder:
        await grow(alder, 20)
        nodes.between.down.clear()
        nodes.clock.advance(minutes=2)
        await publisher(alder).turn()
        assert set(await findings(alder)) == {"own-log-forked"}
    await end_log(settings(nodes), at=25, clock=nodes.clock)
    async with nodes.up(ALDER) as alder:
        assert (await alder.append(event("request"))).entries[0].index == 3
        for _ in range(2):
            nodes.clock.advance(minutes=2)
            await publisher(alder).turn()
        assert alder.sequencer.frozen is None
    assert await findings(birch) == {}
    await verify_store(settings(nodes))


@pytest.mark.requirement("LOG-rollback")
async def test_a_checkpoint_that_somebody_has_kept_is_enough_where_no_witness_is(
    store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    """On both engines; what was appended before is still answered as it was."""
    one = event("request")
    async with running(store_url, node_keys, clock) as node:
        (before,) = (await node.append(one)).entries
        log_key = node.verifier(ORIGIN)
    body = checkpoint_body(ORIGIN, 9, bytes(32))
    kept = note_with(body, [signature_line(log_key, SigningKey.load(node_keys / "audit" / "log.json").sign(body))])
    ended = await end_log(settings_of(store_url, node_keys), at=1, clock=clock, pinned=kept)
    assert (ended.size, ended.next_origin) == (1, NEXT)
    async with running(store_url, node_keys, clock) as node:
        (again,) = (await node.append(one)).entries
        assert (again.index, again.entry, again.duplicate) == (before.index, before.entry, True)
        (appended,) = (await node.append(event("request"))).entries
        assert (node.verified(appended).origin, appended.index) == (NEXT, 2)
    await verify_store(settings_of(store_url, node_keys))


@pytest.mark.slow
@pytest.mark.requirement("LOG-rollback")
def test_services_that_run_apart_are_told_one_after_the_other_each_by_its_own_variables(nodes: Nodes, tmp_path: Path) -> None:
    async def loses() -> None:
        async with nodes.up(BIRCH):
            await lost(nodes)

    records = f"sqlite+aiosqlite:///{tmp_path}/records.db"

    async def kept() -> None:
        await at_head("records", records)
        database = Database(records)
        async with database.transaction() as tx:
            tx.add(PeerLogRow(origin=ORIGIN, node=f"https://{ALDER}", size=7, root="A" * 43, note="", seen_at=nodes.clock()))
        await database.close()

    asyncio.run(loses())
    asyncio.run(kept())

    def run(service: str, url: str, *words: str) -> str:
        names = {"ENTITY_ID": f"https://{ALDER}", "DATABASE_URL": url, "KEYS_DIRECTORY": str(nodes.keys[ALDER] / service)}
        if service == "records":
            names |= {"JURISDICTION": "US-XA", "NODE_ORGANISATION_ID": str(STATE)}
        said = CliRunner().invoke(app, ["end-log", *words], env={f"SAFE_PASSAGE_{name}": value for name, value in names.items()})
        return f"{said.exit_code} {' '.join(said.output.split())}"

    assert run("audit", nodes.store(ALDER)).startswith("2 How many entries has this copy?")
    assert "Not ended: this copy of the log has 5 entries, not 7." in run("audit", nodes.store(ALDER), "--at", "7")
    told = run("audit", nodes.store(ALDER), "--at", "5")
    assert told.startswith(f"0 {ORIGIN} has ended at 5 entries. The node goes on with {NEXT}.")
    assert told.endswith(f"end-log --records {ORIGIN}")
    assert run("records", records, "--records", ORIGIN) == "0 records had seen 7 entries of it."
    assert run("records", records, "--records", ORIGIN) == "0 records had kept no checkpoint of it."


def _tamper(session: Any) -> None:
    session.connection().exec_driver_sql("UPDATE tree_state SET root = zeroblob(32)")


def _digest() -> str:
    from safepassage.tlog_witness import origin_digest  # noqa: PLC0415 only here

    return origin_digest(ORIGIN)
