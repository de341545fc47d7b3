"""A family sees who got their student's record and why, in plain words, of no other student, and nothing of anybody's staff."""

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import NotPermitted
from safepassage.wire_log import AccountedEntry, DisclosureAccounting, LegitimateInterest, Party
from services.gateway.door.gateway_routes import GATEWAY
from services.gateway.family import new_consent
from services.gateway.family.member import family_claims
from services.gateway.family.record_page import party_name, shown_entry
from shared.contracts.audit import Actor, Context, Event
from tests.audit.test_search import search
from tests.conftest import StandingClock
from tests.gateway.console.consoles import HOSTILE, new_district
from tests.gateway.console.crossing import BIRCH
from tests.gateway.family.families import Families

pytestmark = pytest.mark.anyio

PAGES = [route for route in GATEWAY if route.is_for_families]
GONE = "https://cedar.example"
"""A node that is on the trust list no more."""
OF_A_VISIT = [route for route in PAGES if route.accepts == "families"]


@pytest.mark.requirement("CON-family")
async def test_a_parent_reads_who_got_the_record_and_why(families: Families) -> None:
    facts = await families.student()
    vendor = await families.console.house.hand.add_organisation(
        new_district(f"Cascade {HOSTILE}", families.console.agency, nces_id="4106741")
    )
    await families.disclosed(facts, elements=("identity.name", "health.immunizations"))
    await families.disclosed(facts, recipient=str(vendor.id), recipient_node=None, basis="consent", purpose="financial-aid")
    page = await (await families.visit(facts)).text("/family")
    assert "Who got my child’s record, and why?" in page
    assert "The student is moving to another school, or wants to." in page
    assert "Somebody with rights to the record said yes in writing." in page
    assert "Immunizations" in page
    assert "Financial aid" in page
    assert "Cascade &#34;&gt;&lt;img" in page
    assert "<img" not in page
    assert str(facts.student_id) not in page
    assert page.index("Cascade") < page.index("A school or agency in"), "the newest is first"
    further = page.partition("without asking you again:")[2].partition("</p>")[0]
    assert families.console.agency.name in further
    assert "A school or agency in" not in further, "an authority is named: 34 CFR 99.32(a)(1)"


@pytest.mark.requirement("CON-family")
async def test_nothing_of_another_student_and_nothing_of_anybodys_staff_is_on_any_page(families: Families) -> None:
    facts, other = await families.student(), await families.student()
    threat = "Somebody of the staff said that Bo Whitaker has a knife"
    emergency = Event(
        class_="decision",
        key=str(uuid7(families.console.house.now)),
        subjects=(facts.student_id,),
        custodians=(facts.custodian_id,),
        actor=Actor(kind="client", client_id="client-of-ada", person="A" * 43, organisation_id=families.console.district.id),
        context=Context(operation="disclose", outcome="permit", basis="emergency", purpose="safety", threat=threat),
        policy_hash="A" * 43,
    )
    await families.audit.append(emergency, service="privacy")
    await families.disclosed(other, elements=("discipline.incidents",))
    browser = await families.visit(facts)
    for route in OF_A_VISIT:
        if route.method != "GET" or "{" in route.template:
            continue
        page = await browser.text(route.template)
        if route.template == new_consent.PATH:
            page = page.replace("Discipline incidents", "", 1)  # everything that a record may have is there to choose from
        for word in (
            "Discipline incidents",
            "client-of-ada",
            "A" * 43,
            "knife",
            str(other.student_id),
            str(facts.rights_holders[0].person_id),
        ):
            assert word not in page, (route.template, word)
    assert "An emergency was written down" in await browser.text("/family")


@pytest.mark.requirement("CON-family")
async def test_by_no_address_does_a_visit_lead_to_another_student(families: Families) -> None:
    facts, other = await families.student(), await families.student()
    await families.disclosed(other, elements=("discipline.incidents",))
    browser = await families.visit(facts)
    named = f"student_id={other.student_id}"
    for path in (f"/family?{named}", f"/family?cursor={other.student_id}", f"/family/{other.student_id}", "/family/link?{named}"):
        answer = await browser.get(path)
        assert answer.status in (200, 400, 404, 422), path
        assert b"Discipline" not in answer.body
    for path in (f"/v1/students/{other.student_id}/disclosure-accounting", f"/v1/students/{facts.student_id}/disclosure-accounting"):
        assert (await browser.get(path)).status == 401, "a visit's cookie is nothing at the API"
    theirs = await families.visit(other)
    cursor = await theirs.get("/family?cursor=x")
    assert cursor.status in (400, 422)


