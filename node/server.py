"""Serving an application over a socket: one set of uvicorn's settings for every way to start a node."""

import gc
import socket
import ssl
from pathlib import Path
from typing import Any

import uvicorn

from services.gateway.door.http_protocol import StrictHttpProtocol
from shared.garbage import COLLECTED_AFTER
from shared.telemetry import log_to_stderr

GRACE_SECONDS = 30


class Server(uvicorn.Server):
    """uvicorn's, which does not walk again and again over what lives as long as the process."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; then leave everything that exists out of garbage collection. Measured: half of the time of an append of 1,000 events."""
        await super().startup(sockets)
        # What a start leaves behind is not worth looking for: two thousand objects, for a fifth of a second.
        gc.freeze()
        gc.set_threshold(*COLLECTED_AFTER)


def server(
    app: Any, *, host: str, port: int, tls_certificate: Path | None = None, tls_key: Path | None = None, grace_seconds: int = GRACE_SECONDS
) -> uvicorn.Server:
    """A server of `app`. Headers that two parsers could read differently are refused before it sees them (StrictHttpProtocol)."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=StrictHttpProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=grace_seconds,
        ssl_certfile=tls_certificate,
        ssl_keyfile=tls_key,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    return Server(config)


def serve(app: Any, *, host: str, port: int, tls_certificate: Path | None = None, tls_key: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way."""
    log_to_stderr()
    server(app, host=host, port=port, tls_certificate=tls_certificate, tls_key=tls_key).run()
