"""The operations that show what a node exchanges, as `safepassage.client.calls`."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading
from safepassage.wire_exchanges import ExchangeDirection, ExchangeOrder, ExchangePage, ExchangeStanding, ExchangeTimeline


def list_exchanges(
    *,
    direction: ExchangeDirection | None = None,
    state: ExchangeStanding | None = None,
    purpose: str | None = None,
    peer: str | None = None,
    sort: ExchangeOrder | None = None,
    limit: int | None = None,
) -> Call[Page[ExchangePage]]:
    """Requests of this node and of others, the newest first. Scope exchange:request, exchange:operate or audit:search."""
    query = {"direction": direction, "state": state, "purpose": purpose, "peer": peer, "sort": sort, "limit": limit}
    return paged("/v1/exchanges", ExchangePage, query=query)


def read_exchange(exchange_id: UUID) -> Call[ExchangeTimeline]:
    """One of them step by step. Scopes as for the list."""
    return reading(path_of("/v1/exchanges/{id}", id=exchange_id), ExchangeTimeline)
