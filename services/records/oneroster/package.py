"""The whole roster of an agreement as a OneRoster 1.2 CSV package: for who takes files, and for a first load."""

from functools import partial
from typing import Annotated, Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response

from safepassage.problems.oneroster import NoSuchRosterPackage, TooManyStudents
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.records import PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted, TemporarilyUnavailable
from services.records.formats.oneroster_changes import ACTIVE, changes, contents_of
from services.records.formats.oneroster_classes import WITHIN
from services.records.formats.oneroster_csv import Tables, packed, rows_of
from services.records.formats.oneroster_query import Object
from services.records.formats.oneroster_vocabulary import RELEVANT
from services.records.oneroster.given_packages import GivenPackages
from services.records.oneroster.item import Item
from services.records.oneroster.reading import Reading
from services.records.oneroster.routes import ALL
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/roster-package", tags=["OneRoster 1.2 rostering"])

ZIP: Final = "application/zip"
MOST_PACKED: Final = 20_000
"""Students of a package, which is made in memory: nothing of it is written to a disk."""

Roster = Annotated[Caller, caller_with(ALL)]
SinceThen = Annotated[
    UUID | None, Query(description="The ETag of a package that was processed: what changed since, as a delta. All, if left out.")
]
AgreementId = Annotated[UUID, Query(description="The agreement under which to read.")]


@router.get(
    "",
    response_class=Response,
    responses={
        200: {"description": "The zip.", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
        **responses(
            NotPermitted, PurposeMissing, NoSuchAgreement, NoSuchRosterPackage, TooManyStudents, LogUnavailable, TemporarilyUnavailable
        ),
    },
)
async def read_roster_package(caller: Roster, request: Request, now: Now, agreement_id: AgreementId, since: SinceThen = None) -> Response:
    """The students in reach of an agreement as a OneRoster 1.2 CSV package, whole or a delta: of each what is scheduled and permitted."""
    reading = await Reading.of(request, caller, now, agreement_id=agreement_id)
    state, vault = request.app.state, request.app.state.vault
    given = GivenPackages(state.database, vault, recipient_id=caller.organisation_id, agreement_id=agreement_id)
    before = None if since is None else await given.contents(since)
    items = await reading.gather(RELEVANT, reading.places(), most=MOST_PACKED)
    rows = await to_thread.run_sync(_rows, reading, items)
    contents = await to_thread.run_sync(contents_of, rows, vault.tags.content)
    if before is not None:
        rows = changes(rows, contents, before, at=now)
        items = _in(rows, items)
    await reading.log(items)
    how = "bulk" if before is None else "delta"
    made = await to_thread.run_sync(partial(packed, rows, system_name="Safe Passage", system_code=state.settings.entity_id, how=how))
    package_id = await given.keep(contents, follows=since, now=now)
    headers = {"content-disposition": 'attachment; filename="oneroster.zip"', "etag": f'"{package_id}"'} | await reading.left()
    return Response(made, media_type=ZIP, headers=headers)


def _in(rows: Tables, items: list[Item]) -> list[Item]:
    """The students of whom something is in the rows. Each id of theirs begins with the pseudonym; what is deleted is an id and no more."""
    told = {
        row["sourcedId"].partition(WITHIN)[0]
        for name in ("users", "roles", "demographics", "enrollments")
        for row in rows[name]
        if row["status"] == ACTIVE
    }
    return [item for item in items if str(item.rostered.pseudonym) in told]


def _rows(reading: Reading, items: list[Item]) -> Tables:
    shapes = reading.shapes
    held = [one for item in items for one, _ in shapes.classes_of(item.rostered)]
    demographics = [shapes.demographics(item.rostered) for item in items]
    objects: dict[str, list[Object]] = {
        "orgs": reading.directory.objects(),
        "academicSessions": shapes.sessions.objects([shapes.year]),
        "courses": shapes.taught.courses(held),
        "classes": shapes.taught.classes(held),
        "users": [user for item in items for user in (shapes.user(item.rostered), *shapes.guardians(item.rostered))],
        "demographics": [one for one in demographics if one is not None],
        "enrollments": [one for item in items for one in shapes.enrollments(item.rostered)],
    }
    return rows_of(objects)
