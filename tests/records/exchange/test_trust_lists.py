"""A newer trust list goes from node to node by itself, and whoever brings one decides nothing by it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from node.trust import member_of, signed_list
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.trust import NotAMember, TrustListNotSigned
from safepassage.trust_list import CONTENT_TYPE, VerifiedTrustList
from safepassage.trust_list_steps import LISTS_PATH
from services.gateway.trust_lists import ask_for_newer_lists
from services.records.exchange import works
from services.records.exchange.passing_trust_lists import pass_on
from services.records.exchange.pulling import pull_round
from services.records.exchange.trust_lists import bring_lists
from services.records.tables import TrustListRow
from shared.contracts.trust_lists import PATH, PassedTrustList, TrustListHeld
from shared.keys import SigningKey
from shared.trust import Trust
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.forging import Forger, genuine
from tests.records.exchange.listener import away, birch_away
from tests.records.exchange.test_peers_standing import install, next_list
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


def held(state: State) -> VerifiedTrustList:
    verified = state.exchange.trust.verified
    assert verified is not None
    return verified


async def newer(states: TwoStates, **change: dict[str, object]) -> bytes:
    """The next list, which Alder's operator has installed and nobody else."""
    document = next_list(
        states, change={getattr(states, name).entity_id: what for name, what in change.items()}, previous=held(states.alder)
    )
    install(states.alder, document)
    assert await states.alder.exchange.trust.refresh()
    return document


async def bring(states: TwoStates, document: bytes, *, content_type: str = CONTENT_TYPE) -> int:
    """Somebody brings a list to Birch; what is answered."""
    alder = states.alder.exchange
    birch = next(one for one in held(states.alder).content.members if one.entity_id == states.birch.entity_id)
    return (await alder.peers.post_openly(birch, LISTS_PATH, document, content_type=content_type)).status


async def serials(state: State) -> set[int]:
    """Of the list that each service of the node holds."""
    found = {held(state).content.serial}
    for service in ("gateway", "audit"):
        trust: Trust = state.node.applications[service].state.trust
        await trust.refresh()
        assert trust.held is not None
        found.add(trust.held.serial)
    return found


