"""Putting witnessing together for one process of audit."""

import asyncio
import logging

from fastapi import FastAPI

from services.audit.drafts import draft_of
from services.audit.sequencer import Sequencer
from services.audit.settings import AuditSettings
from services.audit.tables import TrustListRow
from services.audit.witnessing.findings import Append, Findings
from services.audit.witnessing.keys import WitnessKeys
from services.audit.witnessing.known_logs import KnownLogs
from services.audit.witnessing.witness import Witness
from shared.contracts.audit import Event
from shared.trust import Trust

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often the file of the trust list is looked at."""


async def open_witness(app: FastAPI) -> None:
    """Put on `app.state` what makes this node a witness of others: `trust`, `findings`, `witness`. The log is open already."""
    state = app.state
    settings: AuditSettings = state.settings
    state.findings = Findings(state.database, _appending(state.sequencer), state.clock)
    state.trust = Trust(state.database, settings, state.clock, row=TrustListRow)
    await state.trust.open()
    known = KnownLogs(state.trust, own_entity_id=settings.entity_id)
    state.witness = Witness(state.database, WitnessKeys.of(settings.keys_directory, settings.host), known.keys_of, state.clock)


async def look_at_trust(app: FastAPI) -> None:
    """Take a newer trust list from its file: a lifespan task."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await app.state.trust.refresh()
        except Exception as error:
            log.error("trust list not looked at", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value


def _appending(sequencer: Sequencer) -> Append:
    async def append_own(event: Event) -> None:
        await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])

    return append_own
