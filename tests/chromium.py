"""A real browser without a window: Chromium as the machine has it, driven by Playwright."""

import asyncio
import atexit
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from tempfile import NamedTemporaryFile
from typing import Any

from playwright._impl._driver import compute_driver_executable
from playwright.async_api import CDPSession, Error, async_playwright
from playwright.async_api import Page as Tab

# The same browser without what draws windows takes half the processor's time: it is the first that is looked for.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SECONDS = 60
COMPLAINTS = ("Log.entryAdded", "Runtime.exceptionThrown")


class Page:
    """One tab. `complaints` has what the browser said of it: errors of scripts, and what the content security policy blocked."""

    def __init__(self, tab: Tab, commands: CDPSession) -> None:
        self.tab, self._commands = tab, commands
        self.complaints: list[str] = []
        for event in COMPLAINTS:
            commands.on(event, lambda said: self.complaints.append(str(said)))

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the DevTools protocol, for what Playwright has no word."""
        async with asyncio.timeout(SECONDS):
            return await self._commands.send(method, parameters)

    async def open(self, url: str) -> None:
        """Go to `url`, and wait until all of it is there."""
        await self.tab.goto(url)

    async def value(self, expression: str) -> Any:
        """What an expression of JavaScript is; a promise is waited for."""
        return await self.tab.evaluate(expression)

    async def until(self, expression: str) -> Any:
        """The value of an expression as soon as it is true, whatever page is there by then."""
        # Playwright's own way to wait is `eval` in the page, which our policy forbids.
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    if value := await self.value(expression):
                        return value
                except Error as error:
                    if "context was destroyed" not in str(error):
                        raise
                await asyncio.sleep(0.05)


@cache
def _address() -> str:
    """Where the Chromium of this process is reached. Started once, for that takes longer than most tests; it ends with the process."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, "needs Chromium: " + ", ".join(PROGRAMS)
    arguments = ["--disable-gpu", "--disable-dev-shm-usage"]
    with NamedTemporaryFile("w", suffix=".json") as told:
        told.write(json.dumps({"executablePath": program, "chromiumSandbox": False, "args": arguments}))
        told.flush()
        command = [*compute_driver_executable(), "launch-server", "--browser=chromium", f"--config={told.name}"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        atexit.register(_end, server)
        assert server.stdout is not None
        return server.stdout.readline().strip()


def _end(server: "subprocess.Popen[str]") -> None:
    """It takes its browser with it."""
    server.terminate()
    server.communicate(timeout=SECONDS)


@asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """A browser with nothing kept from before: nothing is shared with another's tabs but the program."""
    address = await asyncio.to_thread(_address)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.connect(address)
        context = await chromium.new_context(no_viewport=True)
        context.set_default_timeout(SECONDS * 1000)
        try:
            tab = await context.new_page()
            commands = await context.new_cdp_session(tab)
            for domain in ("Log", "Runtime", "Page"):
                await commands.send(f"{domain}.enable")
            yield Page(tab, commands)
        finally:
            await context.close()
            await chromium.close()
