"""A union and its end change nothing of what privacy knows of a student but which records are of one child: else it is as a load says."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from safepassage.wire_organisations import Organisation
from services.privacy.subjects import open_facts
from services.privacy.tables import SubjectRow
from services.records.linking.job import find_doubles
from services.records.tables import OrganisationRow, StudentRow, UnionRow
from shared.contracts.privacy import SubjectFacts
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OneState, some_students
from tests.records.test_unions import LOCAL, ORDINARY, another_record

pytestmark = pytest.mark.anyio

STRANGER = next(one for one in some_students() if one.district.key == DISTRICT and one.case is None and one is not ORDINARY)


async def told(alder: OneState) -> dict[UUID, SubjectFacts]:
    """What privacy knows."""
    await alder.tell()
    state = alder.node.applications["privacy"].state
    async with state.database.reading() as tx:
        return {row.student_id: open_facts(state.sealer, row) for row in (await tx.scalars(select(SubjectRow))).all()}


async def in_another_time_zone(alder: OneState) -> None:
    """Every organisation's local days are Chicago's, which no rule takes for granted."""
    async with alder.records.state.database.transaction() as tx:
        for row in (await tx.scalars(select(OrganisationRow))).all():
            whole = Organisation.model_validate_json(row.whole).model_copy(update={"time_zone": "America/Chicago"})
            await tx.execute(update(OrganisationRow).where(OrganisationRow.id == row.id).values(whole=whole.model_dump_json(by_alias=True)))


async def students(alder: OneState) -> dict[UUID, tuple[int, int, bool]]:
    """Of each its version, that of the facts which privacy has or is to have, and whether it was changed after noon."""
    return {row.id: (row.version, row.facts_version, row.changed_at > NOON) for row in await alder.rows(StudentRow)}


async def test_a_union_and_its_end_tell_privacy_the_same_facts_again_but_for_the_child(alder: OneState) -> None:
    await in_another_time_zone(alder)
    district, state = alder.district(), alder.records.state
    first = (await district.load(ORDINARY.load)).id
    second = (await district.load(another_record(ORDINARY.load, identifiers=LOCAL))).id
    stranger = (await district.load(STRANGER.load)).id
    before, were = await told(alder), await students(alder)
    assert before[first].time_zone == "America/Chicago"
    assert before[first].attendances
    assert {one[:2] for one in were.values()} == {(1, 1)}

    alder.clock.advance(hours=1)
    found = await find_doubles(state.database, state.vault, jurisdiction="US-XA", now=alder.clock(), told=lambda _: None)
    assert found.united == 1
    united = await told(alder)
    for one, other in ((first, second), (second, first)):
        assert united[one] == before[one].model_copy(update={"facts_version": 2, "same_child": (other,)})
    assert united[stranger] == before[stranger]
    assert await students(alder) == were | {first: (2, 2, True), second: (2, 2, True)}

    [union] = await alder.rows(UnionRow)
    await district.send("POST", f"/v1/unions/{union.id}/separation", idempotency_key=str(uuid4()))
    parted = await told(alder)
    for one in (first, second):
        assert parted[one] == before[one].model_copy(update={"facts_version": 3})
    assert parted[stranger] == before[stranger]
