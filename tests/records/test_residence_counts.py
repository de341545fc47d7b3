"""The students of a blast radius are counted by where they live: a thousand a call, once on the log, and nobody's address is told."""

import json
import logging
from collections import Counter
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, update

from safepassage.record.loads import NewStudent
from safepassage.wire_residence import ResidenceCount, Residents
from services.audit import radius_counts, radius_parts
from services.audit.tables import RadiusCountRow
from services.records.residence import ELSEWHERE, UNKNOWN
from services.records.residence_counts import Totals, residents
from services.records.tables import EnrollmentRow, SectionRow, StudentRow
from shared.in_process import Answer, call
from shared.internal_token import HEADER
from tests.records.both_engines import running  # noqa: F401  every test here is on both engines
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, STATE_AGENCY, VENDOR, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

PATH = "/v1/residence-counts"
SCOPES = ("records:residence", "audit:search")
STREET = "77 Canary Wharf Lane"
WINDOW = {"touched_from": "2026-10-01T00:00:00Z", "touched_until": "2026-11-01T00:00:00Z"}


def state_agency(alder: OneState, *scopes: str, client_id: str = "officer", **details: str) -> Caller:
    return alder.caller(STATE_AGENCY, "sea", *(scopes or SCOPES), client_id=client_id, **(details or {"purpose": "audit-evaluation"}))


def district(alder: OneState, key: str = DISTRICT) -> Caller:
    return alder.district(key, *SCOPES)


async def loaded(alder: OneState, *homes: str | None, key: str = DISTRICT, by: str) -> list[UUID]:
    """Students of a district who live in these states (None: nobody says where), loaded by a client of the district's."""
    drawn = [one for one in some_students(60) if one.district.key == key][: len(homes)]
    assert len(drawn) == len(homes)
    loader = alder.caller(alder.by_key[key], "lea", "records:load", client_id=by)
    students = []
    for number, (one, home) in enumerate(zip(drawn, homes, strict=True)):
        new = one.load.model_dump(mode="json", exclude_none=True)
        nowhere = {"emails": [{"address": "a@b.example"}]}
        said = {"addresses": [{"street": STREET, "city": "Canary", "state": home}]} if home else nowhere
        new["record"]["contacts"] = said
        new["source_id"] = f"{by}-{number}"
        students.append((await loader.load(NewStudent.model_validate(new))).id)
    await alder.tell()
    return students


async def counted(alder: OneState, caller: Caller, client: str, count: UUID | None = None) -> UUID:
    """The blast radius of a client, counted for the caller."""
    count = count or uuid4()
    audit = alder.node.applications["audit"]
    await audit.state.projector.catch_up()
    headers = {"content-type": "application/json", HEADER: alder.gateway.for_caller("audit", caller.claims, alder.clock())}
    path = f"/v1/log/blast-radius/counts/{count}"
    answer = await call(audit, "PUT", path, query="wait=5", headers=headers, body=json.dumps({"client_id": client, **WINDOW}).encode())
    assert json.loads(answer.body)["found"], answer.body
    return count


async def ask(caller: Caller, count: UUID, cursor: str | None = None, **more: str) -> Answer:
    return await caller.send("POST", PATH, {"count_id": str(count), **more}, query="" if cursor is None else f"cursor={cursor}")


async def step(caller: Caller, count: UUID, cursor: str | None = None, **more: str) -> ResidenceCount:
    answer = await ask(caller, count, cursor, **more)
    assert answer.status == 200, answer.body
    return ResidenceCount.model_validate_json(answer.body)


async def found_by(caller: Caller, count: UUID, **more: str) -> Residents:
    at = await step(caller, count, **more)
    while at.found is None:
        at = await step(caller, count, at.goes_on, **more)
    return at.found


def by_state(found: Residents) -> dict[str, int]:
    assert found.students == sum(one.students for one in found.states) + found.elsewhere + found.unknown
    return {one.state: one.students for one in found.states} | {"elsewhere": found.elsewhere, "unknown": found.unknown}


async def countings(alder: OneState) -> list[Any]:
    return [one for one in await alder.logged("read") if one.context is not None and one.context["operation"] == "residence-count"]


async def test_students_are_counted_by_the_state_where_they_live_and_not_by_that_of_who_was_told(alder: OneState) -> None:
    await loaded(alder, "XA", "XA", "XB", None, "CO", by="stolen-1")
    await loaded(alder, "XB", key=OTHER_DISTRICT, by="stolen-1")
    officer = state_agency(alder)
    found = await found_by(officer, await counted(alder, officer, "stolen-1"))
    assert by_state(found) == {"XA": 2, "XB": 2, "CO": 1, "elsewhere": 0, "unknown": 1}
    assert [one.state for one in found.states] == ["XA", "XB", "CO"]


