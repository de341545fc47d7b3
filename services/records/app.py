"""The records service: the only one that ever has a record in clear, in memory alone.

records is trusted with content: whoever controls it can read and disclose every record of the node; it cannot make the log show another
past, log a disclosure that privacy did not sign, or speak for another node.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from fastapi import FastAPI

from services.records.settings import RecordsSettings
from services.records.tables import LeaseRow, OrganisationRow, OutboxRow
from services.records.vault import Vault
from shared.app import build
from shared.clock import Clock, system_clock
from shared.projections import organisations_router
from shared.siblings import Transport
from shared.who_may_call import ServiceName


async def _open(app: FastAPI, stack: AsyncExitStack) -> None:
    state = app.state
    state.vault = Vault.of(state.settings.keys_directory)
    state.outbox.sealing = state.vault


def create_app(
    settings: RecordsSettings, *, transports: Mapping[ServiceName, Transport] | None = None, clock: Clock = system_clock
) -> FastAPI:
    """The application; `transports` is how siblings are reached (shared.app.build)."""
    return build(
        "records",
        settings,
        routers=(organisations_router(OrganisationRow),),
        summary="Holds, seals, opens, sends and receives student records.",
        tables={"outbox": OutboxRow, "lease": LeaseRow},
        opening=_open,
        transports=transports,
        clock=clock,
    )
