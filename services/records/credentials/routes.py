"""The endpoints of credentials, of students and of educators."""

from fastapi import APIRouter

from services.records.credentials import publishing, revoking, transcripts
from services.records.educators import issuing, receiving, requesting, searching

ROUTERS: tuple[APIRouter, ...] = (
    transcripts.router,
    revoking.router,
    publishing.router,
    issuing.router,
    receiving.router,
    searching.router,
    requesting.router,
)
