"""The operations on what permissions obliged to, as `safepassage.client.calls`."""

from typing import Literal
from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, writing
from safepassage.wire_duties import ObligationWaiver
from safepassage.wire_policy import Discharge, Obligations, OpenObligation


def list_obligations(
    *, state: Literal["open", "discharged", "waived", "all"] = "open", limit: int | None = None
) -> Call[Page[Obligations]]:
    """What permissions obliged to, those due first in front. Scope obligations:read or obligations:discharge."""
    return paged("/v1/obligations", Obligations, query={"state": state, "limit": limit})


def discharge_obligation(obligation_id: UUID, discharge: Discharge, *, idempotency_key: str | None = None) -> Call[OpenObligation]:
    """Say, with the reference of what shows it, that an obligation was met. Scope obligations:discharge."""
    path = path_of("/v1/obligations/{id}/discharge", id=obligation_id)
    return writing("POST", path, discharge, OpenObligation, idempotency_key=idempotency_key)


def waive_obligation(obligation_id: UUID, waiver: ObligationWaiver, *, idempotency_key: str | None = None) -> Call[OpenObligation]:
    """Waive an obligation as one of two officials. Scope obligations:waive."""
    path = path_of("/v1/obligations/{id}/waivers", id=obligation_id)
    return writing("POST", path, waiver, OpenObligation, idempotency_key=idempotency_key)
