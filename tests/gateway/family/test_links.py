"""A link to the family's page works once, for the one person and student that it was made for, and only while the agency lets it."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from safepassage.problems.privacy import RightsNotHeld
from safepassage.wire_family import MadeFamilyLink
from safepassage.wire_rights import RightsFile
from services.gateway.family.link_values import random_link
from services.gateway.family.links import FORGOTTEN
from services.gateway.tables import FamilyLinkRow, FamilySessionRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer
from tests.gateway.family.families import FamilyBrowser
from tests.gateway.house import ISSUER, House, open_house
from tests.gateway.people.signing_in import PEOPLE, location_of, signed_in

pytestmark = pytest.mark.anyio

STUDENT, PARENT = uuid4(), uuid4()
FILE = RightsFile(student_id=STUDENT, consents=(), preferences=(), inspections=(), amendments=(), hearings=())


def wanted(**about: Any) -> dict[str, Any]:
    """A link for the parent, as a student information system asks for one."""
    acting_for = {
        "person_id": str(PARENT),
        "assurance_level": "ial2",
        "method": "in-person",
        "evidence_ref": "desk log 118",
        "authenticated_at": "2026-10-20T11:30:00.000Z",
    }
    return {"student_id": str(STUDENT), "acting_for": acting_for | about}


def tell(house: House, status: int, body: str) -> None:
    """What privacy answers."""
    house.behind["privacy"].answer = (status, [(b"content-type", b"application/json")], body.encode())


async def ask(house: House, method: str, path: str, body: Any = None) -> Answer:
    """A system of the one district."""
    held = [one for one in await house.hand.organisations() if one.kind == "lea"]
    if not held:
        state = await house.organisation("sea")
        held = [await house.organisation("lea", parent_id=state.id)]
    party = await house.party(held[0], "family:links")
    return await house.call(party, await house.token(party), method, path, **({} if body is None else {"json": body}))


async def made(house: House, **about: Any) -> MadeFamilyLink:
    tell(house, 200, FILE.model_dump_json())
    answer = await ask(house, "POST", "/v1/family-links", wanted(**about))
    assert answer.status == 201, answer.body
    return MadeFamilyLink.model_validate_json(answer.body)


async def came(house: House) -> FamilyBrowser:
    browser = FamilyBrowser(house)
    answer = await browser.use((await made(house)).link)
    assert (answer.status, location_of(answer)) == (303, "/family")
    return browser


async def leave(browser: FamilyBrowser) -> Answer:
    """Send the form that ends a visit, with the visit's own token."""
    families = browser.house.app.state.families
    member = await families.visits.find(browser.cookies[families.cookie.name], browser.house.now)
    return await browser.post("/family/leave", token=member.form_token)


async def is_going_on(browser: FamilyBrowser) -> bool:
    """Whether the door finds the visit: what is wrong then is only that nothing real is behind this house."""
    answer = await browser.get("/family")
    assert answer.status in (200, 401, 503), answer.body
    return answer.status != 401


@pytest.fixture
async def house(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **PEOPLE | {"people_issuer": None}) as opened:
        yield opened


@pytest.mark.requirement("CON-family")
async def test_a_link_is_told_once_and_works_once(house: House) -> None:
    link = await made(house)
    assert link.link.startswith(f"{ISSUER}/family/link#")
    assert (link.state, link.evidence_ref) == ("waiting", "desk log 118")
    read = await ask(house, "GET", f"/v1/family-links/{link.id}")
    assert (read.status, "link" in read.json) == (200, False), read.body
    browser = FamilyBrowser(house)
    assert (await browser.use(link.link)).status == 303
    assert list(browser.cookies) == ["__Host-family"]
    again = await FamilyBrowser(house).use(link.link)
    assert (again.status, "This link does not work any more" in again.body.decode()) == (403, True)
    assert (await ask(house, "GET", f"/v1/family-links/{link.id}")).json["state"] == "used"
    assert await is_going_on(browser)


async def test_what_opens_a_link_ahead_of_the_person_uses_up_nothing(house: House) -> None:
    link = await made(house)
    for _ in range(3):
        page = await FamilyBrowser(house).get("/family/link", site="cross-site")
        assert page.status == 200
    assert page.body.decode().count("<button class") == 1
    assert (await FamilyBrowser(house).use(link.link)).status == 303


async def _one_comes_in(house: House) -> None:
    link = await made(house)
    answers = await asyncio.gather(*(FamilyBrowser(house).use(link.link) for _ in range(8)))
    assert Counter(answer.status for answer in answers) == {303: 1, 403: 7}
    async with house.app.state.database.reading() as tx:
        assert len((await tx.scalars(select(FamilySessionRow))).all()) == 1


@pytest.mark.requirement("CON-family")
async def test_of_many_who_have_a_link_at_once_one_comes_in(house: House) -> None:
    await _one_comes_in(house)


