"""Agreements as a privacy officer sees them, and a party that is suspended with one act and comes in again when that is lifted."""

import json
import re
from datetime import date, timedelta

import pytest

from safepassage.wire_policy import Agreement, AgreementAmendment
from services.gateway.console.agreements_shown import path_of, terms_of
from services.gateway.console.suspension import LIFT, SUSPEND
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party
from tests.gateway.console.agreed import agreed, credential_of, vendor_of
from tests.gateway.console.consoles import Console
from tests.gateway.console.decided import world_of
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.people.signing_in import Browser, location_of
from tests.privacy.test_destructions import Keyed, ended, word

pytestmark = pytest.mark.anyio


async def page_of(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def key_of(form: str) -> str:
    (key,) = re.findall(r'name="act" value="([^"]+)"', form)
    return str(key)


async def lets_in(console: Console, party: Party) -> bool:
    """What that does to its tokens: tests/gateway/registry/test_suspensions.py."""
    return {str(one.id): one.disabled_at is None for one in await console.house.hand.clients()}[party.client_id]


async def test_an_agreement_is_listed_with_its_clock_and_what_of_it_is_used(console: Console) -> None:
    officer = await console.browser("privacy-officer")
    assert "No agreement is in this state." in await page_of(officer, "/console/agreements")
    made = await agreed(console, ends_on=(console.house.now.date() + timedelta(days=20)).isoformat())
    page = await page_of(officer, "/console/agreements")
    assert f'href="{path_of(made.id)}"' in page
    assert "1 agreement" in page
    assert "In 20 days" in page or "In 19 days" in page
    assert "1 of 3" in page
    assert "1 subprocessor" in page
    assert "Not in the last 31 days" in page
    assert "<img src=x" not in page
    one = await page_of(officer, path_of(made.id))
    for said in (
        "1 of 3 scheduled elements are used.",
        "Never asked for",
        "Asked for, not agreed",
        "34 CFR 99.31(a)(1)(i)(B)(2)",
        "schedule B, 3",
    ):
        assert said in one, said
    assert "<img src=x" not in one


@pytest.mark.requirement("CON-tables")
@pytest.mark.parametrize(
    ("zone", "hours", "state", "standing"),
    [("Pacific/Guam", 3, "current", "In force"), ("Pacific/Honolulu", 17, "over", "Over")],
)
async def test_an_agreement_ends_at_midnight_of_the_state_wherever_who_looks_is(
    console: Console, clock: StandingClock, zone: str, hours: int, state: str, standing: str
) -> None:
    """The agency is in New York: in Guam it is the day after already, in Honolulu the day before yet. Decision 94."""
    made = await agreed(console, ends_on="2026-10-21")
    clock.advance(hours=hours)
    officer = await console.browser("privacy-officer")
    officer.cookies["zone"] = zone
    for path in (f"/console/agreements?state={state}", path_of(made.id)):
        page = await page_of(officer, path)
        assert set(re.findall(r"(In force|Over)\s*</", page)) == {standing}, path
        assert ("In 1 day" in page) == (state == "current"), path


@pytest.mark.requirement("CON-tables")
async def test_the_tables_of_an_agreement_are_files(console: Console) -> None:
    made = await agreed(console)
    officer = await console.browser("privacy-officer")
    path = path_of(made.id)
    used = json.loads((await officer.get(f"{path}/export?use=used&form=json")).body)
    assert used == [{"element": "academics.transcript", "use": "used", "permitted": 1, "refused": 0}]
    (credential,) = json.loads((await officer.get(f"{path}/export?table=credentials&form=json")).body)
    assert (credential["state"], credential["scopes"]) == ("in", ["records:read"])
    assert "<img src=x" in (await officer.get(f"{path}/export?table=subprocessors&subprocessors-service=hosting")).body.decode()
    assert (await officer.get(f"{path}?use=everything")).status == 422


async def test_a_party_is_suspended_with_one_act_and_comes_in_again_when_it_is_lifted(console: Console) -> None:
    vendor = await vendor_of(console, "Acorn Assessments")
    party, made = await credential_of(console, vendor), await agreed(console, vendor)
    officer = await console.browser("privacy-officer")
    suspend, lift = SUSPEND.format(agreement_id=made.id), LIFT.format(agreement_id=made.id)
    form = await page_of(officer, suspend)
    for said in ("Suspend 1 credential", "Acorn Assessments", "How it is undone", "Requests decided under them so far"):
        assert said in form, said
    assert await lets_in(console, party)
    for _ in range(2):
        answer = await officer.post(suspend, act=key_of(form), reason="breach-suspected", reference="file 12")
        assert (answer.status, location_of(answer)) == (303, path_of(made.id)), answer.body
    assert not await lets_in(console, party)
    page = await page_of(officer, path_of(made.id))
    assert "The party is suspended" in page
    assert "Suspended" in await page_of(officer, "/console/agreements")
    answer = await officer.post(lift, act=key_of(await page_of(officer, lift)), reference="file 13")
    assert (answer.status, location_of(answer)) == (303, path_of(made.id))
    assert await lets_in(console, party)
    assert "The party is suspended" not in await page_of(officer, path_of(made.id))


@pytest.mark.parametrize(
    ("written", "beside"),
    [({"reason": "", "reference": "file 12"}, "Fill this in."), ({"reason": "other", "reference": "x" * 201}, "This is too long.")],
)
async def test_a_form_that_is_wrong_suspends_nobody_and_keeps_what_was_written(
    console: Console, written: dict[str, str], beside: str
) -> None:
    vendor = await vendor_of(console, "Acorn Assessments")
    party, made = await credential_of(console, vendor), await agreed(console, vendor)
    officer = await console.browser("privacy-officer")
    path = SUSPEND.format(agreement_id=made.id)
    answer = await officer.post(path, act=key_of(await page_of(officer, path)), **written)
    page = answer.body.decode()
    assert answer.status == 422
    assert beside in page
    assert written["reference"] in page
    assert await lets_in(console, party)


async def test_nobody_but_the_states_privacy_officer_suspends_and_a_district_sees_no_credentials(console: Console) -> None:
    made = await agreed(console)
    auditor = await console.browser("auditor")
    page = await page_of(auditor, path_of(made.id))
    assert "1 credential" in page
    assert "Suspend the party" not in page
    for role in ("auditor", "approver", "district-officer"):
        assert (await (await console.browser(role)).get(SUSPEND.format(agreement_id=made.id))).status == 403
    district = await page_of(await console.browser("district-officer"), "/console/agreements?state=all")
    assert "No agreement is in this state." in district
    assert "Credentials" not in district


async def test_a_districts_officer_has_the_files_of_its_own_agreement_but_for_its_credentials(console: Console) -> None:
    world, vendor = await world_of(console), await vendor_of(console)
    await credential_of(console, vendor)
    world.vendor = vendor
    made = await world.agreement(by=world.sea, district_ids=[str(console.district.id)])
    officer, auditor = await console.browser("district-officer"), await console.browser("auditor")
    path = path_of(made.id)
    for table, status in (("elements", 200), ("subprocessors", 200), ("clauses", 200), ("credentials", 404)):
        for form in ("csv", "json"):
            assert (await officer.get(f"{path}/export?table={table}&form={form}")).status == status, (table, form)
    assert len(json.loads((await auditor.get(f"{path}/export?table=credentials&form=json")).body)) == 1
    page = await page_of(officer, path)
    assert "table=credentials" not in page
    assert "table=clauses" in page


async def test_the_table_has_the_terms_that_are_in_force_and_no_formula(console: Console) -> None:
    vendor = await vendor_of(console, "=HYPERLINK(1)")
    await agreed(console, vendor)
    answer = await (await console.browser("auditor")).get("/console/agreements/export?state=all")
    assert answer.status == 200
    table = answer.body.decode()
    assert "academics.transcript attendance.summary identity.name" in table
    assert "'=HYPERLINK(1)" in table


def _amendment(made: Agreement, begins: date, element: str) -> AgreementAmendment:
    about = {"document": made.document, "signed_on": made.signed_on, "from": begins, "ends_on": made.ends_on, "purposes": made.purposes}
    return AgreementAmendment.model_validate({**about, "elements": (element,)})


async def test_of_several_amendments_the_last_that_has_begun_counts(console: Console) -> None:
    made = await agreed(console)
    amended = made.model_copy(
        update={"amendments": (_amendment(made, date(2026, 10, 1), "one.a"), _amendment(made, date(2026, 12, 1), "two.b"))}
    )
    seen = [terms_of(amended, day).elements for day in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 1))]
    assert seen == [made.elements, ("one.a",), ("two.b",)]


