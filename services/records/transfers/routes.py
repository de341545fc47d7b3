"""The endpoints of transfers beside the record."""

from fastapi import APIRouter

from services.records.transfers import confirmations, hand_carry, hold_routes, notice_routes, taking

ROUTERS: tuple[APIRouter, ...] = (taking.router, notice_routes.router, hold_routes.router, confirmations.router, hand_carry.router)
