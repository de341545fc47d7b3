"""What a person keeps of a consent is verified with the SDK and the node's published key alone, and tells nobody else who the child is."""

import json
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from safepassage.canonical import from_base64url
from safepassage.compact import PublicKeys, split
from safepassage.consent_receipt import ConsentReceipt, receipt_keys, verify_consent_receipt, verify_principal, verify_signed_receipt
from safepassage.decision import verify_decision
from safepassage.problems.messages import CommitmentNotOpened, MessageNotYetValid, WrongIssuer
from safepassage.problems.signatures import BadSignature, UnexpectedType, UnknownKey
from safepassage.wire_policy import Consent
from safepassage.wire_rights import PublicSigningKey, ReceiptKeys, SignedConsentReceipt
from services.privacy.consent_receipts import retired_receipt_keys
from shared.keys import KeyFileUnusable, SigningKey
from tests.privacy.node import ENTITY_ID
from tests.privacy.rights import looks_absent
from tests.privacy.test_consent_narrowing import narrow
from tests.privacy.world import SCHEDULE, STAFF, World

pytestmark = pytest.mark.anyio


async def keys_of(world: World) -> PublicKeys:
    answer = await world.node.client(world.oak, *STAFF).get("/v1/receipt-keys")
    published = ReceiptKeys.model_validate_json(answer.body)
    assert published.issuer == ENTITY_ID
    return receipt_keys(published.keys)


async def receipt_for(world: World, consent: Consent) -> SignedConsentReceipt:
    answer = await world.node.client(world.oak, *STAFF).get(f"/v1/consents/{consent.id}/receipt")
    assert answer.status == 200, answer.body
    return SignedConsentReceipt.model_validate_json(answer.body)


async def read(world: World, consent: Consent) -> ConsentReceipt:
    signed = await receipt_for(world, consent)
    return verify_consent_receipt(signed.receipt, issuer=ENTITY_ID, keys=await keys_of(world), now=world.node.clock()).message


@pytest.mark.requirement("RIGHTS-receipt")
async def test_the_keys_are_published_to_everybody_with_those_of_earlier_years(world: World, tmp_path: Path) -> None:
    answer = await world.node.send("GET", "/v1/receipt-keys", None)
    assert answer.status == 200, answer.body
    published = ReceiptKeys.model_validate_json(answer.body)
    assert [set(key) for key in json.loads(answer.body)["keys"]] == [{"kty", "crv", "x", "kid", "alg", "use"}]
    retired = tmp_path / "decision-signing-retired"
    retired.mkdir()
    old = SigningKey.generate()
    (retired / "2025.json").write_text(json.dumps(old.jwk))
    world.node.app.state.retired_receipt_keys = retired_receipt_keys(tmp_path)
    both = ReceiptKeys.model_validate_json((await world.node.send("GET", "/v1/receipt-keys", None)).body)
    assert [key.kid for key in both.keys] == [published.keys[0].kid, old.kid]
    for broken in ("{}", json.dumps(old.jwk | {"x": "AAAA"}), json.dumps(old.jwk | {"d": "A" * 43})):
        (retired / "2024.json").write_text(broken)
        with pytest.raises(KeyFileUnusable):
            retired_receipt_keys(tmp_path)


@pytest.mark.requirement("RIGHTS-receipt")
async def test_whoever_holds_a_receipt_verifies_it_offline_with_what_the_node_publishes(world: World) -> None:
    facts, now = await world.student(), world.node.clock()
    signed = await receipt_for(world, await world.consent(facts))
    published = ReceiptKeys.model_validate_json((await world.node.send("GET", "/v1/receipt-keys", None)).body)
    verified = verify_signed_receipt(signed, issuer=ENTITY_ID, published=published, now=now, student_id=facts.student_id)
    assert verified.message.in_force_when_made
    with pytest.raises(CommitmentNotOpened):
        verify_signed_receipt(signed, issuer=ENTITY_ID, published=published, now=now, student_id=uuid4())
    for issuer, keys in (
        ("https://birch.example", published),
        (ENTITY_ID, published.model_copy(update={"issuer": "https://birch.example"})),
    ):
        with pytest.raises(WrongIssuer):
            verify_signed_receipt(signed, issuer=issuer, published=keys, now=now)
    with pytest.raises(UnknownKey):
        other = (PublicSigningKey.model_validate(SigningKey.generate().jwk),)
        verify_signed_receipt(signed, issuer=ENTITY_ID, published=published.model_copy(update={"keys": other}), now=now)


