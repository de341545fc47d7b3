"""A duty has an address of its own, before and after it is done."""

from uuid import uuid4

import pytest

from safepassage.wire_duties import Duty
from services.gateway.console.duty_page import exchange_of
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_duty_completion import SOME, form_of_the_only
from tests.gateway.console.test_pages import one_duty

pytestmark = pytest.mark.anyio


async def test_it_says_whose_it_is_how_its_clock_stands_and_later_what_shows_that_it_was_done(console: Console) -> None:
    await one_duty(console)
    officer = await console.browser("privacy-officer")
    done, key = await form_of_the_only(officer)
    path = done.removesuffix("/done")
    assert f'<a href="{path}">' in (await officer.get("/console/duties")).body.decode()
    page = (await officer.get(path)).body.decode()
    for said in (
        "What is owed, and by when?",
        "Answer a question of the public",
        "Whose",
        "Department of Education",
        "days late",
        f'href="{done}"',
    ):
        assert said in page
    assert "Done at" not in page
    assert "/done" not in (await (await console.browser("auditor")).get(path)).body.decode()
    assert (await officer.post(done, act=key, evidence_ref="letter of May 4")).status == 303
    page = (await officer.get(path)).body.decode()
    for said in ("Done late", "Done at", "letter of May 4"):
        assert said in page
    assert "/done" not in page


async def test_one_that_nobody_has_is_not_there(console: Console) -> None:
    answer = await (await console.browser("auditor")).get(f"/console/duties/{uuid4()}")
    assert answer.status == 404


def test_it_leads_to_the_exchange_that_it_is_about_and_to_nothing_else() -> None:
    exchange_id = uuid4()
    said = {f"exchange:{exchange_id}": exchange_id, f"inspection:{exchange_id}": None, "exchange:7": None, None: None}
    duties = [Duty.model_validate({**SOME, "kind": "notify-transfer", "state": "open", "about": about}) for about in said]
    assert [exchange_of(one) for one in duties] == list(said.values())
