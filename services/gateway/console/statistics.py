"""Statistics: counts and rates by group, and the gaps between groups; no number shows any one student."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.wire_statistics import KeptStatistics, KeptStatisticsList, StatisticsAnswer, StatisticsBudget, StatisticsQuestion
from services.gateway.console.acts import NOT_READ, Act, ActForm, Field, FormWrong, refusals_beside
from services.gateway.console.exports import Form, exported, filed
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.statistics_shown import GROUPS_BY, file_of, gaps_of, rows_of, title_of
from services.gateway.console.statistics_words import DIMENSIONS, EPSILONS, MEASURES, POPULATIONS
from services.gateway.console.whole_tables import NOTHING_ASKED, Asked, Filter, WholeTable
from services.gateway.console.words import word
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role
from shared.word_order import in_words

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/statistics"
ONE: Final = f"{PATH}/{{statistics_id}}"
FILE: Final = f"{ONE}/table.csv"
GROUPS_EXPORT: Final = f"{ONE}/export"
ASKING: Final[tuple[Role, ...]] = ("privacy-officer", "district-officer")
"""Each question spends of the organisation's budget."""
MOST_MEASURES: Final = 4
TOO_MANY: Final = word("At most four of these at once.")
TWICE: Final = word("Another one than the first.")

EXPORT: Final = f"{PATH}/export"
LIST: Final = WholeTable(
    "statistics",
    {
        "": None,
        "question": lambda row: in_words(row[1]),
        "-as-of": lambda row: row[0].made_at,
        "again": lambda row: row[0].again_on,
    },
    filters={
        "population": Filter(
            word("Which students"), lambda row, _: [(row[0].question.population, _(POPULATIONS[row[0].question.population]))], POPULATIONS
        ),
        "by": Filter(word("By"), lambda row, _: [(one, _(DIMENSIONS[one])) for one in row[0].question.by], DIMENSIONS),
        "measure": Filter(word("Of whom how many"), lambda row, _: [(one, _(MEASURES[one])) for one in row[0].question.measures], MEASURES),
    },
    file={
        "id": lambda row: str(row[0].id),
        "population": lambda row: row[0].question.population,
        "by": lambda row: list(row[0].question.by),
        "measures": lambda row: list(row[0].question.measures),
        "as_of": lambda row: row[0].as_of.isoformat(),
        "again_on": lambda row: row[0].again_on.isoformat(),
    },
    region="#answers",
    is_first=True,
)


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_statistics(frame: Framed, node: Node, asked: Annotated[Asked, LIST.asked]) -> Response:
    """What was asked before, what is left of the budget, and the form for a new question."""
    return await _page(frame, node, {"population": "enrolled", "epsilon": "0.5"}, {}, asked=asked)


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_statistics(frame: Framed, node: Node, asked: Annotated[Asked, LIST.asked], form: Form = "csv") -> Response:
    """Which questions were answered, as a file; the answers have files of their own."""
    return filed(LIST, await _answered(frame, node), asked, form)


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "population": "Which students", "epsilon": "Of the budget"}),
)
async def ask_statistics_on_page(form: Act, frame: Framed, node: Node) -> Response:
    """Ask, and go to the answer: the same question is given the same one, at no further cost."""
    try:
        question = _question(form)
        with refusals_beside():
            answer = await node.act("records", "POST", "/v1/statistics", key=form.key, body=question)
    except FormWrong as wrong:
        return await _page(frame, node, form.fields, wrong.fields)
    return RedirectResponse(f"{PATH}/{StatisticsAnswer.model_validate_json(answer).id}", 303)


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_statistic(statistics_id: UUID, frame: Framed, node: Node, asked: Annotated[Asked, GROUPS_BY.asked]) -> Response:
    """One answer: its groups with bars, what is not told marked, and the gaps."""
    answer = await node.read("records", f"/v1/statistics/{statistics_id}", StatisticsAnswer)
    viewing, _ = frame.viewing, frame.translate
    question = answer.question
    return frame.page(
        "statistic.html",
        title=title_of(question, _),
        answer=answer,
        heads=[_(DIMENSIONS[one]) for one in question.by] or [_("Students")],
        measures=[_(MEASURES[one]) for one in question.measures],
        groups=frame.table(
            GROUPS_BY, rows_of(answer, viewing.number, viewing.percent, _), asked, export=GROUPS_EXPORT.format(statistics_id=answer.id)
        ),
        gaps=gaps_of(answer, _),
        hidden=sum(cell.students is None for cell in answer.cells),
        file=FILE.format(statistics_id=answer.id),
    )


