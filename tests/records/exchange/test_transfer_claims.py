"""Who else claims a child, as the store has it, on both engines; and that two who come at once are told apart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, select, update

from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.wire_exchange import EnrollmentEvidence
from services.records.exchange.states import Request
from services.records.exchange.stored_rows import changing
from services.records.tables import ClaimEndRow, PeerRequestRow, StudentRow
from services.records.transfers.agreement import STANDS_FOR, Membership, SendingSide, StandingClaim, competing, disagreements
from services.records.transfers.holding import require_unclaimed
from services.records.transfers.sending_side import claims_now
from shared.database import Database
from shared.group_commit import Write, Writing
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.test_chain_rows import CEDAR, NOON, STUDENT, asked, store
from tests.sdk.exchange import ALDER, BIRCH
from tests.sdk.exchange import PERSON as CHILD
from tests.shared.test_group_commit import group_commit
from tests.stores import at_head

pytestmark = pytest.mark.anyio

TODAY = NOON.date()


def evidence(entry_date: date = TODAY, *, organisation: str = "district", nces_id: str | None = None) -> EnrollmentEvidence:
    said = new_request(CHILD, holder=ALDER, district=uuid4(), now=NOON).evidence.model_dump()
    receiving = {**said["receiving_organisation"], "id": organisation, "nces_id": nces_id}
    return EnrollmentEvidence.model_validate({**said, "entry_date": entry_date, "receiving_organisation": receiving})


def claim(by: str = CEDAR, **about: object) -> StandingClaim:
    return StandingClaim(uuid4(), by, uuid4(), evidence(**about))  # type: ignore[arg-type]  # by name


def side(*enrolled: Membership, last_exit: str | None = None, claims: tuple[StandingClaim, ...] = ()) -> SendingSide:
    return SendingSide(enrolled or (Membership(date(2025, 8, 1)),), last_exit, claims)


@pytest.mark.requirement("EX-evidence")
def test_a_child_who_is_enrolled_here_or_was_withdrawn_may_move() -> None:
    for held in (side(), side(Membership(date(2025, 8, 1), TODAY)), side(Membership(TODAY))):
        assert disagreements(evidence(), BIRCH, held, TODAY) == ()
    assert disagreements(evidence(), BIRCH, SendingSide((), None, ()), TODAY) == ("not-enrolled-here",)
    later = side(Membership(TODAY + timedelta(days=1)))
    assert disagreements(evidence(), BIRCH, later, TODAY) == ("concurrent-enrollment",)


@pytest.mark.parametrize(("until", "found"), [(-1, ()), (0, ("concurrent-enrollment",)), (200, ("concurrent-enrollment",))])
def test_an_enrolment_since_a_later_day_is_a_conflict_until_its_own_end_has_come(until: int, found: tuple[str, ...]) -> None:
    """Many a system gives each enrolment the end of its school year."""
    claimed = evidence(TODAY - timedelta(days=30))
    held = side(Membership(TODAY - timedelta(days=20), TODAY + timedelta(days=until)))
    assert disagreements(claimed, BIRCH, held, TODAY) == found


@pytest.mark.parametrize("code", ["73064", "01923", "Died", "Student died"])
def test_however_a_source_spells_it_a_child_who_died_is_a_persons(code: str) -> None:
    assert disagreements(evidence(), BIRCH, side(last_exit=code), TODAY) == ("recorded-as-deceased",)


def test_a_claim_of_another_district_competes_until_half_a_year_after_its_day() -> None:
    other = claim(entry_date=TODAY - timedelta(days=10))
    assert competing(evidence(), BIRCH, [other], TODAY) == (other,)
    ends = other.evidence.entry_date + STANDS_FOR
    assert competing(evidence(), BIRCH, [other], ends) == (other,)
    assert competing(evidence(), BIRCH, [other], ends + timedelta(days=1)) == ()


def test_one_organisation_that_asks_again_and_schools_of_one_district_are_one_claimant() -> None:
    mine = evidence(organisation="school", nces_id="430000100001")
    same = [claim(BIRCH, organisation="school"), claim(BIRCH, organisation="district", nces_id="4300001")]
    assert competing(mine, BIRCH, same, TODAY) == ()
    others = (claim(BIRCH, organisation="elm", nces_id="4300002"), claim(CEDAR, organisation="school", nces_id="4300001"))
    assert competing(mine, BIRCH, others, TODAY) == others


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    database = Database(url)
    yield database
    await database.close()


def student(identifier: UUID = STUDENT) -> StudentRow:
    about = {"custodian_id": uuid4(), "originating_agency": "oak", "wrapped_key": b"", "version": 1, "facts_version": 1}
    return StudentRow(id=identifier, **about, created_at=NOON, changed_at=NOON)


async def test_a_claim_that_has_ended_or_was_closed_unanswered_does_not_stand(database: Database) -> None:
    about = {"student_id": STUDENT, "particulars": b"sealed"}
    standing, ended = asked(**about), asked(**about, requester=CEDAR)
    closed = asked(**about, exchange_id=uuid4(), state=Request.CLOSED)
    other = asked(**{**about, "student_id": None}, exchange_id=uuid4())
    await store(database, student(), standing, ended, closed, other, ClaimEndRow(request_id=ended.id, ended_by="peer", ended_at=NOON))
    assert await database.write(lambda connection: claims_now(connection, [STUDENT])) == {STUDENT: {standing.id}}


async def test_a_record_that_was_destroyed_is_nobodys_claim(database: Database) -> None:
    await store(database, student())
    assert await database.write(lambda connection: claims_now(connection, [STUDENT, uuid4()])) == {STUDENT: frozenset()}


async def test_of_two_that_come_at_once_the_second_waits_and_sees_the_first(database: Database) -> None:
    requests = [asked(particulars=b"sealed", requester=peer) for peer in (BIRCH, CEDAR)]
    await store(database, student(), *requests)

    def take(mine: UUID) -> Callable[[Connection], frozenset[UUID]]:
        def take(connection: Connection) -> frozenset[UUID]:
            others = claims_now(connection, [STUDENT])[STUDENT]
            connection.execute(update(PeerRequestRow).where(PeerRequestRow.id == mine).values(student_id=STUDENT))
            return others

        return take

    seen = await asyncio.gather(*(database.write(take(request.id)) for request in requests))
    assert sorted(map(len, seen)) == [0, 1]


@pytest.mark.parametrize("known", [False, True], ids=["unseen", "seen"])
async def test_of_two_answers_in_one_transaction_that_give_one_childs_record_one_is_put_off_and_others_are_stored(
    database: Database, known: bool
) -> None:
    other_child = uuid4()
    requests = [asked(particulars=b"sealed", requester=peer, exchange_id=uuid4()) for peer in (BIRCH, CEDAR, CEDAR)]
    await store(database, student(), student(other_child), *requests)
    write = group_commit(database)
    claims = [StandingClaim(one.id, one.requester, one.exchange_id, evidence()) for one in requests[:2]] if known else []

    def answer(request: PeerRequestRow, child: UUID) -> Write[None]:
        def follow(tx: Writing) -> None:
            require_unclaimed(tx, child, request.id, claims)
            tx.expect(changing(PeerRequestRow, request.id, when=(Request(request.state),), student_id=child), AssertionError())

        return follow

    children = (STUDENT, STUDENT, other_child)
    answers = [write(answer(request, child)) for request, child in zip(requests, children, strict=True)]
    stored = await asyncio.gather(*answers, return_exceptions=True)
    assert [type(one) for one in stored] == [type(None), type(None) if known else TemporarilyUnavailable, type(None)]
    async with database.reading() as tx:
        held = {row.id: row.student_id for row in (await tx.scalars(select(PeerRequestRow))).all()}
    assert [held[request.id] for request in requests] == [STUDENT, STUDENT if known else None, other_child]


async def test_a_record_that_was_destroyed_while_its_answer_was_made_does_not_leave(database: Database) -> None:
    request = asked(particulars=b"sealed")
    await store(database, request)
    with pytest.raises(TemporarilyUnavailable, match="destroyed"):
        await group_commit(database)(lambda tx: require_unclaimed(tx, STUDENT, request.id, []))
