"""An opt-out and a consent on paper are written down once, for who said it, and what does not hold together is refused."""

import re
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_organisations import NewOrganisation, Organisation
from safepassage.wire_student_rights import StudentRights
from shared.contracts.privacy import SubjectFacts
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.test_exchanges_on_pages import form_of
from tests.gateway.console.test_family_links_on_pages import holders, identity
from tests.gateway.console.test_one_student import found, reader
from tests.gateway.people.signing_in import Browser, location_of

pytestmark = pytest.mark.anyio

PAPER = b"a signed paper"


async def opened(console: Console, browser: Browser, facts: SubjectFacts, what: str) -> tuple[str, list[str]]:
    """The student's page, and the pages of an act on it."""
    path = await found(browser, student_id=str(facts.student_id))
    page = (await browser.get(path)).body.decode()
    return path, re.findall(rf'href="({re.escape(path)}/{what})"', page)


async def told(console: Console, facts: SubjectFacts) -> StudentRights:
    node = await reader(console, "district-officer")
    return await node.read("privacy", f"/v1/students/{facts.student_id}/rights", StudentRights)


def opt_out(console: Console, **about: str) -> dict[str, str]:
    """As an officer fills it in."""
    here = console.house.now.astimezone(ZoneInfo("America/New_York")).replace(tzinfo=None)
    return {
        "what": "directory",
        "received_at": (here - timedelta(hours=2)).isoformat(timespec="minutes"),
        "document": sha256(PAPER).hexdigest(),
        **identity(console),
        **about,
    }


async def vendor(console: Console, name: str = "Lantern Reading") -> Organisation:
    added = await console.house.hand.add_organisation(
        NewOrganisation.model_validate({"kind": "vendor", "name": name, "valid_from": date(2020, 1, 1)})
    )
    await console.settle()
    return added


def consent(console: Console, to: str, **about: str) -> dict[str, str]:
    """As an officer writes it down from a paper."""
    return {
        "recipient": to,
        "elements.identity.name": "yes",
        "elements.attendance.summary": "yes",
        "purpose": "instruction",
        "signed_on": (console.house.now.date() - timedelta(days=3)).isoformat(),
        "document": sha256(PAPER).hexdigest(),
        **identity(console),
        **about,
    }


@pytest.mark.requirement("CON-student", "CON-forms")
@pytest.mark.parametrize(("what", "kind"), [("directory", "directory-opt-out"), ("both", "recruiter-opt-out")])
async def test_an_opt_out_is_written_down_once_for_who_said_it_and_taken_back_for_them(console: Console, what: str, kind: str) -> None:
    facts, _ = await holders(console)
    browser = await console.browser("district-officer")
    path, acts = await opened(console, browser, facts, "opt-outs/[A-Za-z0-9_-]+")
    assert len(acts) == 2
    key = await form_of(browser, acts[1])
    for _again in range(2):
        answer = await browser.post(acts[1], act=key, **opt_out(console, what=what))
        assert (answer.status, location_of(answer)) == (303, path), answer.body
    [held] = (await told(console, facts)).preferences
    assert (held.of.kind, held.of.acting_for.person_id, held.district_id) == (kind, facts.rights_holders[1].person_id, console.district.id)
    assert held.of.document == digest_of(PAPER)
    _path, [back] = await opened(console, browser, facts, "preferences/[0-9a-f-]+/rescission")
    key = await form_of(browser, back)
    assert (await browser.post(back, act=key, **identity(console, method=""))).status == 422
    for _again in range(2):
        answer = await browser.post(back, act=key, **identity(console))
        assert (answer.status, location_of(answer)) == (303, path), answer.body
    [held] = (await told(console, facts)).preferences
    assert held.rescinded_at is not None
    assert (await opened(console, browser, facts, "preferences/[0-9a-f-]+/rescission"))[1] == []


