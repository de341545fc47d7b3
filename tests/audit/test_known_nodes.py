"""What was disclosed to a node that has since left the trust list, or changed its state, is found, measured and named as before."""

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select, text

from node.trust import signed_list
from safepassage.trust_list import VerifiedTrustList, read_trust_list
from safepassage.trust_members import Member
from safepassage.wire_log import DisclosureAccounting
from safepassage.wire_log_radius import TouchedStudents
from services.audit.index.terms import HERE
from services.audit.known_nodes import KnownNodes, known_nodes
from services.audit.tables import KnownNodeRow, TrustListRow
from shared.keys import SigningKey
from shared.trust import Trust
from tests.audit.audit_node import ENTITY, OAK, AuditNode, disclosure, event, give_organisations, running
from tests.audit.exports.test_exports import asking, plan, state_of
from tests.audit.peer_log import BIRCH, member
from tests.audit.test_blast_radius import asked, radius
from tests.audit.test_search_filters import search, state
from tests.audit.test_tallies import tallied
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

CEDAR, FIR = "https://cedar.example", "https://fir.example"


def of(node: str, state: str, agency: str = "Department of Education") -> Member:
    return member(node).model_copy(update={"state": state, "organisation": agency})


@dataclass
class Lists:
    """A network's trust lists, one after another, in the folder that a service reads them from."""

    folder: Path
    clock: Callable[[], Any]
    root: SigningKey = field(default_factory=SigningKey.generate)
    lists: list[VerifiedTrustList] = field(default_factory=list)

    def put(self, *members: Member) -> None:
        """The next list, where the service looks; those before beside it."""
        previous = self.lists[-1] if self.lists else None
        document = signed_list(network="Test", roots=[self.root], threshold=1, members=members, previous=previous, now=self.clock())
        read = read_trust_list(document)
        self.lists.append(VerifiedTrustList(read.content, read.digest, document))
        (self.folder / "list.jws").write_bytes(document)
        (self.folder / f"list.{len(self.lists)}.jws").write_bytes(document)

    def settings(self) -> dict[str, Any]:
        return {"trust_list_file": self.folder / "list.jws", "trust_list_digest": self.lists[0].digest}


@pytest.fixture
def lists(tmp_path: Path, clock: StandingClock) -> Lists:
    lists = Lists(tmp_path, clock)
    lists.put(of(ENTITY, "XA"), of(BIRCH, "XB", "Department of Birch"), of(CEDAR, "XC"))
    return lists


async def look(node: AuditNode) -> None:
    """What the service does every few seconds."""
    trust: Trust = node.app.state.trust
    assert await trust.refresh()


def to(node: AuditNode, peer: str) -> Any:
    return disclosure(node, uuid4(), recipient=f"{peer}#school-7", recipient_node=peer)


async def found(node: AuditNode, *states: str) -> list[int]:
    """The disclosures to nodes of the states."""
    entries = (await search(node, state(node), recipient_states=list(states), classes=["disclosure"])).entries
    return sorted(one.index for one in entries)


