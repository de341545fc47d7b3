"""The verifier reads what a real audit service wrote: stopped in good order, and killed in the middle."""

import asyncio
import json
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from safepassage.command import main
from safepassage.offline.log_database import LogDatabase
from services.audit.tables import LogRow
from tests.audit.audit_node import event, migrated, running, sqlite_url
from tests.conftest import StandingClock

STEPS = (1, 300, 7)


@pytest.fixture(scope="module")
def stores(node_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store whose service was stopped, and a copy from while it ran: what is left after `kill -9`. And the log's key."""
    stopped, killed = tmp_path_factory.mktemp("stopped"), tmp_path_factory.mktemp("killed")

    async def fill() -> str:
        await migrated(sqlite_url(stopped))
        clock = StandingClock(datetime(2026, 10, 20, 12, tzinfo=UTC))
        async with running(sqlite_url(stopped), node_keys, clock) as node:
            for step in STEPS:
                await node.append(*[event("request", student=uuid4()) for _ in range(step)])
                clock.advance(seconds=2)
            for file in stopped.glob("audit.db*"):
                shutil.copy(file, killed)
            async with node.database.reading() as tx:
                log = await tx.get_one(LogRow, 2026)
                return log.vkey

    with ThreadPoolExecutor(1) as pool:
        vkey = pool.submit(lambda: asyncio.run(fill())).result()
    (stopped / "alder.vkey").write_text(vkey + "\n")
    return {"stopped": stopped / "audit.db", "killed": killed / "audit.db", "vkey": stopped / "alder.vkey"}


@pytest.mark.parametrize("store", ["stopped", "killed"])
def test_what_audit_wrote_verifies_with_the_sdk_alone(stores: dict[str, Path], store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(stores[store]), "--log-key", str(stores["vkey"]), "--leaves", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["found"]
    assert found["size"] + found["newer"] == sum(STEPS)
    assert found["checkpoints"] >= len(STEPS)


@pytest.mark.parametrize("index", [0, 150, sum(STEPS) - 1])
def test_one_byte_flipped_in_the_file_is_found_by_index(
    stores: dict[str, Path], tmp_path: Path, index: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in stores["stopped"].parent.glob("audit.db*"):
        shutil.copy(file, tmp_path)
    copy = tmp_path / "audit.db"
    with sqlite3.connect(copy) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    database = LogDatabase(copy)
    entries = [entry for chunk in database.logs[0].chunks() for entry in chunk.entries]
    database.close()
    data = bytearray(copy.read_bytes())
    place = data.index(entries[index][:60])
    data[place + 40] ^= 1
    copy.write_bytes(data)
    assert main(["verify", str(copy), "--log-key", str(stores["vkey"]), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["first_bad_index"] == index
