"""The door's days are the state agency's: at both ends of the calendar, and on the days on which clocks are changed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import select, text

from safepassage.wire_organisations import Organisation
from services.gateway.registry.in_force import AGENCY, is_in_force, zone_of
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask_token
from tests.gateway.house import House, open_house
from tests.gateway.oauth.agreements import AGREEMENT, agreeing
from tests.gateway.oauth.test_authorization_details import ask_for
from tests.gateway.oauth.test_peers import BIRCH, Network

DAY, NEXT = date(2026, 10, 21), date(2026, 10, 22)
AT = timedelta(milliseconds=1)


def stored(zone: str) -> str:
    return Organisation(id=UUID(int=1), version=1, kind="sea", name="A state", time_zone=zone, valid_from=DAY).model_dump_json()


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize(
    ("zone", "first", "begins", "hours"),
    [
        ("Pacific/Pago_Pago", DAY, datetime(2026, 10, 21, 11, tzinfo=UTC), 24),
        ("Pacific/Guam", DAY, datetime(2026, 10, 20, 14, tzinfo=UTC), 24),
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        ("America/New_York", date(2027, 3, 14), datetime(2027, 3, 14, 5, tzinfo=UTC), 23),
        ("America/Phoenix", date(2027, 3, 14), datetime(2027, 3, 14, 7, tzinfo=UTC), 24),
        ("America/Denver", date(2028, 2, 29), datetime(2028, 2, 29, 7, tzinfo=UTC), 24),
    ],
)
def test_who_is_there_for_a_day_is_there_from_midnight_to_midnight_of_the_agency(
    zone: str, first: date, begins: datetime, hours: int
) -> None:
    row, ends = (
        SimpleNamespace(valid_from=first, valid_until=first + timedelta(days=1), agency=stored(zone)),
        begins + timedelta(hours=hours),
    )
    assert [is_in_force(row, now) for now in (begins - AT, begins, ends - AT, ends)] == [False, True, True, False]


def test_before_there_is_an_agency_or_where_its_zone_is_gone_days_are_those_of_utc() -> None:
    assert [zone_of(one).key for one in (None, stored("Pacific/Atlantis"))] == ["UTC"] * 2


@pytest.mark.anyio
async def test_the_agency_is_found_by_its_index_among_many_organisations(house: House) -> None:
    """It is read with each client that asks for a token, and with each session."""
    async with house.app.state.database.reading() as tx:
        plan = (await tx.execute(text(f"EXPLAIN QUERY PLAN {select(AGENCY)}"))).all()
    assert any("USING INDEX organisation_one_state_agency" in row.detail for row in plan), plan


@pytest.mark.requirement("DAY-state")
@pytest.mark.anyio
@pytest.mark.parametrize(("zone", "midnight"), [("Pacific/Pago_Pago", 11), ("Pacific/Guam", -10)])
async def test_a_district_and_what_a_token_is_for_end_at_midnight_of_the_agency(
    house: House, clock: StandingClock, zone: str, midnight: int
) -> None:
    ends = datetime(2026, 10, 22, tzinfo=UTC) + timedelta(hours=midnight)
    state = await house.organisation("sea", time_zone=zone)
    oak = await house.party(await house.organisation("lea", parent_id=state.id, valid_until=NEXT), "records:read", purposes=["assessment"])
    agency = await house.party(state, "records:read", purposes=["assessment"])
    clock.instant = ends - timedelta(minutes=2)
    await house.app.state.standing.refresh()
    token = await house.token(oak)
    agreeing(house, ends_on=NEXT)
    for told in ({"expires": str(NEXT)}, {"agreement_id": str(AGREEMENT)}):
        answer = await ask_for(house, agency, **told)
        assert (answer.status, answer.json.get("expires_in")) == (200, 120), told
    assert (await house.call(oak, token, "GET", "/oauth/token_info")).status == 200
    clock.instant = ends
    await house.app.state.standing.refresh()
    assert (await house.call(oak, token, "GET", "/oauth/token_info")).status == 401
    assert (await ask_token(house.app, oak, house.now)).json["error"] == "unauthorized_client"
    assert (await ask_for(house, agency, expires=str(NEXT))).status == 400


@pytest.mark.requirement("DAY-state")
@pytest.mark.anyio
@pytest.mark.parametrize("hour", [0, 9, 12, 13, 23])
async def test_a_peer_is_there_at_once_whatever_zone_the_agency_turns_out_to_be_in(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, hour: int
) -> None:
    """A new node reads its first list before it has an agency."""
    clock.instant, network = clock().replace(hour=hour), Network(tmp_path / "list.jws")
    network.publish(clock)
    trust = {"trust_list_file": network.file, "trust_list_digest": network.digest}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **trust) as house:
        [peer] = [one for one in await house.hand.organisations() if one.entity_id == BIRCH]
    for zone in ("Pacific/Pago_Pago", "Pacific/Honolulu", "America/New_York", "Pacific/Guam"):
        row = SimpleNamespace(valid_from=peer.valid_from, valid_until=None, agency=stored(zone))
        assert is_in_force(row, clock()), zone
