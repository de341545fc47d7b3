"""The endpoints of credentials."""

from fastapi import APIRouter

from services.records.credentials import publishing, revoking, transcripts

ROUTERS: tuple[APIRouter, ...] = (transcripts.router, revoking.router, publishing.router)
