"""One student: found without a name in any address, the accounting with what the family said, the family's PDF, and acts done once."""

import csv
import json
import re
from datetime import date, timedelta
from typing import get_args
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_facts import KnownFacts
from safepassage.wire_log import EntrySearch, FoundEntries, Phase
from safepassage.wire_organisations import NewOrganisation
from safepassage.wire_policy import ActingFor, NewConsent
from safepassage.wire_retention import HoldReason
from services.gateway.console.node_reader import NodeReader, claims_of
from services.gateway.console.student_words import HOLD_REASONS, PHASES, PREFERENCE_KINDS, REQUEST_KINDS
from services.gateway.people.roles import Role
from tests.audit.audit_node import disclosure
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.crossing import BIRCH, log_of
from tests.gateway.console.enrolled import called, child, enrolled
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.console.test_exchanges_on_pages import form_of
from tests.gateway.people.signing_in import Browser, location_of, person_of

pytestmark = pytest.mark.anyio

LIST = "/console/students"


def said(number: int = 0) -> dict[str, str]:
    """What a family says of a child."""
    person = child(number).selector
    return {"first_name": person.first_name, "last_name": person.last_name, "birth_date": person.birth_date.isoformat()}


async def found(browser: Browser, **form: str) -> str:
    """The path of the page of whom a search finds."""
    answer = await browser.post(LIST, **form)
    assert answer.status == 303, answer.body
    return location_of(answer)


async def given(console: Console, student_id: UUID, *, to: str = f"{BIRCH}#1") -> None:
    """A disclosure of the student's record."""
    log = log_of(console)
    await log.append(disclosure(log, student_id, custodian=console.district.id, recipient=to, recipient_node=BIRCH, purpose="enrollment"))


async def reader(console: Console, role: Role) -> NodeReader:
    """What somebody of a role asks the services with."""
    return NodeReader(
        console.house.app.state.siblings, claims_of(await person_of(await console.browser(role), console.house.now), address=None)
    )


def test_every_phase_kind_and_reason_has_its_words() -> None:
    assert set(PHASES) == set(get_args(Phase))
    assert set(HOLD_REASONS) == set(get_args(HoldReason))
    assert set(REQUEST_KINDS) == {"inspection", "amendment", "hearing", "statement"}
    assert set(PREFERENCE_KINDS) == {"directory-opt-out", "recruiter-opt-out", "disclosure-refusal"}


@pytest.mark.requirement("CON-student", "CON-addresses")
@pytest.mark.parametrize("role", ["district-officer", "privacy-officer", "auditor"])
async def test_a_student_is_found_by_name_and_birthday_and_the_address_tells_nothing(console: Console, role: Role) -> None:
    student_id = await enrolled(console, child())
    await given(console, student_id)
    browser = await console.browser(role)
    path = await found(browser, **said())
    assert not {str(student_id), *said().values()} & set(re.split(r"[/?&=]", path))
    page = (await browser.get(path)).body.decode()
    shown = text_of(page.encode())
    assert "1 entry" in shown
    assert "Given" in shown
    assert "That you looked is now an entry of the log" in shown
    assert f"without consent (34 CFR 99.33(b)): {console.agency.name}" in " ".join(shown.split())
    assert ("The family has given none." in shown) == (role != "auditor")
    assert ("Legal holds" in shown) == (role == "privacy-officer")
    title = re.search(r"<title>(.*?)</title>", page)
    assert title is not None
    assert title[1].startswith("One student")
    another = await console.browser(role, subject="another person")
    assert (await another.get(path)).status == 404, "a handle is its own session's"
    by_id = await found(browser, student_id=str(student_id))
    assert by_id == path


async def test_each_look_is_itself_in_the_log(console: Console) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser("district-officer")
    path = await found(browser, **said())
    await browser.get(path)
    await console.settle()
    node = await reader(console, "auditor")
    entries = await node.ask("audit", "/v1/log/searches", EntrySearch(student_id=student_id), FoundEntries)
    operations = {(one.context or {}).get("operation") for one in entries.entries}
    assert {"student-lookup", "disclosure-accounting", "student-rights-read"} <= operations


