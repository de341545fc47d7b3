"""Proofs remembered in a file that the gateway's processes of one machine share (decision 122)."""

import errno
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from safepassage.problems.access import ProofNonceRequired, ProofNotValid, ProofUsedBefore
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.oauth import host_proofs
from services.gateway.oauth.host_proofs import FILE, HostProofStore
from services.gateway.oauth.nonces import ProofNonces
from services.gateway.oauth.proof_of_possession import FUTURE_SECONDS, PAST_SECONDS, REMEMBERED_SECONDS
from tests.gateway.oauth.test_replay import proof

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 12, 1, 12, 0, 0, 400_000, tzinfo=UTC)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[HostProofStore, HostProofStore]]:
    """Of two processes over one file."""
    one, other = HostProofStore.open(tmp_path, NOW), HostProofStore.open(tmp_path, NOW)
    yield one, other
    one.close()
    other.close()


async def use(store: HostProofStore, name: str, *, made: datetime = NOW, now: datetime = NOW) -> None:
    await store.spend(proof(name, made), now, nonce_at=made.timestamp(), check=lambda: None)


def remembered(folder: Path) -> int:
    with sqlite3.connect(folder / FILE) as connection:
        return int(connection.execute("SELECT count(*) FROM used").fetchone()[0])


async def test_it_counts_once_at_either_process_and_after_a_restart(two: tuple[HostProofStore, HostProofStore], tmp_path: Path) -> None:
    one, other = two
    await use(one, "a")
    for store in (one, other, HostProofStore.open(tmp_path, NOW)):
        with pytest.raises(ProofUsedBefore):
            await use(store, "a")
        assert store.key == one.key
    await use(other, "b")
    with pytest.raises(ProofUsedBefore):
        await use(one, "b")


async def test_without_a_nonce_it_is_asked_for_one_and_nothing_is_remembered(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    with pytest.raises(ProofNonceRequired):
        await two[0].spend(proof("a", NOW), NOW, nonce_at=None, check=lambda: None)
    assert remembered(tmp_path) == 0
    await use(two[1], "a")


async def test_what_is_wrong_with_it_is_told_first_and_nothing_is_remembered(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    def wrong() -> None:
        raise ProofNotValid("not signed by the key in its header", field="DPoP")

    for nonce_at in (None, NOW.timestamp()):
        with pytest.raises(ProofNotValid):
            await two[0].spend(proof("a", NOW), NOW, nonce_at=nonce_at, check=wrong)
    assert remembered(tmp_path) == 0


async def test_another_start_of_the_machine_begins_anew_under_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = HostProofStore.open(tmp_path, NOW)
    await use(before, "a")
    nonce = ProofNonces(before.key).give(NOW)
    boot = tmp_path / "boot_id"
    boot.write_text("another start\n")
    monkeypatch.setattr(host_proofs, "BOOT", boot)
    after = HostProofStore.open(tmp_path, NOW)
    assert remembered(tmp_path) == 0
    with pytest.raises(ProofNonceRequired):  # so nothing that was used before is taken again
        ProofNonces(after.key).verify(nonce, NOW)
    with pytest.raises(TemporarilyUnavailable):  # nor by who has the key of before
        await use(before, "a")
    await use(after, "b")


async def test_it_is_forgotten_once_it_could_not_come_again_and_never_before(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    ahead = NOW + timedelta(seconds=FUTURE_SECONDS)
    await use(two[0], "a", made=ahead)
    last = ahead + timedelta(seconds=PAST_SECONDS)
    with pytest.raises(ProofUsedBefore):
        await use(two[1], "a", made=ahead, now=last)
    over = NOW + timedelta(seconds=REMEMBERED_SECONDS + 3)
    await use(two[1], "b", made=over, now=over)
    assert remembered(tmp_path) == 1


@pytest.mark.parametrize("process", [0, 1])
async def test_a_clock_that_goes_back_brings_nothing_back(two: tuple[HostProofStore, ...], process: int) -> None:
    await use(two[0], "a")
    later = NOW + timedelta(hours=1)
    await use(two[0], "b", made=later, now=later)
    with pytest.raises(TemporarilyUnavailable):
        await use(two[process], "a")
    with pytest.raises(ProofUsedBefore):
        await use(two[process], "b", made=later, now=later)


async def test_what_is_of_a_time_to_come_begins_anew_at_the_next_start(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    later = NOW + timedelta(days=1)
    await use(two[0], "a", made=later, now=later)
    started = HostProofStore.open(tmp_path, NOW)
    assert started.key != two[0].key
    await use(started, "a")
    with pytest.raises(TemporarilyUnavailable):
        await use(two[1], "c")


async def test_as_old_as_a_proof_may_be_it_is_taken_beside_a_process_that_forgets(two: tuple[HostProofStore, ...]) -> None:
    for second in range(3):
        now = NOW + timedelta(seconds=second)
        await use(two[0], f"new {second}", made=now, now=now)
        await use(two[1], f"old {second}", made=now.replace(microsecond=0) - timedelta(seconds=PAST_SECONDS - 1), now=now)


async def test_while_it_cannot_be_written_nothing_is_taken(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    await use(two[0], "a")
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as stuck:
        stuck.execute("BEGIN IMMEDIATE")
        with pytest.raises(TemporarilyUnavailable):
            await use(two[0], "b")
        stuck.execute("ROLLBACK")
    await use(two[1], "b")


def test_nobody_else_reads_the_files(tmp_path: Path) -> None:
    store = HostProofStore.open(tmp_path / "proofs", NOW)
    files = [tmp_path / "proofs", *(tmp_path / "proofs").iterdir()]
    assert [path.stat().st_mode & 0o077 for path in files] == [0] * 4
    store.close()


def test_where_something_else_lies_there_it_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_bytes(b"something else, and of some length" * 200)
    with pytest.raises(OSError, match="Proofs cannot be remembered in it") as refused:
        HostProofStore.open(tmp_path, NOW)
    assert (refused.value.filename, refused.value.errno) == (str(file), errno.EEXIST)  # which has a remedy: move it away
    assert file.read_bytes().startswith(b"something else")
