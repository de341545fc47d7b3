"""Of what was touched, the students of each state that was told of them: each counted once, and for a district its own alone."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.contracts.audit import Event
from tests.audit.audit_node import ELM, ENTITY, OAK, AuditNode, disclosure, give_organisations, running
from tests.audit.peer_log import BIRCH
from tests.audit.test_blast_radius import radius
from tests.audit.test_known_nodes import CEDAR, FIR, Lists, of
from tests.audit.test_search_filters import state
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


def told(node: AuditNode, student: UUID, peer: str, custodian: UUID = OAK) -> Event:
    given = disclosure(node, student, custodian=custodian, recipient=f"{peer}#school-7", recipient_node=peer)
    return given.model_copy(update={"actor": given.actor.model_copy(update={"client_id": "stolen"})})


async def test_the_students_of_each_state_are_counted_once_wherever_they_were_told_of(
    store_url: str, node_keys: Path, clock: StandingClock, tmp_path: Path
) -> None:
    lists = Lists(tmp_path, clock)
    lists.put(of(ENTITY, "XA"), of(BIRCH, "XB"), of(FIR, "XB"), of(CEDAR, "XC"))
    ann, bob, cy, dan = (uuid4() for _ in range(4))
    async with running(store_url, node_keys, clock, **lists.settings()) as node:
        await give_organisations(node)
        for student, peer in ((ann, BIRCH), (ann, BIRCH), (ann, FIR), (bob, BIRCH), (bob, CEDAR), (cy, CEDAR)):
            await node.append(told(node, student, peer))
        await node.append(told(node, dan, CEDAR, ELM))
        await node.app.state.projector.catch_up()
        whole = await radius(node, state(node), client_id="stolen")
        assert whole.students == 4
        assert {one.state: (one.entries, one.students) for one in whole.states} == {"XA": (7, 4), "XB": (4, 2), "XC": (3, 3)}
        of_oak = await radius(node, node.as_caller("audit:search", organisation=OAK), client_id="stolen")
        assert {one.state: one.students for one in of_oak.states} == {"XA": 3, "XB": 2, "XC": 2}
