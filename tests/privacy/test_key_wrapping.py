"""`safepassage-node keys rewrap --service privacy`: after it the older key-encryption key may go, and with it what was forgotten."""

import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from anyio import to_thread
from sqlalchemy import Table, select
from typer.testing import CliRunner

from node.commands.keys import app
from safepassage.problems.records import SealBroken
from safepassage.wire_lists import DecisionPage
from services.privacy import app as privacy_app
from services.privacy import key_wrapping
from services.privacy.app import create_app
from services.privacy.key_wrapping import rewrap, sealed_columns
from services.privacy.policy import PolicySet
from services.privacy.sealing import Sealer
from services.privacy.subjects import TABLE, _of
from services.privacy.tables import OutboxRow, SubjectVersionRow
from shared.contracts.privacy import SubjectFacts
from shared.database import Database
from shared.key_encryption import version_of
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import PrivacyNode, settings_for
from tests.privacy.test_forgetting import destroyed
from tests.privacy.test_opt_outs import said
from tests.privacy.world import STAFF, World
from tests.read_by_all import read_by_all

pytestmark = pytest.mark.anyio


@pytest.fixture
def keys(node_keys: Path, tmp_path: Path) -> Path:
    """Keys that may change."""
    shutil.copytree(node_keys, tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that every table takes several."""
    monkeypatch.setattr(key_wrapping, "ROWS_OF_A_STEP", 2)


@asynccontextmanager
async def running(url: str, keys: Path, clock: StandingClock) -> AsyncIterator[World]:
    app = create_app(settings_for(url, keys), transports={"audit": InProcess()}, clock=clock)
    async with app.router.lifespan_context(app):
        yield await World.on(PrivacyNode(app, clock, keys))


async def lived_in(world: World) -> list[SubjectFacts]:
    """A store with something sealed in every kind of row that a student's life makes; gives three students."""
    students = [await world.student() for _ in range(3)]
    for facts in students:
        consent = await world.consent(facts)
        await world.node.decide(world.by_consent(facts, consent))
        await said(world, facts)
        await world.node.decide(world.by_transfer(facts))
        await world.withdraw(consent)
    return students


async def versions_of(database: Database, table: Table, names: Iterable[str]) -> list[int]:
    """Which versions wrapped what is sealed in a table."""
    async with database.reading() as tx:
        rows = (await tx.execute(select(*(table.c[name] for name in names)))).all()
    return [version_of(value) for row in rows for value in row if value]


async def every_version(database: Database) -> dict[str, set[int]]:
    """By table, of those that have anything."""
    found = {table.name: set(await versions_of(database, table, names)) for table, names in sealed_columns().items()}
    return {name: versions for name, versions in found.items() if versions}


async def read_everything(world: World) -> None:
    """Every decision is reproduced to the bit, and every student's facts are read."""
    reader = world.node.client(world.sea, "decisions:read")
    page = DecisionPage.model_validate_json((await reader.get("/v1/decisions", "limit=100")).body)
    assert len(page.decisions) > 3
    for one in page.decisions:
        answer = await reader.post(f"/v1/decisions/{one.id}/reproduction", None)
        assert answer.status == 200, answer.body


@pytest.mark.requirement("KEYS-rotation")
@pytest.mark.usefixtures("small_steps")
async def test_after_it_an_older_version_opens_nothing_and_everything_opens(
    store_url: str, keys: Path, clock: StandingClock, policy_set: PolicySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy_app, "load_policy_set", lambda: policy_set)
    async with running(store_url, keys, clock) as world:
        [facts, *_] = await lived_in(world)
        sealer, database = world.node.app.state.sealer, world.node.app.state.database
        before = await every_version(database)
        assert len(before) >= 8
        assert set().union(*before.values()) == {1}
        assert sealer.provider.rotate() == 2
        told: list[int] = []
        count = await rewrap(database, sealer, progress=told.append)
        assert told == sorted(told)
        assert count > 30
        assert set().union(*(await every_version(database)).values()) == {2}
        assert await rewrap(database, sealer) == await world.node.count(OutboxRow)  # what waits is sealed anew each time
        sealer.provider.destroy(1)
        await read_everything(world)  # by the process that was there all the time
        assert (await world.node.client(world.oak, *STAFF).get(f"/v1/known-facts/{facts.student_id}")).status == 200
    async with running(store_url, keys, clock) as world:
        await read_everything(world)
        assert world.node.app.state.outbox.sealing.open_text((await bodies(world))[0])


class Cut(Exception):
    """Short."""


@pytest.mark.requirement("KEYS-rotation")
@pytest.mark.usefixtures("small_steps")
async def test_cut_short_it_goes_on_and_everything_opens_meanwhile(
    store_url: str, keys: Path, clock: StandingClock, policy_set: PolicySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy_app, "load_policy_set", lambda: policy_set)

    def cut(count: int) -> None:
        if count > 8:
            raise Cut

    async with running(store_url, keys, clock) as world:
        await lived_in(world)
        sealer, database = world.node.app.state.sealer, world.node.app.state.database
        sealer.provider.rotate()
        with pytest.raises(Cut):
            await rewrap(database, sealer, progress=cut)
        assert set().union(*(await every_version(database)).values()) == {1, 2}
        await read_everything(world)
        await rewrap(database, sealer)
        assert set().union(*(await every_version(database)).values()) == {2}


@pytest.mark.requirement("KEYS-rotation")
async def test_an_operator_does_it_by_command(
    tmp_path: Path, empty_store: Path, keys: Path, clock: StandingClock, policy_set: PolicySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy_app, "load_policy_set", lambda: policy_set)
    shutil.copy(empty_store, tmp_path / "privacy.db")
    url = f"sqlite+inline:///{tmp_path}/privacy.db"
    async with running(url, keys, clock) as world:
        await lived_in(world)
    told = settings_for(url, keys)
    for name in ("entity_id", "database_url", "keys_directory", "node_organisation_id"):
        monkeypatch.setenv(f"SAFE_PASSAGE_{name.upper()}", str(getattr(told, name)))

    async def said(*arguments: str) -> str:
        """In a thread: a command has a loop of its own."""
        done = await to_thread.run_sync(lambda: CliRunner().invoke(app, [*arguments, "--service", "privacy"]))
        assert done.exit_code == 0, done.output
        return done.output

    assert "Version 2 made" in await said("next-key-encryption-key")
    early = await to_thread.run_sync(lambda: CliRunner().invoke(app, ["destroy-key-encryption-key", "1", "--service", "privacy"]))
    assert (early.exit_code, "Version 1 still wraps what privacy stores" in early.output) == (1, True), early.output
    assert (told.keys_directory / "key-encryption" / "1.key").exists()
    assert "wrapped again under version 2" in await said("rewrap")
    read_by_all(told.keys_directory)
    assert "Version 1 is destroyed" in await said("destroy-key-encryption-key", "1")
    async with running(url, keys, clock) as world:
        await read_everything(world)
        assert set().union(*(await every_version(world.node.app.state.database)).values()) == {2}


async def bodies(world: World) -> list[str]:
    """What waits in the outbox."""
    async with world.node.app.state.database.reading() as tx:
        return list(await tx.scalars(select(OutboxRow.body)))


@pytest.mark.requirement("KEYS-forgotten")
async def test_in_an_older_copy_nothing_opens_of_who_was_forgotten_whatever_the_store_of_today_has(
    store_url: str, keys: Path, clock: StandingClock, policy_set: PolicySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy_app, "load_policy_set", lambda: policy_set)
    async with running(store_url, keys, clock) as world:
        gone, stays, _ = await lived_in(world)
        sealer, database = world.node.app.state.sealer, world.node.app.state.database
        copy = {one.student_id: await facts_row(database, one.student_id) for one in (gone, stays)}
        data_keys = {sealed[:64] for sealed in await everything_sealed(database)}
        assert len({sealed[:64] for _, sealed in copy.values()}) == 2  # each has a data key to itself
        await destroyed(world, gone)
        sealer.provider.rotate()
        await rewrap(database, sealer)
        sealer.provider.destroy(1)
        now = {sealed[:64] for sealed in await everything_sealed(database)}
        assert not now & data_keys
        # Whoever has the older copy, the store of today and its keys tries every data key that there is.
        opened = {one: any_opens(sealer, now, custodian=world.oak.id, student=one, held=copy[one]) for one in copy}
        assert opened == {gone.student_id: False, stays.student_id: True}


async def facts_row(database: Database, student_id: UUID) -> tuple[int, bytes]:
    async with database.reading() as tx:
        query = select(SubjectVersionRow.facts_version, SubjectVersionRow.sealed).where(SubjectVersionRow.student_id == student_id)
        version, sealed = (await tx.execute(query)).one()
    return version, sealed


async def everything_sealed(database: Database) -> list[bytes]:
    found: list[bytes] = []
    async with database.reading() as tx:
        for table, names in sealed_columns().items():
            found += [value for row in await tx.execute(select(*(table.c[name] for name in names))) for value in row if value]
    return found


def any_opens(sealer: Sealer, wrapped: set[bytes], *, custodian: UUID, student: UUID, held: tuple[int, bytes]) -> bool:
    """Whether one of the data keys opens the facts."""
    version, sealed = held
    for key in wrapped:
        try:
            sealer.open(key + sealed[64:], table=TABLE, row=student, of=_of(version, custodian))
        except SealBroken:
            continue
        return True
    return False
