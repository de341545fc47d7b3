"""A real browser without a window, spoken to by its DevTools protocol."""

import asyncio
import itertools
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SECONDS = 60


class Page:
    """One tab. `complaints` has what the browser said of it: errors of scripts, and what the content security policy blocked."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers = socket, itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session: str | None = None
        self.complaints: list[str] = []

    async def listen(self) -> None:
        """Take what the browser says, until it closes."""
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                self._waiting.pop(said["id"]).set_result(said)
            elif said["method"] in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.complaints.append(str(said["params"]))

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        session = {} if self._session is None else {"sessionId": self._session}
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **session})
        async with asyncio.timeout(SECONDS):
            said = await self._waiting[number]
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    async def open(self, url: str) -> None:
        """A new tab at `url`."""
        target = await self.ask("Target.createTarget", url="about:blank")
        self._session = (await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True))["sessionId"]
        for domain in ("Log", "Runtime", "Page"):
            await self.ask(f"{domain}.enable")
        await self.ask("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        """What an expression of JavaScript is; a promise is waited for."""
        said = await self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def until(self, expression: str) -> Any:
        """The value of an expression as soon as it is true."""
        async with asyncio.timeout(SECONDS):
            while not (value := await self.value(expression)):  # noqa: ASYNC110 a page offers no event
                await asyncio.sleep(0.05)
        return value


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """A browser of its own, with nothing kept from before."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, "needs Chromium: " + ", ".join(PROGRAMS)
    arguments = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-port=0",
    )
    process = await asyncio.create_subprocess_exec(
        program, *arguments, f"--user-data-dir={folder}", "about:blank", stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    assert process.stderr is not None
    drained: asyncio.Task[bytes] | None = None
    try:
        address = ""
        async with asyncio.timeout(SECONDS):
            while not address:
                found = re.search(r"DevTools listening on (ws://\S+)", (await process.stderr.readline()).decode(errors="replace"))
                address = found[1] if found else ""
        drained = asyncio.create_task(process.stderr.read())
        async with aiohttp.ClientSession(trust_env=False) as session, session.ws_connect(address, max_msg_size=0) as socket:
            page = Page(socket)
            listening = asyncio.create_task(page.listen())
            yield page
            await page.ask("Browser.close") if process.returncode is None else None
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if drained is not None:
            await asyncio.gather(drained, return_exceptions=True)
