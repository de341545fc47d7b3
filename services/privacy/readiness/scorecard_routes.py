"""The scorecard as it stands, and its exports: JSON, CSV, a page to print."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.requests import NotPermitted
from safepassage.wire_readiness import ReadinessQuestions, Scorecard
from services.privacy.readiness.evidence import node_of
from services.privacy.readiness.officials import Reader
from services.privacy.readiness.page.rendering import as_page
from services.privacy.readiness.questions import QUESTIONS
from services.privacy.readiness.snapshots import scorecard_now
from services.privacy.readiness.table import as_table
from services.privacy.tables import OrganisationRow
from shared.database import ReadOnly
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/readiness", tags=["readiness"])

FILE: Final = "readiness-scorecard"


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}}}


@router.get("", responses=responses(NotPermitted))
async def read_scorecard(request: Request, _: Reader, tx: ReadOnly, now: Now) -> Scorecard:
    """Every question as it stands, with the scores of areas and of all. Measures are at most a minute old while the node runs."""
    return await scorecard_now(tx, node=node_of(request), now=now)


@router.get("/questions", responses=responses(NotPermitted))
async def list_readiness_questions(_: Reader) -> ReadinessQuestions:
    """The questions, with where frameworks ask for the same and whether that was checked."""
    return ReadinessQuestions(questions=QUESTIONS)


@router.get("/table", response_class=Response, responses=_file("text/csv") | responses(NotPermitted))
async def export_scorecard_table(request: Request, _: Reader, tx: ReadOnly, now: Now) -> Response:
    """The scorecard as CSV (RFC 4180). No cell begins a formula."""
    text = as_table(await scorecard_now(tx, node=node_of(request), now=now))
    headers = {"content-disposition": f'attachment; filename="{FILE}-{now:%Y-%m-%d}.csv"'}
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/page", response_class=Response, responses=_file("text/html") | responses(NotPermitted))
async def export_scorecard_page(request: Request, _: Reader, tx: ReadOnly, now: Now) -> Response:
    """The scorecard as one HTML file, to read and to print: no script, nothing fetched."""
    card = await scorecard_now(tx, node=node_of(request), now=now)
    page = as_page(card, agency=await agency_name(tx))
    headers = {"content-disposition": f'attachment; filename="{FILE}-{now:%Y-%m-%d}.html"'}
    return Response(page, headers=headers, media_type="text/html; charset=utf-8")


async def agency_name(tx: AsyncSession) -> str:
    """The name of the state agency, as the gateway projected it."""
    row = (await tx.execute(select(OrganisationRow).where(OrganisationRow.kind == "sea").limit(1))).scalar_one_or_none()
    return "State education agency" if row is None else row.organisation.name
