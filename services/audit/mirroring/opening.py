"""Putting mirroring together for one process of audit."""

from contextlib import AsyncExitStack

from fastapi import FastAPI

from services.audit.mirroring.keys import mirror_keys
from services.audit.mirroring.mirror import Mirror
from services.audit.mirroring.uploads import Uploads
from services.audit.sequencer import Sequencer
from services.audit.settings import AuditSettings
from services.audit.witnessing.door import WitnessDoor
from services.audit.witnessing.keys import WitnessKeys
from services.audit.witnessing.known_logs import KnownLogs
from services.audit.witnessing.opening import read_policy

MIB = 2**20


async def open_mirroring(app: FastAPI, stack: AsyncExitStack) -> None:
    """Put on `app.state` what keeps others' logs and has ours kept: `mirror`, `uploads`. Witnessing is open."""
    state = app.state
    settings: AuditSettings = state.settings
    sequencer: Sequencer = state.sequencer
    known = KnownLogs(state.trust, own_entity_id=settings.entity_id)
    folder, host = settings.keys_directory, settings.host
    state.mirror = Mirror(
        state.database,
        mirror_keys(folder, host),
        WitnessKeys.of(folder, host),
        known.keys_of,
        state.clock,
        room=settings.mirror_mib * MIB,
    )
    policy = read_policy(settings.mirror_policy_file)
    door: WitnessDoor | None = None
    if policy is not None:
        door = state.reach_witnesses(settings)
        stack.push_async_callback(door.close)
    state.uploads = Uploads(
        state.database,
        policy,
        door,
        findings=state.findings,
        clock=state.clock,
        is_over=lambda: sequencer.frozen is not None,
        seconds=settings.mirror_seconds,
    )


async def have_mirrored(app: FastAPI) -> None:
    """Have the log kept elsewhere: a lifespan task."""
    await app.state.uploads.run()