@pytest.mark.requirement("CON-student", "CON-forms")
async def test_a_consent_is_written_down_once_as_it_was_signed(console: Console) -> None:
    facts, _ = await holders(console)
    to, browser = await vendor(console, f"Lantern {HOSTILE}"), await console.browser("privacy-officer")
    path, acts = await opened(console, browser, facts, "paper-consents/[A-Za-z0-9_-]+")
    page = (await browser.get(acts[0])).body.decode()
    assert f'<option value="{to.id}">Lantern &#34;&gt;&lt;img src=x onerror=alert(1)&gt;{{{{7*7}}}} Department</option>' in page
    key = await form_of(browser, acts[0])
    until = console.house.now.date() + timedelta(days=30)
    for _again in range(2):
        answer = await browser.post(acts[0], act=key, **consent(console, str(to.id), until=until.isoformat()))
        assert (answer.status, location_of(answer)) == (303, path), answer.body
    [held] = (await told(console, facts)).consents
    assert (held.signature, held.document, held.recipient_id) == ("paper", digest_of(PAPER), str(to.id))
    assert (held.elements, held.purposes) == (("identity.name", "attendance.summary"), ("instruction",))
    assert held.acting_for.person_id == facts.rights_holders[0].person_id
    assert held.expires_at is not None
    end = held.expires_at.astimezone(ZoneInfo("America/New_York"))
    assert (end.date(), end.hour, end.minute) == (until + timedelta(days=1), 0, 0), "the whole of the last day, on the officer's clock"
    assert "May be given to Lantern" in (await browser.get(path)).body.decode()


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"elements.identity.name": "", "elements.attendance.summary": ""}, "elements"),
        ({"recipient": ""}, "recipient"),
        ({"elsewhere": "https://nobody.example#1"}, "elsewhere"),
        ({"elsewhere": "with a blank"}, "elsewhere"),
        ({"purpose": "anything"}, "purpose"),
        ({"signed_on": "2099-01-01"}, "signed_on"),
        ({"until": "2020-01-01"}, ""),
        ({"until": "soon"}, "until"),
        ({"document": "not a digest"}, "document"),
        ({"evidence_ref": ""}, "evidence_ref"),
    ],
)
async def test_a_paper_that_does_not_hold_together_is_refused_beside_its_field(console: Console, about: dict[str, str], field: str) -> None:
    facts, _ = await holders(console)
    to, browser = await vendor(console), await console.browser("district-officer")
    _, acts = await opened(console, browser, facts, "paper-consents/[A-Za-z0-9_-]+")
    answer = await browser.post(acts[0], act="a" * 32, **consent(console, str(to.id), **about))
    page = answer.body.decode()
    assert answer.status == 422
    assert f'<a href="#{field}">' in page if field else "Nothing was changed yet" in page
    assert ('name="elements.identity.name" value="yes" checked' in page) == ("elements.identity.name" not in about)
    assert (await told(console, facts)).consents == ()


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"what": "everything"}, "what"),
        ({"received_at": "2099-01-01T10:00"}, "received_at"),
        ({"document": ""}, "document"),
        ({"document": "x"}, "document"),
    ],
)
async def test_an_opt_out_that_does_not_hold_together_is_refused_beside_its_field(
    console: Console, about: dict[str, str], field: str
) -> None:
    facts, _ = await holders(console)
    browser = await console.browser("district-officer")
    _, acts = await opened(console, browser, facts, "opt-outs/[A-Za-z0-9_-]+")
    answer = await browser.post(acts[0], act="a" * 32, **opt_out(console, **about))
    assert (answer.status, f'<a href="#{field}">' in answer.body.decode()) == (422, True)
    assert (await told(console, facts)).preferences == ()


async def test_what_one_parent_said_is_not_taken_back_for_the_other(console: Console) -> None:
    facts, families = await holders(console)
    browser = await console.browser("district-officer")
    path, acts = await opened(console, browser, facts, "opt-outs/[A-Za-z0-9_-]+")
    await browser.post(acts[0], act="a" * 32, **opt_out(console))
    _path, [back] = await opened(console, browser, facts, "preferences/[0-9a-f-]+/rescission")
    assert f"{facts.rights_holders[0].person_id}" in (await browser.get(back)).body.decode()
    other, _ = await holders(console)
    theirs, others_acts = await opened(console, browser, other, "opt-outs/[A-Za-z0-9_-]+")
    await browser.post(others_acts[0], act="d" * 32, **opt_out(console))
    elsewhere = back.replace(path, theirs)
    assert [(await browser.get(elsewhere)).status, (await browser.post(elsewhere, act="a" * 32, **identity(console))).status] == [404, 404]
    ended = facts.rights_holders[0].model_copy(update={"ended_on": date(2026, 10, 1), "ended_by": "order 17"})
    changed: dict[str, Any] = {"facts_version": 2, "rights_holders": (ended, facts.rights_holders[1])}
    await families.push(facts.model_copy(update=changed))
    assert (await browser.post(back, act="b" * 32, **identity(console))).status == 403
    changed |= {"facts_version": 3, "birth_date": date(2008, 1, 2)}
    await families.push(facts.model_copy(update=changed))
    assert (await browser.post(back, act="c" * 32, **identity(console))).status == 303, "the rights have passed to the student"
