"""Proofs remembered in a file that the gateway's processes of one machine share (decision 122)."""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from safepassage.problems.access import ProofNonceRequired, ProofNotValid, ProofUsedBefore
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.oauth import host_proofs
from services.gateway.oauth.host_proofs import FILE, GENERATION_SECONDS, HostProofStore
from services.gateway.oauth.nonces import ProofNonces
from services.gateway.oauth.proof_of_possession import FUTURE_SECONDS, PAST_SECONDS
from tests.gateway.oauth.test_replay import proof

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 12, 1, 12, 0, 0, 400_000, tzinfo=UTC)


Open = Callable[[], HostProofStore]


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Open]:
    """Opens the file once more, as a process that starts does."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(HostProofStore.open(tmp_path, NOW)))


@pytest.fixture
def two(open_store: Open) -> tuple[HostProofStore, HostProofStore]:
    """Of two processes over one file."""
    return open_store(), open_store()


async def use(store: HostProofStore, name: str, *, made: datetime = NOW, now: datetime = NOW) -> None:
    await store.spend(proof(name, made), now, nonce_at=made.timestamp(), check=lambda: None)


def remembered(folder: Path) -> list[int]:
    """How many proofs each of the two tables holds."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        counts = connection.execute("SELECT (SELECT count(*) FROM used_0), (SELECT count(*) FROM used_1)").fetchone()
    return [int(count) for count in counts]


async def test_it_counts_once_at_either_process_and_after_a_restart(two: tuple[HostProofStore, HostProofStore], open_store: Open) -> None:
    one, other = two
    await use(one, "a")
    for store in (one, other, open_store()):
        with pytest.raises(ProofUsedBefore):
            await use(store, "a")
        assert store.key == one.key
    await use(other, "b")
    with pytest.raises(ProofUsedBefore):
        await use(one, "b")


async def test_without_a_nonce_it_is_asked_for_one_and_nothing_is_remembered(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    with pytest.raises(ProofNonceRequired):
        await two[0].spend(proof("a", NOW), NOW, nonce_at=None, check=lambda: None)
    assert remembered(tmp_path) == [0, 0]
    await use(two[1], "a")


async def test_what_is_wrong_with_it_is_told_first_and_nothing_is_remembered(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    def wrong() -> None:
        raise ProofNotValid("not signed by the key in its header", field="DPoP")

    for nonce_at in (None, NOW.timestamp()):
        with pytest.raises(ProofNotValid):
            await two[0].spend(proof("a", NOW), NOW, nonce_at=nonce_at, check=wrong)
    assert remembered(tmp_path) == [0, 0]


async def test_another_start_of_the_machine_begins_anew_under_another_key(
    open_store: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_store()
    await use(before, "a")
    nonce = ProofNonces(before.key).give(NOW)
    boot = tmp_path / "boot_id"
    boot.write_text("another start\n")
    monkeypatch.setattr(host_proofs, "BOOT", boot)
    after = open_store()
    assert remembered(tmp_path) == [0, 0]
    with pytest.raises(ProofNonceRequired):  # so nothing that was used before is taken again
        ProofNonces(after.key).verify(nonce, NOW)
    with pytest.raises(TemporarilyUnavailable):  # nor by who has the key of before
        await use(before, "a")
    await use(after, "b")


async def test_it_is_forgotten_once_it_could_not_come_again_and_never_before(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    """Used at the last instant of a table, by a clock that is ahead: the table after it takes uses from then on, and goes after it."""
    used = NOW.replace(microsecond=0) + timedelta(seconds=GENERATION_SECONDS, microseconds=-1)
    ahead = used.replace(microsecond=0) + timedelta(seconds=FUTURE_SECONDS)
    await use(two[0], "a", made=ahead, now=used)
    turns = NOW.replace(microsecond=0) + timedelta(seconds=GENERATION_SECONDS)
    await use(two[1], "b", made=turns, now=turns)
    for store in two:
        for now in (turns, ahead + timedelta(seconds=PAST_SECONDS)):
            with pytest.raises(ProofUsedBefore):
                await use(store, "a", made=ahead, now=now)
    over = turns + timedelta(seconds=GENERATION_SECONDS)
    assert over > ahead + timedelta(seconds=PAST_SECONDS)
    assert remembered(tmp_path) == [1, 1]
    await use(two[0], "c", made=over, now=over)
    assert remembered(tmp_path) == [1, 1]  # c, and b


async def test_who_comes_late_uses_the_table_that_takes_uses_now(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    over = NOW + timedelta(seconds=GENERATION_SECONDS)
    await use(two[1], "a")
    await use(two[0], "b", made=over, now=over)
    before = over - timedelta(seconds=2)  # when its request came; it waited, and the other has turned since
    await use(two[1], "c", made=before, now=before)
    assert remembered(tmp_path) == [1, 2]


@pytest.mark.parametrize("process", [0, 1])
async def test_a_clock_that_goes_back_brings_nothing_back(two: tuple[HostProofStore, ...], process: int) -> None:
    await use(two[0], "a")
    for hours in (1, 2):
        later = NOW + timedelta(hours=hours)
        await use(two[0], f"after {hours}", made=later, now=later)
    for name in ("a", "of that time"):
        with pytest.raises(TemporarilyUnavailable):
            await use(two[process], name)
    for hours in (1, 2):
        later = NOW + timedelta(hours=hours)
        with pytest.raises(ProofUsedBefore):
            await use(two[process], f"after {hours}", made=later, now=later)


async def test_what_is_of_a_time_to_come_begins_anew_at_the_next_start(two: tuple[HostProofStore, ...], open_store: Open) -> None:
    later = NOW + timedelta(days=1)
    await use(two[0], "a", made=later, now=later)
    started = open_store()
    assert started.key != two[0].key
    await use(started, "a")
    with pytest.raises(TemporarilyUnavailable):
        await use(two[1], "c")


@pytest.mark.parametrize("process", [0, 1])
async def test_what_was_over_when_a_table_began_is_not_taken_and_to_the_second_what_was_not(
    two: tuple[HostProofStore, ...], process: int
) -> None:
    await use(two[0], "a")
    turned = NOW.replace(microsecond=0) + timedelta(seconds=GENERATION_SECONDS)
    await use(two[0], "b", made=turned, now=turned)
    oldest = turned - timedelta(seconds=PAST_SECONDS)
    await use(two[process], "as old as a proof may be", made=oldest, now=turned)
    with pytest.raises(TemporarilyUnavailable):
        await use(two[process], "older", made=oldest - timedelta(seconds=1), now=turned - timedelta(seconds=1))


async def test_while_it_cannot_be_written_nothing_is_taken(two: tuple[HostProofStore, ...], tmp_path: Path) -> None:
    await use(two[0], "a")
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as stuck:
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
