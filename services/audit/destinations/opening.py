"""Putting the sending of the log together for one process of audit."""

from fastapi import FastAPI
from prometheus_client import Gauge

from services.audit.destinations.courier import Courier
from services.audit.drafts import draft_of
from services.audit.sequencer import Sequencer
from shared.contracts.audit import Event
from shared.telemetry import Metrics


def open_courier(app: FastAPI) -> None:
    """Put `courier` on `app.state`. A destination that needs a person makes the service degraded, never unready; so does a frozen log."""
    state = app.state
    sequencer: Sequencer = state.sequencer

    async def append_own(event: Event) -> None:
        await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])

    courier = Courier(
        state.database,
        state.keys,
        state.clock,
        state.settings,
        holder=state.holder,
        append=append_own,
        is_over=lambda: sequencer.frozen is not None,
        is_busy=lambda: sequencer.is_busy,
    )
    state.courier, state.is_degraded = courier, lambda: courier.is_degraded or sequencer.frozen is not None
    _observe(state.metrics, courier, sequencer)


async def send_to_destinations(app: FastAPI) -> None:
    """Send what is new to each destination: a lifespan task."""
    await app.state.courier.run()


def _observe(metrics: Metrics, courier: Courier, sequencer: Sequencer) -> None:
    gauge = Gauge("safe_passage_destinations_degraded", "1 where a destination of the log needs a person", registry=metrics.registry)
    gauge.set_function(lambda: float(courier.is_degraded))
    frozen = Gauge("safe_passage_log_frozen", "1 where the log takes nothing until a person has restored it", registry=metrics.registry)
    frozen.set_function(lambda: float(sequencer.frozen is not None))
