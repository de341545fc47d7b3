"""Enrolments and agreements begin and end at midnight where the state agency is: from American Samoa to Guam, and through summer time."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from node.synthetic import SyntheticStudent
from safepassage.record.loads import NewStudent
from services.records.agency_days import AgencyDays
from services.records.loading_places import Places
from services.records.statistics.routes import _districts
from services.records.tables import OrganisationRow
from tests.conftest import StandingClock
from tests.records.one_state import DISTRICT, STATE_AGENCY, OneState, one_state, problem, some_students
from tests.records.oneroster.conftest import Consumer

pytestmark = pytest.mark.anyio

CHILD: SyntheticStudent = next(one for one in some_students(60) if one.district.key == DISTRICT and one.case is None)
ZONES = ("Pacific/Pago_Pago", "Pacific/Honolulu", "America/New_York", "Pacific/Guam")
DAY = date(2027, 1, 1)
"""The first day of a shard of the log: at no other is a day of UTC so near."""
SECOND = timedelta(seconds=1)


@asynccontextmanager
async def in_zone(made: Path, folder: Path, zone: str, at: datetime) -> AsyncIterator[OneState]:
    """Alder's node as if Alder were there, at an instant."""
    shutil.copytree(made, folder)
    async with one_state(folder, StandingClock(at)) as state:
        async with state.records.state.database.reading() as tx:
            held = [row.organisation for row in await tx.scalars(select(OrganisationRow)) if row.kind in ("sea", "lea", "school")]
        await state.project(*[one.model_copy(update={"time_zone": zone, "version": one.version + 1}) for one in held])
        await state.records.state.days.look()
        yield state


def go_to(state: OneState, at: datetime) -> None:
    state.clock.advance(seconds=(at - state.clock()).total_seconds())


def midnight(zone: str, day: date) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def enrolled(entry_date: date, exit_date: date | None) -> NewStudent:
    """A student with one enrolment."""
    loaded = CHILD.load
    assert loaded.record.enrollment is not None
    [*_, last] = loaded.record.enrollment.enrollments or ()
    only = last.model_copy(update={"entry_date": entry_date, "exit_date": exit_date, "exit_type": None})
    enrollment = loaded.record.enrollment.model_copy(update={"enrollments": (only,)})
    return loaded.model_copy(update={"record": loaded.record.model_copy(update={"enrollment": enrollment})})


async def on_the_page(state: OneState, agreement: UUID) -> int:
    return len((await state.vendor().page(agreement)).students)


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize("zone", ZONES)
async def test_a_vendor_reads_of_a_student_from_the_first_to_the_last_day_of_the_enrolment_as_they_are_there(
    made_state: Path, tmp_path: Path, zone: str
) -> None:
    begins, ends = midnight(zone, DAY), midnight(zone, DAY + timedelta(days=1))
    async with in_zone(made_state, tmp_path / "alder", zone, begins - timedelta(days=2)) as state:
        await state.district().load(enrolled(DAY, DAY))
        await state.tell()
        agreement = await state.agree(("identity.name", "enrollment.enrollments"))
        rostered = Consumer(state, agreement)
        seen = []
        for at in (begins - SECOND, begins, ends - SECOND, ends):
            go_to(state, at)
            seen.append((await on_the_page(state, agreement), len((await rostered.get("users"))["users"])))
    assert seen == [(0, 0), (1, 1), (1, 1), (0, 0)]


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize("zone", ZONES)
async def test_an_agreement_gives_rosters_until_the_midnight_there_at_which_it_ends(made_state: Path, tmp_path: Path, zone: str) -> None:
    at = midnight(zone, DAY) + timedelta(hours=12)  # the same day by UTC, by which `agree` names its days
    async with in_zone(made_state, tmp_path / "alder", zone, at) as state:
        rostered = Consumer(state, await state.agree(("identity.name",)))
        ends = midnight(zone, DAY + timedelta(days=200))
        go_to(state, ends - SECOND)
        assert (await rostered.send("orgs")).status == 200
        go_to(state, ends)
        assert (await rostered.send("orgs")).status == 404


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize("zone", ZONES)
async def test_a_school_that_keeps_no_record_sees_a_student_until_the_evening_of_the_last_day_there(
    made_state: Path, tmp_path: Path, zone: str
) -> None:
    ends = midnight(zone, DAY + timedelta(days=1))
    async with in_zone(made_state, tmp_path / "alder", zone, ends - SECOND) as state:
        loaded = await state.district().load(enrolled(DAY - timedelta(days=90), DAY))
        school = state.caller(state.by_key[CHILD.school.key], "school", "records:read")
        assert (await school.read(loaded.id)).id == loaded.id
        go_to(state, ends)
        assert problem(await school.send("GET", f"/v1/students/{loaded.id}")) == "no-such-student"


@pytest.mark.requirement("DAY-state")
async def test_a_district_is_asked_about_until_the_day_before_the_one_on_which_it_is_no_more(made_state: Path, tmp_path: Path) -> None:
    async with in_zone(made_state, tmp_path / "alder", ZONES[0], midnight(ZONES[0], DAY)) as state:
        async with state.records.state.database.reading() as tx:
            row = await tx.get(OrganisationRow, state.by_key[DISTRICT])
        assert row is not None
        ended = row.organisation.model_copy(update={"valid_until": DAY, "version": row.version + 1})
        await state.project(ended)
        async with state.records.state.database.reading() as tx:
            assert ended.id in await _districts(tx, None, DAY - timedelta(days=1))
            assert ended.id not in await _districts(tx, None, DAY)


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize(("zone", "left_on"), [("Pacific/Honolulu", date(2027, 1, 1)), ("Pacific/Guam", date(2027, 1, 2))])
async def test_whom_the_roster_leaves_out_is_enrolled_until_the_day_that_it_is_where_the_loader_is(
    made_state: Path, tmp_path: Path, zone: str, left_on: date
) -> None:
    at = datetime(2027, 1, 1, 20, tzinfo=UTC)
    async with in_zone(made_state, tmp_path / "alder", zone, at) as state, state.records.state.database.reading() as tx:
        assert (await Places.of(tx, state.by_key[DISTRICT])).today(at) == left_on
        assert (await Places.of(tx, UUID(int=7))).today(at) == date(2027, 1, 1)


@pytest.mark.requirement("DAY-state")
async def test_a_process_learns_each_minute_where_the_agency_is(made_state: Path, tmp_path: Path) -> None:
    noon, evening = datetime(2027, 1, 1, 12, tzinfo=UTC), datetime(2027, 1, 1, 14, 30, tzinfo=UTC)
    async with in_zone(made_state, tmp_path / "alder", "Pacific/Guam", noon) as state:
        database = state.records.state.database
        days, unknown = AgencyDays(database, STATE_AGENCY), AgencyDays(database, UUID(int=7))
        assert days.today(evening) == date(2027, 1, 1)
        for one in (days, unknown):
            await one.look()
        assert (days.today(evening), unknown.today(evening)) == (date(2027, 1, 2), date(2027, 1, 1))
        async with database.reading() as tx:
            row = await tx.get(OrganisationRow, STATE_AGENCY)
        assert row is not None
        await state.project(row.organisation.model_copy(update={"time_zone": "No/Where", "version": row.version + 1}))
        await days.look()
        assert days.today(evening) == date(2027, 1, 2)
        await state.project(row.organisation.model_copy(update={"time_zone": "Pacific/Pago_Pago", "version": row.version + 2}))
        await days.look()
        assert (days.today(evening), days.today(datetime(2027, 1, 1, 10, tzinfo=UTC))) == (date(2027, 1, 1), date(2026, 12, 31))
