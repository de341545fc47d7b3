"""A JSON body in which a member comes twice means two things to two programs, and is refused before anybody reads it.

Python's json takes the last of the two, as FastAPI does; others take the first (RFC 8259 section 4 leaves it open).
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safepassage.problems.requests import InvalidRequest

SIBLINGS: Final = "/internal/"
"""What services of a node send each other is made by our own code, and much of it is large."""


class _Twice(Exception):
    """A member comes twice."""


class MembersOnce:
    """Around everything that reads JSON. Raises InvalidRequest; what is no JSON at all is refused by whoever reads it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the body that was looked at."""
        if scope["type"] != "http" or scope["path"].startswith(SIBLINGS) or not _is_json(scope["headers"]):
            await self._app(scope, receive, send)
            return
        messages = await _all_of(receive)
        require_members_once(b"".join(message.get("body", b"") for message in messages))
        waiting = iter(messages)

        async def again() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, again, send)


def require_members_once(body: bytes) -> None:
    """Raises InvalidRequest where an object of a JSON text has two members of one name."""
    try:
        json.loads(body, object_pairs_hook=_once)
    except _Twice:
        raise InvalidRequest("a member of an object comes twice") from None
    except (ValueError, RecursionError):
        return


def _once(pairs: Sequence[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _Twice


def _is_json(fields: Sequence[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-type" and value.partition(b";")[0].strip().lower() == b"application/json" for name, value in fields)


async def _all_of(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages
