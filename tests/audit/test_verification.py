"""A stopped store that was tampered with is found out, by index; and a node that starts on it takes nothing."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from safepassage.bundles import bundle_of, entries_of
from safepassage.problems.stored_log import EntriesMissing, LogAltered
from safepassage.proofs import leaf_hash
from services.audit.verification import StoreReport, verify_store
from shared.database import Database
from tests.audit.audit_node import AuditNode, disclosure, event, running, settings_of, sqlite_url
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

STEPS = (1, 250, 40, 40, 200, 60, 7)
"""598 entries: two full tiles; a checkpoint before the first step and after each."""
TRIGGERS = ("segment", "tile", "checkpoint", "appended")

Tampering = Callable[[sqlite3.Connection], None]


async def fill(url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(url, node_keys, clock) as node:
        for step in STEPS:
            await node.append(*[event("request", student=uuid4()) for _ in range(step)])
            clock.advance(seconds=2)


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, node_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 598 entries, its triggers gone: what somebody with the disk can do."""
    folder = tmp_path_factory.mktemp("filled")
    store = Path(shutil.copy(sqlite_template, folder / "audit.db"))
    begin = StandingClock(datetime(2026, 10, 20, 12, tzinfo=UTC))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(fill(sqlite_url(folder), node_keys, begin))).result()
    connection = sqlite3.connect(store)
    for table in TRIGGERS:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER {table}_refuses_{verb}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.commit()
    connection.close()
    return store


@pytest.fixture
def stopped(filled: Path, tmp_path: Path) -> Path:
    """The file of a stopped node, to be tampered with."""
    return Path(shutil.copy(filled, tmp_path / "audit.db"))


def tamper(store: Path, how: Tampering) -> None:
    connection = sqlite3.connect(store)
    how(connection)
    connection.commit()
    connection.close()


async def verified(store: Path, node_keys: Path) -> list[StoreReport]:
    return await verify_store(settings_of(sqlite_url(store.parent), node_keys))


