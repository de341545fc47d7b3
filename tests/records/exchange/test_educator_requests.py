"""An educator's credentials cross on the educator's application: asked for, decided, logged, sealed, receipted, verified and filed."""

import json
import logging
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from node.demo.seats import MOVER_DISTRICT
from safepassage.compact import split
from safepassage.problems.exchanges import NoSuchExchange, ReceivingOrganisationNotYours, RequestNotPermitted
from services.records.educators.kept import KeptContent, keep
from services.records.exchange import asking
from services.records.exchange.states import Asked, Incoming, Outgoing
from services.records.tables import EducatorCredentialRow, PeerRequestRow, StudentRow
from shared.keys import SigningKey
from tests.links import linked, read_at
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.educators import applicant, ask, held_at, new_request, state_of
from tests.records.exchange.listener import birch_away
from tests.records.exchange.operators import letters, recalled, requeued
from tests.records.exchange.test_educator_credentials import forged
from tests.records.exchange.two_states import Case, TwoStates
from tests.soak.holdings import leaves_of

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("VC-educators-cross")
async def test_credentials_cross_on_the_educators_application_and_hold_where_they_arrive(states: TwoStates) -> None:
    one = await applicant(states, credentials=2)
    students = {row.id for row in await states.birch.rows(StudentRow)}
    case = await ask(states, one.request(await one.applies()))
    await states.settle()
    assert await state_of(case) == "applied"
    held = await held_at(states.birch, "new-district", one.educator)
    by_name = {kept.name: kept for kept in held}
    assert [by_name[f"Reading {at}"].document for at in range(2)] == [issued.document for issued in one.credentials]
    assert {(kept.node, kept.holds) for kept in held} == {(states.alder.entity_id, True)}
    assert {row.id for row in await states.birch.rows(StudentRow)} == students
    [sent] = await case.envelopes()
    assert (sent.kind, sent.state, sent.ciphertext) == ("credentials", Outgoing.PROCESSED, None)
    receipts = [split(token or "")[1] for token in (sent.r1, sent.r2)]
    assert [(one["outcome"], one["redisclosure_notice_digest"]) for one in receipts] == [("received", None), ("applied", None)]
    [received] = await case.received()
    assert (received.state, received.ciphertext) == (Incoming.APPLIED, None)


UNTOLD = Counter({"authentication": 100, "policy": 100})
"""Of clients, whenever one has a token made; which set of rules is in force, whenever privacy first looks."""


@pytest.mark.requirement("VC-educators-cross", "EX-4")
async def test_each_step_is_in_both_logs_and_the_disclosure_before_it_leaves(states: TwoStates) -> None:
    one = await applicant(states)
    application_id = await one.applies()
    await states.settle()
    before = {state: await leaves_of(state.folder) for state in (states.alder, states.birch)}
    case = await ask(states, one.request(application_id))
    at_birch = await leaves_of(states.birch.folder)
    assert [leaf.class_ for place, leaf in at_birch.items() if place not in before[states.birch]].count("request") == 1
    await case.deliver_request()
    await case.answer()
    [sent] = await case.envelopes()
    assert sent.state == Outgoing.QUEUED
    queued = [leaf for place, leaf in (await leaves_of(states.alder.folder)).items() if place not in before[states.alder]]
    assert [leaf.ct for leaf in queued if leaf.class_ == "disclosure"] == [sent.ct_digest]
    context = json.loads(sent.event)["context"]
    assert (context["basis"], context["consent_id"], context["elements"]) == (
        "educator-application",
        str(application_id),
        ["educator.credentials"],
    )
    assert (context["purpose"], context["policies"]) == ("licensure", ["educator-application"])
    await case.finish()
    new = {
        state: Counter(leaf.class_ for place, leaf in (await leaves_of(state.folder)).items() if place not in before[state])
        for state in before
    }
    assert new[states.alder] - UNTOLD == {"decision": 1, "request": 1, "match": 1, "disclosure": 1, "receipt": 2}
    assert new[states.birch] - UNTOLD == {"decision": 1, "request": 1, "received": 1, "load": 1}
    assert (await case.request()).student_id is None


