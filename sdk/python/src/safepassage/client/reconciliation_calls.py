"""The operations on other nodes and on comparisons with them, as `safepassage.client.calls`."""

from safepassage.client.call import Call, Page, paged, reading
from safepassage.wire_peers import PeerStandings
from safepassage.wire_reconciliations import DayOrder, DayReconciledPage, ReconciliationState


def list_peers() -> Call[PeerStandings]:
    """The trust list and each other node of it, as the records service knows them. Scope exchange:operate or audit:operate."""
    return reading("/v1/peers", PeerStandings)


def list_reconciliations(
    *, state: ReconciliationState | None = None, peer: str | None = None, sort: DayOrder | None = None, limit: int | None = None
) -> Call[Page[DayReconciledPage]]:
    """Days that were compared with other nodes, the newest first. Scope exchange:operate or audit:operate."""
    return paged("/v1/reconciliations", DayReconciledPage, query={"state": state, "peer": peer, "sort": sort, "limit": limit})
