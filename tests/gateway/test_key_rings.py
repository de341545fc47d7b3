import asyncio
import json
import shutil
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from safepassage.node_statement import NodeStatement
from services.gateway.oauth.signing_keys import activate, prepare
from shared.contracts.audit import Event
from shared.keys import SigningKey, new_symmetric_key
from tests.conftest import StandingClock
from tests.gateway.house import House, open_house

CHANGED = ("token-keys-changed", "gateway-keys-changed", "node-statement-changed")


@pytest.fixture
def keys(tmp_path: Path, node_keys: Path) -> Path:
    return Path(shutil.copytree(node_keys, tmp_path / "keys"))


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> str:
    shutil.copy(empty_store, tmp_path / "gateway.db")
    return f"sqlite+inline:///{tmp_path}/gateway.db"


def token_keys(keys: Path) -> Path:
    return keys / "gateway" / "token-signing"


def activated(keys: Path) -> str:
    pending = token_keys(keys) / "pending.json"
    return activate(token_keys(keys), now=datetime.fromtimestamp(pending.stat().st_mtime, UTC) + timedelta(minutes=1))


async def told(house: House) -> list[Event]:
    return [event for event in await house.entries() if event.context.operation in CHANGED]


def names(events: Sequence[Event]) -> list[tuple[str, str | None, int | None]]:
    return [(event.context.operation, event.context.about, event.context.count) for event in events]


async def told_at_a_start(tmp_path: Path, keys: Path, clock: StandingClock, store: str) -> list[Event]:
    async with open_house(tmp_path, keys, clock, database_url=store) as house:
        return await told(house)


@pytest.mark.anyio
async def test_a_change_while_the_gateway_runs_is_one_entry_whoever_sees_it_first(
    tmp_path: Path, keys: Path, clock: StandingClock, store: str
) -> None:
    async with open_house(tmp_path, keys, clock, database_url=store) as house:
        rings = house.app.state.key_rings
        await rings.look()
        assert await told(house) == []
        first = house.app.state.token_keys.current.active.kid
        prepare(token_keys(keys))
        house.app.state.token_keys.refresh()  # as a token under a key that is not known has it done
        await rings.look()
        await rings.look()
        kid = activated(keys)
        await rings.look()
        events = await told(house)
        assert names(events) == [("token-keys-changed", f"key:{first}", 2), ("token-keys-changed", f"key:{kid}", 2)]
        assert {(event.class_, event.actor.kind, event.actor.job) for event in events} == {("administration", "system", "token-keys")}


@pytest.mark.anyio
async def test_a_change_while_no_gateway_runs_is_an_entry_at_the_next_start_and_at_no_other(
    tmp_path: Path, keys: Path, clock: StandingClock, store: str
) -> None:
    assert await told_at_a_start(tmp_path, keys, clock, store) == []
    assert await told_at_a_start(tmp_path, keys, clock, store) == []
    prepare(token_keys(keys))
    kid = activated(keys)
    assert names(await told_at_a_start(tmp_path, keys, clock, store)) == [("token-keys-changed", f"key:{kid}", 2)]
    assert await told_at_a_start(tmp_path, keys, clock, store) == []


@pytest.mark.anyio
async def test_keys_that_come_back_are_a_change_too(tmp_path: Path, keys: Path, clock: StandingClock, store: str) -> None:
    """Whoever lays a key of their own in the folder for a while is seen to come, and to go."""
    await told_at_a_start(tmp_path, keys, clock, store)
    active, aside = token_keys(keys) / "active.json", tmp_path / "aside.json"
    own = SigningKey.load(active).kid
    active.rename(aside)
    another = SigningKey.generate()
    another.save(active)
    [came] = await told_at_a_start(tmp_path, keys, clock, store)
    aside.replace(active)
    [went] = await told_at_a_start(tmp_path, keys, clock, store)
    assert [came.context.about, went.context.about] == [f"key:{another.kid}", f"key:{own}"]
    assert came.key != went.key


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["cursor.key", "people.key"])
async def test_another_secret_of_the_gateway_is_an_entry_that_tells_nothing_of_it(
    tmp_path: Path, keys: Path, clock: StandingClock, store: str, name: str
) -> None:
    await told_at_a_start(tmp_path, keys, clock, store)
    (keys / "gateway" / name).unlink()
    new_symmetric_key(keys / "gateway" / name)
    [event] = await told_at_a_start(tmp_path, keys, clock, store)
    assert names([event]) == [("gateway-keys-changed", None, 3)]
    assert await told_at_a_start(tmp_path, keys, clock, store) == []


@pytest.mark.anyio
async def test_another_internal_key_of_the_gateway_is_an_entry(tmp_path: Path, keys: Path, clock: StandingClock, store: str) -> None:
    await told_at_a_start(tmp_path, keys, clock, store)
    own = keys / "gateway" / "internal.json"
    own.unlink()
    new = SigningKey.generate()
    new.save(own)
    for callee in ("privacy", "records", "audit"):
        (keys / callee / "callers" / "gateway.json").write_text(json.dumps(new.jwk))
    assert names(await told_at_a_start(tmp_path, keys, clock, store)) == [("gateway-keys-changed", None, 3)]


@pytest.mark.anyio
async def test_another_statement_of_the_node_is_an_entry_with_its_serial(
    tmp_path: Path, keys: Path, clock: StandingClock, store: str
) -> None:
    file, signer = tmp_path / "statement.jwt", SigningKey.generate()

    def sign(serial: int) -> None:
        file.write_text(signer.sign_compact(typ=NodeStatement.TYPE, payload={"serial": serial}))

    sign(1)
    async with open_house(tmp_path, keys, clock, database_url=store, node_statement_file=file) as house:
        assert await told(house) == []
        sign(20)
        await house.app.state.key_rings.look()
        assert names(await told(house)) == [("node-statement-changed", "statement:20", None)]
    file.write_text("no statement at all")
    async with open_house(tmp_path, keys, clock, database_url=store, node_statement_file=file) as house:
        assert names(await told(house)) == [("node-statement-changed", None, None)]


async def _seen_by_two(tmp_path: Path, keys: Path, clock: StandingClock, url: str) -> None:
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(open_house(tmp_path, keys, clock, database_url=url)) for _ in range(2)]
        prepare(token_keys(keys))
        await asyncio.gather(*(house.app.state.key_rings.look() for house in houses))
        keys_of = {event.key for house in houses for event in await told(house)}
        assert len(keys_of) == 1


@pytest.mark.anyio
async def test_of_two_processes_that_see_it_at_once_one_tells(tmp_path: Path, keys: Path, clock: StandingClock, store: str) -> None:
    await _seen_by_two(tmp_path, keys, clock, store)


@pytest.mark.anyio
@pytest.mark.postgres
async def test_of_two_processes_on_postgresql_one_tells(tmp_path: Path, keys: Path, clock: StandingClock, postgres_url: str) -> None:
    await _seen_by_two(tmp_path, keys, clock, postgres_url)
