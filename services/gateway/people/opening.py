"""What people's sign-in needs, put together when the process opens; and what is done beside requests."""

import asyncio
import logging
from typing import Final

from fastapi import FastAPI

from services.gateway.people.admission import Admission
from services.gateway.people.cookies import Cookie
from services.gateway.people.sessions import Sessions
from services.gateway.settings import GatewaySettings
from shared.clock import Clock
from shared.database import Database

log = logging.getLogger(__name__)

TIDY_SECONDS: Final = 60.0


def open_people(settings: GatewaySettings, database: Database, clock: Clock, *, secret: bytes) -> Admission:
    """Of one node. `secret`: 32 bytes of the gateway's own; other keys are made of it."""
    return Admission(settings, Sessions(database, settings, secret), Cookie("sid", secure=settings.secure_cookies))


async def keep_tidy(app: FastAPI) -> None:
    """Each minute: forget sessions that are past their limits. A lifespan task."""
    admission: Admission = app.state.people
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        try:
            await admission.sessions.forget_ended(app.state.clock())
        except Exception as error:
            log.error("ended sessions could not be forgotten", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
