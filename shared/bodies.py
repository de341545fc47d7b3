"""A request's body that is not read further than it may be long, nor made longer."""

import zlib
from typing import Final

from fastapi import Request

from safepassage.problems.access import EncodingNotTaken
from safepassage.problems.requests import BodyTooLarge, MalformedBody

_GZIP: Final = 16 + zlib.MAX_WBITS


async def bounded_body(request: Request, *, limit: int) -> bytes:
    """The raw body. Raises BodyTooLarge as soon as it is longer than `limit` bytes."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


async def inflated_body(request: Request, *, limit: int) -> bytes:
    """The body, whose Content-Encoding may be gzip (RFC 1952, one member). It is made no longer than `limit`, whatever was sent.

    Raises BodyTooLarge as soon as it would be; EncodingNotTaken; MalformedBody where it is not one gzip member to its end.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        return await bounded_body(request, limit=limit)
    if coding != "gzip":
        raise EncodingNotTaken
    inflating, chunks, room = zlib.decompressobj(_GZIP), list[bytes](), limit
    async for chunk in request.stream():
        if inflating.eof and chunk:
            raise MalformedBody
        try:
            # INVARIANT: zlib makes no more than it is asked for; what is behind stays as it was sent.
            made = inflating.decompress(chunk, room + 1)
        except zlib.error:
            raise MalformedBody from None
        room -= len(made)
        if room < 0:
            raise BodyTooLarge
        if inflating.unused_data:
            raise MalformedBody
        chunks.append(made)
    if not inflating.eof:
        raise MalformedBody
    return b"".join(chunks)
