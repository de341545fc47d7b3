"""Readiness: what to do next, what the score was before, and every question as a file."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.gateway.console.readiness import NEXT, ShownAnswer, ShownArea, next_steps
from services.privacy.readiness.snapshots import SCORES, take_daily
from services.privacy.tables import ReadinessSnapshotRow
from tests.conftest import StandingClock
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_decisions_on_pages import text_of

pytestmark = pytest.mark.anyio

READINESS = "/console/readiness"


async def kept(console: Console, clock: StandingClock, days: int) -> None:
    """A scorecard of each day, as the service keeps them by itself."""
    privacy = console.node.applications["privacy"]
    for _ in range(days):
        assert await take_daily(privacy, now=clock.instant, running_since=clock.instant - timedelta(days=2))
        clock.advance(days=1)


@pytest.mark.requirement("CON-readiness")
async def test_what_the_score_was_is_drawn_told_and_filed_day_by_day(console: Console, clock: StandingClock) -> None:
    auditor = await console.browser("auditor")
    assert "Once two days have one, a picture of them is here." in (await auditor.get(READINESS)).body.decode()
    await kept(console, clock, 3)
    auditor = await console.browser("auditor")
    page = (await auditor.get(READINESS)).body.decode()
    assert page.count('<svg class="chart lines') == 2, "wide and narrow"
    assert re.search(r"\d+ points on [A-Z][a-z]{2} \d+, \d{4}, \d+ on [A-Z][a-z]{2} \d+, \d{4}\.", text_of(page.encode()))
    rows = list(csv.DictReader(io.StringIO((await auditor.get(f"{READINESS}/export?table=history")).body.decode())))
    assert [one["occasion"] for one in rows] == ["daily"] * 3
    assert [one["taken_at"] for one in rows] == sorted((one["taken_at"] for one in rows), reverse=True)
    async with console.node.applications["privacy"].state.database.reading() as tx:
        stored = (await tx.scalars(select(ReadinessSnapshotRow).order_by(ReadinessSnapshotRow.taken_at.desc()))).all()
    totals = [SCORES.validate_json(one.scores)[0] for one in stored]
    assert [(one["id"], int(one["points"]), int(one["shown_by_the_node"]), int(one["attested"])) for one in rows] == [
        (str(one.id), total.points, total.live_points, total.attested_points) for one, total in zip(stored, totals, strict=True)
    ]
    turned = json.loads((await auditor.get(f"{READINESS}/export?table=history&form=json&sort-history=taken")).body)
    assert [one["id"] for one in turned] == [one["id"] for one in rows[::-1]]
    none = (await auditor.get(f"{READINESS}/export?table=history&history-occasion=on-demand")).body.decode()
    assert len(none.splitlines()) == 1


@pytest.mark.requirement("CON-readiness")
async def test_every_question_is_had_as_a_table_and_as_a_page_to_print(console: Console) -> None:
    auditor = await console.browser("auditor")
    page = (await auditor.get(READINESS)).body.decode()
    asked = re.findall(r'<p class="asked">([^<]+)</p><p class="soft">[^<]+: ', page)
    answer = await auditor.get(f"{READINESS}/scorecard.csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert len(rows) == len(asked) > 70
    assert {one["question"] for one in rows} >= {"Does every request carry proof of enrollment or of the intent to enroll?"}
    assert answer.headers["content-disposition"] == 'attachment; filename="readiness-scorecard.csv"'
    printed = await auditor.get(f"{READINESS}/scorecard.html")
    assert printed.headers["content-disposition"] == 'attachment; filename="readiness-scorecard.html"'
    assert all(one["question"] in printed.body.decode() for one in rows[:5])
    officer = await console.browser("district-officer")
    for path in ("scorecard.csv", "scorecard.html", "export?table=history"):
        assert (await officer.get(f"{READINESS}/{path}")).status == 403, path


def area(part: float, *answers: tuple[str, int, str | None]) -> ShownArea:
    shown = [ShownAnswer(name, level, "Shown by the node", "", raised_by, "log") for name, level, raised_by in answers]
    return ShownArea("log", "The log", "", 0, 0, "", part, shown)


def test_of_each_area_the_furthest_question_is_next_and_where_least_is_reached_first() -> None:
    areas = [
        area(0.5, ("a", 3, "do a"), ("b", 0, "do b"), ("done", 4, None)),
        area(0.2, ("c", 0, "do c"), ("d", 0, "do d")),
        area(0.1, ("e", 2, "do e"), ("measured", 1, None)),
        area(1.0, ("all", 4, None)),
    ]
    assert [one.question for one in next_steps(areas)] == ["c", "b", "e"]
    assert len(next_steps([area(0, (str(n), 0, "do")) for n in range(NEXT + 3)])) == NEXT
    assert next_steps([]) == []
