"""The log says whom the door refused, where they had proven who they are; of strangers it has counts alone."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.gateway.door.refusals import MOST_OF_THE_PROVEN, MOST_REASONS, Proven, Refusals
from shared.contracts.audit import Event
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask, ask_endpoint, ask_token
from tests.gateway.house import House
from tests.gateway.oauth.codes.flow import application, person
from tests.gateway.people.conftest import peopled, peoples
from tests.gateway.people.signing_in import person_of

__all__ = ["peopled", "peoples"]

pytestmark = pytest.mark.anyio

EXCHANGE = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"


async def told(house: House) -> list[Event]:
    """The entries of refusals, but for those that were there before."""
    return [event for event in await house.entries() if event.class_ == "refusal"]


@pytest.mark.requirement("DOOR-refused")
async def test_a_client_that_had_proven_who_it_is_is_named_wherever_it_is_refused(house: House) -> None:
    party = await house.sea_party("exchange:request", "admin:organisations")
    token = await house.token(party)
    await house.call(party, token, "GET", "/v1/decisions")  # at the door, for want of a scope
    house.behind["records"].answer = (403, [(b"content-type", b"application/problem+json")], b"{}")
    await house.call(party, token, "GET", EXCHANGE)  # by a service behind it
    await ask_token(house.app, party, house.now, form=party.form(house.now, scope="records:read"))
    await ask_endpoint(house.app, "/oauth/par", party.proven(house.now))
    await ask_endpoint(house.app, "/oauth/introspect", party.proven(house.now))
    await ask_endpoint(house.app, "/oauth/revoke", party.proven(house.now))
    counted = {event.context.reason: event for event in await told(house)}
    assert {reason: event.context.count for reason, event in counted.items()} == {
        "not-permitted": 2,
        "scope": 1,
        "grant-type-not-registered": 1,
        "malformed": 2,
    }
    assert {(event.actor.kind, event.actor.client_id, event.actor.role) for event in counted.values()} == {
        ("client", party.client_id, "registrar")
    }
    assert {event.context.operation for event in counted.values()} == {"request-refused"}
    assert len({event.actor.organisation_id for event in counted.values()} - {None}) == 1


@pytest.mark.requirement("DOOR-refused")
async def test_whoever_has_not_proven_it_is_nobody(house: House) -> None:
    """A token or an assertion that is another's, or that came before, says nothing of who brings it."""
    party = await house.sea_party("decisions:read")
    token, assertion = await house.token(party), party.assertion(house.now)
    await ask(house.app, "GET", EXCHANGE)
    await house.call(party, token, "GET", EXCHANGE, proof=party.proof(house.now, "POST", EXCHANGE, token=token))
    for _ in range(2):
        await ask_token(house.app, party, house.now, form=party.form(house.now, client_assertion=assertion))
    counted = {event.context.reason: (event.actor.kind, event.actor.client_id, event.context.operation) for event in await told(house)}
    stranger = ("system", None, "authenticate")
    assert counted == {"not-authenticated": stranger, "proof-not-valid": stranger, "assertion-replayed": stranger}


@pytest.mark.requirement("DOOR-refused")
async def test_a_person_is_named_at_a_page_and_through_an_application(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled, "audit:export", "audit:search"), await person(peopled)
    who = await person_of(browser, peopled.now)
    assert (await browser.get("/console/matches")).status == 403
    clock.advance(seconds=299)
    await peopled.app.state.standing.refresh()
    token = (await app.tokens(browser))["access_token"]
    clock.advance(seconds=1)
    assert (await peopled.call(app.party, token, "POST", "/v1/log/exports", json={})).status == 401
    counted = {event.context.reason: event.actor for event in await told(peopled)}
    assert counted.keys() == {"not-permitted", "person-not-recently-seen"}
    assert {actor.person for actor in counted.values()} == {who.identifier}
    assert (counted["not-permitted"].kind, counted["not-permitted"].client_id) == ("person", None)
    through = counted["person-not-recently-seen"]
    assert (through.kind, through.client_id, through.role) == ("client", app.party.client_id, "auditor")


NOW = datetime.fromisoformat("2026-10-20T12:00:00Z")


def one(number: int) -> Proven:
    return Proven("client", f"client-{number}", UUID(int=1), "registrar", None)


def counts(events: list[Event]) -> Counter[str]:
    """By client; strangers are `-`."""
    counted = Counter[str]()
    for event in events:
        counted[event.actor.client_id or "-"] += event.context.count or 0
    return counted


def test_however_many_are_refused_in_a_minute_the_log_grows_by_so_many_entries_and_none_is_forgotten() -> None:
    refusals = Refusals("this process")
    for number in range(3 * MOST_OF_THE_PROVEN):
        for _ in range(2):
            refusals.count("not-permitted", NOW, one(number))
        refusals.count(f"reason-{number}", NOW)
    events = refusals.take(NOW + timedelta(minutes=1))
    assert len(events) <= MOST_REASONS + MOST_OF_THE_PROVEN + 2
    assert counts(events).total() == 9 * MOST_OF_THE_PROVEN
    assert counts(events)["client-0"] == 2
    assert len({event.key for event in events}) == len(events)


def test_what_could_not_be_stored_is_counted_as_whose_it_was() -> None:
    refusals = Refusals("this process")
    for number in (1, 1, 2):
        refusals.count("not-permitted", NOW, one(number))
    refusals.count("not-authenticated", NOW)
    refusals.put_back(refusals.take(NOW, all_of_them=True), NOW)
    refusals.count("not-permitted", NOW, one(1))
    assert counts(refusals.take(NOW, all_of_them=True)) == {"client-1": 3, "client-2": 1, "-": 1}


async def test_refusals_at_the_door_are_counted_and_each_line_names_its_problem(
    house: House, reader: Party, caplog: pytest.LogCaptureFixture
) -> None:
    token = await house.token(reader)
    with caplog.at_level(logging.INFO, "safe_passage.gateway"):
        for _ in range(3):
            await ask(house.app, "GET", EXCHANGE)
        await house.call(reader, token, "GET", EXCHANGE, proof=reader.proof(house.now, "POST", EXCHANGE, token=token))
        await house.call(reader, token, "GET", EXCHANGE)
    assert [getattr(record, "code", None) for record in caplog.records] == [*["not-authenticated"] * 3, "proof-not-valid", None]
    counted = {event.context.reason: event.context.count for event in await house.entries() if event.class_ == "refusal"}
    assert counted == {"not-authenticated": 3, "proof-not-valid": 1}
