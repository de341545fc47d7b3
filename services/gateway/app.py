"""The gateway: the only door. It proves who calls, limits, forwards; it holds no student data and no key that opens a record."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from fastapi import FastAPI

from services.gateway import well_known
from services.gateway.console.routes import ROUTERS as CONSOLE
from services.gateway.described import routes as described_routes
from services.gateway.described.interface import keep_comparing, open_interfaces
from services.gateway.door.allowances import Allowances
from services.gateway.door.door import Door
from services.gateway.door.entrances import entrances
from services.gateway.door.forwarding import Forwarding
from services.gateway.door.limits import RateLimit
from services.gateway.door.limits_in_force import LimitsInForce, keep_reading_when_asked, tell_in_force
from services.gateway.door.metrics_door import MetricsDoor
from services.gateway.door.quota_store import keep_summing_up, open_quotas, sum_up
from services.gateway.door.rate_store import keep_sharing
from services.gateway.door.refusals import Refusals
from services.gateway.door.routing_table import ROUTES
from services.gateway.door.scope_use import ScopeUse, keep_writing_down
from services.gateway.door.shared_rates import SharedRates
from services.gateway.door.upstreams import observe, upstreams
from services.gateway.family.opening import keep_forgetting, open_families
from services.gateway.family.routes import ROUTERS as FAMILY
from services.gateway.key_rings import KeyRings
from services.gateway.oauth import introspection, revocation, token_route
from services.gateway.oauth import routes as oauth_routes
from services.gateway.oauth.client_authentication import ENDPOINT
from services.gateway.oauth.codes import consent_routes, pushing
from services.gateway.oauth.codes import routes as code_routes
from services.gateway.oauth.codes.authorizations import forget_over
from services.gateway.oauth.error_documents import document_errors
from services.gateway.oauth.host_proofs import HostProofStore
from services.gateway.oauth.nonces import ProofNonces
from services.gateway.oauth.opening import open_oauth
from services.gateway.oauth.replay import ProofStore, forget_expired, process_proofs
from services.gateway.oauth.shared_proofs import DatabaseProofStore
from services.gateway.oauth.signing_keys import WatchedTokenKeys
from services.gateway.oauth.standing import Standing
from services.gateway.people.names_key import names_key
from services.gateway.people.opening import keep_tidy, open_people
from services.gateway.people.routes import ROUTERS as PEOPLE
from services.gateway.readiness_evidence import keep_reporting
from services.gateway.registration import publisher_routes, registration_routes
from services.gateway.registration import routes as register_routes
from services.gateway.registry import client_routes, organisation_routes, quota_routes, secret_routes, suspension_routes
from services.gateway.settings import GatewaySettings
from services.gateway.tables import LeaseRow, NodeStatementRow, OutboxRow, TrustListRow
from services.gateway.trust_lists import keep_asking, look_at_trust_list, trust_accepted
from shared.app import build
from shared.clock import Clock, system_clock
from shared.cursors import Cursors
from shared.database import Database
from shared.keys import read_symmetric_key
from shared.peer_statements import PeerStatements, ThroughRecords
from shared.siblings import Transport
from shared.trust import Trust
from shared.who_may_call import ServiceName

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
FORGET_EVERY = timedelta(minutes=1)


async def _open(app: FastAPI, stack: AsyncExitStack, *, transports: Mapping[ServiceName, Transport] | None) -> None:
    """Put together what the door and the routes need. Nothing is answered before it is all there."""
    state = app.state
    settings: GatewaySettings = state.settings
    clock, database = state.clock, state.database
    secret = read_symmetric_key(settings.keys_directory / "cursor.key")
    names = names_key(settings.keys_directory)
    state.cursors, state.node_statement = Cursors(secret), well_known.NodeStatementFile(settings.node_statement_file)
    taken = {"legacy": settings.legacy_clients, "certificates": settings.takes_client_certificates}
    state.metadata, state.resource_metadata = (
        well_known.metadata_of(settings.entity_id, **taken),
        well_known.resource_of(settings.entity_id, **taken),
    )
    state.decision_point_metadata = well_known.decision_point_of(settings.entity_id)
    state.token_keys = WatchedTokenKeys(settings.keys_directory / "token-signing")
    state.key_rings = KeyRings(database, state.outbox, clock, state.token_keys, state.node_statement, settings.keys_directory)
    state.trust = Trust(database, settings, clock, row=TrustListRow, on_accepted=partial(trust_accepted, app))
    state.statements = PeerStatements(database, state.trust, clock, row=NodeStatementRow, fetch=ThroughRecords(state.siblings))
    state.standing = Standing(database, state.statements, clock)
    state.trust_refusal_told = None
    state.refusals = Refusals(state.holder)
    await state.trust.open()
    await state.statements.open()
    await state.standing.refresh()
    await state.key_rings.look()
    store = await _proof_store(settings, database, clock(), stack, is_alone=transports is not None)
    nonces = ProofNonces(store.key if isinstance(store, HostProofStore) else secret)
    authentication = open_oauth(app, secret=secret, names=names, nonces=nonces, store=store)
    services = upstreams(settings, transports)
    for service in services.values():
        stack.push_async_callback(service.close)
    observe(services, state.metrics)
    interfaces = open_interfaces(app, stack)
    state.is_degraded = lambda: bool(interfaces.others) or any(service.is_left_alone for service in services.values())
    state.public_page = None
    state.limits = LimitsInForce(settings)
    limits = state.limits.settings
    state.scope_use, state.quotas = ScopeUse(), await open_quotas(limits, database, clock)
    open_people(app, names=names)
    open_families(app, names=names)
    state.door = Door(
        clock,
        entrances(settings, ROUTES),
        authentication,
        Allowances(
            RateLimit("client", per_second=limits.client_requests_per_second, burst=limits.client_burst),
            RateLimit("organisation", per_second=limits.organisation_requests_per_second, burst=limits.organisation_burst),
            state.quotas,
        ),
        SharedRates(limits, secret),
        state.internal_tokens,
        services,
        state.refusals,
        state.metrics,
        state.scope_use,
        settings.trusted_proxies,
        state.people,
        state.families,
        None if settings.client_certificate_header is None else settings.client_certificate_header.encode(),
    )
    tell_in_force(app)
    state.metrics_door = None
    if settings.metrics_port is not None:
        state.metrics_door = MetricsDoor(settings, state.metrics.registry)
        stack.callback(state.metrics_door.close)
    stack.push_async_callback(_count_at_the_end, app)


async def _proof_store(
    settings: GatewaySettings, database: Database, now: datetime, stack: AsyncExitStack, *, is_alone: bool
) -> ProofStore:
    """The embedded node is one process, which can remember proofs itself; a gateway of its own may have replicas, here or elsewhere."""
    if is_alone:
        return await process_proofs(database, now)
    if settings.proofs_directory is None:
        return DatabaseProofStore(database)
    store = HostProofStore.open(settings.proofs_directory, now)
    stack.callback(store.close)
    return store


async def _count_at_the_end(app: FastAPI) -> None:
    """What of it cannot be stored is lost, and nothing else is: a process ends by itself where its store is away, too."""
    state = app.state
    for store in (
        partial(state.refusals.flush, state.database, state.outbox, state.clock(), all_of_them=True),
        partial(state.scope_use.write_down, state.database, state.clock),
        partial(sum_up, state.door.allowances, state.database, state.outbox, state.clock),
    ):
        try:
            await store()
        except Exception as error:
            log.error("what was counted last is lost", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value


async def _look(app: FastAPI) -> None:
    """Each second: keys and trust list from their files, clients that changed, refusals of the minute that is over.

    INVARIANT: one that fails keeps none of the others from being looked at: who is out does not wait for a list that can be read.
    """
    state = app.state
    forget_at = state.clock()

    async def forget() -> None:
        nonlocal forget_at
        now = state.clock()
        await state.refusals.flush(state.database, state.outbox, now)
        if now >= forget_at:
            await forget_expired(state.database, now)
            await forget_over(state.database, now)
            forget_at = now + FORGET_EVERY

    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for look in (state.standing.refresh, state.key_rings.look, partial(look_at_trust_list, app), forget):
            try:
                await look()
            except Exception as error:
                log.error("a look at what changed failed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value


_WORKERS: Final = (
    _look,
    keep_asking,
    keep_reporting,
    keep_writing_down,
    keep_summing_up,
    keep_reading_when_asked,
    keep_tidy,
    keep_forgetting,
)


def create_app(
    settings: GatewaySettings, *, transports: Mapping[ServiceName, Transport] | None = None, clock: Clock = system_clock
) -> FastAPI:
    """The application, whose outermost layer is the door (services.gateway.door.forwarding).

    transports  in the embedded node, how the siblings are reached in this process; otherwise over HTTP, at the URLs of the settings
    """
    app = build(
        "gateway",
        settings,
        routers=(
            token_route.router,
            oauth_routes.router,
            code_routes.router,
            consent_routes.router,
            well_known.router,
            described_routes.router,
            organisation_routes.router,
            client_routes.router,
            publisher_routes.router,
            quota_routes.router,
            registration_routes.router,
            register_routes.router,
            *PEOPLE,
            *CONSOLE,
            *FAMILY,
            secret_routes.router,
            suspension_routes.router,
        ),
        summary="Proves who calls, and lets through what they may do.",
        tables={"outbox": OutboxRow, "lease": LeaseRow},
        opening=partial(_open, transports=transports),
        # The embedded node is one process: nobody else has let anything through.
        workers=(*_WORKERS, keep_sharing, keep_comparing) if transports is None else _WORKERS,
        transports=transports,
        clock=clock,
    )
    app.add_middleware(Forwarding)
    _document(app)
    return app


def _document(app: FastAPI) -> None:
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        register_routes.document(document)
        document_errors(document, ENDPOINT, revocation.PATH, introspection.PATH, pushing.PATH)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
