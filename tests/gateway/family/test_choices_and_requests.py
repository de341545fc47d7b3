"""A family takes back, narrows, says no and asks, each on a page of its own and once; what is another's is not there."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_policy import ActingFor, Consent
from safepassage.wire_rights import RightsFile
from shared.contracts.privacy import SubjectFacts
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer
from tests.gateway.family.families import Families, FamilyBrowser
from tests.gateway.people.signing_in import location_of

pytestmark = pytest.mark.anyio


def staff(families: Families) -> Any:
    """Of the district."""
    return families.privacy.client(families.console.district, "rights:act")


async def consented(families: Families, facts: SubjectFacts, person_id: UUID | None = None) -> Consent:
    """A parent said yes on paper, to the state agency, for two purposes and two elements."""
    acting_for = ActingFor.model_validate(families.wanted(facts, person_id)["acting_for"])
    new = {
        "student_id": str(facts.student_id),
        "acting_for": acting_for.model_dump(mode="json"),
        "signed_on": "2026-10-19",
        "signature": "paper",
        "document": digest_of(b"signed paper"),
        "elements": ["identity.name", "health.immunizations"],
        "purposes": ["financial-aid", "study"],
        "recipient_id": str(families.console.agency.id),
    }
    answer = await staff(families).post("/v1/consents", new)
    assert answer.status == 201, answer.body
    return Consent.model_validate_json(answer.body)


async def file_of(families: Families, facts: SubjectFacts) -> RightsFile:
    answer = await staff(families).get(f"/v1/students/{facts.student_id}/rights-file")
    assert answer.status == 200, answer.body
    return RightsFile.model_validate_json(answer.body)


async def act(browser: FamilyBrowser, path: str, **form: str) -> Answer:
    """Open an act's page, and press its button twice."""
    (key,) = re.findall(r'name="act" value="([^"]+)"', await browser.text(path))
    await browser.post(path, act=key, **form)
    return await browser.post(path, act=key, **form)


@pytest.mark.requirement("CON-family")
async def test_a_parent_takes_a_consent_back_once(families: Families) -> None:
    facts = await families.student()
    consent, browser = await consented(families, facts), await families.visit(facts)
    page = await browser.text("/family/choices")
    path = f"/family/choices/consents/{consent.id}/withdrawal"
    assert "You said yes." in page
    assert "Done. It was written down." not in page
    assert path in page
    assert location_of(await act(browser, path)) == "/family/choices?done=yes"
    page = await browser.text("/family/choices?done=yes")
    assert "Taken back" in page
    assert path not in page
    (held,) = (await file_of(families, facts)).consents
    assert held.withdrawn_at is not None


@pytest.mark.requirement("CON-family")
async def test_a_parent_leaves_a_part_of_a_consent(families: Families) -> None:
    facts = await families.student()
    consent, browser = await consented(families, facts), await families.visit(facts)
    path = f"/family/choices/consents/{consent.id}/narrowing"
    assert (await browser.text(path)).count(" checked>") == 4
    nothing = await browser.post(path, act="a" * 32, **{"data.identity.name": "yes"})
    assert nothing.status == 422
    assert "Choose at least one." in nothing.body.decode()
    assert 'name="data.identity.name" value="yes" checked' in nothing.body.decode()
    nothing = await browser.post(path, act="a" * 32, **{"use.study": "yes"})
    assert (nothing.status, "Choose at least one." in nothing.body.decode()) == (422, True)
    more = {"data.identity.name": "yes", "data.discipline.incidents": "yes", "use.study": "yes"}
    assert (await act(browser, path, **more)).status == 303
    (held,) = (await file_of(families, facts)).consents
    assert (held.elements, held.purposes) == (("identity.name",), ("study",)), "what was never there is not added"


@pytest.mark.requirement("CON-family")
@pytest.mark.parametrize("kind", ["directory", "military", "higher-education"])
async def test_a_parent_says_no_and_takes_it_back(families: Families, kind: str) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    path = f"/family/choices/opt-outs/{kind}"
    assert path in await browser.text("/family/choices")
    assert (await act(browser, path)).status == 303
    (held,) = (await file_of(families, facts)).preferences
    assert held.rescinded_at is None
    page = await browser.text("/family/choices")
    assert f'"{path}"' not in page
    assert (await act(browser, f"/family/choices/opt-outs/{held.id}/rescission")).status == 303
    (held,) = (await file_of(families, facts)).preferences
    assert held.rescinded_at is not None


