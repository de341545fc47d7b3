"""The whole roster of an agreement as a OneRoster 1.2 CSV package: for who takes files, and for a first load."""

from typing import Annotated, Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response

from safepassage.problems.oneroster import TooManyStudents
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.records import PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted, TemporarilyUnavailable
from services.records.formats.oneroster_csv import write_package
from services.records.formats.oneroster_query import Object
from services.records.formats.oneroster_vocabulary import RELEVANT
from services.records.oneroster.reading import Item, Reading
from services.records.oneroster.routes import ALL
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.problems import responses

router = APIRouter(prefix="/v1/roster-package", tags=["OneRoster 1.2 rostering"])

ZIP: Final = "application/zip"
MOST_PACKED: Final = 20_000
"""Students of a package, which is made in memory: nothing of it is written to a disk."""

Roster = Annotated[Caller, caller_with(ALL)]
AgreementId = Annotated[UUID, Query(description="The agreement under which to read.")]


@router.get(
    "",
    response_class=Response,
    responses={
        200: {"description": "The zip.", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
        **responses(NotPermitted, PurposeMissing, NoSuchAgreement, TooManyStudents, LogUnavailable, TemporarilyUnavailable),
    },
)
async def read_roster_package(caller: Roster, request: Request, now: Now, agreement_id: AgreementId) -> Response:
    """The students in reach of an agreement as a bulk OneRoster 1.2 CSV package: of each what is scheduled and permitted."""
    reading = await Reading.of(request, caller, now, agreement_id=agreement_id)
    items = await reading.gather(RELEVANT, reading.places(), most=MOST_PACKED)
    await reading.log(items)
    settings = request.app.state.settings
    package = await to_thread.run_sync(_packed, reading, items, settings.entity_id)
    return Response(package, media_type=ZIP, headers={"content-disposition": 'attachment; filename="oneroster.zip"'})


def _packed(reading: Reading, items: list[Item], entity_id: str) -> bytes:
    shapes = reading.shapes
    held = [one for item in items for one, _ in shapes.classes_of(item.rostered)]
    demographics = [shapes.demographics(item.rostered) for item in items]
    objects: dict[str, list[Object]] = {
        "orgs": reading.directory.objects(),
        "academicSessions": shapes.sessions.objects([shapes.year]),
        "courses": shapes.courses(held),
        "classes": shapes.classes(held),
        "users": [user for item in items for user in (shapes.user(item.rostered), *shapes.guardians(item.rostered))],
        "demographics": [one for one in demographics if one is not None],
        "enrollments": [one for item in items for one in shapes.enrollments(item.rostered)],
    }
    return write_package(objects, system_name="Safe Passage", system_code=entity_id)
