"""Ten thousand connections that say nothing, at a real process: they cost little memory, keep nobody out, and are closed."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.gateway.processes import GatewayProcess, gateways
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


async def is_turned_away(process: GatewayProcess) -> bool:
    """Whether one more is told 503; or cut off, where the request came after that was said and the connection closed."""
    try:
        return (await process.ask("GET", "/livez", [])).status == 503
    except ConnectionResetError:
        return True


@asynccontextmanager
async def idle_at(port: int, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections that say nothing."""
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        for _ in range(count // 100):
            idle += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(100)))
        yield [reader for reader, _ in idle]
    finally:
        for _, writer in idle:
            writer.close()


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
        async with idle_at(process.port, MANY) as idle:
            assert (await process.ask("GET", "/livez", [])).status == 200
            each = (resident_kib(process.process.pid) - before) / MANY
            async with asyncio.timeout(60):
                assert {await reader.read() for reader in idle} == {b""}
            assert (await process.ask("GET", "/livez", [])).status == 200
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
        async with idle_at(process.port, 1_500) as idle:
            assert await is_turned_away(process)
            async with asyncio.timeout(60):
                said = [(await reader.read())[:12] for reader in idle]
            assert said.count(b"HTTP/1.1 503") in range(980, 1_000)
            assert (await process.ask("GET", "/livez", [])).status == 200
