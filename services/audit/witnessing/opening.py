"""Putting witnessing together for one process of audit."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path

from fastapi import FastAPI

from safepassage.problems.witnessing import WitnessPolicyMalformed
from safepassage.tlog_policy import Policy, parse_policy
from services.audit.drafts import draft_of
from services.audit.known_nodes import remember_members
from services.audit.sequencer import Sequencer
from services.audit.settings import AuditSettings
from services.audit.tables import TrustListRow
from services.audit.witnessing.door import WitnessDoor
from services.audit.witnessing.findings import Append, Findings
from services.audit.witnessing.keys import WitnessKeys
from services.audit.witnessing.known_logs import KnownLogs
from services.audit.witnessing.publisher import Publisher
from services.audit.witnessing.rounds import Rounds
from services.audit.witnessing.witness import Witness
from shared.contracts.audit import Event
from shared.keys import KeyFileUnusable
from shared.trust import Trust

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often the file of the trust list is looked at."""


async def open_publisher(app: FastAPI, stack: AsyncExitStack) -> None:
    """Put on `app.state` what has our log witnessed: `findings`, `publisher`. The log has a row and is not open yet.

    A log that a witness knows more of, or differently, is frozen here, before anything is appended.
    """
    state = app.state
    settings: AuditSettings = state.settings
    sequencer: Sequencer = state.sequencer
    state.findings = Findings(state.database, _appending(sequencer), state.clock)
    policy, rounds = read_policy(settings.witness_policy_file), None
    if policy is not None:
        door: WitnessDoor = state.reach_witnesses(settings)
        stack.push_async_callback(door.close)
        rounds = Rounds(
            state.database,
            policy,
            door,
            signer=state.signer,
            consistency=state.consistency,
            findings=state.findings,
            freeze=sequencer.freeze,
            clock=state.clock,
        )
    state.publisher = Publisher(
        state.database, rounds, policy, is_over=lambda: sequencer.frozen is not None, seconds=settings.witness_seconds
    )
    await state.publisher.examine()


async def open_witness(app: FastAPI) -> None:
    """Put on `app.state` what makes this node a witness of others: `trust`, `witness`."""
    state = app.state
    settings: AuditSettings = state.settings
    state.trust = Trust(state.database, settings, state.clock, row=TrustListRow, on_accepted=remember_members)
    await state.trust.open()
    known = KnownLogs(state.trust, own_entity_id=settings.entity_id)
    state.witness = Witness(state.database, WitnessKeys.of(settings.keys_directory, settings.host), known.keys_of, state.clock)


def read_policy(file: Path | None) -> Policy | None:
    """The policy in a file. Raises KeyFileUnusable: a node that cannot read whose word counts does not start."""
    if file is None:
        return None
    try:
        policy = parse_policy(file.read_bytes())
    except OSError as error:
        raise KeyFileUnusable(f"{file.name} cannot be read: write it with `safepassage-node trust witnesses`") from error
    except WitnessPolicyMalformed as error:
        raise KeyFileUnusable(f"{file.name}: {error}") from error
    if any(witness.url is None for witness in policy.witnesses):
        raise KeyFileUnusable(f"{file.name}: each witness needs its address")
    return policy


async def look_at_trust(app: FastAPI) -> None:
    """Take a newer trust list from its file: a lifespan task."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await app.state.trust.catch_up()  # another process of the service may have taken one
            await app.state.trust.refresh()
        except Exception as error:
            log.error("trust list not looked at", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value


async def have_witnessed(app: FastAPI) -> None:
    """Have each new checkpoint cosigned: a lifespan task."""
    await app.state.publisher.run()


def _appending(sequencer: Sequencer) -> Append:
    async def append_own(event: Event) -> None:
        await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])

    return append_own
