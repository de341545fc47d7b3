"""Appending: once each, proven where somebody waits, refused where nobody permitted it."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of, from_base64url
from safepassage.leaf import parse_leaf
from safepassage.problems import Problem
from safepassage.problems.log import EventKeyReused
from services.audit.drafts import draft_of
from services.audit.group_commit import Place
from services.audit.waiting import Receipt
from shared.contracts.audit import Actor, Context, Event
from shared.keys import SigningKey
from shared.who_may_call import ServiceName
from tests.audit.audit_node import ELM, OAK, VENDOR, AuditNode, disclosure, event
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


def code(body: bytes) -> str:
    return Problem.model_validate_json(body).code


async def test_an_ahead_entry_comes_back_with_a_proof_that_verifies(node: AuditNode) -> None:
    student = uuid4()
    (appended,) = (await node.append(disclosure(node, student))).entries
    assert node.verified(appended).size == appended.index + 1
    leaf = parse_leaf(from_base64url(appended.entry))
    assert (leaf.class_, leaf.t, leaf.digests.ct) == ("disclosure", int(node.clock().timestamp()), digest_of(b"ct"))
    assert student.hex not in from_base64url(appended.entry).decode().replace("-", "")


async def test_a_behind_entry_comes_back_without_proof(node: AuditNode) -> None:
    (appended,) = (await node.append(event("match"))).entries
    assert (appended.path, appended.checkpoint) == (None, None)


@pytest.mark.requirement("LOG-I1")
async def test_indices_are_contiguous_whatever_comes_together(node: AuditNode) -> None:
    batches = [[event("request" if n % 3 else "match") for _ in range(n)] for n in (1, 2, 3, 40, 300, 5)]
    answers = await asyncio.gather(*(node.append(*batch) for batch in batches))
    indices = [appended.index for answer in answers for appended in answer.entries]
    assert sorted(indices) == list(range(len(indices)))
    for answer in answers:
        for appended in answer.entries[::17]:
            if appended.checkpoint is not None:
                node.verified(appended)


@pytest.mark.requirement("LOG-I5")
async def test_the_same_event_again_is_the_same_entry(node: AuditNode, clock: StandingClock) -> None:
    first = disclosure(node, uuid4())
    behind = event("match")
    before = await node.append(first, behind)
    await node.append(*[event() for _ in range(5)])
    clock.advance(seconds=30)
    again = await node.append(first, behind)
    assert [(a.index, a.entry, a.duplicate) for a in again.entries] == [(a.index, a.entry, True) for a in before.entries]
    node.verified(again.entries[0])
    assert {a.size for a in again.entries} == {7}


async def test_the_same_event_twice_in_one_request_is_one_entry(node: AuditNode) -> None:
    one = event("request")
    answer = await node.append(one, one)
    assert [a.index for a in answer.entries] == [0, 0]
    assert [a.duplicate for a in answer.entries] == [False, True]
    assert answer.entries[0].entry == answer.entries[1].entry


async def test_a_key_with_another_event_is_refused_and_appends_nothing(node: AuditNode) -> None:
    first = event(key="same-key")
    await node.append(first)
    refused = await node.try_append(event("match"), first.model_copy(update={"context": Context(operation="other")}))
    assert (refused.status, code(refused.body)) == (409, "event-key-reused")
    assert Problem.model_validate_json(refused.body).field == "events.1.key"
    assert (await node.append(event())).entries[0].index == 1


async def test_what_a_refused_request_would_have_appended_is_not_there_for_the_next_one_of_its_group(node: AuditNode) -> None:
    first, wanted = event(key="same-key"), event(key="of-both")
    other = first.model_copy(update={"context": Context(operation="other")})
    await node.append(first)
    key, append = node.sequencer.digest_key, node.sequencer.append
    (refused, taken) = await asyncio.gather(
        *(append([draft_of(one, producer="records", digest_key=key) for one in events]) for events in ([wanted, other], [wanted])),
        return_exceptions=True,
    )
    assert isinstance(refused, EventKeyReused)
    assert isinstance(taken, Receipt)
    assert (taken.places, len(taken.entries)) == ([Place(2026, 1, False)], 1)


async def test_another_producers_equal_key_is_another_key(node: AuditNode) -> None:
    await node.append(event("match", key="one"))
    (other,) = (await node.append(event("consent", key="one"), service="privacy")).entries
    assert (other.index, other.duplicate) == (1, False)


async def test_a_service_writes_its_own_classes_only(node: AuditNode) -> None:
    for service, class_ in (("privacy", "disclosure"), ("records", "decision"), ("gateway", "read"), ("records", "search")):
        refused = await node.try_append(event(class_), service=service)  # type: ignore[arg-type]
        assert (refused.status, code(refused.body)) == (403, "class-not-yours")
    assert (await node.append(event())).entries[0].index == 0


@pytest.mark.parametrize("service", ["privacy", "records"])
async def test_of_administration_a_service_tells_that_its_own_keys_changed_and_nothing_else(node: AuditNode, service: ServiceName) -> None:
    def told(**context: object) -> Event:
        context = {"operation": "service-keys-changed", "about": f"keys:{service}:internal", "outcome": "done"} | context
        return Event(class_="administration", key=f"test:{uuid4()}", actor=Actor(kind="system", job="internal"), context=Context(**context))

    others = [
        told(operation="client-registered"),
        told(about="keys:gateway:internal"),
        told(about=f"keys:{service}"),
        told(about=None),
        told().model_copy(update={"actor": Actor(kind="client", client_id="c")}),
        told().model_copy(update={"subjects": (uuid4(),)}),
        told().model_copy(update={"class_": "refusal"}),
    ]
    for other in others:
        refused = await node.try_append(other, service=service)
        assert (refused.status, code(refused.body)) == (403, "class-not-yours")
    assert (await node.append(told(), service=service)).entries[0].index == 0


async def test_a_clients_request_never_reaches_the_logs_door(node: AuditNode) -> None:
    refused = await node.try_append(event("refusal"), headers=node.as_caller("audit:search"))
    assert refused.status == 403
    assert (await node.send("POST", "/internal/entries", {}, b"{}")).status == 401


@pytest.mark.requirement("EX-4")
async def test_a_disclosure_needs_a_decision_that_covers_it(node: AuditNode, clock: StandingClock) -> None:
    student = uuid4()
    good = disclosure(node, student)

    def changed(**context: object) -> Event:
        return good.model_copy(update={"context": good.context.model_copy(update=context)})

    foreign_key = node.decision(student, recipient="r", elements=("identity.name",), key=SigningKey.generate())[1]
    refusals = {
        "decision-missing": [good.model_copy(update={"decision_token": None})],
        "decision-not-covering": [
            changed(elements=("identity.name", "identity.ssn")),
            changed(elements=()),
            changed(recipient_organisation="https://birch.example#other"),
            changed(recipient_organisation=None),
            changed(exchange_id=uuid4()),
            changed(exchange_id=None),
            changed(decision_id=uuid4()),
            good.model_copy(update={"subjects": (uuid4(),)}),
            good.model_copy(update={"subjects": ()}),
            good.model_copy(update={"policy_hash": digest_of(b"other")}),
            good.model_copy(update={"digests": good.digests.model_copy(update={"decision": digest_of(b"other")})}),
        ],
        "unknown-key": [good.model_copy(update={"decision_token": foreign_key})],
    }
    for expected, events in refusals.items():
        for one in events:
            assert code((await node.try_append(one)).body) == expected
    tampered = good.model_copy(update={"decision_token": (good.decision_token or "")[:-4] + "AAAA"})
    assert code((await node.try_append(tampered)).body) in ("bad-signature", "malformed-token")
    clock.advance(minutes=10)
    assert code((await node.try_append(good)).body) == "message-expired"
    assert (await node.append(event())).entries[0].index == 0


async def test_the_leaf_pins_the_decision_and_its_policy(node: AuditNode) -> None:
    one = disclosure(node, uuid4())
    (appended,) = (await node.append(one)).entries
    leaf = parse_leaf(from_base64url(appended.entry))
    assert (leaf.digests.decision, leaf.policy_hash) == (digest_of((one.decision_token or "").encode()), digest_of(b"policy"))


async def test_an_expired_decision_still_finds_the_entry_that_it_permitted(node: AuditNode, clock: StandingClock) -> None:
    one = disclosure(node, uuid4())
    (first,) = (await node.append(one)).entries
    clock.advance(hours=3)
    (again,) = (await node.append(one)).entries
    assert (again.index, again.duplicate) == (first.index, True)


async def test_a_vendors_read_needs_a_decision_and_a_districts_does_not(node: AuditNode) -> None:
    student = uuid4()
    vendor, district = node.on_behalf_of("vendor", VENDOR), node.on_behalf_of("lea", OAK)
    inside = event("read", student=student)
    to_vendor = event("read", student=student, recipient_organisation=str(VENDOR), elements=("identity.name",))
    assert code((await node.try_append(inside, headers=vendor)).body) == "decision-missing"
    assert code((await node.try_append(to_vendor, headers=district)).body) == "decision-missing"
    assert code((await node.try_append(inside)).body) == "decision-missing"  # a job that says a client did it
    await node.append(inside, headers=district)
    _, token = node.decision(None, recipient=str(VENDOR), elements=("identity.name", "identity.sex"))
    await node.append(to_vendor.model_copy(update={"decision_token": token}), headers=vendor)


async def test_a_page_of_a_thousand_students_is_one_entry(node: AuditNode) -> None:
    students = tuple(uuid4() for _ in range(1000))
    page = Event(
        class_="read",
        key="page:1",
        subjects=students,
        custodians=tuple(OAK if n % 2 else ELM for n in range(1000)),
        actor=Actor(kind="client", client_id="vendor-1", organisation_id=VENDOR),
        context=Context(operation="roster", recipient_organisation=str(VENDOR), elements=("identity.name",)),
        decision_token=node.decision(None, recipient=str(VENDOR), elements=("identity.name",))[1],
    )
    answer = await node.append(page, headers=node.on_behalf_of("vendor", VENDOR))
    assert [one.size for one in answer.entries] == [1]
    node.verified(answer.entries[0])


@pytest.mark.requirement("BAD-named")
async def test_bad_bodies_change_nothing_and_are_not_echoed(node: AuditNode) -> None:
    records = node.as_job("records")
    secret = "123-45-6789"
    bodies = {
        b"{": (400, "malformed-body"),
        b'{"events":[]}': (422, "invalid-request"),
        b'{"events":[{"class":"match","key":"k","name":"' + secret.encode() + b'"}]}': (422, "invalid-request"),
        b'{"events":[{"class":"match","key":"' + secret.encode() + b' ","actor":{"kind":"x"}}]}': (422, "invalid-request"),
        b'{"events":' + b" " * (9 * 2**20) + b"[]}": (413, "body-too-large"),
    }
    for body, expected in bodies.items():
        answer = await node.send("POST", "/internal/entries", records, body)
        assert (answer.status, code(answer.body)) == expected
        assert secret not in answer.body.decode()
    twice = event().model_dump(mode="json", by_alias=True, exclude_none=True) | {"subjects": [str(OAK), str(OAK)]}
    assert (await node.send("POST", "/internal/entries", records, {"events": [twice]})).status == 422
    assert (await node.append(event())).entries[0].index == 0


@pytest.mark.requirement("LOG-I10")
@pytest.mark.requirement("FAULT-clock")
async def test_time_never_goes_back(node: AuditNode, clock: StandingClock) -> None:
    times = []
    for step in (0, 5, -3600, 2, 7200, -1):
        clock.instant += timedelta(seconds=step)
        (appended,) = (await node.append(event("request"))).entries
        times.append(parse_leaf(from_base64url(appended.entry)).t)
    assert times == sorted(times)
