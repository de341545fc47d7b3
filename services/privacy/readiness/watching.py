"""Once a minute: measure, ask audit, and keep the day's scorecard when every service has reported."""

from fastapi import FastAPI

from safepassage.problems import SuiteError
from services.privacy.readiness.evidence import measure_here
from services.privacy.readiness.snapshots import take_daily
from services.privacy.tables import LeaseRow
from shared.readiness_evidence import keep_doing


async def watch(app: FastAPI) -> None:
    """A lifespan task."""
    app.state.readiness_since = app.state.clock()
    await keep_doing(app, step, lease=LeaseRow)


async def step(app: FastAPI) -> None:
    """What a minute does. While audit does not answer, what can be measured is kept, and the day's scorecard may still be due."""
    failure: SuiteError | None = None
    try:
        await measure_here(app)
    except SuiteError as error:
        failure = error
    await take_daily(app, now=app.state.clock(), running_since=app.state.readiness_since)
    if failure is not None:
        raise failure
