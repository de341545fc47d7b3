"""The privacy service: it decides, and signs what it permits. It never sees a name, a number used outside, or a document.

privacy is trusted to decide: whoever controls it can permit what the law does not. It cannot read a record, and audit logs what it signs.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

from fastapi import FastAPI

from safepassage import __version__
from safepassage.problems import SuiteError
from services.privacy import (
    agreement_amendments,
    agreement_documents,
    agreement_lists,
    agreement_use,
    agreements,
    amendments,
    consent_narrowing,
    consent_receipts,
    consents,
    debarments,
    decision_pages,
    decisions,
    destruction_clearances,
    destructions,
    duty_routes,
    duty_waivers,
    evidence_routes,
    explanations,
    facts_mark,
    forgetting,
    hearings,
    inspections,
    known_facts,
    obligation_waivers,
    obligations,
    opt_outs,
    policy_activation_routes,
    policy_replays,
    policy_set_routes,
    policy_sets,
    public_register,
    recorded_decisions,
    rights_file,
    safeguards,
    schedules,
    served_duties,
    simulation,
    statements,
    student_rights,
    subjects,
)
from services.privacy.access import routes as access
from services.privacy.access.nobody import Nobody
from services.privacy.activation import start_release
from services.privacy.agreement_parties import party_renamed
from services.privacy.evaluation import Judge
from services.privacy.key_wrapping import strange_versions
from services.privacy.naming import naming_key
from services.privacy.policy import PolicySetBroken, load_policy_set
from services.privacy.policy_replays import Replays
from services.privacy.policy_schedule import deciding_at
from services.privacy.policy_sets import PolicySets, keep_built_in
from services.privacy.readiness import attestations, evidence, scorecard_routes, snapshots
from services.privacy.readiness.watching import watch
from services.privacy.sealing import Sealer
from services.privacy.settings import PrivacySettings
from services.privacy.tables import IdempotencyRow, KeyRingRow, LeaseRow, OrganisationRow, OutboxRow
from shared.app import build
from shared.clock import Clock, system_clock
from shared.cursors import Cursors
from shared.key_encryption import require_of_this_store
from shared.key_providers import keep_keys, key_provider_of
from shared.key_rings import folder_rings
from shared.keys import SigningKey, read_symmetric_key
from shared.projections import organisations_router
from shared.siblings import Transport
from shared.who_may_call import ServiceName

ROUTERS = (
    decisions.router,
    decisions.batches,
    subjects.router,
    forgetting.router,
    known_facts.router,
    facts_mark.router,
    student_rights.router,
    organisations_router(OrganisationRow, then=party_renamed),
    consents.router,
    consent_narrowing.router,
    consent_receipts.router,
    agreement_documents.router,
    agreement_lists.router,
    agreements.router,
    agreement_amendments.router,
    agreement_use.router,
    schedules.router,
    public_register.router,
    debarments.router,
    decision_pages.router,
    recorded_decisions.router,
    explanations.router,
    obligations.router,
    policy_set_routes.router,
    policy_activation_routes.router,
    simulation.router,
    simulation.situations_router,
    access.router,
    obligation_waivers.router,
    destruction_clearances.router,
    destructions.router,
    duty_routes.router,
    duty_waivers.router,
    served_duties.router,
    inspections.router,
    amendments.router,
    hearings.router,
    statements.router,
    safeguards.locations_router,
    safeguards.listings_router,
    opt_outs.router,
    rights_file.router,
    scorecard_routes.router,
    attestations.router,
    snapshots.router,
    evidence.router,
    evidence_routes.router,
)

OWN_KEYS: Final = {"decision-signing": ("decision-signing.json", "decision-signing-retired/*.json")}
"""Beside those that every service has (shared.key_rings)."""


async def _open(app: FastAPI, stack: AsyncExitStack) -> None:
    """Keys and policies, before the first request. Raises KeyFileUnusable, KeysUnavailable or PolicySetBroken: then nothing is served."""
    state = app.state
    settings: PrivacySettings = state.settings
    state.key_provider = key_provider_of(settings, "privacy")
    stack.callback(state.key_provider.close)
    state.sealer = state.outbox.sealing = Sealer.of(settings.keys_directory, state.key_provider)
    state.forget_data_keys = state.sealer.forget
    require_of_this_store(await strange_versions(state.database, state.sealer), of="privacy")
    state.nobody = Nobody(state.sealer)
    state.cursors = Cursors(read_symmetric_key(settings.keys_directory / "cursor.key"))
    built_in = load_policy_set()
    decision_key_file = settings.keys_directory / "decision-signing.json"
    decision_key = SigningKey.load(decision_key_file)
    state.retired_receipt_keys = consent_receipts.retired_receipt_keys(settings.keys_directory)
    state.policy_sets = PolicySets(state.database, built_in)
    state.replays = Replays(
        database=state.database,
        sets=state.policy_sets,
        sealer=state.sealer,
        outbox=state.outbox,
        clock=state.clock,
        holder=state.holder,
    )
    state.key_rings = folder_rings("privacy", state, KeyRingRow, OWN_KEYS)
    await state.key_rings.look()
    now = state.clock()
    async with state.database.transaction() as tx:
        await keep_built_in(tx, built_in, title=f"Safe Passage {__version__}", now=now)
        await start_release(tx, state.outbox, built_in, now=now)
    state.judge = Judge(
        policy_set=built_in,
        key=decision_key,
        naming=await naming_key(state.database, state.sealer, decision_key_file),
        issuer=settings.entity_id,
        node_organisation_id=settings.node_organisation_id,
    )
    async with state.database.reading() as tx:
        deciding = await deciding_at(tx, now)
    try:
        await state.policy_sets.held(deciding)
    except SuiteError as error:
        raise PolicySetBroken(f"the policy set that is in force, {deciding}: {error.title}: {error.detail or error.remedy}") from error


def create_app(
    settings: PrivacySettings, *, transports: Mapping[ServiceName, Transport] | None = None, clock: Clock = system_clock
) -> FastAPI:
    """The application; `transports` is how siblings are reached (shared.app.build)."""
    return build(
        "privacy",
        settings,
        routers=ROUTERS,
        summary="Decides what may leave, on facts, evidence and policies with citations, and signs what it permits.",
        tables={"outbox": OutboxRow, "lease": LeaseRow, "idempotency": IdempotencyRow},
        opening=_open,
        workers=(policy_sets.prepare, policy_replays.work, watch, keep_keys),
        transports=transports,
        clock=clock,
    )
