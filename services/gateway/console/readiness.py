"""Readiness: the scorecard as it stands, what shows each answer, and what would raise it."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.wire_readiness import Answer, Area, ReadinessQuestion, ReadinessQuestions, Scorecard
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.readiness_words import in_words as sentence_in_words
from services.gateway.console.sorting import Columns, in_words
from services.gateway.console.words import spaced
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

AREAS: Final[dict[Area, str]] = {
    "governance": "Governance",
    "inventory": "Inventory of data",
    "agreements": "Agreements",
    "rights": "Rights of families",
    "log": "The log",
    "exchange": "Exchange between states",
    "vendors": "Vendors",
    "security": "Security",
    "breach": "Breaches",
    "retention": "Retention and destruction",
    "quality": "Quality of data",
}
RESTS_ON: Final = {
    "live": "Shown by the node",
    "document": "Shown by a document",
    "attestation": "Attested by an official",
    "nothing": "Nothing shows it",
}

BY_AREA: Final = Columns(
    {"": None, "area": lambda area: in_words(area.name), "share": lambda area: area.part, "-points": lambda area: area.reached},
    region="#by-area",
)


@dataclass(frozen=True)
class ShownAnswer:
    """A question and how it stands."""

    question: str
    level: int
    rests_on: str
    reason: str
    raised_by: str | None


def shown_answer(question: ReadinessQuestion, answer: Answer, frame: Frame) -> ShownAnswer:
    """In the reader's language, with the days of an attestation as the reader writes them."""
    _, viewing, attested = frame.translate, frame.viewing, answer.attestation
    if attested is not None and attested.expires_at is not None and answer.rests_on in ("attestation", "document"):
        reason = _("Attested on %(day)s by an official (%(role)s), until %(until)s.") % {
            "day": viewing.instant(attested.attested_at),
            "role": spaced(attested.role),
            "until": viewing.instant(attested.expires_at),
        }
    else:
        reason = sentence_in_words(answer.reason, _, viewing.number)
    raised_by = None if answer.raised_by is None else sentence_in_words(answer.raised_by, _, viewing.number)
    return ShownAnswer(_(question.question), answer.level, _(RESTS_ON[answer.rests_on]), reason, raised_by)


@dataclass(frozen=True)
class ShownArea:
    """An area with its answers."""

    code: str
    name: str
    points: str
    reached: float
    """Points."""
    share: str
    part: float
    """Of 1: reached of possible."""
    answers: list[ShownAnswer]


@router.get("/console/readiness", response_model=None, responses=page_responses(200))
async def show_readiness(frame: Framed, node: Node, sort: Annotated[str, BY_AREA.query] = BY_AREA.usual) -> Response:
    """The scorecard."""
    card = await node.read("privacy", "/v1/readiness", Scorecard)
    questions = await node.read("privacy", "/v1/readiness/questions", ReadinessQuestions)
    answers, number, _ = {answer.question_id: answer for answer in card.answers}, frame.viewing.number, frame.translate
    areas = []
    for area in card.areas:
        shown = [
            shown_answer(one, answer, frame)
            for one in questions.questions
            if one.area == area.area and (answer := answers.get(one.id)) is not None
        ]
        points = f"{number(area.points)} / {number(area.possible)}"
        part = area.points / max(area.possible, 1)
        areas.append(ShownArea(area.area, _(AREAS[area.area]), points, area.points, f"{100 * part:.1f}%", part, shown))
    heads = frame.heads(BY_AREA, sort)
    return frame.page("readiness.html", card=card, areas=areas, by_area=BY_AREA.rows(areas, sort), heads=heads)
