"""What a form says of an act before it is done: for whom, since when, what ends; and what is said where it was refused."""

import re
from datetime import date
from html import unescape
from uuid import uuid4

import pytest

from safepassage.problems.people import HandleUnknown
from services.gateway.console.blast_radius import FOUND
from services.gateway.console.family_access import opened_holder, sealed_holder
from services.gateway.console.handles import Handles
from services.gateway.console.suspension import LIFT, SUSPEND
from tests.gateway.by_hand import ask_token
from tests.gateway.console.agreed import agreed, credential_of, vendor_of
from tests.gateway.console.consoles import Console
from tests.gateway.console.enrolled import child, enrolled
from tests.gateway.console.test_blast_radius_on_pages import asked
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.console.test_exchanges_on_pages import form_of
from tests.gateway.console.test_family_links_on_pages import holders, identity, made, of_student
from tests.gateway.console.test_one_student import consented, found
from tests.gateway.console.test_written_down_for_families import consent, opened, opt_out, vendor
from tests.gateway.console.touched import stolen
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

WITHDRAWAL = "consents/[0-9a-f-]+/withdrawal"
PAPER_CONSENT = "paper-consents/[A-Za-z0-9_-]+"


async def facts_of(browser: Browser, path: str) -> dict[str, str]:
    """What the page of an act says that it touches."""
    page = (await browser.get(path)).body.decode()
    return {name: unescape(said) for name, said in re.findall(r"<dt>([^<]*)</dt><dd>(?:<bdi>)?([^<]*)", page)}


def summary_of(page: bytes) -> list[str]:
    """What stands over a form that was refused."""
    (found_,) = re.findall(r'id="wrong"><h2>Nothing was changed yet</h2><ul>(.*?)</ul>', page.decode(), re.S)
    return [unescape(re.sub(r"<[^>]+>", "", one)) for one in re.findall(r"<li>(.*?)</li>", found_, re.S)]


async def test_a_form_that_did_another_act_is_refused_over_the_form_and_keeps_what_was_written(console: Console) -> None:
    student_id = await enrolled(console, child())
    await consented(console, student_id)
    browser = await console.browser("privacy-officer")
    path = await found(browser, student_id=str(student_id))
    [withdrawal] = re.findall(rf'href="({path}/{WITHDRAWAL})"', (await browser.get(path)).body.decode())
    hold = f"{path}/hold"
    for act, form, other in (
        (hold, {"reason": "audit", "reference": "case-1"}, {"reference": "case-2"}),
        (withdrawal, identity(console), {"evidence_ref": "case-2"}),
    ):
        key = await form_of(browser, act)
        assert (await browser.post(act, act=key, **form)).status == 303
        refused = await browser.post(act, act=key, **{**form, **other})
        assert (refused.status, 'value="case-2"' in refused.body.decode()) == (422, True), act
        assert len(summary_of(refused.body)) == 1
        assert "aria-invalid" not in refused.body.decode()
    assert "case-2" not in (await browser.get(path)).body.decode()


async def test_the_page_on_which_a_consent_is_taken_back_says_who_gave_it_and_when(console: Console) -> None:
    student_id = await enrolled(console, child())
    await consented(console, student_id)
    console.house.clock.advance(days=1)
    browser = await console.browser("district-officer")
    path = await found(browser, student_id=str(student_id))
    [act] = re.findall(rf'href="({path}/{WITHDRAWAL})"', (await browser.get(path)).body.decode())
    facts = await facts_of(browser, act)
    assert facts["For whom"] == "The parent who gave it"
    assert "Oct 20" in facts["Given on"]
    assert facts["Data"] == "Name"


async def test_of_a_student_who_decides_now_the_papers_say_so(console: Console) -> None:
    facts, _ = await holders(console, birth_date=date(2008, 1, 2))
    to, browser = await vendor(console), await console.browser("district-officer")
    _path, [act] = await opened(console, browser, facts, PAPER_CONSENT)
    assert (await facts_of(browser, act))["Who signed it"] == f"The student, who decides now, {facts.student_id}"
    assert (await browser.post(act, act="a" * 32, **consent(console, str(to.id)))).status == 303
    _path, [back] = await opened(console, browser, facts, WITHDRAWAL)
    assert (await facts_of(browser, back))["For whom"] == "The student, who gave it"


async def test_a_paper_is_of_the_parent_whose_page_it_is(console: Console) -> None:
    facts, _ = await holders(console)
    browser = await console.browser("district-officer")
    for what, said in ((PAPER_CONSENT, "Who signed it"), ("opt-outs/[A-Za-z0-9_-]+", "For whom")):
        _path, acts = await opened(console, browser, facts, what)
        shown = [(await facts_of(browser, act))[said].rpartition(", ")[2] for act in acts]
        assert shown == [str(one.person_id) for one in facts.rights_holders]


