"""What a blast radius touched: kinds of data, and whose students they are, in tables that are wholly on its page; the notices as a file."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_log_radius import BlastRadius
from services.gateway.console.breach_words import NOTICE_COLUMNS
from services.gateway.console.element_words import ELEMENT_WORDS, SECTION_WORDS
from services.gateway.console.exports import Form, exported, filed
from services.gateway.console.node_reader import Node
from services.gateway.console.organisation_names import named, names_of
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.radius_counting import counted as counted_so_far
from services.gateway.console.radius_question import Asked as AskedOfLog
from services.gateway.console.radius_residence import states_of
from services.gateway.console.whole_tables import Asked, Choice, Filter, Say, WholeTable
from services.gateway.console.words import word
from services.gateway.people.pages import page_responses
from shared.word_order import in_words

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = "/console/blast-radius/found/export"
WAIT_SECONDS: Final = 2
"""Until then most are counted; of the others the page says how far they are."""

Counted = tuple[str, str, int]
"""A code, what it is called, and of how many entries."""


def _section(row: Counted, translate: Say) -> list[Choice]:
    code = row[0].partition(".")[0]
    return [(code, translate(SECTION_WORDS.get(code, code)))]


DATA: Final = WholeTable(
    "data",
    {"-entries": lambda row: row[2], "kind": lambda row: in_words(row[1])},
    filters={"section": Filter(word("Kind of data"), _section)},
    file={"element": lambda row: row[0], "entries": lambda row: row[2]},
)
CUSTODIANS: Final = WholeTable(
    "custodians",
    {"-entries": lambda row: row[2], "whose": lambda row: in_words(row[1])},
    filters={"whose": Filter(word("Whose"), lambda row, _: [(row[0], row[1])])},
    file={"organisation_id": lambda row: row[0], "organisation": lambda row: row[1], "entries": lambda row: row[2]},
)

RECIPIENTS: Final = WholeTable(
    "recipients",
    {"-entries": lambda row: row[2], "recipient": lambda row: in_words(row[1])},
    filters={"recipient": Filter(word("Recipient"), lambda row, _: [(row[0], row[1])])},
    file={"recipient": lambda row: row[0], "name": lambda row: row[1], "entries": lambda row: row[2]},
)


def kinds_of_data(found: BlastRadius, frame: Frame) -> list[Counted]:
    """That entries name."""
    return [(one, frame.translate(ELEMENT_WORDS.get(one, one)), count) for one, count in sorted(found.elements.items())]


def whose_students(found: BlastRadius, names: Mapping[UUID, str]) -> list[Counted]:
    """As far as the person is told."""
    return [(str(one.organisation_id), named(names, one.organisation_id), one.entries) for one in found.custodians]


def who_received(found: BlastRadius) -> list[Counted]:
    """Whom the entries name as who received or asked: by name where one is known."""
    return [(one.recipient, one.name or one.recipient, one.entries) for one in found.recipients_named]


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_touched(
    question: AskedOfLog,
    frame: Framed,
    node: Node,
    data: Annotated[Asked, DATA.asked],
    custodians: Annotated[Asked, CUSTODIANS.asked],
    recipients: Annotated[Asked, RECIPIENTS.asked],
    table: Annotated[Literal["data", "custodians", "recipients", "notices"], Query(description="Which of the page's.")] = "data",
    form: Form = "csv",
) -> Response:
    """One of the tables as a file. Raises InvalidRequest while it is not counted: its page counts it."""
    found = None if question.count is None else (await counted_so_far(node, question, wait=WAIT_SECONDS)).found
    if found is None:
        raise InvalidRequest("it is not counted yet: look at its page first", field="count")
    if table == "data":
        return filed(DATA, kinds_of_data(found, frame), data, form)
    if table == "recipients":
        return filed(RECIPIENTS, who_received(found), recipients, form)
    if table == "notices":
        states, by = (await states_of(node, question, found)).states, "told" if question.living is None else "residence"
        rows = [
            {"state": one.state, "students": one.students, "students_by": by, **notice.model_dump(mode="json")}
            for one in states
            for notice in one.notices
        ]
        return exported("notices", form, NOTICE_COLUMNS, rows)
    names = await names_of(frame.request, {one.organisation_id for one in found.custodians})
    return filed(CUSTODIANS, whose_students(found, names), custodians, form)
