"""How this node reaches its witnesses: https, public addresses or those of the settings, no redirect, bounded answers, one second.

A witness is not trusted: what it answers is read strictly and verified by whoever asked (services.audit.witnessing).
"""

from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp
from yarl import URL

from safepassage.tlog_witness import MAX_ANSWER_BYTES
from shared.certificates import client_context
from shared.database import refuse_network_call_in_transaction
from shared.outbound.calls import Reachable
from shared.settings import ServiceSettings

SECONDS: Final = 1.0
TEXT: Final = "text/plain; charset=utf-8"


class WitnessUnreachable(Exception):
    """Nobody answered in time, or not in the form of HTTP, or the address is none that may be called."""


class AnswerUnreadable(WitnessUnreachable):
    """Somebody answers, and it is nothing of the protocol: longer than any answer of it, or not in the form of HTTP."""


@dataclass(frozen=True)
class DoorAnswer:
    """What a witness answered; nothing of it is verified."""

    status: int
    body: bytes


class WitnessDoor(Protocol):
    """Where requests to witnesses go out."""

    async def post(self, url: str, body: bytes, *, content_type: str = TEXT) -> DoorAnswer:
        """Send a request. Raises WitnessUnreachable, AnswerUnreadable. Not within a transaction."""
        ...

    async def get(self, url: str) -> DoorAnswer:
        """Ask for something. Raises as `post`."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class OverHttps:
    """Witnesses on the network."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._reachable = Reachable.of(settings)
        self._session = self._reachable.session(client_context(settings.peer_authorities_file), seconds=SECONDS)

    async def post(self, url: str, body: bytes, *, content_type: str = TEXT) -> DoorAnswer:
        """Send a request."""
        return await self._send("POST", url, body, content_type)

    async def get(self, url: str) -> DoorAnswer:
        """Ask for something."""
        return await self._send("GET", url, None, TEXT)

    async def _send(self, method: str, url: str, body: bytes | None, content_type: str) -> DoorAnswer:
        refuse_network_call_in_transaction()
        try:
            self._reachable.require_scheme(url)
            target = URL(url, encoded=True)
            async with self._session.request(
                method, target, headers={"content-type": content_type, "accept-encoding": "identity"}, data=body, allow_redirects=False
            ) as response:
                return DoorAnswer(response.status, await _bounded(response))
        except aiohttp.ClientResponseError as error:
            raise AnswerUnreadable("it is not in the form of HTTP") from error
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise WitnessUnreachable from error

    async def close(self) -> None:
        """Close connections."""
        await self._session.close()


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerUnreadable("it is longer than any of the protocol")
    return body
