"""What every service inherits: problems that tell nothing, scopes, idempotency, an outbox that loses nothing."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from safepassage.wire_organisations import Organisation
from shared import app as foundation
from shared.app import internal_tokens
from shared.contracts.audit import Actor, AppendRequest, Context, Event
from shared.contracts.organisations import OrganisationProjection
from shared.in_process import Answer, call
from shared.internal_token import HEADER, CallerClaims
from shared.leases import take_lease
from shared.loop_lag import EVERY_SECONDS, MEASURED
from shared.outbox import READ
from shared.schema_head import SchemaNotAtHead, require_head
from shared.tenancy import above, within
from tests.conftest import StandingClock
from tests.shared.tables import LeaseRow, OrganisationRow, OutboxRow
from tests.shared.tiny import TinyAudit, create_tables, in_process, records_app, settings_of

pytestmark = pytest.mark.anyio


@dataclass
class Tiny:
    app: FastAPI
    audit: TinyAudit
    node_keys: Path
    clock: StandingClock

    def headers(self, *scopes: str, client: str = "sis") -> dict[str, str]:
        settings = settings_of("gateway", self.node_keys, Path())
        caller = CallerClaims(
            client_id=client, organisation_id=UUID(int=5), organisation_kind="lea", role="system", scopes=frozenset(scopes)
        )
        return {HEADER: internal_tokens("gateway", settings).for_caller("records", caller, self.clock())}

    async def send(self, method: str, path: str, headers: dict[str, str], body: object = None) -> Answer:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return await call(self.app, method, path, headers={"content-type": "application/json", **headers}, body=content)


@pytest.fixture
async def tiny(tmp_path: Path, node_keys: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tiny]:
    async def at_head(*_: object) -> None:
        """The tiny service has no history of migrations."""

    monkeypatch.setattr(foundation, "require_head", at_head)
    audit = TinyAudit()
    audit_app = audit.app(settings_of("audit", node_keys, tmp_path), clock)
    settings = settings_of("records", node_keys, tmp_path)
    await create_tables(settings)
    records = records_app(settings, {"audit": in_process(audit_app)}, clock)
    async with AsyncExitStack() as stack:
        for app in (audit_app, records):
            await stack.enter_async_context(app.router.lifespan_context(app))
        yield Tiny(records, audit, node_keys, clock)


def problem(answer: Answer) -> dict[str, object]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = json.loads(answer.body)
    assert document["type"] == f"urn:safepassage:problem:{document['code']}"
    assert document["status"] == answer.status
    assert document["remedy"]
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


async def test_a_request_without_an_internal_token_is_refused(tiny: Tiny) -> None:
    answer = await tiny.send("GET", f"/v1/parcels/{uuid4()}", {})
    assert (answer.status, problem(answer)["code"]) == (401, "not-authenticated")


async def test_a_missing_scope_is_named(tiny: Tiny) -> None:
    answer = await tiny.send("GET", f"/v1/parcels/{uuid4()}", tiny.headers("parcels:write"))
    assert (answer.status, problem(answer)["detail"]) == (403, "needs the scope parcels:read")
    assert answer.headers["sp-needs-scope"] == "parcels:read", "of which the door makes a challenge"


async def test_a_plain_route_is_answered_without_fastapi_and_verifies_its_caller_as_every_other(
    tiny: Tiny, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = await tiny.send("POST", "/v1/stamps", tiny.headers("parcels:write"), b"two")
    assert (answer.status, answer.body) == (202, b"sis two")
    assert answer.headers["x-request-id"]
    assert [vars(record)["route"] for record in caplog.records if record.message == "request"] == ["/v1/stamps"]
    nobody = await tiny.send("POST", "/v1/stamps", {}, b"two")
    assert (nobody.status, problem(nobody)["code"]) == (401, "not-authenticated")
    without = await tiny.send("POST", "/v1/stamps", tiny.headers("parcels:read"), b"two")
    assert (without.status, problem(without)["detail"]) == (403, "needs the scope parcels:write")
    assert (await tiny.send("GET", "/v1/stamps", tiny.headers("parcels:write"))).status == 405


@pytest.mark.requirement("BAD-named")
async def test_what_was_refused_is_named_and_not_echoed(tiny: Tiny) -> None:
    headers = tiny.headers("parcels:write") | {"idempotency-key": str(uuid4())}
    answer = await tiny.send("POST", "/v1/parcels", headers, {"weight": "123-45-6789", "note": "x", "nameX": "Ada"})
    assert (answer.status, problem(answer)["field"]) == (422, "weight")
    assert b"123-45" not in answer.body
    assert b"Ada" not in answer.body


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[" * 100_000])
async def test_a_body_that_does_not_parse_is_a_problem(tiny: Tiny, body: bytes) -> None:
    headers = tiny.headers("parcels:write") | {"idempotency-key": str(uuid4())}
    answer = await tiny.send("POST", "/v1/parcels", headers, body)
    assert answer.status in (400, 422)
    problem(answer)


async def test_a_fault_tells_its_request_id_and_nothing_else(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answer = await tiny.send("GET", "/v1/fault", tiny.headers("parcels:read"))
    assert (answer.status, problem(answer)["code"]) == (500, "internal-fault")
    assert "123-45" not in answer.body.decode() + caplog.text
    assert "RuntimeError" in [getattr(record, "fault", None) for record in caplog.records]


async def test_the_line_of_a_request_says_with_which_problem_it_was_answered(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    key = {"idempotency-key": str(uuid4())}
    asked = [
        ("GET", "/v1/nothing", {}, None),
        ("DELETE", "/v1/parcels", {}, None),
        ("GET", f"/v1/parcels/{uuid4()}", {}, None),
        ("GET", f"/v1/parcels/{uuid4()}", tiny.headers("parcels:write"), None),
        ("POST", "/v1/parcels", tiny.headers("parcels:write") | key, {"weight": "x"}),
        ("POST", "/v1/parcels", tiny.headers("parcels:write") | key, b'{"weight": 1, "weight": 2}'),
        ("GET", "/v1/fault", tiny.headers("parcels:read"), None),
        ("POST", "/v1/stamps", tiny.headers("parcels:write"), b"two"),
    ]
    with caplog.at_level(logging.INFO):
        answers = [await tiny.send(method, path, headers, body) for method, path, headers, body in asked]
    codes = [problem(answer)["code"] if answer.status >= 400 else None for answer in answers]
    assert [getattr(record, "code", None) for record in caplog.records if record.getMessage() == "request"] == codes
    assert codes == [
        "no-such-route", "method-not-allowed", "not-authenticated", "not-permitted", "invalid-request", codes[5], "internal-fault", None,
    ]  # fmt: skip


async def test_unknown_routes_and_methods_are_problems(tiny: Tiny) -> None:
    assert problem(await tiny.send("GET", "/v1/nothing", {}))["code"] == "no-such-route"
    answer = await tiny.send("DELETE", "/v1/parcels", {})
    assert (problem(answer)["code"], answer.headers["allow"]) == ("method-not-allowed", "POST")


async def test_the_same_request_twice_has_its_effect_once(tiny: Tiny) -> None:
    headers = tiny.headers("parcels:write") | {"idempotency-key": str(uuid4())}
    answers = [await tiny.send("POST", "/v1/parcels", headers, {"weight": 3, "note": "a"}) for _ in range(3)]
    assert [json.loads(answer.body)["weight"] for answer in answers] == [3, 3, 3]
    other = await tiny.send("POST", "/v1/parcels", headers, {"weight": 4, "note": "a"})
    assert problem(other)["code"] == "idempotency-key-reused"
    missing = await tiny.send("POST", "/v1/parcels", tiny.headers("parcels:write"), {"weight": 4, "note": "a"})
    assert problem(missing)["code"] == "idempotency-key-missing"
    other_client = tiny.headers("parcels:write", client="other") | {"idempotency-key": headers["idempotency-key"]}
    assert json.loads((await tiny.send("POST", "/v1/parcels", other_client, {"weight": 4, "note": "a"})).body)["weight"] == 7


async def test_racing_requests_with_one_key_have_one_effect(tiny: Tiny) -> None:
    headers = tiny.headers("parcels:write") | {"idempotency-key": str(uuid4())}
    answers = await asyncio.gather(*(tiny.send("POST", "/v1/parcels", headers, {"weight": 5, "note": "a"}) for _ in range(8)))
    assert {json.loads(answer.body)["weight"] for answer in answers if answer.status == 201} == {5}


def event(key: str) -> Event:
    return Event.model_validate(
        {"class": "load", "key": key, "actor": Actor(kind="system", job="test"), "context": Context(operation="load")}
    )


async def waiting(tiny: Tiny) -> list[tuple[int, str | None]]:
    async with tiny.app.state.database.reading() as tx:
        return [(row.attempts, row.refused_as) for row in (await tx.execute(select(OutboxRow).order_by(OutboxRow.id))).scalars()]


async def test_what_was_recorded_reaches_the_log_once_and_in_order(tiny: Tiny) -> None:
    for number in range(30):
        async with tiny.app.state.database.transaction() as tx:
            tiny.app.state.outbox.record(tx, event(f"k:{number}"))
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == [f"k:{number}" for number in range(30)]
    assert await waiting(tiny) == []


async def test_many_that_wait_are_read_once_and_go_in_several_calls(tiny: Tiny) -> None:
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, *(event(f"k:{number}") for number in range(450)))
    assert await tiny.app.state.outbox.send_due()
    assert tiny.audit.keys == [f"k:{number}" for number in range(450)]
    assert max(tiny.audit.calls) == 200
    assert await waiting(tiny) == []


async def test_whoever_may_have_the_lease_no_more_begins_no_further_call(tiny: Tiny) -> None:
    await nobody_else_sends(tiny)
    tiny.audit.meanwhile = lambda: tiny.clock.advance(seconds=10)
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, *(event(f"k:{number}") for number in range(450)))
    assert await tiny.app.state.outbox.send_due()
    assert tiny.audit.calls == [200]
    assert await tiny.app.state.outbox.send_due()
    assert tiny.audit.calls == [200, 200]


async def nobody_else_sends(tiny: Tiny) -> None:
    """The service's own task sends nothing beside the test."""
    tiny.clock.advance(seconds=60)
    taken = await take_lease(tiny.app.state.database, LeaseRow, name="outbox", holder="2", now=tiny.clock(), lasts=timedelta(hours=1))
    assert taken is not None


