"""What families' pages need, put together when the process opens; and what is done beside requests."""

import asyncio
import logging

from fastapi import FastAPI

from services.gateway.family.admission import FamilyAdmission
from services.gateway.family.visits import Visits
from services.gateway.people.cookies import Cookie
from services.gateway.people.opening import TIDY_SECONDS

log = logging.getLogger(__name__)


def open_families(app: FastAPI, *, names: bytes) -> None:
    """Put `families` (for the door and the routes) on the application's state. `names`: as people's."""
    state = app.state
    origin = state.settings.entity_id
    visits = Visits(state.database, state.settings, state.outbox, names)
    state.families = FamilyAdmission(origin, visits, Cookie("family", origin=origin))


async def keep_forgetting(app: FastAPI) -> None:
    """Each minute: forget visits and links that are past their time. A lifespan task."""
    families: FamilyAdmission = app.state.families
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        try:
            await families.visits.forget_ended(app.state.clock())
        except Exception as error:
            log.error("visits past their time could not be forgotten", extra={"fault": type(error).__name__})  # noqa: TRY400 may hold a value