def segment_of(connection: sqlite3.Connection, index: int) -> tuple[int, list[bytes], bytes]:
    query = "SELECT start, data, hashes FROM segment WHERE start <= ? ORDER BY start DESC LIMIT 1"
    start, data, hashes = connection.execute(query, (index,)).fetchone()
    return start, list(entries_of(data)), hashes


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def flip_entry(index: int, *, hash_too: bool = False, tile_too: bool = False) -> Tampering:
    def how(connection: sqlite3.Connection) -> None:
        start, entries, hashes = segment_of(connection, index)
        at = index - start
        place = entries[at].index(b'"actor":"') + 12  # still a leaf: one character of a commitment is another one
        entries[at] = entries[at][:place] + (b"B" if entries[at][place : place + 1] == b"A" else b"A") + entries[at][place + 1 :]
        digest = leaf_hash(entries[at])
        if hash_too:
            hashes = hashes[: at * 32] + digest + hashes[(at + 1) * 32 :]
        connection.execute("UPDATE segment SET data = ?, hashes = ? WHERE start = ?", (bundle_of(entries), hashes, start))
        if tile_too:
            (tile,) = connection.execute("SELECT hashes FROM tile WHERE level = 0 AND n = ?", (index // 256,)).fetchone()
            place = index % 256
            tile = tile[: place * 32] + digest + tile[(place + 1) * 32 :]
            connection.execute("UPDATE tile SET hashes = ? WHERE level = 0 AND n = ?", (tile, index // 256))

    return how


def flip_stored_hash(index: int) -> Tampering:
    def how(connection: sqlite3.Connection) -> None:
        start, _, hashes = segment_of(connection, index)
        connection.execute("UPDATE segment SET hashes = ? WHERE start = ?", (flipped(hashes, (index - start) * 32), start))

    return how


def flip_tile(index: int) -> Tampering:
    def how(connection: sqlite3.Connection) -> None:
        (tile,) = connection.execute("SELECT hashes FROM tile WHERE level = 0 AND n = ?", (index // 256,)).fetchone()
        connection.execute("UPDATE tile SET hashes = ? WHERE level = 0 AND n = ?", (flipped(tile, index % 256 * 32 + 9), index // 256))

    return how


def swap_entries(first: int, second: int) -> Tampering:
    def how(connection: sqlite3.Connection) -> None:
        start, entries, hashes = segment_of(connection, first)
        a, b = first - start, second - start
        entries[a], entries[b] = entries[b], entries[a]
        split = [hashes[i : i + 32] for i in range(0, len(hashes), 32)]
        split[a], split[b] = split[b], split[a]
        connection.execute("UPDATE segment SET data = ?, hashes = ? WHERE start = ?", (bundle_of(entries), b"".join(split), start))

    return how


def swap_segments(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE segment SET start = 9999 WHERE start = 251")
    connection.execute("UPDATE segment SET start = 251 WHERE start = 291")
    connection.execute("UPDATE segment SET start = 291 WHERE start = 9999")


def drop_tail(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM segment WHERE start = 591")


def drop_tail_and_checkpoint(connection: sqlite3.Connection) -> None:
    drop_tail(connection)
    connection.execute("DELETE FROM checkpoint WHERE size > 591")


def drop_middle(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM segment WHERE start = 251")


def flip_sealed(index: int) -> Tampering:
    def how(connection: sqlite3.Connection) -> None:
        (groups,) = connection.execute("SELECT groups FROM sealed WHERE idx = ?", (index,)).fetchone()
        connection.execute("UPDATE sealed SET groups = ? WHERE idx = ?", (flipped(groups, len(groups) // 2), index))

    return how


def swap_sealed(connection: sqlite3.Connection) -> None:
    (one, key), (other, other_key) = connection.execute("SELECT groups, key_id FROM sealed WHERE idx IN (30, 31) ORDER BY idx").fetchall()
    connection.execute("UPDATE sealed SET groups = ?, key_id = ? WHERE idx = 30", (other, other_key))
    connection.execute("UPDATE sealed SET groups = ?, key_id = ? WHERE idx = 31", (one, key))


def forget_event(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM appended WHERE idx = 77")


TAMPERINGS: dict[str, tuple[Tampering, int]] = {
    "an entry": (flip_entry(123), 123),
    "an entry and the hash beside it": (flip_entry(123, hash_too=True), 123),
    "an entry of an incomplete tile and the hash beside it": (flip_entry(595, hash_too=True), 591),
    "a stored hash": (flip_stored_hash(300), 300),
    "a tile": (flip_tile(200), 200),
    "two entries swapped with their hashes": (swap_entries(260, 280), 260),
    "two segments swapped": (swap_segments, 251),
    "the last segment dropped": (drop_tail, 591),
    "the last segment dropped with its checkpoint": (drop_tail_and_checkpoint, 591),
    "a segment dropped": (drop_middle, 251),
    "something sealed": (flip_sealed(44), 44),
    "sealed content of two entries swapped": (swap_sealed, 30),
    "the key of an event": (forget_event, 77),
}


async def test_an_honest_store_verifies(stopped: Path, node_keys: Path) -> None:
    (report,) = await verified(stopped, node_keys)
    assert (report.log.size, report.log.checkpoints, report.opened, report.destroyed) == (598, 8, 598, 0)


@pytest.mark.requirement("LOG-tampering")
@pytest.mark.parametrize("what", sorted(TAMPERINGS))
@pytest.mark.requirement("FAULT-tampered")
async def test_tampering_is_located(stopped: Path, node_keys: Path, what: str) -> None:
    how, index = TAMPERINGS[what]
    tamper(stopped, how)
    with pytest.raises(LogAltered) as found:
        await verified(stopped, node_keys)
    assert found.value.index == index


async def test_what_was_altered_with_all_its_hashes_is_narrowed_to_the_checkpoints_around_it(stopped: Path, node_keys: Path) -> None:
    tamper(stopped, flip_entry(123, hash_too=True, tile_too=True))
    with pytest.raises(LogAltered) as found:
        await verified(stopped, node_keys)
    assert (found.value.index, found.value.until) == (1, 251)


@pytest.mark.requirement("LOG-tampering")
@pytest.mark.requirement("FAULT-tampered")
async def test_any_byte_of_the_entries_in_the_file_is_covered(stopped: Path, node_keys: Path) -> None:
    """Bytes of the file itself, under the database: those of an entry's text."""
    original = stopped.read_bytes()  # noqa: ASYNC240 nothing else runs
    connection = sqlite3.connect(stopped)
    _, entries, _ = segment_of(connection, 251)
    connection.close()
    for n in (0, 20, 39):
        place = original.find(entries[n][:60])
        assert place > 0
        stopped.write_bytes(flipped(original, place + 30))  # noqa: ASYNC240
        with pytest.raises(LogAltered) as found:
            await verified(stopped, node_keys)
        assert found.value.index == 251 + n
    stopped.write_bytes(original)  # noqa: ASYNC240
    await verified(stopped, node_keys)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("DELETE FROM subject_key WHERE key_id = (SELECT key_id FROM sealed WHERE idx = 5)", 5),
        ("DELETE FROM sealed WHERE idx = 6", 6),
        ("INSERT INTO destroyed_part SELECT log, idx, part, '" + "0" * 32 + "' FROM sealed WHERE idx = 7", 7),
    ],
)
async def test_content_that_is_gone_without_a_destruction_is_found(stopped: Path, node_keys: Path, statement: str, index: int) -> None:
    tamper(stopped, lambda connection: connection.execute(statement))
    with pytest.raises(LogAltered) as altered:
        await verified(stopped, node_keys)
    assert altered.value.index == index


async def test_a_mark_without_a_destruction_does_not_hide_what_was_taken(stopped: Path, node_keys: Path) -> None:
    def take(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO destroyed_part SELECT log, idx, part, '" + "0" * 32 + "' FROM sealed WHERE idx = 7")
        connection.execute("DELETE FROM sealed WHERE idx = 7")

    tamper(stopped, take)
    with pytest.raises(LogAltered, match="nobody approved"):
        await verified(stopped, node_keys)


def restore_older(connection: sqlite3.Connection) -> None:
    """The state of an older copy, with the checkpoints of today."""
    connection.execute("DELETE FROM segment WHERE start >= 591")
    connection.execute("UPDATE tree_state SET size = 591")


@pytest.mark.parametrize(
    "how",
    [
        flip_stored_hash(597),
        flip_tile(100),
        drop_tail,
        restore_older,
        lambda connection: connection.execute("UPDATE tree_state SET root = zeroblob(32)"),
        lambda connection: connection.execute("UPDATE edge_tile SET hashes = zeroblob(length(hashes))"),
        lambda connection: connection.execute("UPDATE checkpoint SET note = replace(note, '598', '597') WHERE size = 598"),
        lambda connection: connection.execute("UPDATE log SET state = 'frozen'"),
    ],
)
async def test_a_damaged_log_is_frozen_at_the_start_and_takes_nothing(
    stopped: Path, node_keys: Path, clock: StandingClock, how: Tampering
) -> None:
    tamper(stopped, how)
    for _ in range(2):  # it stays so through a restart
        async with running(sqlite_url(stopped.parent), node_keys, clock) as node:
            refused = await node.try_append(event("match"))
            assert (refused.status, json.loads(refused.body)["code"]) == (503, "log-frozen")
            search = await node.send("POST", "/v1/log/searches", node.as_caller("audit:search"), {"student_id": str(uuid4())})
            assert (search.status, json.loads(search.body)["code"]) == (503, "log-frozen")
            assert (await node.send("GET", "/v1/log/checkpoint", node.as_caller("audit:operate", kind="sea"))).status == 200
            assert json.loads((await node.send("GET", "/readyz", {})).body)["status"] == "degraded"
            assert node.app.state.metrics.registry.get_sample_value("safe_passage_log_frozen") == 1


async def test_another_log_key_freezes_the_year(stopped: Path, node_keys: Path, clock: StandingClock) -> None:
    tamper(stopped, lambda connection: connection.execute("UPDATE log SET vkey = replace(vkey, '+', '+0')"))
    async with running(sqlite_url(stopped.parent), node_keys, clock) as node:
        assert (await node.try_append(disclosure(node, uuid4()))).status == 503


@pytest.mark.requirement("LOG-tampering")
@pytest.mark.postgres
@pytest.mark.requirement("FAULT-tampered")
async def test_tampering_is_located_on_postgresql(postgres_place: str, node_keys: Path, clock: StandingClock) -> None:
    from tests.audit.audit_node import migrated  # noqa: PLC0415 only here

    await migrated(postgres_place)
    await fill(postgres_place, node_keys, clock)
    settings = settings_of(postgres_place, node_keys)
    (report,) = await verify_store(settings)
    assert (report.log.size, report.opened) == (598, 598)
    database = Database(postgres_place)
    async with database.transaction() as tx:
        await tx.execute(text("ALTER TABLE segment DISABLE TRIGGER ALL"))
        await tx.execute(text("GRANT UPDATE, DELETE ON segment TO CURRENT_USER"))
        await tx.execute(text("UPDATE segment SET data = set_byte(data, 100, get_byte(data, 100) # 1) WHERE start = 251"))
    with pytest.raises(LogAltered) as altered:
        await verify_store(settings)
    assert altered.value.index == 251
    async with database.transaction() as tx:
        await tx.execute(text("DELETE FROM segment WHERE start >= 251"))
    with pytest.raises(EntriesMissing) as missing:
        await verify_store(settings)
    assert missing.value.index == 251
    await database.close()
    async with running(postgres_place, node_keys, clock) as node:
        await assert_frozen(node)


async def assert_frozen(node: AuditNode) -> None:
    assert (await node.try_append(event("match"))).status == 503
