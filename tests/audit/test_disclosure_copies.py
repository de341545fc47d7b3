"""Each district gets its copy of the record of further disclosures within 30 days, and it is known that it did: 34 CFR 99.32(b)(2)."""

import asyncio
import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from safepassage.wire_log import DisclosureCopy, DisclosureCopyContent, DisclosureCopyPage
from services.audit.disclosures import copies
from services.audit.tables import DisclosureCopyRow, RedisclosureRow
from tests.audit.audit_node import ELM, OAK, STATE, AuditNode, disclosure, event, give_organisations
from tests.conftest import StandingClock
from tests.links import linked

pytestmark = pytest.mark.anyio


def district(node: AuditNode, organisation: UUID = OAK) -> dict[str, str]:
    return node.as_caller("audit:accounting", organisation=organisation, client=f"sis-{organisation}"[:40])


def state(node: AuditNode) -> dict[str, str]:
    return node.as_caller("audit:accounting", kind="sea", organisation=STATE, purpose="audit-evaluation", client="state")


async def listed(node: AuditNode, headers: dict[str, str], query: str = "") -> tuple[DisclosureCopy, ...]:
    answer = await node.send("GET", "/v1/disclosure-copies", headers, query=query)
    assert answer.status == 200, answer.body
    return DisclosureCopyPage.model_validate_json(answer.body).copies


async def read(node: AuditNode, copy: DisclosureCopy, headers: dict[str, str]) -> DisclosureCopyContent:
    answer = await node.send("GET", f"/v1/disclosure-copies/{copy.id}", headers)
    assert answer.status == 200, answer.body
    return DisclosureCopyContent.model_validate_json(answer.body)


async def redisclose(node: AuditNode, *students: UUID, organisation: UUID = OAK, **more: object) -> None:
    await node.append(*[disclosure(node, one, custodian=organisation, originating_organisation=organisation, **more) for one in students])  # type: ignore[arg-type]


