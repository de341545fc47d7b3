"""Daily quotas: exact within a second over all processes, anew at the node's midnight, on the log once a day."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.quotas import QuotaSpent
from services.gateway.door.allowances import Allowances
from services.gateway.door.limits import RateLimit
from services.gateway.door.quota_store import sum_up
from services.gateway.door.quotas import QuotaName, Quotas, day_of
from services.gateway.door.routing_table import BULK, ROUTES
from services.gateway.tables import QuotaLimitRow, QuotaUseRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party
from tests.gateway.house import House, open_house

UTC_ZONE, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("America/New_York")
NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
LIMITS: dict[QuotaName, int] = {"client-day": 5, "client-bulk": 2, "organisation-day": 8, "organisation-bulk": 3}
CLIENT, OTHER, AGENCY = UUID(int=1), UUID(int=2), UUID(int=9)
PATH = "/oauth/token_info"


def quotas(now: datetime = NOON, zone: ZoneInfo = UTC_ZONE) -> Quotas:
    return Quotas(LIMITS, zone, now)


def taken(held: Quotas, times: int, *, client: UUID = CLIENT, bulk: bool = False, now: datetime = NOON) -> int:
    count = 0
    for _ in range(times):
        try:
            held.take(str(client), AGENCY, bulk=bulk, now=now.timestamp())
        except QuotaSpent:
            continue
        count += 1
    return count


def test_a_client_has_its_own_and_all_of_an_organisation_have_its() -> None:
    held = quotas()
    assert (taken(held, 9), taken(held, 9, client=OTHER)) == (5, 3)
    held = quotas()
    assert (taken(held, 9, bulk=True), taken(held, 9)) == (2, 3), "what is in bulk counts as a request too"
    assert taken(held, 9, client=OTHER, bulk=True) == 1


def test_a_client_that_acts_for_two_organisations_is_counted_at_each() -> None:
    """Its token for a person of a district, or made of another client's, has their organisation."""
    held, district = quotas(), UUID(int=8)
    for organisation in (AGENCY, district):
        held.take(str(CLIENT), organisation, bulk=True, now=NOON.timestamp())
    assert [held.used(one, "organisation-day") for one in (AGENCY, district)] == [1, 1]
    assert [held.used(one, "organisation-bulk") for one in (AGENCY, district)] == [1, 1]
    assert held.used(CLIENT, "client-day") == 2


def test_what_is_refused_counts_nowhere() -> None:
    held = quotas()
    assert taken(held, 10, bulk=True) == 2
    assert (held.used(CLIENT, "client-day"), held.used(AGENCY, "organisation-day"), held.used(AGENCY, "organisation-bulk")) == (2, 2, 2)


def test_what_is_told_is_what_is_left_and_when_it_begins_anew() -> None:
    policy, left = quotas().take(str(CLIENT), AGENCY, bulk=True, now=NOON.timestamp())
    day = 12 * 3600
    assert (
        policy.decode()
        == '"client-day";q=5;w=86400, "organisation-day";q=8;w=86400, "client-bulk";q=2;w=86400, "organisation-bulk";q=3;w=86400'
    )
    assert (
        left.decode()
        == f'"client-day";r=4;t={day}, "organisation-day";r=7;t={day}, "client-bulk";r=1;t={day}, "organisation-bulk";r=2;t={day}'
    )


@pytest.mark.parametrize(
    ("now", "day", "hours"),
    [
        (datetime(2026, 10, 20, 3, 59, tzinfo=UTC), date(2026, 10, 19), 1 / 60),
        (datetime(2026, 10, 20, 4, 0, tzinfo=UTC), date(2026, 10, 20), 24),
        (datetime(2026, 11, 1, 4, 0, tzinfo=UTC), date(2026, 11, 1), 25),
        (datetime(2026, 3, 8, 5, 0, tzinfo=UTC), date(2026, 3, 8), 23),
    ],
)
def test_a_day_is_one_of_the_nodes_time_zone_also_when_the_clocks_change(now: datetime, day: date, hours: float) -> None:
    today, ends = day_of(now, NEW_YORK)
    assert (today, ends - now) == (day, timedelta(hours=hours))
    held = quotas(now, NEW_YORK)
    assert taken(held, 9, now=now) == 5
    assert taken(held, 9, now=ends - timedelta(milliseconds=1)) == 0
    assert taken(held, 9, now=ends) == 5


