"""A transcript and a copy to carry leave once for one key: the same request is told the same document, and the log has it once."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from node.synthetic import SyntheticStudent
from services.records.answered_once import forget_answers
from services.records.exchange.exchange import Exchange
from services.records.exchange.milestones import DocumentMilestone, Milestone
from services.records.reading import read_record
from services.records.shredding import Shredder
from services.records.tables import (
    OWN,
    IdempotencyRow,
    IssuedCredentialRow,
    KeptAnswerRow,
    SectionRow,
    StudentRow,
)
from shared.idempotency import KEPT
from shared.in_process import Answer
from tests.records.both_engines import running as running
from tests.records.one_state import DISTRICT, OneState, problem, some_students

pytestmark = pytest.mark.anyio

SCOPE: Final = "rights:act"
DOCUMENTS: Final = {"transcripts": 201, "hand-carry-copies": 200}
"""What is sent to below a student, and what it is answered with."""

each_document = pytest.mark.parametrize("document", DOCUMENTS)


def a_childs(student: SyntheticStudent) -> bool:
    """Of the district, with finished courses, and not of age: its rights are its parents'."""
    record = student.load.record
    ordinary = student.case is None and student.twin_of is None and student.district.key == DISTRICT
    born = record.identity.birth_date if record.identity is not None else None
    finished = record.academics is not None and record.academics.transcript
    return bool(ordinary and finished and born is not None and born.birth_date > date(2009, 1, 1))


@pytest.fixture(scope="module")
def children(running: OneState) -> Iterator[SyntheticStudent]:
    """Each once, on each engine."""
    return iter([one for one in some_students(400) if a_childs(one)])


@dataclass
class Cut:
    """Cuts the power at one milestone, once."""

    at: DocumentMilestone | None
    reached_: list[str] = field(default_factory=list)

    async def reached(self, milestone: Milestone | DocumentMilestone) -> None:
        self.reached_.append(milestone)
        if milestone == self.at:
            self.at = None
            raise OSError


@dataclass
class Asking:
    """A request for a document of one student, under its key."""

    state: OneState
    student_id: UUID
    document: str
    body: dict[str, Any]
    key: str = field(default_factory=lambda: str(uuid4()))

    async def ask(self, **others: Any) -> Answer:
        caller = self.state.district(DISTRICT, SCOPE)
        path = f"/v1/students/{self.student_id}/{self.document}"
        return await caller.send("POST", path, self.body | others, **{"idempotency-key": self.key})

    async def told(self) -> dict[str, Any]:
        answer = await self.ask()
        assert answer.status == DOCUMENTS[self.document], answer.body
        said: dict[str, Any] = json.loads(answer.body)
        return said

    async def logged(self) -> list[dict[str, Any]]:
        """What the log has of disclosures of the student."""
        await self.state.tell()
        entries = await self.state.logged("disclosure")
        return [dict(one.context or {}) for one in entries if str(self.student_id) in json.dumps(one.model_dump(mode="json"))]

    async def places(self) -> list[IssuedCredentialRow]:
        """Those of the student in status lists: one of a transcript, none of a copy."""
        return [row for row in await self.state.rows(IssuedCredentialRow) if row.student_id == self.student_id]

    async def kept(self) -> KeptAnswerRow:
        [row] = [row for row in await self.state.rows(KeptAnswerRow) if row.student_id == self.student_id]
        assert isinstance(row, KeptAnswerRow)
        return row

    async def left_once(self) -> bool:
        [entry] = await self.logged()
        places = await self.places()
        return len(places) == (self.document == "transcripts") and all(entry["about"] == f"credential:{row.id}" for row in places)


@pytest.fixture
async def asking(running: OneState, children: Iterator[SyntheticStudent]) -> Callable[[str], Any]:
    async def make(document: str) -> Asking:
        student = next(children)
        loaded = await running.district(DISTRICT, "records:load").load(student.load)
        await running.tell()
        exchange: Exchange = running.records.state.exchange
        async with exchange.database.reading() as tx:
            contacts = (await read_record(tx, exchange.vault, loaded.id)).record.contacts
        assert contacts is not None
        parent = next(one.person_id for one in contacts.guardians or () if one.rights is not None and one.rights.ended_on is None)
        identified = {"assurance_level": "ial2", "method": "in-person", "evidence_ref": "desk-17"}
        acting = {"person_id": str(parent), **identified, "authenticated_at": running.clock().isoformat()}
        return Asking(running, loaded.id, document, {"acting_for": acting})

    return make


@each_document
async def test_the_same_request_is_told_the_same_document_and_the_log_has_it_once(asking: Any, document: str) -> None:
    one = await asking(document)
    first, again = await one.ask(), await one.ask()
    assert (first.status, again.status) == (DOCUMENTS[document], DOCUMENTS[document]), first.body
    assert first.body == again.body
    assert await one.left_once()
    other = await one.ask(acting_for={**one.body["acting_for"], "evidence_ref": "desk-18"})
    assert (other.status, problem(other)) == (422, "idempotency-key-reused")
    elsewhere = await replace(one, key=one.key + "-1").ask()
    assert (elsewhere.status, elsewhere.body != first.body) == (DOCUMENTS[document], True), "another key is another disclosure"
    assert len(await one.logged()) == 2
    path = f"/v1/students/{one.student_id}/{document}"
    without = await one.state.district(DISTRICT, SCOPE).send("POST", path, one.body)
    assert (without.status, problem(without)) == (400, "idempotency-key-missing")


@each_document
async def test_of_many_at_once_one_leaves_and_all_are_told_of_it(asking: Any, document: str) -> None:
    one = await asking(document)
    answers = await asyncio.gather(*(one.ask() for _ in range(5)))
    assert Counter(answer.status for answer in answers) == {DOCUMENTS[document]: 5}
    assert len({answer.body for answer in answers}) == 1
    assert await one.left_once()


