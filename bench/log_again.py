"""The log: how long until another node has cosigned an entry, a proof that was asked for before, and the index made anew.

Two nodes in one process, each with a store of its own and the other as its witness; nothing is between them that takes time, and the rest
is as served: a round each second, and at once where somebody waits. What a figure is held against is measured in the same run.
"""

import asyncio
import os
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from bench.append import event_of
from bench.figures import Figure, as_served, disk_milliseconds, percentile
from node.keys import create_node_keys
from safepassage.proofs import node_hash
from services.audit.drafts import Draft, draft_of
from services.audit.driver import Driver
from services.audit.index.bitmaps import loaded
from services.audit.index.postings import ENTRIES_LEVEL
from services.audit.index.rebuilding import begin, empty
from services.audit.stored_tree import StoredTree
from services.audit.witnessing.cosignatures import largest_witnessed
from shared.contracts.audit import AppendRequest
from shared.database import Database
from tests.audit.audit_node import AuditNode, event, migrated, sqlite_url
from tests.audit.two_audits import ALDER, BIRCH, Nodes, nodes_that_witness
from tests.conftest import StandingClock

TITLE = "The log: witnessed, proven again, made anew"

NOW: Final = datetime(2026, 10, 20, 12, tzinfo=UTC)
ENTRIES: Final = 60_000
AT_ONCE: Final = 1_000
WAITED_FOR: Final = 100
LOOKED_FOR: Final = 30
LOOKED_EVERY_SECONDS: Final = 0.02
PROOFS: Final = 400


