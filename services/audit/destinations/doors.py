"""How a destination is reached: one webhook, or one connection to a syslog receiver, for each batch.

A receiver is not trusted: what it answers is a status and nothing else, nothing of it is kept or logged, and no redirect is followed.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol
from uuid import UUID

import aiohttp
from yarl import URL

from safepassage.ids import uuid7
from safepassage.problems.destinations import DestinationNotAllowed
from safepassage.trust_members import is_loopback_http
from safepassage.webhooks import signed_headers
from safepassage.wire_destinations import DeliveredEntries, DeliveredEntry, LogDelivery, SyslogReceiver, WebhookReceiver
from services.audit.destinations.addresses import Reach
from services.audit.destinations.answers import Attempt, attempt_of
from services.audit.destinations.configuration import Configuration
from services.audit.destinations.syslog import entry_message, ping_message
from services.audit.destinations.tls_stream import NotConfirmed, send_in_clear, send_over_tls
from services.audit.destinations.told import delivery_of, webhook_id
from services.audit.settings import AuditSettings
from shared.clock import Clock
from shared.database import refuse_network_call_in_transaction
from shared.siblings import client_session

SECONDS: Final = 20.0
"""For one attempt, from the name to the answer: within the 15 to 30 of Standard Webhooks."""
ANSWER_BYTES: Final = 65_536
"""Of an answer that are read so that the connection can be used again; none of them is looked at."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Batch:
    """Entries [start, end) of one log, as far as the destination gets them: at least one."""

    log: str
    """Origin."""
    start: int
    end: int
    entries: Sequence[DeliveredEntry]


class Door(Protocol):
    """The way to one destination."""

    async def deliver(self, batch: Batch) -> Attempt:
        """Send a batch. Not within a transaction."""
        ...

    async def ping(self) -> Attempt:
        """Send what tells of no entry."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


def require_allowed(configuration: Configuration, settings: AuditSettings) -> None:
    """Raises DestinationNotAllowed for a receiver that is spoken to without TLS, but for this machine's in insecure development."""
    receiver = configuration.receiver
    try:
        host, _ = configuration.host_and_port
    except ValueError as error:
        raise DestinationNotAllowed(field="receiver.url") from error
    if isinstance(receiver, WebhookReceiver):
        in_clear, is_here = not receiver.url.startswith("https://"), is_loopback_http(receiver.url)
    else:
        in_clear, is_here = receiver.transport == "tcp", host in LOOPBACK
    if in_clear and not (settings.insecure_development and is_here):
        raise DestinationNotAllowed(field="receiver")


def open_door(
    destination_id: UUID, configuration: Configuration, *, settings: AuditSettings, certificates: ssl.SSLContext, clock: Clock
) -> Door:
    """The door of a destination. Raises DestinationNotAllowed."""
    require_allowed(configuration, settings)
    reach = Reach(*configuration.host_and_port, named=settings.destination_hosts, inside=settings.inside_networks)
    receiver = configuration.receiver
    if isinstance(receiver, WebhookReceiver):
        return WebhookDoor(destination_id, configuration, receiver.url, reach=reach, certificates=certificates, clock=clock)
    return SyslogDoor(destination_id, receiver, reach=reach, certificates=certificates, clock=clock, own_host=settings.host)


