"""What another process changes in either store is on no page as it was: pages tell what looking through everybody tells."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, update

from safepassage.wire_policy import NewDebarment
from services.privacy.tables import DebarmentRow, SubjectRow
from services.records.oneroster.counts import Counts
from services.records.oneroster.plans import Plan, Plans
from services.records.tables import EnrollmentRow, OrganisationRow
from shared.database import Database
from shared.who_may_call import ServiceName
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, VENDOR, OneState, some_students
from tests.records.oneroster.conftest import Consumer
from tests.records.oneroster.test_paging import COLLECTIONS, opened
from tests.records.oneroster.test_permission import with_statement

pytestmark = pytest.mark.anyio

DAY_BEFORE = date(2026, 10, 19)

Read = tuple[Consumer, list[UUID], dict[str, Any]]


async def seen(consumer: Consumer) -> dict[str, Any]:
    """What two pages of each collection tell: ids are random, and any of the students may be the first."""
    told: dict[str, Any] = {}
    for path in COLLECTIONS:
        answers = [await consumer.send(path, limit=limit, offset=offset) for limit, offset in ((1000, 1), (1, 0))]
        told[path] = [(answer.status, answer.headers.get("x-total-count"), answer.body) for answer in answers]
    return told


async def looked_through(consumer: Consumer) -> dict[str, Any]:
    """The same by one who has no plan and no count."""
    state = consumer.state.records.state
    plans, counts = state.oneroster_plans, state.oneroster_counts
    state.oneroster_plans, state.oneroster_counts = Plans(), Counts()
    try:
        return await seen(consumer)
    finally:
        state.oneroster_plans, state.oneroster_counts = plans, counts


async def elsewhere(consumer: Consumer, service: ServiceName, statement: Any) -> None:
    """Change a service's store beside it."""
    url = consumer.state.node.applications[service].state.database.url
    database = Database(url)
    async with database.transaction() as tx:
        await tx.execute(statement)
    await database.close()


@pytest.fixture
async def changed(alder: OneState) -> Read:
    """A node of a few students, and a consumer who has read every collection of it."""
    students = [one for one in some_students(60) if one.district.key == DISTRICT][:4]
    ids = [(await alder.district().load(one.load)).id for one in students]
    await alder.tell()
    consumer = Consumer(alder, await alder.agree(("identity.name", "contacts.guardians", "academics.current_courses")))
    before = await seen(consumer)
    assert before == await seen(consumer)
    return consumer, ids, before


async def differs(consumer: Consumer, before: dict[str, Any], *paths: str) -> None:
    after = await seen(consumer)
    assert after == await looked_through(consumer)
    assert {path for path in COLLECTIONS if after[path] != before[path]} >= set(paths)


async def test_a_student_who_leaves_is_in_no_page(changed: Read) -> None:
    consumer, ids, before = changed
    await elsewhere(consumer, "records", update(EnrollmentRow).where(EnrollmentRow.student_id == ids[0]).values(exit_date=DAY_BEFORE))
    await differs(consumer, before, "users", "students", "enrollments")


async def test_a_student_of_whom_privacy_knows_otherwise_is_decided_on_anew(changed: Read) -> None:
    consumer, ids, _ = changed
    await elsewhere(consumer, "privacy", update(SubjectRow).where(SubjectRow.student_id == ids[0]).values(sealed=b""))
    for path in ("users", "enrollments", "classes"):
        assert (await consumer.send(path, limit=1)).status == 503, path  # its facts are still on their way


async def test_a_party_that_was_barred_since_is_given_nothing_and_told_of_nobody(changed: Read) -> None:
    consumer, _, before = changed
    now, finding = consumer.state.clock.instant, UUID(int=7)
    new = NewDebarment(
        party=str(VENDOR),
        originating_agency=str(consumer.state.by_key[DISTRICT]),
        begins_at=now - timedelta(days=1),
        until=now + timedelta(days=2000),
        finding="2026-17",
    )
    row = {"id": finding, "party": new.party, "begins_at": new.begins_at, "until": new.until, "recorded_at": now}
    await elsewhere(consumer, "privacy", insert(DebarmentRow).values(**row, whole=new.model_dump_json()))
    try:
        await differs(consumer, before, "users", "enrollments", "classes", "courses", "students")
        assert {(await consumer.send(path)).headers["x-total-count"] for path in ("users", "enrollments", "classes")} == {"0"}
    finally:
        await elsewhere(consumer, "privacy", delete(DebarmentRow).where(DebarmentRow.id == finding))
    assert await seen(consumer) == before


async def test_a_record_that_changed_is_shown_as_it_is_and_counted(changed: Read) -> None:
    consumer, _, before = changed
    one = next(one for one in some_students(60) if one.district.key == DISTRICT)
    await consumer.state.district().load(with_statement(one).load)
    await consumer.state.tell()
    await differs(consumer, before, "users", "students")


async def test_a_school_that_moves_to_another_district_takes_its_students_along(changed: Read) -> None:
    consumer, _, before = changed
    mine, other = consumer.state.by_key[DISTRICT], consumer.state.by_key[OTHER_DISTRICT]
    schools = [row.id for row in await consumer.state.rows(OrganisationRow) if row.parent_id == mine]
    under = update(OrganisationRow).where(OrganisationRow.id.in_(schools))
    await elsewhere(consumer, "records", under.values(parent_id=other))
    try:
        await differs(consumer, before, "users", "students")
    finally:
        await elsewhere(consumer, "records", under.values(parent_id=mine))


async def test_a_plan_is_not_followed_longer_than_its_decisions_hold(changed: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    consumer, ids, _ = changed
    clock = consumer.state.clock
    with opened(monkeypatch) as counted:
        await consumer.get("users", limit=1)
        clock.advance(minutes=15)
        try:
            await consumer.get("users", limit=1)
        finally:
            clock.advance(minutes=-15)
    assert counted == [1, len(ids)]


async def test_what_does_not_come_out_as_planned_is_looked_for_through_everybody(changed: Read) -> None:
    """A plan that says what is not so, as none does: it is found out by the page that it would make."""
    consumer, _, before = changed
    state = consumer.state.records.state
    plans: Plans = state.oneroster_plans
    for key, plan in list(plans._plans.items()):
        objects = [(digest + 1 & 2**64 - 1, plan.at(place, 1).students) for place, digest in enumerate(plan._digests)]
        plans.keep(key, Plan(plan.mark, plan.valid_until, objects))
    assert await seen(consumer) == before
