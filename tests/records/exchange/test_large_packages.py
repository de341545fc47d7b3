"""Packages with documents: what arrives, what is logged before, and what happens when a line breaks, a decision falls, a chunk differs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from safepassage.body import CONTENT_TYPE, MAX_MESSAGE_BYTES, chunk_message, paths_of
from safepassage.canonical import digest_of, from_base64url
from safepassage.compact import split
from safepassage.leaf import parse_leaf
from safepassage.problems.attachments import ScannerNotConfigured
from services.records import bodies
from services.records.attachments.scanner import Scanner
from services.records.exchange import body_sending
from services.records.exchange.deliveries import JOSE
from services.records.exchange.sending import claims_of
from services.records.exchange.states import Outgoing
from services.records.exchange.work import as_stored
from services.records.tables import BodyChunkRow, BodyRow, QuarantineRow
from tests.records.attachments.clamd_double import EICAR, ClamdDouble
from tests.records.attachments.files import pdf
from tests.records.exchange.documents import LARGE, SMALL, asked, documents_of, line, waiting, with_scanners
from tests.records.exchange.forging import Forger, code_of, genuine
from tests.records.exchange.test_delivery import agreement_ended
from tests.records.exchange.test_logged_before import everything_on_disk
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio

NOT_CONTACTS = ("identity", "enrollment", "academics", "health")


@pytest.fixture
async def scanners(states: TwoStates) -> AsyncIterator[dict[str, ClamdDouble]]:
    """Of both."""
    async with with_scanners(states) as doubles:
        yield doubles


pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("scanners")]


async def bodies_at(states: TwoStates) -> int:
    """How many bodies Alder and Birch still have for an exchange, once both have swept."""
    left = 0
    for state in (states.alder, states.birch):
        await bodies.sweep(state.exchange.database, states.clock())
        left += len([row for row in await state.rows(BodyRow) if row.kind in (bodies.OUTGOING, bodies.INCOMING)])
    return left


@pytest.mark.requirement("EX-large")
async def test_documents_arrive_with_the_record_examined_again_and_nothing_of_them_is_on_disk_in_clear(
    states: TwoStates, scanners: dict[str, ClamdDouble]
) -> None:
    canary = b"Kanari" * 4
    card = pdf(b"<< /Title (" + canary + b") >>")
    case = await waiting(states, card, LARGE)
    moments = [await everything_on_disk(states)]
    async with line(states) as between:
        await case.deliver()
    moments.append(await everything_on_disk(states))
    await case.file()
    await case.acknowledge()
    assert (await case.package()).state == Outgoing.PROCESSED
    assert set(await documents_of(states, case)) == {LARGE, card}
    assert sorted(between.arrived) == list(range(8))
    assert sorted(scanners["birch"].scanned) == sorted(scanners["alder"].scanned)
    moments.append(await everything_on_disk(states))
    for moment in moments:
        for path, data in moment.items():
            assert canary not in data, path.name
            assert b"%PDF-1.7" not in data, path.name
    assert [row.kind for row in await states.alder.rows(BodyRow) if row.envelope_id == (await case.package()).id] == ["outgoing"]
    assert await bodies_at(states) == 1  # what arrived stays where it is, as the student's
    [body] = await states.birch.rows(BodyRow)
    assert body.envelope_id == (await case.package()).id


@pytest.mark.requirement("EX-large", "EX-4")
async def test_the_leaf_binds_every_chunk_before_the_first_one_leaves(states: TwoStates) -> None:
    case = await waiting(states, SMALL, SMALL, SMALL)
    row = await case.package()
    message = claims_of(row)
    assert message.body is not None
    leaf = parse_leaf(from_base64url(split(row.jws or "")[1]["entry"]))
    assert leaf.digests.ct == message.ct_digest == message.body.bound_to()
    assert message.body.sealed == digest_of(row.ciphertext or b"")
    assert message.body.chunks == 3
    async with line(states) as between:
        assert between.arrived == []
        await case.finish()
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-large")
async def test_after_a_break_only_what_is_missing_travels_and_nothing_that_opens_before_all_is_there(states: TwoStates) -> None:
    case = await waiting(states, LARGE, SMALL)
    held, forger = await genuine(case), Forger(states)
    async with line(states) as between:
        between.breaks_after = 4
        await case.deliver()
        assert sorted(between.arrived) == [0, 1, 2, 3]
        row = await case.package()
        assert (row.state, row.attempts) == (Outgoing.IN_FLIGHT, 1)
        assert await case.received() == []  # the envelope, with the key, has not left
        early = await forger.send(held.body)
        assert (early.status, code_of(early)) == (409, "body-incomplete")
        assert (await case.told()).state == "accepted"
        between.breaks_after = 6
        await case.deliver()
        await states.birch.stop()
        await states.birch.restart()
        states.birch.exchange.scanner = states.alder.exchange.scanner
        between.breaks_after = 2**30
        await case.deliver()
    assert sorted(between.arrived) == list(range(8))
    await case.finish()
    assert set(await documents_of(states, case)) == {LARGE, SMALL}
    async with line(states) as between:
        again = await forger.send(held.body)
    assert (again.status, again.body.decode()) == (200, (await case.package()).r1)


@pytest.mark.requirement("EX-large", "EX-fallen")
async def test_a_decision_that_falls_between_two_chunks_stops_the_rest(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_sending, "ASKED_EVERY", 4)
    case = await waiting(states, LARGE)
    async with line(states) as between, AsyncExitStack() as stack:

        async def fall(number: int) -> None:
            if number == 3:
                await stack.enter_async_context(agreement_ended(case))

        between.on_arrival = fall
        await case.deliver()
        assert sorted(between.arrived) == [0, 1, 2, 3]
    row = await case.package()
    assert (row.state, row.ciphertext) == (Outgoing.WITHDRAWN, None)
    assert await case.received() == []
    states.clock.advance(days=3, seconds=1)
    await bodies.sweep(states.birch.exchange.database, states.clock())
    assert [one for one in await states.birch.rows(BodyRow) if one.envelope_id == row.id] == []
    states.clock.advance(days=-3, seconds=-1)


@pytest.mark.requirement("EX-large")
async def test_a_chunk_that_is_not_the_signed_one_ends_the_package_by_name_and_in_quarantine(states: TwoStates) -> None:
    case = await waiting(states, SMALL, SMALL)
    row = await case.package()
    async with states.alder.exchange.database.transaction() as tx:
        chunk = await tx.get_one(BodyChunkRow, (row.id, 1))
        chunk.sealed = chunk.sealed[:-1] + bytes([chunk.sealed[-1] ^ 1])
    await case.deliver()
    ended = await case.package()
    assert (ended.state, ended.problem_code) == (Outgoing.REJECTED, "chunk-refused")
    kept = [one for one in await states.birch.rows(QuarantineRow) if one.code == "chunk-refused"]
    assert kept[-1].jws == row.jws
    assert await case.received() == []
    await bodies.sweep(states.birch.exchange.database, states.clock())
    assert [one for one in await states.birch.rows(BodyRow) if one.envelope_id == row.id] == []


async def test_chunks_come_in_their_place_of_an_announced_body_or_not_at_all(states: TwoStates) -> None:
    case, forger = await waiting(states, LARGE), Forger(states)
    row, peers = await case.package(), states.alder.exchange.peers
    birch = states.alder.exchange.trust.member(states.birch.entity_id)
    leaves = await bodies.leaves_of(states.alder.exchange.database, row.id)
    first = chunk_message(await bodies.sealed_chunk(states.alder.exchange.database, row.id, 0), path=paths_of(leaves)[0])

    async def put(content: bytes, number: int) -> str:
        answer = await peers.put(birch, f"/v1/peer/bodies/{row.id}/chunks/{number}", content, content_type=CONTENT_TYPE)
        return "stored" if answer.status == 204 else code_of(answer)

    assert await put(first, 0) == "body-not-announced"
    announced = await forger.send((row.jws or "").encode(), path=body_sending.PATH, content_type=JOSE)
    assert announced.body == b'{"missing":[[0,7]]}'
    assert await put(first, 0) == "stored"
    assert await put(first, 0) == "stored"
    assert await put(bytes(MAX_MESSAGE_BYTES + 1), 1) == "body-too-large"
    again = await forger.send((row.jws or "").encode(), path=body_sending.PATH, content_type=JOSE)
    assert again.body == b'{"missing":[[1,7]]}'
    assert await put(first, 1) == "chunk-refused"
    assert await put(first, 0) == "body-not-announced"  # it is over
    await case.finish()


async def test_an_announcement_is_verified_as_the_envelope_is(states: TwoStates) -> None:
    case, forger = await waiting(states, SMALL), Forger(states)
    claims = (await genuine(case)).claims
    other = {**claims["body"], "chunks": 2}
    cases = {
        "other-ciphertext": {**claims, "body": other},
        "without-proof": {**claims, "entry": None, "index": None, "path": None, "checkpoint": None},
        "other-recipient": {**claims, "recipient_organisation": "other"},
        "encryption-key-unknown": {**claims, "enc_kid": "A" * 43},
        "envelope-malformed": {**claims, "kind": "not-provided"},
        "malformed-token": {**claims, "body": {**other, "more": 1}},
    }
    for code, changed in cases.items():
        answer = await forger.send(forger.sign(changed).encode(), path=body_sending.PATH, content_type=JOSE)
        assert code_of(answer) == code
    plain = await states.queued()
    answer = await forger.send((await genuine(plain)).jws.encode(), path=body_sending.PATH, content_type=JOSE)
    assert code_of(answer) == "other-ciphertext"
    await plain.finish()
    await case.finish()
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-documents", "EX-6")
async def test_documents_that_were_not_asked_for_are_not_taken(states: TwoStates) -> None:
    case, plain, forger = await waiting(states, SMALL), await states.queued(), Forger(states)
    large = (await genuine(case)).claims
    announced = {**(await genuine(plain)).claims, "body": large["body"], "ct_digest": large["ct_digest"]}
    answer = await forger.send(forger.sign(announced).encode(), path=body_sending.PATH, content_type=JOSE)
    assert (answer.status, code_of(answer)) == (413, "body-too-large-here")
    assert [row for row in await states.birch.rows(BodyRow) if row.envelope_id == (await plain.package()).id] == []
    await plain.finish()
    await case.finish()
    assert {(await one.told()).state for one in (plain, case)} == {"applied"}


async def test_a_node_takes_no_more_than_it_has_room_for(states: TwoStates) -> None:
    case, exchange = await waiting(states, SMALL), states.birch.exchange
    kept = exchange.settings
    try:
        for limit, code in (
            ({"max_waiting_bytes_per_peer": 1 << 20}, "no-room-for-body"),
            ({"min_free_disk_bytes": 2**60}, "no-room-for-body"),
        ):
            exchange.settings = kept.model_copy(update=limit)
            answer = await Forger(states).send(((await case.package()).jws or "").encode(), path=body_sending.PATH, content_type=JOSE)
            assert (answer.status, code_of(answer)) == (503, code)
            await case.deliver()
            assert (await case.package()).state == Outgoing.IN_FLIGHT
    finally:
        exchange.settings = kept
    await case.finish()
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-documents")
async def test_while_the_receivers_scanner_is_down_nothing_is_filed_and_what_it_finds_rejects_the_package(
    states: TwoStates, scanners: dict[str, ClamdDouble]
) -> None:
    case = await waiting(states, SMALL)
    await case.deliver()
    scanners["birch"].mood = "errs"
    await case.file()
    assert (await case.told()).state == "received"
    [row] = await case.received()
    assert row.next_attempt_at == as_stored(states.clock() + timedelta(minutes=1))
    scanners["birch"].mood = "well"
    await case.finish()
    assert (await case.told()).state == "applied"
    infected = pdf(b"% " + EICAR)
    scanners["alder"].mood = "blind"
    found = await waiting(states, infected)
    scanners["alder"].mood = "well"
    await found.finish()
    told = await found.told()
    assert (told.state, told.problem_code, told.student_id) == ("rejected", "attachment-infected", None)
    assert (await found.package()).state == Outgoing.REJECTED


@pytest.mark.requirement("EX-large", "EX-6")
async def test_documents_leave_only_where_they_are_asked_for_with_addresses_and_with_their_element(states: TwoStates) -> None:
    for about in ({"attachments": False}, {"sections": NOT_CONTACTS}):
        case = await waiting(states, SMALL, **about)
        assert claims_of(await case.package()).body is None
        await case.finish()
        assert await documents_of(states, case) == []


async def test_who_has_no_scanner_does_not_ask_for_documents(states: TwoStates) -> None:
    states.birch.exchange.scanner = Scanner(None)
    with pytest.raises(ScannerNotConfigured):
        await asked(states, SMALL)
