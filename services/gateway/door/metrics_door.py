"""The gateway's counters for Prometheus, at an address and port of their own: the door that the world comes to has no such route."""

from prometheus_client import CollectorRegistry, start_http_server

from services.gateway.settings import GatewaySettings


class MetricsDoor:
    """A listening socket with nothing behind it but the counters, in a thread. `port` is the one that it got."""

    def __init__(self, settings: GatewaySettings, registry: CollectorRegistry) -> None:
        """Raises OSError where the address is not this machine's, or the port is taken."""
        self._server, self._thread = start_http_server(settings.metrics_port or 0, settings.metrics_address, registry)
        self.port: int = self._server.server_port

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
