"""What the other side can learn from an answer: a record that was permitted, or nothing, always in the same form (decisions 5)."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from defusedxml.ElementTree import fromstring

from node.demo.seats import RECEIVING_DISTRICT
from node.synthetic import SyntheticStudent
from safepassage.canonical import from_base64url
from safepassage.compact import split
from safepassage.elements import elements_of
from safepassage.envelope import Envelope
from safepassage.package import NOTHING_PROVIDED, NotProvided, Package, read_sealed
from safepassage.record.course_equivalents import propose_equivalents
from safepassage.record.loads import MatchResolution
from safepassage.wire_exchange import PersonSelector
from services.records.formats.edfi_six import document_in_six
from services.records.formats.edfi_validation import AS_IT_SHOULD_BE, conformity
from services.records.formats.pesc_structure import validate
from services.records.formats.xsre_structure import NAMESPACE
from services.records.tables import MatchReviewRow, OutgoingEnvelopeRow
from tests.records.exchange.requests_for import SECTIONS
from tests.records.exchange.test_foreign_exchanges import asked_by
from tests.records.exchange.two_states import Case, TwoStates, hard_case

pytestmark = pytest.mark.anyio


async def opened(states: TwoStates, row: OutgoingEnvelopeRow) -> Package | NotProvided:
    """As Birch opens it."""
    assert row.jws is not None
    assert row.ciphertext is not None
    claims = split(row.jws)[1]
    exchange = states.birch.exchange
    private = (await exchange.organisation_keys.of(claims["enc_kid"], now=states.clock())).private
    plaintext = private.open(row.ciphertext, suite=claims["suite"], info=Envelope.model_validate(claims).info())
    return read_sealed(plaintext, envelope=claims).content


async def answered(states: TwoStates, case: Case) -> OutgoingEnvelopeRow:
    """Alder's one answer."""
    await case.deliver_request()
    await case.answer()
    [row] = await case.envelopes()
    return row


@pytest.mark.requirement("EX-7")
async def test_a_child_who_is_absent_and_one_whose_record_is_refused_look_alike(states: TwoStates) -> None:
    refused, absent = states.child(), states.child()
    await states.alder.load(refused)
    district = states.alder.organisation(refused.district.key)
    await states.alder.change_organisation(district, onward_transfer_agreed=None)
    rows = [await answered(states, await states.ask(child.selector)) for child in (refused, absent)]
    await states.alder.change_organisation(district, onward_transfer_agreed="agreed again")
    seen: list[tuple[Any, ...]] = []
    for row in rows:
        claims = split(row.jws or "")[1]
        leaf = json.loads(from_base64url(claims["entry"]))
        sizes = (len(row.ciphertext or b""), len(claims["entry"]), set(claims), claims["kind"], leaf["class"], leaf["digests"]["decision"])
        seen.append(sizes)
        content = await opened(states, row)
        assert isinstance(content, NotProvided)
        assert content.statement == NOTHING_PROVIDED
    assert seen[0] == seen[1]


async def test_a_child_who_was_loaded_a_moment_ago_is_decided_on_at_once(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child, told=False)
    assert (await answered(states, await states.ask(child.selector))).kind == "package"


