"""Wrapping the keys of the store again: nothing is lost on the way, whoever is killed or comes late, and old copies open nothing."""

import json
import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from safepassage.problems.requests import TemporarilyUnavailable
from services.audit.retention import wrapping
from services.audit.retention.wrapping import begin, destroy_retired, rewrap, wrapping_of
from services.audit.tables import LogKeyRow, SubjectKeyRow
from services.audit.verification import verify_store
from shared.key_encryption import FileKeyProvider, version_of
from shared.keys import KeyFileUnusable
from tests.audit.audit_node import AuditNode, event, running, settings_of
from tests.audit.retention.backups import back_up, restore
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapping, "KEYS_OF_A_STEP", 3)


def provider_of(keys: Path) -> FileKeyProvider:
    return FileKeyProvider(keys / "audit" / "key-encryption")


async def versions_of(node: AuditNode) -> set[int]:
    """The versions by which the store's keys are wrapped."""
    async with node.database.reading() as tx:
        rows = [*(await tx.scalars(select(SubjectKeyRow.wrapped))), *(await tx.scalars(select(LogKeyRow.wrapped)))]
    return {version_of(wrapped) for wrapped in rows}


async def change_version(node: AuditNode, keys: Path) -> None:
    provider = provider_of(keys)
    await begin(node.database, provider.rotate())
    await rewrap(node.database, provider)
    state = await wrapping_of(node.database)
    assert state is not None
    assert destroy_retired(provider, state) == [1]


@pytest.mark.requirement("LOG-I9")
async def test_an_old_copy_of_the_store_opens_nothing_once_the_version_that_wrapped_it_is_destroyed(
    store_url: str, own_keys: Path, clock: StandingClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with running(store_url, own_keys, clock) as node:
        await node.append(*[event("request", student=uuid4()) for _ in range(10)], event("request"))
        oldest = await back_up(store_url)
        await change_version(node, own_keys)
        assert await versions_of(node) == {2}
        await node.append(event("request", student=uuid4()))
    (now,) = await verify_store(settings_of(store_url, own_keys))
    assert (now.log.size, now.opened) == (12, 12)
    restored = await restore(oldest, tmp_path_factory.mktemp("restored"))
    (then,) = await verify_store(settings_of(restored, own_keys))
    assert (then.log.size, then.opened, then.closed) == (11, 0, 11)
    with pytest.raises(KeyFileUnusable, match="before a destruction"):
        async with running(restored, own_keys, clock):
            pass


async def test_a_rewrapping_that_was_cut_short_goes_on_where_it_ended(store_url: str, own_keys: Path, clock: StandingClock) -> None:
    class CutShort(Exception):
        pass

    def cut_short(done: int) -> None:
        told.append(done)
        raise CutShort

    told: list[int] = []
    async with running(store_url, own_keys, clock) as node:
        await node.append(*[event("request", student=uuid4()) for _ in range(10)])
        provider = provider_of(own_keys)
        await begin(node.database, provider.rotate())
        while not (state := await wrapping_of(node.database)).complete:  # type: ignore[union-attr]  # the store has keys
            assert state is not None
            assert destroy_retired(provider, state) == []
            try:
                await rewrap(node.database, provider_of(own_keys), progress=cut_short)
            except CutShort:
                await node.append(event("request", student=uuid4()))
        assert told == sorted(set(told))
        assert await versions_of(node) == {2}
    (report,) = await verify_store(settings_of(store_url, own_keys))
    assert report.opened == report.log.size == 10 + len(told)


async def test_a_process_that_started_before_wraps_by_the_version_that_the_store_names(
    store_url: str, own_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, own_keys, clock) as node, running(store_url, own_keys, clock) as other:
        await other.append(event("request", student=uuid4()))
        await change_version(node, own_keys)
        await other.append(event("request", student=uuid4()))
        assert await versions_of(node) == {2}
        found = await other.send("POST", "/v1/log/searches", node.as_caller("audit:search"), {"classes": ["request"]})
        assert [entry["destroyed"] for entry in json.loads(found.body)["entries"]] == [False, False]


async def test_a_process_without_the_files_of_that_version_takes_no_new_student_and_loses_no_key(
    store_url: str, own_keys: Path, clock: StandingClock, tmp_path: Path
) -> None:
    apart = Path(shutil.copytree(own_keys, tmp_path / "apart"))
    async with running(store_url, own_keys, clock) as node, running(store_url, apart, clock) as other:
        await other.append(event("request", student=uuid4()))
        await begin(node.database, provider_of(own_keys).rotate())
        assert (await other.try_append(event("request", student=uuid4()))).status == 503
        await node.append(event("request", student=uuid4()))
        assert node.sequencer.size == 2


async def test_a_new_file_alone_changes_nothing_until_it_is_told(store_url: str, own_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, own_keys, clock) as node:
        await node.append(event("request", student=uuid4()))
    provider_of(own_keys).rotate()
    async with running(store_url, own_keys, clock) as node:
        await node.append(event("request", student=uuid4()))
        assert await versions_of(node) == {1}


async def test_whoever_began_to_read_before_keys_were_wrapped_again_is_told_to_read_anew_and_not_that_they_were_destroyed(
    store_url: str, own_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, own_keys, clock) as node:
        await node.append(event("request", student=uuid4()))
        keys = node.app.state.keys
        async with node.database.reading() as tx:
            ids = (await tx.scalars(select(SubjectKeyRow.key_id))).all()
            assert len(await keys.find(tx, ids)) == len(ids) > 0
            await change_version(node, own_keys)
            keys.provider.load()
            with pytest.raises(TemporarilyUnavailable):
                await keys.find(tx, ids)
        async with node.database.reading() as tx:
            assert len(await keys.find(tx, ids)) == len(ids)
