"""A request's body that is not read further than it may be long."""

from fastapi import Request

from safepassage.problems.requests import BodyTooLarge


async def bounded_body(request: Request, *, limit: int) -> bytes:
    """The raw body. Raises BodyTooLarge as soon as it is longer than `limit` bytes."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)
