"""Students of a console's node, as their district loads them, and matches about them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert

from node.synthetic import SyntheticStudent
from safepassage.canonical import to_base64url
from safepassage.record import StudentRecord
from safepassage.record.contacts import Address, Contacts
from safepassage.record.identity import MultipleBirth
from safepassage.request import Selector
from services.records.exchange.states import Request
from services.records.loading import Arriving, EnrolledAt, Loading
from services.records.match_reviews import open_review
from services.records.tables import MergeProposalRow
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import BIRCH
from tests.gateway.console.exchanged import stored, taken
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.two_states import ordinary_students


def child(number: int = 0) -> SyntheticStudent:
    """One of many."""
    return ordinary_students()[number]


def called(student: SyntheticStudent, **name: str) -> SyntheticStudent:
    """The student under another legal name."""
    record = student.load.record
    assert record.identity is not None
    assert record.identity.name is not None
    changed = record.identity.model_copy(update={"name": record.identity.name.model_copy(update=name)})
    return replace(student, load=student.load.model_copy(update={"record": record.model_copy(update={"identity": changed})}))


def living_in(student: SyntheticStudent, state: str) -> SyntheticStudent:
    """The student, at an address of a state."""
    record = student.load.record
    contacts = Contacts(addresses=(Address(street="77 Canary Wharf Lane", city="Canary", state=state),))
    return replace(student, load=student.load.model_copy(update={"record": record.model_copy(update={"contacts": contacts})}))


def twin(student: SyntheticStudent) -> SyntheticStudent:
    """The student, of whom it is said that there is another of the same day."""
    record = student.load.record
    assert record.identity is not None
    changed = record.identity.model_copy(update={"multiple_birth": MultipleBirth(indicator=True)})
    return replace(student, load=student.load.model_copy(update={"record": record.model_copy(update={"identity": changed})}))


async def enrolled(console: Console, student: SyntheticStudent, *, district: UUID | None = None) -> UUID:
    """Load the student, at the district itself."""
    records, at = console.node.applications["records"].state, district or console.district.id
    loaded = student.load.record.model_dump(mode="json", exclude_none=True)
    origin = {"originating_agency": str(at), "source_system": student.load.source_system, "as_of": student.load.as_of.isoformat()}
    loaded.pop("statements", None)
    record = StudentRecord.model_validate({**loaded, "v": 1, "provenance": {name: origin for name, _ in student.load.record.sections()}})
    arriving = Arriving(record=record, custodian_id=at, originating_agency=str(at), enrolled=(EnrolledAt(at, date(2025, 8, 1), None),))
    async with records.database.transaction() as tx:
        loading = Loading(records.vault, records.outbox, jurisdiction=records.settings.jurisdiction, now=console.house.now)
        [kept] = await loading.store_in(tx, [arriving])
    await console.settle()
    student_id: UUID = kept.student_id
    return student_id


async def in_doubt(console: Console, student_ids: Sequence[UUID], *, asked_for: SyntheticStudent | None = None) -> UUID:
    """A match that waits for a person: about a peer's request for somebody, or about two records of the node."""
    records, now = console.node.applications["records"].state, console.house.now
    request_id: UUID | None = uuid4()
    if asked_for is not None:
        row = taken(Request.WAITING, now)
        new = new_request(asked_for.selector, holder=console.house.settings.entity_id, district=console.district.id, now=now)
        selector = Selector(
            iss=BIRCH,
            aud=console.house.settings.entity_id,
            exchange_id=row.exchange_id,
            evidence=new.evidence,
            purpose=new.purpose,
            basis=new.basis,
            person=new.person,
            sections=new.sections,
            subject_salt=to_base64url(bytes(32)),
            pinned_size=0,
        )
        row.particulars = records.exchange.seal_particulars(row.id, selector.model_dump_json(exclude_none=True).encode())
        await stored(console, row)
        request_id = row.id
    about: dict[str, Any] = {"reasons": ("name-and-birth-date-only",), "expires_at": now + timedelta(days=14), "now": now}
    match_id: UUID = await records.database.write(partial(open_review, request_id=request_id, student_ids=student_ids, **about))
    return match_id


async def in_doubt_of_each_other(console: Console, one: UUID, other: UUID) -> UUID:
    """A match that waits for a person, about two records of the node."""
    records, now = console.node.applications["records"].state, console.house.now

    def propose(connection: Connection) -> UUID:
        about: dict[str, Any] = {"reasons": ("nickname",), "expires_at": now + timedelta(days=14), "now": now}
        match_id = open_review(connection, request_id=None, student_ids=(one, other), **about)
        lesser, greater = sorted((one, other))
        connection.execute(insert(MergeProposalRow).values(match_id=match_id, one_id=lesser, other_id=greater))
        return match_id

    match_id: UUID = await records.database.write(propose)
    return match_id