def run() -> list[Figure]:
    """All of it, on SQLite."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name)))


async def _run(folder: Path) -> list[Figure]:
    latency, load = f"fdatasync {disk_milliseconds(folder):.2f} ms", f"load {os.getloadavg()[0]:.1f}"
    keys = [folder / f"keys-{n}" for n in range(2)]
    for place in keys:
        create_node_keys(place)
    await migrated(sqlite_url(folder))
    nodes = nodes_that_witness(folder, folder / "audit.db", keys, StandingClock(NOW))
    for host in (ALDER, BIRCH):
        nodes.settings[host]["witness_seconds"] = 1.0
    async with nodes.up(BIRCH), nodes.up(ALDER) as alder:
        as_served()
        figures = await _witnessed(nodes, alder, f"{latency}; {load}; no network between the two")
        await _fill(alder)
        return [*figures, *await _proofs(alder), *await _made_anew(alder)]


async def _witnessed(nodes: Nodes, node: AuditNode, note: str) -> list[Figure]:
    policy, took, waited, durable = nodes.policy(ALDER), list[float](), list[float](), list[float]()
    (year,) = await _years(node)
    drawn = random.Random(1)
    for _ in range(LOOKED_FOR):
        await asyncio.sleep(drawn.random())
        began = time.perf_counter()
        size = (await node.append(event("match"))).entries[-1].size
        while True:
            async with node.database.reading() as tx:
                found = await largest_witnessed(tx, year, policy)
            if found is not None and found.size >= size:
                break
            await asyncio.sleep(LOOKED_EVERY_SECONDS)
        took.append(time.perf_counter() - began)
    for _ in range(WAITED_FOR):
        began = time.perf_counter()
        await node.append(event("match"))
        durable.append(time.perf_counter() - began)
        began = time.perf_counter()
        asked = AppendRequest(events=(event("match"),), acknowledge="witnessed").model_dump(mode="json", by_alias=True, exclude_none=True)
        answer = await node.send("POST", "/internal/entries", node.as_job("records"), asked)
        if answer.status != 200:
            raise RuntimeError("an entry was not witnessed")
        waited.append(time.perf_counter() - began)
    return [
        Figure("from an append until its checkpoint is cosigned, nobody waiting: p95", percentile(took, 95), "s", "<= 3", note),
        Figure("the same, p50", percentile(took, 50), "s", ""),
        Figure("an append that is answered when it is cosigned: p95", percentile(waited, 95) * 1000, "ms", "<= 3000", note),
        Figure("  times one that is durable alone, in turn, p50 of both", percentile(waited, 50) / percentile(durable, 50), "×", ""),
    ]


async def _years(node: AuditNode) -> list[int]:
    return await node.database.read(lambda connection: [year for (year,) in Driver(connection).rows("SELECT year FROM log")])


async def _fill(node: AuditNode) -> None:
    drafts = _drafts(node, ENTRIES)
    for start in range(0, ENTRIES, AT_ONCE):
        await node.sequencer.append(drafts[start : start + AT_ONCE])
    await node.app.state.projector.catch_up()


def _drafts(node: AuditNode, count: int) -> list[Draft]:
    return [draft_of(event_of("match", n), producer="records", digest_key=node.sequencer.digest_key) for n in range(count)]


async def _proofs(node: AuditNode) -> list[Figure]:
    """Of single entries here and there."""
    (year,), size = await _years(node), node.sequencer.size
    wanted, database = [n * 7919 % size for n in range(PROOFS)], Database(node.database.url)
    at_first, again = [percentile([await _anew(database, year, at, size) for at in wanted], 50) for _ in range(2)]
    async with database.reading() as tx:
        tree = StoredTree(tx, year)
        for at in wanted:
            await tree.inclusion_path(at, size)
        cpu = time.process_time()
        hot = [await _took(tree, at, size) for at in wanted]
        cpu = (time.process_time() - cpu) * 1000 / PROOFS
    await database.close()
    kept = percentile(hot, 50)
    return [
        Figure("an inclusion proof, nothing of the tree read before: p50", at_first, "ms", "<= 1"),
        Figure("the same again, in a transaction of its own: p50", again, "ms", ""),
        Figure(
            "the same by a tree that gave it before: p50", kept, "ms", "<= 0.1", f"CPU {cpu:.3f} ms each; a node's hash {_hash():.2f} µs"
        ),
        Figure("  the first, times that", at_first / kept, "×", ""),
    ]


async def _anew(database: Database, year: int, at: int, size: int) -> float:
    async with database.reading() as tx:
        return await _took(StoredTree(tx, year), at, size)


async def _took(tree: StoredTree, at: int, size: int) -> float:
    began = time.perf_counter()
    await tree.inclusion_path(at, size)
    return (time.perf_counter() - began) * 1000


def _hash(times: int = 20_000) -> float:
    """Microseconds of CPU of one hash of the tree, at this load."""
    one, began = os.urandom(32), time.process_time()
    for _ in range(times):
        one = node_hash(one, one)
    return (time.process_time() - began) / times * 1e6


async def _made_anew(node: AuditNode) -> list[Figure]:
    """The index thrown away and made from the log, beside as many put in as they are appended. Marks: an entry's for each term."""
    projector: Any = node.app.state.projector
    catch_up, marks = projector.catch_up, await node.database.read(_marks)
    projector.catch_up = _rest  # of the task that follows the log: one makes the index
    await node.database.write(begin)
    began, cpu = time.perf_counter(), time.process_time()
    await empty(node.database)
    emptied = time.perf_counter() - began
    count: int = await catch_up()
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if await node.database.read(_marks) != marks:
        raise RuntimeError("the index that was made anew is not the one that was there")
    of_entry = f"{marks / count:.1f} marks of each entry; {emptied:.2f} s of {took:.1f} let the old ones go; {100 * cpu / took:.0f} % CPU"
    drafts = _drafts(node, count)
    for start in range(0, count, AT_ONCE):
        await node.sequencer.append(drafts[start : start + AT_ONCE])
    followed = time.process_time()
    followed = await catch_up() / (time.process_time() - followed)
    return [
        Figure("the index made anew: marks, per core", marks / cpu, "/s", ">= 150000", of_entry),
        Figure("the same: entries, per core", count / cpu, "entries/s", "", f"{count / took:,.0f} by the clock"),
        Figure("  times entries put in as they are appended, per core", count / cpu / followed, "×", ""),
    ]


def _marks(connection: Connection) -> int:
    rows = Driver(connection).rows("SELECT bits FROM posting WHERE level = ?", ENTRIES_LEVEL)
    return sum(loaded(bytes(bits)).bit_count() for (bits,) in rows)


async def _rest() -> int:
    return 0
