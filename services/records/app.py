"""The records service: the only one that ever has a record in clear, in memory alone.

records is trusted with content: whoever controls it can read and disclose every record of the node; it cannot make the log show another
past, log a disclosure that privacy did not sign, or speak for another node.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from fastapi import FastAPI

from services.records import (
    client_key_sets,
    kept_resources,
    load_reports,
    lookup,
    match_cases,
    match_reviews,
    msix,
    party_documents,
    residence_counts,
    roster_entries,
    rosters,
    students,
    unions,
)
from services.records.agency_days import AgencyDays
from services.records.attachments.routes import router as attachments
from services.records.attachments.scanner import Scanner
from services.records.credentials.publishing import SignedLists
from services.records.credentials.routes import ROUTERS as CREDENTIALS
from services.records.ed_fi import keeping, pushes, received
from services.records.ed_fi.doors import ANSWER_SECONDS, EdFiDoors, ed_fi_session
from services.records.ed_fi.systems import systems_in
from services.records.exchange.exchange import open_exchange
from services.records.exchange.milestones import Unwatched
from services.records.exchange.resolved_matches import on_match_resolved, sought_by_match
from services.records.exchange.routes import ROUTERS as EXCHANGE
from services.records.exchange.told_milestones import send_milestones_together
from services.records.exchange.works import keep_swept, keep_watch, pull, work, works_of
from services.records.facts_lane import send_facts_together
from services.records.finding.routers import ROUTERS as FINDING
from services.records.load_memory import LoadMemory, memory_for_loads
from services.records.oneroster.counts import Counts
from services.records.oneroster.discovery import router as oneroster_discovery
from services.records.oneroster.package import router as roster_package
from services.records.oneroster.plans import Plans
from services.records.oneroster.routes import router as oneroster
from services.records.own_keys import require_own_keys
from services.records.readiness_evidence import keep_reporting
from services.records.settings import RecordsSettings
from services.records.statistics.routes import router as statistics
from services.records.tables import IdempotencyRow, KeyRingRow, LeaseRow, OrganisationRow, OutboxRow
from services.records.transfers.routes import ROUTERS as TRANSFERS
from services.records.vault import Vault
from shared.app import build
from shared.clock import Clock, system_clock
from shared.cursors import Cursors
from shared.key_providers import keep_keys, key_provider_of
from shared.key_rings import folder_rings
from shared.keys import read_symmetric_key
from shared.projections import organisations_router
from shared.siblings import Transport
from shared.who_may_call import ServiceName

STUDENTS = (
    lookup.router,
    students.router,
    kept_resources.router,
    attachments,
    rosters.router,
    load_reports.router,
    roster_entries.router,
    party_documents.router,
    roster_package,
    keeping.router,
    pushes.router,
    received.router,
    msix.router,
    oneroster,
    oneroster_discovery,
    match_reviews.router,
    match_cases.router,
    unions.router,
    statistics,
    residence_counts.router,
)

OWN_KEYS: Final = {"look-up": ("lookup.key",)}
"""Beside those that every service has (shared.key_rings). Those of messages and the peer client's are in the node's statement."""


async def _open(app: FastAPI, stack: AsyncExitStack) -> None:
    state = app.state
    state.key_provider = key_provider_of(state.settings, "records")
    stack.callback(state.key_provider.close)
    state.vault = Vault.of(state.settings.keys_directory, state.key_provider)
    await require_own_keys(state.database, state.vault)
    state.outbox.sealing = state.vault
    state.load_memory = LoadMemory(memory_for_loads(state.settings.load_memory_mebibytes))
    send_facts_together(state.outbox)
    send_milestones_together(state.outbox)
    state.cursors = Cursors(read_symmetric_key(state.settings.keys_directory / "cursor.key"))
    state.key_rings = folder_rings("records", state, KeyRingRow, OWN_KEYS)
    await state.key_rings.look()
    state.lookup_limit, state.chain_limit = lookup.LookupLimit(), lookup.LookupLimit()
    state.days = AgencyDays(state.database, state.settings.node_organisation_id)
    await state.days.look()
    state.oneroster_plans, state.oneroster_counts = Plans(), Counts()
    state.signed_lists = SignedLists()
    state.scanner = Scanner(state.settings.scanner_address)
    session = await stack.enter_async_context(ed_fi_session(state.settings, seconds=ANSWER_SECONDS))
    systems = systems_in(state.settings.ed_fi_systems_file)
    state.ed_fi = EdFiDoors(systems, session, clock=state.clock, wait=asyncio.sleep)
    await open_exchange(app, stack)
    client_key_sets.open_client_key_sets(app)
    state.exchange.works = works_of(state.exchange)
    state.on_match_resolved = partial(on_match_resolved, state.exchange)
    state.sought_by_match = partial(sought_by_match, state.exchange)


def create_app(
    settings: RecordsSettings, *, transports: Mapping[ServiceName, Transport] | None = None, clock: Clock = system_clock
) -> FastAPI:
    """The application; `transports` is how siblings are reached (shared.app.build)."""
    app = build(
        "records",
        settings,
        routers=(organisations_router(OrganisationRow), *STUDENTS, *EXCHANGE, *FINDING, *TRANSFERS, *CREDENTIALS, client_key_sets.router),
        summary="Holds, seals, opens, sends and receives student records.",
        tables={"outbox": OutboxRow, "lease": LeaseRow, "idempotency": IdempotencyRow},
        opening=_open,
        workers=(work, keep_watch, pull, keep_reporting, keep_keys, keep_swept),
        transports=transports,
        clock=clock,
    )
    app.state.milestones = Unwatched()
    return app
