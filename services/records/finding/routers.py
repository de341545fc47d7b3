"""The endpoints of finding."""

from fastapi import APIRouter

from services.records.finding import compared, routes

ROUTERS: tuple[APIRouter, ...] = (routes.router, compared.router)
