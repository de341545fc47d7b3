"""A family's requests: to see the record, to correct it, to be heard, each with its clock (34 CFR 99.10, 99.20, 99.21)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems.rights import NoSuchRightsRequest
from safepassage.wire_rights import Amendment, Hearing, Inspection, InspectionStep, NewAmendment, NewInspection, RightsFile
from services.gateway.console.acts import Act
from services.gateway.console.element_words import SECTION_WORDS
from services.gateway.console.words import word
from services.gateway.family.acts import CHOOSE_ONE, FamilyAct, Question, chosen, done
from services.gateway.family.frame import FamilyFrame, FamilyRoute, Framed
from services.gateway.family.rights_file import TheirFile
from services.gateway.family.visited import FamilyNode
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["families"], route_class=FamilyRoute)

PATH: Final = "/family/requests"
INSPECTION: Final = "/family/requests/inspection"
WITHDRAWAL: Final = "/family/requests/inspection/{inspection_id}/withdrawal"
AMENDMENT: Final = "/family/requests/amendment"
HEARING: Final = "/family/requests/amendments/{amendment_id}/hearing"

FORM: Final = form_of({"token": "Of the page", "act": "Key of the form"})

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "outstanding": (word("They have to answer you"), "warn"),
    "complied": (word("You saw it"), "good"),
    "withdrawn": (word("You took it back"), "plain"),
    "received": (word("They have to decide"), "warn"),
    "forwarded": (word("Sent on to the school that made the record. They have to decide"), "warn"),
    "granted": (word("They said yes"), "good"),
    "refused": (word("They said no. You can ask for a hearing"), "danger"),
    "hearing": (word("A hearing is asked for"), "warn"),
    "requested": (word("They have to set a day"), "warn"),
    "scheduled": (word("A day is set"), "warn"),
    "held": (word("The hearing was held. They have to decide"), "warn"),
    "amend": (word("They said yes. The record is changed"), "good"),
    "stands": (word("They said no. You can add your own words to the record. Ask your school district how"), "danger"),
}
"""Where a request stands."""
GROUNDS: Final[Mapping[str, str]] = {
    "inaccurate": word("It is not correct"),
    "misleading": word("It gives a wrong idea"),
    "privacy": word("It breaks the student’s privacy"),
}
GOING_ON: Final = frozenset({"outstanding", "received", "forwarded", "requested", "scheduled", "held"})
"""Where somebody still has to answer."""


@dataclass(frozen=True)
class ShownRequest:
    """A request, and its clock."""

    name: str
    asked_on: str
    state: str
    tone: str
    parts: tuple[str, ...]
    before: str
    """The first day that is too late; empty where nobody has to answer any more."""
    late: bool
    taken_back_at: str
    hearing_at: str
    """The page on which a hearing is asked for; empty where there is no refusal to be heard about."""
    day: str
    """On which a hearing is."""


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_family_requests(frame: Framed, file: TheirFile, done: Annotated[str | None, Query(max_length=8)] = None) -> Response:
    """What was asked for, and by when it has to be answered."""
    every: list[Inspection | Amendment | Hearing] = [*file.inspections, *file.amendments, *file.hearings]
    every.sort(key=lambda one: one.id, reverse=True)
    return frame.page("requests.html", requests=[shown_request(one, frame) for one in every], was_done=done is not None)


def shown_request(one: Inspection | Amendment | Hearing, frame: FamilyFrame) -> ShownRequest:
    """Pure but for the reader's language."""
    _: Callable[[str], str] = frame.translate
    is_inspection, is_amendment, going_on = isinstance(one, Inspection), isinstance(one, Amendment), one.state in GOING_ON
    refused_inspection = is_inspection and one.state == "refused"
    state, tone = (word("They said no"), "danger") if refused_inspection else STATES[one.state]
    parts = one.relates_to if isinstance(one, Amendment) else (one.parts or ()) if isinstance(one, Inspection) else ()
    mine = one.acting_for.person_id == frame.member.acting_for.person_id
    too_late = one.overdue_at
    if isinstance(one, Hearing) and one.decision_overdue_at is not None:
        too_late = one.decision_overdue_at
    scheduled = one.schedule.at if isinstance(one, Hearing) and one.schedule is not None else None
    return ShownRequest(
        name=_("See the record") if is_inspection else _("Correct the record") if is_amendment else _("A hearing about the record"),
        asked_on=frame.viewing.day(one.received_on),
        state=_(state),
        tone=tone,
        parts=tuple(dict.fromkeys(_(SECTION_WORDS.get(part.partition(".")[0], part)) for part in parts)),
        before=frame.viewing.day(too_late.astimezone(ZoneInfo(frame.member.time_zone)).date()) if going_on else "",
        late=going_on and too_late <= frame.viewing.now,
        taken_back_at=WITHDRAWAL.format(inspection_id=one.id) if is_inspection and going_on and mine else "",
        hearing_at=HEARING.format(amendment_id=one.id) if is_amendment and one.state == "refused" else "",
        day="" if scheduled is None else frame.viewing.instant(scheduled),
    )


