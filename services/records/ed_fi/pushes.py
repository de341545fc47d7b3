"""`POST /v1/ed-fi-pushes`: what a party to an agreement may read of students, put into its own Ed-Fi system.

It is a disclosure as a page of roster entries is one: decided on student by student, cut, and on the log before the first byte leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request

from safepassage.elements import BY_ID
from safepassage.problems.ed_fi import NoSuchEdFiSystem
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.records import PurposeMissing
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.record import Sections
from safepassage.wire_ed_fi import EdFiOutcome, EdFiPush, EdFiPushed, PushedStudent
from safepassage.wire_policy import Agreement
from services.records.agency_days import Today
from services.records.disclosure import Released, agreement_of, decide, named_alone, read_by_party, released, within_token
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.contested import without_contested
from services.records.ed_fi.noting import note_push
from services.records.ed_fi.sending import SENDING, send_student
from services.records.ed_fi.student_resources import FIRST
from services.records.formats.edfi_json import EXPRESSED, edfi_resources
from services.records.logged import log_all_ahead
from services.records.pseudonyms import pseudonyms_of
from services.records.reach import Reach, SealedStudent, left_among, students_in_reach
from services.records.record_sources import printed
from shared.caller import Caller, caller_with
from shared.contracts.privacy import Decision
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/ed-fi-pushes", tags=["ed-fi"])

Party = Annotated[Caller, caller_with("records:read")]


@dataclass(frozen=True)
class Ready:
    """A student as the system is to have them."""

    leaving: Released
    pseudonym: UUID
    resources: Mapping[str, Any]
    not_expressed: tuple[str, ...]

    @property
    def is_expressed(self) -> bool:
        """Whether enough was permitted for Ed-Fi to know the student at all."""
        return FIRST in self.resources


class Leaving(NamedTuple):
    """What leaves of a page."""

    ready: list[Ready]
    with_source: tuple[UUID, ...]
    """Pseudonyms of whom something that is permitted is with their district's own system."""


@router.post(
    "",
    responses=responses(
        NoSuchEdFiSystem, NoSuchAgreement, NotPermitted, PurposeMissing, InvalidRequest, LogUnavailable, TemporarilyUnavailable
    ),
)
async def push_to_ed_fi(push: EdFiPush, caller: Party, request: Request, now: Now, today: Today) -> EdFiPushed:
    """Put students in reach of an agreement into an Ed-Fi system of the caller's, as far as Ed-Fi has a place; each outcome is told."""
    if caller.kind not in ("vendor", "agency"):
        raise NotPermitted("pushes are for parties to an agreement")
    if caller.purpose is None:
        raise PurposeMissing
    api = request.app.state.ed_fi.of(push.system, caller.organisation_id)
    agreement = await agreement_of(request, caller, push.agreement_id)
    asked = agreement.elements if push.elements is None else tuple(dict.fromkeys(push.elements))
    if not set(asked) <= set(BY_ID):
        raise InvalidRequest("names something that is not an element", field="elements")
    wanted = within_token(caller, [element for element in asked if element in agreement.elements and element in EXPRESSED])
    page, following = await _page(request, caller, push, Reach(agreement.district_ids, today), wanted)
    decision = await decide(request, caller, agreement, wanted, page) if page and wanted else None
    leaving = Leaving([], ()) if decision is None else await _disclose(request, caller, agreement, decision, page, wanted, now)
    outcomes = await _send(request, api, leaving.ready, now)
    return EdFiPushed(
        agreement_id=push.agreement_id,
        decision_id=None if decision is None else decision.id,
        not_scheduled=tuple(element for element in asked if element not in agreement.elements),
        left_with_source=leaving.with_source,
        students=tuple(
            PushedStudent(student=one.pseudonym, outcomes=outcomes.get(one.pseudonym, ()), not_expressed=one.not_expressed)
            for one in leaving.ready
        ),
        next=following,
    )


async def _page(
    request: Request, caller: Caller, push: EdFiPush, reach: Reach, wanted: Sequence[str]
) -> tuple[list[SealedStudent], str | None]:
    """The students of this page with what is wanted of them, and the cursor of the next page, if there is one."""
    state = request.app.state
    bound_to = f"ed-fi-pushes:{caller.client_id}:{push.agreement_id}:{push.system}"
    position = state.cursors.read(push.cursor, bound_to=bound_to)
    after = None if position is None else UUID(state.vault.open_text(position["after"]))
    found = await state.database.read(lambda connection: students_in_reach(connection, reach, wanted, after=after, limit=push.limit + 1))
    page = found[: push.limit]
    if len(found) == len(page):
        return page, None
    # The position is a student's own id, which never leaves: it is sealed inside the signed cursor.
    return page, state.cursors.sign({"after": state.vault.seal_text(str(page[-1].student_id))}, bound_to=bound_to)


async def _disclose(
    request: Request,
    caller: Caller,
    agreement: Agreement,
    decision: Decision,
    page: Sequence[SealedStudent],
    wanted: Sequence[str],
    now: Now,
) -> Leaving:
    """What is permitted of each student of a page, once the log has it."""
    state = request.app.state
    left = left_among(state.vault, decision, page, wanted=wanted)
    # INVARIANT: a half body goes nowhere: an upsert of it would take the place of what is whole there.
    permitted = [one for one in released(state.vault, decision, page) if one.student.student_id not in left]
    named = [Released(one, {}) for one in page if one.student_id in left]
    ids = [one.student.student_id for one in (*permitted, *named)]
    pseudonyms = await pseudonyms_of(state.database, caller.organisation_id, ids) if ids else {}
    ready = [_ready(one, pseudonyms[one.student.student_id]) for one in permitted]
    going = [one.leaving for one in ready if one.is_expressed]
    events = []
    if going:
        events.append(read_by_party(caller, agreement, decision, going, operation="ed-fi-push", now=now))
    if named:
        event = read_by_party(caller, agreement, decision, named, operation="ed-fi-push", now=now)
        events.append(named_alone(event, {element for of in left.values() for element in of}))
    if events:
        # INVARIANT: nothing leaves unless the log has it; that a student is named is an entry too.
        await log_all_ahead(request.app, caller, events, request.scope)
    return Leaving(ready, tuple(pseudonyms[one] for one in left))


async def _send(request: Request, api: EdFiApi, students: Sequence[Ready], now: Now) -> dict[UUID, tuple[EdFiOutcome, ...]]:
    """What became of each student's bodies, by pseudonym, and keep how it went."""
    state, until = request.app.state, now + SENDING
    sent = {one.pseudonym: await send_student(api, one.resources, clock=state.clock, until=until) for one in students if one.is_expressed}
    if sent:
        await note_push(state.database, api, list(sent.values()), now=state.clock())
    return {pseudonym: one.outcomes for pseudonym, one in sent.items()}


def _ready(one: Released, pseudonym: UUID) -> Ready:
    """As resources. What a statement of disagreement contests stays: Ed-Fi has no place for the statement (34 CFR 99.21(c))."""
    document, contested = without_contested(one.document)
    made = edfi_resources(Sections.model_validate_json(printed(document)), student_unique_id=pseudonym.hex)
    missing = {*made["not_expressed"], *contested, *one.in_part}
    return Ready(replace(one, document=document), pseudonym, made["resources"], tuple(element for element in BY_ID if element in missing))
