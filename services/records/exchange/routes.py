"""The endpoints of the exchange."""

from fastapi import APIRouter

from services.records.exchange import accepting, batches, chains, delivered, links, receipts, receiving, request_batches, requests

ROUTERS: tuple[APIRouter, ...] = (
    requests.router,
    request_batches.router,
    delivered.router,
    accepting.router,
    receiving.router,
    receipts.router,
    batches.router,
    links.router,
    chains.router,
)
