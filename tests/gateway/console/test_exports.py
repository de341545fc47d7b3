"""What lists export: a table or JSON, the same rows, of what the person may see, to whoever signed in a moment ago."""

import csv
import io
import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest

from safepassage.wire_organisations import Organisation
from services.gateway.console.duties_export import COLUMNS
from services.gateway.console.exports import exported
from services.gateway.people.roles import Role
from services.records.exchange.states import Letter
from services.records.tables import DeadLetterRow, MatchReviewRow
from shared.contracts.audit import Actor, Context, Event
from tests.conftest import StandingClock
from tests.gateway.console.agreed import agreed
from tests.gateway.console.consoles import HOSTILE, Console, new_district
from tests.gateway.console.crossing import log_of
from tests.gateway.console.decided import one_of_each
from tests.gateway.console.enrolled import child, enrolled, in_doubt, in_doubt_of_each_other
from tests.gateway.console.exchanged import exchanges_of_each_kind, stored
from tests.gateway.console.test_pages import one_duty
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

LISTS = ("/console/decisions", "/console/exchanges", "/console/agreements", "/console/duties")


async def both(browser: Browser, path: str) -> tuple[list[dict[str, str]], list[dict[str, object]]]:
    """The table and the JSON of an export."""
    separator = "&" if "?" in path else "?"
    csv_file, json_file = await browser.get(path), await browser.get(f"{path}{separator}form=json")
    place = path.partition("?")[0].split("/")
    name = dict(part.split("=") for part in path.partition("?")[2].split("&") if part).get("table") or place[-2]
    for answer, ending, kind in ((csv_file, "csv", "text/csv; charset=utf-8"), (json_file, "json", "application/json")):
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}.{ending}"'
        assert answer.headers["cache-control"] == "no-store"
    return list(csv.DictReader(io.StringIO(csv_file.body.decode()))), json.loads(json_file.body)


async def test_each_list_leads_to_its_export_in_both_forms_which_have_the_same_rows(console: Console) -> None:
    await one_of_each(console)
    await exchanges_of_each_kind(console)
    await agreed(console)
    await one_duty(console)
    browser = await console.browser("auditor")
    for path in LISTS:
        page = (await browser.get(path)).body.decode()
        assert f'href="{path}/export' in page
        assert "form=json" in page
        table, rows = await both(browser, f"{path}/export")
        assert len(table) == len(rows) > 0
        assert [one["id"] for one in table] == [one["id"] for one in rows]
        assert [list(one) for one in rows] == [list(one) for one in table], "the same columns in their order"


async def test_an_export_is_for_who_signed_in_a_moment_ago_and_has_the_filters_of_its_list(console: Console, clock: StandingClock) -> None:
    await one_duty(console)
    browser = await console.browser("privacy-officer")
    assert [one["kind"] for one in (await both(browser, "/console/duties/export?state=overdue"))[1]] == ["answer-public-question"]
    assert (await both(browser, "/console/duties/export?state=done"))[1] == []
    assert (await both(browser, "/console/duties/export?kind=annual-notice"))[1] == []
    for query in ("kind=none", "state=none", "form=xml"):
        answer = await browser.get(f"/console/duties/export?{query}")
        assert (answer.status, query.partition("=")[0] in answer.body.decode()) == (422, True)
    clock.advance(minutes=6)
    for path in LISTS:
        assert (await browser.get(path)).status == 200, "the session is still there"
        for form in ("", "?form=json"):
            answer = await browser.get(f"{path}/export{form}")
            assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.requirement("CON-foreign")
async def test_an_export_holds_no_more_than_its_page(console: Console) -> None:
    await one_duty(console)
    district = await console.browser("district-officer")
    assert (await both(district, "/console/duties/export?state=all"))[1] == [], "the state's are not the district's"
    auditor = await console.browser("auditor")
    [duty] = (await both(auditor, "/console/duties/export?state=all"))[1]
    assert tuple(duty) == COLUMNS
    assert not {"student_id", "about", "evidence_ref"} & set(duty)
    operator = await console.browser("operator")
    assert (await operator.get("/console/decisions/export?form=json")).status == 403


