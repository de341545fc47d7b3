"""What clients may do and what they do: noted as they pass the door, kept by the day, counted for the scorecard."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from services.gateway.readiness_evidence import measure
from services.gateway.tables import ScopeUseRow
from shared.contracts.readiness import GatewayMeasures
from tests.gateway.by_hand import Party
from tests.gateway.house import House

pytestmark = pytest.mark.anyio


async def kept(house: House) -> dict[tuple[str, str], date]:
    """After what was noted is written down."""
    state = house.app.state
    await state.scope_use.write_down(state.database, state.clock)
    async with state.database.reading() as tx:
        rows = (await tx.execute(select(ScopeUseRow))).scalars().all()
    return {(str(row.client_id), row.scope): row.used_on for row in rows}


async def get(house: House, party: Party, path: str) -> int:
    """One request with a new token; its status. The gateway looks again at whose tokens count, as it does every second."""
    await house.app.state.standing.refresh()
    answer = await house.call(party, await house.token(party), "GET", path)
    return answer.status


async def measured(house: House) -> GatewayMeasures:
    state = house.app.state
    found: GatewayMeasures = await state.database.read(lambda connection: measure(connection, now=state.clock()))
    return found


async def test_a_scope_is_used_when_its_route_is_passed_and_not_when_it_is_refused(house: House) -> None:
    agency = await house.organisation("sea")
    one = await house.party(agency, "admin:organisations", "admin:clients")
    assert await get(house, one, "/v1/organisations") == 200
    assert await get(house, one, "/v1/duties") == 403
    today = house.now.date()
    assert await kept(house) == {(one.client_id, "admin:organisations"): today}
    house.clock.advance(days=1)
    await get(house, one, "/v1/organisations")
    await get(house, one, "/v1/clients")
    tomorrow = today + timedelta(days=1)
    assert await kept(house) == {(one.client_id, "admin:organisations"): tomorrow, (one.client_id, "admin:clients"): tomorrow}


async def test_of_clients_of_a_month_those_that_do_nothing_are_dormant_and_unused_scopes_are_counted(house: House) -> None:
    agency = await house.organisation("sea")
    busy = await house.party(agency, "admin:organisations", "admin:clients")
    await house.party(agency, "admin:organisations")
    it = await measured(house)
    assert (it.clients, it.clients_of_a_month, it.clients_dormant, it.scopes_granted, it.scopes_used) == (2, 0, 0, 0, 0)
    house.clock.advance(days=30)
    await get(house, busy, "/v1/organisations")
    await kept(house)
    it = await measured(house)
    assert (it.clients_of_a_month, it.clients_dormant, it.scopes_granted, it.scopes_used) == (2, 1, 3, 1)
    house.clock.advance(days=29)
    assert (await measured(house)).clients_dormant == 1
    house.clock.advance(days=1)
    assert (await measured(house)).clients_dormant == 2
    house.clock.advance(days=59)
    assert (await measured(house)).scopes_used == 1
    house.clock.advance(days=1)
    assert (await measured(house)).scopes_used == 0


async def test_what_could_not_be_kept_is_kept_later(house: House) -> None:
    agency = await house.organisation("sea")
    one = await house.party(agency, "admin:organisations")
    await get(house, one, "/v1/organisations")
    state = house.app.state
    with pytest.raises(RuntimeError):
        await state.scope_use.write_down(Refusing(), state.clock)
    assert (one.client_id, "admin:organisations") in await kept(house)


class Refusing:
    """A store that is away."""

    async def write(self, _: object) -> None:
        raise RuntimeError