async def test_an_opt_outs_page_says_when_it_was_given_and_whose_it_was_when_their_rights_have_ended(console: Console) -> None:
    facts, families = await holders(console)
    browser = await console.browser("district-officer")
    _path, acts = await opened(console, browser, facts, "opt-outs/[A-Za-z0-9_-]+")
    await browser.post(acts[0], act="a" * 32, **opt_out(console))
    console.house.clock.advance(days=1)
    browser = await console.browser("district-officer")
    _path, [back] = await opened(console, browser, facts, "preferences/[0-9a-f-]+/rescission")
    said = await facts_of(browser, back)
    assert "Oct 20" in said["Given on"]
    assert "ended" not in said["For whom"]
    ended = facts.rights_holders[0].model_copy(update={"ended_on": date(2026, 10, 1), "ended_by": "order 17"})
    await families.push(facts.model_copy(update={"facts_version": 2, "rights_holders": (ended, facts.rights_holders[1])}))
    assert (await facts_of(browser, back))["For whom"] == f"Somebody whose rights have ended, {ended.person_id}"


async def test_each_part_of_an_officers_check_that_is_missing_is_said_beside_its_field(console: Console) -> None:
    facts, _ = await holders(console)
    browser = await console.browser("district-officer")
    _path, acts = await opened(console, browser, facts, "family-links/[A-Za-z0-9_-]+")
    empty = dict.fromkeys(identity(console), "")
    page = (await browser.post(acts[0], act="a" * 32, **empty)).body
    assert [one.rpartition(": ")[2] for one in summary_of(page)] == ["Fill this in."] * 4


def test_a_handle_of_a_parent_is_of_one_student_and_not_of_a_sibling() -> None:
    handles, student, sibling, parent = Handles("s" * 43), uuid4(), uuid4(), uuid4()
    sealed = sealed_holder(student, parent, handles)
    assert opened_holder(student, sealed, handles) == parent
    with pytest.raises(HandleUnknown):
        opened_holder(sibling, sealed, handles)


async def test_a_link_whose_persons_rights_have_ended_is_said_to_be_so(console: Console) -> None:
    facts, families = await holders(console)
    browser = await console.browser("district-officer")
    await made(console, browser, facts.student_id)
    path, _making = await of_student(console, browser, facts.student_id)
    assert "Somebody whose rights have ended" not in (await browser.get(path)).body.decode()
    ended = facts.rights_holders[0].model_copy(update={"ended_on": date(2026, 10, 1), "ended_by": "order 17"})
    await families.push(facts.model_copy(update={"facts_version": 2, "rights_holders": (ended, facts.rights_holders[1])}))
    assert "Somebody whose rights have ended" in (await browser.get(path)).body.decode()


async def test_a_link_that_was_told_and_is_over_is_not_offered_to_be_withdrawn(console: Console) -> None:
    facts, _ = await holders(console)
    browser = await console.browser("district-officer")
    _path, making = await of_student(console, browser, facts.student_id)
    answer, key = await made(console, browser, facts.student_id)
    console.house.clock.advance(minutes=2)
    for offered in (True, False):
        told = await browser.post(making[0], act=key, **identity(console))
        acts = re.findall(r'href="(/console/students/[^"]+/withdrawal)"', told.body.decode())
        assert (told.status, bool(acts)) == (409, offered)
        for act in set(acts):
            said = await facts_of(browser, act)
            assert ("Nobody has used it yet" in said["State"], "Oct 20" in said["Made at"]) == (True, True)
            assert said["For whom"] in text_of(answer.body)
            await browser.post(act, act=await form_of(browser, act))


async def test_a_party_is_out_with_the_tokens_that_it_has_and_in_again_when_that_is_lifted(console: Console) -> None:
    party_of = await vendor_of(console, "Acorn Assessments")
    party, agreement = await credential_of(console, party_of), await agreed(console, party_of)
    officer, house = await console.browser("privacy-officer"), console.house
    party.issuer = house.settings.entity_id
    suspend, lift = SUSPEND.format(agreement_id=agreement.id), LIFT.format(agreement_id=agreement.id)
    token = await house.token(party)
    assert (await house.call(party, token, "GET", "/v1/roster-entries")).status == 422, "it is in, and has not said under which agreement"
    await officer.post(suspend, act="a" * 32, reason="breach-suspected", reference="file 12")
    assert (await house.call(party, token, "GET", "/v1/roster-entries")).status == 401
    await officer.post(lift, act="b" * 32, reference="file 13")
    house.clock.advance(seconds=2)
    assert (await ask_token(house.app, party, house.now)).status == 200
    assert (await house.call(party, await house.token(party), "GET", "/v1/roster-entries")).status == 422


async def test_the_clocks_of_a_breach_say_when_it_was_discovered_or_that_this_is_not_said(console: Console) -> None:
    await stolen(console)
    officer = await console.browser("privacy-officer")
    for more, said in (({}, "not said yet: ask again, with that instant"), ({"discovered": "2026-10-19T09:00"}, "Oct 19, 9:00")):
        path = await asked(officer, "client", "stolen", **more)
        await officer.get(path)
        assert said in (await facts_of(officer, path.replace(FOUND, f"{FOUND}/duties")))["Discovered"].replace("\u202f", " ")