async def tell(tiny: Tiny, *keys: str, lane: str) -> None:
    async with tiny.app.state.database.transaction() as tx:
        for key in keys:
            tiny.app.state.outbox.tell(tx, "audit", "POST", "/internal/entries", AppendRequest(events=(event(key),)), lane=lane)


async def test_a_lane_that_waits_holds_up_no_other_however_many_of_its_rows_lie_in_front(tiny: Tiny) -> None:
    await nobody_else_sends(tiny)
    tiny.audit.down = True
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, *(event(f"k:{number}") for number in range(READ + 1)))
    assert not await tiny.app.state.outbox.send_due()
    tiny.audit.down = False
    await tell(tiny, "other:1", "other:2", lane="other")
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["other:1", "other:2"]
    tiny.clock.advance(seconds=600)
    await tiny.app.state.outbox.drain()
    assert len(tiny.audit.keys) == READ + 3


async def test_nobody_begins_a_call_of_another_row_or_lane_either_once_the_lease_may_have_ended(tiny: Tiny) -> None:
    await nobody_else_sends(tiny)
    tiny.audit.meanwhile = lambda: tiny.clock.advance(seconds=10)
    await tell(tiny, "1", "2", lane="one")
    await tell(tiny, "3", lane="another")
    for sent in (["1"], ["1", "2"], ["1", "2", "3"]):
        assert await tiny.app.state.outbox.send_due()
        assert tiny.audit.keys == sent


