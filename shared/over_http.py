"""A sibling in its own process, asked over kept connections: whole requests, whole answers (shared.connection_pool)."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

from shared.connection_pool import ConnectionPool
from shared.in_process import Answer
from shared.service_connection import HungUp

TIMEOUT_SECONDS: Final = 10.0
MOST: Final = 64
"""Connections to one sibling."""
_SAME_TWICE: Final = frozenset({"GET", "PUT", "DELETE"})
"""Methods that are idempotent (RFC 9110 section 9.2.2)."""
_BODILESS: Final = frozenset({"GET", "DELETE"})
"""Methods that say nothing of a body that they do not have (RFC 9110 section 8.6)."""


class OverHttp:
    """Production: the sibling's own process."""

    def __init__(self, base_url: str, certificates: ssl.SSLContext) -> None:
        self._base_url, self._certificates = base_url, certificates
        self._pool: ConnectionPool | None = None

    async def send(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send it over a kept connection."""
        if self._pool is None:  # it belongs to the loop that it is made in
            self._pool = ConnectionPool(self._base_url, self._certificates, most=MOST, connect_seconds=TIMEOUT_SECONDS)
        request = request_head(self._pool, method, f"{path}{'?' + query if query else ''}", headers, length=len(body)) + body
        deadline = asyncio.get_running_loop().time() + TIMEOUT_SECONDS
        try:
            return await _answered(self._pool, request, deadline)
        except HungUp as error:
            # closed as it may have been before it heard anything: who is asked the same twice does it once
            if not error.kept or method not in _SAME_TWICE:
                raise
            return await _answered(self._pool, request, deadline)

    async def close(self) -> None:
        """Close kept connections."""
        if self._pool is not None:
            await self._pool.close()


async def _answered(pool: ConnectionPool, request: bytes, deadline: float) -> Answer:
    connection = await pool.take(deadline)
    try:
        connection.send(request)
        answer = await connection.answer(deadline)
        body = answer.body
        if body is None:
            parts = list[bytes]()
            while part := await connection.part(deadline):
                parts.append(part)
            body = b"".join(parts)
    finally:
        pool.give_back(connection)
    return Answer(answer.status, {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.fields}, body)


def request_head(pool: ConnectionPool, method: str, target: str, headers: Mapping[str, str], *, length: int) -> bytes:
    """The header of a request. INVARIANT: it has as many lines as are written here. Raises ValueError for a line within a field."""
    lines = [
        f"{method} {pool.prefix}{target} HTTP/1.1",
        f"host: {pool.authority}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if length or method not in _BODILESS:
        lines.append(f"content-length: {length}")
    head = "\r\n".join(lines).encode("latin-1")
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        raise ValueError("a line within a field")
    return head + b"\r\n\r\n"
