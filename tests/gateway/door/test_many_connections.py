"""Ten thousand connections that say nothing, at a real process: they cost little memory, keep nobody out, and are closed."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.processes import gateways
from tests.open_files import open_files

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MANY = 10_000
MOST_KIB = 40
"""Of one connection, by the process's resident memory; docs/performance.md says what was measured."""


@pytest.fixture
def many_files() -> Iterator[None]:
    """Of those that are opened here."""
    with open_files(MANY + 200):
        yield


def resident_kib(process_id: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    assert found is not None
    return int(found[1])


def files_of(process_id: int) -> list[Path]:
    return list(Path(f"/proc/{process_id}/fd").iterdir())


@pytest.mark.requirement("DOOR-bounded")
async def test_ten_thousand_idle_connections_cost_little_keep_nobody_out_and_are_closed(
    tmp_path: Path, node_keys: Path, empty_store: Path, many_files: None
) -> None:
    shutil.copy(empty_store, tmp_path / "gateway.db")
    about = {"connections_at_most": MANY + 1}
    async with gateways(1, database_url=f"sqlite+aiosqlite:///{tmp_path}/gateway.db", keys=node_keys, **about) as made:
        process = made.processes[0]
        await made.start()
        assert process.process is not None
        before = resident_kib(process.process.pid)
        idle = []
        for _ in range(MANY // 100):
            idle += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", process.port) for _ in range(100)))
        assert (await process.ask("GET", "/livez", [])).status == 200
        each = (resident_kib(process.process.pid) - before) / MANY
        async with asyncio.timeout(60):
            assert {await reader.read() for reader, _ in idle} == {b""}
        assert (await process.ask("GET", "/livez", [])).status == 200
        for _, writer in idle:
            writer.close()
        assert each <= MOST_KIB, each


@pytest.mark.requirement("DOOR-bounded")
async def test_a_process_that_may_open_few_files_takes_fewer_connections_and_keeps_enough_for_itself(
    tmp_path: Path, node_keys: Path, empty_store: Path, many_files: None
) -> None:
    """Begun with a thousand files, as most are: of fifteen hundred connections some five hundred stay, the others are told so."""
    shutil.copy(empty_store, tmp_path / "gateway.db")
    async with gateways(1, database_url=f"sqlite+aiosqlite:///{tmp_path}/gateway.db", keys=node_keys) as made:
        process = made.processes[0]
        process.open_files_at_most = 1024
        await made.start()
        assert process.process is not None
        idle = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", process.port) for _ in range(1_500)))
        assert (await process.ask("GET", "/livez", [])).status == 503
        assert len(files_of(process.process.pid)) < 1024 - 256
        async with asyncio.timeout(60):
            said = [(await reader.read())[:12] for reader, _ in idle]
        assert said.count(b"HTTP/1.1 503") in range(980, 1_000)
        assert (await process.ask("GET", "/livez", [])).status == 200
        for _, writer in idle:
            writer.close()
