"""Statistics on pages: asked once and answered alike, groups that are not told marked, gaps held against the noise."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from safepassage.ids import uuid7
from safepassage.wire_statistics import Cell, Estimate, StatisticsAnswer, StatisticsQuestion
from services.gateway.console.statistics_shown import gaps_of, rows_of, title_of
from services.records.tables import StatisticsAnswerRow
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.people.signing_in import location_of

pytestmark = pytest.mark.anyio


def told(words: tuple[str, ...], students: int | None, *rates: tuple[int, int]) -> Cell:
    """A group; one of which no number is told has none."""
    if students is None:
        return Cell(words=words, students=None, measures=None)
    measures = tuple(Estimate(yes=yes, known=known, rate=round(yes / known, 4) if known > 30 else None) for yes, known in rates)
    return Cell(words=words, students=students, measures=measures)


async def kept_answer(
    console: Console, organisation_id: UUID, *, districts: dict[str, str] | None = None, is_empty: bool = False
) -> StatisticsAnswer:
    """An answer that the organisation was given before; of no group at all, if it is empty."""
    now = console.house.now
    by = ("district",) if districts else ("english-learner", "race-ethnicity")
    cells = (
        tuple(told((one,), 400, (40, 390)) for one in districts)
        if districts
        else (
            told(("no", "asian"), 5230, (1840, 5100)),
            told(("no", "hispanic"), 12_412, (2480, 12_000)),
            told(("yes", "hispanic"), 3020, (95, 2900)),
            told(("yes", "pacific-islander"), None),
            told(("yes", "two-or-more"), 28, (3, 26)),
        )
    )
    answer = StatisticsAnswer(
        id=uuid7(now),
        node=console.house.settings.entity_id,
        question=StatisticsQuestion.model_validate({"by": by, "measures": ["advanced-course"]}),
        as_of=now.date(),
        made_at=now,
        again_on=now.date() + timedelta(days=30),
        smallest_group=10,
        noise=8.5,
        districts=districts or {},
        cells=() if is_empty else cells,
    )
    row = StatisticsAnswerRow(
        id=answer.id,
        organisation_id=organisation_id,
        question_digest="A" * 43,
        made_at=now,
        again_on=answer.again_on,
        answer=answer.model_dump_json(),
    )
    async with console.node.applications["records"].state.database.transaction() as tx:
        tx.add(row)
    return answer


async def test_a_question_is_asked_on_a_page_and_its_answer_has_an_address(console: Console) -> None:
    browser = await console.browser("privacy-officer")
    page = (await browser.get("/console/statistics")).body.decode()
    assert "Nothing was asked yet." in page
    question = {"population": "enrolled", "by": "sex", "also_by": "", "chronically-absent": "yes", "epsilon": "0.5"}
    places = set()
    for key in ("a" * 32, "a" * 32, "b" * 32):
        answer = await browser.post("/console/statistics", act=key, **question)
        assert answer.status == 303, answer.body
        places.add(location_of(answer))
    assert len(places) == 1, "the same question, the same answer"
    one = (await browser.get(places.pop())).body.decode()
    assert "<h1>Students enrolled, by: Sex</h1>" in one
    assert re.search(r'id="count">4 groups', one), "there is nobody, and no group is left out for that"
    listed = (await browser.get("/console/statistics")).body.decode()
    assert "Students enrolled, by: Sex</a>" in listed
    assert "0.5 of 10" in listed


@pytest.mark.parametrize(
    ("changed", "beside"),
    [
        ({"epsilon": "7"}, "This cannot be read."),
        ({"epsilon": "much"}, "This cannot be read."),
        ({"population": "everybody"}, "This cannot be read."),
        ({"also_by": "sex"}, "Another one than the first."),
        (
            dict.fromkeys(("gifted", "title-i", "advanced-course", "disciplined", "proficient-english"), "yes"),
            "At most four of these at once.",
        ),
    ],
)
async def test_a_question_that_cannot_be_asked_keeps_what_was_chosen_and_costs_nothing(
    console: Console, changed: dict[str, str], beside: str
) -> None:
    browser = await console.browser("privacy-officer")
    form = {"population": "left", "by": "sex", "also_by": "", "epsilon": "1.0"} | changed
    answer = await browser.post("/console/statistics", act="a" * 32, **form)
    page = answer.body.decode()
    assert (answer.status, beside in page, '<option value="sex" selected>' in page) == (422, True, True), page
    assert "0 of 10" in page


async def test_whoever_only_looks_is_offered_no_question_and_asks_none(console: Console) -> None:
    for role in ("auditor", "approver"):
        browser = await console.browser(role)
        assert "spend of the budget" not in (await browser.get("/console/statistics")).body.decode()
        assert (await browser.post("/console/statistics", act="a" * 32, population="enrolled", epsilon="0.5")).status == 403


async def test_what_is_not_told_is_marked_and_an_export_says_the_same(console: Console) -> None:
    answer = await kept_answer(console, console.agency.id)
    browser = await console.browser("auditor")
    page = (await browser.get(f"/console/statistics/{answer.id}")).body.decode()
    assert "5 groups, 1 of them too small to be told" in page
    assert page.count("not told") == 3 + 1, "a group without any number, a rate of few, and the sentence above"
    file = await browser.get(f"/console/statistics/{answer.id}/table.csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert b"yes,pacific-islander,,,," in file.body
    late = await console.browser("auditor", authenticated_at=console.house.now - timedelta(hours=1))
    asked = await late.get(f"/console/statistics/{answer.id}/table.csv")
    assert (asked.status, "step=up" in location_of(asked)) == (303, True)


async def test_names_of_districts_are_shown_as_text(console: Console) -> None:
    answer = await kept_answer(console, console.agency.id, districts={str(console.district.id): HOSTILE})
    page = (await (await console.browser("auditor")).get(f"/console/statistics/{answer.id}")).body.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in page


def _answer(*cells: Cell) -> StatisticsAnswer:
    now = datetime(2026, 10, 20, tzinfo=UTC)
    return StatisticsAnswer(
        id=uuid7(now), node="https://a.example", question=StatisticsQuestion(by=("sex",), measures=("gifted",)), as_of=now.date(),
        made_at=now, again_on=now.date(), smallest_group=10, noise=4.0, cells=cells,
    )  # fmt: skip


def test_a_gap_is_told_where_it_is_more_than_noise_could_make() -> None:
    large = gaps_of(_answer(told(("female",), 900, (450, 900)), told(("male",), 900, (270, 900))), str)[0]
    assert (large.highest, large.lowest, round(large.points, 1), large.is_told) == ("Female", "Male", 20.0, True)
    assert round(large.noise, 2) == round(200 * ((4 / 900) ** 2 * (1.25 + 1.09)) ** 0.5, 2)
    small = gaps_of(_answer(told(("female",), 60, (15, 60)), told(("male",), 60, (12, 60))), str)[0]
    assert (round(small.points, 1), small.is_told) == (5.0, False)
    assert gaps_of(_answer(told(("female",), 900, (450, 900)), told(("male",), None)), str) == [], "one group has no gap"


def test_a_group_without_a_number_has_no_bar_and_a_grade_its_number() -> None:
    rows = rows_of(_answer(told(("female",), 200, (50, 100)), told(("male",), None)), str, str, str)
    assert [(row.students.text, row.students.width, row.measures[0].text, row.measures[0].width) for row in rows] == [
        ("200", "100%", "0.5", "50.0%"),
        (None, "0%", None, "0%"),
    ]
    assert title_of(StatisticsQuestion(), str) == "Students enrolled"
    by_grade = _answer(told(("07",), 200, (50, 100))).model_copy(
        update={"question": StatisticsQuestion(by=("grade",), measures=("gifted",))}
    )
    assert rows_of(by_grade, str, str, lambda one: one)[0].words == ("Grade 7",)
