"""A family says yes to what was shown, whole, signed by who was identified, once; and to nothing that is not theirs to decide."""

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from safepassage.canonical import digest_of
from safepassage.elements import BY_ID
from safepassage.wire_organisations import NewOrganisation, Organisation
from safepassage.wire_policy import ActingFor, Consent
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.family.new_consent import ELEMENTS, PATH, USES
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.consent_facts import consent_facts
from shared.contracts.privacy import Recipient, SubjectFacts
from tests.gateway.by_hand import Answer
from tests.gateway.console.consoles import HOSTILE
from tests.gateway.family.families import Families, FamilyBrowser
from tests.gateway.family.test_choices_and_requests import act, file_of, staff
from tests.gateway.people.signing_in import location_of

pytestmark = pytest.mark.anyio

CHOSEN = {"use": "financial-aid", "time": "year", "data.academics.transcript": "yes", "data.identity.name": "yes"}


async def vendor(families: Families, name: str = "Lantern Grants") -> Organisation:
    console = families.console
    added = await console.house.hand.add_organisation(
        NewOrganisation.model_validate({"kind": "vendor", "name": name, "valid_from": date(2020, 1, 1)})
    )
    await console.settle()
    return added


async def shown(browser: FamilyBrowser, who: Organisation, **about: str) -> tuple[Answer, dict[str, str]]:
    """The page that shows what was chosen, and what its form holds."""
    answer = await browser.post(PATH, act="a" * 32, who=str(who.id), **CHOSEN | about)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.body.decode()))
    hidden.pop("token", None)
    return answer, hidden


async def consents(families: Families, facts: SubjectFacts) -> tuple[Consent, ...]:
    return (await file_of(families, facts)).consents


@pytest.mark.requirement("CON-family")
async def test_a_parent_says_yes_to_exactly_what_was_shown_once_and_takes_it_back(families: Families) -> None:
    facts, who = await families.student(), await vendor(families)
    browser = await families.visit(facts)
    assert PATH in await browser.text("/family/choices")
    assert "Lantern Grants" in await browser.text(PATH)
    answer, hidden = await shown(browser, who)
    page = answer.body.decode()
    assert answer.status == 200, page
    for text in ("Lantern Grants", "<li>Name</li><li>Transcript</li>", "Financial aid", "Oct 20", "Oct 20, 2027", "34 CFR 99.30"):
        assert text in page, text
    assert await consents(families, facts) == (), "showing is not saying yes"
    unsure = await browser.post(PATH, **hidden)
    assert (unsure.status, "Check the box if you say yes." in unsure.body.decode()) == (422, True)
    assert await consents(families, facts) == ()
    for _again in range(2):
        done = await browser.post(PATH, **hidden, sure="yes")
        assert (done.status, location_of(done)) == (303, "/family/choices?done=yes"), done.body
    (held,) = await consents(families, facts)
    assert (held.recipient_id, held.elements, held.purposes) == (str(who.id), ("identity.name", "academics.transcript"), ("financial-aid",))
    assert (held.signature, held.document, held.signed_on) == ("electronic", hidden["shown"], date(2026, 10, 20))
    assert held.electronic_approval is not None
    assert held.electronic_approval.startswith("family-page:")
    assert held.acting_for.person_id == facts.rights_holders[0].person_id
    assert held.expires_at is not None
    page = await browser.text("/family/choices")
    assert "You allow it" in page
    assert (await act(browser, f"/family/choices/consents/{held.id}/withdrawal")).status == 303
    assert "Taken back" in await browser.text("/family/choices")


