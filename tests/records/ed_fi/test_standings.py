"""How each pull and push ended is told to who answers for the system, by a code of ours, and what lasts is told to last."""

import ast
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from safepassage.problems.ed_fi import EdFiSystemChangesTooFast, EdFiSystemRefused, EdFiSystemUnavailable
from safepassage.problems.requests import InvalidRequest, TemporarilyUnavailable
from safepassage.wire_ed_fi import EdFiFault, EdFiSystemDetail, EdFiSystemOfOrganisation
from services.records.destroying import over
from services.records.ed_fi import api as api_module
from services.records.ed_fi import changes as changes_module
from services.records.ed_fi.doors import EdFiDoors
from services.records.ed_fi.noting import fault_of, noted_pull
from services.records.ed_fi.pulling import Pulled, Store
from services.records.ed_fi.refused import RefusedFor
from services.records.ed_fi.standings import BROKEN_OFF, how_of
from services.records.ed_fi.systems import EdFiSystem, EdFiSystems
from services.records.tables import EdFiStandingRow
from shared.keys import KeyFileUnusable
from tests.records.ed_fi.ods import SECRET
from tests.records.ed_fi.test_pulling import District, district_of, tardy
from tests.records.exchange.two_states import at_once
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, STATE_AGENCY, VENDOR, problem

pytestmark = pytest.mark.anyio

NOW = datetime.fromisoformat("2026-09-14T15:00:00+00:00")


class Watched(District):
    """A district whose pulls are kept."""

    async def pull(self) -> Pulled:
        records = self.state.records.state
        asking, memory = over(records.siblings), records.load_memory.total
        store = Store(records.database, records.vault, records.outbox, records.settings.jurisdiction, asking, memory)
        return await noted_pull(self.api, store, clock=self.state.clock)

    async def told(self) -> EdFiSystemOfOrganisation:
        answer = await self.state.district().send("GET", "/v1/ed-fi-systems")
        [one] = json.loads(answer.body)["systems"]
        return EdFiSystemOfOrganisation.model_validate(one)

    async def pulls(self) -> Any:
        return (await self.told()).pulls


@pytest.fixture
async def district(alder: Any, tmp_path: Path) -> AsyncIterator[Watched]:
    async with district_of(alder, tmp_path) as made:
        watched = Watched(alder, made.ods, made.api)
        records, doors, began = alder.records.state, alder.records.state.ed_fi, alder.clock.instant
        records.ed_fi = EdFiDoors(EdFiSystems(systems=(made.api.system,)), made.api._session, clock=alder.clock, wait=at_once)
        yield watched
        records.ed_fi, alder.clock.instant = doors, began


@pytest.mark.requirement("FORM-edfi-standings")
async def test_a_pull_that_worked_is_told_with_what_came(district: Watched) -> None:
    assert (await district.told()).pulls is None
    await district.pull()
    pulls = await district.pulls()
    assert (pulls.how, pulls.fault, pulls.counts) == ("good", None, {"students": 3, "created": 3, "changed": 0})
    assert pulls.succeeded_at == pulls.attempted_at == district.state.clock()
    assert pulls.next_at == district.state.clock() + timedelta(hours=24)
    one = await district.told()
    assert one.host == f"127.0.0.1:{district.ods.address.split(':')[2].split('/')[0]}"
    assert one.organisation_id == district.state.by_key[DISTRICT]


@pytest.mark.requirement("FORM-edfi-standings")
async def test_what_fails_for_a_week_is_told_by_a_code_until_it_works_again(district: Watched) -> None:
    await district.pull()
    worked = district.state.clock()
    district.ods.secret = "replaced"
    district.ods.tokens.clear()
    for day in range(7):
        district.state.clock.advance(days=1)
        with pytest.raises(EdFiSystemRefused):
            await district.pull()
        pulls = await district.pulls()
        assert (pulls.how, pulls.fault, pulls.faults) == ("failing-long" if day else "failing", "credentials-refused", day + 1)
    assert pulls.succeeded_at == worked
    assert pulls.failing_since == worked + timedelta(days=1)
    assert SECRET not in pulls.model_dump_json()
    district.ods.secret = SECRET
    assert (await district.pull()).report is None
    pulls = await district.pulls()
    assert (pulls.how, pulls.fault, pulls.faults, pulls.failing_since) == ("good", None, 0, None)


