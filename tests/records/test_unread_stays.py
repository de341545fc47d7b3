"""What is not known of a received record leaves in no form, and whoever is given the rest of an element reads that it is not all of it."""

import csv
import io
import json
import zipfile
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.elements import BY_ID
from safepassage.hand_carry import MOST_NAMED, UNOFFICIAL, notice_of
from safepassage.record import StudentRecord
from safepassage.unread import Unread
from safepassage.wire_ed_fi import EdFiPushed
from services.records.formats.oneroster_vocabulary import RELEVANT as ROSTERED
from services.records.formats.pesc import RELEVANT as TRANSCRIPT
from services.records.loading import Arriving, Loading
from services.records.loading_students import as_record
from services.records.reading import read_record
from services.records.received_storing import ReceivedEnrollment, store_received
from services.records.subject_facts import EnrolledAt
from shared.group_commit import Writing
from shared.in_process import Answer
from tests.records.conftest import NOON
from tests.records.ed_fi.test_pushing import Vendor
from tests.records.ed_fi.test_pushing import vendor as vendor
from tests.records.one_state import DISTRICT, OneState, some_students
from tests.records.oneroster.conftest import Consumer
from tests.records.test_documents_once import DOCUMENTS, SCOPE, a_childs
from tests.records.test_party_documents import Service

pytestmark = pytest.mark.anyio

CANARY = "Zukunftsmusik-4417"
LATER = "programmes.bright_futures"
CHILD = next(one for one in some_students(400) if a_childs(one))
RECORD = as_record(CHILD.load.record, originating_agency="x", source_system="y", as_of=NOON)
IN_PART = (
    "identity.name",
    "identity.birth_date",
    "identity.sex",
    "contacts.guardians",
    "enrollment.enrollments",
    "academics.transcript",
)
UNREAD = Unread(
    (LATER,), IN_PART, json.dumps({"programmes": {"bright_futures": CANARY}, "identity": {"name": {"spoken_as": CANARY}}}).encode()
)
EVERY = tuple(BY_ID)
PROVENANCE = {"originating_agency": "x", "source_system": "sis", "as_of": NOON.isoformat()}


@pytest.fixture
async def student_id(alder: OneState) -> UUID:
    """A student whose record came from a node of a later version, and is in reach of the district's agreements."""
    state = alder.records.state
    stored = await state.database.write(
        lambda connection: store_received(
            Writing(connection),
            state.vault,
            state.outbox,
            RECORD,
            from_node="https://birch.example",
            exchange_id=uuid4(),
            student_id=None,
            custodian_id=alder.by_key[DISTRICT],
            enrollment=ReceivedEnrollment(alder.by_key[CHILD.school.key], date(2026, 10, 1)),
            jurisdiction="US-XA",
            now=NOON,
            unread=UNREAD,
        )
    )
    await alder.tell()
    return UUID(str(stored.student_id))


def silent(answer: Answer) -> Answer:
    """A good answer that tells neither what is not known, nor that there is such an element."""
    assert answer.status in (200, 201), answer.body
    for said in (answer.body, repr(answer.headers).encode()):
        assert CANARY.encode() not in said
        assert b"bright_futures" not in said
        assert b"spoken_as" not in said
    return answer


def told(answer: Answer) -> set[str]:
    """What the answer names as not read whole."""
    return set(filter(None, silent(answer).headers.get("safepassage-unread-elements", "").split(", ")))


@pytest.mark.requirement("UPGRADE-later-record")
async def test_a_party_is_told_of_what_it_may_have_alone(alder: OneState, student_id: UUID) -> None:
    agreement = await alder.agree(EVERY)
    answer = await alder.vendor().send("GET", "/v1/roster-entries", query=f"agreement_id={agreement}")
    [entry] = json.loads(answer.body)["students"]
    there = {f"{section}.{member}" for section, part in entry.items() if isinstance(part, dict) for member in part}
    assert told(answer) == {*IN_PART} & there == {*IN_PART}
    service = Service(alder, alder.vendor(), agreement, UUID(entry["student"]))
    for form, relevant in (("entry", EVERY), ("pesc", TRANSCRIPT), ("sif", ("identity.name", "identity.birth_date", "identity.sex"))):
        assert told(await service.take(format=form)) >= {*IN_PART} & {*relevant}, form
    few = await alder.agree(("identity.sex", "contacts.emails"))
    assert told(await alder.vendor().send("GET", "/v1/roster-entries", query=f"agreement_id={few}")) == {"identity.sex"}
    none = await alder.agree(("contacts.emails", "contacts.telephones"))
    assert told(await alder.vendor().send("GET", "/v1/roster-entries", query=f"agreement_id={none}")) == set()


@pytest.mark.requirement("UPGRADE-later-record")
async def test_who_keeps_the_record_reads_which_elements_are_not_whole(alder: OneState, student_id: UUID) -> None:
    path, keeper = f"/v1/students/{student_id}", alder.district()
    assert told(await keeper.send("GET", path)) == {*IN_PART}
    assert told(await keeper.send("GET", path, query="elements=identity.sex,contacts.emails")) == {"identity.sex"}
    assert told(await keeper.send("GET", path, query="elements=contacts.emails")) == set()


