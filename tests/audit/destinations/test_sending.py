"""The log goes to its destinations in order, at least once, whatever a receiver does; and a receiver knows what it has got."""

import json
import logging
from datetime import timedelta
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of, from_base64url, to_base64url
from safepassage.leaf import parse_leaf
from safepassage.proofs import leaf_hash
from services.audit.destinations import doors
from services.audit.destinations.answers import FAILING_FOR
from shared.actors import CONSOLE, FAMILY
from shared.contracts.audit import Actor
from tests.audit.audit_node import disclosure, event
from tests.audit.destinations.keeping import Keeping
from tests.audit.destinations.receivers import WebhookReceiver, webhook_receiver
from tests.audit.exports.ocsf_schema import faults
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def alerts(kept: Keeping) -> list[dict[str, object]]:
    headers = kept.node.as_caller("audit:search", kind="sea", purpose="audit-evaluation")
    answer = await kept.node.send("POST", "/v1/log/searches", headers, {"classes": ["alert"]})
    return [entry["context"] for entry in json.loads(answer.body)["entries"]]


@pytest.mark.requirement("LOG-SIEM")
async def test_every_entry_comes_once_in_order_signed_and_as_it_is_in_the_log(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock
) -> None:
    made = await kept.webhook(receiver.port, batch_entries=3)
    student = uuid4()
    for _ in range(4):
        await kept.node.append(event("request", student=student), event("match", student=student))
    await kept.turn()
    assert receiver.indices == list(range(9))
    assert receiver.connections == 1
    for came in receiver.came:
        assert made.secret is not None
        delivery = came.verified(made.secret, now=clock())
        assert delivery.data.destination_id == made.destination.id
        for entry in delivery.data.entries:
            proof = await kept.node.send("GET", f"/v1/log/entries/{entry.index}", kept.node.as_caller("audit:operate", kind="sea"))
            shown = json.loads(proof.body)
            leaf = from_base64url(shown["entry"])
            assert (entry.leaf_hash, delivery.data.log) == (to_base64url(leaf_hash(leaf)), shown["log"])
            assert (entry.event["metadata"]["uid"], entry.event["metadata"]["sequence"]) == (str(parse_leaf(leaf).id), entry.index)
            assert faults(entry.event) == []
    stands = await kept.stands(made.destination.id)
    assert (stands.index, stands.behind, stands.last_status, stands.failures) == (9, 0, 204, 0)
    await kept.turn()
    assert receiver.indices == list(range(10))  # that somebody looked is an entry too


@pytest.mark.requirement("LOG-SIEM")
async def test_no_student_no_threat_and_no_secret_order_leaves(kept: Keeping, receiver: WebhookReceiver) -> None:
    student, parent = uuid4(), uuid4()
    await kept.webhook(receiver.port)
    threat = event("match", student=student, basis="health-safety-emergency", threat="he has said so to Jane")
    of_parent = event("rights", student=student)
    of_parent = of_parent.model_copy(update={"actor": of_parent.actor.model_copy(update={"acting_for": parent})})
    await kept.node.append(threat, event("match", student=student, basis="subpoena-grand-jury", purpose="subpoena", reason="secret"))
    word, official = digest_of(b"a parent, by a link"), digest_of(b"an official")
    by_link = event("rights", student=student).model_copy(update={"actor": Actor(kind="client", client_id=FAMILY, person=word)})
    by_staff = event("rights", student=student).model_copy(update={"actor": Actor(kind="client", client_id=CONSOLE, person=official)})
    await kept.node.append(of_parent, by_link, by_staff, service="privacy")
    await kept.node.append(disclosure(kept.node, student))
    await kept.turn()
    sent = b"".join(one.body for one in receiver.came)
    assert receiver.indices == [0, 1, 2, 3, 4, 5, 6]
    assert official.encode() in sent
    for secret in (student, parent, word, "Jane", "grand-jury", "secret", "subpoena", "student_ids", "acting_for", "threat"):
        assert str(secret).encode() not in sent
    assert b"health-safety-emergency" in sent
    assert b"identity.name" in sent


