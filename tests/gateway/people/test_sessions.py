"""A session opens the pages of its person for as long as it may, and says nothing to whoever takes the store."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from services.gateway.app import create_app
from services.gateway.people.cookies import digest_of_value
from services.gateway.people.sessions import Sessions, SignedIn
from services.gateway.tables import SessionRow
from tests.conftest import StandingClock
from tests.gateway.house import House, open_house
from tests.gateway.people.signing_in import PROVIDER, ROLES, Browser, person_of, signed_in

pytestmark = pytest.mark.anyio


async def test_a_session_opens_its_persons_page(peopled: House) -> None:
    browser = await signed_in(peopled, "auditor")
    page = await browser.get("/signed-in")
    assert page.status == 200
    assert "Ada Whitaker" in page.body.decode()
    assert "Auditor" in page.body.decode()
    assert "subject-1" not in page.body.decode()


async def test_nobody_without_a_session_sees_a_page_of_people(peopled: House) -> None:
    for cookies in ({}, {"__Host-sid": "A" * 43}, {"__Host-sid": "short"}, {"__Host-sid": ""}):
        answer = await Browser(peopled, cookies).get("/signed-in?x=1")
        assert (answer.status, answer.headers["location"]) == (303, "/sign-in?back=%2Fsigned-in%3Fx%3D1")
        assert answer.body == b""


async def test_a_form_of_nobody_is_refused_with_a_page(peopled: House) -> None:
    answer = await Browser(peopled).post("/sign-out", token="x")
    assert (answer.status, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "not-signed-in" in answer.body.decode()


@pytest.mark.requirement("DOOR-sessions")
async def test_a_session_ends_when_nothing_is_asked_for_fifteen_minutes(peopled: House, clock: StandingClock) -> None:
    browser = await signed_in(peopled)
    for _ in range(5):
        clock.advance(minutes=14, seconds=59)
        assert (await browser.get("/signed-in")).status == 200
    clock.advance(minutes=15)
    assert (await browser.get("/signed-in")).status == 303


@pytest.mark.requirement("DOOR-sessions")
async def test_a_session_ends_after_eight_hours_however_much_is_asked(peopled: House, clock: StandingClock) -> None:
    browser = await signed_in(peopled)
    for _ in range(47):
        clock.advance(minutes=10)
        assert (await browser.get("/signed-in")).status == 200
    clock.advance(minutes=9, seconds=59)
    assert (await browser.get("/signed-in")).status == 200
    clock.advance(seconds=1)
    assert (await browser.get("/signed-in")).status == 303


async def test_a_clock_that_went_back_opens_nothing(peopled: House, clock: StandingClock) -> None:
    browser = await signed_in(peopled)
    clock.advance(seconds=-1)
    assert (await browser.get("/signed-in")).status == 303


@pytest.mark.requirement("DOOR-sessions")
async def test_a_session_ends_with_its_organisation(peopled: House, clock: StandingClock) -> None:
    state = await peopled.organisation("sea")
    district = await peopled.organisation("lea", parent_id=state.id)
    browser = await signed_in(peopled, "district-officer", organisation_id=district.id)
    assert (await browser.get("/signed-in")).status == 200
    ended = district.model_copy(update={"valid_until": date(2026, 10, 19)})
    await peopled.hand.change_organisation(ended)
    assert (await browser.get("/signed-in")).status == 303


@pytest.mark.parametrize("roles", [{"other": "operator"}, {"sp-operators": "auditor"}])
async def test_a_session_ends_when_its_role_is_not_given_any_more(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any], roles: dict[str, str]
) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **peoples) as house:
        browser = await signed_in(house, "operator")
        assert (await browser.get("/signed-in")).status == 200
        changed = house.settings.model_validate(house.settings.model_dump() | {"people_roles": roles})
        app = create_app(changed, transports={}, clock=clock)
        async with app.router.lifespan_context(app):
            house.app = app
            assert (await browser.get("/signed-in")).status == 303


@pytest.mark.requirement("DOOR-sessions")
async def test_signing_out_ends_the_session_and_is_in_the_log(peopled: House) -> None:
    browser = await signed_in(peopled)
    held = dict(browser.cookies)
    answer = await browser.post("/sign-out")
    assert (answer.status, answer.headers["location"], browser.cookies) == (303, "/signed-out", {})
    assert (await Browser(peopled, held).get("/signed-in")).status == 303
    (entry,) = [one for one in await peopled.entries() if one.context.operation == "signed-out"]
    assert (entry.class_, entry.actor.kind, entry.actor.role, entry.actor.address) == ("authentication", "person", "operator", "192.0.2.7")
    assert "Ada" not in entry.model_dump_json()
    assert "subject-1" not in entry.model_dump_json()


@pytest.mark.requirement("DOOR-people")
async def test_the_store_holds_no_name_no_subject_and_no_cookie(peopled: House) -> None:
    browser = await signed_in(peopled)
    await browser.get("/signed-in")
    async with peopled.app.state.database.reading() as tx:
        (row,) = (await tx.execute(select(SessionRow.__table__))).mappings().all()
    held = repr(dict(row))
    for secret in ("Ada", "subject-1", PROVIDER, browser.cookies["__Host-sid"]):
        assert secret not in held
    assert row["digest"] == digest_of_value(browser.cookies["__Host-sid"])


@pytest.mark.parametrize("column", ["sealed", "person"])
async def test_a_row_that_was_changed_opens_nothing(peopled: House, column: str) -> None:
    browser, other = await signed_in(peopled), await signed_in(peopled, subject="subject-2")
    theirs = select(getattr(SessionRow, column)).where(SessionRow.digest == digest_of_value(other.cookies["__Host-sid"]))
    async with peopled.app.state.database.transaction() as tx:
        value = (await tx.execute(theirs)).scalar_one()
        mine = SessionRow.digest == digest_of_value(browser.cookies["__Host-sid"])
        await tx.execute(update(SessionRow).where(mine).values({column: value}))
    assert (await browser.get("/signed-in")).status == 303
    assert (await other.get("/signed-in")).status == 200


async def test_a_session_under_a_cookie_that_a_browser_brought_never_begins(peopled: House) -> None:
    planted = "A" * 43
    browser = await signed_in(peopled)
    assert browser.cookies["__Host-sid"] != planted
    assert len({(await signed_in(peopled)).cookies["__Host-sid"] for _ in range(20)}) == 20


async def test_what_is_past_its_limit_is_forgotten(peopled: House, clock: StandingClock) -> None:
    idle, kept = await signed_in(peopled), await signed_in(peopled)
    clock.advance(minutes=14)
    assert (await kept.get("/signed-in")).status == 200
    clock.advance(minutes=1)
    sessions: Sessions = peopled.app.state.people.sessions
    await sessions.forget_ended(clock())
    async with peopled.app.state.database.reading() as tx:
        held = set((await tx.execute(select(SessionRow.digest))).scalars())
    assert held == {digest_of_value(kept.cookies["__Host-sid"])}
    assert digest_of_value(idle.cookies["__Host-sid"]) not in held


async def test_a_replaced_session_keeps_its_absolute_limit_and_its_cookie_is_dead(peopled: House, clock: StandingClock) -> None:
    browser = await signed_in(peopled)
    clock.advance(minutes=10)
    person = await person_of(browser, clock())
    state = peopled.app.state
    async with state.database.transaction() as tx:
        known = SignedIn(PROVIDER, "subject-1", None, None, "operator", "sp-operators", person.organisation_id, "strong", clock())
        value = await state.people.sessions.begin(tx, known, clock(), instead_of=person)
    assert (await browser.get("/signed-in")).status == 303
    async with state.database.reading() as tx:
        (row,) = (await tx.execute(select(SessionRow))).scalars()
    assert row.digest == digest_of_value(value)
    assert row.ends_at == clock() - timedelta(minutes=10) + timedelta(hours=8)


async def test_a_page_of_another_role_is_refused_with_a_page(peopled: House) -> None:
    by_method = peopled.app.state.door.entrances.public.routes._literal["/signed-in"]
    before = by_method["GET"]
    by_method["GET"] = replace(before, roles=frozenset({"auditor", "approver"}))
    try:
        answers = {role: await (await signed_in(peopled, role)).get("/signed-in") for role in ROLES.values()}
    finally:
        by_method["GET"] = before
    assert {role: answer.status for role, answer in answers.items()} == {
        "auditor": 200,
        "approver": 200,
        "operator": 403,
        "privacy-officer": 403,
        "district-officer": 403,
    }
    assert "not-permitted" in answers["operator"].body.decode()
