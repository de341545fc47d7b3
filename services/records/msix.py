"""`GET /v1/msix-package`: migratory children's minimum data elements, for the agency that links the states' migrant records.

20 U.S.C. 6398(b)(2) has the Secretary link the states' systems, and is itself no exception of FERPA. The disclosure rests on 34 CFR
99.31(a)(3) and 99.35, compliance with that requirement, on evidence that names it; each child's is decided, and logged before it leaves.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from safepassage.problems.ed_fi import RecordsWithDistricts
from safepassage.problems.oneroster import TooManyStudents
from safepassage.problems.records import PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.record.loads import RosterEntry
from safepassage.record.programmes import Migrant
from safepassage.unread_elements import FIELD as UNREAD
from safepassage.unread_elements import said
from services.records.agency_days import Today
from services.records.disclosure import Released, ask, read_on_basis, released, subjects_of, within_token
from services.records.formats.msix import is_migratory, write_msix
from services.records.formats.msix_columns import MIGRANT, RELEVANT
from services.records.logged import log_all_ahead
from services.records.pseudonyms import pseudonyms_of
from services.records.reach import Reach, SealedStudent, districts_with_the_rest, left_among, left_of, students_in_reach
from services.records.reading import opened
from services.records.record_sources import merged, printed
from services.records.release import members_of
from services.records.vault import Vault
from shared.caller import Caller, caller_with
from shared.contracts.audit import Event
from shared.contracts.privacy import DecisionRequest, Recipient
from shared.left_with_districts import FIELD as LEFT_WITH
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/msix-package", tags=["MSIX"])

BASIS: Final = "audit-authority"
ZIP: Final = "application/zip"
BATCH: Final = 1000
MOST: Final = 20_000
"""Children of a package, which is made in memory: nothing of it is written to a disk."""

Recipient_ = Annotated[Caller, caller_with("records:msix")]
Evidence = Annotated[UUID, Query(description="The audit mandate on record: compliance with 20 U.S.C. 6398(b).")]
WithoutLeft = Annotated[
    bool, Query(description="Make the package without the children whose districts keep the records themselves; else it is refused.")
]
Agency = Annotated[UUID, Query(description="The agency whose mandate it is: of its students, and those of the agencies below it.")]

_MIGRANT = TypeAdapter(Migrant)


@router.get(
    "",
    response_class=Response,
    responses={
        200: {"description": "The zip.", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
        **responses(NotPermitted, PurposeMissing, TooManyStudents, RecordsWithDistricts, LogUnavailable, TemporarilyUnavailable),
    },
)
async def read_msix_package(
    caller: Recipient_,
    request: Request,
    now: Now,
    today: Today,
    evidence_id: Evidence,
    agency_id: Agency,
    without_left: WithoutLeft = False,
) -> Response:
    """The minimum data elements of the children who are in the migrant programme today, as CSV files in a zip.

    A child whose district keeps the records in its own system would not be in it, and is as migratory as the others: it is refused, or made
    without them where that is asked for; a header then names the districts.
    """
    if caller.kind != "agency":
        raise NotPermitted("minimum data elements go to the agency that the mandate names")
    if caller.purpose is None:
        raise PurposeMissing
    state = request.app.state
    wanted = within_token(caller, RELEVANT)
    ids = await _migratory(request, agency_id, today)
    if len(ids) > MOST:
        raise TooManyStudents
    leaving: list[Released] = []
    events: list[Event] = []
    lacking = False
    for start in range(0, len(ids), BATCH) if MIGRANT in wanted else ():
        reach = Reach([agency_id], today, student_ids=ids[start : start + BATCH])
        students = await state.database.read(partial(students_in_reach, reach=reach, wanted=wanted, limit=BATCH))
        part, event, is_left = await _decided(request, caller, students, wanted, evidence_id, now)
        leaving += part
        events += event
        lacking = lacking or is_left
    if lacking and not without_left:
        raise RecordsWithDistricts
    if events:
        await log_all_ahead(request.app, caller, events, request.scope)
    pseudonyms = await pseudonyms_of(state.database, caller.organisation_id, [one.student.student_id for one in leaving]) if leaving else {}
    children = [
        RosterEntry.model_validate_json(printed({"student": str(pseudonyms[one.student.student_id]), **one.document})) for one in leaving
    ]
    package = await to_thread.run_sync(write_msix, children)
    headers = {"content-disposition": 'attachment; filename="msix.zip"'}
    in_part = {element for one in leaving for element in one.in_part}
    if in_part:
        headers[UNREAD] = said(element for element in RELEVANT if element in in_part)
    if lacking:
        districts = await state.database.read(partial(districts_with_the_rest, districts=[agency_id]))
        headers[LEFT_WITH] = ", ".join(map(str, districts))
    return Response(package, media_type=ZIP, headers=headers)


async def _decided(
    request: Request, caller: Caller, students: Sequence[SealedStudent], wanted: Sequence[str], evidence_id: UUID, now: Now
) -> tuple[list[Released], list[Event], bool]:
    """What is permitted of them, what the log is to know, and whether of one what is permitted is with the district.

    # INVARIANT: of whom the programme itself is withheld, nothing leaves.
    """
    if not students:
        return [], [], False
    asked = DecisionRequest(
        action="disclose",
        subjects=subjects_of(students),
        recipient=Recipient(kind="agency", id=str(caller.organisation_id)),
        basis=BASIS,
        purpose=caller.purpose or "",
        elements=tuple(wanted),
        evidence_ids=(evidence_id,),
    )
    decision = await ask(request, caller, asked)
    vault = request.app.state.vault
    leaving = [one for one in released(vault, decision, students) if MIGRANT in one.elements]
    is_left = bool(left_among(vault, decision, students, wanted=(MIGRANT,)))
    event = [read_on_basis(caller, decision, leaving, operation="msix-package", basis=BASIS, now=now)] if leaving else []
    return leaving, event, is_left


async def _migratory(request: Request, agency_id: UUID, today: date) -> list[UUID]:
    """The children below an agency who are in the programme today, or whose district, which keeps the record itself, has them in it.

    Of nobody else anything more is opened, or decided.
    """
    state = request.app.state
    found: list[UUID] = []
    after: UUID | None = None
    while True:
        reach = Reach([agency_id], today)
        students = await state.database.read(partial(students_in_reach, reach=reach, wanted=(MIGRANT,), after=after, limit=BATCH))
        found += await to_thread.run_sync(_those_in_it, state.vault, students, today)
        if len(students) < BATCH:
            return found
        after = students[-1].student_id


def _those_in_it(vault: Vault, students: Sequence[SealedStudent], today: date) -> list[UUID]:
    only = members_of((MIGRANT,))
    found = []
    for one in students:
        left = left_of(vault, one)
        if left is not None and MIGRANT in left.gone:
            if "migrant" in left.flags:
                found.append(one.student_id)
            continue
        document = merged(opened(vault.data_key(one.student_id, one.wrapped_key), one.rows, only=only))
        text = document.get("programmes", {}).get("migrant")
        if text is not None and is_migratory(_MIGRANT.validate_json(text), today):
            found.append(one.student_id)
    return found
