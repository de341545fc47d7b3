"""Large bodies and answers of an embedded node go through its door a part at a time."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.types import Message, Receive, Scope, Send

from safepassage.problems.requests import BodyTooLarge, TemporarilyUnavailable
from services.gateway.door.bodies import CallerGone
from services.gateway.door.routing_table import ROUTES
from services.gateway.door.service_call import Call
from services.gateway.door.upstreams import SameProcess
from shared.siblings import InProcess

pytestmark = pytest.mark.anyio

ROUTE = next(route for route in ROUTES if route.streams and route.method == "PUT")
PART = bytes(64 * 1024)


class Caller:
    """Sends so many parts, then perhaps leaves; keeps what it is answered."""

    def __init__(self, parts: int, *, leaves: bool = False) -> None:
        self._parts: Iterator[int] = iter(range(parts))
        self._leaves, self.sent, self.answered = leaves, 0, list[Message]()

    async def receive(self) -> Message:
        if next(self._parts, None) is None:
            return {"type": "http.disconnect"} if self._leaves else {"type": "http.request", "body": b"", "more_body": False}
        self.sent += 1
        return {"type": "http.request", "body": PART, "more_body": True}

    async def send(self, message: Message) -> None:
        self.answered.append(message)


class Service:
    """Sends every part back as soon as it has it, and notes how far ahead of it the sender was."""

    def __init__(self, caller: Caller, status: int = 200) -> None:
        self._caller, self._status, self.ahead = caller, status, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["headers"] == [(b"content-type", b"application/pdf")]
        await send({"type": "http.response.start", "status": self._status, "headers": [(b"content-type", b"x"), (b"server", b"x")]})
        taken = 0
        while (message := await receive())["type"] == "http.request":
            taken += bool(message["body"])
            self.ahead = max(self.ahead, self._caller.sent - taken)
            await send({"type": "http.response.body", "body": message["body"], "more_body": message["more_body"]})
            if not message["more_body"]:
                return


async def forwarded(caller: Caller, service: Service) -> int:
    transport = InProcess()
    transport.app = service
    call = Call(ROUTE, "PUT", "/v1/x", "", {"content-type": "application/pdf"}, True, [(b"x-request-id", b"1")], None)
    return await SameProcess(transport).forward(call, caller.receive, caller.send)


async def test_parts_pass_one_by_one_both_ways() -> None:
    caller = Caller(50)
    service = Service(caller)
    assert await forwarded(caller, service) == 200
    assert service.ahead == 0
    assert caller.answered[0]["headers"] == [(b"content-type", b"x"), (b"x-request-id", b"1")]
    assert sum(len(message["body"]) for message in caller.answered[1:]) == 50 * len(PART)


async def test_a_body_that_is_too_long_and_a_caller_who_leaves_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    class Whole(Service):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass
            await send({"type": "http.response.start", "status": 500, "headers": []})

    monkeypatch.setattr("tests.gateway.door.test_streamed_in_process.ROUTE", _with_limit(3 * len(PART)))
    long = Caller(4)
    with pytest.raises(BodyTooLarge):
        await forwarded(long, Whole(long))
    assert long.answered == []
    left = Caller(2, leaves=True)
    with pytest.raises(CallerGone):
        await forwarded(left, Whole(left))


async def test_a_fault_that_is_no_problem_document_is_not_passed_on() -> None:
    caller = Caller(1)
    with pytest.raises(TemporarilyUnavailable):
        await forwarded(caller, Service(caller, status=500))


def _with_limit(limit: int) -> object:
    return replace(ROUTE, body_bytes=limit)