@pytest.mark.requirement("VC-educators-cross", "EX-fallen")
async def test_an_application_taken_back_while_the_envelope_waits_stops_it(states: TwoStates) -> None:
    one = await applicant(states)
    application_id = await one.applies()
    case = await ask(states, one.request(application_id))
    await case.deliver_request()
    await case.answer()
    async with birch_away(states) as knocks:
        await case.deliver()
        first = knocks.connections
        assert first > 0
        await one.takes_back(application_id)
        await case.deliver()
        assert knocks.connections == first
    [sent] = await case.envelopes()
    assert (sent.state, sent.problem_code, sent.ciphertext) == (Outgoing.WITHDRAWN, "application-no-longer-in-force", None)
    [entry] = await waiting_for_the_log(states.alder, "disclosure-withdrawn", case)
    assert entry["context"]["outcome"] == "unconfirmed"
    await states.settle()
    assert await state_of(case) == "not-provided"
    assert await held_at(states.birch, "new-district", one.educator) == ()


@pytest.mark.requirement("VC-educators-cross", "VC-revoked")
async def test_a_revoked_credential_arrives_as_revoked_beside_one_that_holds(states: TwoStates) -> None:
    one = await applicant(states, credentials=2)
    await one.revoked(one.credentials[0])
    case = await ask(states, one.request(await one.applies()))
    await states.settle()
    assert await state_of(case) == "applied"
    held = await held_at(states.birch, "new-district", one.educator)
    assert {kept.name: (kept.holds, kept.problem_code) for kept in held} == {
        "Reading 0": (False, "credential-revoked"),
        "Reading 1": (True, None),
    }


@pytest.mark.requirement("VC-educators-cross", "VC-refused")
async def test_one_that_is_not_its_issuers_has_the_whole_package_refused_and_both_sides_told(states: TwoStates) -> None:
    one = await applicant(states)
    exchange, stranger = states.alder.exchange, SigningKey.generate()
    document = forged(states, node=states.alder.entity_id, key=stranger)
    async with exchange.database.transaction() as tx:
        content = KeptContent(educator=one.educator, credential=json.dumps(document))
        about = {"organisation_id": states.alder.organisation(MOVER_DISTRICT), "node": states.alder.entity_id}
        await keep(tx, exchange.vault, content, id_=uuid4(), credential_id=document["id"], now=states.clock(), **about)
    before = len(await states.birch.rows(EducatorCredentialRow))
    case = await ask(states, one.request(await one.applies()))
    await states.settle()
    assert await state_of(case) == "rejected"
    [sent] = await case.envelopes()
    assert sent.state == Outgoing.REJECTED
    assert len(await states.birch.rows(EducatorCredentialRow)) == before
    assert (await letters(states.birch))[case.id].code == sent.problem_code == "credential-issuer-not-trusted"


@pytest.mark.requirement("VC-educators-cross")
async def test_while_the_issuers_list_cannot_be_had_nothing_is_filed_and_then_it_is(states: TwoStates) -> None:
    one = await applicant(states)
    case = await ask(states, one.request(await one.applies()))
    await case.deliver_request()
    await case.answer()
    await case.deliver()
    await states.alder.sleep()
    try:
        await case.file()
        assert await state_of(case) == "received"
    finally:
        await states.alder.wake()
    await states.advance(minutes=2)
    await states.settle()
    assert await state_of(case) == "applied"


@pytest.mark.requirement("VC-educators-cross", "EX-2")
async def test_asked_for_again_they_are_kept_once(states: TwoStates) -> None:
    one = await applicant(states)
    application_id = await one.applies()
    for _ in range(2):
        case = await ask(states, one.request(application_id))
        await states.settle()
        assert await state_of(case) == "applied"
    assert len(await held_at(states.birch, "new-district", one.educator)) == 1


