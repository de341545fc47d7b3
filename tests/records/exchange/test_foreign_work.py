"""What a store does about another district's exchange is what it does about none, however many schools the asker has.

tests/isolation/test_store_work.py weighs the rest: exchanges are of two nodes.
"""

from datetime import date
from typing import Final
from uuid import UUID, uuid4

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.wire_organisations import Organisation
from services.records.tables import OrganisationRow
from shared.contracts.organisations import OrganisationProjection
from shared.tenancy import project
from tests.isolation.store_steps import store_steps
from tests.records.exchange.other_claimants import second_district
from tests.records.exchange.test_foreign_exchanges import asked_by
from tests.records.exchange.test_listing import district_of, seen
from tests.records.exchange.test_transfer_notices import filed, say
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio

SCHOOLS: Final = 200
MOST: Final = 500
ID: Final = "{id}"


async def many_schools(state: State, parent: UUID) -> None:
    """Below a district that asks: whoever makes a list of them does not do so unseen."""
    about = {"version": 2, "kind": "school", "name": "school", "parent_id": parent, "valid_from": date(2020, 1, 1)}
    async with state.exchange.database.transaction() as tx:
        for _ in range(SCHOOLS):
            one = Organisation.model_validate({"id": uuid4(), **about})
            await project(tx, OrganisationRow, OrganisationProjection(version=2, organisation=one))


async def steps_of(state: State, organisation: UUID, path: str, query: str) -> int:
    """The least of what a store does to answer."""
    counted = []
    for _ in range(3):
        with store_steps() as steps:
            await asked_by(state, organisation, "lea", "GET", path, query=query)
        counted.append(steps.count)
    return min(counted)


@pytest.mark.requirement("BAD-foreign")
async def test_a_store_looks_through_no_more_for_another_districts_exchange_than_for_none(states: TwoStates) -> None:
    """Also where a filter of a list names it."""
    case, _ = await filed(states)
    await say(states, "new-district", case, "enrolled", on=states.clock().date())
    await states.settle()
    asker, keeper = states.birch.organisation(RECEIVING_DISTRICT), await district_of(case)
    theirs = (await seen(states.alder))[case.id].id
    for state, but, identifier in ((states.birch, asker, case.id), (states.alder, keeper, theirs)):
        other = await second_district(state, but=but)
        await many_schools(state, other)
        asked = (
            (f"/v1/exchanges/{ID}", "", identifier),
            (f"/v1/exchange-requests/{ID}", "", case.id),
            ("/v1/transfer-notices", f"exchange_id={ID}", case.id),
        )
        for path, query, foreign in asked:
            there, none = [
                await steps_of(state, other, path.replace(ID, str(one)), query.replace(ID, str(one))) for one in (foreign, uuid4())
            ]
            assert abs(there - none) < MOST, (path, there, none)
