"""Readiness: the scorecard as it stands, what shows each answer, what to do next, and what it was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_readiness import Answer, Area, ReadinessQuestion, ReadinessQuestions, Scorecard
from services.gateway.console.exports import Form, filed
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.readiness_history import HISTORY, OCCASIONS, kept_scorecards, pictured
from services.gateway.console.readiness_words import in_words as sentence_in_words
from services.gateway.console.whole_tables import Asked, Filter, WholeTable
from services.gateway.console.words import spaced, word
from services.gateway.people.pages import page_responses
from shared.spreadsheet import MEDIA_TYPE
from shared.word_order import in_words

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

PATH: Final = "/console/readiness"
EXPORT: Final = f"{PATH}/export"
QUESTIONS: Final = f"{PATH}/scorecard.csv"
PRINTED: Final = f"{PATH}/scorecard.html"
NEXT: Final = 5
MOST: Final = 4
"""Points of a question."""
Table = Annotated[Literal["readiness", "history"], Query(alias="table", description="Which of the tables that are wholly on the page")]
HOW_FAR: Final = {"whole": word("All of the points"), "part": word("Some of the points"), "none": word("No points")}


def _how_far(area: "ShownArea") -> str:
    return "none" if not area.reached else "whole" if area.reached >= area.possible else "part"


BY_AREA: Final = WholeTable(
    "readiness",
    {"": None, "area": lambda area: in_words(area.name), "share": lambda area: area.part, "-points": lambda area: area.reached},
    filters={"points": Filter(word("Points"), lambda area, _: [(_how_far(area), _(HOW_FAR[_how_far(area)]))], HOW_FAR)},
    file={"area": lambda area: area.code, "points": lambda area: area.reached, "possible": lambda area: area.possible},
    region="#by-area",
    is_first=True,
)


@dataclass(frozen=True)
class ShownAnswer:
    """A question and how it stands."""

    question: str
    level: int
    rests_on: str
    reason: str
    raised_by: str | None
    area: Area


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
    return ShownAnswer(_(question.question), answer.level, _(RESTS_ON[answer.rests_on]), reason, raised_by, question.area)


@dataclass(frozen=True)
class ShownArea:
    """An area with its answers."""

    code: str
    name: str
    points: str
    reached: float
    """Points."""
    possible: float
    share: str
    part: float
    """Of 1: reached of possible."""
    answers: list[ShownAnswer]


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_readiness(
    frame: Framed, node: Node, asked: Annotated[Asked, BY_AREA.asked], history: Annotated[Asked, HISTORY.asked]
) -> Response:
    """The scorecard."""
    card = await node.read("privacy", "/v1/readiness", Scorecard)
    questions = await node.read("privacy", "/v1/readiness/questions", ReadinessQuestions)
    kept = await kept_scorecards(node)
    areas = _areas(card, questions, frame)
    return frame.page(
        "readiness.html",
        card=card,
        areas=areas,
        by_area=frame.table(BY_AREA, areas, asked, export=EXPORT),
        next_steps=next_steps(areas),
        most=MOST,
        kept=kept,
        days=pictured(kept, frame),
        history=frame.table(HISTORY, kept, history, export=EXPORT),
        occasions=OCCASIONS,
        files=(QUESTIONS, PRINTED),
    )


def next_steps(areas: Sequence["ShownArea"]) -> list[ShownAnswer]:
    """Of each area the question that is furthest from its points; those that raise the score most first, then where least is reached."""
    furthest = [
        (min(can_be_raised, key=lambda one: one.level), area.part)
        for area in areas
        if (can_be_raised := [answer for answer in area.answers if answer.raised_by])
    ]
    return [one for one, _part in sorted(furthest, key=lambda one: (one[0].level, one[1]))][:NEXT]


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_readiness(
    frame: Framed,
    node: Node,
    asked: Annotated[Asked, BY_AREA.asked],
    history: Annotated[Asked, HISTORY.asked],
    table: Table = "readiness",
    form: Form = "csv",
) -> Response:
    """The points by area as a file, or what they were."""
    if table == "history":
        return filed(HISTORY, await kept_scorecards(node), history, form)
    card = await node.read("privacy", "/v1/readiness", Scorecard)
    return filed(BY_AREA, _areas(card, ReadinessQuestions(questions=()), frame), asked, form)


@router.get(QUESTIONS, response_model=None, responses=page_responses(200))
async def export_questions(node: Node) -> Response:
    """Every question with its answer, what shows it, and what would raise it: a table for a spreadsheet."""
    return _attached(await node.bytes_of("privacy", "/v1/readiness/table"), MEDIA_TYPE, "readiness-scorecard.csv")


@router.get(PRINTED, response_model=None, responses=page_responses(200))
async def export_page(node: Node) -> Response:
    """The scorecard as one file to read and to print: no script, nothing fetched. It is saved, never shown from here."""
    return _attached(await node.bytes_of("privacy", "/v1/readiness/page"), "text/html; charset=utf-8", "readiness-scorecard.html")


def _attached(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})


def _areas(card: Scorecard, questions: ReadinessQuestions, frame: Frame) -> list[ShownArea]:
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
        share = f"{100 * part:.1f}%"
        areas.append(ShownArea(area.area, _(AREAS[area.area]), points, area.points, area.possible, share, part, shown))
    return areas
