"""The privacy service: it decides, and signs what it permits. It never sees a name, a number used outside, or a document.

privacy is trusted to decide: whoever controls it can permit what the law does not. It cannot read a record, and audit logs what it signs.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from fastapi import FastAPI

from services.privacy import agreements, consents, debarments, decisions, obligations, recorded_decisions, schedules, subjects
from services.privacy.activation import activate
from services.privacy.evaluation import Judge
from services.privacy.policy import load_policy_set
from services.privacy.sealing import Sealer
from services.privacy.settings import PrivacySettings
from services.privacy.tables import IdempotencyRow, LeaseRow, OrganisationRow, OutboxRow
from shared.app import build
from shared.clock import Clock, system_clock
from shared.cursors import Cursors
from shared.keys import SigningKey, read_symmetric_key
from shared.projections import organisations_router
from shared.siblings import Transport
from shared.who_may_call import ServiceName

ROUTERS = (
    decisions.router,
    subjects.router,
    organisations_router(OrganisationRow),
    consents.router,
    agreements.router,
    schedules.router,
    debarments.router,
    recorded_decisions.router,
    obligations.router,
)


async def _open(app: FastAPI, stack: AsyncExitStack) -> None:
    """Keys and policies, before the first request. Raises KeyFileUnusable or PolicySetBroken: then nothing is served."""
    state = app.state
    settings: PrivacySettings = state.settings
    state.sealer = state.outbox.sealing = Sealer.of(settings.keys_directory)
    state.cursors = Cursors(read_symmetric_key(settings.keys_directory / "cursor.key"))
    state.judge = Judge(
        policy_set=load_policy_set(),
        key=SigningKey.load(settings.keys_directory / "decision-signing.json"),
        issuer=settings.entity_id,
        node_organisation_id=settings.node_organisation_id,
    )
    async with state.database.transaction() as tx:
        await activate(tx, state.outbox, state.judge.policy_set, now=state.clock())


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
        transports=transports,
        clock=clock,
    )
