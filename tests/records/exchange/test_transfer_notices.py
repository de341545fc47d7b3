"""What became of a transfer is told to the node that sent the record: signed, sealed, logged before it leaves, and acknowledged."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from safepassage.claims import read_closed
from safepassage.notice import Notice
from safepassage.problems.transfers import NoticeOutOfPlace
from safepassage.wire_exchange import Official
from services.privacy.tables import SubjectRow
from services.records.exchange.states import Notice as State
from services.records.tables import ArrivedNoticeRow, EnrollmentRow, OutgoingNoticeRow
from services.records.transfers.notices import notice_row, tell
from shared.group_commit import Writing
from tests.links import linked, read_at
from tests.records.exchange.operators import given_up, letters
from tests.records.exchange.other_claimants import notices, say
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


async def filed(states: TwoStates) -> tuple[Case, UUID]:
    """A child's record came from Alder; with the student's id there."""
    child = states.child()
    student_id = await states.alder.load(child)
    case = await states.ask(child.selector)
    await states.settle()
    assert (await case.told()).state == "applied"
    return case, student_id


async def exits(states: TwoStates, student_id: UUID) -> set[date | None]:
    """When Alder's enrolments of the student end."""
    return {row.exit_date for row in await states.alder.rows(EnrollmentRow) if row.student_id == student_id}


async def facts_version(states: TwoStates, student_id: UUID) -> int:
    """Of what Alder's privacy knows of the student."""
    privacy = states.alder.node.applications["privacy"].state
    async with privacy.database.reading() as tx:
        version: int = (await tx.execute(select(SubjectRow.facts_version).where(SubjectRow.student_id == student_id))).scalar_one()
    return version


@pytest.mark.requirement("EX-notices")
async def test_that_the_child_came_ends_the_enrolment_at_the_sending_side_and_that_it_never_came_restores_it(states: TwoStates) -> None:
    case, student_id = await filed(states)
    today, version = states.clock().date(), await facts_version(states, student_id)
    told = await say(states, "new-district", case, "enrolled", on=today)
    assert (told.direction, told.state, told.node) == ("sent", "waiting", states.alder.entity_id)
    path = linked("records.create_exchange_request", "records.send_transfer_notice", await case.told())
    async with states.birch.client("new-district") as client:
        leads = linked("records.send_transfer_notice", "records.read_exchange_request", path=path)
        assert (await read_at(client, leads))["id"] == str(case.id)
    assert await exits(states, student_id) == {None}
    await states.settle()
    assert await exits(states, student_id) == {today - timedelta(days=1)}
    assert await facts_version(states, student_id) == version + 1
    there = (await notices(states.alder, "state-agency", case))["enrolled"]
    assert (there.direction, there.effective_on, there.student_id) == ("received", today, student_id)
    assert (await notices(states.birch, "new-district", case))["enrolled"].state == "delivered"
    await say(states, "new-district", case, "no-show")
    await states.settle()
    assert await exits(states, student_id) == {None}
    assert await facts_version(states, student_id) == version + 2


@pytest.mark.parametrize("first_day", [-5, 0, 5])
async def test_an_end_that_is_to_come_is_moved_to_the_day_before_and_is_what_it_was_once_the_child_never_came(
    states: TwoStates, first_day: int
) -> None:
    """Many a system gives each enrolment the end of its school year. An end that has come is the district's own word."""
    case, student_id = await filed(states)
    today = states.clock().date()
    year_ends, was_ended, there = today + timedelta(days=200), today - timedelta(days=2), today + timedelta(days=first_day)
    database = states.alder.records.state.database
    theirs = EnrollmentRow.student_id == student_id
    async with database.transaction() as tx:
        [school] = (await tx.scalars(select(EnrollmentRow.organisation_id).where(theirs))).all()
        await tx.execute(update(EnrollmentRow).where(theirs).values(exit_date=year_ends))
        tx.add(EnrollmentRow(student_id=student_id, organisation_id=school, entry_date=today - timedelta(days=900), exit_date=was_ended))
    await say(states, "new-district", case, "enrolled", on=there)
    await states.settle()
    assert await exits(states, student_id) == {was_ended, there - timedelta(days=1)}
    await say(states, "new-district", case, "no-show")
    await states.settle()
    assert await exits(states, student_id) == {was_ended, year_ends}


async def test_what_does_not_fit_to_the_exchange_is_not_sent(states: TwoStates) -> None:
    asked = await states.ask(states.child().selector)
    for kind in ("enrolled", "withdrawn"):  # nothing has come
        with pytest.raises(NoticeOutOfPlace):
            await say(states, "new-district", asked, kind)
    case, _ = await filed(states)
    await say(states, "new-district", case, "withdrawn")
    for kind in ("withdrawn", "enrolled", "no-show"):  # it is over
        with pytest.raises(NoticeOutOfPlace):
            await say(states, "new-district", case, kind)


