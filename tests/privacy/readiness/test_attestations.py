"""Officials of the state agency attest; nothing is overwritten, and every word is in the log."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_readiness import Attestation
from shared.contracts.audit import Event
from shared.officials import official_of
from tests.privacy.node import problem_of
from tests.privacy.readiness.agency import BOTH, Agency, new_key

pytestmark = pytest.mark.anyio


async def test_an_attestation_counts_for_twelve_months(agency: Agency) -> None:
    made = await agency.attested("g2")
    assert (made.version, made.client_id, made.official) == (1, "agency-staff", "o-7f2a")
    assert made.expires_at is not None
    assert made.expires_at - made.attested_at == timedelta(days=365)
    assert (await agency.answer("g2")).level == 3
    agency.world.node.clock.advance(days=364, hours=23)
    assert (await agency.answer("g2")).level == 3
    agency.world.node.clock.advance(hours=1)
    assert (await agency.answer("g2")).level == 0
    assert len(await agency.history("g2")) == 1


async def test_the_newest_word_counts_and_the_older_ones_stay_in_the_history(agency: Agency) -> None:
    await agency.attested("g1", level=2)
    await agency.attested("g1", level=4)
    assert (await agency.answer("g1")).level == 4
    assert [(one["version"], one["level"]) for one in await agency.history("g1")] == [(2, 4), (1, 2)]


async def test_a_withdrawn_word_leaves_the_question_without_one_and_stays_in_the_history(agency: Agency) -> None:
    await agency.attested("g1", level=2)
    made = await agency.attested("g1", level=4)
    withdrawn = await agency.withdraw(made)
    assert withdrawn.status == 200
    assert Attestation.model_validate_json(withdrawn.body).withdrawn_by == "o-9c1d"
    assert (await agency.answer("g1")).level == 0
    assert [one.get("withdrawal_reason") for one in await agency.history("g1")] == ["no-longer-true", None]
    again = await agency.withdraw(made)
    assert (again.status, problem_of(again).code) == (409, "attestation-withdrawn")


async def test_two_that_attest_at_once_are_both_kept_and_one_is_the_newest(agency: Agency) -> None:
    answers = await asyncio.gather(*(agency.attest("g1", level=level) for level in (1, 2, 3, 4)))
    assert [one.status for one in answers] == [201] * 4
    made = [Attestation.model_validate_json(one.body) for one in answers]
    assert sorted(one.version for one in made) == [1, 2, 3, 4]
    last = max(made, key=lambda one: one.version)
    assert (await agency.answer("g1")).level == last.level
    assert len(await agency.history("g1")) == 4


async def test_two_that_withdraw_at_once_withdraw_it_once(agency: Agency) -> None:
    made = await agency.attested("g1")
    statuses = sorted([one.status for one in await asyncio.gather(agency.withdraw(made), agency.withdraw(made))])
    assert statuses == [200, 409]


async def test_the_same_request_again_attests_once(agency: Agency) -> None:
    key = new_key()
    once, again = await agency.attest("g1", key=key), await agency.attest("g1", key=key)
    assert once.body == again.body
    assert len(await agency.history("g1")) == 1
    other = await agency.attest("g1", key=key, level=1)
    assert problem_of(other).code == "idempotency-key-reused"
    withdrawal = new_key()
    made = Attestation.model_validate_json(once.body)
    first, second = await agency.withdraw(made, key=withdrawal), await agency.withdraw(made, key=withdrawal)
    assert (first.status, first.body) == (200, second.body)


async def test_what_a_document_answers_needs_one_from_level_2_on(agency: Agency) -> None:
    refused = await agency.attest("g2", document=None)
    assert (refused.status, problem_of(refused).code, problem_of(refused).field) == (422, "document-needed", "document")
    assert (await agency.attest("g2", document=None, level=1)).status == 201
    assert (await agency.attest("g1", document=None, level=4)).status == 201


async def test_an_expiry_lies_ahead_and_within_three_years(agency: Agency) -> None:
    now = agency.world.node.clock()
    for wrong in (now, now - timedelta(days=1), now + timedelta(days=3 * 366 + 1)):
        refused = await agency.attest("g1", expires_at=wrong.isoformat())
        assert (refused.status, problem_of(refused).field) == (422, "expires_at")
    assert (await agency.attest("g1", expires_at=(now + timedelta(days=3 * 366)).isoformat())).status == 201


async def test_a_level_is_from_1_to_4_and_an_official_a_pairwise_id(agency: Agency) -> None:
    for wrong in ({"level": 0}, {"level": 5}, {"official": "Ana Núñez"}, {"role": "Chief Privacy Officer"}, {"note": "x"}):
        assert (await agency.attest("g1", **wrong)).status == 422


async def test_an_unknown_question_and_an_unknown_attestation_are_not_found(agency: Agency) -> None:
    assert problem_of(await agency.attest("g9")).code == "no-such-question"
    assert problem_of(await agency.official.get("/v1/readiness/questions/z1/attestations")).code == "no-such-question"
    made = await agency.attested("g1")
    unknown = await agency.withdraw(made.model_copy(update={"id": agency.world.oak.id}))
    assert problem_of(unknown).code == "no-such-attestation"


@pytest.mark.requirement("READY-agency")
async def test_only_the_agency_that_runs_the_node_reads_and_attests(agency: Agency) -> None:
    world = agency.world
    for other in (world.oak, world.vendor, world.birch):
        stranger = world.node.client(other, *BOTH)
        assert (await stranger.get("/v1/readiness")).status == 403
        assert (await agency.attest("g1", by=stranger)).status == 403
    reader = world.node.client(world.sea, "readiness:read")
    assert (await reader.get("/v1/readiness")).status == 200
    assert (await agency.attest("g1", by=reader)).status == 403
    assert (await world.node.client(world.sea, "policies:draft").get("/v1/readiness")).status == 403


async def test_who_signed_in_attests_and_withdraws_as_themselves(agency: Agency) -> None:
    person = digest_of(b"somebody who signed in")
    application = agency.world.node.client(agency.world.sea, *BOTH, person=person)
    assert (await agency.attest("g1", by=application)).status == 403
    made = await agency.attested("g1", by=application, official=official_of(person), role="superintendent")
    assert made.role == application.claims.role, "the role that the door knows, not the one named"
    assert [(await agency.withdraw(made, by=application, official=one)).status for one in ("o-9c1d", official_of(person))] == [403, 200]


async def test_every_word_and_every_withdrawal_is_told_to_the_log(agency: Agency) -> None:
    made = await agency.attested("g2")
    await agency.withdraw(made)
    events = [one for one in await agency.world.node.events() if one.context.operation.startswith("readiness-")]
    assert [one.context.operation for one in events] == ["readiness-attested", "readiness-attestation-withdrawn"]
    assert all(one.context.about == "readiness:g2:1" and one.actor.client_id == "agency-staff" for one in events)
    assert all(one.subjects == () for one in events)


async def test_what_is_refused_of_an_official_is_on_record(agency: Agency) -> None:
    """Who said it and why it was not taken; nothing of what was said."""
    made = await agency.attested("g1")
    await agency.withdraw(made)
    before = len(await told(agency))
    refused = [
        await agency.attest("g2", document=None),
        await agency.attest("no-such-question"),
        await agency.attest("g1", expires_at="2020-01-01T00:00:00Z"),
        await agency.withdraw(made),
        await agency.withdraw(made.model_copy(update={"id": uuid4()})),
    ]
    entries = (await told(agency))[before:]
    assert [(one.context.outcome, one.context.reason, one.actor.client_id, one.context.about) for one in entries] == [
        ("refused", problem_of(answer).code, "agency-staff", None) for answer in refused
    ]
    assert [one.context.operation for one in entries] == ["readiness-attested"] * 3 + ["readiness-attestation-withdrawn"] * 2
    assert len({one.key for one in entries}) == 5
    assert [one["version"] for one in await agency.history("g1")] == [1]


async def test_a_refusal_that_cannot_be_recorded_is_a_fault_of_ours(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_: object) -> None:
        raise OSError("disk_is_full")

    monkeypatch.setattr(agency.world.node.app.state.outbox, "record", stops)
    assert (await agency.attest("g2", document=None)).status == 500
    assert await agency.history("g2") == []


async def told(agency: Agency) -> list[Event]:
    return [event for event in await agency.world.node.events() if event.context.operation.startswith("readiness-attest")]
