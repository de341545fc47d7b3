"""Keeping destinations: who may, what is shown once, what is on record, keys that change, entries once more."""

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from safepassage.problems.destinations import WebhookNotVerified
from safepassage.wire_destinations import LogDestinations, MadeLogDestination
from services.audit.destinations.acts import MOST_OF_A_REPLAY
from services.audit.destinations.configuration import DestinationSeals
from services.audit.destinations.routes import MOST
from services.audit.tables import LogDestinationRow
from shared.clock import EPOCH
from tests.audit.audit_node import STATE, event
from tests.audit.destinations.keeping import PATH, Keeping
from tests.audit.destinations.receivers import WebhookReceiver
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

HOOK = {"kind": "webhook", "url": "https://siem.alder.example/in?token=t0ken-canary"}


def code(body: bytes) -> str:
    found: str = json.loads(body)["code"]
    return found


async def operations(kept: Keeping) -> list[str]:
    headers = kept.node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")
    answer = await kept.node.send("POST", "/v1/log/searches", headers, {"classes": ["export", "search"]})
    return [entry["context"]["operation"] for entry in json.loads(answer.body)["entries"]][::-1]


async def test_a_secret_is_shown_once_and_the_token_of_a_url_never(kept: Keeping) -> None:
    made = await kept.make(HOOK)
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    assert made.destination.address == "siem.alder.example:443"
    listed = await kept.send("GET")
    one = await kept.send("GET", f"/{made.destination.id}")
    async with kept.node.database.reading() as tx:
        row = await tx.get_one(LogDestinationRow, made.destination.id)
    for secret in (made.secret, made.secret[6:], "t0ken-canary"):
        assert secret.encode() not in listed.body + one.body + row.sealed
        assert secret not in made.model_dump_json(exclude={"secret"})
    asymmetric = await kept.make({**HOOK, "signature": "v1a"})
    assert asymmetric.secret is None
    assert asymmetric.public_key is not None
    assert asymmetric.destination.public_keys == (asymmetric.public_key,)