@pytest.mark.slow
async def test_a_destination_gets_the_classes_that_it_is_for(kept: Keeping, receiver: WebhookReceiver) -> None:
    made = await kept.webhook(receiver.port, classes=["match"], batch_entries=2)
    for _ in range(3):
        await kept.node.append(event("request"), event("match"))
    await kept.turn()
    assert receiver.indices == [2, 4, 6]
    assert (await kept.stands(made.destination.id)).index == 7


@pytest.mark.slow
async def test_from_the_beginning_or_from_now(kept: Keeping, receiver: WebhookReceiver) -> None:
    await kept.node.append(event("request"), event("request"))
    await kept.webhook(receiver.port, start="beginning", classes=["request"])
    await kept.webhook(receiver.port, classes=["request", "export"])
    await kept.node.append(event("request"))
    await kept.turn()
    assert sorted(one.indices for one in receiver.came) == [[0, 1, 4], [3, 4]]


async def test_what_is_not_published_is_not_sent(kept: Keeping, receiver: WebhookReceiver) -> None:
    await kept.webhook(receiver.port, classes=["match"])
    await kept.node.append(event("match"))
    await kept.courier.turn()
    assert receiver.came == []
    await kept.turn()
    assert receiver.indices == [1]


async def test_of_a_frozen_log_nothing_goes_out(kept: Keeping, receiver: WebhookReceiver) -> None:
    await kept.webhook(receiver.port)
    kept.node.sequencer.frozen = "shown to be another"
    await kept.courier.turn()
    assert receiver.came == []


@pytest.mark.parametrize("answer", [500, b"", *(pytest.param(one, marks=pytest.mark.slow) for one in (404, 429, 503, 302, b"HTTP/1.1 2"))])
async def test_what_is_not_taken_comes_again_as_it_was_and_nothing_goes_past_it(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock, answer: int | bytes
) -> None:
    made = await kept.webhook(receiver.port, batch_entries=2)
    receiver.script = lambda _: answer
    await kept.turn()
    stands = await kept.stands(made.destination.id)
    assert (stands.index, stands.failures, stands.failing_since) == (0, 1, clock())
    assert stands.last_status == (answer if isinstance(answer, int) else None)
    assert stands.last_fault == ("refused" if isinstance(answer, int) else "no-connection")
    assert stands.next_attempt_at is not None
    assert timedelta(seconds=4) <= stands.next_attempt_at - clock() <= timedelta(seconds=6)
    await kept.turn()
    assert len(receiver.came) == 1  # not before its time
    receiver.script = lambda _: 200
    clock.advance(seconds=6)
    await kept.turn()
    assert receiver.ids[1] == receiver.ids[0]
    assert receiver.came[1].body == receiver.came[0].body
    assert receiver.came[1].headers["webhook-timestamp"] != receiver.came[0].headers["webhook-timestamp"]
    seen = [index for one in receiver.came[1:] for index in one.indices]
    assert seen == list(range(len(seen)))
    stands = await kept.stands(made.destination.id)
    assert (stands.failures, stands.failing_since, stands.next_attempt_at) == (0, None, None)


async def test_no_redirect_is_followed(kept: Keeping, receiver: WebhookReceiver) -> None:
    async with webhook_receiver() as elsewhere:
        receiver.script = lambda _: f"307location: http://127.0.0.1:{elsewhere.port}/\r\n"
        await kept.webhook(receiver.port)
        await kept.turn()
    assert (len(receiver.came), elsewhere.came) == (1, [])


