"""A tiny service on the foundation, to test what every service inherits."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, Response

from safepassage.problems.log import LogFrozen
from safepassage.problems.requests import NotFound
from safepassage.wire import Wire
from shared.app import build, internal_tokens
from shared.caller import Caller, caller_with, sibling
from shared.clock import Clock
from shared.contracts.audit import Appended, AppendRequest, AppendResponse
from shared.database import Database, Transaction
from shared.idempotency import IdempotencyKey, earlier_effect, keep_effect
from shared.in_process import Answer, call
from shared.internal_token import HEADER, CallerClaims, Principal
from shared.plain_route import caller_route
from shared.problems import responses
from shared.projections import organisations_router
from shared.settings import ServiceSettings
from shared.siblings import InProcess, Transport
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.shared.tables import Base, CounterRow, IdempotencyRow, LeaseRow, OrganisationRow, OutboxRow


class Parcel(Wire):
    weight: int
    note: str


def records_app(settings: ServiceSettings, transports: dict[ServiceName, Transport], clock: Clock) -> FastAPI:
    """Plays records: endpoints that use everything the foundation gives."""
    router = APIRouter()

    @router.post("/v1/parcels", status_code=201, responses=responses(NotFound))
    async def send_parcel(
        parcel: Parcel, caller: Annotated[Caller, caller_with("parcels:write")], key: IdempotencyKey, tx: Transaction
    ) -> dict[str, int]:
        """Add the weight once per key."""
        digest = str(parcel.weight).rjust(43, "0")
        if await earlier_effect(tx, IdempotencyRow, client_id=caller.client_id, operation="send_parcel", key=key, digest=digest) is None:
            row = await tx.get_one(CounterRow, 1, with_for_update=True)
            row.value += parcel.weight
            await keep_effect(
                tx,
                IdempotencyRow,
                client_id=caller.client_id,
                operation="send_parcel",
                key=key,
                digest=digest,
                effect_id=UUID(int=1),
                now=clock(),
            )
        return {"weight": (await tx.get_one(CounterRow, 1)).value}

    @router.get("/v1/parcels/{parcel_id}")
    async def parcel(parcel_id: UUID, caller: Annotated[Caller, caller_with("parcels:read")]) -> dict[str, str]:
        """Never there."""
        raise NotFound(field="parcel_id")

    @caller_route(router, "/v1/stamps", "parcels:write")
    @router.post("/v1/stamps", status_code=202)
    async def stamp(request: Request, caller: Annotated[Caller, caller_with("parcels:write")]) -> Response:
        """Answered without FastAPI."""
        return Response(f"{caller.client_id} {(await request.body()).decode()}", 202, media_type="text/plain")

    @router.get("/v1/fault")
    async def fault(caller: Annotated[Caller, caller_with("parcels:read")]) -> dict[str, str]:
        """Fails in a way nobody foresaw."""
        raise RuntimeError("ssn 123-45-6789")

    return build(
        "records",
        settings,
        routers=[router, organisations_router(OrganisationRow)],
        summary="A tiny service",
        tables={"outbox": OutboxRow, "lease": LeaseRow},
        transports=transports,
        clock=clock,
    )


class TinyAudit:
    """Plays audit's append: keeps events by key, as the contract says; can be stopped."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.calls: list[int] = []
        """How many events came in each."""
        self.down = self.frozen = False
        self.refuse: str | None = None
        self.unable: str | None = None
        """The key of an event that it cannot take just now."""
        self.clock_is_late_by_seconds = 0.0
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while it answers."""

    def app(self, settings: ServiceSettings, clock: Clock) -> FastAPI:
        """The application."""
        router = APIRouter()

        @router.post("/internal/entries")
        async def append(request: AppendRequest, _: Annotated[Principal, sibling("records")]) -> AppendResponse:
            """Append once per key."""
            if self.down:
                raise OSError("gone")
            if self.frozen:
                raise LogFrozen
            if any(event.key == self.refuse for event in request.events):
                raise NotFound
            if any(event.key == self.unable for event in request.events):
                raise OSError("busy")
            self.calls.append(len(request.events))
            self.meanwhile()
            for event in request.events:
                if event.key not in self.keys:
                    self.keys.append(event.key)
            size = len(self.keys)
            entries = tuple(Appended(index=self.keys.index(e.key), size=size, duplicate=False, entry="AA") for e in request.events)
            return AppendResponse(entries=entries)

        def own_clock() -> datetime:
            return clock() - timedelta(seconds=self.clock_is_late_by_seconds)

        return build("audit", settings, routers=[router], summary="A tiny log", tables=None, transports={}, clock=own_clock)


def settings_of(service: ServiceName, node_keys: Path, folder: Path) -> ServiceSettings:
    """Settings of a tiny service with a store of its own."""
    return ServiceSettings(
        entity_id="https://alder.example",
        database_url=f"sqlite+aiosqlite:///{folder}/{service}.db",
        keys_directory=node_keys / service,
    )


async def create_tables(settings: ServiceSettings) -> None:
    """Make the tiny service's tables, and its counter."""
    database = Database.of(settings)
    async with database.transaction() as tx:
        await (await tx.connection()).run_sync(Base.metadata.create_all)
        tx.add(CounterRow(id=1, value=0))
    await database.close()


def in_process(app: FastAPI) -> InProcess:
    """A transport to `app`."""
    transport = InProcess()
    transport.app = app
    return transport


@dataclass
class Tiny:
    app: FastAPI
    audit: TinyAudit
    node_keys: Path
    clock: StandingClock

    def headers(self, *scopes: str, client: str = "sis") -> dict[str, str]:
        settings = settings_of("gateway", self.node_keys, Path())
        caller = CallerClaims(
            client_id=client, organisation_id=UUID(int=5), organisation_kind="lea", role="system", scopes=frozenset(scopes)
        )
        return {HEADER: internal_tokens("gateway", settings).for_caller("records", caller, self.clock())}

    async def send(self, method: str, path: str, headers: dict[str, str], body: object = None) -> Answer:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return await call(self.app, method, path, headers={"content-type": "application/json", **headers}, body=content)