async def test_while_the_log_is_down_nothing_is_lost(tiny: Tiny) -> None:
    tiny.audit.down = True
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, event("k:1"), event("k:2"))
    await tiny.app.state.outbox.send_due()
    assert [refused for _, refused in await waiting(tiny)] == [None, None]
    tiny.audit.down = False
    tiny.clock.advance(seconds=600)
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["k:1", "k:2"]


@pytest.mark.requirement("FAULT-frozen")
async def test_while_the_log_is_frozen_nothing_is_lost_and_readiness_says_that_a_person_is_needed(tiny: Tiny) -> None:
    async def said() -> str:
        return str(json.loads((await tiny.send("GET", "/readyz", {})).body)["status"])

    tiny.audit.frozen = True
    assert await said() == "ready"
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, event("k:1"), event("k:2"))
    await tiny.app.state.outbox.drain()
    assert [refused for _, refused in await waiting(tiny)] == [None, None], "it is the log that is at fault, not what it is to take"
    assert await said() == "degraded"
    tiny.audit.frozen = False
    tiny.clock.advance(seconds=600)
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["k:1", "k:2"]
    assert await said() == "ready"


async def test_one_refused_event_does_not_hold_up_the_others(tiny: Tiny) -> None:
    tiny.audit.refuse = "k:2"
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, event("k:1"), event("k:2"), event("k:3"))
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["k:1", "k:3"]
    assert await waiting(tiny) == [(1, "not-found")]


async def test_a_rolled_back_change_tells_nobody(tiny: Tiny) -> None:
    with pytest.raises(ZeroDivisionError):
        async with tiny.app.state.database.transaction() as tx:
            tiny.app.state.outbox.record(tx, event("k:never"))
            await tx.flush()
            raise ZeroDivisionError
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == []


