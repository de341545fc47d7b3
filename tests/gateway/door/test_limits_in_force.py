"""Limits that change while requests go on: whole or not at all, on the log, and nothing that was used is forgiven."""

import asyncio
import logging
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from node.server import server
from services.gateway.described.interface import interface
from services.gateway.door.limits_in_force import LimitsRefused, read_again
from shared.clock import system_clock
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask
from tests.gateway.door.limits_file import written
from tests.gateway.house import House, open_house
from tests.gateway.processes import GatewayProcess, Gateways, gateways
from tests.stores import at_head

INFO = "/oauth/token_info"
VALUE = 987654321


LIMITS = {
    "client_requests_per_second": 1,
    "client_burst": 6,
    "organisation_requests_per_second": 1,
    "organisation_burst": 30,
    "anonymous_requests_per_second": 1,
    "anonymous_burst": 4,
}


@pytest.fixture
def heeded() -> Iterator[None]:
    """A signal that whoever runs the tests ignores (nohup) is ignored by what they start."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
async def limited(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    file = written(tmp_path, LIMITS)
    async with open_house(tmp_path, node_keys, clock, template=empty_store, limits_file=file) as house:
        yield house


async def in_force(house: House) -> str:
    answer = await ask(house.app, "GET", "/readyz")
    assert (answer.status, answer.json["status"]) == (200, "ready")
    return str(answer.json["limits"])


async def asked(house: House, party: Party, token: str, times: int) -> list[int]:
    return [(await house.call(party, token, "GET", INFO)).status for _ in range(times)]


async def acts(house: House) -> list[tuple[str | None, str | None, str | None, int | None]]:
    """What the log says of limits."""
    entries = [event for event in await house.entries() if event.context.operation == "limits-changed"]
    assert {(event.class_, event.actor.kind) for event in entries} <= {("administration", "operator")}
    return [(event.context.outcome, event.context.reason, event.context.about, event.context.count) for event in entries]


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-limits")
async def test_limits_change_between_two_requests_and_what_was_used_stays_used(limited: House, tmp_path: Path) -> None:
    house = limited
    party = await house.sea_party("decisions:read")
    token = await house.token(party)
    assert await asked(house, party, token, 4) == [200] * 4
    before = await in_force(house)
    written(tmp_path, LIMITS | {"client_burst": 9, "client_requests_per_day": 8, "organisation_burst": 20, "anonymous_burst": 50})
    assert await asked(house, party, token, 1) == [200], "nothing changes before somebody says so"
    await read_again(house.app)
    answer = await house.call(party, token, "GET", INFO)
    assert [one.split(";r=")[1].split(";")[0] for one in answer.headers["ratelimit"].split(", ")] == ["3", "14", "2", "49999994"]
    assert [one.split(";q=")[1].split(";")[0] for one in answer.headers["ratelimit-policy"].split(", ")] == ["9", "20", "8", "50000000"]
    assert await asked(house, party, token, 4) == [200, 200, 429, 429], "eight in the day"
    after = await in_force(house)
    assert after != before
    assert (await ask(house.app, "GET", "/oauth/jwks", address="198.51.100.1")).headers["ratelimit-policy"] == '"address";q=50;w=50'
    written(tmp_path, LIMITS)
    await read_again(house.app)
    assert await in_force(house) == before
    assert await asked(house, party, token, 1) == [429], "eight of six"
    await read_again(house.app)
    assert await acts(house) == [("done", None, f"limits:{after}", 4), ("done", None, f"limits:{before}", 4)], (
        "what changes nothing is no act"
    )


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-limits")
async def test_a_bad_file_keeps_what_is_in_force_and_is_named_by_its_member(
    limited: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = limited
    before = await in_force(house)
    for said in ({"client_burst": 3, "anonymous_burst": VALUE}, {"client_burst": 3, "entity_id": str(VALUE)}, b"{"):
        written(tmp_path, said)
        with caplog.at_level(logging.INFO, "safe_passage.gateway"):
            await read_again(house.app)
    (tmp_path / "limits.json").unlink()
    await read_again(house.app)
    party = await house.sea_party("decisions:read")
    answer = await house.call(party, await house.token(party), "GET", INFO)
    assert answer.headers["ratelimit-policy"].startswith('"client";q=6;w=6, "organisation";q=30')
    assert await in_force(house) == before
    lines = [record for record in caplog.records if "refused" in record.getMessage()]
    assert [(vars(line)["code"], vars(line)["member"]) for line in lines] == [
        ("wrong-value", "anonymous_burst"),
        ("unknown-member", "entity_id"),
        ("no-json-object", None),
        ("unreadable", None),
    ]
    assert str(VALUE) not in "".join(str(vars(line)) for line in lines)
    assert await acts(house) == [("refused", vars(line)["code"], None, None) for line in lines]


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-limits")
async def test_what_cannot_be_put_on_the_log_changes_nothing(limited: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house, state = limited, limited.app.state
    before, policy = await in_force(house), state.door.allowances.client.policy
    written(tmp_path, LIMITS | {"client_burst": 9})

    def fails() -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(state.database, "transaction", fails)
        with pytest.raises(OSError):  # noqa: PT011 whichever
            await read_again(house.app)
    assert (await in_force(house), state.door.allowances.client.policy) == (before, policy)
    await read_again(house.app)
    assert state.door.allowances.client.policy == b'"client";q=9;w=9'


@pytest.mark.anyio
async def test_a_quota_of_ones_own_stays_whatever_the_settings_become(limited: House, tmp_path: Path) -> None:
    house, state = limited, limited.app.state
    holder = UUID(int=5)
    state.quotas.know({}, {(holder, "client-day"): 77}, state.quotas.zone)
    written(tmp_path, LIMITS | {"client_requests_per_day": 8})
    await read_again(house.app)
    assert (state.quotas.limit_of(holder, "client-day"), state.quotas.default("client-day")) == (77, 8)


@pytest.mark.anyio
async def test_a_gateway_does_not_start_with_a_bad_file(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    file = written(tmp_path, {"client_burst": 0})
    with pytest.raises(LimitsRefused, match="client_burst"):
        async with open_house(tmp_path, node_keys, clock, template=empty_store, limits_file=file):
            pass


@pytest.mark.anyio
async def test_whoever_hangs_up_while_it_starts_is_heard_when_it_has(house: House) -> None:
    heard: list[str] = []
    made = server(house.app, host="127.0.0.1", port=0, hung_up=lambda: heard.append("again"))
    made.config.lifespan = "off"
    made._hear(signal.SIGHUP, None)  # type: ignore[attr-defined]  # as the interpreter calls it
    task = asyncio.create_task(made._serve())
    while not made.started:  # noqa: ASYNC110 uvicorn offers no event
        await asyncio.sleep(0.005)
    assert heard == ["again"]
    made._hear(signal.SIGHUP, None)  # type: ignore[attr-defined]
    made.should_exit = True
    await task
    assert heard == ["again"] * 2


@pytest.fixture
async def two(tmp_path: Path, node_keys: Path, empty_store: Path) -> AsyncIterator[Gateways]:
    shutil.copy(empty_store, tmp_path / "gateway.db")
    async with _two(tmp_path, node_keys, f"sqlite+aiosqlite:///{tmp_path}/gateway.db") as made:
        yield made


@asynccontextmanager
async def _two(folder: Path, keys: Path, url: str) -> AsyncIterator[Gateways]:
    file = written(folder, {"client_burst": 900_000})
    async with gateways(2, database_url=url, keys=keys, limits_file=str(file)) as made:
        yield made


async def limits_at(process: GatewayProcess) -> str:
    answer = await process.ask("GET", "/readyz", [])
    assert (answer.status, answer.json["interface"]) == (200, interface()), answer.body
    return str(answer.json["limits"])


async def told_again(process: GatewayProcess, *, away_from: str) -> str:
    """Have the process read its file again, and give what is in force then."""
    assert process.process is not None
    process.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(20):
        while (found := await limits_at(process)) == away_from:  # noqa: ASYNC110 the signal has its own way there
            await asyncio.sleep(0.01)
    return found


@pytest.mark.anyio
@pytest.mark.slow
@pytest.mark.requirement("DOOR-limits")
async def test_under_load_limits_change_in_both_processes_and_no_request_fails(two: Gateways, tmp_path: Path) -> None:
    await _change_under_load(two, tmp_path)


@pytest.mark.anyio
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.requirement("DOOR-limits")
async def test_under_load_limits_change_in_both_processes_of_a_postgresql_store_and_no_request_fails(
    tmp_path: Path, node_keys: Path, postgres_place: str
) -> None:
    await at_head("gateway", postgres_place)
    async with _two(tmp_path, node_keys, postgres_place) as two:
        await _change_under_load(two, tmp_path)


async def _change_under_load(two: Gateways, tmp_path: Path) -> None:
    """Both change with each file that is good, and with one that is not they stay as they are."""
    await two.start()
    party, now = await two.party("decisions:read"), system_clock()
    answer = await two.processes[0].token(party.form(now), party.proof(now, "POST", "/oauth/token"))
    token, going = str(answer.json["access_token"]), True
    statuses, policies = Counter[int](), Counter[str]()

    async def call(process: GatewayProcess) -> Answer:
        proof = party.proof(system_clock(), "GET", INFO, token=token)
        return await process.ask("GET", INFO, [("Authorization", f"DPoP {token}"), ("DPoP", proof)])

    async def use(process: GatewayProcess) -> None:
        while going:
            one = await call(process)
            statuses[one.status] += 1
            policies[one.headers.get("ratelimit-policy", "").split(";w")[0]] += 1

    users = [asyncio.create_task(use(process)) for process in two.processes for _ in range(2)]
    bursts = [900_000 - number for number in range(1, 6)]
    before = {await limits_at(process) for process in two.processes}
    assert len(before) == 1
    last = before.pop()
    for burst in bursts:
        written(tmp_path, {"client_burst": burst})
        found = {await told_again(process, away_from=last) for process in two.processes}
        assert len(found) == 1, "both have the same"
        last = found.pop()
        until = statuses.total() + 20
        while statuses.total() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    written(tmp_path, {"client_burst": 0})
    for process in two.processes:
        for _ in range(3):
            assert process.process is not None
            process.process.send_signal(signal.SIGHUP)
    until = statuses.total() + 40
    while statuses.total() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert {await limits_at(process) for process in two.processes} == {last}
    going = False
    await asyncio.gather(*users)
    assert set(statuses) == {200}, statuses
    assert set(policies) == {f'"client";q={burst}' for burst in (900_000, *bursts)}
    written(tmp_path, {"client_burst": 1})
    await told_again(two.processes[0], away_from=last)
    assert (await call(two.processes[0])).status == 429, "what was used is not forgiven"
    await two.end()


@pytest.mark.anyio
@pytest.mark.slow
@pytest.mark.usefixtures("heeded")
async def test_a_process_does_not_start_with_a_bad_file_and_one_without_a_file_ends_by_the_signal(two: Gateways, tmp_path: Path) -> None:
    written(tmp_path, {"client_burst": 0})
    with pytest.raises(AssertionError, match="ended"):
        await two.start(two.processes[0])
    refused = two.processes[0].process
    assert refused is not None
    assert refused.returncode == 2, "the command says what is wrong"
    process = two.processes[1]
    process.environment = {name: value for name, value in process.environment.items() if name != "SAFE_PASSAGE_LIMITS_FILE"}
    await two.start(process)
    await asyncio.wait_for(process.end(signal.SIGHUP), 20)
    assert process.process is not None
    assert process.process.returncode == -signal.SIGHUP