async def test_a_no_that_is_sent_twice_within_a_second_is_said_once_and_shown_as_done(families: Families, clock: StandingClock) -> None:
    """A second click comes a moment later, and its answer is the one that the parent sees."""
    facts = await families.student()
    browser, path = await families.visit(facts), "/family/choices/opt-outs/directory"
    (key,) = re.findall(r'name="act" value="([^"]+)"', await browser.text(path))
    for _press in range(2):
        assert location_of(await browser.post(path, act=key)) == "/family/choices?done=yes"
        clock.advance(seconds=1)
    assert len((await file_of(families, facts)).preferences) == 1


async def test_what_the_other_parent_said_no_to_stays(families: Families) -> None:
    facts = await families.student(parents=2)
    first, second = (holder.person_id for holder in facts.rights_holders)
    await act(await families.visit(facts, first), "/family/choices/opt-outs/directory")
    (held,) = (await file_of(families, facts)).preferences
    browser = await families.visit(facts, second)
    page = await browser.text("/family/choices")
    assert "Another person with rights said no. Only they can take it back." in page
    assert f"/{held.id}/rescission" not in page
    answer = await act(browser, f"/family/choices/opt-outs/{held.id}/rescission")
    assert (answer.status, "You cannot do this" in answer.body.decode()) == (403, True)
    assert (await file_of(families, facts)).preferences == (held,)


@pytest.mark.requirement("CON-family")
async def test_a_parent_asks_to_see_the_record_and_the_clock_runs(families: Families, clock: StandingClock) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    assert (await act(browser, "/family/requests/inspection", **{"part.health": "yes"})).status == 303
    (held,) = (await file_of(families, facts)).inspections
    assert (held.parts, held.state, held.request_ref.partition(":")[0]) == (("health",), "outstanding", "family-page")
    page = await browser.text("/family/requests")
    assert "They have to answer you" in page
    assert "This is too late" not in page
    assert "<dt>They have to answer before</dt><dd>Dec 5</dd>" in page, "45 days after October 20"
    assert (await act(browser, f"/family/requests/inspection/{held.id}/withdrawal")).status == 303
    assert "You took it back" in await browser.text("/family/requests")
    await act(browser, "/family/requests/inspection")
    overdue_at = max(one.overdue_at for one in (await file_of(families, facts)).inspections)
    for before, late in ((timedelta(milliseconds=1), False), (timedelta(), True)):
        clock.instant = overdue_at - before
        families.systems.clear()  # their tokens have expired
        page = await (await families.visit(facts)).text("/family/requests")
        assert ("This is too late" in page) is late


@pytest.mark.requirement("CON-family")
async def test_a_parent_asks_to_correct_the_record(families: Families) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    missing = await browser.post("/family/requests/amendment", act="a" * 32, grounds="misleading")
    assert missing.status == 422
    assert 'value="misleading" checked' in missing.body.decode()
    assert (await act(browser, "/family/requests/amendment", grounds="misleading", **{"part.discipline": "yes"})).status == 303
    (held,) = (await file_of(families, facts)).amendments
    assert (held.relates_to, held.grounds, held.state) == (("discipline",), "misleading", "received")
    page = await browser.text("/family/requests")
    assert "They have to decide" in page
    assert "Discipline" in page


async def refused(families: Families, facts: SubjectFacts, browser: FamilyBrowser) -> UUID:
    """What the parent asked to correct, and the district did not."""
    await act(browser, "/family/requests/amendment", grounds="misleading", **{"part.discipline": "yes"})
    (asked,) = (await file_of(families, facts)).amendments
    official = {"role": "records-officer", "pairwise_id": "o-1", "attested_at": "2026-10-20T11:00:00.000Z"}
    decision = {"outcome": "refused", "decided_on": asked.received_on.isoformat(), "official": official, "evidence_ref": "letter 13"}
    answer = await staff(families).post(f"/v1/amendments/{asked.id}/decision", decision)
    assert answer.status == 200, answer.body
    return asked.id