class OneDoor:
    """To a destination, for one turn: by the configuration that is in force, and closed with the turn."""

    def __init__(self, open_by: Callable[[Configuration], Door]) -> None:
        self._open_by = open_by
        self._opened: tuple[Configuration, Door] | None = None

    async def by(self, configuration: Configuration) -> Door:
        """A key that was replaced meanwhile signs nothing more: another configuration has another door."""
        if self._opened is None or self._opened[0] != configuration:
            await self.close()
            self._opened = configuration, self._open_by(configuration)
        return self._opened[1]

    async def close(self) -> None:
        """The door, if there is one."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened[1].close()


class WebhookDoor:
    """Standard Webhooks."""

    def __init__(
        self, destination_id: UUID, configuration: Configuration, url: str, *, reach: Reach, certificates: ssl.SSLContext, clock: Clock
    ) -> None:
        self._id, self._configuration, self._url = destination_id, configuration, URL(url, encoded=True)
        self._reach, self._clock = reach, clock
        self._session = client_session(certificates, seconds=SECONDS, sockets=reach.socket_for)

    async def deliver(self, batch: Batch) -> Attempt:
        """Entries under the id that they always have."""
        delivery = delivery_of(self._id, batch.log, batch.entries)
        return await self._post(webhook_id(self._id, batch.log, batch.start, batch.end), delivery)

    async def ping(self) -> Attempt:
        """A webhook of its own."""
        now = self._clock()
        data = DeliveredEntries(destination_id=self._id, log="", entries=())
        return await self._post(f"{self._id.hex}_ping_{uuid7(now).hex}", LogDelivery(type="log.ping", timestamp=now, data=data))

    async def _post(self, name: str, delivery: LogDelivery) -> Attempt:
        refuse_network_call_in_transaction()
        body, now = delivery.model_dump_json().encode(), self._clock()
        headers = signed_headers(name, body, keys=self._configuration.signing_keys(now), now=now)
        headers |= {"content-type": "application/json", "user-agent": "safe-passage"}
        try:
            async with self._session.post(self._url, headers=headers, data=body, allow_redirects=False) as response:
                attempt = attempt_of(response.status, response.headers.get("retry-after"), now=now)
                await _leave_usable(response)
                return attempt
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
            return Attempt(fault="certificate")
        except TimeoutError:
            return Attempt(fault="timed-out")
        except (aiohttp.ClientError, OSError, ValueError):
            return Attempt(fault="address-refused" if self._reach.refused else "no-connection")

    async def close(self) -> None:
        """Close connections."""
        await self._session.close()


async def _leave_usable(response: aiohttp.ClientResponse) -> None:
    """Its status is its answer. A short body is read, so that the connection serves again; another one closes it."""
    if response.content_length is not None and response.content_length <= ANSWER_BYTES:
        try:
            await response.content.read(ANSWER_BYTES)
        except (aiohttp.ClientError, OSError):
            response.close()
    else:
        response.close()


class SyslogDoor:
    """RFC 5424 over TLS."""

    def __init__(
        self, destination_id: UUID, receiver: SyslogReceiver, *, reach: Reach, certificates: ssl.SSLContext, clock: Clock, own_host: str
    ) -> None:
        self._id, self._receiver, self._reach = destination_id, receiver, reach
        self._certificates, self._clock = certificates, clock
        self._message = partial(entry_message, host=own_host, enterprise=receiver.enterprise_number)
        self._ping = partial(ping_message, host=own_host, enterprise=receiver.enterprise_number)

    async def deliver(self, batch: Batch) -> Attempt:
        """A message for each entry, in one connection."""
        year = batch.log.rpartition("/")[2]
        frames = [self._message(one, log=batch.log, message_id=f"{self._id.hex}_{year}_{one.index}") for one in batch.entries]
        return await self._send(b"".join(frames))

    async def ping(self) -> Attempt:
        """One message of the type `ping`."""
        return await self._send(self._ping(at=self._clock(), destination_id=self._id.hex))

    async def _send(self, octets: bytes) -> Attempt:
        refuse_network_call_in_transaction()
        try:
            async with asyncio.timeout(SECONDS):
                with await self._reach.connected() as made:
                    if self._receiver.transport == "tls":
                        by_end = self._receiver.confirmed_by == "end"
                        await send_over_tls(made, octets, certificates=self._certificates, host=self._reach.host, end_confirms=by_end)
                    else:
                        await send_in_clear(made, octets)
        except NotConfirmed:
            return Attempt(fault="not-confirmed")
        except ssl.SSLError:
            return Attempt(fault="certificate")
        except TimeoutError:
            return Attempt(fault="timed-out")
        except (OSError, ValueError):  # a name that is none fails as it is encoded
            return Attempt(fault="address-refused" if self._reach.refused else "no-connection")
        return Attempt()

    async def close(self) -> None:
        """Each batch has a connection of its own."""
