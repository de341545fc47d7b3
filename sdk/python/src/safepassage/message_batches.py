"""application/vnd.safepassage.batch.v1: up to 100 messages between nodes in one call, each answered as it would have been alone.

The body is the members one after the other, each u32 length, big-endian ‖ its bytes: of an envelope its whole body (safepassage.envelope),
of a request or receipt its compact JWS. That members came together says nothing about any of them: none is refused, stored or acknowledged
for another's sake, and sent again they may be grouped in another way.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

from safepassage.problems.batches import BatchMalformed
from safepassage.wire import Wire

CONTENT_TYPE: Final = "application/vnd.safepassage.batch.v1"
MOST: Final = 100
MAX_BODY_BYTES: Final = 8 * 1024 * 1024
MAX_ANSWER_BYTES: Final = 2 * 1024 * 1024
_LENGTH_BYTES: Final = 4


class BatchAnswer(Wire):
    """What the member would have been answered alone."""

    status: Annotated[int, Field(ge=200, le=599)]
    body: Annotated[str, Field(max_length=64 * 1024)] = ""
    """A receipt (compact JWS), nothing, or a problem document with its signed refusal."""
    retry_after: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Seconds."""


class BatchAnswers(Wire):
    """The answer to a batch, in the order of its members."""

    v: Literal[1] = 1
    answers: Annotated[tuple[BatchAnswer, ...], Field(min_length=1, max_length=MOST)]


def batch_body(members: Sequence[bytes]) -> bytes:
    """The bytes to send. Raises ValueError for none, for more than 100, and for more than 8 MiB; `grouped` makes what fits."""
    body = b"".join(len(member).to_bytes(_LENGTH_BYTES, "big") + member for member in members)
    if not 0 < len(members) <= MOST or len(body) > MAX_BODY_BYTES:
        raise ValueError("not of the size of a batch")
    return body


def split_batch(body: bytes) -> list[bytes]:
    """The members, none of which is looked at. Raises BatchMalformed."""
    members: list[bytes] = []
    at = 0
    while at < len(body):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(body[at:start], "big")
        if not start < end <= len(body) or len(members) == MOST:
            raise BatchMalformed
        members.append(body[start:end])
        at = end
    if not members or len(body) > MAX_BODY_BYTES:
        raise BatchMalformed
    return members


def grouped(members: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The members in order, in groups that `batch_body` takes; one that is too large for any is alone in its group."""
    group: list[bytes] = []
    size = 0
    for member in members:
        needed = _LENGTH_BYTES + len(member)
        if group and (len(group) == MOST or size + needed > MAX_BODY_BYTES):
            yield group
            group, size = [], 0
        group.append(member)
        size += needed
    if group:
        yield group
