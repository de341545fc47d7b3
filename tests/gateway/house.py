"""A gateway with its own store and keys, and behind it services that say whom they heard: what comes through the door can be looked at."""

import base64
import json
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from safepassage.problems import SuiteError
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from safepassage.wire_organisations import NewOrganisation, Organisation
from services.gateway.app import create_app
from services.gateway.registry.administration import Administration, administration
from services.gateway.settings import GatewaySettings
from shared.app import internal_tokens
from shared.contracts.audit import AppendRequest, Event
from shared.database import Database
from shared.internal_token import HEADER, InternalTokens, Principal
from shared.migrations import migrate
from shared.settings import ServiceSettings
from shared.siblings import InProcess, Transport
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask_token, call

ISSUER = "https://node.example"
SIBLINGS: tuple[ServiceName, ...] = ("privacy", "records", "audit")


@dataclass
class Heard:
    """A request as it arrived behind the door."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    principal: Principal

    @property
    def by_name(self) -> dict[str, str]:
        """Header fields."""
        return dict(self.headers)


@dataclass
class Behind:
    """A service behind the door: believes nothing but a valid internal token for itself, and keeps what it heard."""

    service: ServiceName
    tokens: InternalTokens
    clock: StandingClock
    heard: list[Heard] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    answer: tuple[int, list[tuple[bytes, bytes]], bytes] = (200, [(b"content-type", b"application/json")], b'{"answered":true}')

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, fields, content = self.answer
        try:
            principal = self.tokens.verify(dict(headers).get(HEADER), self.clock())
            heard = Heard(scope["method"], scope["raw_path"].decode(), scope["query_string"].decode(), headers, body, principal)
            self.heard.append(heard)
            if self.service == "audit" and heard.path == "/internal/entries":
                self.events += AppendRequest.model_validate_json(body).events
        except SuiteError as error:
            status, content = error.status, error.as_problem().model_dump_json().encode()
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": content, "more_body": False})


@dataclass
class House:
    """The gateway and what is behind it."""

    app: FastAPI
    settings: GatewaySettings
    clock: StandingClock
    hand: Administration
    behind: Mapping[str, Behind]

    @property
    def now(self) -> datetime:
        """The standing clock's instant."""
        return self.clock()

    async def organisation(self, kind: str, **about: Any) -> Organisation:
        """Add one."""
        new = {"kind": kind, "name": f"A {kind}", "valid_from": date(2020, 1, 1), **about}
        return await self.hand.add_organisation(NewOrganisation.model_validate(new))

    async def party(
        self,
        organisation: Organisation,
        *scopes: str,
        purposes: Sequence[str] = (),
        registered: Mapping[str, Any] | None = None,
        **about: Any,
    ) -> Party:
        """Register a client of an organisation; `registered`: more of what is registered of it."""
        party = Party("", ISSUER, **about)
        new = NewClient(
            organisation_id=organisation.id,
            name="A client",
            kind="information-system",
            role="registrar",
            scopes=scopes,
            purposes=tuple(purposes),
            jwks=JwkSet(keys=(ClientJwk.model_validate(party.jwk),)),
            **(registered or {}),
        )
        party.client_id = str((await self.hand.register_client(new)).id)
        await self.app.state.standing.refresh()
        return party

    async def sea_party(self, *scopes: str, **about: Any) -> Party:
        """A client of the state agency, which is added if it is not there."""
        held = [one for one in await self.hand.organisations() if one.kind == "sea"]
        return await self.party(held[0] if held else await self.organisation("sea"), *scopes, **about)

    async def token(self, party: Party, **parameters: str) -> str:
        """A token, or the test fails."""
        answer = await ask_token(self.app, party, self.now, form=party.form(self.now, **parameters))
        assert answer.status == 200, answer.body
        return str(answer.json["access_token"])

    async def call(self, party: Party, token: str, method: str, path: str, **about: Any) -> Answer:
        """A request for a resource."""
        return await call(self.app, party, self.now, token, method, path, **about)

    async def entries(self) -> list[Event]:
        """What the log has heard, everything that waits included."""
        state = self.app.state
        await state.refusals.flush(state.database, state.outbox, self.now, all_of_them=True)
        await state.outbox.drain()
        return list({event.key: event for event in self.behind["audit"].events}.values())

    def heard(self, service: str = "records") -> Heard:
        """The last request that came through to a service."""
        return self.behind[service].heard[-1]


@asynccontextmanager
async def open_house(
    folder: Path, keys: Path, clock: StandingClock, *, database_url: str | None = None, template: Path | None = None, **settings: Any
) -> AsyncIterator[House]:
    """A running gateway with a new store."""
    values: dict[str, Any] = {
        "entity_id": ISSUER,
        "database_url": database_url or f"sqlite+inline:///{folder}/gateway.db",
        "keys_directory": keys / "gateway",
        **settings,
    }
    gateway = GatewaySettings(**values)
    if template is not None:
        shutil.copy(template, folder / "gateway.db")
    else:
        await migrated(gateway)
    behind = {name: _behind(name, keys, clock) for name in SIBLINGS}
    transports: dict[ServiceName, Transport] = {}
    for name, service in behind.items():
        transport = InProcess()
        transport.app = service
        transports[name] = transport
    app = create_app(gateway, transports=transports, clock=clock)
    async with app.router.lifespan_context(app), administration(gateway, clock=clock) as hand:
        yield House(app, gateway, clock, hand, behind)


async def migrated(settings: GatewaySettings) -> None:
    """Bring a new store to head."""
    database = Database.of(settings)
    await migrate("gateway", database)
    await database.close()


def _behind(service: ServiceName, keys: Path, clock: StandingClock) -> Behind:
    settings = ServiceSettings(entity_id=ISSUER, database_url="sqlite+inline:///unused", keys_directory=keys / service)
    return Behind(service, internal_tokens(service, settings), clock)


def claims_of(token: str) -> dict[str, Any]:
    """The payload of a JWT, not verified."""
    payload = token.split(".")[1]
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return value


__all__ = ("ISSUER", "UUID", "House", "claims_of", "open_house")
