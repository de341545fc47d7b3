"""What stands for one student, in tables that are wholly on the page: consents, opt-outs, requests, clocks, holds."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from safepassage.problems.requests import NotPermitted
from safepassage.wire_retention import LegalHoldPage
from safepassage.wire_student_rights import StudentRights
from services.gateway.console.duties import STATES, ShownDuty, shown_duty
from services.gateway.console.exports import Form, filed
from services.gateway.console.family_access import RESCINDING
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import names_by_reference
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.student_shown import ShownStanding, shown_consent, shown_hold, shown_preference, shown_request
from services.gateway.console.students import ONE, ShownStudent, rights_of
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Asked, Filter, ShownTable, WholeTable
from services.gateway.console.words import word
from services.gateway.people.pages import page_responses
from shared.word_order import in_words

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{ONE}/export"
WITHDRAWAL: Final = f"{ONE}/consents/{{consent_id}}/withdrawal"
MOST_HOLDS: Final = 1_000
"""Of one student, lifted ones too."""

Name = Literal["consents", "opt-outs", "requests", "clocks", "holds"]


def _filed(column: str, one: ShownStanding) -> object:
    return one.filed[column]


def _standing(name: Name, kind: str, *columns: str) -> WholeTable:
    """A table of what stands or did: its file has `columns`, and from when on and how it stands."""
    return WholeTable(
        name,
        {"-since": lambda one: one.at, "what": lambda one: in_words(one.name), "state": lambda one: in_words(one.state)},
        filters={
            "kind": Filter(kind, lambda one, _: [one.kind]),
            "state": Filter(word("State"), lambda one, _: [(one.code, one.state)]),
        },
        file={
            **{column: partial(_filed, column) for column in columns},
            "since": lambda one: utc(one.at),
            "state": lambda one: one.code,
        },
    )


TABLES: Final[Mapping[Name, WholeTable]] = {
    "consents": _standing("consents", word("To whom"), "id", "recipient_id", "elements"),
    "opt-outs": _standing("opt-outs", word("Kind"), "id", "kind"),
    "requests": _standing("requests", word("Kind"), "id", "kind", "organisation_id", "overdue_at"),
    "clocks": WholeTable(
        "clocks",
        {"ends": lambda one: one.overdue_at or one.begins_at, "-began": lambda one: one.begins_at, "what": lambda one: in_words(one.name)},
        filters={
            "kind": Filter(word("Kind"), lambda one, _: [(one.kind, one.name)]),
            "state": Filter(word("State"), lambda one, _: [(one.state, _(dict(STATES)[one.state]))]),
        },
        file={
            "id": lambda one: one.href.rpartition("/")[2],
            "kind": lambda one: one.kind,
            "state": lambda one: one.state,
            "begins_at": lambda one: utc(one.begins_at),
            "overdue_at": lambda one: None if one.overdue_at is None else utc(one.overdue_at),
        },
    ),
    "holds": _standing("holds", word("Reason"), "id", "reason", "reference"),
}

AllAsked = Mapping[Name, Asked]


async def _all_asked(
    consents: Annotated[Asked, TABLES["consents"].asked],
    opt_outs: Annotated[Asked, TABLES["opt-outs"].asked],
    requests: Annotated[Asked, TABLES["requests"].asked],
    clocks: Annotated[Asked, TABLES["clocks"].asked],
    holds: Annotated[Asked, TABLES["holds"].asked],
) -> AllAsked:
    return {"consents": consents, "opt-outs": opt_outs, "requests": requests, "clocks": clocks, "holds": holds}


OfStudent = Annotated[AllAsked, Depends(_all_asked)]
"""What the address says of each of them."""


def said_of_all(asked: AllAsked) -> dict[str, str]:
    """What an address says of them."""
    return {name: value for table, one in asked.items() for name, value in TABLES[table].said(one).items()}


def shown_tables(frame: Frame, rows: Mapping[Name, Any], asked: AllAsked, handle: str) -> Mapping[str, ShownTable[Any]]:
    """Those of which there are `rows`, for the page."""
    export = EXPORT.format(handle=handle)
    return {name: frame.table(TABLES[name], found, asked[name], export=export) for name, found in rows.items()}


async def rows_of(
    rights: StudentRights | None, handle: str, frame: Frame, node: NodeReader, student_id: UUID
) -> dict[Name, list[ShownStanding] | list[ShownDuty]]:
    """The rows of each table that the person may see."""
    rows: dict[Name, list[ShownStanding] | list[ShownDuty]] = {}
    if rights is not None:
        names = await names_by_reference(frame.request, [one.recipient_id for one in rights.consents])
        may, _ = node.may("duties:complete"), frame.translate
        rows["consents"] = [
            shown_consent(one, frame, names, act=WITHDRAWAL.format(handle=handle, consent_id=one.id)) for one in rights.consents
        ]
        rows["opt-outs"] = [
            shown_preference(one, frame, act=RESCINDING.format(handle=handle, preference_id=one.id)) for one in rights.preferences
        ]
        rows["requests"] = [shown_request(one, frame) for one in rights.requests]
        rows["clocks"] = [shown_duty(one, frame.viewing, _, may_complete=may) for one in rights.duties]
    if node.may("retention:hold"):
        held = await node.read("audit", "/v1/log/holds", LegalHoldPage, {"student_id": str(student_id), "limit": MOST_HOLDS})
        rows["holds"] = [shown_hold(hold, frame) for hold in held.holds]
    return rows


@router.get(EXPORT, response_model=None, responses=page_responses(200, 404))
async def export_student_tables(
    handle: str,
    student_id: ShownStudent,
    frame: Framed,
    node: Node,
    asked: OfStudent,
    table: Annotated[Name, Query(description="Which of the page's.")],
    form: Form = "csv",
) -> Response:
    """One of them as a file. Raises NotPermitted for what the page does not show to the person."""
    rights = await rights_of(node, student_id)
    rows = await rows_of(rights, handle, frame, node, student_id)
    if table not in rows:
        raise NotPermitted("this part of the page is not for this role")
    return filed(TABLES[table], rows[table], asked[table], form)
