"""Decisions on their pages: who finds which, why each element left or stayed, what would change it, and the list for a spreadsheet."""

import csv
import io
import re
from datetime import timedelta
from uuid import uuid4

import pytest

from safepassage.elements import ELEMENTS
from safepassage.wire_licensure import ELEMENT
from services.gateway.console.decision_words import ACTION_WORDS, BASIS_WORDS, RECIPIENT_WORDS, REMEDY_WORDS
from services.gateway.console.element_words import ELEMENT_WORDS, SECTION_WORDS
from services.privacy.policy.counterfactual import OF_AGENCIES, REMEDIES
from services.privacy.policy.taxonomy import ACTIONS, BASES, RECIPIENTS
from tests.audit.audit_node import event
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.crossing import log_of
from tests.gateway.console.decided import decided, one_of_each, world_of

pytestmark = pytest.mark.anyio

LIST = "/console/decisions"


def text_of(page: bytes) -> str:
    """What is read in the main part, on one line."""
    main = page.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_every_element_basis_action_recipient_and_remedy_has_its_words() -> None:
    assert set(ELEMENT_WORDS) == {*(one.id for one in ELEMENTS), ELEMENT}
    assert set(SECTION_WORDS) == {one.section for one in ELEMENTS}
    assert {code: citation or "local policy" for code, (_, citation) in BASIS_WORDS.items()} == dict(BASES)
    assert (set(ACTION_WORDS), set(RECIPIENT_WORDS)) == (set(ACTIONS), set(RECIPIENTS))
    assert {*REMEDIES.values(), *OF_AGENCIES.values()} == REMEDY_WORDS


async def test_before_anything_was_decided_the_list_says_when_something_will_be(console: Console) -> None:
    page = text_of((await (await console.browser("auditor")).get(LIST)).body)
    assert "No decisions" in page
    assert "Nothing was decided yet." in page


@pytest.mark.requirement("CON-decisions")
async def test_the_list_has_each_decision_with_its_answer_and_its_law_and_is_narrowed_by_them(console: Console) -> None:
    made = await one_of_each(console)
    browser = await console.browser("auditor")
    page = (await browser.get(LIST)).body
    assert set(re.findall(rf'href="{LIST}/([0-9a-f-]{{36}})"', page.decode())) == {str(one) for one in made.values()}
    assert "4 decisions" in text_of(page)
    assert "Transfer to a school where the student enrolls 34 CFR 99.31(a)(2)" in text_of(page)
    for query, found in (
        ("outcome=deny", {"denied"}),
        ("purpose=instruction", {"permitted", "changeable"}),
        ("purpose=instruction&outcome=permit", {"permitted"}),
        ("to=2020-01-01", set()),
        ("action=redisclose", {"in part", "denied", "permitted", "changeable"} - {"permitted", "changeable"}),
    ):
        shown = (await browser.get(f"{LIST}?{query}")).body.decode()
        assert set(re.findall(rf'href="{LIST}/([0-9a-f-]{{36}})"', shown)) == {str(made[one]) for one in found}, query
    assert "No decision is like this." in (await browser.get(f"{LIST}?to=2020-01-01")).body.decode()


@pytest.mark.parametrize(("field", "value"), [("outcome", "planted"), ("purpose", "planted"), ("action", "planted"), ("from", "planted")])
async def test_a_filter_that_is_none_names_its_field_and_not_its_value(console: Console, field: str, value: str) -> None:
    answer = await (await console.browser("auditor")).get(f"{LIST}?{field}={value}")
    assert answer.status == 422
    assert f"<code>{field}</code>" in answer.body.decode()
    assert "planted" not in answer.body.decode()


@pytest.mark.requirement("CON-decisions")
async def test_a_decision_says_of_each_element_why_it_stays_by_which_paragraph_and_what_would_change_it(console: Console) -> None:
    made = await one_of_each(console)
    browser = await console.browser("privacy-officer")
    part, denied, changeable = [text_of((await browser.get(f"{LIST}/{made[one]}")).body) for one in ("in part", "denied", "changeable")]
    assert (
        "May leave (3) Name Addresses Transcript Stays (1) Social Security number A Social Security number never leaves, 34 CFR 99.3"
        in part
    )
    assert "Nothing that a person may lawfully change would permit it." in part
    assert "The rules that had a say" in part
    assert "A draft of the law that counsel has not reviewed yet." in part
    assert "What the permission obliges to" in part
    assert "Stays (4) Name, Addresses, Transcript The purpose is not enrollment, 34 CFR 99.31(a)(2)" in denied
    assert "This law does not serve this purpose. If another one is true, ask again for it." in denied
    assert "May leave (0) Nothing." in denied
    assert re.search(
        r"Sex The agreement does not schedule it, 34 CFR [^ ]+.*What would change it: amend the agreement, or make a new one \(34 CFR",
        changeable,
    )