@given(st.lists(st.tuples(st.sampled_from([CLIENT, OTHER]), st.booleans()), max_size=60), st.integers(1, 5))
def test_however_often_it_is_summed_up_nothing_is_lost_or_counted_twice(requests: list[tuple[UUID, bool]], every: int) -> None:
    held, store = quotas(), Counter[tuple[UUID, QuotaName, date]]()
    passed: Counter[tuple[UUID, QuotaName]] = Counter()
    for number, (client, bulk) in enumerate(requests):
        if taken(held, 1, client=client, bulk=bulk):
            passed[client, "client-day"] += 1
            passed[client, "client-bulk"] += bulk
        if number % every == 0:
            uses, reached = held.hand_over(NOON.timestamp())
            if number % 2:
                held.take_back(uses, reached)  # the store failed
            else:
                store.update(uses)
                held.know(store, {}, UTC_ZONE)
    store.update(held.hand_over(NOON.timestamp())[0])
    for (client, quota), number in passed.items():
        assert store[client, quota, NOON.date()] == number <= LIMITS[quota]


def test_what_was_not_stored_by_midnight_is_stored_as_of_its_own_day() -> None:
    held = quotas()
    taken(held, 3)
    tomorrow = NOON + timedelta(days=1)
    assert taken(held, 9, now=tomorrow) == 5
    uses, _ = held.hand_over(tomorrow.timestamp())
    assert (uses[CLIENT, "client-day", NOON.date()], uses[CLIENT, "client-day", tomorrow.date()]) == (3, 5)
    held.take_back(uses, set())
    assert held.hand_over(tomorrow.timestamp())[0] == uses


def test_what_is_in_bulk_is_in_the_table() -> None:
    assert {(route.method, route.template) for route in ROUTES if route.bulk} == BULK


def test_what_is_refused_by_one_allowance_counts_in_no_other() -> None:
    rates = [RateLimit(name, per_second=0.001, burst=burst) for name, burst in (("client", 3), ("organisation", 2))]
    held = Allowances(rates[0], rates[1], quotas())

    def told(now: float) -> list[int]:
        fields, refused = held.take(str(CLIENT), AGENCY, bulk=True, now=now)
        return [] if refused else [int(one.split(b";r=")[1].split(b";")[0]) for one in fields[1][1].split(b", ")]

    start = NOON.timestamp()
    assert [told(start) for _ in range(5)] == [[2, 1, 4, 7, 1, 2], [1, 0, 3, 6, 0, 1], [], [], []]
    assert told(start + 1000) == [], "the quota of what is in bulk is spent"
    assert held.take(str(CLIENT), AGENCY, bulk=False, now=start + 1000)[0][1][1].startswith(b'"client";r=1;'), "two of three, and one back"


@pytest.mark.anyio
async def test_of_who_may_have_nothing_the_log_says_so_too(house: House, reader: Party) -> None:
    state, holder = house.app.state, UUID(reader.client_id)
    async with state.database.transaction() as tx:
        tx.add(QuotaLimitRow(holder_id=holder, quota="client-day", per_day=0))
    await summed(house)
    assert passed(await asked(house, reader, await house.token(reader), 2)) == 0
    await summed(house)
    told = [event.context.about for event in await house.entries() if event.context.operation == "quota-reached"]
    assert told == [f"client:{holder}"]


async def summed(*houses: House) -> None:
    for house in houses:
        state = house.app.state
        await sum_up(state.door.allowances, state.database, state.outbox, state.clock)


async def asked(house: House, party: Party, token: str, times: int) -> list[Answer]:
    return [await house.call(party, token, "GET", PATH) for _ in range(times)]


def passed(answers: list[Answer]) -> int:
    return sum(answer.status == 200 for answer in answers)


FEW = {"client_requests_per_day": 5, "organisation_requests_per_day": 8}


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-quota")
async def test_a_quota_is_one_over_two_processes_and_a_restart(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **FEW) as first:
        party, other = await first.sea_party("decisions:read"), await first.sea_party("decisions:read")
        token, others = await first.token(party), await first.token(other)
        async with _beside(tmp_path, node_keys, clock) as second:
            clock.advance(seconds=11)  # no proof can be from before its start
            assert passed(await asked(first, party, token, 3)) == 3
            await summed(first, second)
            assert passed(await asked(second, party, token, 9)) == 2
            await summed(second, first)
            assert passed(await asked(first, party, token, 9)) == 0
            assert passed(await asked(first, other, others, 9)) == 3, "the organisation has eight"
            await summed(first, second)
        async with _beside(tmp_path, node_keys, clock) as third:
            clock.advance(seconds=11)
            answers = await asked(third, party, token, 2)
            assert [(one.status, one.code) for one in answers] == [(429, "quota-spent")] * 2
            assert answers[0].headers["retry-after"] == str(16 * 3600 - 22), "until midnight in New York"
            assert answers[0].headers["ratelimit"] == f'"client-day";r=0;t={16 * 3600 - 22}'
        await summed(first)
        told = [event for event in await first.entries() if event.context.operation == "quota-reached"]
        assert sorted((event.context.reason, event.context.about) for event in told) == [
            ("client-day", f"client:{party.client_id}"),
            ("organisation-day", f"organisation:{(await first.hand.organisations())[0].id}"),
        ], "once, whichever process has noticed"