@router.get(GROUPS_EXPORT, response_model=None, responses=page_responses(200, 404))
async def export_groups(
    statistics_id: UUID, frame: Framed, node: Node, asked: Annotated[Asked, GROUPS_BY.asked], form: Form = "csv"
) -> Response:
    """The groups that fit as a file; what is not told has no number there either."""
    answer = await node.read("records", f"/v1/statistics/{statistics_id}", StatisticsAnswer)
    columns, lines = file_of(answer, GROUPS_BY.fitting(rows_of(answer, str, str, frame.translate), asked))
    return exported("groups", form, columns, lines)


@router.get(FILE, response_model=None, responses=page_responses(200, 404))
async def export_statistic(statistics_id: UUID, node: Node) -> Response:
    """The same as CSV."""
    content = await node.bytes_of("records", f"/v1/statistics/{statistics_id}/table")
    headers = {"content-disposition": 'attachment; filename="statistics.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _question(form: ActForm) -> StatisticsQuestion:
    """Raises FormWrong."""
    measures = tuple(one for one in MEASURES if form.text(one))
    by = [form.text(name) for name in ("by", "also_by") if form.text(name)]
    if len(measures) > MOST_MEASURES:
        raise FormWrong({"gifted": TOO_MANY})
    if len(set(by)) < len(by):
        raise FormWrong({"also_by": TWICE})
    if form.text("epsilon") not in EPSILONS:
        raise FormWrong({"epsilon": NOT_READ})
    return form.model(StatisticsQuestion, by=by, measures=measures, epsilon=float(form.text("epsilon")))


async def _answered(frame: Frame, node: NodeReader) -> list[tuple[KeptStatistics, str, list[str]]]:
    _, listed = frame.translate, (await node.read("records", "/v1/statistics", KeptStatisticsList)).answers
    return [(one, title_of(one.question, _), [_(MEASURES[name]) for name in one.question.measures]) for one in listed]


async def _page(
    frame: Frame, node: NodeReader, kept: Mapping[str, str], wrong: Mapping[str, str], *, asked: Asked = NOTHING_ASKED
) -> Response:
    budget = await node.read("records", "/v1/statistics-budget", StatisticsBudget)
    _ = frame.translate
    may_ask = frame.person.role in ASKING
    groups = [(code, _(said)) for code, said in DIMENSIONS.items()]
    return frame.page(
        "statistics.html",
        status=422 if wrong else 200,
        budget=budget,
        share=f"{100 * budget.spent / budget.epsilon:.1f}%" if budget.epsilon else "0%",
        answers=frame.table(LIST, await _answered(frame, node), asked, export=EXPORT),
        may_ask=may_ask,
        fields=[
            Field("population", _("Which students"), kind="choice", options=[(code, _(said)) for code, said in POPULATIONS.items()]),
            Field("by", _("By"), kind="choice", options=groups, required=False),
            Field("also_by", _("And by"), kind="choice", options=groups, required=False),
            *(Field(code, _(said), kind="check", required=False) for code, said in MEASURES.items()),
            Field("epsilon", _("What the answer may tell"), kind="choice", options=[(code, _(said)) for code, said in EPSILONS.items()]),
        ],
        kept=kept,
        wrong=wrong,
        action=PATH,
    )
