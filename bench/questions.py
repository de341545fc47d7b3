"""Questions to a long log: searches of every kind, the reach of a credential, a start on it. SQLite with synchronous=FULL; in process, each
question with its own entry in the log.

`python -m bench questions --entries 10000000` is the size that the issue names: some 20 minutes of writing and indexing before the first
question, and 12 GB.
"""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure, as_served, percentile, progress
from bench.questioned_log import Questioned, asked_about, fill
from node.keys import create_node_keys
from safepassage.checkpoints import parse_vkey
from services.audit.heads import load_head, newest_log
from services.audit.tables import TreeStateRow
from shared.clock import system_clock
from shared.database import Database
from shared.migrations import migrate
from tests.audit.audit_node import STATE, AuditNode, running

TITLE = "Questions to the log"

TIMES: Final = 100
"""Questions of each kind, about others each time."""

Body = Mapping[str, Any]


def run(*, entries: int = 1_000_000) -> list[Figure]:
    """Write a log of so many entries, index it, and ask."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name), entries))


async def _run(folder: Path, entries: int) -> list[Figure]:
    create_node_keys(folder / "keys")
    url = f"sqlite+inline:///{folder}/audit.db"
    database = Database(url)
    await migrate("audit", database)
    await database.close()
    about = asked_about(system_clock())
    async with running(url, folder / "keys", system_clock) as node:
        as_served()
        index = await written(node, about, entries)
    note, began = f"{entries:,} entries", time.perf_counter()
    async with running(url, folder / "keys", system_clock) as node:
        opened = (time.perf_counter() - began) * 1000
        as_served()
        return [index, Figure("opening audit on it", opened, "ms", "<= 1000", note), *await _asked(node, about, note)]


async def written(node: AuditNode, about: Questioned, entries: int) -> Figure:
    """Write and index, while nothing else is done behind the log. Gives how fast the index was made."""
    for task in node.app.state.tasks:
        task.cancel()
    await asyncio.gather(*node.app.state.tasks, return_exceptions=True)
    async with node.database.reading() as tx:
        log = await newest_log(tx)
        assert log is not None
        head = await load_head(tx, log, keys=[parse_vkey(log.vkey)])
    await fill(node.database, node.app.state, head, about, entries)
    progress("indexing")
    began = time.process_time()
    indexed = await node.app.state.projector.catch_up()
    made = Figure("index, made by one core", indexed / (time.process_time() - began), "entries/s", ">= 20000", "by CPU seconds")
    progress("merging blocks by student")
    await node.app.state.subject_blocks.merge()
    async with node.database.reading() as tx:
        assert (await tx.get_one(TreeStateRow, log.year)).size >= entries  # nobody measures an empty log
    return made


async def _asked(node: AuditNode, about: Questioned, note: str) -> list[Figure]:
    chance, figures, every = random.Random(7), list[Figure](), list[float]()
    for name in _KINDS:
        took = [await _milliseconds(node, "/v1/log/searches", _question(name, about, chance)) for _ in range(TIMES)]
        every += took
        figures.append(Figure(f"a search by {name}: p50", percentile(took, 50), "ms", "", f"p99 {percentile(took, 99):.0f} ms"))
        progress(f"{name}: {percentile(took, 50):.1f} ms")
    figures.append(Figure("a search of any of these kinds, a page of 100: p99", percentile(every, 99), "ms", "<= 50", note))
    whole = {"touched_from": _text(about.since), "touched_until": _text(about.until + timedelta(days=1))}
    for client, which in ((about.clients[0], "the busiest client"), (about.clients[150], "a client of the middle")):
        took = [await _milliseconds(node, "/v1/log/blast-radius", {"client_id": client, **whole}) / 1000]
        figures.append(Figure(f"blast radius of {which} over all of the time", took[0], "s", "<= 60", note))
    return figures


async def _milliseconds(node: AuditNode, path: str, body: Body) -> float:
    headers = node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")
    began = time.perf_counter()
    answer = await node.send("POST", path, headers, json.dumps(body).encode())
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise RuntimeError("the answer that is measured is not the answer that is meant")
    return took


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


_KINDS: Final = (
    "student",
    "client",
    "organisation and a week",
    "recipient's node and purpose",
    "basis, denial and category",
    "custodian and class",
    "an hour",
    "exchange",
    "decision",
    "what there is none of",
)


def _question(kind: str, about: Questioned, chance: random.Random) -> Body:
    """The body of one search. A recipient's state is its nodes by the trust list, and as dear as a node."""
    at = about.since + (about.until - about.since) * chance.random()
    match kind:
        case "student":
            return {"student_id": str(about.students[int(len(about.students) * chance.random() ** 2)])}
        case "client":
            return {"client_ids": [chance.choice(about.clients)]}
        case "organisation and a week":
            until = at + timedelta(days=7)
            return {"organisation_ids": [str(chance.choice(about.organisations))], "logged_from": _text(at), "logged_until": _text(until)}
        case "recipient's node and purpose":
            return {"recipient_organisations": [str(chance.choice(about.organisations))], "purposes": ["enrollment"]}
        case "basis, denial and category":
            return {"bases": ["transfer"], "outcomes": ["deny"], "categories": [chance.choice(("identity", "programme", "assessment"))]}
        case "custodian and class":
            return {"custodian_ids": [str(chance.choice(about.custodians))], "classes": ["disclosure", "read"]}
        case "an hour":
            return {"logged_from": _text(at), "logged_until": _text(at + timedelta(hours=1))}
        case "exchange":
            return {"exchange_ids": [chance.choice(about.exchanges)]}
        case "decision":
            return {"decision_ids": [chance.choice(about.decisions)]}
        case _:
            return {"client_ids": [chance.choice(about.clients)], "purposes": ["enrollment"], "operations": ["vendor-page"]}
