"""Questions of one moment that go together: whoever asks at the same time as others shares a call with them, and is answered alone.

A call costs the same whether it asks for one or for a hundred. Nobody waits for company: what is there when a call can begin goes in it,
and what comes while as many calls are under way as may be waits for the next one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Question = TypeVar("Question")
Answer = TypeVar("Answer")

Ask = Callable[[Key, Sequence[Question]], Awaitable[Sequence[Answer | Exception]]]
"""Asks for several; gives the answer of each in their order, or what is raised for it alone. What it raises itself is raised for all."""


class Gathered(Generic[Key, Question, Answer]):
    """Asks together what has the same key."""

    def __init__(self, ask: Ask[Key, Question, Answer], *, most: int, at_once: int = 1) -> None:
        """`most`: of one call. `at_once`: how many calls of one key may be under way."""
        self._ask, self._most, self._at_once = ask, most, at_once
        self._waiting: dict[Key, list[tuple[Question, asyncio.Future[Answer]]]] = {}
        self._calls: dict[Key, set[asyncio.Task[None]]] = {}

    async def __call__(self, key: Key, question: Question) -> Answer:
        """The answer to `question`. Raises what is raised for it."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append((question, future))
        calls = self._calls.setdefault(key, set())
        if len(calls) < self._at_once:
            calls.add(asyncio.create_task(self._call(key)))  # it begins once all who ask at this moment have asked
        return await future

    async def _call(self, key: Key) -> None:
        try:
            await self._until_nobody_waits(key)
        finally:
            # INVARIANT: the call is given up in the step in which nobody was seen to wait. A callback of the task comes a turn of the
            # loop later, and who asked in between would count on a call that has ended: for ever, where nobody else asks.
            self._ended(key)

    async def _until_nobody_waits(self, key: Key) -> None:
        while waiting := self._waiting.get(key):
            group, self._waiting[key] = waiting[: self._most], waiting[self._most :]
            try:
                answers = await self._ask(key, [question for question, _ in group])
            except Exception as error:
                answers = [error] * len(group)
            for (_, future), answer in zip(group, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
            await asyncio.sleep(0)  # whoever was answered may ask again: with those that have come meanwhile

    def _ended(self, key: Key) -> None:
        calls = self._calls[key]
        calls.discard(asyncio.current_task())
        if not calls and not self._waiting.get(key):  # nobody: what is held of a peer that is not asked any more goes
            del self._calls[key]
            self._waiting.pop(key, None)