@pytest.mark.slow
async def test_a_receiver_says_when_to_come_again(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    made = await kept.webhook(receiver.port)
    receiver.script = lambda _: "503retry-after: 600\r\n"
    await kept.turn()
    assert (await kept.stands(made.destination.id)).next_attempt_at == clock() + timedelta(seconds=600)


async def test_a_receiver_that_does_not_answer_is_left_and_keeps_no_append_and_no_other_waiting(
    kept: Keeping, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "SECONDS", 0.3)
    slow = await kept.webhook(receiver.port)
    receiver.may_answer.clear()
    async with webhook_receiver() as quick:
        await kept.webhook(quick.port)
        await kept.node.sequencer.publish_now()
        await kept.courier._set_out()
        await receiver.arrived.wait()
        await quick.arrived.wait()
        await kept.node.append(event("request"))  # answered while the slow one is waited for
        under_way = kept.courier._under_way[slow.destination.id]
        await kept.courier._set_out()
        assert kept.courier._under_way[slow.destination.id] is under_way  # one attempt at a time
        await kept.courier.turn()
    stands = await kept.stands(slow.destination.id)
    assert (stands.last_fault, stands.index) == ("timed-out", 0)


async def test_who_is_gone_is_disabled_with_an_alarm_and_goes_on_where_it_stood(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    made = await kept.webhook(receiver.port)
    receiver.script = lambda _: 410
    with caplog.at_level(logging.ERROR):
        await kept.turn()
    stands = await kept.stands(made.destination.id)
    assert (stands.state, stands.disabled_because, stands.index) == ("disabled", "gone", 0)
    assert [(one.getMessage(), vars(one)["code"]) for one in caplog.records] == [("destination of the log disabled", "gone")]
    assert [(one["operation"], one["reason"], one["about"]) for one in await alerts(kept)] == [
        ("log-destination-disabled", "gone", f"log-destination:{made.destination.id}")
    ]
    clock.advance(days=1)
    await kept.turn()
    assert len(receiver.came) == 1
    assert (await kept.node.send("GET", "/readyz", {})).body == b'{"status":"degraded"}'
    receiver.script = lambda _: 200
    await kept.act(made.destination.id, "resumption")
    await kept.turn()
    assert receiver.came[1].indices[0] == 0
    assert (await kept.stands(made.destination.id)).state == "active"
    await kept.courier.turn()
    assert (await kept.node.send("GET", "/readyz", {})).body == b'{"status":"ready"}'


async def test_whoever_is_gone_is_not_disabled_before_the_log_has_the_alarm(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    made = await kept.webhook(receiver.port)

    def gone(_: object) -> int:
        kept.node.sequencer.frozen = "while this is on its way"
        return 410

    receiver.script = gone
    with caplog.at_level(logging.ERROR):
        await kept.turn()
    kept.node.sequencer.frozen, receiver.script = None, lambda _: 410
    assert [one.getMessage() for one in caplog.records] == []
    stands = await kept.stands(made.destination.id)
    assert (stands.state, stands.disabled_because, stands.failures) == ("active", None, 1)
    assert await alerts(kept) == []
    clock.advance(days=1)
    await kept.turn()
    stands = await kept.stands(made.destination.id)
    assert (stands.state, stands.disabled_because, stands.failures) == ("disabled", "gone", 2)
    assert [one["reason"] for one in await alerts(kept)] == ["gone"]


@pytest.mark.slow
async def test_who_fails_for_days_is_disabled_and_not_before(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    made = await kept.webhook(receiver.port)
    receiver.script = lambda _: 500
    await kept.turn()
    begin = clock()
    clock.instant = begin + FAILING_FOR - timedelta(minutes=1)
    await kept.turn()
    assert (await kept.stands(made.destination.id)).state == "active"
    assert (await kept.node.send("GET", "/readyz", {})).body == b'{"status":"degraded"}'
    clock.instant = begin + FAILING_FOR + timedelta(hours=1)
    await kept.turn()
    stands = await kept.stands(made.destination.id)
    assert (stands.state, stands.disabled_because, stands.failures) == ("disabled", "failing", 3)
    assert len(await alerts(kept)) == 1


async def test_nothing_of_what_is_sent_or_answered_is_in_a_line(
    kept: Keeping, receiver: WebhookReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = await kept.webhook(receiver.port)
        receiver.script = lambda _: b"HTTP/1.1 500 canary\r\ncontent-length: 6\r\n\r\ncanary"
        await kept.turn()
    lines = " ".join(str(vars(record)) for record in caplog.records)
    assert made.secret is not None
    for secret in ("canary", made.secret, "of-the-receiver", receiver.came[0].headers["webhook-signature"]):
        assert secret not in lines


@pytest.mark.slow
async def test_the_next_year_s_log_follows(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    await kept.webhook(receiver.port, classes=["match", "witness"])
    await kept.node.append(event("match"))
    clock.instant = clock().replace(year=2027, month=1, day=2)
    await kept.node.append(event("match"))
    await kept.turn()
    assert [(one.log, one.indices) for one in receiver.came] == [("alder.example/log/2026", [1]), ("alder.example/log/2027", [0, 1])]