@pytest.mark.postgres
async def test_of_many_who_have_a_link_at_once_one_comes_in_on_postgresql(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str
) -> None:
    async with open_house(tmp_path, node_keys, clock, database_url=postgres_url) as house:
        await _one_comes_in(house)
        browser = await came(house)
        assert await is_going_on(browser)
        await leave(browser)
        assert not await is_going_on(FamilyBrowser(house, dict(browser.cookies)))


async def test_a_link_waits_for_a_week_and_is_then_forgotten(house: House, clock: StandingClock) -> None:
    first, second = await made(house), await made(house)
    clock.advance(days=6, hours=23, minutes=59)
    assert (await FamilyBrowser(house).use(first.link)).status == 303
    clock.advance(minutes=1)
    assert (await FamilyBrowser(house).use(second.link)).status == 403
    await house.app.state.families.visits.forget_ended(house.now)
    async with house.app.state.database.reading() as tx:
        assert set((await tx.scalars(select(FamilyLinkRow.sealed))).all()) == {FORGOTTEN}
    assert (await ask(house, "GET", f"/v1/family-links/{second.id}")).json["state"] == "expired"


@pytest.mark.requirement("CON-family")
async def test_the_agency_takes_a_link_back_before_and_after_it_is_used(house: House) -> None:
    before, after = await made(house), await made(house)
    browser = FamilyBrowser(house)
    await browser.use(after.link)
    assert await is_going_on(browser)
    for link in (before, after):
        for _ in range(2):
            answer = await ask(house, "POST", f"/v1/family-links/{link.id}/withdrawal")
            assert (answer.status, answer.json["state"]) == (200, "withdrawn")
    assert (await FamilyBrowser(house).use(before.link)).status == 403
    assert not await is_going_on(browser)


@pytest.mark.parametrize(("by", "goes_on"), [({"minutes": 29}, True), ({"minutes": 30}, False)])
async def test_a_visit_ends_when_nothing_was_asked_for_half_an_hour(
    house: House, clock: StandingClock, by: dict[str, int], goes_on: bool
) -> None:
    browser = await came(house)
    clock.advance(**by)
    assert await is_going_on(browser) is goes_on


async def test_a_visit_ends_after_two_hours_in_any_case(house: House, clock: StandingClock) -> None:
    browser = await came(house)
    for _ in range(7):
        clock.advance(minutes=17)
        assert await is_going_on(browser)
    clock.advance(minutes=1)
    assert not await is_going_on(browser)


async def test_who_leaves_has_left_on_every_device(house: House) -> None:
    browser = await came(house)
    copy = FamilyBrowser(house, dict(browser.cookies))
    answer = await leave(browser)
    assert (answer.status, location_of(answer), browser.cookies) == (303, "/family/left", {})
    assert not await is_going_on(copy)
    page = (await copy.get("/family")).body.decode()
    assert "Your visit has ended" in page
    assert "/sign-in" not in page


async def test_an_officials_session_opens_no_page_of_a_family_and_a_visit_none_of_the_console(house: House) -> None:
    browser = await came(house)
    (value,) = browser.cookies.values()
    official = await signed_in(house, "privacy-officer")
    (session,) = official.cookies.values()
    for cookies in ({"__Host-sid": session}, {"__Host-family": session}, {"__Host-family": value[:-1]}, {}):
        assert (await FamilyBrowser(house, cookies).get("/family")).status == 401
    for cookies in ({"__Host-family": value}, {"__Host-sid": value}):
        assert location_of(await FamilyBrowser(house, cookies).get("/console")).startswith("/sign-in")


@pytest.mark.parametrize(
    "headers", [[], [("sec-fetch-site", "cross-site")], [("origin", "https://evil.example")], [("sec-fetch-site", "same-site")]]
)
async def test_another_site_uses_no_link_and_ends_no_visit(house: House, headers: list[tuple[str, str]]) -> None:
    link, browser = await made(house), await came(house)
    fields = [("content-type", "application/x-www-form-urlencoded"), *headers]
    stranger = FamilyBrowser(house)
    body = f"link={link.link.replace('#', '%23')}".encode()
    assert (await stranger.go("POST", "/family/link", headers=fields, body=body)).status == 403
    assert (await browser.go("POST", "/family/leave", headers=fields, body=b"token=x")).status == 403
    assert (await browser.post("/family/leave", token="A" * 43)).status == 403
    assert await is_going_on(browser)
    assert (await stranger.use(link.link)).status == 303


@pytest.mark.parametrize("link", ["", "x", "A" * 43, f"{ISSUER}/family/link#", "A" * 1000, "ä" * 43])
async def test_what_is_no_link_lets_nobody_in(house: House, link: str) -> None:
    await made(house)
    assert (await FamilyBrowser(house).use(link)).status == 403