@pytest.mark.requirement("CON-family")
async def test_the_rules_read_it_as_signed_by_somebody_who_was_identified_and_approved_it(families: Families) -> None:
    facts, who = await families.student(), await vendor(families)
    browser = await families.visit(facts)
    _, hidden = await shown(browser, who)
    await browser.post(PATH, **hidden, sure="yes")
    (held,) = await consents(families, facts)
    recipient = Recipient(id=str(who.id), kind="vendor")
    read = consent_facts(held, facts, recipient, Place.at(facts.time_zone, families.console.house.now))
    facts_of_99_30 = (
        read.signed,
        read.dated,
        read.source_authenticated,
        read.approval_indicated,
        read.grantor_holds_rights,
        read.names_recipient,
    )
    assert all(facts_of_99_30), read


@pytest.mark.requirement("CON-family")
@pytest.mark.parametrize(
    "about", [{"data.health.alerts": "yes"}, {"use": "recruiting"}, {"time": "half-year"}, {"shown": digest_of(b"other")}]
)
async def test_what_was_not_on_the_page_is_shown_and_not_recorded(families: Families, about: dict[str, str]) -> None:
    facts, who = await families.student(), await vendor(families)
    browser = await families.visit(facts)
    _, hidden = await shown(browser, who)
    answer = await browser.post(PATH, **hidden | about, sure="yes")
    assert (answer.status, "Do you say yes to this?" in answer.body.decode()) == (200, True)
    assert await consents(families, facts) == ()


@pytest.mark.requirement("CON-family")
@pytest.mark.parametrize(
    ("time", "last_day", "over_at"),
    [
        ("month", "Nov 19", datetime(2026, 11, 20, 5, tzinfo=UTC)),
        ("half-year", "Apr 20, 2027", datetime(2027, 4, 21, 4, tzinfo=UTC)),
        ("year", "Oct 20, 2027", datetime(2027, 10, 21, 4, tzinfo=UTC)),
    ],
)
async def test_a_yes_holds_to_the_end_of_the_day_that_was_shown_where_the_school_is(
    families: Families, time: str, last_day: str, over_at: datetime
) -> None:
    """Of a time of year whose clocks are others, too."""
    facts, who = await families.student(), await vendor(families)
    browser = await families.visit(facts)
    answer, hidden = await shown(browser, who, time=time)
    assert last_day in answer.body.decode()
    await browser.post(PATH, **hidden, sure="yes")
    (held,) = await consents(families, facts)
    assert held.expires_at == over_at


async def test_a_yes_of_yesterday_is_shown_again_with_the_new_day(families: Families) -> None:
    facts, who = await families.student(), await vendor(families)
    clock, zone = families.console.house.clock, ZoneInfo(families.console.district.time_zone)
    here = clock().astimezone(zone)
    clock.advance(seconds=(here.replace(hour=23, minute=50) - here).total_seconds())
    families.systems.clear()  # their tokens have expired
    browser = await families.visit(facts)
    _, hidden = await shown(browser, who)
    clock.advance(minutes=20)
    answer = await browser.post(PATH, **hidden, sure="yes")
    assert (answer.status, "Oct 21" in answer.body.decode()) == (200, True)
    assert await consents(families, facts) == ()


async def test_whose_identity_nobody_has_seen_signs_nothing(families: Families) -> None:
    facts, who = await families.student(), await vendor(families)
    wanted = families.wanted(facts)
    wanted["acting_for"]["assurance_level"] = "ial1"
    link = (await families.ask("POST", "/v1/family-links", wanted)).json["link"]
    browser = families.stranger()
    await browser.use(link)
    assert "has to see a document that shows who you are" in await browser.text(PATH)
    for form in ({}, {"sure": "yes", "shown": "x"}):
        answer = await browser.post(PATH, act="a" * 32, who=str(who.id), **CHOSEN | form)
        assert (answer.status, "has to see a document" in answer.body.decode()) == (403, True)
    assert await consents(families, facts) == ()


