"""The gateway's trust list: looked for in its file, and asked of records, which another node may have brought a newer one."""

import asyncio
import logging
from typing import Final

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.trust_list import VerifiedTrustList
from services.gateway.registry.administration import record_trust_list
from shared.contracts.audit import Actor, Context, Event
from shared.contracts.trust_lists import PATH, NextTrustList

log = logging.getLogger(__name__)

JOB: Final = "trust-list"
ASK_SECONDS: Final = 5.0
"""So long a member who is suspended may still have a token given, where no file shows the list that says so."""


async def trust_accepted(app: FastAPI, tx: AsyncSession, accepted: VerifiedTrustList) -> None:
    """What follows from a list: members' clients, and an entry in the log."""
    state, actor = app.state, Actor(kind="system", job=JOB)
    await record_trust_list(tx, state.outbox, accepted, own_entity_id=state.settings.entity_id, actor=actor, clock=state.clock)


async def look_at_trust_list(app: FastAPI) -> None:
    """Look at the trust list's file. One that is not taken (rolled back, forged) is a refusal on the log, as often as it is shown."""
    state = app.state
    await state.trust.catch_up()  # an operator's command, or another worker, may have taken one
    await state.trust.refresh()
    refused = state.trust.refused
    if refused is not None and refused is not state.trust_refusal_told:
        context = Context(operation="trust-list-refused", outcome="refused", reason=refused.code)
        event = Event(class_="refusal", key=f"trust:{uuid7(state.clock())}", actor=Actor(kind="system", job=JOB), context=context)
        async with state.database.transaction() as tx:
            state.outbox.record(tx, event)
    state.trust_refusal_told = refused


async def ask_for_newer_lists(app: FastAPI) -> None:
    """Take what records has taken since, one list after the other, each verified here. Without a first list nothing is asked.

    Raises the problems of safepassage.trust_list, and TemporarilyUnavailable where records does not answer.
    """
    state = app.state
    while (held := state.trust.held) is not None:
        query = {"after": held.serial}
        newer: NextTrustList = await state.siblings.call("records", "GET", PATH, answer=NextTrustList, by=JOB, query=query)
        if newer.document is None or not await state.trust.passed_on(newer.document.encode()):
            return


async def keep_asking(app: FastAPI) -> None:
    """Ask records every few seconds: a lifespan task. What is wrong is said once until it is right, or another thing is wrong."""
    said = ""
    while True:
        await asyncio.sleep(ASK_SECONDS)
        try:
            await ask_for_newer_lists(app)
            said = ""
        except Exception as error:
            code = error.code if isinstance(error, SuiteError) else type(error).__name__
            if code != said:
                log.warning("no newer trust list had of records", extra={"code": code})
            said = code
