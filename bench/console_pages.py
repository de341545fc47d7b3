"""The pages of the console over a long log that are measured, each about somebody or something else every time."""

import random
import time
from typing import Final

from bench.questioned_log import Questioned
from services.gateway.console.log_rows import PATH
from shared.clock import system_clock
from tests.gateway.people.signing_in import Browser, location_of

OLDEST: Final = ", the oldest first"
KINDS: Final = (
    "everything",
    f"everything{OLDEST}",
    "what left, counted whole",
    f"what left{OLDEST}",
    "one client and purpose",
    f"one client and purpose{OLDEST}",
    "one student",
    "one entry",
    "the proof of one entry",
)


class Pages:
    """Asks for them."""

    def __init__(self, about: Questioned, browser: Browser, chance: random.Random, entries: int) -> None:
        self._about, self._browser, self._chance, self._entries = about, browser, chance, entries

    async def milliseconds(self, kind: str) -> tuple[float, float]:
        """By the clock, and of the CPU by the whole process, its work behind the log too."""
        path = await self._path(kind)
        began, worked = time.perf_counter(), time.process_time()
        answer = await self._browser.get(path)
        took = (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000
        if answer.status != 200:
            raise RuntimeError("the page that is measured is not the page that is meant")
        return took

    async def _path(self, kind: str) -> str:
        if kind.endswith(OLDEST):
            path = await self._path(kind.removesuffix(OLDEST))
            return f"{path}{'&' if '?' in path else '?'}sort=logged_at"
        place = f"{PATH}/{system_clock().year}-{self._chance.randrange(self._entries)}"
        match kind:
            case "everything":
                return PATH
            case "what left, counted whole" | "what left":
                return f"{PATH}?kind=disclosure"
            case "one client and purpose":
                return f"{PATH}?client={self._chance.choice(self._about.clients)}&purpose=enrollment"
            case "one student":
                student = self._about.students[int(len(self._about.students) * self._chance.random() ** 2)]
                return location_of(await self._browser.post(f"{PATH}/find", by="student", value=str(student)))
            case "one entry":
                return place
            case _:
                return f"{place}/proof"
