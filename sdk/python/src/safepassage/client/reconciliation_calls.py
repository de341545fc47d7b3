"""The operations on comparisons with other nodes, as `safepassage.client.calls`."""

from safepassage.client.call import Call, Page, paged
from safepassage.wire_reconciliations import DayReconciledPage, ReconciliationState


def list_reconciliations(*, state: ReconciliationState | None = None, limit: int | None = None) -> Call[Page[DayReconciledPage]]:
    """Days that were compared with other nodes, the newest first. Scope exchange:operate."""
    return paged("/v1/reconciliations", DayReconciledPage, query={"state": state, "limit": limit})
