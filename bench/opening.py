"""Opening a log of a hundred million entries: of the tree what an opening reads and folds, made up; the rest of the store is new.

An opening reads the incomplete tiles at the right end and folds the full ones below them once more, up to 255 of each level. So those are
there, each with a hash of its own, and the checkpoint over them is signed by the log's key; nothing else of the log is.
"""

import asyncio
import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from bench.figures import Figure, percentile
from node.keys import create_node_keys
from safepassage.proofs import leaf_hash
from services.audit.checkpoints import CheckpointSigner, keep_checkpoint
from services.audit.driver import Driver
from services.audit.heads import Head, newest_log
from services.audit.tables import SegmentRow, TileRow
from services.audit.tiles import HASH_BYTES, WIDTH, hashes_of, node_hash_from
from services.audit.tree import Frontier, complete_nodes, subtree_root
from shared.clock import system_clock
from shared.database import Database
from shared.migrations import migrate
from tests.audit.audit_node import running

TITLE = "Opening a log of 100 million entries"

SIZE: Final = 100_000_000
TIMES: Final = 5


def run() -> list[Figure]:
    """Open it five times, on SQLite."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name)))


async def _run(folder: Path) -> list[Figure]:
    create_node_keys(folder / "keys")
    url = f"sqlite+inline:///{folder}/audit.db"
    database = Database(url)
    await migrate("audit", database)
    async with running(url, folder / "keys", system_clock):
        pass  # it made the log
    async with database.reading() as tx:
        log = await newest_log(tx)
        assert log is not None
    signer = CheckpointSigner.of(folder / "keys" / "audit")
    t = int(system_clock().timestamp())
    await database.write(partial(_write, signer, Head(log.year, log.origin, log.vkey, t, 0, Frontier(), ())))
    await database.close()
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        async with running(url, folder / "keys", system_clock) as node:
            took.append((time.perf_counter() - began) * 1000)
            if node.sequencer.frozen is not None or node.sequencer.size != SIZE:
                raise RuntimeError("the log that is measured is not the log that is meant")
    return [Figure("audit opens it, with every check: median", percentile(took, 50), "ms", "<= 1000", "the whole service, SQLite")]


def _write(signer: CheckpointSigner, empty: Head, connection: Connection) -> None:
    driver, year, t = Driver(connection), empty.year, empty.last_t
    count = SIZE % WIDTH
    leaves = [os.urandom(32) for _ in range(count)]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    data = b"".join([len(leaf).to_bytes(2, "big") + leaf for leaf in leaves])
    driver.insert(SegmentRow, [(year, SIZE - count, count, t, b"".join(hashes), data)])
    edges, level = [tuple(hashes)], 1
    while nodes := SIZE >> 8 * level:
        first, edge = nodes - nodes % WIDTH, []
        for n in range(first, nodes):
            tile = os.urandom(WIDTH * HASH_BYTES)
            driver.insert(TileRow, [(year, level - 1, n, tile)])
            edge.append(subtree_root(hashes_of(tile)))
        driver.change("INSERT INTO edge_tile (log, level, hashes) VALUES (?, ?, ?)", year, level, b"".join(edge))
        edges.append(tuple(edge))
        level += 1
    node_hash = node_hash_from(lambda level, _: b"".join(edges[level]))
    frontier = Frontier(SIZE, tuple(node_hash(node) for node in complete_nodes(0, SIZE)))
    driver.change("UPDATE tree_state SET size = ?, root = ?, last_t = ? WHERE log = ?", SIZE, frontier.root, t, year)
    driver.change(
        "INSERT INTO index_cursor (log, at, corrections) VALUES (?, ?, 0) ON CONFLICT (log) DO UPDATE SET at = excluded.at", year, SIZE
    )
    head = Head(year, empty.origin, empty.vkey, t, 0, frontier, tuple(edges))
    keep_checkpoint(driver, signer, head, system_clock())