@pytest.mark.requirement("UPGRADE-later-record")
async def test_oneroster_says_it_in_each_object_that_is_made_of_it(alder: OneState, student_id: UUID) -> None:
    consumer = Consumer(alder, await alder.agree(ROSTERED))
    found: dict[str, set[str]] = {}
    for collection, name in (("users", "users"), ("demographics", "demographics"), ("enrollments", "enrollments")):
        for one in json.loads(silent(await consumer.send(collection)).body)[name]:
            found.setdefault(collection, set()).update(one.get("metadata", {}).get("safepassage.readInPart", ()))
    assert found["users"] == {"identity.name", "contacts.guardians", "enrollment.enrollments"}
    assert found["demographics"] == {"identity.birth_date", "identity.sex"}
    assert found.get("enrollments", set()) == set()
    chosen = json.loads(silent(await consumer.send("students", fields="sourcedId")).body)["users"]
    assert [one["metadata"]["safepassage.readInPart"] for one in chosen] == [
        ["identity.name", "contacts.guardians", "enrollment.enrollments"]
    ]
    for collection in ("orgs", "classes", "courses"):
        silent(await consumer.send(collection))
    few = Consumer(alder, await alder.agree(("contacts.emails", "identity.identifiers")))
    assert b"readInPart" not in silent(await few.send("users")).body


@pytest.mark.requirement("UPGRADE-later-record")
async def test_the_csv_package_says_it_in_a_column(alder: OneState, student_id: UUID) -> None:
    agreement = await alder.agree(ROSTERED)
    consumer = Consumer(alder, agreement)
    caller = alder.caller(consumer.organisation_id, "vendor", consumer.scope, client_id="vendor", purpose="instruction")
    answer = silent(await caller.send("GET", "/v1/roster-package", query=f"agreement_id={agreement}"))
    with zipfile.ZipFile(io.BytesIO(answer.body)) as zipped:
        files = {name: zipped.read(name).decode() for name in zipped.namelist()}
    assert all(CANARY not in text and "bright_futures" not in text for text in files.values())
    [row] = csv.DictReader(io.StringIO(files["demographics.csv"], newline=""))
    assert json.loads(row["metadata.safepassage.readInPart"]) == ["identity.birth_date", "identity.sex"]


@pytest.mark.requirement("UPGRADE-later-record")
async def test_a_push_into_ed_fi_names_it_and_no_body_has_it(vendor: Vendor, student_id: UUID) -> None:
    agreement = await vendor.state.agree(("identity.name", "identity.birth_date", "identity.sex"))
    pushed = EdFiPushed.model_validate_json(silent(await vendor.send(agreement)).body)
    [one] = pushed.students
    assert one.not_expressed == ("identity.name", "identity.birth_date", "identity.sex")
    assert vendor.ods.posted
    assert CANARY not in json.dumps(vendor.ods.posted)
    assert "bright_futures" not in json.dumps(vendor.ods.posted)


async def to_the_parent(alder: OneState, student_id: UUID, document: str) -> dict[str, Any]:
    exchange = alder.records.state.exchange
    async with exchange.database.reading() as tx:
        contacts = (await read_record(tx, exchange.vault, student_id)).record.contacts
    assert contacts is not None
    parent = next(one.person_id for one in contacts.guardians or () if one.rights is not None and one.rights.ended_on is None)
    identified = {"assurance_level": "ial2", "method": "in-person", "evidence_ref": "desk-17"}
    acting = {"person_id": str(parent), **identified, "authenticated_at": alder.clock().isoformat()}
    caller = alder.district(DISTRICT, SCOPE)
    answer = await caller.send("POST", f"/v1/students/{student_id}/{document}", {"acting_for": acting}, **{"idempotency-key": str(uuid4())})
    assert answer.status == DOCUMENTS[document], answer.body
    said: dict[str, Any] = json.loads(silent(answer).body)
    return said


@pytest.mark.requirement("UPGRADE-later-record")
async def test_a_transcript_says_that_there_is_more(alder: OneState, student_id: UUID) -> None:
    document = (await to_the_parent(alder, student_id, "transcripts"))["document"]
    named = "identity.name, identity.birth_date, academics.transcript"
    assert f"The record that was received says more than could be read of {named}: it is of a later version." in document["description"]


async def test_a_copy_to_carry_says_that_it_is_not_whole_and_in_what(alder: OneState, student_id: UUID) -> None:
    notice = (await to_the_parent(alder, student_id, "hand-carry-copies"))["copy"]["notice"]
    assert notice == notice_of([element for element in BY_ID if element in IN_PART])
    assert notice.endswith(
        "not at all: Legal name, Date of birth and how it was verified, Sex, Parents and guardians, Enrollments, Courses taken."
    )


def test_a_notice_that_names_everything_is_no_longer_than_one_may_be() -> None:
    notice = notice_of(list(BY_ID))
    assert notice.endswith(f", and {len(BY_ID) - MOST_NAMED} more.")
    assert len(notice) <= 2000
    assert notice_of(()) == UNOFFICIAL


async def test_what_the_district_says_itself_is_whole(alder: OneState, student_id: UUID) -> None:
    """Of a section that the district has loaded since, what came from elsewhere before is not what leaves."""
    whole, district = RECORD.model_dump(mode="json", exclude_none=True), alder.by_key[DISTRICT]
    own = StudentRecord.model_validate({name: whole[name] for name in ("v", "identity")} | {"provenance": {"identity": PROVENANCE}})
    state = alder.records.state
    arriving = Arriving(own, district, str(district), (EnrolledAt(district, date(2026, 10, 1), None),), student_id=student_id)
    async with state.database.transaction() as tx:
        await Loading(state.vault, state.outbox, jurisdiction="US-XA", now=NOON).store_in(tx, [arriving])
    await alder.tell()
    agreement = await alder.agree(EVERY)
    answer = await alder.vendor().send("GET", "/v1/roster-entries", query=f"agreement_id={agreement}")
    assert told(answer) == {one for one in IN_PART if not one.startswith("identity.")}
