"""Serving an application over a socket: one set of uvicorn's settings for every way to start a node.

It stops so that nobody notices: first it says that it is not ready, and goes on answering until whoever sends requests has heard that; then
it listens no longer, finishes what is under way, streams too, and ends the workers last.
"""

import asyncio
import gc
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from node.renewed_certificates import LOOKED_AT_SECONDS, RenewedCertificate
from node.starting import Lifespan, why_no_start
from services.gateway.door.http_protocol import CONNECTIONS_AT_MOST, StrictHttpProtocol
from shared.garbage import COLLECTED_AFTER
from shared.open_files import connections_within
from shared.telemetry import log_to_stderr

GRACE_SECONDS = 30
TLS_1_2_CIPHERS = "ECDHE+AESGCM"
"""What BCP 195 (RFC 9325 section 4.2) recommends, and FAPI 2.0 section 5.2.2 wants nothing beside; those of TLS 1.3 are all taken."""


@dataclass(frozen=True)
class Stopping:
    """How a process stops."""

    unready_seconds: float = 0.0
    """It goes on answering for so long after it has said that it is not ready."""
    grace_seconds: int = GRACE_SECONDS
    """What is under way then has so long to end."""
    announce: Callable[[], None] = lambda: None
    """Has readiness say so."""


@dataclass(frozen=True)
class Listener:
    """A second address, where another application is served beside the first by the same process."""

    app: Any
    host: str
    port: int


class Config(uvicorn.Config):
    """uvicorn's, with TLS as FAPI 2.0 has it; clients may have certificates (RFC 8705); connections are bounded."""

    def __init__(
        self, *about: Any, client_certificates: Sequence[Path] = (), connections_at_most: int = CONNECTIONS_AT_MOST, **more: Any
    ) -> None:
        super().__init__(*about, **more)
        self._client_certificates, self.connections_at_most = client_certificates, connections_at_most

    def load(self) -> None:
        """Raises ValueError where clients are to have certificates and the server has none."""
        super().load()
        if self.lifespan == "on":
            self.lifespan_class = Lifespan
        if self.ssl is not None:
            self.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
            self.ssl.set_ciphers(TLS_1_2_CIPHERS)
        if not self._client_certificates:
            return
        if self.ssl is None:
            raise ValueError("who asks for clients' certificates has one too")
        self.ssl.verify_mode = ssl.CERT_OPTIONAL
        for file in self._client_certificates:
            self.ssl.load_verify_locations(file)


