"""A request as it goes to a service, and who takes it there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.types import Receive, Send

from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.door.headers import Fields
from services.gateway.door.route import Route
from shared.internal_token import HEADER

PROBLEM: Final = b"application/problem+json"


@dataclass(frozen=True)
class Call:
    """A request as a service gets it."""

    route: Route
    method: str
    raw_path: str
    query: str
    headers: dict[str, str]
    has_body: bool
    answer_headers: Fields
    """Put on every answer: security headers, the request's id."""
    internal_token: Callable[[], str] | None
    """The gateway's word of who calls, made when the request goes on: it lasts seconds."""

    def fields(self) -> dict[str, str]:
        """The header, now."""
        return self.headers if self.internal_token is None else {**self.headers, HEADER: self.internal_token()}


class Upstream(Protocol):
    """A service behind the door."""

    async def forward(self, request: Call, receive: Receive, send: Send) -> int:
        """Have it answered; gives the status. Raises SuiteError before the answer has begun, ConnectionAbortedError after."""
        ...

    @property
    def is_left_alone(self) -> bool:
        """Whether it is not asked for some seconds: it failed too often."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


def require_a_problem(status: int, fields: Fields) -> None:
    """A service's fault is told as a problem or not at all. Raises TemporarilyUnavailable for a 5xx that is no problem document."""
    if status >= 500 and not any(name == b"content-type" and value.startswith(PROBLEM) for name, value in fields):
        raise TemporarilyUnavailable("the service failed")