async def test_a_long_record_has_pages_whose_addresses_name_nobody(families: Families, clock: StandingClock) -> None:
    facts = await families.student()
    for _ in range(27):
        clock.advance(seconds=1)
        await families.disclosed(facts)
    browser, other = await families.visit(facts), await families.student()
    page = await browser.text("/family")
    assert page.count('<li class="panel">') == 25
    more = page.partition('href="/family?')[2].partition('"')[0]
    assert str(facts.student_id) not in more
    assert (await browser.text(f"/family?{more}")).count('<li class="panel">') == 2
    assert (await (await families.visit(other)).get(f"/family?{more}")).status in (400, 422), "of another student's record"


@pytest.mark.requirement("CON-family")
@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"birth_date": date(2008, 1, 2)}, "You cannot do this"),
        ({"rights_holders": ()}, "You cannot do this"),
        ({"flags": frozenset({"protected-address"})}, "We show this record in person only"),
    ],
    ids=["of age", "rights ended", "address protected"],
)
async def test_every_page_of_a_visit_closes_with_the_rights(families: Families, about: dict[str, Any], said: str) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    await browser.text("/family")
    await families.push(facts.model_copy(update={"facts_version": 2, **about}))
    for route in OF_A_VISIT:
        if route.method == "GET":
            path = re.sub(r"\{\w+\}", str(facts.student_id), route.template.replace("{kind}", "directory"))
            answer = await browser.get(path)
            assert (answer.status, said in answer.body.decode()) == (403, True), route.template
    assert (await families.ask("POST", "/v1/family-links", families.wanted(facts))).status == 403


async def test_the_student_of_eighteen_comes_themselves(families: Families) -> None:
    facts = await families.student(birth_date=date(2008, 1, 2))
    page = await (await families.visit(facts, facts.student_id)).text("/family")
    assert "Who got my record, and why?" in page
    assert "Nobody outside the school got the record." in page


@pytest.mark.requirement("CON-family")
async def test_a_link_is_made_for_the_agencys_own_student_and_who_holds_the_rights_alone(families: Families) -> None:
    hand = families.console.house.hand
    elm = await hand.add_organisation(new_district("Elm", families.console.agency, nces_id="4106742"))
    await families.console.settle()
    theirs, ours = await families.student(district=elm), await families.student()
    foreign = await families.ask("POST", "/v1/family-links", families.wanted(theirs))
    unknown = families.wanted(ours) | {"student_id": str(uuid4())}
    absent = await families.ask("POST", "/v1/family-links", unknown)
    assert (foreign.status, foreign.json["code"]) == (absent.status, absent.json["code"]) == (404, "no-such-student")
    nobody = await families.ask("POST", "/v1/family-links", families.wanted(ours, uuid4()))
    assert (nobody.status, nobody.json["code"]) == (403, "rights-not-held")
    made = await families.link(ours)
    for method, path in (("GET", ""), ("POST", "/withdrawal")):
        assert (await families.ask(method, f"/v1/family-links/{made.id}{path}", by=elm)).status == 404
        assert (await families.ask(method, f"/v1/family-links/{made.id}{path}", by=families.console.agency)).status == 200


@pytest.mark.parametrize(
    ("party", "who"),
    [
        (Party(), "This agency"),
        (
            Party(organisation=f"{BIRCH}#1", node=BIRCH, name="Birch Middle School", agency="Birch Department"),
            "Birch Middle School in Birch",
        ),
        (Party(organisation=f"{BIRCH}#1", node=BIRCH, agency="Birch Department"), "A school or agency in Birch"),
        (Party(organisation=f"{GONE}#1", node=GONE, name="Cedar High School", agency="Cedar Department"), "Cedar High School"),
        (Party(organisation=f"{GONE}#1", node=GONE, agency="Cedar Department"), "Cedar Department"),
        (Party(organisation=f"{GONE}#1", node=GONE), "A school or agency in another state"),
    ],
)
def test_a_party_keeps_its_name_after_its_node_has_left_the_network(party: Party, who: str) -> None:
    assert party_name(party, {BIRCH: "XB"}, str) == who