@pytest.mark.requirement("CON-tables")
async def test_matches_are_exported_without_their_students_and_a_districts_are_its_own(console: Console, clock: StandingClock) -> None:
    students = [await enrolled(console, child(n)) for n in range(3)]
    made = []
    for student in students[:2]:
        made.append(str(await in_doubt(console, [student])))
        clock.advance(minutes=1)
    made.append(str(await in_doubt(console, [await enrolled(console, child(9), district=(await another(console)).id)])))
    officer = await console.browser("privacy-officer")
    page = (await officer.get("/console/matches?sort=-opened_at")).body.decode()
    assert 'href="/console/matches/export?sort=-opened_at"' in page
    table, rows = await both(officer, "/console/matches/export?sort=-opened_at")
    assert [one["id"] for one in table] == [one["id"] for one in rows] == made[::-1]
    assert {one["students"] for one in rows} == {1}
    assert not any(str(student) in json.dumps(rows) for student in students)
    theirs = (await both(await console.browser("district-officer"), "/console/matches/export"))[1]
    assert [one["id"] for one in theirs] == made[:2]
    await stepped_up(console, clock, officer, "/console/matches/export", ("auditor", "operator", "approver"))


@pytest.mark.requirement("CON-tables")
async def test_matches_are_narrowed_by_question_by_doubt_and_by_when_they_end_on_the_page_and_in_the_file(console: Console) -> None:
    ids = [await enrolled(console, child(n)) for n in range(3)]
    asked, between = await in_doubt(console, [ids[0]], asked_for=child(0)), await in_doubt_of_each_other(console, ids[1], ids[2])
    async with console.node.applications["records"].state.database.transaction() as tx:
        for match_id, days, reasons in ((asked, 2, "multiple-birth,sex-differs"), (between, 14, "nickname")):
            row = await tx.get_one(MatchReviewRow, match_id)
            row.expires_at, row.reasons = console.house.now + timedelta(days=days), reasons
    officer = await console.browser("privacy-officer")
    for query, found in (
        ("", {asked, between}),
        ("?kind=request", {asked}),
        ("?kind=records", {between}),
        ("?doubt=sex-differs", {asked}),
        ("?doubt=nickname", {between}),
        ("?doubt=suffix-differs", set()),
        ("?ends=3", {asked}),
        ("?ends=30", {asked, between}),
        ("?kind=records&ends=3", set()),
        ("?kind=request&doubt=multiple-birth&ends=7", {asked}),
    ):
        page = (await officer.get(f"/console/matches{query}")).body.decode()
        assert set(re.findall(r'data-label="Since"><a href="/console/matches/([^"]+)"', page)) == set(map(str, found)), query
        _, rows = await both(officer, f"/console/matches/export{query}")
        assert {one["id"] for one in rows} == set(map(str, found)), query
        assert ("No match is like this." in page) == (not found)
    for wrong in ("doubt=differs", "ends=5", "kind=other"):
        assert (await officer.get(f"/console/matches?{wrong}")).status == 422


@pytest.mark.requirement("CON-tables")
async def test_what_did_not_arrive_is_exported_in_the_state_and_order_of_its_page(console: Console, clock: StandingClock) -> None:
    await exchanges_of_each_kind(console)
    await stored(console, letter(clock, "=HYPERLINK(1)"))
    operator = await console.browser("operator")
    page = (await operator.get("/console/dead-letters?sort=-since")).body.decode()
    assert 'href="/console/dead-letters/export?state=open&amp;sort=-since"' in page
    table, rows = await both(operator, "/console/dead-letters/export?state=open&sort=-since")
    assert [one["code"] for one in rows] == ["no-answer", "expired", "purpose-not-served"]
    assert table[0]["peer"] == "'=HYPERLINK(1)", "no cell begins a formula"
    assert rows[0]["peer"] == "=HYPERLINK(1)"
    assert not {"official", "role"} & set(rows[0])
    assert (await both(operator, "/console/dead-letters/export?state=settled"))[1] == []
    await stepped_up(console, clock, operator, "/console/dead-letters/export", ("auditor", "privacy-officer", "district-officer"))


