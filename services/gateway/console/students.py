"""One student: found by what the family says, in a form; from then on a handle of the session stands for the student."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from safepassage.problems.records import LookupNotSpecific
from safepassage.record.loads import FoundStudents, StudentLookup
from safepassage.wire_student_rights import StudentRights
from services.gateway.console.acts import MISSING, NOT_READ, Field, FormWrong
from services.gateway.console.handles import SessionHandles
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.words import word
from services.gateway.people.forms import read_form
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/students"
ONE: Final = f"{PATH}/{{handle}}"
STUDENT: Final = "student"
"""Kind of the handles that stand for a student."""
NAMED: Final = ("first_name", "last_name", "birth_date")

NOBODY: Final = word("No student of yours is found so. Compare the spelling and the date with the record.")
SEVERAL: Final = word("Several students are meant. Use the student’s id.")
NOT_AN_ID: Final = word("This is not an id of the node.")


async def _form(request: Request) -> Mapping[str, str]:
    return {name: value.strip() for name, value in read_form(await request.body()).items()}


@router.get(PATH, response_model=None, responses=page_responses(200))
async def ask_student(frame: Framed) -> Response:
    """The form to find a student with."""
    return _asked(frame, {}, {})


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303),
    openapi_extra=form_of(
        {
            "token": "Of the page",
            "first_name": "With the two below",
            "last_name": "With the one below",
            "birth_date": "2012-03-04",
            "student_id": "In place of the three",
        }
    ),
)
async def find_student(form: Annotated[Mapping[str, str], Depends(_form)], frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """Find the student, and go to the page of that one. The look-up is on the log, found or not."""
    try:
        student_id = await _found(form, node)
    except FormWrong as wrong:
        return _asked(frame, form, wrong.fields)
    return RedirectResponse(ONE.format(handle=handles.seal(STUDENT, str(student_id))), 303)


async def _found(form: Mapping[str, str], node: NodeReader) -> UUID:
    """Raises FormWrong."""
    if form.get("student_id"):
        try:
            return UUID(form["student_id"])
        except ValueError as error:
            raise FormWrong({"student_id": NOT_AN_ID}) from error
    if missing := [name for name in NAMED if not form.get(name)]:
        raise FormWrong(dict.fromkeys(missing, MISSING))
    try:
        lookup = StudentLookup.model_validate({name: form[name] for name in NAMED})
    except ValidationError as error:
        raise FormWrong({str(one["loc"][0]): NOT_READ for one in error.errors()}) from error
    try:
        found = await node.ask("records", "/v1/students/lookup", lookup, FoundStudents)
    except LookupNotSpecific as error:
        raise FormWrong({"": SEVERAL}) from error
    if len(found.students) != 1:
        raise FormWrong({"": SEVERAL if found.students else NOBODY})
    return found.students[0]


def _asked(frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _ = frame.translate
    return frame.page(
        "students.html",
        status=422 if wrong else 200,
        here=PATH,
        named=[
            Field("first_name", _("First name")),
            Field("last_name", _("Last name")),
            Field("birth_date", _("Date of birth"), kind="date"),
        ],
        by_id=[Field("student_id", _("Student’s id in this node"), _("As the log shows it."))],
        kept=kept,
        wrong=wrong,
        action=PATH,
    )


async def _student(handle: str, handles: SessionHandles) -> UUID:
    return UUID(handles.open(STUDENT, handle))


ShownStudent = Annotated[UUID, Depends(_student)]
"""For whom the handle in the address stands. Raises HandleUnknown for one that is not of this session."""


async def rights_of(node: NodeReader, student_id: UUID) -> StudentRights | None:
    """What stands for the student; None for who may not act for families. Raises NoSuchStudent for another district's, and for nobody."""
    return await node.read("privacy", f"/v1/students/{student_id}/rights", StudentRights) if node.may("rights:act") else None