def _beside(folder: Path, keys: Path, clock: StandingClock):  # type: ignore[no-untyped-def]
    return open_house(folder, keys, clock, template=None, **FEW)


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-quota")
async def test_at_the_nodes_midnight_it_begins_anew(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **FEW) as house:
        await house.organisation("sea", time_zone="America/New_York")
        await summed(house)
        clock.instant = datetime(2026, 10, 21, 5, 0, tzinfo=UTC)
        party = await house.sea_party("decisions:read")
        assert passed(await asked(house, party, await house.token(party), 9)) == 5
        await summed(house)
        clock.instant = datetime(2026, 10, 22, 3, 59, tzinfo=UTC)
        await house.app.state.standing.refresh()
        assert passed(await asked(house, party, await house.token(party), 2)) == 0
        clock.instant = datetime(2026, 10, 22, 4, 0, tzinfo=UTC)
        await house.app.state.standing.refresh()
        assert passed(await asked(house, party, await house.token(party), 9)) == 5
        await summed(house)
        entries = [event.key for event in await house.entries() if event.context.operation == "quota-reached"]
        assert sorted(key.split(":")[1] for key in entries) == ["2026-10-21", "2026-10-22"]


@pytest.mark.anyio
async def test_a_store_that_fails_loses_no_count(house: House, reader: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    token, state = await house.token(reader), house.app.state
    await asked(house, reader, token, 3)

    async def fails(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(state.database, "write", fails)
        with pytest.raises(OSError):  # noqa: PT011 whichever
            await summed(house)
    with monkeypatch.context() as patched:
        patched.setattr(state.database, "look", fails)
        with pytest.raises(OSError):  # noqa: PT011 whichever
            await summed(house)
    await asked(house, reader, token, 1)
    for _ in range(2):
        await summed(house)
    async with state.database.reading() as tx:
        row = await tx.get(QuotaUseRow, (UUID(reader.client_id), "client-day", house.now.date()))
    assert row is not None
    assert row.used == 4 == state.quotas.used(UUID(reader.client_id), "client-day")


@pytest.mark.anyio
async def test_an_administrator_reads_and_the_state_agency_changes_quotas(house: House) -> None:
    admin = await house.sea_party("admin:clients", "decisions:read")
    oak = await house.organisation("lea", parent_id=(await house.hand.organisations())[0].id)
    oaks, token = await house.party(oak, "admin:clients"), await house.token(admin)
    own = await house.token(oaks)
    assert passed(await asked(house, oaks, own, 2)) == 2
    await summed(house)
    told = (await house.call(oaks, own, "GET", f"/v1/quotas/{oaks.client_id}")).json
    day = next(one for one in told["quotas"] if one["kind"] == "day")
    assert (day["limit"], day["is_default"], day["used"], day["resets_at"]) == (10_000_000, True, 3, "2026-10-21T00:00:00.000Z")
    refused = await house.call(oaks, own, "PUT", f"/v1/quotas/{oaks.client_id}", json={"day": 10})
    assert (refused.status, refused.code) == (403, "not-permitted")
    for foreign in (admin.client_id, str(uuid4())):
        answer = await house.call(oaks, own, "GET", f"/v1/quotas/{foreign}")
        assert (answer.status, answer.code) == (404, "not-found")
    changed = await house.call(admin, token, "PUT", f"/v1/quotas/{oaks.client_id}", json={"day": 8, "bulk": 1})
    assert [(one["limit"], one["is_default"]) for one in changed.json["quotas"]] == [(8, False), (1, False)], changed.body
    await summed(house)
    assert passed(await asked(house, oaks, own, 9)) == 2, "six were used before"
    changed = await house.call(admin, token, "PUT", f"/v1/quotas/{oaks.client_id}", json={})
    assert [one["is_default"] for one in changed.json["quotas"]] == [True, True]
    await house.call(admin, token, "PUT", f"/v1/quotas/{oak.id}", json={"day": 0})
    await summed(house)
    answer = await house.call(oaks, own, "GET", PATH)
    assert (answer.status, answer.headers["ratelimit"].partition(";")[0]) == (429, '"organisation-day"')
    await summed(house)
    operations = [(event.context.operation, event.context.about) for event in await house.entries()]
    assert operations.count(("quota-changed", f"client:{oaks.client_id}")) == 2
    assert operations.count(("quota-reached", f"organisation:{oak.id}")) == 1


@pytest.mark.anyio
async def test_what_is_in_bulk_has_a_quota_of_its_own(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, client_bulk_per_day=2) as house:
        party = await house.sea_party("records:load")
        token = await house.token(party)
        fields = [("content-type", "application/x-ndjson")]
        answers = [await house.call(party, token, "POST", "/v1/rosters", headers=fields, body=b"{}") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert (answers[2].code, answers[2].headers["ratelimit"].partition(";")[0]) == ("quota-spent", '"client-bulk"')
        assert (await house.call(party, token, "GET", PATH)).status == 200