@pytest.mark.requirement("LOG-stays")
async def test_what_a_node_was_given_stays_under_its_state_when_the_node_has_left(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    student = uuid4()
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        await give_organisations(node)
        await node.append(disclosure(node, student))
        lists.put(of(ENTITY, "XA"), of(CEDAR, "XC"))
        await look(node)
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        assert await found(node, "XB") == [0]
        assert await found(node, "XC") == []
        await node.app.state.projector.catch_up()
        touched = await radius(node, state(node), recipient="https://birch.example#school-7")
        assert [(one.node, one.state) for one in touched.nodes] == [(BIRCH, "XB")]
        assert {one.state for one in touched.states} == {"XA", "XB"}
        answer = await node.send("POST", "/v1/log/blast-radius/rows", state(node), asked(node, recipient="https://birch.example#school-7"))
        assert [row.state for row in TouchedStudents.model_validate_json(answer.body).rows] == ["XB"]
        counting = {"search": {"recipient_states": ["XB"]}, "by": ["recipient_state"]}
        bounds = [clock().replace(hour=0), clock().replace(hour=23)]
        (tally,) = (await tallied(node, state(node), bounds, counting)).tallies
        assert [(row.values, row.entries) for row in tally.rows] == [(("XB",), 1)]
        looked_for = {"recipient_states": ["XB"]}
        planned = await plan(node, state_of(node), **looked_for)
        part = await node.send("POST", "/v1/log/exports/parts", state_of(node), asking(planned, 0, "entries", looked_for))
        assert [json.loads(line)["index"] for line in part.body.splitlines()] == [0]
        headers = node.as_caller("audit:accounting", organisation=OAK)
        answer = await node.send("GET", f"/v1/students/{student}/disclosure-accounting", headers)
        assert [one.party.agency for one in DisclosureAccounting.model_validate_json(answer.body).entries] == ["Department of Birch"]


async def test_what_a_node_sent_stays_counted_under_its_state_when_the_node_has_left(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        sent = event("receipt")
        await node.append(sent.model_copy(update={"actor": sent.actor.model_copy(update={"kind": "peer", "client_id": BIRCH})}))
        lists.put(of(ENTITY, "XA"))
        await look(node)
        bounds = [clock().replace(hour=0), clock().replace(hour=23)]
        (tally,) = (await tallied(node, state(node), bounds, {"search": {"classes": ["receipt"]}, "by": ["sender_state"]})).tallies
        assert [row.values for row in tally.rows] == [("XB",)]


async def test_a_node_whose_state_was_changed_is_found_under_both_and_counted_under_the_last(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        await node.append(to(node, CEDAR))
        lists.put(of(ENTITY, "XA"), of(CEDAR, "XD"))
        await look(node)
        await node.append(to(node, CEDAR))
        assert await found(node, "XC") == await found(node, "XD") == await found(node, "XC", "XD") == [0, 1]
        await node.app.state.projector.catch_up()
        touched = await radius(node, state(node), recipient="https://cedar.example#school-7")
        assert [(one.node, one.state, one.entries) for one in touched.nodes] == [(CEDAR, "XD", 2)]
        lists.put(of(ENTITY, "XA"), of(CEDAR, "XC"))  # it was a mistake
        await look(node)
        async with node.database.reading() as tx:
            assert (await known_nodes(tx, ENTITY)).state_of(CEDAR) == "XC"


async def test_two_nodes_of_a_state_are_both_found_under_it_and_so_is_one_under_its_former_address(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        await node.append(to(node, BIRCH))
        lists.put(of(ENTITY, "XA"), of(BIRCH, "XB"), of(FIR, "XB"))
        await look(node)
        await node.append(to(node, FIR))
        assert await found(node, "XB") == [0, 1]
        lists.put(of(ENTITY, "XA"), of("https://new.example", "XB"))
        await look(node)
        await node.append(to(node, "https://new.example"))
        assert await found(node, "XB") == [0, 1, 3]  # the first question is an entry between


@pytest.mark.requirement("EX-lists")
async def test_lists_that_were_passed_over_are_kept_and_their_members_known(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        lists.put(of(ENTITY, "XA"), of(FIR, "XF"))
        lists.put(of(ENTITY, "XA"))
        await look(node)
        await node.append(to(node, FIR))
        assert await found(node, "XF") == [0]
        async with node.database.reading() as tx:
            kept = (await tx.execute(select(TrustListRow.serial, TrustListRow.digest).order_by(TrustListRow.serial))).all()
        assert [tuple(one) for one in kept] == [(one.content.serial, one.digest) for one in lists.lists]


async def test_a_list_that_another_process_has_kept_already_is_no_hindrance(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        behind = Trust(node.database, node.app.state.settings, clock, row=TrustListRow)
        await behind.open()
        lists.put(of(ENTITY, "XA"), of(FIR, "XF"))
        await look(node)
        lists.put(of(ENTITY, "XA"), of(BIRCH, "XB"))
        assert await behind.refresh()
        async with node.database.reading() as tx:
            assert list(await tx.scalars(select(TrustListRow.serial).order_by(TrustListRow.serial))) == [1, 2, 3]


async def test_the_migration_knows_the_members_of_every_list_that_the_store_has(
    store_url: str, node_keys: Path, clock: StandingClock, lists: Lists
) -> None:
    def begin_anew(connection: Connection) -> None:
        connection.execute(text("DROP TABLE known_node"))
        with Operations.context(MigrationContext.configure(connection)):
            importlib.import_module("services.audit.migrations.versions.0019_known_nodes").upgrade()

    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        lists.put(of(ENTITY, "XA"), of(CEDAR, "XD"))
        await look(node)
        before = await rows(node)
        await node.database.write(begin_anew)
        assert await rows(node) == before
        assert len(before) == 4


async def rows(node: AuditNode) -> list[tuple[Any, ...]]:
    async with node.database.reading() as tx:
        found = await tx.scalars(select(KnownNodeRow).order_by(KnownNodeRow.entity_id, KnownNodeRow.state))
        return [(row.entity_id, row.state, row.agency, row.serial) for row in found]


def test_a_state_is_its_nodes_and_the_own_state_what_goes_through_none() -> None:
    known = KnownNodes(ENTITY, {ENTITY: ("XA",), BIRCH: ("XB",)}, {})
    assert known.of_state("XA") == {ENTITY, HERE}
    assert known.of_state("XB") == {BIRCH}
    assert known.of_state("XC") == set()
    assert (known.state_of(HERE), known.state_of(BIRCH), known.state_of(CEDAR)) == ("XA", "XB", None)
