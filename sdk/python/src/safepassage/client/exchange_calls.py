"""The operations on exchanges with other states, and on what came with them, as `safepassage.client.calls`."""

from typing import Literal
from uuid import UUID

from safepassage.client.call import Call, Page, fetching, paged, path_of, reading, writing
from safepassage.client.unread import WithUnread, naming_unread
from safepassage.record import StudentRecord
from safepassage.wire_exchange import ExchangeRequest, ExchangeRequestAnswers, NewExchangeRequest, NewExchangeRequests
from safepassage.wire_exchanges import ExchangeDirection, ExchangeOrder, ExchangePage, ExchangeStanding, ExchangeTimeline


def create_exchange_request(request: NewExchangeRequest, *, idempotency_key: str | None = None) -> Call[ExchangeRequest]:
    """Ask another state for a transferring child's record. Scope exchange:request."""
    return writing("POST", "/v1/exchange-requests", request, ExchangeRequest, idempotency_key=idempotency_key)


def create_exchange_requests(requests: NewExchangeRequests, *, idempotency_key: str | None = None) -> Call[ExchangeRequestAnswers]:
    """Ask other states for up to 100 transferring children's records, each answered by itself. Scope exchange:request."""
    return writing("POST", "/v1/exchange-request-batches", requests, ExchangeRequestAnswers, idempotency_key=idempotency_key)


def read_exchange_request(exchange_id: UUID) -> Call[ExchangeRequest]:
    """Where a request stands. Scope exchange:request."""
    return reading(path_of("/v1/exchange-requests/{id}", id=exchange_id), ExchangeRequest)


def read_received_record(exchange_id: UUID) -> Call[StudentRecord]:
    """The record that came with an exchange; logged. Scopes exchange:request and records:read."""
    return reading(path_of("/v1/exchange-requests/{id}/record", id=exchange_id), StudentRecord)


def read_received_record_naming_unread(exchange_id: UUID) -> Call[WithUnread[StudentRecord]]:
    """The same record, with the ids of its elements that the node does not know, or not wholly: it came from one of a later version.

    For the record in another form: `client.run(naming_unread(read_received_record_as_document(id, "pesc")))`.
    """
    return naming_unread(read_received_record(exchange_id))


def read_received_record_as_edfi(exchange_id: UUID, *, data_standard: Literal["5.2", "6.0", "6.1"] | None = None) -> Call[bytes]:
    """The same record as Ed-Fi JSON resources, of Data Standard 5.2 if no other is named."""
    path = path_of("/v1/exchange-requests/{id}/record", id=exchange_id)
    return fetching(path, accept="application/vnd.ed-fi+json", query={"format": "edfi", "data_standard": data_standard})


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
