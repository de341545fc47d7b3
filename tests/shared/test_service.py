"""What every service inherits: problems that tell nothing, scopes, idempotency, the tree of organisations, health."""

import asyncio
import json
import logging
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from safepassage.wire_organisations import Organisation
from shared.app import internal_tokens
from shared.contracts.organisations import OrganisationProjection
from shared.in_process import Answer, call
from shared.internal_token import HEADER
from shared.loop_lag import EVERY_SECONDS, MEASURED
from shared.schema_head import SchemaNotAtHead, require_head
from shared.tenancy import above, within
from tests.shared.tables import OrganisationRow
from tests.shared.tiny import Tiny, settings_of

pytestmark = pytest.mark.anyio


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


async def test_a_process_of_which_a_worker_has_ended_says_so_and_is_not_alive_until_it_is_started_again(
    tiny: Tiny, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> float:
        raise OSError("ssn 123-45-6789")

    monkeypatch.setattr(tiny.app.state.outbox, "_holds_lease", breaks)
    monkeypatch.setattr(tiny.app.state.outbox._faults, "failed", breaks)
    tiny.app.state.outbox.wake()
    sending = next(task for task in tiny.app.state.tasks if task.get_coro().__qualname__ == "_send_outbox")
    await asyncio.wait([sending])
    answer = await tiny.send("GET", "/livez", {})
    assert (answer.status, problem(answer)["detail"]) == (503, "a worker has ended")
    [said] = [one for one in caplog.records if one.getMessage() == "a worker has ended"]
    assert (said.levelname, vars(said)["fault"]) == ("CRITICAL", "OSError")
    tiny.app.state.ready = False  # it stops: workers end one by one, and nobody need kill it
    assert (await tiny.send("GET", "/livez", {})).status == 200


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