async def test_a_job_that_nobody_runs_any_more_is_late(district: Watched) -> None:
    await district.pull()
    district.state.clock.advance(hours=48)
    assert (await district.pulls()).how == "good"
    district.state.clock.advance(seconds=1)
    assert (await district.pulls()).how == "late"


async def test_a_system_that_suddenly_shows_no_student_is_a_fault_until_it_shows_some(district: Watched) -> None:
    await district.pull()
    held, district.ods.held = district.ods.held, {"schools": {}}
    district.ods.version = 5
    await district.pull()
    assert ((await district.pulls()).how, (await district.pulls()).fault) == ("failing", "no-students")
    assert (await district.pull()).report is None
    assert (await district.pulls()).fault == "no-students"
    district.ods.held, district.ods.version = held, 1
    await district.pull()
    assert (await district.pulls()).how == "good"


async def test_a_fault_of_the_node_is_kept_and_an_attempt_that_another_overtook_is_none(district: Watched) -> None:
    district.api.system.secret_file.chmod(0o644)
    with pytest.raises(KeyFileUnusable):
        await district.pull()
    assert (await district.pulls()).fault == "secret-unusable"
    district.api.system.secret_file.chmod(0o600)
    await district.pull()
    state, raced = district.state, False

    async def overtake() -> None:
        async with state.records.state.database.transaction() as tx:
            row = await tx.get_one(EdFiStandingRow, (district.api.system.organisation_id, "sis", "pull"))
            row.succeeded_at = state.clock() + timedelta(seconds=1)

    district.ods.version += 1
    newest = district.api.newest_change

    async def newest_change() -> tuple[int, int] | None:
        nonlocal raced
        raced = True
        await overtake()
        raise TemporarilyUnavailable("another pull of the same system was faster")

    district.api.newest_change = newest_change  # type: ignore[method-assign]  # a fault: another one is faster
    with pytest.raises(TemporarilyUnavailable):
        await district.pull()
    district.api.newest_change = newest  # type: ignore[method-assign]
    assert raced
    assert (await district.pulls()).how == "good"


@pytest.mark.requirement("FORM-edfi-standings")
async def test_one_system_has_its_loads_and_what_did_not_validate_in_each(district: Watched) -> None:
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-02"), "x")
    version, right = district.ods.held["studentSchoolAttendanceEvents"]["x"]
    district.ods.held["studentSchoolAttendanceEvents"]["x"] = (version, right | {"eventDate": "in words"})
    first = (await district.pull()).report
    district.ods.put("studentSchoolAttendanceEvents", tardy(1, "2026-09-03"), "y")
    district.state.clock.advance(hours=1)
    second = (await district.pull()).report
    assert first is not None
    assert second is not None
    sis = district.state.district()
    detail = EdFiSystemDetail.model_validate_json((await sis.send("GET", "/v1/ed-fi-systems/sis")).body)
    assert [one.id for one in detail.loads] == [second.id, first.id]
    assert detail.loads[1].wrong == first.reasons["not-valid"] > 0
    assert detail.quality is not None
    assert detail.quality.id == second.id
    older = EdFiSystemDetail.model_validate_json((await sis.send("GET", "/v1/ed-fi-systems/sis", query=f"load={first.id}")).body)
    assert older.quality is not None
    assert ("studentSchoolAttendanceEvents", "eventDate") in {(one.resource, one.member) for one in older.quality.not_valid}
    assert "in words" not in older.model_dump_json()
    unknown = await sis.send("GET", "/v1/ed-fi-systems/sis", query=f"load={VENDOR}")
    assert problem(unknown) == "no-such-load"


