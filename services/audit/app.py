"""The audit service: it only appends.

audit is not trusted with the past: whoever controls it can stop the node and read who saw what; it cannot rewrite what it has logged
unseen by those who pinned its checkpoints.
"""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from fastapi import FastAPI
from starlette.datastructures import State

from services.audit import (
    append,
    blast_radius,
    chain_entries,
    log_keys,
    log_routes,
    passed_trust_lists,
    radius_count_routes,
    readiness_evidence,
    saved_searches,
    search,
    tallies,
)
from services.audit.alerts import reviews
from services.audit.alerts import routes as alert_routes
from services.audit.alerts.watching import AlertMetrics, Watcher, keep_watch
from services.audit.checkpoints import CheckpointSigner
from services.audit.consistency import Consistency
from services.audit.decision_keys import decision_keys
from services.audit.destinations import acts as destination_acts
from services.audit.destinations import routes as destination_routes
from services.audit.destinations.opening import open_courier, send_to_destinations
from services.audit.disclosures import accounting, copies, copy_routes
from services.audit.exports import routes as export_routes
from services.audit.index.metrics import observe
from services.audit.index.projector import Projector
from services.audit.key_rings import open_key_rings
from services.audit.mirroring import routes as mirror_routes
from services.audit.mirroring.opening import have_mirrored, open_mirroring
from services.audit.preparers import Preparers
from services.audit.preparing import Judging
from services.audit.radius_counts import RadiusCounts
from services.audit.retention import asking, holds
from services.audit.retention.carrying_out import keep_carrying_out
from services.audit.retention.wrapping import strange_versions
from services.audit.sealing_terms import sealing_terms
from services.audit.sequencer import Sequencer
from services.audit.settings import AuditSettings
from services.audit.shards import Shards
from services.audit.subject_blocks import SubjectBlocks
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import IdempotencyRow, OrganisationRow
from services.audit.tile_memory import TileMemory
from services.audit.witnessing import overview
from services.audit.witnessing import routes as witness_routes
from services.audit.witnessing.door import OverHttps, WitnessDoor
from services.audit.witnessing.opening import have_witnessed, look_at_trust, open_publisher, open_witness
from shared.app import build
from shared.clock import Clock, system_clock
from shared.cursors import Cursors
from shared.key_encryption import require_of_this_store
from shared.key_providers import keep_keys, key_provider_of
from shared.keys import read_symmetric_key
from shared.projections import organisations_router
from shared.siblings import Transport
from shared.who_may_call import ServiceName


async def _open(app: FastAPI, stack: AsyncExitStack) -> None:
    state = app.state
    settings: AuditSettings = state.settings
    folder = settings.keys_directory
    state.decision_keys = decision_keys(folder, today=state.clock().date())
    state.idempotency_row = IdempotencyRow
    state.cursors = Cursors(read_symmetric_key(folder / "cursor.key"))
    state.key_provider = key_provider_of(settings, "audit")
    stack.callback(state.key_provider.close)
    require_of_this_store(await strange_versions(state.database, state.key_provider), of="audit")
    state.keys = SubjectKeys(state.key_provider)
    state.forget_data_keys = state.keys.forget
    state.signer = signer = CheckpointSigner.of(folder, settings.retired_log_keys_directory)
    shards = Shards(state.database, signer, state.keys, settings.host)
    memory = TileMemory()
    state.consistency = Consistency(state.database, memory)
    state.sequencer = Sequencer(
        state.database, shards, state.keys, signer, state.clock, memory=memory, checkpoint_seconds=settings.checkpoint_seconds
    )
    await shards.open_first(state.clock())
    await open_publisher(app, stack)
    await state.sequencer.open()
    state.key_rings = await open_key_rings(state)
    state.preparers = _preparers(state)
    state.preparers.open()
    stack.push_async_callback(state.preparers.close)
    state.projector = Projector(state.database, state.keys, state.clock, is_busy=lambda: state.sequencer.is_busy)
    await state.projector.open()
    state.sequencer.on_commit = state.projector.tell
    state.subject_blocks = SubjectBlocks(state.database, is_busy=lambda: state.sequencer.is_busy)
    observe(state.metrics, state.projector)
    state.radius_counts = RadiusCounts(state)
    state.alert_metrics = AlertMetrics(state.metrics)
    state.watcher = Watcher(state)
    stack.push_async_callback(state.sequencer.close)
    stack.push_async_callback(state.radius_counts.close)
    await open_witness(app)
    await open_mirroring(app, stack)
    open_courier(app)


def _preparers(state: State) -> Preparers:
    judging = Judging(
        state.settings.entity_id, [key.public_bytes_raw() for key in state.decision_keys.values()], state.sequencer.digest_key
    )
    return Preparers(
        state.settings.preparing_processes,
        judging,
        lambda students: sealing_terms(state.sequencer, state.projector, students, state.clock()),
    )


async def _run_sequencer(app: FastAPI) -> None:
    await app.state.sequencer.run()


async def _keep_index(app: FastAPI) -> None:
    await app.state.projector.run()


async def _merge_blocks(app: FastAPI) -> None:
    await app.state.subject_blocks.run()


def create_app(
    settings: AuditSettings,
    *,
    transports: Mapping[ServiceName, Transport] | None = None,
    clock: Clock = system_clock,
    reach_witnesses: Callable[[AuditSettings], WitnessDoor] = OverHttps,
) -> FastAPI:
    """The application; audit calls no sibling, so `transports` is for the embedded node's sake. It calls witnesses and destinations."""
    app = build(
        "audit",
        settings,
        routers=(
            append.router,
            chain_entries.router,
            log_keys.router,
            log_routes.router,
            search.router,
            blast_radius.router,
            radius_count_routes.router,
            radius_count_routes.internal,
            tallies.router,
            saved_searches.router,
            accounting.router,
            copy_routes.router,
            alert_routes.router,
            reviews.router,
            holds.router,
            asking.router,
            export_routes.router,
            destination_routes.router,
            destination_acts.router,
            readiness_evidence.router,
            witness_routes.router,
            passed_trust_lists.router,
            overview.router,
            mirror_routes.router,
            organisations_router(OrganisationRow),
        ),
        summary="Appends what was asked, decided, disclosed and received; proves it; tells who saw what.",
        tables=None,
        opening=_open,
        workers=(
            _run_sequencer,
            _keep_index,
            _merge_blocks,
            keep_watch,
            copies.make_in_time,
            keep_carrying_out,
            look_at_trust,
            have_witnessed,
            have_mirrored,
            send_to_destinations,
            keep_keys,
        ),
        transports=transports,
        clock=clock,
    )
    app.state.reach_witnesses = reach_witnesses
    return app
