"""What people's sign-in needs, put together when the process opens; and what is done beside requests."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from services.gateway.people.admission import Admission
from services.gateway.people.client_proof import ClientProof
from services.gateway.people.console_links import ConsoleLinks, forget_unused
from services.gateway.people.cookies import Cookie
from services.gateway.people.provider import Provider
from services.gateway.people.provider_logout import ProviderLogout
from services.gateway.people.sessions import Sessions
from services.gateway.people.sign_in import SignIn, forget_unfinished
from services.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

TIDY_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Entrances:
    """The ways in, and the provider's way to end what began by them. Without a provider in the settings there are only links."""

    session: Cookie
    under_way: Cookie
    links: ConsoleLinks
    provider: Provider | None = None
    sign_in: SignIn | None = None
    provider_logout: ProviderLogout | None = None


def open_people(app: FastAPI, *, names: bytes) -> None:
    """Put `people` (for the door) and `entrances` (for the routes) on the application's state. Raises KeyFileUnusable.

    names  32 bytes of the gateway's own, of which people's names are made
    """
    state = app.state
    settings: GatewaySettings = state.settings
    database, outbox, clock = state.database, state.outbox, state.clock
    sessions = Sessions(database, settings, names)
    cookie, under_way = (Cookie(name, origin=settings.entity_id) for name in ("sid", "sign-in"))
    links = ConsoleLinks(settings, database, outbox, sessions)
    state.people, state.entrances = Admission(settings, sessions, cookie), Entrances(cookie, under_way, links)
    if settings.people_issuer is not None:
        provider = Provider(settings, ClientProof.of_settings(settings), clock)
        sign_in = SignIn(settings, database, outbox, sessions, provider, clock)
        logout = ProviderLogout(database, outbox, sessions, provider, clock)
        state.entrances = Entrances(cookie, under_way, links, provider, sign_in, logout)


async def keep_tidy(app: FastAPI) -> None:
    """Each minute: forget what is past its time. A lifespan task."""
    admission: Admission = app.state.people
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        try:
            now = app.state.clock()
            await admission.sessions.forget_ended(now)
            await forget_unfinished(app.state.database, now)
            await forget_unused(app.state.database, now)
        except Exception as error:
            log.error("what is past its time could not be forgotten", extra={"fault": type(error).__name__})  # noqa: TRY400 may hold a value