@pytest.mark.requirement("CON-family")
async def test_no_link_is_made_for_whom_privacy_would_not_show_the_file(house: House) -> None:
    await made(house)
    tell(house, 403, RightsNotHeld().as_problem().model_dump_json())
    answer = await ask(house, "POST", "/v1/family-links", wanted())
    assert (answer.status, answer.json["code"], answer.json["field"]) == (403, "rights-not-held", "acting_for.person_id")
    heard = house.heard("privacy")
    assert heard.path == f"/v1/students/{STUDENT}/rights-file"
    caller = heard.principal.caller
    assert caller is not None
    assert caller.family is not None
    assert (caller.family.student_id, caller.family.person_id, caller.client_id) == (STUDENT, PARENT, "family")
    async with house.app.state.database.reading() as tx:
        assert len((await tx.scalars(select(FamilyLinkRow))).all()) == 1


async def test_a_page_of_a_visit_is_read_in_no_frame_and_changed_from_no_other_site(house: House) -> None:
    """Though the browser brings the cookie, and the form the visit's own token."""
    browser = await came(house)
    families = house.app.state.families
    token = (await families.visits.find(browser.cookies[families.cookie.name], house.now)).form_token
    framed = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]
    assert (await browser.go("GET", "/family", headers=framed)).status == 403
    foreign = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")]
    assert (await browser.go("POST", "/family/leave", headers=foreign, body=f"token={token}".encode())).status == 403
    assert await is_going_on(browser)


async def test_what_proves_a_visit_is_in_no_line_that_a_fault_writes_of_it(house: House) -> None:
    browser = await came(house)
    families = house.app.state.families
    member = await families.visits.find(browser.cookies[families.cookie.name], house.now)
    assert member.secret not in repr(member)
    link = random_link(house.now)
    assert link.value not in repr(link)


async def test_who_was_checked_this_very_instant_is_let_in(house: House) -> None:
    assert (await made(house, authenticated_at="2026-10-20T12:00:00.000Z")).state == "waiting"


async def test_an_identity_that_is_checked_tomorrow_makes_no_link(house: House) -> None:
    tell(house, 200, FILE.model_dump_json())
    answer = await ask(house, "POST", "/v1/family-links", wanted(authenticated_at="2026-10-20T12:00:01.000Z"))
    assert (answer.status, answer.json["field"]) == (422, "acting_for.authenticated_at")


@pytest.mark.requirement("FERPA-99.31c")
async def test_an_identity_that_was_checked_too_long_ago_makes_no_link(house: House) -> None:
    tell(house, 200, FILE.model_dump_json())
    for days, instant in ((None, "2026-09-20T11:59:59.999Z"), (1, "2026-10-19T11:59:59.999Z")):
        if days is not None:  # 30 unless set
            house.app.state.settings = house.app.state.settings.model_copy(update={"identity_check_days": days})
        answer = await ask(house, "POST", "/v1/family-links", wanted(authenticated_at=instant))
        assert (answer.status, answer.json["code"]) == (422, "identity-check-too-old")
        assert answer.json["field"] == "acting_for.authenticated_at"
        assert (await made(house, authenticated_at=instant.replace("11:59:59.999", "12:00:00.000"))).state == "waiting"


@pytest.mark.requirement("CON-family")
async def test_each_step_is_an_entry_that_names_nobody(house: House) -> None:
    link = await made(house)
    browser = FamilyBrowser(house)
    await browser.use(link.link)
    await leave(browser)
    await ask(house, "POST", f"/v1/family-links/{link.id}/withdrawal")
    entries = [one for one in await house.entries() if one.context.about == f"family-link:{link.id}"]
    assert [(one.context.operation, one.class_, one.actor.kind, one.actor.acting_for, one.subjects) for one in entries] == [
        ("family-link-made", "administration", "client", PARENT, (STUDENT,)),
        ("family-link-used", "authentication", "person", PARENT, (STUDENT,)),
        ("family-visit-left", "authentication", "person", PARENT, (STUDENT,)),
        ("family-link-withdrawn", "administration", "client", None, ()),
    ]
    assert entries[1].actor.role == "parent"
    assert entries[1].actor.person == entries[2].actor.person
    assert link.link.partition("#")[2] not in "".join(one.model_dump_json() for one in entries)


async def test_the_store_and_the_servers_log_tell_neither_the_link_nor_whom_it_is_for(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        link, browser = await made(house), await came(house)
        await browser.get("/family")
    (cookie,) = browser.cookies.values()
    async with house.app.state.database.reading() as tx:
        rows = [*(await tx.scalars(select(FamilyLinkRow))), *(await tx.scalars(select(FamilySessionRow)))]
    stored = repr([vars(row) for row in rows])
    secret = link.link.partition("#")[2]
    for word in (secret, cookie, str(STUDENT), str(PARENT)):
        assert word not in stored
        assert word not in caplog.text
    assert "?" not in link.link
    assert UUID(bytes=STUDENT.bytes).bytes not in b"".join(row.sealed for row in rows)


async def test_a_visit_of_a_district_that_is_no_more_ends(house: House, clock: StandingClock) -> None:
    browser = await came(house)
    (district,) = [one for one in await house.hand.organisations() if one.kind == "lea"]
    ended = district.model_copy(update={"valid_until": datetime(2026, 10, 19, tzinfo=UTC).date()})
    await house.hand.change_organisation(ended)
    assert not await is_going_on(browser)