@pytest.mark.parametrize(
    ("phase", "outcome", "operation", "happened"),
    [
        ("request", "deny", "disclose", "Asked for information and was told no"),
        ("request", "permit", "disclose", "Asked for information"),
        ("disclosure", "deny", "disclose", "Got information"),
        ("request", None, "exchange-notice", "Was told how the move to the new school went"),
        ("onward", "onward", "exchange-notice", "Got it from an agency that we gave it to"),
    ],
)
def test_each_entry_says_what_happened(phase: Any, outcome: str | None, operation: str, happened: str) -> None:
    entry = AccountedEntry(
        phase=phase,
        on=date(2026, 10, 20),
        at=datetime(2026, 10, 20, 12, tzinfo=UTC),
        outcome=outcome,
        operation=operation,
        party=Party(),
        interest=LegitimateInterest(),
        ferpa_recordable=True,
        idea_recordable=False,
        log="2026",
        index=1,
        proof="published",
    )
    assert shown_entry(entry, {}, str).happened == happened


async def test_it_is_read_in_spanish_from_the_first_page_on(families: Families) -> None:
    facts = await families.student()
    await families.disclosed(facts, basis="consent")
    browser = families.stranger()
    link = (await families.link(facts)).link
    assert (await browser.post("/family/language", token="", language="es", back="/family/link")).status == 303
    assert "Vea quién recibió el expediente escolar" in await browser.text("/family/link")
    await browser.use(link)
    page = await browser.text("/family")
    assert '<html lang="es"' in page
    assert "¿Quién recibió el expediente de mi hijo o hija y por qué?" in page
    assert "Alguien con derechos sobre el expediente dijo que sí por escrito." in page
    assert "Este enlace ya no sirve" in (await browser.use(link)).body.decode()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/console", "/\\evil.example"])
async def test_the_language_leads_back_to_a_familys_page_alone(families: Families, back: str) -> None:
    answer = await families.stranger().post("/family/language", token="", language="es", back=back)
    assert (answer.status, dict(answer.fields)["location"]) == (303, "/family/link")


async def test_looking_is_itself_on_record_in_the_familys_own_name(families: Families) -> None:
    facts = await families.student()
    browser = await families.visit(facts)
    await browser.text("/family")
    word = families.console.node.applications["gateway"].state.families.visits.word_of(
        families.console.district.id, facts.rights_holders[0].person_id
    )
    headers = families.audit.as_caller("audit:search", organisation=families.console.district.id)
    found = await search(families.audit, headers, student_id=str(facts.student_id))
    (entry,) = [one for one in found.entries if one.context and one.context["operation"] == "disclosure-accounting"]
    assert entry.actor is not None
    assert (entry.actor["person"], entry.actor["client_id"], entry.actor["role"]) == (word, "family", "parent")


def test_every_page_of_a_family_is_its_own_kind_and_names_nothing_in_its_address() -> None:
    assert {route.accepts for route in PAGES} == {"families", "anonymous"}
    assert {"/family/link", "/family/left", "/family/language"} == {route.template for route in PAGES if route.accepts == "anonymous"}


@pytest.mark.requirement("CON-family")
async def test_audit_itself_gives_a_family_member_the_accounting_of_their_student_on_the_page_and_nothing_else(families: Families) -> None:
    facts, other = await families.student(), await families.student()
    district, gateway = families.console.district, families.console.node.applications["gateway"].state
    person = facts.rights_holders[0].person_id
    claims = family_claims(
        facts.student_id, person, organisation_id=district.id, organisation_kind=district.kind, word="A" * 43, address=None
    )
    path = "/v1/students/{}/disclosure-accounting"
    own = await gateway.siblings.call("audit", "GET", path.format(facts.student_id), answer=DisclosureAccounting, by=claims)
    assert own.student_id == facts.student_id
    for closed, problem in (
        (path.format(other.student_id), NoSuchStudent),
        (path.format(facts.student_id) + "/table", NotPermitted),
        (path.format(facts.student_id) + "/document", NotPermitted),
        ("/v1/disclosure-copies", NotPermitted),
    ):
        with pytest.raises(problem):
            await gateway.siblings.send("audit", "GET", closed, by=claims)
