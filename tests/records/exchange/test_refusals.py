"""What a peer's message costs before it is believed, and which answers to it are refusals that this node signs."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import Request, Response

from safepassage.problems import SuiteError
from safepassage.problems.proofs import ConsistencyNotProven
from safepassage.problems.requests import BodyTooLarge, LogUnavailable, UnsupportedMediaType
from services.records.exchange.refusals import body_of_type, or_refused
from services.records.tables import QuarantineRow
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio

KIND = "application/jose"


def request_of(*chunks: bytes, content_type: str = KIND) -> tuple[Request, Callable[[], int]]:
    """A request whose body comes in these chunks, and how many of them were read."""
    sent = iter(chunks)
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        chunk = next(sent, None)
        read += chunk is not None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    headers = [(b"content-type", content_type.encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers, "state": {}}, receive), lambda: read


async def test_a_body_is_taken_to_its_limit() -> None:
    request, _ = request_of(b"1234", b"5678", content_type=f"{KIND}; charset=ascii")
    assert await body_of_type(request, content_type=KIND, limit=8) == b"12345678"


async def test_a_body_that_is_longer_is_not_read_to_its_end() -> None:
    request, read = request_of(b"1234", b"56789", b"never read")
    with pytest.raises(BodyTooLarge):
        await body_of_type(request, content_type=KIND, limit=8)
    assert read() == 2


async def test_a_body_of_another_kind_is_not_read_at_all() -> None:
    request, read = request_of(b"{}", content_type="application/json")
    with pytest.raises(UnsupportedMediaType):
        await body_of_type(request, content_type=KIND, limit=8)
    assert read() == 0


@pytest.fixture
async def nothing_is_kept(states: TwoStates) -> AsyncIterator[None]:
    before = len(await states.birch.rows(QuarantineRow))
    yield
    assert len(await states.birch.rows(QuarantineRow)) == before


@pytest.mark.usefixtures("nothing_is_kept")
@pytest.mark.parametrize(
    ("error", "jws"),
    [(LogUnavailable(), "a.b.c"), (ConsistencyNotProven(), None)],
    ids=["what may be tried again", "what no signature can be about"],
)
async def test_it_is_no_refusal_of_ours(states: TwoStates, error: SuiteError, jws: str | None) -> None:
    async def answer() -> Response:
        raise error

    request, _ = request_of()
    with pytest.raises(type(error)):
        await or_refused(states.birch.exchange, request, peer=states.alder.entity_id, jws=jws, size=5, answer=answer)