async def test_for_a_child_who_never_came_nothing_leaves_though_it_was_said_before_anybody_looked(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    await case.deliver_request()
    told = await say(states, "new-district", case, "no-show")
    await states.birch.one("noticing", told.id)
    await states.settle()
    assert {one.kind for one in await case.envelopes()} == {"not-provided"}


async def waiting(states: TwoStates, case: Case) -> OutgoingNoticeRow:
    [row] = [row for row in await states.birch.rows(OutgoingNoticeRow) if row.exchange_id == case.id]
    assert isinstance(row, OutgoingNoticeRow)
    return row


async def test_it_is_in_the_log_before_a_connection_is_opened_and_comes_when_the_peer_is_back(states: TwoStates) -> None:
    case, student_id = await filed(states)
    told = await say(states, "new-district", case, "enrolled")
    async with states.birch.without("audit"):
        await states.birch.one("noticing", told.id)
    assert (await waiting(states, case)).state == State.SEALED
    assert [row for row in await states.alder.rows(ArrivedNoticeRow) if row.exchange_id == case.id] == []
    await states.alder.sleep()
    await states.birch.one("noticing", told.id)
    row = await waiting(states, case)
    assert (row.state, row.attempts) == (State.QUEUED, 2)
    await states.alder.wake()
    await states.birch.one("noticing", told.id)
    done = await waiting(states, case)
    assert (done.state, done.token) == (State.DELIVERED, row.token)
    [arrived] = [row for row in await states.alder.rows(ArrivedNoticeRow) if row.exchange_id == case.id]
    assert (arrived.taken, arrived.token, arrived.student_id) == (done.taken, row.token, student_id)


@pytest.mark.requirement("EX-notices")
async def test_the_same_notice_again_gets_the_same_receipt_and_has_its_effect_once(states: TwoStates) -> None:
    case, student_id = await filed(states)
    told = await say(states, "new-district", case, "enrolled")
    await states.settle()
    version, first = await facts_version(states, student_id), await waiting(states, case)
    member = states.birch.exchange.trust.member(states.alder.entity_id)
    again = await states.birch.exchange.deliveries.hand_over(member, "notices", (first.token or "").encode())
    assert (again.status, again.body.decode()) == (200, first.taken)
    await states.settle()
    assert await facts_version(states, student_id) == version
    assert told.id == first.id


@pytest.mark.requirement("EX-letters", "EX-notices")
async def test_a_notice_that_nobody_takes_and_one_that_is_refused_are_letters(states: TwoStates) -> None:
    case, _ = await filed(states)
    told = await say(states, "new-district", case, "enrolled")
    await states.alder.sleep()
    await states.birch.one("noticing", told.id)
    async with states.birch.exchange.database.transaction() as tx:
        over = update(OutgoingNoticeRow).where(OutgoingNoticeRow.id == told.id).values(expires_at=states.clock())
        await tx.execute(over)
    await states.birch.one("noticing", told.id)
    await states.alder.wake()
    assert (await waiting(states, case)).state == State.EXPIRED
    letter = (await letters(states.birch))[told.id]
    assert (letter.kind, letter.code, letter.peer, letter.exchange_id) == ("notice", "expired", states.alder.entity_id, case.id)
    assert letter.can == ("give-up",)
    assert (await given_up(states.birch, told.id)).state == "given-up"
    nobodys = uuid4()
    assert await sent(states, nobodys, "concurrent-claims") == "other-exchange"
    [refused] = [one for one in (await letters(states.birch)).values() if one.exchange_id == nobodys]
    assert (refused.kind, refused.code, refused.can) == ("notice", "other-exchange", ("give-up",))


async def sent(states: TwoStates, exchange_id: UUID, kind: Any, **more: Any) -> str | None:
    """The problem with which Alder refuses a notice of Birch's, made past Birch's own rules; None where it takes it."""
    exchange, now = states.birch.exchange, states.clock()
    about = {"exchange_id": exchange_id, "peer": states.alder.entity_id, "organisation_id": uuid4(), "student_id": None, **more}
    row = notice_row(exchange, **about, kind=kind, now=now)  # type: ignore[arg-type]  # by name

    def store(tx: Writing) -> None:
        tell(tx, exchange, row)

    await exchange.write(store)
    await states.birch.one("noticing", row.id)
    [held] = [one for one in await states.birch.rows(OutgoingNoticeRow) if one.id == row.id]
    assert held.state in (State.REFUSED, State.DELIVERED)
    code: str | None = held.problem_code
    return code


async def test_a_notice_of_the_other_sides_kind_or_of_no_exchange_of_both_is_refused(states: TwoStates) -> None:
    case, _ = await filed(states)
    assert await sent(states, case.id, "concurrent-claims") == "notice-not-yours"
    assert await sent(states, uuid4(), "concurrent-claims") == "other-exchange"


async def test_what_is_told_is_in_clear_neither_on_the_wire_nor_in_a_store(states: TwoStates) -> None:
    case, _ = await filed(states)
    await say(states, "new-district", case, "no-show")
    await states.settle()
    row = await waiting(states, case)
    claims = read_closed((row.claims or "").encode(), model=Notice)
    assert "no-show" not in claims.model_dump_json()
    assert "no-show" not in row.event
    for state in (states.alder, states.birch):
        for file in (state.folder.path / "data").rglob("records*"):
            assert b"no-show" not in file.read_bytes()


@pytest.mark.parametrize("said_anew", [False, True])
async def test_another_makers_node_may_correct_the_first_day_and_a_child_that_never_came_is_enrolled_as_before(
    states: TwoStates, said_anew: bool
) -> None:
    """`said_anew`: in between the district's own system says again that the enrolment goes on."""
    case, student_id = await filed(states)
    today = states.clock().date()
    about: dict[str, Any] = {"official": Official(role="registrar", pairwise_id="official-1", attested_at=states.clock())}
    assert await sent(states, case.id, "enrolled", effective_on=today + timedelta(days=9), **about) is None
    if said_anew:
        theirs = update(EnrollmentRow).where(EnrollmentRow.student_id == student_id)
        async with states.alder.records.state.database.transaction() as tx:
            await tx.execute(theirs.values(exit_date=today + timedelta(days=200)))
    assert await sent(states, case.id, "enrolled", effective_on=today + timedelta(days=5), **about) is None
    assert await exits(states, student_id) == {today + timedelta(days=4)}
    assert await sent(states, case.id, "no-show", effective_on=today, **about) is None
    assert await exits(states, student_id) == {today + timedelta(days=200) if said_anew else None}
