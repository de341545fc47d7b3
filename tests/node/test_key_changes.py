"""Keys that were replaced while a node was stopped are in its log once it has started, each kind of each service, and once."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from services.audit.mirroring.keys import create_mirror_keys
from services.audit.witnessing.keys import FILES, WitnessKeys
from shared.key_providers import go_over_keys, look_at_keys
from shared.keys import SigningKey, new_symmetric_key
from tests.conftest import StandingClock
from tests.records.one_state import OneState, make_state, one_state

pytestmark = pytest.mark.anyio


@pytest.fixture
async def folder(tmp_path: Path, node_keys: Path, clock: StandingClock) -> Path:
    """A node that has run once."""
    await make_state(tmp_path / "alder", node_keys, clock)
    return tmp_path / "alder"


async def told(state: OneState) -> list[str]:
    """Of which keys the log says that they are others; each entry says who told it, and how many keys there are now."""
    await state.tell()
    found = [one for one in await state.logged("administration") if one.context["operation"] == "service-keys-changed"]
    for one in found:
        assert one.actor["kind"] == "system"
        assert str(one.context["about"]).endswith(f":{one.actor['job']}")
    return sorted(f"{one.context['about']} {one.context['count']}" for one in found)


async def told_at_a_start(folder: Path, clock: StandingClock) -> list[str]:
    async with one_state(folder, clock) as state:
        await look_at_keys(state.node.applications["audit"].state.key_rings)  # it does so itself, beside its first requests
        return await told(state)


def symmetric(path: Path) -> None:
    path.unlink()
    new_symmetric_key(path)


def signing(path: Path, *verifiers: Path) -> None:
    path.unlink()
    key = SigningKey.generate()
    key.save(path)
    for verifier in verifiers:
        verifier.write_text(json.dumps(key.jwk))


def decision_key(keys: Path) -> None:
    signing(keys / "privacy" / "decision-signing.json", *(keys / one / "decision-verification.json" for one in ("records", "audit")))


def key_encryption(service: str) -> Callable[[Path], None]:
    return lambda keys: new_symmetric_key(keys / service / "key-encryption" / "2.key")


def internal(service: str, *callees: str) -> Callable[[Path], None]:
    return lambda keys: signing(keys / service / "internal.json", *(keys / one / "callers" / f"{service}.json" for one in callees))


def witness(keys: Path) -> None:
    for name in FILES:
        (keys / "audit" / name).unlink()
    WitnessKeys.create(keys / "audit")


REPLACED: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "decisions": (decision_key, ["keys:audit:decision-verification 1", "keys:privacy:decision-signing 1"]),
    "key-encryption of privacy": (key_encryption("privacy"), ["keys:privacy:key-encryption 2"]),
    "key-encryption of records": (key_encryption("records"), ["keys:records:key-encryption 2"]),
    "key-encryption of audit": (key_encryption("audit"), ["keys:audit:key-encryption 2"]),
    "internal of privacy": (internal("privacy", "audit"), ["keys:audit:internal 4", "keys:privacy:internal 3"]),
    "internal of records": (
        internal("records", "privacy", "audit"),
        ["keys:audit:internal 4", "keys:privacy:internal 3", "keys:records:internal 2"],
    ),
    "internal of audit": (internal("audit"), ["keys:audit:internal 4"]),
    "look-up": (lambda keys: symmetric(keys / "records" / "lookup.key"), ["keys:records:look-up 1"]),
    "witness": (witness, ["keys:audit:witness 2"]),
    "mirror": (lambda keys: create_mirror_keys(keys / "audit"), ["keys:audit:mirror 2"]),
    "cursors": (
        lambda keys: [symmetric(keys / one / "cursor.key") for one in ("privacy", "records", "audit")] and None,
        ["keys:audit:cursors 1", "keys:privacy:cursors 1", "keys:records:cursors 1"],
    ),
}


@pytest.mark.requirement("LOG-keys-of-every-service")
async def test_each_kind_of_key_that_was_replaced_while_the_node_was_stopped_is_an_entry_at_the_next_start_and_at_no_other(
    folder: Path, clock: StandingClock
) -> None:
    assert await told_at_a_start(folder, clock) == []
    expected: list[str] = []
    for replace, entries in REPLACED.values():
        replace(folder / "keys")
        expected += entries
        assert await told_at_a_start(folder, clock) == sorted(expected)
    assert await told_at_a_start(folder, clock) == sorted(expected)


async def test_keys_that_come_back_are_a_change_too(folder: Path, clock: StandingClock, tmp_path: Path) -> None:
    """Whoever lays keys of their own in a folder for a while is seen to come, and to go."""
    keys = folder / "keys" / "audit"
    for name in FILES:
        shutil.copy(keys / name, tmp_path / name)
    for changes in (1, 2, 3, 4):
        if changes % 2:
            witness(folder / "keys")
        else:
            for name in FILES:
                shutil.copy(tmp_path / name, keys / name)
        assert await told_at_a_start(folder, clock) == ["keys:audit:witness 2"] * changes


@pytest.mark.parametrize("service", ["privacy", "records", "audit"])
async def test_a_version_that_is_made_while_a_service_runs_is_an_entry(folder: Path, clock: StandingClock, service: str) -> None:
    async with one_state(folder, clock) as state:
        running = state.node.applications[service].state
        await look_at_keys(running.key_rings)
        assert await told(state) == []
        key_encryption(service)(folder / "keys")
        symmetric(folder / "keys" / service / "cursor.key")  # the service goes on with the one that it has read
        await go_over_keys(running)
        assert await told(state) == [f"keys:{service}:key-encryption 2"]


async def test_of_an_entry_that_was_appended_before_a_crash_there_is_one(folder: Path, clock: StandingClock) -> None:
    async with one_state(folder, clock) as state:
        rings, sequencer = state.node.applications["audit"].state.key_rings, state.node.applications["audit"].state.sequencer
        await look_at_keys(rings)
        witness(folder / "keys")
        [ring] = rings.rings("witness")
        append = sequencer.append

        async def killed(*arguments: object) -> None:
            await append(*arguments)
            raise ConnectionAbortedError

        sequencer.append = killed
        with pytest.raises(ConnectionAbortedError):
            await rings.tell(ring)
    assert await told_at_a_start(folder, clock) == ["keys:audit:witness 2"]