async def test_a_counting_goes_on_call_by_call_is_logged_once_and_is_told_again_without_being_done_again(
    alder: OneState, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (radius_counts, radius_parts):
        monkeypatch.setattr(module, "AT_ONCE_IN_A_PART", 2)
    students = await loaded(alder, "XA", "XB", "XB", "XB", None, by="stolen-2")
    officer = state_agency(alder)
    count, before = await counted(alder, officer, "stolen-2"), len(await countings(alder))
    steps = [await step(officer, count)]
    while steps[-1].found is None:
        steps.append(await step(officer, count, steps[-1].goes_on))
    assert [(one.looked_at, one.of, one.found is None) for one in steps] == [(2, 5, True), (4, 5, True), (5, 5, False)]
    assert by_state(steps[-1].found) == {"XA": 1, "XB": 3, "elsewhere": 0, "unknown": 1}  # type: ignore[arg-type]  # the last has it
    entries = (await countings(alder))[before:]
    assert len(entries) == 1
    context, actor = entries[0].context, entries[0].actor
    assert context is not None
    assert actor is not None
    assert (context["count"], context["purpose"], context["elements"]) == (5, "audit-evaluation", ["contacts.addresses"])
    assert context["about"] == f"radius-count:{count}"
    assert actor["client_id"] == "officer"
    assert entries[0].student_ids == ()
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(SectionRow).where(SectionRow.student_id.in_(students)).values(sealed=b"broken"))
    with alder.audit_gone():
        assert await step(officer, count, steps[-1].goes_on) == steps[-1], "told again of what was counted, from no record"
    assert len(await countings(alder)) == before + 1


async def test_a_notice_is_counted_from_the_discovery_and_by_who_lives_there(alder: OneState) -> None:
    await loaded(alder, "CO", *[None] * 2, by="stolen-3")
    officer = state_agency(alder)
    found = await found_by(officer, await counted(alder, officer, "stolen-3"), discovered_at="2026-10-20T00:00:00Z")
    (colorado,) = found.states
    notices = {one.duty: one for one in colorado.notices}
    people = notices["breach-people-told-co-agency"]
    assert people.due_at is not None
    assert (people.owed, people.due_at.isoformat()) == (True, "2026-11-19T00:00:00+00:00")
    assert not notices["breach-authority-told-co-contractor-attorney-general"].owed


@pytest.mark.parametrize(("there", "unknown", "owed"), [(500, 0, True), (499, 0, False), (1, 499, True), (1, 498, False)])
def test_those_of_whom_it_is_not_known_count_for_whether_a_notice_is_owed(there: int, unknown: int, owed: bool) -> None:
    by = Counter({"CO": there, "XB": 1_000, UNKNOWN: unknown, ELSEWHERE: 600})
    found = residents(Totals(NOON.date(), 1, 1, by.total(), by.total(), by), None, ZoneInfo("UTC"))
    (colorado,) = [one for one in found.states if one.state == "CO"]
    (general,) = [one for one in colorado.notices if one.duty == "breach-authority-told-co-contractor-attorney-general"]
    assert (general.from_people, general.owed, colorado.students) == (500, owed, there)