async def test_a_receipt_says_what_was_given_to_whom_for_what(world: World) -> None:
    consent = await world.consent(await world.student(), expires_at="2027-06-30T00:00:00.000Z")
    receipt = await read(world, consent)
    (purpose,) = receipt.purposes
    assert (purpose.purpose, purpose.pii_information) == ("financial-aid", tuple(sorted(SCHEDULE)))
    assert (purpose.lawful_basis, purpose.recipient_third_parties) == ("34 CFR 99.30", (str(world.vendor.id),))
    assert [(party.party_id, party.party_role) for party in receipt.party_identification] == [
        (str(world.oak.id), "pii-controller"),
        (str(world.vendor.id), "recipient"),
    ]
    assert (receipt.record_id, receipt.document, receipt.expires_at) == (consent.id, consent.document, consent.expires_at)
    assert [(event.event_type, event.event_state, event.entity_id) for event in receipt.event] == [("granted", "in-force", "parent")]
    assert receipt.in_force_when_made


async def test_it_says_that_the_student_gave_it_who_was_of_age(world: World) -> None:
    student_id = uuid4()
    world.parents[student_id] = student_id
    of_age = await world.student(student_id=student_id, birth_date=date(2008, 10, 20))
    (event,) = (await read(world, await world.consent(of_age))).event
    assert event.entity_id == "student"


async def test_it_shows_what_was_left_and_taken_back(world: World) -> None:
    consent = await world.consent(await world.student())
    await narrow(world, consent)
    narrowed = await read(world, consent)
    assert (narrowed.purposes[0].pii_information, narrowed.in_force_when_made) == (("identity.name",), True)
    await world.withdraw(consent)
    withdrawn = await read(world, consent)
    assert [event.event_type for event in withdrawn.event] == ["granted", "narrowed", "withdrawn"]
    assert not withdrawn.in_force_when_made
    expiring = await world.consent(await world.student(), expires_at="2026-10-21T00:00:00.000Z")
    world.node.clock.advance(days=1)
    assert not (await read(world, expiring)).in_force_when_made


async def test_it_names_no_person_and_is_opened_for_the_student_alone(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    signed = await receipt_for(world, consent)
    text = from_base64url(signed.receipt.split(".")[1]).decode()
    assert str(facts.student_id) not in text
    assert str(consent.acting_for.person_id) not in text
    receipt = await read(world, consent)
    first = verify_consent_receipt(signed.receipt, issuer=ENTITY_ID, keys=await keys_of(world), now=world.node.clock()).message
    verify_principal(first, salt=signed.principal_salt, student_id=facts.student_id)
    for student_id, of in ((uuid4(), first), (facts.student_id, receipt)):
        with pytest.raises(CommitmentNotOpened):
            verify_principal(of, salt=signed.principal_salt, student_id=student_id)


async def test_what_another_signed_or_changed_is_no_receipt(world: World) -> None:
    signed, keys, now = (
        (await receipt_for(world, await world.consent(await world.student()))).receipt,
        await keys_of(world),
        world.node.clock(),
    )
    forger = SigningKey.generate()
    payload = split(signed)[1]
    forged = forger.sign_compact(typ=ConsentReceipt.TYPE, payload=payload)
    with pytest.raises(UnknownKey):
        verify_consent_receipt(forged, issuer=ENTITY_ID, keys=keys, now=now)
    with pytest.raises(BadSignature):
        verify_consent_receipt(signed, issuer=ENTITY_ID, keys={next(iter(keys)): forger.public}, now=now)
    with pytest.raises(WrongIssuer):
        verify_consent_receipt(signed, issuer="https://birch.example", keys=keys, now=now)
    with pytest.raises(MessageNotYetValid):
        verify_consent_receipt(signed, issuer=ENTITY_ID, keys=keys, now=now - timedelta(hours=1))
    verify_consent_receipt(signed, issuer=ENTITY_ID, keys=keys, now=now + timedelta(days=4000))


async def test_a_receipt_is_no_decision_and_a_decision_no_receipt(world: World) -> None:
    facts = await world.student()
    consent, keys, now = await world.consent(facts), await keys_of(world), world.node.clock()
    signed = (await receipt_for(world, consent)).receipt
    with pytest.raises(UnexpectedType):
        verify_decision(signed, issuer=ENTITY_ID, keys=keys, now=now)
    decision = await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    assert decision.token is not None
    with pytest.raises(UnexpectedType):
        verify_consent_receipt(decision.token, issuer=ENTITY_ID, keys=keys, now=now)


async def test_another_districts_consent_has_no_receipt_here(world: World) -> None:
    consent = await world.consent(await world.student())
    await looks_absent(world, world.elm, "GET", f"/v1/consents/{consent.id}/receipt")