@pytest.mark.slow
async def test_what_was_moved_or_altered_in_the_store_sends_nothing_and_is_shown_and_deleted(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    made, other = await kept.webhook(receiver.port), await kept.webhook(receiver.port)
    id_ = made.destination.id
    async with kept.node.database.transaction() as tx:
        sealed = await tx.scalar(select(LogDestinationRow.sealed).where(LogDestinationRow.id == other.destination.id))
        await tx.execute(update(LogDestinationRow).values(sealed=sealed))
    with caplog.at_level(logging.ERROR):
        await kept.turn()
        await kept.courier.turn()
        assert [one.getMessage() for one in caplog.records] == ["destination not served"]  # once a minute, not at each look
        assert (await kept.node.send("GET", "/readyz", {})).body == b'{"status":"degraded"}'
        clock.advance(minutes=1)
        await kept.courier.turn()
    assert len(caplog.records) == 2
    assert {one.verified(str(other.secret), now=clock()).data.destination_id for one in receiver.came} == {other.destination.id}
    listed = LogDestinations.model_validate_json((await kept.send("GET")).body).destinations
    assert {one.id: (one.is_altered, one.name) for one in listed} == {id_: (True, None), other.destination.id: (False, "the SIEM")}
    for act in ("ping", "secret-rotation"):
        answer = await kept.send("POST", f"/{id_}/{act}", None if act == "ping" else {})
        assert (answer.status, code(answer.body)) == (409, "log-destination-altered")
    assert (await kept.send("DELETE", f"/{id_}")).status == 200
    await kept.courier.turn()
    assert (await kept.node.send("GET", "/readyz", {})).body == b'{"status":"ready"}'


async def test_only_the_state_keeps_destinations_and_for_a_purpose(kept: Keeping) -> None:
    body = {"name": "x", "receiver": HOOK}
    without_purpose = kept.node.as_caller("audit:destinations", kind="sea")
    for headers, status in (
        (kept.node.as_caller("audit:destinations", kind="lea", purpose="audit-evaluation"), 403),
        (kept.node.as_caller("audit:export", kind="sea", purpose="audit-evaluation"), 403),
        (without_purpose, 403),
    ):
        assert (await kept.send("PUT", f"/{uuid4()}", body, headers)).status == status
    assert code((await kept.send("PUT", f"/{uuid4()}", body, without_purpose)).body) == "purpose-missing"
    made = await kept.make(HOOK)
    district = kept.node.as_caller("audit:destinations", kind="lea", purpose="audit-evaluation")
    acts: list[tuple[str, str, Any]] = [
        ("GET", "", None), ("DELETE", "", None), ("POST", "/ping", None), ("POST", "/pause", None), ("POST", "/resumption", None),
        ("POST", "/secret-rotation", {}), ("POST", "/replays", {"since": "2026-01-01T00:00:00Z"}),
    ]  # fmt: skip
    for method, act, body in acts:
        assert (await kept.send(method, f"/{made.destination.id}{act}", body, district)).status == 403
        missing = await kept.send(method, f"/{uuid4()}{act}", body)
        assert (missing.status, code(missing.body)) == (404, "no-such-log-destination")
    assert (await kept.send("GET", "", None, district)).status == 403


async def test_each_change_and_each_look_is_an_entry(kept: Keeping, receiver: WebhookReceiver) -> None:
    made = await kept.webhook(receiver.port)
    id_ = made.destination.id
    await kept.turn()
    await kept.act(id_, "ping")
    await kept.act(id_, "secret-rotation", {})
    await kept.act(id_, "replays", {"log": made.destination.log, "start": 0, "end": 1}, status=202)
    assert (await kept.send("POST", f"/{id_}/resumption")).status == 409, "what has not happened is no entry"
    await kept.act(id_, "pause")
    assert (await kept.send("POST", f"/{id_}/pause")).status == 409
    await kept.act(id_, "resumption")
    await kept.send("GET")
    await kept.stands(id_)
    assert (await kept.send("DELETE", f"/{id_}")).status == 200
    names = ("made", "pinged", "secret-rotated", "replay-asked", "paused", "resumed")
    assert await operations(kept) == [
        *(f"log-destination-{name}" for name in names), "log-destinations-read", "log-destinations-read", "log-destination-deleted",
    ]  # fmt: skip


@pytest.mark.slow
async def test_what_the_log_does_not_take_is_not_changed(kept: Keeping) -> None:
    made = await kept.make(HOOK)
    kept.node.sequencer.frozen = "shown to be another"
    assert (await kept.try_make(HOOK)).status == 503
    for method, act, body in (("POST", "/pause", None), ("POST", "/secret-rotation", {}), ("DELETE", "", None), ("GET", "", None)):
        assert (await kept.send(method, f"/{made.destination.id}{act}", body)).status == 503
    async with kept.node.database.reading() as tx:
        rows = (await tx.scalars(select(LogDestinationRow))).all()
        seals = await DestinationSeals.of(tx, kept.node.app.state.keys)
    assert [(row.id, row.state, len(seals.open(row.id, row.sealed).keys)) for row in rows] == [(made.destination.id, "active", 1)]


@pytest.mark.slow
async def test_an_id_stands_for_one_destination_and_there_are_so_many(kept: Keeping) -> None:
    id_ = uuid4()
    assert (await kept.try_make(HOOK, id_)).status == 201
    again = await kept.try_make(HOOK, id_)
    assert (again.status, code(again.body)) == (409, "log-destination-exists")
    async with kept.node.database.transaction() as tx:
        for number in range(MOST - 1):
            members = {"sealed": b"", "made_at": EPOCH, "state": "paused", "log": 2026, "at": 0, "holder": "", "failures": 0}
            tx.add(LogDestinationRow(id=UUID(int=number), leased_until=EPOCH, due_at=EPOCH, **members))
    full = await kept.try_make(HOOK)
    assert (full.status, code(full.body)) == (409, "log-destinations-full")


async def test_of_two_who_make_one_id_at_once_one_is_told_that_it_exists(kept: Keeping) -> None:
    for _ in range(4):
        id_ = uuid4()
        told = await asyncio.gather(*(kept.try_make(HOOK, id_) for _ in range(4)))
        assert sorted(answer.status for answer in told) == [201, 409, 409, 409]
        assert {code(answer.body) for answer in told if answer.status == 409} == {"log-destination-exists"}


async def test_what_may_be_a_receiver(kept: Keeping) -> None:
    syslog = {"kind": "syslog", "host": "siem.alder.example"}
    cases: list[tuple[dict[str, Any], dict[str, Any], int]] = [
        ({"kind": "webhook", "url": "http://siem.alder.example/"}, {}, 422),
        ({"kind": "webhook", "url": "https://user:pw@siem.alder.example/"}, {}, 422),
        ({"kind": "webhook", "url": "https:///in"}, {}, 422),
        ({"kind": "webhook", "url": "ftp://siem.alder.example/"}, {}, 422),
        ({"kind": "webhook", "url": "https://siem.alder.example:99999/"}, {}, 422),
        ({"kind": "webhook", "url": "https://[::1/"}, {}, 422),
        ({**syslog, "transport": "tcp"}, {}, 422),
        (syslog, {"classes": ["no-such-class"]}, 422),
        (syslog, {"batch_entries": 501}, 422),
        (syslog, {}, 201),
    ]
    for receiver, more, status in cases:
        assert (await kept.try_make(receiver, **more)).status == status, receiver


async def test_two_keys_sign_while_one_is_replaced(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    made = await kept.webhook(receiver.port)
    asked = await kept.act(made.destination.id, "secret-rotation", {"overlap_hours": 2})
    second = MadeLogDestination.model_validate(asked)
    assert second.destination.former_key_until == clock() + timedelta(hours=2)
    await kept.turn()
    for key in (made.secret, second.secret):
        assert receiver.came[-1].verified(str(key), now=clock())
    assert receiver.came[-1].headers["webhook-signature"].count(" ") == 1
    between = MadeLogDestination.model_validate(await kept.act(made.destination.id, "secret-rotation", {"overlap_hours": 24}))
    clock.advance(hours=2)
    await kept.node.append(event("match"))
    await kept.turn()
    for key in (second.secret, between.secret):
        assert receiver.came[-1].verified(str(key), now=clock())
    with pytest.raises(WebhookNotVerified):  # its time is not made longer by another rotation
        receiver.came[-1].verified(str(made.secret), now=clock())
    third = MadeLogDestination.model_validate(await kept.act(made.destination.id, "secret-rotation", {"overlap_hours": 0}))
    await kept.turn()
    assert receiver.came[-1].verified(str(third.secret), now=clock())
    for key in (second.secret, between.secret):
        with pytest.raises(WebhookNotVerified):
            receiver.came[-1].verified(str(key), now=clock())
    async with kept.node.database.reading() as tx:
        row = await tx.get_one(LogDestinationRow, made.destination.id)
        held = (await DestinationSeals.of(tx, kept.node.app.state.keys)).open(row.id, row.sealed).keys
    assert [one.text for one in held] == [third.secret]  # what signs no more is kept no more


async def test_a_key_that_is_replaced_at_once_signs_nothing_more_in_the_turn_that_is_under_way(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock
) -> None:
    made = await kept.webhook(receiver.port, batch_entries=1)
    receiver.may_answer.clear()
    turn = asyncio.create_task(kept.turn())
    await receiver.arrived.wait()
    second = MadeLogDestination.model_validate(await kept.act(made.destination.id, "secret-rotation", {"overlap_hours": 0}))
    await kept.node.sequencer.publish_now()
    receiver.may_answer.set()
    await turn
    assert len(receiver.came) == 2
    assert receiver.came[0].verified(str(made.secret), now=clock())
    assert receiver.came[1].verified(str(second.secret), now=clock())


@pytest.mark.slow
async def test_a_public_key_verifies_and_is_replaced(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    made = await kept.webhook(receiver.port, signature="v1a")
    second = MadeLogDestination.model_validate(await kept.act(made.destination.id, "secret-rotation", {}))
    assert second.destination.public_keys == (second.public_key, made.public_key)
    await kept.turn()
    for key in (made.public_key, second.public_key):
        assert receiver.came[0].verified(str(key), now=clock())


@pytest.mark.slow
async def test_a_syslog_receiver_has_no_secret(kept: Keeping) -> None:
    made = await kept.make({"kind": "syslog", "host": "siem.alder.example"})
    assert (made.secret, made.public_key) == (None, None)
    answer = await kept.send("POST", f"/{made.destination.id}/secret-rotation", {})
    assert (answer.status, code(answer.body)) == (409, "destination-unsigned")


@pytest.mark.slow
async def test_a_ping_tells_of_no_entry_and_moves_nothing(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    made = await kept.webhook(receiver.port)
    answer = await kept.act(made.destination.id, "ping")
    assert (answer["delivered"], answer["status"]) == (True, 204)
    delivery = receiver.came[0].verified(str(made.secret), now=clock())
    assert (delivery.type, delivery.data.entries) == ("log.ping", ())
    receiver.script = lambda _: 403
    answer = await kept.act(made.destination.id, "ping")
    assert (answer["delivered"], answer["status"], answer["fault"]) == (False, 403, "refused")
    stands = await kept.stands(made.destination.id)
    assert (stands.index, stands.failures) == (0, 0)
    assert receiver.ids[0] != receiver.ids[1]


@pytest.mark.slow
async def test_a_pause_loses_nothing(kept: Keeping, receiver: WebhookReceiver) -> None:
    made = await kept.webhook(receiver.port, classes=["match"])
    await kept.act(made.destination.id, "pause")
    assert (await kept.send("POST", f"/{made.destination.id}/pause")).status == 409
    await kept.node.append(event("match"))
    await kept.turn()
    assert receiver.came == []
    assert (await kept.stands(made.destination.id)).behind > 0
    await kept.act(made.destination.id, "resumption")
    assert (await kept.send("POST", f"/{made.destination.id}/resumption")).status == 409
    await kept.turn()
    assert len(receiver.indices) == 1


@pytest.mark.slow
async def test_who_is_deleted_gets_nothing_more(kept: Keeping, receiver: WebhookReceiver) -> None:
    made = await kept.webhook(receiver.port)
    answer = await kept.send("DELETE", f"/{made.destination.id}")
    assert answer.status == 200
    await kept.turn()
    assert receiver.came == []
    assert json.loads((await kept.node.send("GET", PATH, kept.keeper)).body) == {"destinations": []}


@pytest.mark.requirement("LOG-SIEM")
async def test_entries_are_sent_again_in_order_between_those_that_are_new(kept: Keeping, receiver: WebhookReceiver) -> None:
    made = await kept.webhook(receiver.port, batch_entries=2, classes=["match"])
    await kept.node.append(*[event("match") for _ in range(6)])
    await kept.turn()
    before = list(receiver.ids)
    asked = await kept.act(made.destination.id, "replays", {"log": made.destination.log, "start": 0, "end": 5}, status=202)
    assert (asked["replay"]["index"], asked["replay"]["until_index"]) == (0, 5)
    again = await kept.send("POST", f"/{made.destination.id}/replays", {"log": made.destination.log, "start": 0, "end": 5})
    assert (again.status, code(again.body)) == (409, "replay-under-way")
    await kept.node.append(*[event("match") for _ in range(4)])
    receiver.came.clear()
    await kept.turn()
    assert [one.indices for one in receiver.came] == [[8, 9], [1, 2], [10, 11], [3, 4]]
    stands = await kept.stands(made.destination.id)
    assert (stands.replay, stands.failures) == (None, 0)
    assert receiver.ids[1] == before[0]  # what has been sent before has the id that it had


@pytest.mark.slow
async def test_what_failed_while_it_was_sent_again_comes_again(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    made = await kept.webhook(receiver.port, batch_entries=2, classes=["match"])
    await kept.node.append(*[event("match") for _ in range(4)])
    await kept.turn()
    clock.advance(hours=1)
    since = (clock() - timedelta(hours=1)).isoformat()
    await kept.act(made.destination.id, "replays", {"since": since}, status=202)
    receiver.came.clear()
    receiver.script = lambda one: 500 if 3 in one.indices and len(receiver.came) < 3 else 204
    await kept.turn()
    clock.advance(seconds=10)
    await kept.turn()
    assert [one.indices for one in receiver.came] == [[1, 2], [3, 4], [3, 4]]
    assert receiver.ids[1] == receiver.ids[2]
    assert (await kept.stands(made.destination.id)).replay is None


@pytest.mark.slow
async def test_what_cannot_be_sent_again(kept: Keeping, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await kept.webhook(receiver.port)
    log = made.destination.log
    await kept.turn()
    wrong: list[dict[str, Any]] = [
        {"log": log, "start": 7, "end": 9}, {"log": "alder.example/log/1999", "start": 0, "end": 1}, {"since": "2030-01-01T00:00:00Z"},
    ]  # fmt: skip
    for body in wrong:
        answer = await kept.send("POST", f"/{made.destination.id}/replays", body)
        assert (answer.status, code(answer.body)) == (422, "nothing-to-replay")
    malformed: list[dict[str, Any]] = [
        {},
        {"since": "2026-01-01T00:00:00Z", "start": 1},
        {"log": log, "start": 1},
        {"log": log, "start": 2, "end": 2},
    ]
    for body in malformed:
        answer = await kept.send("POST", f"/{made.destination.id}/replays", body)
        assert (answer.status, code(answer.body)) == (422, "invalid-request")
    assert MOST_OF_A_REPLAY == 1_000_000
    monkeypatch.setattr("services.audit.destinations.acts.MOST_OF_A_REPLAY", 1)
    await kept.node.append(event("match"))
    await kept.turn()
    answer = await kept.send("POST", f"/{made.destination.id}/replays", {"log": log, "start": 0, "end": 5})
    assert code(answer.body) == "nothing-to-replay"
    await kept.act(made.destination.id, "pause")
    answer = await kept.send("POST", f"/{made.destination.id}/replays", {"log": log, "start": 0, "end": 1})
    assert code(answer.body) == "log-destination-not-active"
