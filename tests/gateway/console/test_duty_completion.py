"""An officer says on a page that a duty is done: once, with what shows it, and with the words kept where something is wrong."""

import re
from datetime import UTC, datetime
from itertools import product
from uuid import uuid4

import pytest

from safepassage.wire_duties import Duty
from services.gateway.console.duties import ENDS_BY_ITSELF, shown_duty
from services.gateway.console.viewing import Viewing
from services.privacy.clocks import DUTY_RULES
from services.privacy.duty_routes import ENDS_BY_ITSELF as KEPT_AS_THAT_END
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_pages import one_duty
from tests.gateway.people.signing_in import Browser, location_of

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
SOME = {
    "id": uuid4(),
    "organisation_id": uuid4(),
    "citation": "34 CFR 99.10",
    "figure": "law",
    "checked": True,
    "late": False,
} | dict.fromkeys(("begins_at", "due_from", "overdue_at"), NOW)


async def form_of_the_only(browser: Browser) -> tuple[str, str]:
    """The path of the only duty's form, and the key that is in it."""
    page = (await browser.get("/console/duties")).body.decode()
    (path,) = re.findall(r'href="(/console/duties/[^"]+/done)"', page)
    form = (await browser.get(path)).body.decode()
    assert "Say that a duty is done" in form
    assert "Answer a question of the public" in form
    (key,) = re.findall(r'name="act" value="([^"]+)"', form)
    return path, key


@pytest.mark.requirement("CON-forms")
async def test_a_duty_is_done_once_however_often_the_form_is_sent(console: Console) -> None:
    await one_duty(console)
    browser = await console.browser("privacy-officer")
    path, key = await form_of_the_only(browser)
    for _ in range(2):
        answer = await browser.post(path, act=key, evidence_ref="letter of May 4")
        assert answer.status == 303, answer.body
        assert (answer.status, location_of(answer)) == (303, "/console/duties?state=done")
    assert "Done late" in (await browser.get("/console/duties?state=done")).body.decode()
    again = await browser.post(path, act="b" * 32, evidence_ref="letter of May 5")
    assert again.status == 422
    assert "Nothing was changed yet" in again.body.decode()


@pytest.mark.parametrize(("said", "beside"), [("", "Fill this in."), ("x" * 201, "This is too long.")])
async def test_what_is_wrong_stands_beside_its_field_and_what_was_written_is_kept(console: Console, said: str, beside: str) -> None:
    await one_duty(console)
    browser = await console.browser("privacy-officer")
    path, key = await form_of_the_only(browser)
    answer = await browser.post(path, act=key, evidence_ref=said)
    page = answer.body.decode()
    assert answer.status == 422
    assert f'value="{said}" autocomplete="off" required aria-invalid="true" aria-describedby="wrong-evidence_ref hint-evidence_ref"' in page
    assert beside in page
    assert '<a href="#evidence_ref">What shows that it was done</a>' in page
    assert "Answer a question of the public" in (await browser.get("/console/duties")).body.decode()


async def test_who_may_not_say_it_is_not_asked_and_another_districts_is_not_there(console: Console) -> None:
    await one_duty(console)
    path, key = await form_of_the_only(await console.browser("privacy-officer"))
    auditor, district = await console.browser("auditor"), await console.browser("district-officer")
    assert "/done" not in (await auditor.get("/console/duties")).body.decode()
    assert [(await auditor.get(path)).status, (await auditor.post(path, act=key, evidence_ref="x")).status] == [403, 403]
    assert [(await district.get(path)).status, (await district.post(path, act=key, evidence_ref="x")).status] == [404, 404]


async def test_a_form_without_a_key_of_its_own_does_nothing(console: Console) -> None:
    await one_duty(console)
    browser = await console.browser("privacy-officer")
    path, _ = await form_of_the_only(browser)
    answer = await browser.post(path, evidence_ref="letter of May 4")
    assert answer.status == 422
    assert "<code>act</code>" in answer.body.decode()


def test_who_may_say_it_is_offered_the_form_where_there_is_one() -> None:
    viewing = Viewing("en", "auto", "UTC", NOW)
    for kind, state in product(sorted(DUTY_RULES), ("open", "done")):
        about = {"kind": kind, "state": state, "done_at": NOW if state == "done" else None}
        duty = Duty.model_validate(SOME | about)
        offered = {may: shown_duty(duty, viewing, str, may_complete=may).done_by for may in (True, False)}
        there = state == "open" and kind not in ENDS_BY_ITSELF
        assert offered == {True: f"/console/duties/{duty.id}/done" if there else None, False: None}


def test_no_form_is_offered_for_what_ends_by_itself() -> None:
    assert {kind for kind, rule in DUTY_RULES.items() if rule.kept_as in KEPT_AS_THAT_END} == ENDS_BY_ITSELF
