"""Destroying records: what went opens in no copy of the store, older ones too, and what stays is as it was."""

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, insert, select

from safepassage.problems.records import NoSuchStudent, SealBroken, StudentInExchange
from services.records.exchange.states import Outgoing, Request
from services.records.formats.parsed import KeptStudent
from services.records.permanent_record import PERMANENT
from services.records.reading import read_received, read_record
from services.records.roster_keeping import RosterKeeping
from services.records.shredding import Shredded, Shredder
from services.records.subject_facts import EnrolledAt
from services.records.tables import (
    EnrollmentRow,
    OutboxRow,
    OutgoingEnvelopeRow,
    PeerRequestRow,
    PseudonymRow,
    SectionRow,
    StudentRow,
    TagRow,
)
from services.records.vault import Vault, of_exchange
from services.records.vault_rotation import rewrap_data_keys
from shared.key_encryption import FileKeyProvider, WrappedKeyRefused, version_of
from shared.keys import read_symmetric_key
from tests.conftest import StandingClock
from tests.records.test_storing import LEA, NOON, SCHOOL, Store, arriving, store
from tests.records.whole_record import whole_record

__all__ = ["store"]

pytestmark = pytest.mark.anyio

PERSONAL = (StudentRow, SectionRow, TagRow, EnrollmentRow)