@pytest.mark.requirement("CON-family")
@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"use": "audit-evaluation"}, "The law says who gets the record for it."),
        ({"use": "legal-process"}, "The law says who gets the record for it."),
        ({"use": "<script>"}, "Choose what they may use it for."),
        ({"who": str(uuid4())}, "Choose who may have it."),
        ({"time": "ever"}, "Choose for how long."),
        ({"data.academics.transcript": "", "data.identity.name": "", "data.educator.credentials": "yes"}, "Choose which information"),
    ],
)
async def test_what_a_family_may_not_decide_is_refused_in_plain_words(families: Families, about: dict[str, str], said: str) -> None:
    facts, who = await families.student(), await vendor(families)
    browser = await families.visit(facts)
    form = {"who": str(who.id), **CHOSEN, **about}
    answer = await browser.post(PATH, act="a" * 32, **form, sure="yes")
    assert (answer.status, said in answer.body.decode()) == (422, True), answer.body
    assert "<script>" not in answer.body.decode()
    assert ('value="month" checked' in answer.body.decode(), 'value="year" checked' in answer.body.decode()) == (False, "time" not in about)
    assert await consents(families, facts) == ()


async def test_what_the_other_parent_refused_is_told_before_and_a_choice_can_be_changed(families: Families) -> None:
    facts, who = await families.student(parents=2), await vendor(families, f"Lantern {HOSTILE}")
    mother, father = (holder.person_id for holder in facts.rights_holders)
    refusal = {
        "kind": "disclosure-refusal",
        "student_id": str(facts.student_id),
        "acting_for": ActingFor.model_validate(families.wanted(facts, mother)["acting_for"]).model_dump(mode="json"),
        "document": digest_of(b"letter"),
        "received_at": "2026-10-20T10:00:00.000Z",
    }
    assert (await staff(families).post("/v1/preferences", refusal)).status == 201
    said = {}
    for person in (mother, father):
        browser = await families.visit(facts, person)
        answer, hidden = await shown(browser, who)
        said[person] = "Another person with rights said no to something." in answer.body.decode()
        assert "<img src=x" not in answer.body.decode()
    assert said == {mother: False, father: True}
    changed = (await browser.post(PATH, **hidden, change="yes")).body.decode()
    assert 'name="data.academics.transcript" value="yes" checked' in changed
    assert f'<option value="{who.id}" selected>' in changed
    assert await consents(families, facts) == ()


@pytest.mark.requirement("CON-family")
async def test_when_the_rights_pass_so_does_the_yes(families: Families) -> None:
    facts, who = await families.student(), await vendor(families)
    browser = await families.visit(facts)
    _, hidden = await shown(browser, who)
    token = await browser.form_token()
    grown: dict[str, Any] = {"facts_version": 2, "birth_date": date(2008, 1, 2)}
    await families.push(facts.model_copy(update=grown))
    assert (await browser.post(PATH, token=token, **hidden, sure="yes")).status == 403
    own = await families.visit(facts, facts.student_id)
    answer, hidden = await shown(own, who)
    assert "You, the student" in answer.body.decode()
    assert (await own.post(PATH, **hidden, sure="yes")).status == 303
    (held,) = await consents(families, facts)
    assert (held.grantor_role, held.acting_for.person_id) == ("student", facts.student_id)


@pytest.mark.requirement("CON-forms")
async def test_another_visits_form_says_nothing_and_the_page_is_read_in_spanish(families: Families) -> None:
    facts, who = await families.student(), await vendor(families)
    browser, other = await families.visit(facts), await families.visit(await families.student())
    _, hidden = await shown(browser, who)
    assert (await browser.post(PATH, token=await other.form_token(), **hidden, sure="yes")).status == 403
    assert await consents(families, facts) == ()
    browser.cookies["language"] = "es"
    answer, _ = await shown(browser, who)
    assert "¿Dice que sí a esto?" in answer.body.decode()


def test_what_can_be_chosen_is_of_the_record_and_of_the_purposes_that_there_are() -> None:
    inside = [element for within in ELEMENTS.values() for element in within]
    assert set(inside) == {element for element in BY_ID if not element.startswith("educator.")}
    assert set(USES) < set(PURPOSE_WORDS)
