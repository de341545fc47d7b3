"""The endpoints of the exchange."""

from fastapi import APIRouter

from services.records.exchange import accepting, chains, delivered, links, receipts, receiving, requests

ROUTERS: tuple[APIRouter, ...] = (
    requests.router,
    delivered.router,
    accepting.router,
    receiving.router,
    receipts.router,
    links.router,
    chains.router,
)