async def test_what_was_counted_anew_meanwhile_is_begun_again(alder: OneState, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (radius_counts, radius_parts):
        monkeypatch.setattr(module, "AT_ONCE_IN_A_PART", 2)
    await loaded(alder, "XA", "XB", "XB", by="stolen-11")
    officer = state_agency(alder)
    count = await counted(alder, officer, "stolen-11")
    cursor = (await step(officer, count)).goes_on
    async with alder.node.applications["audit"].state.database.transaction() as tx:
        await tx.execute(delete(RadiusCountRow))
    assert problem(await ask(officer, count, cursor)) == "no-such-count"
    await loaded(alder, "XA", key=OTHER_DISTRICT, by="stolen-11")
    await counted(alder, officer, "stolen-11", count)
    assert problem(await ask(officer, count, cursor)) == "invalid-request"


@pytest.mark.requirement("BAD-foreign")
async def test_a_district_counts_its_own_students_alone(alder: OneState) -> None:
    await loaded(alder, "XA", "XB", by="stolen-4")
    await loaded(alder, "CO", "CO", key=OTHER_DISTRICT, by="stolen-4")
    own = district(alder)
    assert by_state(await found_by(own, await counted(alder, own, "stolen-4"))) == {"XA": 1, "XB": 1, "elsewhere": 0, "unknown": 0}


async def test_of_who_left_the_district_and_of_who_is_not_here_nothing_is_known(alder: OneState) -> None:
    gone, left, stays = await loaded(alder, "XA", "XB", "XA", by="stolen-5")
    own = district(alder)
    count = await counted(alder, own, "stolen-5")
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(delete(StudentRow).where(StudentRow.id == gone))
        elsewhere = alder.by_key[OTHER_DISTRICT]
        await tx.execute(update(StudentRow).where(StudentRow.id == left).values(custodian_id=elsewhere))
        await tx.execute(update(EnrollmentRow).where(EnrollmentRow.student_id == left).values(organisation_id=elsewhere))
    assert stays
    assert by_state(await found_by(own, count)) == {"XA": 1, "elsewhere": 0, "unknown": 2}


@pytest.mark.requirement("BAD-foreign")
async def test_what_another_had_counted_looks_absent_and_its_cursor_is_of_nobody_else(alder: OneState) -> None:
    await loaded(alder, "XA", by="stolen-6")
    officer = state_agency(alder)
    count = await counted(alder, officer, "stolen-6")
    cursor = (await step(officer, count)).goes_on
    for other in (state_agency(alder, client_id="another"), district(alder)):
        foreign, absent = await ask(other, count), await ask(other, uuid4())
        assert foreign.status == 404
        assert json.loads(foreign.body) | {"request_id": ""} == json.loads(absent.body) | {"request_id": ""}
        assert (await ask(other, count, cursor)).status == 422
    assert (await ask(officer, uuid4(), cursor)).status == 422


async def test_it_has_a_scope_of_its_own_and_a_state_agency_says_for_what(alder: OneState) -> None:
    await loaded(alder, "XA", by="stolen-7")
    officer = state_agency(alder)
    count = await counted(alder, officer, "stolen-7")
    for caller, code in (
        (state_agency(alder, "records:read:state", "records:read", "audit:search"), "not-permitted"),
        (state_agency(alder, "records:residence"), "not-permitted"),
        (alder.caller(STATE_AGENCY, "sea", *SCOPES, client_id="officer"), "purpose-missing"),
        (alder.caller(VENDOR, "vendor", *SCOPES, client_id="officer", purpose="instruction"), "not-permitted"),
    ):
        assert problem(await ask(caller, count)) == code


async def test_without_the_log_nothing_is_counted_and_of_a_broken_seal_nothing_is_told(alder: OneState) -> None:
    students = await loaded(alder, "XA", "XB", by="stolen-8")
    officer = state_agency(alder)
    count, before = await counted(alder, officer, "stolen-8"), len(await countings(alder))
    with alder.audit_gone():
        assert problem(await ask(officer, count)) == "log-unavailable"
    assert len(await countings(alder)) == before
    sequencer = alder.node.applications["audit"].state.sequencer
    sequencer.frozen = "a test"
    try:
        assert (await ask(officer, count)).status == 503
    finally:
        sequencer.frozen = None
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(SectionRow).where(SectionRow.student_id == students[0]).values(sealed=b"broken"))
    answer = await ask(officer, count)
    assert problem(answer) == "seal-broken"
    assert b"XB" not in answer.body


async def test_no_address_and_no_student_is_in_an_answer_a_line_or_an_entry(alder: OneState, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    students = await loaded(alder, "XA", "XB", by="stolen-9")
    officer = state_agency(alder)
    count = await counted(alder, officer, "stolen-9")
    caplog.clear()
    answer = await ask(officer, count)
    entry = (await countings(alder))[-1].model_dump_json()
    for word in (STREET, "Canary", *map(str, students)):
        assert word not in answer.body.decode()
        assert word not in entry
        assert word not in caplog.text
    assert NOON.date().isoformat() in answer.body.decode()


async def test_records_alone_asks_audit_whom_it_is_about(alder: OneState) -> None:
    await loaded(alder, "XA", by="stolen-10")
    officer = state_agency(alder)
    count = await counted(alder, officer, "stolen-10")
    headers = {HEADER: alder.gateway.for_caller("audit", officer.claims, alder.clock())}
    answer = await call(alder.node.applications["audit"], "GET", f"/internal/radius-counts/{count}/students", headers=headers)
    assert (answer.status, problem(answer)) == (403, "not-permitted")