@pytest.mark.requirement("LOG-COPIES")
async def test_a_district_gets_its_copy_in_time_and_reading_it_puts_that_on_record(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    students = [uuid4(), uuid4()]
    await redisclose(node, students[0])
    clock.advance(days=3)
    await redisclose(node, students[1])
    assert await copies.make_due(node.app, now=clock()) == 0
    clock.advance(days=4)
    assert await copies.make_due(node.app, now=clock()) == 1
    (copy,) = await listed(node, district(node))
    assert (copy.organisation_id, copy.entries, copy.state) == (OAK, 2, "waiting")
    assert (copy.first_at, copy.due_on) == (datetime(2026, 10, 20, 12, tzinfo=UTC), date(2026, 11, 19))
    content = await read(node, copy, district(node))
    assert [one.student_ids for one in content.disclosures] == [(students[0],), (students[1],)]
    assert {one.party.node for one in content.disclosures} == {"https://birch.example"}
    assert (content.copy_.state, content.copy_.given_at, content.closed) == ("given", clock(), 0)
    clock.advance(days=1)
    again = (await read(node, copy, district(node))).copy_
    assert (again.given_at, again.given_to) == (content.copy_.given_at, content.copy_.given_to)
    assert await copies.make_due(node.app, now=clock()) == 0


async def test_making_and_giving_a_copy_are_entries_of_the_log(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await redisclose(node, uuid4())
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    (copy,) = await listed(node, district(node))
    await read(node, copy, district(node))
    answer = await node.send("POST", "/v1/log/searches", node.as_caller("audit:search", kind="sea", purpose="audit-evaluation"), {})
    contexts = [one["context"] for one in json.loads(answer.body)["entries"]]
    told = [(one["operation"], one["outcome"]) for one in contexts if one["operation"] == "disclosure-copy"]
    assert told == [("disclosure-copy", "given"), ("disclosure-copy", "answered"), ("disclosure-copy", "made")]


async def test_the_state_reads_every_copy_without_giving_it_and_sees_what_is_overdue(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await redisclose(node, uuid4())
    await redisclose(node, uuid4(), organisation=ELM)
    clock.advance(days=8)
    assert await copies.make_due(node.app, now=clock()) == 2
    both = await listed(node, state(node))
    assert {one.organisation_id for one in both} == {OAK, ELM}
    assert (await read(node, both[0], state(node))).copy_.state == "waiting"
    elm = next(one for one in both if one.organisation_id == ELM)
    await read(node, elm, district(node, ELM))
    clock.advance(days=22)
    assert {one.state for one in await listed(node, state(node), "ungiven=true")} == {"waiting"}
    clock.advance(days=1)
    (late,) = await listed(node, state(node), "ungiven=true")
    assert (late.organisation_id, late.state) == (OAK, "overdue")


@pytest.mark.requirement("LOG-COPIES")
@pytest.mark.parametrize(
    ("zone", "disclosed", "due_on"),
    [
        ("Pacific/Pago_Pago", datetime(2027, 1, 1, 10, tzinfo=UTC), date(2027, 1, 30)),  # the evening of 31 December there
        ("Pacific/Honolulu", datetime(2027, 3, 1, 5, tzinfo=UTC), date(2027, 3, 30)),
        ("Pacific/Guam", datetime(2026, 12, 31, 15, tzinfo=UTC), date(2027, 1, 31)),  # New Year's Day there
        ("America/New_York", datetime(2027, 10, 20, 2, tzinfo=UTC), date(2027, 11, 18)),  # clocks are set back in between
    ],
)
async def test_a_copy_is_due_and_overdue_by_the_calendar_of_the_state_agency(
    node: AuditNode, clock: StandingClock, zone: str, disclosed: datetime, due_on: date
) -> None:
    await give_organisations(node, zone)
    clock.advance(seconds=(disclosed - clock()).total_seconds())
    await redisclose(node, uuid4())
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    (copy,) = await listed(node, state(node))
    (told,) = (await read(node, copy, state(node))).disclosures
    assert (copy.due_on, told.copy_due_on) == (due_on, due_on)
    ends = datetime.combine(due_on + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    for late, expected in ((timedelta(seconds=-1), "waiting"), (timedelta(), "overdue")):
        clock.advance(seconds=(ends + late - clock()).total_seconds())
        assert [one.state for one in await listed(node, state(node), "ungiven=true")] == [expected]


async def test_another_districts_copy_looks_absent(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await redisclose(node, uuid4())
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    (copy,) = await listed(node, district(node))
    assert await listed(node, district(node, ELM)) == ()
    answers = [await node.send("GET", f"/v1/disclosure-copies/{one}", district(node, ELM)) for one in (copy.id, uuid4())]
    told = [(one.status, json.loads(one.body)["code"]) for one in answers]
    assert told == [(404, "no-such-disclosure-copy")] * 2


async def test_what_was_handed_over_otherwise_is_put_on_record_once_by_the_state(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await redisclose(node, uuid4())
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    (copy,) = await listed(node, state(node))
    path = f"/v1/disclosure-copies/{copy.id}/delivery"
    body = {"handed_over_at": clock().isoformat(), "evidence_ref": "registered-letter-17"}
    early = body | {"handed_over_at": (clock() - timedelta(days=1)).isoformat()}
    assert (await node.send("POST", path, district(node), body)).status == 403
    assert json.loads((await node.send("POST", path, state(node), early)).body)["field"] == "handed_over_at"
    given = DisclosureCopy.model_validate_json((await node.send("POST", path, state(node), body)).body)
    assert (given.state, given.given_to) == ("given", "registered-letter-17")
    reading = linked("audit.record_disclosure_copy_delivery", "audit.read_disclosure_copy", path=path)
    assert DisclosureCopy.model_validate(json.loads((await node.send("GET", reading, state(node))).body)["copy"]) == given
    assert (await node.send("POST", path, state(node), body)).status == 409


async def test_the_copy_as_a_table_gives_it_too(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    student = uuid4()
    await redisclose(node, student)
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    (copy,) = await listed(node, district(node))
    answer = await node.send("GET", f"/v1/disclosure-copies/{copy.id}/table", district(node))
    lines = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
    assert (lines[0][0], lines[1][0]) == ("students", str(student))
    assert (await listed(node, district(node)))[0].state == "given"


async def test_a_copy_says_of_what_was_called_back_that_nobody_got_it(node: AuditNode, clock: StandingClock) -> None:
    """Or the district would tell the family of a party that never had the record: 34 CFR 99.32(a)(4)."""
    await give_organisations(node)
    sent, unsent, unknown = (uuid4() for _ in range(3))
    for envelope, outcome in ((sent, None), (unsent, "never-sent"), (unknown, "unconfirmed")):
        student = uuid4()
        await redisclose(node, student, envelope_id=envelope)
        if outcome is not None:
            await node.append(event("disclosure-withdrawn", student=student, key=f"{envelope}:withdrawn", outcome=outcome))
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    (copy,) = await listed(node, district(node))
    assert [one.called_back for one in (await read(node, copy, district(node))).disclosures] == [None, "never-sent", "unconfirmed"]
    table = (await node.send("GET", f"/v1/disclosure-copies/{copy.id}/table", district(node))).body.decode()
    assert [row["called_back"] for row in csv.DictReader(io.StringIO(table))] == ["", "never-sent", "unconfirmed"]


async def test_secret_and_own_disclosures_are_in_no_copy(node: AuditNode, clock: StandingClock) -> None:
    await redisclose(node, uuid4(), basis="sealed-order")
    await node.append(disclosure(node, uuid4()))
    clock.advance(days=30)
    assert await copies.make_due(node.app, now=clock()) == 0
    async with node.database.reading() as tx:
        assert await tx.scalar(select(func.count()).select_from(RedisclosureRow)) == 0


async def test_a_copy_whose_making_was_cut_short_is_logged_and_shown_later(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await redisclose(node, uuid4())
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    async with node.database.transaction() as tx:
        await tx.execute(update(DisclosureCopyRow).values(logged=False))
    assert await listed(node, district(node)) == ()
    size = node.sequencer.size
    await copies.make_due(node.app, now=clock())
    assert node.sequencer.size == size
    assert len(await listed(node, district(node))) == 1


@pytest.mark.requirement("LOG-COPIES")
async def test_two_that_make_copies_at_once_put_each_disclosure_into_one(node: AuditNode, clock: StandingClock) -> None:
    await redisclose(node, *[uuid4() for _ in range(20)])
    await redisclose(node, *[uuid4() for _ in range(20)], organisation=ELM)
    clock.advance(days=8)
    await asyncio.gather(*(copies.make_due(node.app, now=clock()) for _ in range(4)))
    async with node.database.reading() as tx:
        rows = (await tx.execute(select(DisclosureCopyRow.organisation_id, DisclosureCopyRow.entries, DisclosureCopyRow.logged))).all()
        assert await tx.scalar(select(func.count()).select_from(RedisclosureRow).where(RedisclosureRow.copy_id.is_(None))) == 0
    assert sorted(map(tuple, rows)) == [(OAK, 20, True), (ELM, 20, True)]


async def test_a_district_with_many_gets_several_copies(node: AuditNode, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    await give_organisations(node)
    monkeypatch.setattr(copies, "MOST_OF_A_COPY", 2)
    await redisclose(node, *[uuid4() for _ in range(5)])
    clock.advance(days=8)
    assert await copies.make_due(node.app, now=clock()) == 3
    assert sorted(one.entries for one in await listed(node, district(node))) == [1, 2, 2]


async def test_of_two_who_give_a_copy_the_first_is_on_record(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    await redisclose(node, uuid4())
    clock.advance(days=8)
    await copies.make_due(node.app, now=clock())
    async with node.database.reading() as tx:
        (row,) = (await tx.scalars(select(DisclosureCopyRow))).all()
    for to in ("the registrar", "somebody else"):
        await copies.give(node.app, row, copies.JOB, to=to, at=clock())
        clock.advance(days=1)
    (copy,) = await listed(node, district(node))
    assert (copy.given_to, copy.given_at) == ("the registrar", clock() - timedelta(days=2))