@pytest.mark.requirement("FORM-edfi-standings")
async def test_a_system_is_seen_by_who_answers_for_it_and_by_the_states_operators(district: Watched) -> None:
    await district.pull()
    state = district.state
    other = state.district(OTHER_DISTRICT)
    assert json.loads((await other.send("GET", "/v1/ed-fi-systems")).body) == {"systems": []}
    assert problem(await other.send("GET", "/v1/ed-fi-systems/sis")) == "no-such-ed-fi-system"
    for scope, seen in (("exchange:operate", 1), ("audit:operate", 1), ("records:load", 1)):
        answer = await state.caller(STATE_AGENCY, "sea", scope).send("GET", "/v1/ed-fi-systems")
        assert len(json.loads(answer.body)["systems"]) == seen
    vendors = EdFiSystem(name="lms", organisation_id=VENDOR, url="https://lms.example/api", client_id="x", secret_file=Path("x"))
    state.records.state.ed_fi._systems = EdFiSystems(systems=(district.api.system, vendors))
    names = {}
    for scope in ("exchange:operate", "records:load"):
        answer = await state.caller(STATE_AGENCY, "sea", scope).send("GET", "/v1/ed-fi-systems")
        names[scope] = [one["name"] for one in json.loads(answer.body)["systems"]]
    assert names == {"exchange:operate": ["sis", "lms"], "records:load": ["sis"]}
    answer = await state.vendor().send("GET", "/v1/ed-fi-systems")
    assert [one["name"] for one in json.loads(answer.body)["systems"]] == ["lms"]
    assert (await state.caller(STATE_AGENCY, "sea", "agreements:read").send("GET", "/v1/ed-fi-systems")).status == 403


def test_every_refusal_of_the_client_is_told_by_a_code() -> None:
    faults = set[Any]()
    for source in (Path(module.__file__).read_text() for module in (api_module, changes_module)):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "RefusedFor":
                [fault] = [one.value for one in node.keywords]
                assert isinstance(fault, ast.Constant)
                assert fault_of(RefusedFor("in words for people", fault=fault.value)) == fault.value
                faults.add(fault.value)
    told = {*faults, fault_of(EdFiSystemRefused("it has more than a pull takes"))}
    assert "not-its-api" in told - faults, "by what the error is, not by what it says"
    told |= {fault_of(EdFiSystemUnavailable()), fault_of(EdFiSystemChangesTooFast())}
    told |= {
        fault_of(KeyFileUnusable("x")),
        fault_of(TemporarilyUnavailable()),
        fault_of(InvalidRequest()),
        fault_of(ValueError()),
        "all-refused",
    }
    assert told == set(get_args(EdFiFault))
    assert fault_of(EdFiSystemUnavailable("with words for people")) == "no-answer", "by what the error is, not by what it says"


@pytest.mark.parametrize(
    ("hours", "ended", "fault", "since", "every", "how"),
    [
        (1, True, None, None, 24, "good"),
        (1, False, None, None, 24, "under-way"),
        (13, False, None, None, 24, "failing"),
        (1, True, "no-answer", 1, 24, "failing"),
        (1, False, "no-answer", 24, 24, "failing-long"),
        (3, True, "no-answer", 3, 1, "late"),
        (300, True, None, None, None, "good"),
    ],
)
def test_how_it_stands(hours: int, ended: bool, fault: str | None, since: int | None, every: int | None, how: str) -> None:
    row = EdFiStandingRow(
        attempted_at=NOW - timedelta(hours=hours),
        ended_at=NOW if ended else None,
        fault=fault,
        failing_since=None if since is None else NOW - timedelta(hours=since),
    )
    assert timedelta(hours=12) == BROKEN_OFF
    assert how_of(row, NOW, every=None if every is None else timedelta(hours=every)) == how