@pytest.mark.requirement("CON-family")
async def test_a_parent_whom_they_refused_asks_for_a_hearing_once_and_sees_its_day(families: Families) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    path = f"/family/requests/amendments/{await refused(families, facts, browser)}/hearing"
    assert path in await browser.text("/family/requests")
    assert location_of(await act(browser, path)) == "/family/requests?done=yes"
    (held,) = (await file_of(families, facts)).hearings
    assert (held.state, held.request_ref.partition(":")[0], held.received_on.isoformat()) == ("requested", "family-page", "2026-10-20")
    page = await browser.text("/family/requests")
    assert "They have to set a day" in page
    assert path not in page
    assert (await browser.get(path)).status == 404, "it is asked for"
    again = await browser.post(path, act="b" * 32)
    assert (again.status, "This cannot be done right now." in again.body.decode()) == (422, True)
    assert len((await file_of(families, facts)).hearings) == 1
    officer = {"role": "hearing-officer", "pairwise_id": "h-1", "no_interest_ref": "statement 3"}
    notice = {"at": "2026-11-03T18:00:00.000Z", "place_ref": "room of Jane Doe", "notice_given_on": "2026-10-20", "notice_ref": "letter 14"}
    answer = await staff(families).post(f"/v1/hearings/{held.id}/schedule", notice | {"officer": officer})
    assert answer.status == 200, answer.body
    page = await browser.text("/family/requests")
    assert "A day is set" in page
    assert re.search(r"<dt>When it is</dt><dd>Nov 3, 1:00.PM EST</dd>", page), page
    assert "Jane Doe" not in page


async def test_before_they_decide_there_is_nothing_to_be_heard_about(families: Families) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    await act(browser, "/family/requests/amendment", grounds="misleading", **{"part.discipline": "yes"})
    (asked,) = (await file_of(families, facts)).amendments
    path = f"/family/requests/amendments/{asked.id}/hearing"
    assert path not in await browser.text("/family/requests")
    assert [(await browser.get(path)).status, (await browser.post(path, act="a" * 32)).status] == [404, 422]
    assert (await file_of(families, facts)).hearings == ()


@pytest.mark.requirement("CON-family")
async def test_by_no_address_is_anything_of_another_student_there(families: Families) -> None:
    facts, other = await families.student(), await families.student()
    consent, theirs = await consented(families, other), await families.visit(other)
    await act(theirs, "/family/choices/opt-outs/military")
    await act(theirs, "/family/requests/inspection")
    amendment_id = await refused(families, other, theirs)
    file, browser = await file_of(families, other), await families.visit(facts)
    await refused(families, facts, browser)
    for named in (
        f"/family/requests/amendments/{amendment_id}/hearing",
        f"/family/choices/consents/{consent.id}/withdrawal",
        f"/family/choices/consents/{consent.id}/narrowing",
        f"/family/choices/opt-outs/{file.preferences[0].id}/rescission",
        f"/family/requests/inspection/{file.inspections[0].id}/withdrawal",
    ):
        nobodys = re.sub(r"[0-9a-f-]{36}", str(uuid4()), named)
        for path in (named, nobodys):
            posted = await browser.post(path, act="a" * 32, **{"data.identity.name": "yes", "use.study": "yes"})
            assert [(await browser.get(path)).status, posted.status] == [404, 404], path
    assert await file_of(families, other) == file
    assert (await browser.get("/family/choices/opt-outs/everything")).status == 422


@pytest.mark.requirement("CON-forms")
async def test_a_form_without_the_visits_own_token_or_a_key_does_nothing(families: Families) -> None:
    facts = await families.student()
    browser, other = await families.visit(facts), await families.visit(facts)
    path = "/family/choices/opt-outs/directory"
    assert (await browser.post(path, token=await other.form_token(), act="a" * 32)).status == 403
    assert (await browser.post(path)).status == 422
    assert (await file_of(families, facts)).preferences == ()


async def test_the_pages_are_read_in_spanish(families: Families) -> None:
    facts = await families.student()
    await consented(families, facts)
    browser = await families.visit(facts)
    await browser.post("/family/language", token="", language="es", back="/family/choices")
    assert "¿Qué pueden tener otros?" in await browser.text("/family/choices")
    assert "Usted no ha pedido nada." in await browser.text("/family/requests")
    assert "Pedir corregirlo" in await browser.text("/family/requests/amendment")
