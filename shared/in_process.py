"""A call to a sibling in the same process: the real ASGI application, without a socket.

`call` is for bounded bodies: the whole response is collected before it is given. What is large goes by `scope_of`, a part at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass
class Answer:
    """A response: status, headers (lower case), body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def scope_of(method: str, path: str, *, query: str = "", headers: Mapping[str, str]) -> dict[str, Any]:
    """The ASGI scope of a request. `path` is already percent-encoded."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("in-process", 0),
        "server": ("in-process", 0),
        "state": {},
    }


async def call(app: ASGIApp, method: str, path: str, *, query: str = "", headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """The answer of `app` to one request. `path` is already percent-encoded."""
    scope = scope_of(method, path, query=query, headers=headers)
    answer, chunks, sent = Answer(500), [], False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, send)
    answer.body = b"".join(chunks)
    return answer
