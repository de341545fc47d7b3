"""What would be answered if …: the rules asked on a page, about nobody, by whoever may read them."""

import re

import pytest

from services.gateway.console.simulated_facts import begun, changes_of, elements_of, facts_of, sections_of
from services.privacy.policy_cases import built_in
from services.privacy.tables import DecisionRow
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.people.signing_in import Browser
from tests.privacy.node import PrivacyNode

pytestmark = pytest.mark.anyio

PATH = "/console/decisions/simulation"
SITUATIONS = built_in().situations


def form_in(page: bytes) -> dict[str, str]:
    """What a browser would send of the second form as it stands."""
    form = page.decode().partition('class="suppose"')[2]
    ticked = re.findall(r'<input type="checkbox" name="([^"]+)" value="yes" checked', form)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    chosen = re.findall(r'<select id="(\w+)".*?<option value="([^"]*)" selected>', form, re.DOTALL)
    return dict.fromkeys(ticked, "yes") | {name: value for name, value in hidden.items() if name != "token"} | dict(chosen)


async def begin(browser: Browser, situation: str = "transfer") -> dict[str, str]:
    answer = await browser.get(f"{PATH}?situation={situation}")
    assert answer.status == 200, answer.body
    return form_in(answer.body)


@pytest.mark.parametrize("name", sorted(SITUATIONS))
def test_a_form_that_nobody_touched_changes_nothing_but_how_much_is_asked_for(name: str) -> None:
    facts = SITUATIONS[name]
    form = begun(facts)
    changes = changes_of(facts, form)
    assert changes.pop("elements") == elements_of(sections_of(facts))
    assert changes.pop("purpose") == facts["purpose"]
    assert changes.pop("recipient.kind") == facts["recipient"]["kind"]
    assert set(changes) <= {"groups.0.student.jurisdiction"}
    assert len(form) + 8 <= 64, "a form has 64 fields at the most"
    taken = changes_of(facts, {name: value for name, value in form.items() if not name.startswith("fact.")})
    assert {path for path, value in taken.items() if value is False} == {one.path for one in facts_of(facts) if one.holds}


@pytest.mark.requirement("CON-decisions")
async def test_what_is_supposed_is_answered_with_reasons_and_what_would_change_it_and_nothing_was_decided(console: Console) -> None:
    browser = await console.browser("privacy-officer")
    form = await begin(browser, "contractor")
    answer = await browser.post(PATH, **form, **{"section.identity": "yes"})
    page = text_of(answer.body)
    assert answer.status == 200
    assert "The rules in force In part Would leave (2) Social Security number Transcript Would stay (11) Name, Preferred name" in page
    assert re.search(r"Name, Preferred name.* The agreement does not schedule it, 34 CFR .*What would change it: amend the agreement", page)
    covered = text_of((await browser.post(PATH, **form, covered="yes", **{"section.identity": "yes"})).body)
    assert "The rules in force Permitted Would leave (13)" in covered
    assert "The agreement does not schedule it" not in covered
    node = PrivacyNode(console.node.applications["privacy"], console.house.clock, console.node.folder.keys)
    assert await node.count(DecisionRow) == 0


async def test_a_fact_that_is_taken_away_changes_the_answer_and_the_form_keeps_what_was_supposed(console: Console) -> None:
    browser = await console.browser("auditor")
    form = await begin(browser)
    lawful = await browser.post(PATH, **form)
    assert "Denied" not in text_of(lawful.body)
    del form["fact.transfer.documented"]
    answer = await browser.post(PATH, **form)
    assert "Denied Would leave (0)" in text_of(answer.body)
    assert "The enrollment is not documented, 34 CFR 99.31(a)(2)" in text_of(answer.body)
    assert form_in(answer.body) == form


async def test_nothing_is_asked_where_no_kind_of_data_is_chosen(console: Console) -> None:
    browser = await console.browser("approver")
    form = await begin(browser)
    answer = await browser.post(PATH, **{name: value for name, value in form.items() if not name.startswith("section.")})
    assert answer.status == 422
    assert "Choose at least one kind of data." in text_of(answer.body)


@pytest.mark.parametrize(("changed", "field"), [({"situation": "planted"}, "situation"), ({"purpose": "planted"}, None)])
async def test_what_is_none_of_the_lists_is_not_repeated(console: Console, changed: dict[str, str], field: str | None) -> None:
    browser = await console.browser("auditor")
    answer = await browser.post(PATH, **{**await begin(browser), **changed})
    assert "planted" not in text_of(answer.body)
    assert field is None or (answer.status, f"<code>{field}</code>" in answer.body.decode()) == (422, True)


async def test_what_was_supposed_is_in_no_address_and_the_log_says_who_supposed(console: Console) -> None:
    browser = await console.browser("auditor")
    assert (await browser.post(PATH, **await begin(browser))).status == 200
    node = PrivacyNode(console.node.applications["privacy"], console.house.clock, console.node.folder.keys)
    [told] = [one for one in await node.events() if one.context.operation == "policies-simulated"]
    assert (told.actor.person is not None, told.actor.role, told.subjects) == (True, "auditor", ())


async def test_the_page_is_for_those_who_read_the_rules(console: Console) -> None:
    statuses = {role: (await (await console.browser(role)).get(PATH)).status for role in ("operator", "district-officer", "approver")}
    assert statuses == {"operator": 403, "district-officer": 403, "approver": 200}
    assert PATH not in (await (await console.browser("district-officer")).get("/console/decisions")).body.decode()
