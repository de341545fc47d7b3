"""JavaScript beside the tests: a script of this folder is told JSON on its standard input and says JSON on its standard output.

`tests/npm/with-node` puts Node.js on the path and the pinned modules beside the scripts; `make test-oauth` runs what is marked `npm`.
"""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SECONDS = 60


async def script(name: str, **about: Any) -> Any:
    """Run a script to its end: what it said. A script that throws fails the test, with what it wrote."""
    process = await _started(name)
    async with asyncio.timeout(SECONDS):
        said, complained = await process.communicate(json.dumps(about).encode())
    assert process.returncode == 0, complained.decode()[-4000:]
    return json.loads(said)


@asynccontextmanager
async def running(name: str, **about: Any) -> AsyncIterator[Any]:
    """A script that goes on, such as a server, until the block ends: what it said in its first line."""
    async with conversing(name, **about) as heard:
        yield await heard()


@asynccontextmanager
async def conversing(name: str, **about: Any) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """A script that goes on until the block ends, and says a line now and then: awaited, the next one."""
    process = await _started(name)
    assert process.stdin is not None
    process.stdin.write(json.dumps(about).encode())
    process.stdin.write_eof()

    async def heard() -> Any:
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            said = await process.stdout.readline()
            assert said, (await process.communicate())[1].decode()[-4000:]
        return json.loads(said)

    try:
        yield heard
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _started(name: str) -> Process:
    node = shutil.which("node")
    assert node, "run it by tests/npm/with-node"
    command = [node, "--no-warnings", str(FOLDER / name)]
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=FOLDER)
