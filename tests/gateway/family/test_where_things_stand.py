"""What the pages say of where a yes, a no and a request stand is so, and they lead to nothing that is over or is another's."""

import re
from typing import Any
from uuid import UUID

import pytest

from safepassage.canonical import digest_of
from shared.contracts.privacy import SubjectFacts
from tests.conftest import StandingClock
from tests.gateway.family.families import Families
from tests.gateway.family.test_choices_and_requests import act, file_of, refused, staff
from tests.privacy.rights import schedule

pytestmark = pytest.mark.anyio


async def on_paper(families: Families, facts: SubjectFacts, path: str, person_id: UUID | None = None, **said: Any) -> None:
    """What a parent handed in, put on record by the district."""
    about = {
        "student_id": str(facts.student_id),
        "acting_for": families.wanted(facts, person_id)["acting_for"],
        "document": digest_of(b"paper"),
    }
    answer = await staff(families).post(path, about | said)
    assert answer.status == 201, answer.body


async def yes_on_paper(families: Families, facts: SubjectFacts, person_id: UUID | None = None, **said: Any) -> None:
    consent = {
        "signed_on": "2026-10-19",
        "signature": "paper",
        "elements": ["identity.name"],
        "purposes": ["study"],
        "recipient_id": str(families.console.agency.id),
    }
    await on_paper(families, facts, "/v1/consents", person_id, **consent | said)


async def no_on_paper(families: Families, facts: SubjectFacts, kind: str, person_id: UUID | None = None, **said: Any) -> None:
    await on_paper(families, facts, "/v1/preferences", person_id, kind=kind, received_at="2026-10-20T10:00:00.000Z", **said)


def panels(page: str) -> list[str]:
    """The parts of a page's lists."""
    return re.findall(r'<li class="panel">.*?</li>', page, re.S)


@pytest.mark.requirement("CON-family")
async def test_a_yes_that_ran_out_has_ended_and_is_neither_taken_back_nor_made_less(families: Families, clock: StandingClock) -> None:
    facts = await families.student()
    await yes_on_paper(families, facts, elements=["identity.name", "health.immunizations"], expires_at="2026-10-20T12:10:00.000Z")
    browser = await families.visit(facts)
    clock.advance(minutes=9)
    page = await browser.text("/family/choices")
    assert ("You allow it" in page, "<dt>Until</dt><dd>Oct 20" in page) == (True, True)
    clock.advance(minutes=1)
    page = await browser.text("/family/choices")
    assert "It ended" in page
    assert not re.search(r"/consents/[^\"]*/(withdrawal|narrowing)", page)


async def test_a_yes_is_made_less_that_has_more_than_one_use_or_information(families: Families) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    for said, shrinks in (
        ({}, 0),
        ({"elements": ["identity.name", "health.immunizations"]}, 1),
        ({"purposes": ["study", "financial-aid"]}, 2),
    ):
        await yes_on_paper(families, facts, **said)
        assert len(re.findall(r"/narrowing", await browser.text("/family/choices"))) == shrinks
    for path in set(re.findall(r"/family/choices/consents/[^\"]*/withdrawal", await browser.text("/family/choices"))):
        await act(browser, path)
    assert "/narrowing" not in await browser.text("/family/choices")


async def test_whose_yes_it_is_is_said(families: Families) -> None:
    facts = await families.student(parents=2)
    mother, father = (holder.person_id for holder in facts.rights_holders)
    await yes_on_paper(families, facts, mother)
    for person, said in ((mother, "You said yes."), (father, "Another person with rights said yes.")):
        (panel, *_) = panels(await (await families.visit(facts, person)).text("/family/choices"))
        assert said in panel


@pytest.mark.requirement("CON-family")
async def test_whose_no_it_is_is_said_and_that_it_was_taken_back(families: Families) -> None:
    facts = await families.student(parents=2)
    mother, father = (holder.person_id for holder in facts.rights_holders)
    await no_on_paper(families, facts, "recruiter-opt-out", mother, recruiters="both")
    for person, said in ((mother, "You said no"), (father, "Somebody said no")):
        basic, military, colleges = panels(await (await families.visit(facts, person)).text("/family/choices"))
        assert "Nobody said no" in basic
        for panel in (military, colleges):
            assert f">{said}<" in panel
            assert "/family/choices/opt-outs/military" not in panel
    (held,) = (await file_of(families, facts)).preferences
    browser = await families.visit(facts, mother)
    back = f"/family/choices/opt-outs/{held.id}/rescission"
    page = await browser.text(back)
    assert ("The military may ask" in page, "Colleges may ask" in page, "basic information" in page) == (True, True, False)
    await act(browser, back)
    assert [">Nobody said no<" in panel for panel in panels(await browser.text("/family/choices"))] == [True] * 3


