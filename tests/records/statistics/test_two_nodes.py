"""Two nodes answer one question, each of its own students; who asked both sums the tables."""

import json
import shutil
from pathlib import Path

import pytest

from safepassage.wire_statistics import StatisticsAnswer, StatisticsQuestion, across_nodes
from services.records.statistics.population import Reach, coded_students
from services.records.tables import EnrollmentRow
from tests.conftest import StandingClock
from tests.records.conftest import NOON
from tests.records.one_state import STATE_AGENCY, OneState, one_state, some_students

pytestmark = pytest.mark.anyio

STUDENTS = some_students(60)
QUESTION = StatisticsQuestion(by=("arrived-from",), measures=("chronically-absent",), epsilon=2.0)


async def answer_of(state: OneState, first: int, last: int) -> StatisticsAnswer:
    lines = "\n".join(one.load.model_dump_json(exclude_none=True) for one in STUDENTS[first:last]).encode()
    loader = state.caller(STATE_AGENCY, "sea", "records:load", client_id="loader")
    assert (await loader.load_roster(lines, "application/x-ndjson")).status == 200
    analyst = state.caller(STATE_AGENCY, "sea", "records:statistics", "records:read:state", purpose="audit-evaluation")
    answer = await analyst.send("POST", "/v1/statistics", QUESTION.model_dump(mode="json"))
    assert answer.status == 200, answer.body
    return StatisticsAnswer.model_validate_json(answer.body)


@pytest.mark.requirement("STAT-nodes")
async def test_a_statistic_across_states_is_the_sum_of_what_each_node_told(alder: OneState, made_state: Path, tmp_path: Path) -> None:
    shutil.copytree(made_state, tmp_path / "birch")
    file = tmp_path / "birch" / "node.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"entity_id": "http://127.0.0.1:8", "port": 8}))
    async with one_state(tmp_path / "birch", StandingClock(NOON)) as birch:
        told = [await answer_of(alder, 0, 30), await answer_of(birch, 30, 60)]
        there = len({row.student_id for row in await birch.rows(EnrollmentRow) if row.exit_date is None})
        vault, database = birch.records.state.vault, birch.records.state.database
        counted = await coded_students(database, vault, Reach(None, "enrolled", NOON.date()), [])
        assert len(counted.districts) == there
    whole = across_nodes(told)
    assert whole.nodes == ("http://127.0.0.1:9", "http://127.0.0.1:8")
    for cell in whole.cells:
        parts = [next(one for one in node.cells if one.words == cell.words) for node in told]
        assert cell.students == sum(one.students or 0 for one in parts)
        assert all(one.students is not None for one in parts)
    assert len(whole.cells) + len(whole.not_told) == len(told[0].cells)
    assert whole.noise == pytest.approx(told[0].noise * 2**0.5, rel=0.01)