async def test_a_decision_is_run_again_to_the_bit_and_says_so(console: Console) -> None:
    browser, decision_id = await console.browser("auditor"), await decided(console)
    answer = await browser.post(f"{LIST}/{decision_id}/reproduction")
    assert answer.status == 200
    assert "Yes: the facts and the rules of then led to the same answer again, to the bit." in text_of(answer.body)


async def test_a_decision_leads_to_what_the_log_has_of_it_and_of_no_other(console: Console) -> None:
    browser, made = await console.browser("auditor"), await one_of_each(console)
    page = (await browser.get(f"{LIST}/{made['denied']}")).body.decode()
    for name in ("denied", "permitted"):
        about = event("decision", student=uuid4(), custodian=console.district.id, outcome="deny", decision_id=made[name])
        await log_of(console).append(about, service="privacy")
    (where,) = re.findall(r'href="(/console/log\?[^"]+)"', page)
    assert where == f"/console/log?decision={made['denied']}"
    found = text_of((await browser.get(where)).body)
    assert "1 entry" in found
    assert re.search(r"It was decided .* Denied", found)
    wrong = await browser.get("/console/log?decision=planted")
    assert (wrong.status, "<code>decision</code>" in wrong.body.decode(), "planted" in wrong.body.decode()) == (422, True, False)


async def test_a_decision_that_no_longer_stands_says_since_when_and_why(console: Console) -> None:
    world = await world_of(console)
    facts = await world.student()
    consent = await world.consent(facts)
    decision = await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    browser = await console.browser("auditor")
    assert "It no longer stands." not in text_of((await browser.get(f"{LIST}/{decision.id}")).body)
    await world.withdraw(consent)
    await world.node.standing(decision.id)
    fallen = text_of((await browser.get(f"{LIST}/{decision.id}")).body)
    assert re.search(r"It no longer stands\. .*: The consent was withdrawn", fallen)


async def test_one_district_officer_sees_the_decisions_of_their_district_and_of_no_other(console: Console) -> None:
    world = await world_of(console)
    world.oak = console.district
    ours = await decided(console, world)
    theirs = (await world.node.decide(world.by_transfer(await world.student(district=world.elm)))).id
    officer = await console.browser("district-officer")
    assert re.findall(rf'href="{LIST}/([0-9a-f-]{{36}})"', (await officer.get(LIST)).body.decode()) == [str(ours)]
    assert [(await officer.get(f"{LIST}/{one}")).status for one in (ours, theirs)] == [200, 404]


async def test_the_list_is_exported_for_a_spreadsheet_to_whoever_was_there_a_moment_ago(console: Console) -> None:
    made = await one_of_each(console)
    browser = await console.browser("auditor")
    answer = await browser.get(f"{LIST}/export?outcome=deny")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    lines = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    assert [(line["id"], line["outcome"], line["purpose"]) for line in lines] == [(str(made["denied"]), "deny", "study")]
    late = await console.browser("auditor", authenticated_at=console.house.now - timedelta(hours=1))
    assert (await late.get(f"{LIST}/export")).status == 303


async def test_the_words_of_others_are_shown_as_text_and_a_page_is_read_in_spanish(console: Console) -> None:
    world = await world_of(console)
    asserted = world.by_transfer(await world.student())
    assert asserted.transfer is not None
    transfer = asserted.transfer.model_copy(update={"asserted_by": HOSTILE})
    made = await world.node.decide(asserted.model_copy(update={"transfer": transfer}))
    browser = await console.browser("auditor")
    page = (await browser.get(f"{LIST}/{made.id}")).body.decode()
    assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in page
    assert "<img src=x" not in page
    browser.cookies["language"] = "es"
    for path in (LIST, f"{LIST}/{made.id}"):
        assert '<html lang="es"' in (await browser.get(path)).body.decode()