async def test_the_pages_speak_spanish(console: Console) -> None:
    made = await agreed(console)
    officer = await console.browser("privacy-officer")
    await officer.post("/console/preferences", language="es")
    assert "¿Con quién compartimos, y sigue estando acordado?" in await page_of(officer, "/console/agreements")
    assert "¿Qué acordamos con" in await page_of(officer, path_of(made.id))
    assert "Suspender 1 credencial" in await page_of(officer, SUSPEND.format(agreement_id=made.id))


async def test_what_a_party_owes_at_the_end_is_told_and_what_it_has_attested_with_its_key(console: Console) -> None:
    world = await world_of(console)
    vendor = Keyed(world.node, world.vendor, frozenset({"destruction:attest"}), "acme")
    agreement = await ended(world, vendor)
    officer = await console.browser("privacy-officer")
    before = text_of((await officer.get(path_of(agreement.id))).body)
    assert "Owed to 1 district. It has attested no destruction yet." in before
    body = word(vendor, agreement, aud=console.house.settings.entity_id)
    assert (await vendor.post("/v1/destruction-attestations", body)).status == 201
    after = text_of((await officer.get(path_of(agreement.id))).body)
    assert "What it destroys at the end Nothing owed It attested the destruction" in after
    assert "Signed with its registered key. Obligations that it discharged: 1." in after
    assert "Owed to" not in after
