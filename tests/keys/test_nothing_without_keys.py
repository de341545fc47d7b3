"""A node whose root keys somebody else holds: while they may not be used, nothing is read, taken or answered, and nothing half done."""

import hashlib
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI

from safepassage.problems.keys import KeysUnavailable
from shared.in_process import call
from shared.key_encryption import WRAPPED
from shared.key_providers import confirm_keys, opened_provider
from shared.sealing_settings import SealingSettings
from tests.conftest import StandingClock
from tests.keys.holders import PIN, TOKEN, bao, here, sealed_bao, secret, told
from tests.records.one_state import SERVICES, OneState, make_state, one_state, problem, some_students

pytestmark = [pytest.mark.anyio, pytest.mark.keys]

STUDENTS = [one for one in some_students() if one.district.key == "0300001"]


def by_transit(folder: Path) -> dict[str, str]:
    mount = f"transit-{folder.name}"
    bao("POST", f"sys/mounts/{mount}", {"type": "transit"})
    return {
        "TRANSIT_URL": told("SAFE_PASSAGE_TEST_TRANSIT"),
        "TRANSIT_MOUNT": mount,
        "TRANSIT_TOKEN_FILE": told("SAFE_PASSAGE_TEST_TRANSIT_TOKEN"),
    }


def by_pkcs11(folder: Path) -> dict[str, str]:
    pin = secret(folder / "pin", PIN)
    return {"PKCS11_MODULE_FILE": told("SAFE_PASSAGE_TEST_PKCS11"), "PKCS11_TOKEN": TOKEN, "PKCS11_PIN_FILE": str(pin)}


def by_aws_kms(_: Path) -> dict[str, str]:
    credentials = told("SAFE_PASSAGE_TEST_KMS_CREDENTIALS")
    return {"AWS_KMS_REGION": "us-east-1", "AWS_KMS_ENDPOINT": told("SAFE_PASSAGE_TEST_KMS"), "AWS_CREDENTIALS_FILE": credentials}


PROVIDERS = {"pkcs11": by_pkcs11, "aws-kms": by_aws_kms, "transit": by_transit}


@pytest.fixture
def told_provider(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a provider that the environment's variables tell every service of."""
    name: str = request.param
    values = {"KEY_PROVIDER": name, "ROOT_KEY_NAME": secrets.token_hex(6), **PROVIDERS[name](tmp_path)}
    for variable, value in values.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{variable}", value)
    return name


def keys_of_provider(keys: Path) -> Path:
    """A folder of keys, whose key-encryption keys are no files any more."""
    for service in SERVICES:
        settings = SealingSettings(
            entity_id="http://127.0.0.1:9",
            database_url="sqlite+aiosqlite:///nowhere.db",
            keys_directory=keys / service,
            insecure_development=True,
        )
        provider = opened_provider(settings, service)
        assert provider.rotate() == 2
        provider.destroy(1)
        provider.close()
        assert [path.suffix for path in (keys / service / "key-encryption").iterdir()] == [WRAPPED]
    return keys


async def confirm_all(state: OneState) -> None:
    for service in SERVICES:
        app = state.node.applications[service]
        await confirm_keys(app.state.key_provider, app.state.forget_data_keys)


async def ready(app: FastAPI) -> int:
    """What /readyz answers, but for the worker that the test keeps from its work."""
    app.state.tasks = [task for task in app.state.tasks if task.get_coro().__qualname__ != "_send_outbox"]
    return (await call(app, "GET", "/readyz", headers={})).status


def digests(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((folder / "data").glob("*.db")):
        yield path.name, hashlib.sha256(path.read_bytes()).hexdigest()


async def made(folder: Path, node_keys: Path) -> tuple[Path, StandingClock]:
    """The folder of a node that never sealed anything by a key that is a file."""
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    shutil.copytree(node_keys, folder / "keys")
    await make_state(folder / "node", keys_of_provider(folder / "keys"), clock)
    return folder / "node", clock


@pytest.mark.parametrize("told_provider", here("pkcs11", "aws-kms", "transit"), indirect=True)
async def test_a_node_works_with_root_keys_that_it_never_sees(told_provider: str, node_keys: Path, tmp_path: Path) -> None:
    folder, clock = await made(tmp_path, node_keys)
    async with one_state(folder, clock) as state:
        loaded = await state.district().load(STUDENTS[0].load)
        await confirm_all(state)
        assert [await ready(app) for app in state.node.applications.values()] == [200] * 4
    async with one_state(folder, clock) as state:
        assert (await state.district().read(loaded.id)).version == loaded.version


@pytest.mark.parametrize("told_provider", here("pkcs11"), indirect=True)
async def test_a_node_whose_root_key_was_destroyed_does_not_start_again(told_provider: str, node_keys: Path, tmp_path: Path) -> None:
    folder, clock = await made(tmp_path, node_keys)
    async with one_state(folder, clock) as state:
        loaded = await state.district().load(STUDENTS[0].load)
        state.records.state.key_provider._root.destroy(2, wrapped=b"")
        await confirm_all(state)
        answer = await state.district().send("GET", f"/v1/students/{loaded.id}")
        assert (answer.status, problem(answer)) == (503, "keys-unavailable")
    with pytest.raises(KeysUnavailable):
        async with one_state(folder, clock):
            pass


@pytest.mark.parametrize("told_provider", here("transit"), indirect=True)
@pytest.mark.requirement("KEYS-none")
async def test_without_its_keys_a_node_discloses_nothing_and_says_so(told_provider: str, node_keys: Path, tmp_path: Path) -> None:
    folder, clock = await made(tmp_path, node_keys)
    async with one_state(folder, clock) as state:
        sis = state.district()
        loaded = await sis.load(STUDENTS[0].load)
        before = await sis.read(loaded.id)
        assert [await ready(app) for app in state.node.applications.values()] == [200] * 4
        at_rest = dict(digests(folder))
        with sealed_bao():
            await lapse(state)
            body = STUDENTS[1].load.model_dump_json(exclude_none=True).encode()
            refused = [
                await sis.send("GET", f"/v1/students/{loaded.id}"),
                await sis.send("POST", "/v1/students", body, idempotency_key="without-keys-1"),
            ]
            assert [(answer.status, problem(answer)) for answer in refused] == [(503, "keys-unavailable")] * 2
            assert {name: await ready(app) for name, app in state.node.applications.items()} == {
                "gateway": 200, "privacy": 503, "records": 503, "audit": 503,
            }  # fmt: skip
            assert dict(digests(folder)) == at_rest
        await confirm_all(state)
        assert [await ready(app) for app in state.node.applications.values()] == [200] * 4
        assert (await sis.read(loaded.id)).record == before.record
        await sis.load(STUDENTS[1].load, key="without-keys-1")


async def lapse(state: OneState) -> None:
    """The lease is over, and the holder does not answer."""
    for service in SERVICES:
        state.node.applications[service].state.key_provider._usable_until = 0.0
    await confirm_all(state)