@pytest.mark.parametrize(
    ("form", "beside"),
    [
        ({"first_name": "Nobody", "last_name": "Here", "birth_date": "2012-01-02"}, "No student of yours is found so."),
        ({"first_name": "Nobody"}, "Fill this in."),
        ({"first_name": "Nobody", "last_name": "Here", "birth_date": "soon"}, "This cannot be read."),
        ({"student_id": "17"}, "This is not an id of the node."),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_written_is_kept(console: Console, form: dict[str, str], beside: str) -> None:
    answer = await (await console.browser("privacy-officer")).post(LIST, **form)
    page = answer.body.decode()
    assert answer.status == 422
    assert beside in page
    assert all(f'value="{value}"' in page for value in form.values())
    if form.get("birth_date") == "soon":
        assert re.search(r'id="wrong-birth_date".*?This cannot be read\.', page)
        assert "wrong-first_name" not in page


async def test_what_is_written_with_blanks_around_it_is_found_and_several_are_told_from_nobody(console: Console) -> None:
    student_id = await enrolled(console, child())
    browser = await console.browser("privacy-officer")
    blank = {name: f"  {value} " for name, value in said().items()}
    assert await found(browser, **blank) == await found(browser, student_id=f" {student_id} ")
    await enrolled(console, called(child(), middle="Zebedee"), district=console.agency.id)
    several = await browser.post(LIST, **said())
    if several.status == 303:  # the service tells them apart
        pytest.fail("two children of one name and birthday were taken for one")
    assert "Several students are meant." in several.body.decode()


async def test_another_districts_student_is_not_found(console: Console) -> None:
    other = await enrolled(console, child(1), district=console.agency.id)
    browser = await console.browser("district-officer")
    assert (await browser.post(LIST, **said(1))).status == 422
    assert (await browser.get(await found(browser, student_id=str(other)))).status == 404
    assert (await browser.get(await found(browser, student_id=str(uuid4())))).status == 404


async def test_the_family_gets_a_tagged_pdf_and_a_table_that_names_nobody_in_the_files_name(console: Console) -> None:
    student_id = await enrolled(console, child())
    await given(console, student_id)
    browser = await console.browser("district-officer")
    path = await found(browser, **said())
    document, table, listed = [await browser.get(f"{path}/accounting{kind}") for kind in (".pdf", "/export", "/export?form=json")]
    assert document.body.startswith(b"%PDF-")
    assert (b"pdfuaid" in document.body, b"/MarkInfo" in document.body) == (True, True)
    assert "text/csv" in table.headers["content-type"]
    (row,) = json.loads(listed.body)
    assert list(row) == next(csv.reader(table.body.decode().splitlines()))
    assert (row["what"], row["party"], row["emergency_threat"], type(row["data_elements"])) == ("disclosure", f"{BIRCH}#1", None, list)
    for answer in (document, table, listed):
        assert answer.headers["content-disposition"].startswith('attachment; filename="accounting-of-disclosures.')


@pytest.mark.requirement("CON-tables")
async def test_the_accounting_is_narrowed_to_what_the_law_asks_to_be_recorded_on_the_page_and_in_each_file(console: Console) -> None:
    student_id, log = await enrolled(console, child()), log_of(console)
    await given(console, student_id)
    unrecorded = {"custodian": console.district.id, "purpose": "instruction", "basis": "school-official"}
    await log.append(disclosure(log, student_id, recipient=str(uuid4()), **unrecorded))
    browser = await console.browser("district-officer")
    path = await found(browser, **said())
    for query, number in (("", 2), ("recorded=asked", 1)):
        page = (await browser.get(f"{path}?{query}")).body.decode()
        assert len(re.findall(r'data-label="When"><span class="stack"><time', page)) == number, query
        assert len(json.loads((await browser.get(f"{path}/accounting/export?form=json&{query}")).body)) == number
        assert len((await browser.get(f"{path}/accounting/export?{query}")).body.decode().splitlines()) == number + 1
    assert f'href="{path}/accounting/export?recorded=asked"' in page
    assert (await browser.get(f"{path}?recorded=some")).status == 422


@pytest.mark.requirement("CON-forms")
async def test_a_hold_is_placed_once_and_shown_with_its_file_number(console: Console) -> None:
    await enrolled(console, child())
    browser = await console.browser("privacy-officer")
    path = await found(browser, **said())
    key = await form_of(browser, f"{path}/hold")
    wrong = await browser.post(f"{path}/hold", act=key, reason="litigation", reference="with blanks in it")
    assert (wrong.status, "This cannot be read." in wrong.body.decode()) == (422, True)
    for _ in range(2):
        answer = await browser.post(f"{path}/hold", act=key, reason="litigation", reference="case-17")
        assert (answer.status, location_of(answer)) == (303, path)
    shown = text_of((await browser.get(path)).body)
    assert shown.count("case-17") == 1
    assert "Nothing is destroyed" in shown


async def test_what_comes_from_elsewhere_is_shown_as_text_and_the_page_is_read_in_spanish(console: Console) -> None:
    student_id = await enrolled(console, child())
    await given(console, student_id, to=f"{BIRCH}#{HOSTILE}")
    browser = await console.browser("privacy-officer")
    path = await found(browser, **said())
    page = (await browser.get(path)).body.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in page
    browser.cookies["language"] = "es"
    assert "¿Quién recibió el expediente de este menor y por qué?" in (await browser.get(path)).body.decode()


async def first_holder(console: Console, node: NodeReader, student_id: UUID) -> ActingFor:
    """The first rights holder, at the desk."""
    facts = await node.read("privacy", f"/v1/known-facts/{student_id}", KnownFacts)
    return ActingFor(
        person_id=facts.rights_holders[0].person_id,
        assurance_level="ial2",
        method="in-person",
        evidence_ref="visit 4",
        authenticated_at=console.house.now - timedelta(hours=1),
    )


async def consented(console: Console, student_id: UUID) -> None:
    """The first rights holder's written consent to a vendor, on paper."""
    vendor = await console.house.hand.add_organisation(
        NewOrganisation.model_validate({"kind": "vendor", "name": "Lantern Reading", "valid_from": date(2020, 1, 1)})
    )
    await console.settle()
    node, now = await reader(console, "district-officer"), console.house.now
    new = NewConsent(
        student_id=student_id,
        acting_for=await first_holder(console, node, student_id),
        signed_on=(now - timedelta(days=2)).date(),
        signature="paper",
        document=digest_of(b"form"),
        elements=("identity.name",),
        purposes=("instruction",),
        recipient_id=str(vendor.id),
    )
    await node.act("privacy", "POST", "/v1/consents", key=student_id.hex, body=new)


@pytest.mark.requirement("CON-forms")
async def test_a_consent_is_taken_back_once_for_who_gave_it(console: Console) -> None:
    student_id = await enrolled(console, child())
    await consented(console, student_id)
    browser = await console.browser("district-officer")
    path = await found(browser, **said())
    page = (await browser.get(path)).body.decode()
    assert "May be given to Lantern Reading" in page
    [act] = re.findall(rf'href="({re.escape(path)}/consents/[^"]+/withdrawal)"', page)
    key = await form_of(browser, act)
    when = console.house.now.astimezone(ZoneInfo("America/New_York")).replace(tzinfo=None)
    form = {"method": "in-person", "assurance_level": "ial3", "identified_at": (when - timedelta(hours=2)).isoformat(timespec="minutes")}
    wrong = await browser.post(act, act=key, **form)
    assert (wrong.status, "Fill this in." in wrong.body.decode()) == (422, True)
    for about in ({"identified_at": (when + timedelta(hours=1)).isoformat(timespec="minutes")}, {"assurance_level": "ial9"}):
        wrong = await browser.post(act, act=key, evidence_ref="visit 5", **(form | about))
        assert (wrong.status, "This cannot be read." in wrong.body.decode()) == (422, True)
    for _ in range(2):
        answer = await browser.post(act, act=key, evidence_ref="visit 5", **form)
        assert (answer.status, location_of(answer)) == (303, path), answer.body
    shown = (await browser.get(path)).body.decode()
    assert "Withdrawn" in shown
    assert act not in shown
    other = await found(browser, student_id=str(await enrolled(console, child(1))))
    assert (await browser.get(act.replace(path, other))).status == 404, "a consent is its own student's"


async def test_a_long_accounting_is_read_page_by_page(console: Console) -> None:
    student_id = await enrolled(console, child())
    for _ in range(51):
        await given(console, student_id)
    browser = await console.browser("auditor")
    path = await found(browser, **said())
    first = (await browser.get(path)).body.decode()
    assert re.search(r"\d\d entries, and more", first)
    following = re.search(rf'href="({re.escape(path)}\?cursor=[^"]+)"', first)
    assert following is not None
    second = (await browser.get(following[1])).body.decode()
    shown = [re.findall(r"Entry ([0-9,]+)", page) for page in (first, second)]
    assert (len({*shown[0], *shown[1]}), len(shown[0]) + len(shown[1])) == (51, 51), "each once"
    assert f'href="{path}?sort=logged_at" id="sort-logged_at" data-swap="#accounting"' in first
    oldest = (await browser.get(f"{path}?sort=logged_at")).body.decode()
    assert re.findall(r"Entry ([0-9,]+)", oldest) == [*shown[0], *shown[1]][:0:-1], "the oldest first"
    (more,) = re.findall(r'href="([^"]+)" rel="next"', oldest)
    assert "sort=logged_at&amp;cursor=" in more


async def test_a_hold_is_shown_on_its_own_students_page_and_placed_by_who_may(console: Console) -> None:
    await enrolled(console, child())
    await enrolled(console, child(1))
    browser = await console.browser("privacy-officer")
    mine, anothers = await found(browser, **said()), await found(browser, **said(1))
    for number in (1, 2):
        key = await form_of(browser, f"{mine}/hold")
        assert (await browser.post(f"{mine}/hold", act=key, reason="audit", reference=f"case-{number}")).status == 303, (
            "each form is an act"
        )
    assert [f"case-{number}" in text_of((await browser.get(mine)).body) for number in (1, 2)] == [True, True]
    assert "None names this student alone." in text_of((await browser.get(anothers)).body)
    nobodys = await found(browser, student_id=str(uuid4()))
    assert (await browser.post(f"{nobodys}/hold", act="d" * 32, reason="audit", reference="case-3")).status == 404
    for role in ("district-officer", "auditor"):
        other = await console.browser(role)
        path = await found(other, **said())
        assert f"{path}/hold" not in (await other.get(path)).body.decode()
        assert (await other.get(f"{path}/hold")).status == 403


async def test_a_consents_page_says_who_gave_it_and_another_consent_is_none(console: Console) -> None:
    student_id = await enrolled(console, child())
    await consented(console, student_id)
    browser = await console.browser("district-officer")
    path = await found(browser, **said())
    [act] = re.findall(rf'href="({re.escape(path)}/consents/[^"]+/withdrawal)"', (await browser.get(path)).body.decode())
    assert "The parent who gave it" in (await browser.get(act)).body.decode()
    assert (await browser.get(f"{path}/consents/{uuid4()}/withdrawal")).status == 404


@pytest.mark.requirement("CON-student")
async def test_a_file_for_the_family_is_on_the_log_as_the_familys_own_access(console: Console) -> None:
    student_id = await enrolled(console, child())
    await given(console, student_id)
    browser = await console.browser("district-officer")
    path = await found(browser, **said())
    assert (await browser.get(f"{path}/accounting/export")).status == 200
    await console.settle()
    node = await reader(console, "auditor")
    search = EntrySearch(student_id=student_id, purposes=("records-access",))
    entries = (await node.ask("audit", "/v1/log/searches", search, FoundEntries)).entries
    assert [(one.context or {}).get("operation") for one in entries] == ["disclosure-accounting"]


async def test_forms_about_a_student_keep_what_was_written_and_there_are_none_about_nobody(console: Console) -> None:
    student_id, browser = await enrolled(console, child()), await console.browser("privacy-officer")
    await consented(console, student_id)
    path = await found(browser, student_id=str(student_id))
    [withdrawal] = re.findall(rf'href="({path}/consents/[0-9a-f-]+/withdrawal)"', (await browser.get(path)).body.decode())
    for act, field in ((f"{path}/hold", "reference"), (withdrawal, "evidence_ref")):
        answer = await browser.post(act, act="a" * 32, **{field: "file-7"})
        page = answer.body.decode()
        assert (answer.status, 'value="file-7"' in page, 'aria-invalid="true"' in page) == (422, True, True), act
    nobody = await found(browser, student_id=str(uuid4()))
    assert (await browser.get(f"{nobody}/hold")).status == 404
