"""An educator's credentials leave on the educator's own application, on record with the agency that keeps them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.decision import verify_decision
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_evidence import Evidence
from safepassage.wire_exchange import EvidenceDocument, Official
from safepassage.wire_licensure import EducatorSubject, LicensureEvidence, ReceivingAgency
from services.privacy.tables import DecisionRow
from shared.contracts.privacy import DecisionRequest, LicensureClaim, Recipient
from shared.keys import SigningKey
from tests.privacy.grounds import Grounds
from tests.privacy.node import ENTITY_ID, instant, problem_of
from tests.privacy.world import BIRCH, World

pytestmark = pytest.mark.anyio

EDUCATOR, ABROAD = UUID("7b1c0f52-3d4e-4f60-8a9b-5566778899aa"), "01900000-0000-7000-8000-00000000000d"
ELEMENTS = ("educator.credentials",)


def claim(recipient_id: str, asserted_by: str, kind: Any = "lea") -> LicensureClaim:
    return LicensureClaim(
        evidence=LicensureEvidence(
            receiving_organisation=ReceivingAgency(id=recipient_id, kind=kind, name="The agency"),
            applied_on=instant("2026-10-19T12:00:00Z").date(),
            document=EvidenceDocument(type="licence-application", digest=digest_of(b"application")),
            official=Official(role="licence-desk", pairwise_id="official-9", attested_at=instant("2026-10-20T08:00:00Z")),
        ),
        request_digest=digest_of(b"request"),
        asserted_by=asserted_by,
    )


def question(world: World, application: Evidence | None, **about: Any) -> DecisionRequest:
    """Birch's agency asks for the credentials of an educator of Oak's."""
    values: dict[str, Any] = {
        "action": "send-credentials",
        "subjects": (),
        "recipient": Recipient(kind="lea", id=f"{BIRCH}#{ABROAD}", node=BIRCH),
        "basis": "educator-application",
        "purpose": "licensure",
        "elements": ELEMENTS,
        "evidence_ids": () if application is None else (application.id,),
        "educator": EducatorSubject(educator_id=EDUCATOR, custodian_id=world.oak.id),
        "licensure": claim(ABROAD, BIRCH),
        "exchange_id": uuid4(),
        "valid_for_seconds": 3600,
    }
    return DecisionRequest(**values | about)


async def recorded(world: World) -> Evidence:
    return await (await Grounds.of(world)).record("educator-application", recipient=f"{BIRCH}#{ABROAD}")


async def reason_of(world: World, asked: DecisionRequest) -> str:
    decision = await world.node.decide(asked)
    assert (decision.outcome, decision.token) == ("deny", None)
    [one] = decision.subjects[0].withheld
    return one.reason


@pytest.mark.requirement("VC-educators-cross")
async def test_on_the_application_it_is_permitted_signed_about_the_educator_and_kept(world: World) -> None:
    decision = await world.node.decide(question(world, await recorded(world)))
    assert (decision.outcome, decision.subjects[0].permitted, decision.obligations) == ("permit", ELEMENTS, ())
    assert (decision.policies, decision.reviewed) == (("educator-application",), False)
    assert decision.token is not None
    key = SigningKey.load(world.node.keys / "privacy" / "decision-signing.json")
    said = verify_decision(decision.token, issuer=ENTITY_ID, keys={key.kid: key.public}, now=world.node.clock())
    assert (said.action, said.sub, said.elements) == ("send-credentials", EDUCATOR, ELEMENTS)
    [told] = [event for event in await world.node.events() if event.context.decision_id == decision.id]
    assert (told.subjects, told.custodians, told.context.operation) == ((EDUCATOR,), (world.oak.id,), "send-credentials")
    staff = world.node.client(world.oak, "decisions:read")
    again = await staff.post(f"/v1/decisions/{decision.id}/reproduction", {})
    assert again.status == 200, again.body


@pytest.mark.requirement("VC-educators-cross")
async def test_it_stands_until_the_application_is_taken_back_and_not_afterwards(world: World) -> None:
    application = await recorded(world)
    decision = await world.node.decide(question(world, application))
    assert (await world.node.standing(decision.id)).stands
    await Grounds(world, world.oak).revoke(application)
    fallen = await world.node.standing(decision.id)
    assert (fallen.stands, fallen.reason) == (False, "application-no-longer-in-force")
    assert await reason_of(world, question(world, application)) == "application-no-longer-in-force"


@pytest.mark.requirement("VC-educators-cross", "POL-1")
async def test_what_is_not_exactly_as_the_educator_wrote_is_denied(world: World) -> None:
    application = await recorded(world)
    elsewhere = f"{BIRCH}#{uuid4()}"
    oaks = EducatorSubject(educator_id=EDUCATOR, custodian_id=world.oak.id)
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"evidence_ids": ()}, "application-missing"),
        ({"evidence_ids": (uuid4(),)}, "application-missing"),
        ({"educator": oaks.model_copy(update={"educator_id": uuid4()})}, "application-of-another-educator"),
        ({"educator": oaks.model_copy(update={"custodian_id": world.elm.id})}, "application-of-another-agency"),
        ({"recipient": Recipient(kind="lea", id=elsewhere, node=BIRCH)}, "application-names-another-party"),
        ({"licensure": claim(ABROAD, "https://mill.example")}, "recipient-not-authenticated"),
        ({"licensure": None}, "recipient-not-authenticated"),
        ({"purpose": "enrollment"}, "purpose-not-licensure"),
        ({"elements": ("academics.transcript",)}, "not-an-educators-credentials"),
        ({"basis": "consent"}, "no-permit-for-this-action"),
    )
    for changes, reason in cases:
        assert await reason_of(world, question(world, application, **changes)) == reason, changes


async def test_evidence_of_another_kind_is_no_application_nor_an_application_evidence_about_a_student(world: World) -> None:
    grounds = await Grounds.of(world)
    other, application = await grounds.record("accreditation"), await recorded(world)
    assert await reason_of(world, question(world, other)) == "application-missing"
    facts = await world.student()
    about_student = grounds.request(
        "accreditation", "accreditation", Recipient(kind="agency", id=str(grounds.agency.id)), facts, evidence_ids=(application.id,)
    )
    decision = await world.node.decide(about_student, by=world.node.client(world.oak))
    assert decision.subjects[0].withheld[0].reason == "function-missing"


@pytest.mark.requirement("EX-7")
async def test_who_is_nobody_is_denied_whatever_is_on_record(world: World) -> None:
    application = await recorded(world)
    nobody = EducatorSubject(educator_id=EDUCATOR, custodian_id=world.oak.id, is_nobody=True)
    kept = await world.node.count(DecisionRow)
    decision = await world.node.decide(question(world, application, educator=nobody))
    assert (decision.outcome, decision.token, decision.subjects[0].permitted) == ("deny", None, ())
    assert await world.node.count(DecisionRow) == kept + 1


async def test_may_we_ask_is_decided_for_the_agency_that_was_applied_to(world: World) -> None:
    here = claim(str(world.oak.id), ENTITY_ID)
    recipient = Recipient(kind="lea", id=str(world.oak.id))
    asked = question(world, None, action="seek-credentials", educator=None, recipient=recipient, licensure=here, evidence_ids=(uuid4(),))
    assert (await world.node.decide(asked, by=world.node.client(world.oak))).outcome == "permit"
    stranger = await world.node.decide(asked, by=world.node.client(world.elm))
    assert stranger.subjects[0].withheld[0].reason == "not-the-receiving-organisation"


async def test_an_educator_and_a_student_are_never_in_one_question(world: World) -> None:
    facts = await world.student()
    for asked in (
        question(world, None, subjects=world.versions(facts)),
        question(world, None, educator=None),
        question(world, None, action="seek-credentials"),
        question(world, None, action="disclose", subjects=world.versions(facts)),
    ):
        answer = await world.node.ask(asked)
        assert (answer.status, problem_of(answer).code) == (422, InvalidRequest.code)


async def test_an_application_is_for_credentials_and_for_nothing_of_a_student(world: World) -> None:
    grounds = await Grounds.of(world)
    client = world.node.client(world.oak, "evidence:write")
    answer = await client.post("/v1/evidence", grounds.body("educator-application") | {"elements": ["academics.transcript"]})
    assert (answer.status, problem_of(answer).code) == (422, "unknown-element")
    answer = await client.post("/v1/evidence", grounds.body("accreditation") | {"elements": ["educator.credentials"]})
    assert (answer.status, problem_of(answer).code) == (422, "unknown-element")