@router.get(INSPECTION, response_model=None, responses=page_responses(200))
async def ask_family_inspection(frame: Framed, _: TheirFile) -> Response:
    """Before the record is asked for."""
    return _inspection(frame).page(frame)


@router.post(INSPECTION, response_model=None, status_code=303, responses=page_responses(303, 409), openapi_extra=FORM)
async def request_family_inspection(form: Act, frame: Framed, node: FamilyNode, _: TheirFile) -> Response:
    """Ask to see the record: the clock begins."""
    act, member = _inspection(frame), frame.member
    parts = chosen(form, act.questions[0])
    body = NewInspection(
        student_id=member.student_id,
        acting_for=member.acting_for,
        received_on=today_of(frame),
        request_ref=reference_of(frame),
        parts=parts or None,
    )
    return await done(frame, node, act, form, "POST", "/v1/inspections", body)


def _inspection(frame: FamilyFrame) -> FamilyAct:
    _: Callable[[str], str] = frame.translate
    return FamilyAct(
        title=_("Ask to see the record"),
        lede=_("They have to show it to you within 45 days. It costs nothing to look at it."),
        questions=(_sections(_("Which parts? If you check none, it is the whole record."), _),),
        action=INSPECTION,
        button=_("Ask to see it"),
        back=PATH,
    )


@router.get(WITHDRAWAL, response_model=None, responses=page_responses(200, 404))
async def ask_family_inspection_withdrawal(inspection_id: UUID, frame: Framed, file: TheirFile) -> Response:
    """Before a request is taken back."""
    return _withdrawal(_held(file, inspection_id), frame).page(frame)


@router.post(WITHDRAWAL, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=FORM)
async def withdraw_family_inspection(inspection_id: UUID, form: Act, frame: Framed, node: FamilyNode, file: TheirFile) -> Response:
    """Take a request back: its clock stands still."""
    act = _withdrawal(_held(file, inspection_id), frame)
    body = InspectionStep(step="withdrawn", evidence_ref=reference_of(frame), acting_for=frame.member.acting_for)
    return await done(frame, node, act, form, "POST", f"/v1/inspections/{inspection_id}/steps", body)


def _withdrawal(inspection: Inspection, frame: FamilyFrame) -> FamilyAct:
    _: Callable[[str], str] = frame.translate
    shown = shown_request(inspection, frame)
    return FamilyAct(
        title=_("Take your request back?"),
        lede=_("Then nobody has to answer it. You can ask again at any time."),
        facts=[(_("What you asked for"), shown.name), (_("When"), shown.asked_on)],
        action=WITHDRAWAL.format(inspection_id=inspection.id),
        button=_("Take my request back"),
        back=PATH,
    )


@router.get(AMENDMENT, response_model=None, responses=page_responses(200))
async def ask_family_amendment(frame: Framed, _: TheirFile) -> Response:
    """What is wrong with the record."""
    return _amendment(frame).page(frame)


@router.post(AMENDMENT, response_model=None, status_code=303, responses=page_responses(303, 409), openapi_extra=FORM)
async def request_family_amendment(form: Act, frame: Framed, node: FamilyNode, _: TheirFile) -> Response:
    """Ask to have the record corrected."""
    act, member = _amendment(frame), frame.member
    parts, grounds = (chosen(form, question) for question in act.questions)
    if not parts or not grounds:
        return act.page(frame, kept=form.fields, wrong=frame.translate(CHOOSE_ONE))
    body = NewAmendment.model_validate(
        {
            "student_id": member.student_id,
            "acting_for": member.acting_for,
            "received_on": today_of(frame),
            "request_ref": reference_of(frame),
            "relates_to": parts,
            "grounds": grounds[0],
        }
    )
    return await done(frame, node, act, form, "POST", "/v1/amendments", body)


def _amendment(frame: FamilyFrame) -> FamilyAct:
    _: Callable[[str], str] = frame.translate
    return FamilyAct(
        title=_("Ask to correct the record"),
        lede=_("The school that made the record decides. They will ask you what is wrong. If they say no, you can have a hearing."),
        questions=(
            _sections(_("Which part is wrong?"), _),
            Question("grounds", _("What is wrong with it?"), [(code, _(text)) for code, text in GROUNDS.items()], one=True),
        ),
        action=AMENDMENT,
        button=_("Ask to correct it"),
        back=PATH,
    )


def _sections(label: str, _: Callable[[str], str]) -> Question:
    return Question("part", label, [(code, _(text)) for code, text in SECTION_WORDS.items()])


def _held(file: RightsFile, inspection_id: UUID) -> Inspection:
    """INVARIANT: of the family's own file; another's is not there."""
    found = next((one for one in file.inspections if one.id == inspection_id), None)
    if found is None:
        raise NoSuchRightsRequest
    return found


def today_of(frame: FamilyFrame) -> date:
    """The day on which a request is received: the agency's."""
    now: datetime = frame.viewing.now
    return now.astimezone(ZoneInfo(frame.member.time_zone)).date()


def reference_of(frame: FamilyFrame) -> str:
    """Where what was asked is kept: the log has the visit."""
    return f"family-page:{frame.member.link_id}"
