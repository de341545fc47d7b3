"""Each student of a decision about many is in the log with the student's own outcome: a refusal is one, whatever others were given."""

import pytest

from shared.contracts.audit import Digests, Event
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def told(world: World) -> list[Event]:
    return [event for event in await world.node.events() if event.class_ == "decision"]


@pytest.mark.requirement("LOG-ACCOUNTING")
async def test_who_is_denied_beside_others_has_a_refused_request_and_the_others_have_none(world: World) -> None:
    own, second = await world.student(), await world.student()
    theirs, agreement = await world.student(district=world.elm), await world.agreement()
    asked = world.by_contract(agreement, own, theirs, second)
    decision = await world.node.decide(asked, by=world.node.client(world.vendor))
    permitted, refused = await told(world)
    assert (permitted.subjects, permitted.custodians) == ((own.student_id, second.student_id), (own.custodian_id,))
    assert (refused.subjects, refused.custodians) == ((theirs.student_id,), (theirs.custodian_id,))
    assert permitted.context.outcome == decision.outcome == "permit-with-redaction"
    assert (refused.context.outcome, refused.context.reason, refused.context.elements) == ("deny", "district-not-party", ())
    assert {one.context.decision_id for one in (permitted, refused)} == {decision.id}
    assert (refused.context.basis, refused.context.purpose) == ("contractor", "instruction"), "the interest of who asked"
    assert refused.context.recipient_organisation == str(world.vendor.id)
    assert (permitted.key, refused.key) == (f"decision:{decision.id}", f"decision:{decision.id}:denied")
    assert refused.digests == Digests() != permitted.digests, "no decision that something left under names who got nothing"


async def test_where_all_are_permitted_or_all_denied_there_is_one_entry(world: World) -> None:
    own, theirs, agreement = await world.student(), await world.student(district=world.elm), await world.agreement()
    for students in ((own,), (theirs,), (own, await world.student())):
        await world.node.decide(world.by_contract(agreement, *students), by=world.node.client(world.vendor))
    assert [(len(one.subjects), one.context.outcome) for one in await told(world)] == [(1, "permit"), (1, "deny"), (2, "permit")]