@pytest.mark.requirement("VC-educators-cross", "EX-onward")
async def test_what_came_goes_on_upon_an_application_of_its_own_alone(states: TwoStates) -> None:
    """Birch holds them now, and Alder asks: what the educator wrote to Alder is no ground for Birch to pass anything on."""
    one = await applicant(states)
    application_id = await one.applies()
    case = await ask(states, one.request(application_id))
    await states.settle()
    assert await state_of(case) == "applied"
    back = new_request(states, one.request(application_id).educator, application_id)
    receiving = str(states.alder.organisation(MOVER_DISTRICT))
    evidence = back.evidence.model_copy(
        update={"receiving_organisation": back.evidence.receiving_organisation.model_copy(update={"id": receiving})}
    )
    here = back.educator.model_copy(update={"authority": (await case.asked()).receiving_organisation_id})
    onward = back.model_copy(update={"holder": states.birch.entity_id, "educator": here, "evidence": evidence})
    async with states.alder.client("former-district") as session:
        asked = await session.create_educator_credential_request(onward, idempotency_key=str(uuid4()))
        await states.settle()
        await states.alder.do("asking")
        await states.settle()
        assert (await session.read_educator_credential_request(asked.id)).state == "not-provided"


@pytest.mark.requirement("VC-educators-cross")
async def test_an_agency_asks_for_itself_alone_and_nobody_else_sees_what_it_asked(states: TwoStates) -> None:
    one = await applicant(states)
    new = one.request(await one.applies())
    elsewhere = new.evidence.receiving_organisation.model_copy(update={"id": str(uuid4())})
    with pytest.raises(ReceivingOrganisationNotYours):
        await ask(states, new.model_copy(update={"evidence": new.evidence.model_copy(update={"receiving_organisation": elsewhere})}))
    tomorrow = new.evidence.official.model_copy(update={"attested_at": states.clock() + timedelta(days=1)})
    with pytest.raises(RequestNotPermitted):
        await ask(states, new.model_copy(update={"evidence": new.evidence.model_copy(update={"official": tomorrow})}))
    case = await ask(states, new)
    async with states.birch.client("new-district") as session:
        with pytest.raises(NoSuchExchange):
            await session.read_exchange_request(case.id)
        child = await states.ask(states.child().selector)
        with pytest.raises(NoSuchExchange):
            await session.read_educator_credential_request(child.id)
        own = await session.create_educator_credential_request(new, idempotency_key=str(uuid4()))
        reading = linked("records.create_educator_credential_request", "records.read_educator_credential_request", own)
        assert (await read_at(session, reading))["id"] == str(own.id)
    await states.settle()


@pytest.mark.requirement("VC-educators-cross", "EX-letters", "EX-recall")
async def test_an_operator_asks_anew_and_recalls_as_with_a_record(states: TwoStates) -> None:
    one = await applicant(states)
    case = await ask(states, one.request(await one.applies()))
    await asking.end(states.birch.exchange, await case.asked(), Asked.EXPIRED, None)
    letter = await requeued(states.birch, case.id)
    assert letter.requeued_as is not None
    anew = Case(states, letter.requeued_as)
    await anew.deliver_request()
    await anew.answer()
    [sent] = await anew.envelopes()
    await recalled(states.alder, sent.id)
    await states.settle()
    assert await state_of(anew) == "not-provided"
    await requeued(states.alder, sent.id)
    await states.settle()
    assert await state_of(anew) == "applied"


@pytest.mark.requirement("VC-educators-cross", "EX-3")
async def test_nothing_of_the_educator_is_on_a_disk_or_in_a_line_of_the_log(states: TwoStates, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    one = await applicant(states)
    for new in (one.request(await one.applies()), one.request(uuid4())):
        await ask(states, new)
        await states.settle()
    assert await held_at(states.birch, "new-district", one.educator)
    written = b"".join(
        path.read_bytes() for state in (states.alder, states.birch) for path in state.folder.path.rglob("*") if path.is_file()
    )
    said = caplog.text.encode() + b"".join(repr(record.__dict__).encode() for record in caplog.records)
    for canary in (one.educator.name, one.educator.identifier.value, "1984-03-09", "Reading 0"):
        assert canary.encode() not in written
        assert canary.encode() not in said
    [row] = [row for row in await states.alder.rows(PeerRequestRow) if row.is_educators][-1:]
    assert one.educator.identifier.value.encode() not in row.particulars
