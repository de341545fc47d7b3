"""A proof that comes alone is on its way to the store while its signature is verified (decision 107): both say yes, or nothing is let in.

Here the store's server is a dictionary, so that it can be told when to answer; tests/gateway/door/test_forged_at_the_door has a real one.
"""

import asyncio
from datetime import UTC, datetime

import pytest

from safepassage.problems.access import ProofNotValid, ProofUsedBefore
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.oauth.replay import Check, ProcessProofStore, ProofStore
from services.gateway.oauth.shared_proofs import DatabaseProofStore
from shared.clock import EPOCH
from shared.database import Database
from tests.gateway.oauth.test_replay import proof

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC)


class Server(DatabaseProofStore):
    """The statements that come are kept in a dictionary. None is answered before `held` is set."""

    def __init__(self) -> None:
        super().__init__(Database("postgresql+asyncpg://nobody@127.0.0.1:1/none"))
        self.asked: list[list[bytes]] = []
        self.rows: set[bytes] = set()
        self.held = asyncio.Event()
        self.held.set()
        self.fails = self.is_slow = False

    async def _keep(self, used: dict[bytes, datetime], now: datetime) -> dict[bytes, datetime]:
        self.asked.append(list(used))
        if self.is_slow:
            await asyncio.sleep(0)
        await self.held.wait()  # does not pause where nothing is held
        fails, self.fails = self.fails, False
        if fails:
            raise OSError("the server is gone")
        new = {digest: EPOCH for digest in used if digest not in self.rows}
        self.rows |= set(used)
        return new


def nothing() -> None:
    """A check that finds nothing wrong."""


def wrong() -> None:
    raise ProofNotValid("not signed by the key in its header", field="DPoP")


async def use(store: ProofStore, name: str, check: Check | None = nothing) -> None:
    await store.spend(proof(name, NOW), NOW, nonce_at=None, check=check)


async def turns() -> None:
    """Let everybody go on who can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_it_is_verified_while_the_server_works() -> None:
    await _goes_before_it_is_verified(Server(), "a")


@pytest.mark.parametrize("fails", [False, True], ids=["the server answers", "the server fails"])
@pytest.mark.parametrize("used", [False, True], ids=["new", "used before"])
@pytest.mark.parametrize("held", [False, True], ids=["at once", "later"])
async def test_a_proof_that_is_not_signed_is_told_so_whatever_the_server_says(used: bool, held: bool, fails: bool) -> None:
    store = Server()
    if used:
        await use(store, "a")
    store.fails = fails
    if held:
        store.held.clear()
    asked = asyncio.create_task(use(store, "a", wrong))
    await turns()
    assert asked.done() is not held  # a statement that was sent is awaited
    store.held.set()
    with pytest.raises(ProofNotValid):
        await asked


@pytest.mark.parametrize("held", [False, True], ids=["at once", "later"])
async def test_what_is_signed_is_told_what_the_server_says(held: bool) -> None:
    store, checked = Server(), list[str]()
    if held:
        store.held.clear()
        asyncio.get_running_loop().call_later(0.001, store.held.set)
    await use(store, "a", lambda: checked.append("a"))
    with pytest.raises(ProofUsedBefore):
        await use(store, "a", lambda: checked.append("again"))
    store.fails = True
    with pytest.raises(TemporarilyUnavailable):
        await use(store, "b", lambda: checked.append("b"))
    assert checked == ["a", "again", "b"]


async def test_who_comes_meanwhile_is_verified_first_and_leaves_nothing_if_forged() -> None:
    store = Server()
    store.held.clear()
    first = asyncio.create_task(use(store, "first"))
    await turns()
    behind = [asyncio.create_task(use(store, name, check)) for name, check in (("b", nothing), ("forged", wrong), ("b", nothing))]
    await turns()
    assert isinstance(behind[1].exception(), ProofNotValid)
    store.held.set()
    said = await asyncio.wait_for(asyncio.gather(first, *behind, return_exceptions=True), 5)
    assert [type(one) for one in said] == [type(None), type(None), ProofNotValid, ProofUsedBefore]
    assert proof("forged", NOW).digest not in store.rows
    assert len(store.asked) == 2


@pytest.mark.parametrize("ends", ["cancelled", "failed", "forged"])
async def test_who_waits_behind_one_that_ends_badly_is_answered(ends: str) -> None:
    store = Server()
    store.held.clear()
    first = asyncio.create_task(use(store, "first", wrong if ends == "forged" else nothing))
    await turns()
    behind = asyncio.create_task(use(store, "behind"))
    await turns()
    if ends == "cancelled":
        first.cancel()
    store.fails = ends == "failed"
    store.held.set()
    with pytest.raises((asyncio.CancelledError, TemporarilyUnavailable, ProofNotValid)):
        await first
    await asyncio.wait_for(behind, 5)
    await asyncio.wait_for(use(store, "after"), 5)
    assert not store._waiting


async def test_after_several_at_once_one_that_comes_alone_goes_at_once_again() -> None:
    store = Server()
    store.is_slow = True
    await asyncio.gather(*(use(store, f"together {number}") for number in range(5)))
    assert [len(one) for one in store.asked] == [1, 4]
    await use(store, "alone, verified first")
    store.is_slow = False
    await _goes_before_it_is_verified(store, "alone")


async def _goes_before_it_is_verified(store: Server, name: str) -> None:
    """The server answers nobody whose proof is not verified."""
    asked: list[list[bytes]] = []

    def verify() -> None:
        asked.extend(store.asked)
        store.held.set()

    store.asked.clear()
    store.held.clear()
    await asyncio.wait_for(use(store, name, verify), 5)
    assert asked == [[proof(name, NOW).digest]]


async def test_a_process_that_remembers_by_itself_verifies_first() -> None:
    store = ProcessProofStore(NOW, first=True)
    with pytest.raises(ProofNotValid):
        await use(store, "a", wrong)
    await use(store, "a")
    with pytest.raises(ProofUsedBefore):
        await use(store, "a")
