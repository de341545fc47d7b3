"""The endpoints of the exchange."""

from fastapi import APIRouter

from services.records.exchange import (
    accepting,
    batches,
    body_receiving,
    chains,
    dead_letter_routes,
    delivered,
    links,
    listing,
    outboxes,
    passing_trust_lists,
    peer_routes,
    pulled_answers,
    receipts,
    receiving,
    receiving_endings,
    reconciliation_routes,
    request_batches,
    requests,
    trust_lists,
    waiting_answers,
)

ROUTERS: tuple[APIRouter, ...] = (
    requests.router,
    request_batches.router,
    delivered.router,
    accepting.router,
    receiving.router,
    body_receiving.router,
    receipts.router,
    receiving_endings.router,
    listing.router,
    dead_letter_routes.router,
    waiting_answers.router,
    reconciliation_routes.router,
    peer_routes.router,
    batches.router,
    links.router,
    outboxes.router,
    pulled_answers.router,
    chains.router,
    trust_lists.router,
    passing_trust_lists.router,
)