@pytest.mark.requirement("CON-tables")
async def test_keys_and_settings_are_exported_as_far_as_they_are_shown(console: Console, clock: StandingClock) -> None:
    operator = await console.browser("operator")
    keys = (await both(operator, "/console/settings/export?table=keys"))[1]
    assert {one["purpose"] for one in keys} >= {"token"}
    settings = {str(one["name"]): one for one in (await both(operator, "/console/settings/export?table=settings"))[1]}
    assert settings["SAFE_PASSAGE_DATABASE_URL"]["value"] == "Set", "where things are is not told"
    assert settings["SAFE_PASSAGE_DATABASE_URL"]["chosen"] is True
    await stepped_up(console, clock, operator, "/console/settings/export?table=keys", ("district-officer",))


@pytest.mark.requirement("CON-tables")
async def test_who_did_what_here_is_exported_by_kind_and_each_look_is_on_the_log(console: Console, clock: StandingClock) -> None:
    formula = Event(class_="administration", key="a-formula", actor=Actor(kind="client", client_id="=1+1"), context=Context(operation="x"))
    await log_of(console).append(formula, service="gateway")
    operator = await console.browser("operator")
    page = (await operator.get("/console/settings?kind=administration")).body.decode()
    assert 'href="/console/settings/acts/export?kind=administration"' in page
    table, rows = await both(operator, "/console/settings/acts/export?kind=administration")
    assert {one["class"] for one in rows} == {"administration"}
    assert [one["index"] for one in rows] == sorted((one["index"] for one in rows), reverse=True)
    assert ("'=1+1", "=1+1") in {(line["who"], one["who"]) for line, one in zip(table, rows, strict=True)}
    assert [one["operation"] for one in rows if one["who"] == "=1+1"] == ["x"]
    made = [one for one in rows if one["operation"] == "organisation-added"]
    assert {str(one["about"]).partition(":")[0] for one in made} == {"organisation"}
    assert {one["outcome"] for one in made} == {"done"}
    everything = (await both(operator, "/console/settings/acts/export?sort=logged_at"))[1]
    assert [one["index"] for one in everything] == sorted(one["index"] for one in everything)
    assert len(everything) > len(rows)
    assert HOSTILE not in json.dumps(everything)
    looks = (await (await console.browser("auditor")).get("/console/log?kind=search")).body.decode()
    assert looks.count('<tr role="row"><th scope="row"') >= 4, "each look is an entry"
    await stepped_up(console, clock, operator, "/console/settings/acts/export", ("district-officer",))


async def stepped_up(console: Console, clock: StandingClock, browser: Browser, path: str, others: tuple[Role, ...]) -> None:
    """It is refused to those whom its page refuses, and to the others after some minutes, when its page is still open to them."""
    for role in others:
        assert (await (await console.browser(role)).get(path)).status == 403, role
    clock.advance(minutes=6)
    page = path.partition("/export")[0].removesuffix("/acts")
    assert (await browser.get(page)).status == 200
    answer = await browser.get(path)
    assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


def letter(clock: StandingClock, peer: str) -> DeadLetterRow:
    """The newest of them."""
    since = clock() - timedelta(hours=1)
    return DeadLetterRow(id=uuid4(), kind="request", state=Letter.OPEN, peer=peer, exchange_id=uuid4(), code="no-answer", since=since)


async def another(console: Console) -> Organisation:
    """A district beside the officer's."""
    made = await console.house.hand.add_organisation(new_district("Elm County", console.agency, nces_id="4106741"))
    await console.settle()
    return made


def test_a_table_begins_no_formula_and_json_keeps_what_it_is() -> None:
    rows = [{"id": "=1+1", "name": f"Peña {HOSTILE}", "list": ["a", "b"], "none": None, "more": "left out"}]
    columns = ("id", "name", "list", "none")
    [line] = csv.DictReader(io.StringIO(bytes(exported("x", "csv", columns, rows).body).decode()))
    assert line == {"id": "'=1+1", "name": f"Peña {HOSTILE}", "list": "a b", "none": ""}
    content = bytes(exported("x", "json", columns, rows).body)
    assert json.loads(content) == [{"id": "=1+1", "name": f"Peña {HOSTILE}", "list": ["a", "b"], "none": None}]
    assert "Peña".encode() in content, "a person reads it too"