@pytest.mark.requirement("EX-7")
async def test_a_small_record_and_nothing_have_one_size(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    some = await answered(states, await states.ask(child.selector, sections=("identity", "enrollment")))
    none = await answered(states, await states.ask(states.child().selector))
    assert (some.kind, none.kind) == ("package", "not-provided")
    assert len(some.ciphertext or b"") == len(none.ciphertext or b"")


@pytest.mark.requirement("EX-6")
async def test_a_package_has_what_was_permitted_and_nothing_else(states: TwoStates) -> None:
    case = await states.queued(sections=SECTIONS)
    package = await opened(states, await case.package())
    assert isinstance(package, Package)
    elements = package.record.elements()
    assert elements == package.manifest.elements
    assert set(elements) <= set(elements_of(SECTIONS))
    never = {"identity.ssn", "programmes.meal_status"}
    assert never.isdisjoint(elements)
    assert never <= set(package.manifest.not_scheduled)
    event = json.loads((await case.package()).event)
    assert tuple(event["context"]["elements"]) == elements
    await case.finish()


async def test_a_statement_of_disagreement_travels_with_what_it_contests(states: TwoStates) -> None:
    student = hard_case("statement-of-disagreement")
    sections = tuple({*SECTIONS, *(section for one in student.load.record.statements for section in one.sections)})
    case = await states.queued(student, sections=sections)
    package = await opened(states, await case.package())
    assert isinstance(package, Package)
    assert [one.statement for one in package.record.statements] == [one.statement for one in student.load.record.statements]
    await case.finish()


def unsure(child: SyntheticStudent) -> PersonSelector:
    """Name and date of birth, and nothing that a stranger could not know."""
    nothing = dict.fromkeys(("state_student_id", "former_school_nces_id", "former_district_nces_id", "guardian_last_name"))
    return child.selector.model_copy(update=nothing)


async def resolved(states: TwoStates, case: Case, student_id: UUID | None) -> None:
    """A person at Alder's agency says who it is."""
    request = await case.request()
    [review] = [row for row in await states.alder.rows(MatchReviewRow) if row.request_id == request.id]
    async with states.alder.client("state-agency") as client:
        assert review.id in [match.id for match in (await client.list_matches()).content.matches]
        await client.resolve_match(review.id, MatchResolution(student_id=student_id))


async def test_when_a_person_has_to_say_who_it_is_nothing_is_provided_and_then_the_record(states: TwoStates) -> None:
    child = states.child()
    student_id = await states.alder.load(child)
    case = await states.ask(unsure(child))
    assert (await answered(states, case)).kind == "not-provided"
    await case.finish()
    assert (await case.told()).state == "not-provided"
    await resolved(states, case, student_id)
    await case.answer()
    await case.finish()
    assert [row.kind for row in await case.envelopes()] == ["not-provided", "package"]
    assert (await case.told()).state == "applied"


async def test_when_a_person_says_that_it_is_nobody_nothing_follows(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(unsure(child))
    await answered(states, case)
    await resolved(states, case, None)
    await states.alder.do("answering")
    assert [row.kind for row in await case.envelopes()] == ["not-provided"]


def namesake(child: SyntheticStudent) -> SyntheticStudent:
    """Somebody else with the child's name and date of birth."""
    record = child.load.record
    assert record.identity is not None
    identifiers = tuple(one.model_copy(update={"value": "9990001"}) for one in record.identity.identifiers or ())
    other = record.model_copy(update={"identity": record.identity.model_copy(update={"identifiers": identifiers}), "contacts": None})
    return replace(child, load=child.load.model_copy(update={"record": other}))


@pytest.mark.parametrize("same", [True, False])
async def test_at_the_destination_too_a_person_says_whose_record_it_is(states: TwoStates, same: bool) -> None:
    child, district = states.child(), states.birch.organisation(RECEIVING_DISTRICT)
    held = await states.birch.load(namesake(child), district=district, school=district)
    case = await states.queued(child)
    await case.finish()
    [row] = await case.received()
    assert (row.state, row.r2) == ("matching", None)
    assert row.ciphertext is not None
    [review] = [one for one in await states.birch.rows(MatchReviewRow) if one.request_id == row.match_id]
    async with states.birch.client("state-agency") as client:
        await client.resolve_match(review.id, MatchResolution(student_id=held if same else None))
    await case.finish()
    told = await case.told()
    assert told.state == "applied"
    assert (told.student_id == held) == same
    [row] = await case.received()
    assert row.ciphertext is None
    assert (await case.package()).state == "processed"


async def test_a_child_whom_birch_knows_already_gets_the_record_beside_its_own(states: TwoStates) -> None:
    child = states.child()
    district = states.birch.organisation(RECEIVING_DISTRICT)
    own = await states.birch.load(child, district=district, school=district)
    case = await states.queued(child)
    await case.finish()
    assert (await case.told()).student_id == own


@pytest.mark.requirement("FORM-edfi")
async def test_the_destination_reads_ed_fi_in_the_data_standard_that_its_own_system_has(states: TwoStates) -> None:
    case = await states.queued()
    await case.finish()
    async with states.birch.client("new-district") as client:
        five, named, six, later = [
            json.loads(await client.read_received_record_as_edfi(case.id, data_standard=one)) for one in (None, "5.2", "6.0", "6.1")
        ]
    assert five == named
    assert six == later == document_in_six(five)
    assert {"studentDemographics", "studentIdentificationCodes"} <= set(six["resources"])
    for resource, those in six["resources"].items():
        assert {conformity(resource, body) for body in those} == {AS_IT_SHOULD_BE}, resource
    path, district = f"/v1/exchange-requests/{case.id}/record", states.birch.organisation(RECEIVING_DISTRICT)
    for query in ("format=pesc&data_standard=6.0", "data_standard=6.0", "format=edfi&data_standard=7"):
        status, _, body = await asked_by(states.birch, district, "lea", "GET", path, query=query)
        assert (status, json.loads(body)["code"]) == (422, "invalid-request"), query


@pytest.mark.requirement("FORM-course-codes")
async def test_the_destination_reads_what_came_and_each_read_is_in_the_log(states: TwoStates) -> None:
    case = await states.queued()
    await case.finish()
    package_elements = set(json.loads((await case.package()).event)["context"]["elements"])
    async with states.birch.client("new-district") as client:
        record = await client.read_received_record(case.id)
        edfi = json.loads(await client.read_received_record_as_edfi(case.id))
        transcript = fromstring(await client.read_received_record_as_document(case.id, "pesc"), forbid_dtd=True)
        sre = fromstring(await client.read_received_record_as_document(case.id, "sif"), forbid_dtd=True)
    assert set(record.elements()) == package_elements
    assert edfi["resources"]["students"]
    assert "studentDemographics" not in edfi["resources"]
    validate(transcript)
    assert sre.tag == f"{{{NAMESPACE}}}xSre"
    assert record.identity is not None
    assert record.academics is not None
    proposed = propose_equivalents(record.academics, [one.course for one in record.academics.transcript or ()])
    assert [one.taken for one in proposed if one.where == "transcript" and not one.proposals] == []
    async with states.birch.without("audit"), states.birch.client("new-district") as client:
        with pytest.raises(Exception, match="log"):
            await client.read_received_record(case.id)