@each_document
@pytest.mark.parametrize("milestone", ["document after_place", "document after_keep", "document after_append"])
async def test_what_was_cut_short_is_gone_on_with_where_it_was(asking: Any, document: str, milestone: DocumentMilestone) -> None:
    one = await asking(document)
    exchange: Exchange = one.state.records.state.exchange
    unwatched, exchange.milestones = exchange.milestones, Cut(milestone)
    try:
        if document == "transcripts" or milestone != "document after_place":
            assert (await one.ask()).status == 500
        told = await one.told()
    finally:
        exchange.milestones = unwatched
    assert await one.told() == told
    assert await one.left_once()


@each_document
async def test_what_the_log_has_not_heard_of_is_told_to_nobody_and_later_once(asking: Any, document: str) -> None:
    one = await asking(document)
    with one.state.audit_gone():
        refused = await one.ask()
    assert (refused.status, problem(refused)) == (503, "log-unavailable")
    assert await one.logged() == []
    told = await one.told()
    with one.state.audit_gone():
        assert problem(await one.ask()) == "log-unavailable", "that it was logged is not believed, but asked"
    assert await one.told() == told
    assert await one.left_once()


@each_document
async def test_what_was_decided_too_long_ago_is_decided_again_and_leaves_once(asking: Any, document: str) -> None:
    one = await asking(document)
    with one.state.audit_gone():
        await one.ask()
    never_told = await one.kept()
    one.state.clock.advance(hours=1)
    told = await one.told()
    one.state.clock.advance(hours=1)
    assert await one.told() == told, "once it is in the log, nothing is decided again"
    kept = await one.kept()
    assert (kept.id, kept.sealed != never_told.sealed) == (never_told.id, True)
    assert await one.left_once()


@each_document
async def test_the_record_may_change_meanwhile_and_the_document_stays(asking: Any, document: str) -> None:
    one = await asking(document)
    told = await one.told()
    async with one.state.records.state.database.transaction() as tx:
        await tx.execute(delete(SectionRow).where(SectionRow.student_id == one.student_id, SectionRow.section == "academics"))
    assert await one.told() == told


@each_document
async def test_what_was_destroyed_since_is_not_told_again(asking: Any, document: str) -> None:
    whole, part = await asking(document), await asking(document)
    state = whole.state.records.state
    shredder = Shredder(state.vault, state.outbox, state.clock, about="destruction:test", jurisdiction="US-XA")
    source = uuid4()
    async with state.database.transaction() as tx:
        student, own = await tx.get_one(StudentRow, part.student_id), await tx.get_one(SectionRow, (part.student_id, "identity", OWN))
        key, place = state.vault.data_key(student.id, student.wrapped_key), {"section": own.section, "version": own.version}
        sealed = key.seal(key.open(own.sealed, source=OWN, **place), source=str(source), **place)
        tx.add(SectionRow(student_id=student.id, source=str(source), sealed=sealed, **place))
    await whole.told()
    await part.told()
    async with state.database.transaction() as tx:
        await shredder.student(tx, whole.student_id)
    async with state.database.transaction() as tx:
        await shredder.copy(tx, source)
    for one, code in ((whole, "no-such-student"), (part, "not-found")):
        again = await one.ask()
        assert (again.status, problem(again)) == (404, code)
        assert len(await one.logged()) == 1
    kept = {row.student_id: row.sealed for row in await whole.state.rows(KeptAnswerRow)}
    assert (whole.student_id in kept, kept[part.student_id]) == (False, b"")


async def test_what_is_destroyed_while_a_document_is_made_does_not_leave_with_it(asking: Any) -> None:
    one = await asking("transcripts")
    state = one.state.records.state
    exchange: Exchange = state.exchange

    @dataclass
    class Destroying(Cut):
        async def reached(self, milestone: Milestone | DocumentMilestone) -> None:
            async with state.database.transaction() as tx:
                student = await tx.get_one(StudentRow, one.student_id)
                _, student.wrapped_key = state.vault.new_data_key(one.student_id)

    unwatched, exchange.milestones = exchange.milestones, Destroying(None)
    try:
        answer = await one.ask()
    finally:
        exchange.milestones = unwatched
    assert (answer.status, problem(answer)) == (503, "temporarily-unavailable")
    assert await one.logged() == []


@each_document
async def test_who_no_longer_keeps_the_record_is_told_nothing_again(asking: Any, document: str) -> None:
    one = await asking(document)
    await one.told()
    async with one.state.records.state.database.transaction() as tx:
        (await tx.get_one(StudentRow, one.student_id)).custodian_id = uuid4()
    again = await one.ask()
    assert (again.status, problem(again)) == (404, "no-such-student")


@each_document
async def test_what_is_kept_is_sealed_and_gone_with_its_key_after_a_day(asking: Any, document: str) -> None:
    one = await asking(document)
    told = await one.told()
    database, now = one.state.records.state.database, one.state.clock()
    kept = await one.kept()
    assert kept.expires_at - now <= KEPT
    assert not [word for word in (b'"event"', b"credential", b"disclosure", str(one.student_id).encode()) if word in kept.sealed]
    await forget_answers(database, now + KEPT - timedelta(seconds=1))
    assert await one.told() == told
    await forget_answers(database, now + KEPT)
    async with database.reading() as tx:
        assert await tx.get(KeptAnswerRow, kept.id) is None
        assert (await tx.scalars(select(IdempotencyRow).where(IdempotencyRow.key == one.key))).first() is None
    assert await one.told() != told
    assert len(await one.logged()) == 2
