"""How often PostgreSQL is asked by this process, and what: each text is one round trip that somebody waits for."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
import pytest
from asyncpg.prepared_stmt import PreparedStatement

_within: ContextVar[bool] = ContextVar("_within", default=False)


@contextmanager
def round_trips() -> Iterator[list[str]]:
    """The texts that the driver sends until the block ends: questions, changes, and what begins and ends a transaction."""
    texts = list[str]()
    ways: list[tuple[Any, str, Callable[..., str]]] = [
        (asyncpg.Connection, "execute", lambda _, text, *__, **___: text),
        (asyncpg.Connection, "_execute", lambda _, text, *__, **___: text),
        (asyncpg.Connection, "executemany", lambda _, text, *__, **___: text),
        (asyncpg.Connection, "_copy_in", lambda _, text, *__, **___: text),
        (PreparedStatement, "_PreparedStatement__do_execute", lambda statement, *_, **__: statement.get_query()),
    ]
    with pytest.MonkeyPatch.context() as patched:
        for owner, name, text_of in ways:
            patched.setattr(owner, name, _noting(getattr(owner, name), text_of, texts))
        yield texts


def _noting(plain: Callable[..., Awaitable[Any]], text_of: Callable[..., str], texts: list[str]) -> Callable[..., Awaitable[Any]]:
    async def noted(*given: Any, **named: Any) -> Any:
        if _within.get():  # one way is made of another
            return await plain(*given, **named)
        texts.append(text_of(*given, **named))
        token = _within.set(True)
        try:
            return await plain(*given, **named)
        finally:
            _within.reset(token)

    return noted
