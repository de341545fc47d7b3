"""Facts that several questions about the same students have in common are read once: as each of them would read them."""

from collections.abc import Hashable
from datetime import date
from functools import partial
from itertools import combinations

import pytest
from sqlalchemy import Connection

from safepassage.wire_access import ACTIONS
from services.privacy.facts import Facts, read_alike, read_facts
from services.privacy.policy.taxonomy import BASES
from shared.contracts.privacy import Attendance, DecisionRequest, Recipient
from tests.privacy.grounds import Grounds
from tests.privacy.test_opt_outs import said
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", ["vendor", "school"])
async def test_what_is_read_once_for_several_bases_is_what_each_would_read(world: World, kind: str) -> None:
    """On record are standing evidence of every kind, a refusal, and a student of two schools: some bases read them, some do not."""
    grounds, facts = await Grounds.of(world), await world.student(attendances=two_schools(world))
    for standing in ("operator-onboarding", "directory-notice", "onward-understanding"):
        await grounds.record(standing)
    await said(world, facts)
    consent, agreement = await world.consent(facts), await world.agreement()
    recipient = {"vendor": world.vendor, "school": world.elm_school}[kind]
    request = world.by_consent(facts, consent).model_copy(
        update={"recipient": Recipient(kind=kind, id=str(recipient.id)), "agreement_id": agreement.id}
    )
    asked = [request.model_copy(update={"action": action, "basis": basis}) for action in ACTIONS for basis in BASES]
    by_what_is_read: dict[Hashable, list[Facts]] = {}
    for one in asked:
        found = await world.node.app.state.database.read(partial(reads, world, one))
        by_what_is_read.setdefault(read_alike(one), []).append(found)
    for alike in by_what_is_read.values():
        assert all(facts == alike[0] for facts in alike)
    assert 4 <= len(by_what_is_read) < len(asked) / 4
    apart = [found[0] for found in by_what_is_read.values()]
    assert all(one != other for one, other in combinations(apart, 2))


def two_schools(world: World) -> tuple[Attendance, ...]:
    since = {"from": date(2024, 8, 20)}
    return tuple(Attendance(organisation_id=school.id, **since) for school in (world.oak_school, world.elm_school))


def reads(world: World, request: DecisionRequest, connection: Connection) -> Facts:
    sealer = world.node.app.state.sealer
    return read_facts(connection, sealer, request, node_organisation_id=world.sea.id, caller_organisation_id=world.oak.id)