@pytest.fixture
def keys(tmp_path: Path, node_keys: Path) -> Path:
    """The folder of keys of a service that may change them."""
    shutil.copytree(node_keys / "records", tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def own(store: Store, keys: Path) -> Store:
    """The store, under keys that the test changes."""
    store.vault = store.outbox.sealing = Vault.of(keys)
    return store


def shredder(own: Store) -> Shredder:
    return Shredder(own.vault, own.outbox, StandingClock(NOON), about="destruction:1", jurisdiction="US-XA")


async def all_rows(own: Store) -> dict[Any, list[dict[str, Any]]]:
    """A copy of what is stored of students, as a backup has it."""
    async with own.database.reading() as tx:
        return {row: [dict(one) for one in (await tx.execute(select(row.__table__))).mappings()] for row in PERSONAL}


async def restore(own: Store, backup: dict[Any, list[dict[str, Any]]]) -> None:
    async with own.database.transaction() as tx:
        await tx.execute(delete(StudentRow))
        for row, values in backup.items():
            await tx.execute(insert(row), values)


async def change_the_key(own: Store, keys: Path) -> None:
    """As an operator does: the next version, everything wrapped again, the version before destroyed; then a new process."""
    provider = FileKeyProvider(keys / "key-encryption")
    older = provider.version
    provider.rotate()
    own.vault = own.outbox.sealing = Vault.of(keys)
    await rewrap_data_keys(own.database, own.vault)
    provider.destroy(older)
    own.vault = own.outbox.sealing = Vault.of(keys)


async def reads(own: Store, students: Sequence[UUID]) -> list[bool]:
    """Whether the record of each opens."""
    opened = []
    async with own.database.reading() as tx:
        for student_id in students:
            try:
                await read_record(tx, own.vault, student_id)
            except (SealBroken, NoSuchStudent):
                opened.append(False)
            else:
                opened.append(True)
    return opened


@pytest.mark.requirement("KEYS-shredded")
async def test_a_destroyed_record_opens_in_no_copy_of_the_store(own: Store, keys: Path) -> None:
    gone, stays = [one.student_id for one in await own.store(arriving(), arriving(whole_record(start=500_000)))]
    oldest = await all_rows(own)
    async with own.database.transaction() as tx:
        assert await shredder(own).student(tx, gone) == Shredded(1, 0)
    assert await reads(own, [gone, stays]) == [False, True]
    await restore(own, oldest)
    assert await reads(own, [gone, stays]) == [True, True], "deleting alone destroys nothing in a backup"
    async with own.database.transaction() as tx:
        await shredder(own).student(tx, gone)
    await change_the_key(own, keys)
    assert await reads(own, [gone, stays]) == [False, True]
    await restore(own, oldest)
    assert await reads(own, [gone, stays]) == [False, False]


async def test_nothing_of_a_destroyed_student_is_left_in_any_table_and_the_log_is_told(own: Store) -> None:
    gone, stays = [one.student_id for one in await own.store(arriving(), arriving(whole_record(start=500_000)))]
    async with own.database.transaction() as tx:
        tx.add(PseudonymRow(recipient_id=uuid4(), student_id=gone, pseudonym=uuid4()))
    async with own.database.transaction() as tx:
        await shredder(own).student(tx, gone)
    async with own.database.reading() as tx:
        for row in (*PERSONAL[1:], PseudonymRow):
            assert (await tx.scalars(select(func.count()).select_from(row).where(row.student_id == gone))).one() == 0
        assert (await tx.scalars(select(StudentRow.id))).all() == [stays]
        bodies = [own.vault.open_text(one) for one in (await tx.scalars(select(OutboxRow.body).where(OutboxRow.lane == "audit"))).all()]
    [told] = bodies
    assert f'"{gone}"' in told
    assert '"operation":"record-destroyed"' in told
    assert '"about":"destruction:1"' in told


@pytest.mark.requirement("KEYS-shredded")
async def test_a_destroyed_copy_opens_no_more_while_the_rest_of_the_student_does(own: Store, keys: Path) -> None:
    exchange = uuid4()
    [one] = await own.store(arriving())
    await own.store(arriving(student_id=one.student_id, source=str(exchange)))
    oldest = await all_rows(own)
    async with own.database.reading() as tx:
        before = await read_received(tx, own.vault, one.student_id, exchange)
        kept = await read_record(tx, own.vault, one.student_id)
    async with own.database.transaction() as tx:
        shredded = await shredder(own).copy(tx, exchange)
    assert shredded == Shredded(0, len([row for row in oldest[SectionRow] if row["source"] == str(exchange)]))
    await change_the_key(own, keys)
    async with own.database.reading() as tx:
        assert (await read_record(tx, own.vault, one.student_id)).record == kept.record
        with pytest.raises(NoSuchStudent):
            await read_received(tx, own.vault, one.student_id, exchange)
        [student] = (await tx.scalars(select(StudentRow))).all()
    # INVARIANT: the data key of today, which opens what stayed, opens nothing of the copy as a backup has it.
    key = own.vault.data_key(one.student_id, student.wrapped_key)
    for row in oldest[SectionRow]:
        with pytest.raises(SealBroken):
            key.open(row["sealed"], section=row["section"], source=row["source"], version=row["version"])
    await restore(own, oldest)
    assert await reads(own, [one.student_id]) == [False]
    assert before.record.identity is not None


@pytest.mark.requirement("KEYS-shredded")
async def test_what_is_not_of_the_permanent_record_opens_in_no_copy_of_the_store(own: Store, keys: Path) -> None:
    [one] = await own.store(arriving())
    await own.store(arriving(student_id=one.student_id, source=str(uuid4())))
    oldest = await all_rows(own)
    async with own.database.transaction() as tx:
        shredded = await shredder(own).but_permanent_record(tx, one.student_id)
    assert (shredded.students, shredded.permanent) == (0, True)
    assert shredded.parts == sum(row["section"] != "attendance" for row in oldest[SectionRow])  # of which all stays
    await change_the_key(own, keys)
    async with own.database.reading() as tx:
        assert (await read_record(tx, own.vault, one.student_id)).record.elements() == PERMANENT
        assert (await tx.scalars(select(TagRow))).all() == []
        [student] = (await tx.scalars(select(StudentRow))).all()
    assert student.facts_version == 0  # without a date of birth nothing is told of the student to anybody
    key = own.vault.data_key(one.student_id, student.wrapped_key)
    for row in oldest[SectionRow]:
        with pytest.raises(SealBroken):
            key.open(row["sealed"], section=row["section"], source=row["source"], version=row["version"])
    await restore(own, oldest)
    assert await reads(own, [one.student_id]) == [False]


async def test_what_is_kept_of_a_students_roster_opens_after_a_copy_was_destroyed(own: Store) -> None:
    [student] = await own.store(arriving())
    exchange = uuid4()
    await own.store(arriving(source=str(exchange), student_id=student.student_id))
    keeping = RosterKeeping(own.vault, organisation_id=LEA, source_system="SIS")
    async with own.database.transaction() as tx:
        kept = {"s-1": KeptStudent.of("s-1", {"users": {}})}
        await keeping.keep_students(tx, kept, {"s-1": student.student_id})
    async with own.database.transaction() as tx:
        await shredder(own).copy(tx, exchange)
    assert (await keeping.students(own.database, ["s-1"]))["s-1"].rows == {"users": {}}


async def test_a_student_of_whom_a_copy_was_all_goes_whole(own: Store) -> None:
    exchange = uuid4()
    [one] = await own.store(arriving(source=str(exchange)))
    async with own.database.transaction() as tx:
        assert await shredder(own).copy(tx, exchange) == Shredded(1, 0)
    assert await reads(own, [one.student_id]) == [False]


async def test_of_a_year_go_those_who_left_before_its_end_and_nobody_else(own: Store) -> None:
    enrolments = [
        (EnrolledAt(SCHOOL, date(2024, 8, 24), date(2025, 6, 5)),),
        (EnrolledAt(SCHOOL, date(2024, 8, 24), date(2025, 7, 1)),),
        (EnrolledAt(SCHOOL, date(2024, 8, 24), date(2025, 6, 5)), EnrolledAt(SCHOOL, date(2026, 8, 24))),
        (),
    ]
    stored = [
        (await own.store(arriving(whole_record(start=number * 100_000), enrolled=enrolled)))[0].student_id
        for number, enrolled in enumerate(enrolments, 1)
    ]
    async with own.database.transaction() as tx:
        day = date(2025, 7, 1)
        assert await shredder(own).leavers(tx, uuid4(), day, after=None) == []
        assert await shredder(own).leavers(tx, LEA, day, after=None) == stored[:1]
        assert await shredder(own).leavers(tx, LEA, day, after=stored[0]) == []
        # Who has come back since they were looked for stays.
        assert await shredder(own).those_who_left(tx, stored, LEA, day) == 1
        assert await shredder(own).leavers(tx, LEA, day, after=None) == []
    assert await reads(own, stored) == [False, True, True, True]


def peer_request(student_id: UUID, state: Request, particulars: bytes) -> PeerRequestRow:
    return PeerRequestRow(
        id=uuid4(),
        requester="https://birch.example",
        exchange_id=uuid4(),
        state=state,
        token="t",
        request_digest="d",
        accepted="a",
        recipient_organisation="o",
        subject_commit="s",
        particulars=particulars,
        entry_index=0,
        received_at=NOON,
        expires_at=NOON,
        attempts=0,
        next_attempt_at=None,
        student_id=student_id,
    )


def outgoing(request: PeerRequestRow, state: Outgoing) -> OutgoingEnvelopeRow:
    return OutgoingEnvelopeRow(
        id=uuid4(),
        request_id=request.id,
        recipient_node=request.requester,
        kind="package",
        state=state,
        claims="{}",
        event="{}",
        ciphertext=b"c",
        ct_digest="d",
        student_id=request.student_id,
        expires_at=NOON,
        leaves_at=NOON,
        attempts=0,
        next_attempt_at=None,
    )


@pytest.mark.parametrize("under_way", ["request", "envelope"])
async def test_a_record_that_is_on_its_way_is_not_destroyed(own: Store, under_way: str) -> None:
    [one] = await own.store(arriving())
    request = peer_request(one.student_id, Request.WAITING if under_way == "request" else Request.ANSWERED, b"p")
    async with own.database.transaction() as tx:
        tx.add(request)
        await tx.flush()
        if under_way == "envelope":
            tx.add(outgoing(request, Outgoing.IN_FLIGHT))
    with pytest.raises(StudentInExchange):
        async with own.database.transaction() as tx:
            await shredder(own).student(tx, one.student_id)
    assert await reads(own, [one.student_id]) == [True]


async def test_what_was_known_of_the_child_in_an_exchange_that_is_over_goes_too(own: Store) -> None:
    [one] = await own.store(arriving())
    request = peer_request(one.student_id, Request.ANSWERED, b"p")
    envelope = outgoing(request, Outgoing.PROCESSED)
    async with own.database.transaction() as tx:
        tx.add(request)
        await tx.flush()
        tx.add(envelope)
    async with own.database.transaction() as tx:
        await shredder(own).student(tx, one.student_id)
    async with own.database.reading() as tx:
        assert (await tx.scalars(select(PeerRequestRow.particulars))).all() == [b""]
        assert (await tx.scalars(select(OutgoingEnvelopeRow.ciphertext))).all() == [None]


async def test_who_is_not_there_is_not_destroyed(own: Store) -> None:
    with pytest.raises(NoSuchStudent):
        async with own.database.transaction() as tx:
            await shredder(own).student(tx, uuid4())


@pytest.mark.requirement("KEYS-rotation")
async def test_a_rotation_wraps_everything_again_and_touches_no_record(own: Store, keys: Path) -> None:
    stored = await own.store(arriving(), arriving(whole_record(start=500_000)))
    request = peer_request(stored[0].student_id, Request.WAITING, b"")
    request.particulars = own.vault.provider.wrap(b"of a child", context=of_exchange(request.id))
    async with own.database.transaction() as tx:
        tx.add(request)
    before = await all_rows(own)
    async with own.database.reading() as tx:
        waiting = [own.vault.open_text(body) for body in (await tx.scalars(select(OutboxRow.body).order_by(OutboxRow.id))).all()]
    await change_the_key(own, keys)
    after = await all_rows(own)
    assert after[SectionRow] == before[SectionRow]
    assert {version_of(row["wrapped_key"]) for row in after[StudentRow]} == {2}
    async with own.database.reading() as tx:
        bodies = (await tx.scalars(select(OutboxRow.body).order_by(OutboxRow.id))).all()
        assert waiting
        assert [own.vault.open_text(body) for body in bodies] == waiting
        [particulars] = (await tx.scalars(select(PeerRequestRow.particulars))).all()
    assert own.vault.provider.unwrap(particulars, context=of_exchange(request.id)) == b"of a child"


class Dying(FileKeyProvider):
    """Wraps so many keys, then its process is killed."""

    def __init__(self, folder: Path, *, after: int) -> None:
        super().__init__(folder)
        self.left = after

    def wrap(self, key: bytes, *, context: bytes, version: int | None = None) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise KilledHere
        return super().wrap(key, context=context, version=version)


class KilledHere(Exception):
    """The process ends."""


@pytest.mark.requirement("KEYS-rotation")
async def test_a_rewrapping_that_was_killed_anywhere_goes_on_and_every_key_opens_meanwhile(
    own: Store, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.records.vault_rotation.AT_ONCE", 2)
    students = [one.student_id for one in await own.store(*(arriving(whole_record(start=n * 100_000)) for n in range(1, 6)))]
    FileKeyProvider(keys / "key-encryption").rotate()
    lookup = read_symmetric_key(keys / "lookup.key")
    for after in (0, 1, 3, 4):
        dying = Vault(Dying(keys / "key-encryption", after=after), lookup_key=lookup)
        with pytest.raises(KilledHere):
            await rewrap_data_keys(own.database, dying)
        own.vault = Vault.of(keys)
        assert await reads(own, students) == [True] * 5
    await rewrap_data_keys(own.database, own.vault)
    FileKeyProvider(keys / "key-encryption").destroy(1)
    own.vault = Vault.of(keys)
    assert await reads(own, students) == [True] * 5


async def test_a_process_finds_a_version_that_was_made_after_it_had_started(own: Store, keys: Path) -> None:
    [one] = await own.store(arriving())
    running = Vault.of(keys)
    FileKeyProvider(keys / "key-encryption").rotate()
    await rewrap_data_keys(own.database, Vault.of(keys))
    own.vault = running
    assert await reads(own, [one.student_id]) == [True]
    assert running.provider.version == 2
    with pytest.raises(WrappedKeyRefused):
        running.provider.unwrap((9).to_bytes(4, "big") + bytes(60), context=b"")
