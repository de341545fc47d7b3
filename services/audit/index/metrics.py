"""How far the index is behind the log, for Prometheus."""

from prometheus_client import Gauge

from services.audit.index.projector import Projector
from shared.telemetry import Metrics


def observe(metrics: Metrics, projector: Projector) -> None:
    """Add the gauges to the service's own."""
    entries = Gauge("safe_passage_index_behind_entries", "Entries of the log that the index has not yet", registry=metrics.registry)
    seconds = Gauge("safe_passage_index_behind_seconds", "Age of the oldest of them", registry=metrics.registry)
    entries.set_function(lambda: projector.behind.entries)
    seconds.set_function(lambda: projector.behind.seconds)