def organisation(number: int, parent: int | None, version: int = 1, name: str = "Elm") -> OrganisationProjection:
    kind = "sea" if parent is None else "lea" if parent == 1 else "school"
    return OrganisationProjection(
        version=version,
        organisation=Organisation(
            id=UUID(int=number),
            kind=kind,
            name=name,
            parent_id=UUID(int=parent) if parent else None,
            valid_from=date(2020, 7, 1),
            version=version,
        ),
    )


async def test_the_tree_is_projected_once_and_an_older_version_changes_nothing(tiny: Tiny) -> None:
    tokens = internal_tokens("gateway", settings_of("gateway", tiny.node_keys, Path()))

    async def project(projection: OrganisationProjection) -> int:
        headers = {HEADER: tokens.for_job("records", "outbox", tiny.clock()), "content-type": "application/json"}
        path = f"/internal/organisations/{projection.organisation.id}"
        return (await call(tiny.app, "PUT", path, headers=headers, body=projection.model_dump_json().encode())).status

    tree = [organisation(1, None), organisation(2, 1), organisation(3, 1), organisation(4, 2), organisation(5, 2)]
    assert [await project(one) for one in [*tree, organisation(2, 1, 3, "Oak"), organisation(2, 1, 2, "Ash")]] == [204] * 7
    async with tiny.app.state.database.reading() as tx:
        below = set((await tx.execute(within(OrganisationRow, UUID(int=2)))).scalars())
        up = set((await tx.execute(above(OrganisationRow, UUID(int=5)))).scalars())
        name = (await tx.get_one(OrganisationRow, UUID(int=2))).organisation.name
    assert (below, up, name) == ({UUID(int=n) for n in (2, 4, 5)}, {UUID(int=n) for n in (5, 2, 1)}, "Oak")


async def test_ready_means_store_and_workers(tiny: Tiny) -> None:
    assert (await tiny.send("GET", "/livez", {})).status == 200
    assert (await tiny.send("GET", "/readyz", {})).status == 200
    for task in tiny.app.state.tasks:
        task.cancel()
    await asyncio.gather(*tiny.app.state.tasks, return_exceptions=True)
    answer = await tiny.send("GET", "/readyz", {})
    assert (answer.status, problem(answer)["detail"]) == (503, "a worker has ended")


async def test_a_process_whose_loop_was_late_at_every_look_is_not_alive_until_it_is_in_time_again(tiny: Tiny) -> None:
    assert "_measure_loop" in [task.get_coro().__qualname__ for task in tiny.app.state.tasks]
    lag = tiny.app.state.loop_lag
    lag.passed = iter([*[0.0, EVERY_SECONDS + 0.5] * MEASURED, 0.0, 0.0, EVERY_SECONDS, EVERY_SECONDS]).__next__
    for _ in range(MEASURED):
        lag.expect()
        lag.turned()
    answer = await tiny.send("GET", "/livez", {})
    assert (answer.status, problem(answer)["detail"]) == (503, "the event loop has been late for ten seconds")
    lag.expect()
    assert b'safe_passage_loop_lag_seconds{service="records"} 0.5' in (await tiny.send("GET", "/metrics", {})).body
    lag.turned()
    answer = await tiny.send("GET", "/livez", {})
    assert (answer.status, answer.body) == (200, b'{"status":"alive"}')
    assert b'safe_passage_loop_lag_seconds{service="records"} 0.5' in (await tiny.send("GET", "/metrics", {})).body


async def test_questions_about_health_are_not_logged(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for path in ("/livez", "/readyz", "/metrics"):
            assert (await tiny.send("GET", path, {})).status == 200
        assert [record for record in caplog.records if record.getMessage() == "request"] == []
        await tiny.send("GET", "/v1/fault", {})
    assert [record.getMessage() for record in caplog.records if record.getMessage() == "request"] == ["request"]


async def test_a_schema_that_is_not_at_head_is_not_served(tiny: Tiny) -> None:
    with pytest.raises(SchemaNotAtHead, match="safepassage-node migrate"):
        await require_head("audit", tiny.app.state.database)


async def test_personal_looking_values_do_not_reach_the_database_error(tiny: Tiny) -> None:
    with pytest.raises(Exception, match=r"hidden|no such") as caught:
        async with tiny.app.state.database.transaction() as tx:
            await tx.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": "123-45-6789"})
    assert "123-45" not in str(caught.value)