@pytest.mark.requirement("EX-lists")
async def test_within_a_minute_every_other_node_and_each_of_its_services_has_the_newer_list(
    own_states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = own_states
    document = await newer(states)
    monkeypatch.setattr(works, "MINUTE_SECONDS", 0.0)
    watching = asyncio.create_task(works.keep_watch(states.alder.records))
    async with asyncio.timeout(30):
        while states.alder.exchange.lists_brought.get(states.birch.entity_id) != 2:
            assert not watching.done()
            await asyncio.sleep(0)
    watching.cancel()
    assert await serials(states.birch) == {2}
    assert states.birch.folder.trust_list.read_bytes() == document
    accepted = [entry["context"]["trust_serial"] for entry in await waiting_for_the_log(states.birch, "trust", None)]
    assert accepted == [2]
    async with birch_away(states) as knocks:
        await bring_lists(states.alder.exchange)
        assert knocks.connections == 0


@pytest.mark.requirement("EX-lists", "EX-8")
async def test_who_is_suspended_by_a_list_that_somebody_brought_is_out(own_states: TwoStates) -> None:
    states = own_states
    case = await states.queued()
    body = (await genuine(case)).body
    document = next_list(states, change={states.alder.entity_id: {"status": "suspended"}})
    assert await bring(states, document) == 204
    with pytest.raises(NotAMember):
        states.birch.exchange.trust.member(states.alder.entity_id)
    assert await serials(states.birch) == {2}
    with pytest.raises(PeerUnavailable):  # it is given no token any more
        await Forger(states).send(body)
    assert await case.received() == []


@pytest.mark.requirement("EX-lists")
async def test_a_node_that_missed_lists_is_brought_each_in_its_order(own_states: TwoStates) -> None:
    states = own_states
    for _ in range(3):
        await newer(states)
    async with birch_away(states):
        await bring_lists(states.alder.exchange)
    assert states.alder.exchange.lists_brought == {}  # tried again
    await states.advance(minutes=10)
    await bring_lists(states.alder.exchange)
    assert await serials(states.birch) == {4}
    assert [row.serial for row in await states.birch.rows(TrustListRow)] == [1, 2, 3, 4]


@pytest.mark.requirement("EX-lists", "EX-8")
async def test_what_does_not_follow_the_list_held_or_is_not_the_roots_is_refused_whoever_brings_it(own_states: TwoStates) -> None:
    states = own_states
    first, root = states.alder.folder.trust_list.read_bytes(), held(states.alder)
    expelled: dict[str, dict[str, object]] = {states.alder.entity_id: {"status": "revoked"}}
    parallel = next_list(states, change=expelled, previous=root)
    members = [member_of(one.folder.file, one.folder.keys, today=states.clock().date()) for one in (states.alder,)]
    strangers = signed_list(
        network=root.content.network, roots=[SigningKey.generate()], threshold=1, members=members, previous=root, now=states.clock()
    )
    second = await newer(states)
    assert [await bring(states, refused) for refused in (strangers, b"{}")] == [422, 422]
    assert await serials(states.birch) == {1}
    assert await bring(states, second) == 204
    assert await bring(states, second) == 204
    assert await bring(states, first) == 204  # it was taken before: nothing goes back to it
    assert await bring(states, parallel) == 422
    assert await bring(states, second, content_type="application/json") == 415
    assert await serials(states.birch) == {2}
    assert states.birch.exchange.trust.member(states.alder.entity_id).status == "active"


@contextmanager
def file_nobody_can_write(state: State) -> Iterator[None]:
    """As a ConfigMap is: its folder takes nothing."""
    folder = state.folder.trust_list.parent
    folder.rename(folder.with_name("away"))
    try:
        yield
    finally:
        folder.with_name("away").rename(folder)


async def test_where_the_file_cannot_be_written_other_processes_of_the_service_find_it_in_its_store(own_states: TwoStates) -> None:
    states, birch = own_states, own_states.birch.exchange
    another = Trust(birch.database, birch.settings, states.clock, row=TrustListRow)
    await another.open()
    document = await newer(states)
    with file_nobody_can_write(states.birch):
        assert await bring(states, document) == 204
    assert held(states.birch).content.serial == 2
    assert another.held is not None
    assert another.held.serial == 1
    await another.catch_up()
    assert another.held.serial == 2


@pytest.mark.requirement("EX-lists", "EX-8")
async def test_where_the_file_cannot_be_written_gateway_and_audit_have_each_list_of_records(own_states: TwoStates) -> None:
    states, birch = own_states, own_states.birch
    case = await states.queued()
    body = (await genuine(case)).body
    gateway = birch.node.applications["gateway"]
    with file_nobody_can_write(birch):
        assert await bring(states, await newer(states)) == 204
        document = next_list(states, change={states.alder.entity_id: {"status": "suspended"}}, previous=held(states.alder))
        assert await bring(states, document) == 204
        assert held(birch).content.serial == 3
        await pass_on(birch.exchange)
        await ask_for_newer_lists(gateway)
        assert await serials(birch) == {3}
        with pytest.raises(PeerUnavailable):  # the gateway gives it no token any more
            await Forger(states).send(body)
    assert await serials(birch) == {3}  # what the file shows is older, and changes nothing


@pytest.mark.requirement("EX-lists")
async def test_what_audit_and_gateway_are_told_inside_the_node_they_verify_themselves(own_states: TwoStates) -> None:
    states, birch = own_states, own_states.birch
    strangers = signed_list(
        network=held(birch).content.network,
        roots=[SigningKey.generate()],
        threshold=1,
        members=[member_of(birch.folder.file, birch.folder.keys, today=states.clock().date())],
        previous=held(birch),
        now=states.clock(),
    )
    digest, serial = "A" * 43, held(birch).content.serial + 1
    async with birch.exchange.database.transaction() as tx:  # records itself is in the wrong hands
        tx.add(TrustListRow(serial=serial, digest=digest, document=strangers.decode(), accepted_at=states.clock()))
    told = PassedTrustList(document=strangers.decode())
    answer = await birch.exchange.siblings.call("audit", "POST", PATH, answer=TrustListHeld, by="trust-list", body=told)
    assert answer.serial == serial - 1
    with pytest.raises(TrustListNotSigned):
        await ask_for_newer_lists(birch.node.applications["gateway"])
    gateway, audit = (birch.node.applications[service].state.trust for service in ("gateway", "audit"))
    assert gateway.held.serial == audit.held.serial == serial - 1


async def test_audit_is_told_of_a_list_once_and_again_where_it_did_not_answer(
    own_states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    states, birch = own_states, own_states.birch
    with file_nobody_can_write(birch):
        assert await bring(states, await newer(states)) == 204
        transport = birch.exchange.siblings._transports["audit"]
        asked = []
        send = transport.send

        async def counted(method: str, path: str, *rest: Any) -> Any:
            asked.append(path)
            if len(asked) == 1:
                raise ConnectionRefusedError
            return await send(method, path, *rest)

        monkeypatch.setattr(transport, "send", counted)
        for _ in range(3):
            await pass_on(birch.exchange)
        assert asked == [PATH, PATH]
    assert birch.node.applications["audit"].state.trust.held.serial == 2


@pytest.mark.requirement("EX-lists", "EX-pull")
async def test_a_node_that_cannot_be_called_fetches_the_lists_that_it_has_not(own_states: TwoStates) -> None:
    states = own_states
    pulls: dict[str, object] = {"delivery": "pull"}
    assert await bring(states, await newer(states, birch=pulls)) == 204
    await newer(states, birch=pulls)
    await newer(states, birch=pulls)
    async with away(states.birch) as knocks:
        await bring_lists(states.alder.exchange)
        await pull_round(states.birch.exchange)
        assert knocks.connections == 0
    assert await serials(states.birch) == {4}
    await newer(states, birch=pulls)
    await pull_round(states.birch.exchange)
    assert held(states.birch).content.serial == 4  # once a minute
    await states.advance(minutes=1)
    await pull_round(states.birch.exchange)
    assert held(states.birch).content.serial == 5