class Server(uvicorn.Server):
    """uvicorn's, which does not walk again and again over what lives as long as the process, and stops as Stopping says."""

    def __init__(
        self, config: uvicorn.Config, stopping: Stopping, beside: Listener | None, own: dict[str, Any], hung_up: Callable[[], None] | None
    ) -> None:
        super().__init__(config)
        self._stopping, self._beside, self._own, self._hung_up = stopping, beside, own, hung_up
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told_to_stop = False
        self._heard_too_early = False
        self._certificates: list[RenewedCertificate] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; then leave everything that exists out of garbage collection. Measured: half of the time of an append of 1,000 events."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._watch_certificate(self.config)
        if self._beside is not None:
            await self._listen_beside(self._beside)
        if self._heard_too_early and self._hung_up is not None:
            self._hung_up()
        # What a start leaves behind is not worth looking for: two thousand objects, for a fifth of a second.
        gc.freeze()
        gc.set_threshold(*COLLECTED_AFTER)

    async def _listen_beside(self, beside: Listener) -> None:
        """The same process, protocol and connections: whoever stops, stops both."""
        config = Config(beside.app, **{**self._own, "lifespan": "off"})
        config.load()
        self._watch_certificate(config)

        def protocol(_loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Protocol:
            made: asyncio.Protocol = StrictHttpProtocol(
                config=config, server_state=self.server_state, app_state=self.lifespan.state, _loop=_loop
            )
            return made

        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, host=beside.host, port=beside.port, ssl=config.ssl, backlog=config.backlog)
        self.servers.append(server)

    def _watch_certificate(self, config: uvicorn.Config) -> None:
        if config.ssl is not None and config.ssl_certfile is not None:
            key = None if config.ssl_keyfile is None else Path(config.ssl_keyfile)
            self._certificates.append(RenewedCertificate(config.ssl, Path(config.ssl_certfile), key))

    async def on_tick(self, counter: int) -> bool:
        """What a process does ten times a second."""
        if counter % (10 * LOOKED_AT_SECONDS) == 0:
            for one in self._certificates:
                one.look()
        return await super().on_tick(counter)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and where somebody wants to know of SIGHUP tell them instead of ending by it."""
        if self._hung_up is not None:
            signal.signal(signal.SIGHUP, self._hear)
        super().run(sockets)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._loop is None:
            self._heard_too_early = True
        elif self._hung_up is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hung_up)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal begins to stop; a second one does not wait any longer."""
        if self._told_to_stop or not self.started or self._loop is None or not self._stopping.unready_seconds:
            super().handle_exit(sig, frame)
            return
        self._told_to_stop = True
        self._captured_signals.append(sig)
        self._loop.call_soon_threadsafe(self._begin_to_stop, self._loop)

    def _begin_to_stop(self, loop: asyncio.AbstractEventLoop) -> None:
        self._stopping.announce()
        self.server_state.stopping = True  # type: ignore[attr-defined]  # read by StrictHttpProtocol: no connection is kept from now on
        loop.call_later(self._stopping.unready_seconds, self._stop)

    def _stop(self) -> None:
        self.should_exit = True


def server(
    app: Any,
    *,
    host: str,
    port: int,
    tls_certificate: Path | None = None,
    tls_key: Path | None = None,
    client_certificates: Sequence[Path] = (),
    grace_seconds: int = GRACE_SECONDS,
    stopping: Stopping | None = None,
    beside: Listener | None = None,
    connections_at_most: int = CONNECTIONS_AT_MOST,
    hung_up: Callable[[], None] | None = None,
) -> uvicorn.Server:
    """A server of `app`. Headers that two parsers could read differently are refused before it sees them (StrictHttpProtocol).

    client_certificates  PEM files of those from whom a client's certificate is believed
    hung_up              called in the loop at each SIGHUP, which otherwise ends the process
    """
    stopping = stopping or Stopping(grace_seconds=grace_seconds)
    own: dict[str, Any] = {
        "http": StrictHttpProtocol,
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "log_config": None,
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": stopping.grace_seconds,
        "ssl_certfile": tls_certificate,
        "ssl_keyfile": tls_key,
        "ssl_version": ssl.PROTOCOL_TLS_SERVER,
        "client_certificates": client_certificates,
        "connections_at_most": connections_at_most,
    }
    return Server(Config(app, host=host, port=port, **own), stopping, beside, own, hung_up)


def serve(
    app: Any,
    *,
    host: str,
    port: int,
    tls_certificate: Path | None = None,
    tls_key: Path | None = None,
    client_certificates: Sequence[Path] = (),
    stopping: Stopping | None = None,
    beside: Listener | None = None,
    connections_at_most: int = CONNECTIONS_AT_MOST,
    hung_up: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way; with as many open files as the connections need, where it may."""
    log_to_stderr()
    made = server(
        app,
        host=host,
        port=port,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        client_certificates=client_certificates,
        stopping=stopping,
        beside=beside,
        connections_at_most=connections_within(connections_at_most),
        hung_up=hung_up,
    )
    try:
        made.run()
    except SystemExit:
        _say_why_it_did_not_start(made)
        raise


def _say_why_it_did_not_start(made: uvicorn.Server) -> None:
    """In plain words, as the last thing on standard error: who started it by hand reads that alone."""
    failure = made.lifespan.failure if isinstance(made.lifespan, Lifespan) else None
    said = None if failure is None else why_no_start(failure)
    if said is not None:
        sys.stderr.write("\n".join(["", "Not started.", *said, ""]))