@pytest.mark.requirement("CON-family")
async def test_who_said_no_to_a_part_of_the_basic_information_can_say_no_to_all_of_it(families: Families) -> None:
    facts = await families.student()
    await no_on_paper(families, facts, "directory-opt-out", elements=["contacts.telephones"])
    browser = await families.visit(facts)
    basic, *_ = panels(await browser.text("/family/choices"))
    assert ">Somebody said no to a part of it<" in basic
    assert ('"/family/choices/opt-outs/directory"' in basic, "/rescission" in basic) == (True, True)
    await act(browser, "/family/choices/opt-outs/directory")
    basic, *_ = panels(await browser.text("/family/choices"))
    assert ">You said no<" in basic
    assert '"/family/choices/opt-outs/directory"' not in basic


async def test_other_refusals_are_mentioned_while_they_stand(families: Families) -> None:
    facts = await families.student()
    browser, other = await families.visit(facts), "There are other things that somebody with rights said no to."
    assert other not in await browser.text("/family/choices")
    await no_on_paper(families, facts, "disclosure-refusal")
    assert other in await browser.text("/family/choices")
    (held,) = (await file_of(families, facts)).preferences
    rescission = {"acting_for": families.wanted(facts)["acting_for"], "reason": "asked-by-parent"}
    assert (await staff(families).post(f"/v1/preferences/{held.id}/rescission", rescission)).status == 200
    assert other not in await browser.text("/family/choices")


@pytest.mark.requirement("CON-family")
async def test_a_request_to_see_the_record_that_was_refused_leads_to_no_hearing(families: Families, clock: StandingClock) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    await act(browser, "/family/requests/inspection")
    (held,) = (await file_of(families, facts)).inspections
    step = {"step": "refused", "evidence_ref": "letter 9", "reason": "99.12"}
    assert (await staff(families).post(f"/v1/inspections/{held.id}/steps", step)).status == 200
    clock.advance(minutes=1)
    await act(browser, "/family/requests/amendment", grounds="misleading", **{"part.discipline": "yes"})
    newest, oldest = panels(await browser.text("/family/requests"))
    assert "Correct the record" in newest
    assert ("/withdrawal" in newest, "/hearing" in newest) == (False, False)
    assert ">They said no<" in oldest
    for gone in ("You can ask for a hearing", "/hearing", "/withdrawal", "They have to answer before"):
        assert gone not in oldest


async def test_what_the_other_parent_asked_for_is_theirs_to_take_back(families: Families) -> None:
    facts = await families.student(parents=2)
    mother, father = (holder.person_id for holder in facts.rights_holders)
    await act(await families.visit(facts, mother), "/family/requests/inspection")
    found = ["/withdrawal" in await (await families.visit(facts, one)).text("/family/requests") for one in (mother, father)]
    assert found == [True, False]


@pytest.mark.requirement("CON-family")
async def test_after_a_hearing_the_page_says_by_when_they_decide_and_that_it_is_too_late(families: Families, clock: StandingClock) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    path = f"/family/requests/amendments/{await refused(families, facts, browser)}/hearing"
    clock.advance(minutes=1)
    await act(browser, path)
    (hearing,) = (await file_of(families, facts)).hearings
    assert hearing.decision_overdue_at is None
    clock.advance(days=20)  # the district is in Los Angeles: 9 November there
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("schedule", schedule(at="2026-11-09T12:00:00.000Z", notice_given_on="2026-11-02")),
        ("record", {"held_at": "2026-11-09T12:00:00.000Z", "opportunity_ref": "minutes"}),
    )
    for step, body in steps:
        answer = await staff(families).post(f"/v1/hearings/{hearing.id}/{step}", body)
        assert answer.status == 200, answer.body
    for days, too_late in ((0, False), (32, True)):
        clock.advance(days=days)
        families.systems.clear()  # whose token is over
        panel, *_ = panels(await (await families.visit(facts)).text("/family/requests"))
        assert ("They have to decide" in panel, "<dt>They have to answer before</dt><dd>Dec 10" in panel) == (True, True)
        assert ("This is too late." in panel) == too_late
