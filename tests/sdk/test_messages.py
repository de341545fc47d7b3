from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.accepted import Accepted, verify_accepted
from safepassage.canonical import canonical_json, digest_of, from_base64url, to_base64url
from safepassage.claims import Message
from safepassage.compact import split
from safepassage.decision import Decision, decision_of, element_set_digest, verify_decision
from safepassage.ending import Ending
from safepassage.envelope import Envelope
from safepassage.finding import Compared, Comparison
from safepassage.leaf import verify_commitment
from safepassage.node_statement import NodeStatement
from safepassage.notice import Notice, NoticeTaken
from safepassage.problems import SuiteError
from safepassage.problems.messages import MessageExpired, PaddingMalformed, SealedIdsDiffer
from safepassage.problems.requests import UnsupportedVersion
from safepassage.problems.signatures import MalformedToken
from safepassage.receipt import Receipt, require_one_arrival, require_receipt_for, verify_receipt
from safepassage.reconciliation import Reconciliation
from safepassage.refusal import Refusal
from safepassage.request import Request, read_selector, selector_info, verify_request
from safepassage.sealing import padded
from tests.sdk.exchange import ALDER, BIRCH, ENVELOPE_ID, EXCHANGE_ID, NOW, PERSON, SALT, SECONDS, Exchange, Signer, later
from tests.sdk.vectors import vectors

VECTORS = vectors("messages")
ALL = (
    Request,
    Accepted,
    Envelope,
    Receipt,
    Decision,
    NodeStatement,
    Comparison,
    Compared,
    Refusal,
    Ending,
    Notice,
    NoticeTaken,
    Reconciliation,
)
KINDS: dict[str, type[Message]] = {kind.TYPE: kind for kind in ALL}


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def verify(exchange: Exchange, token: str, **changes: Any) -> Any:
    trusted = {"issuer": BIRCH, "audience": ALDER, "keys": exchange.birch.keys, "now": NOW}
    return verify_request(token, **{**trusted, **changes})


def code_of(call: Any) -> str:
    with pytest.raises(SuiteError) as refused:
        call()
    return refused.value.code


@pytest.mark.parametrize("vector", VECTORS["messages"], ids=lambda vector: vector["typ"])
def test_every_message_vector_is_built_and_read_as_it_stands(vector: dict[str, Any]) -> None:
    signer = Signer(vector["seed"])
    kind = KINDS[vector["typ"]]
    message = kind.model_validate_json(canonical_json(vector["claims"]), strict=True)
    assert message.claims() == vector["claims"]
    assert signer.sign(message) == vector["token"]
    assert split(vector["token"])[1] == vector["claims"]
    assert digest_of(vector["token"].encode()) == vector["digest"]


@pytest.mark.parametrize("vector", VECTORS["messages"], ids=lambda vector: vector["typ"])
def test_every_message_is_closed_and_says_its_version(vector: dict[str, Any]) -> None:
    kind = KINDS[vector["typ"]]
    for claims in ({**vector["claims"], "name": "Ana"}, {name: v for name, v in vector["claims"].items() if name != "iss"}):
        with pytest.raises(ValueError, match="validation error"):
            kind.model_validate_json(canonical_json(claims), strict=True)


def test_a_request_says_nothing_of_the_child_in_clear(exchange: Exchange) -> None:
    header, claims, _, _ = split(exchange.request_token, max_length=200_000)
    assert set(header) == {"alg", "kid", "typ"}
    assert set(claims) == {"v", "iss", "aud", "jti", "iat", "exp", "selector"}
    assert set(claims["selector"]) == {"suite", "enc_kid", "ciphertext"}
    assert len(from_base64url(claims["selector"]["ciphertext"])) == 16 * 1024 + 1136


def test_a_request_is_verified_opened_and_bound_to_its_ids(exchange: Exchange) -> None:
    request = verify(exchange, exchange.request_token)
    assert request.digest == exchange.request_digest
    message = request.message
    sealed = message.selector
    info = selector_info(iss=message.iss, aud=message.aud, exchange_id=message.jti, suite=sealed.suite, enc_kid=sealed.enc_kid)
    plaintext = exchange.alder_keys.open(from_base64url(sealed.ciphertext), info)
    selector = read_selector(plaintext, request=message)
    assert selector == exchange.selector
    assert selector.person == PERSON
    with pytest.raises(SealedIdsDiffer):
        read_selector(plaintext, request=message.model_copy(update={"jti": ENVELOPE_ID}))
    with pytest.raises(PaddingMalformed):
        read_selector(plaintext[1:], request=message)
    with pytest.raises(UnsupportedVersion):
        read_selector(padded({"v": 2}), request=message)
    with pytest.raises(MalformedToken):
        read_selector(padded({"v": 1}), request=message)


def test_who_it_is_has_the_one_form_that_both_sides_hash(exchange: Exchange) -> None:
    said = exchange.selector.model_dump(mode="json", exclude_none=True)
    message = exchange.request
    assert read_selector(padded(said), request=message) == exchange.selector
    with pytest.raises(MalformedToken) as refused:
        read_selector(padded({**said, "person": {**said["person"], "middle_name": None}}), request=message)
    assert refused.value.field == "person"


def test_an_organisation_that_no_answer_could_name_is_refused_at_once(exchange: Exchange) -> None:
    said = exchange.selector.model_dump(mode="json", exclude_none=True)
    said["evidence"]["receiving_organisation"]["id"] = "two words"
    with pytest.raises(MalformedToken) as refused:
        read_selector(padded(said), request=exchange.request)
    assert refused.value.field == "evidence.receiving_organisation.id"


def test_a_refusal_names_the_member_at_fault_or_none(exchange: Exchange) -> None:
    def refused(**claims: Any) -> str | None:
        with pytest.raises(MalformedToken) as malformed:
            verify(exchange, exchange.birch.sign_claims({**exchange.request.claims(), **claims}, typ=Request.TYPE))
        return malformed.value.field

    assert refused(more=1) == "more"
    assert refused(selector={"suite": "x"}) == "selector.enc_kid"
    assert refused(selector="x") == "selector"
    said = {name: value for name, value in exchange.selector.model_dump(mode="json", exclude_none=True).items() if name != "person"}
    with pytest.raises(MalformedToken) as nobody:
        read_selector(padded(said), request=exchange.request)
    assert nobody.value.field is None


def test_a_request_of_another_s_for_another_or_out_of_time_is_refused(exchange: Exchange) -> None:
    def changed(**claims: Any) -> str:
        return exchange.birch.sign_claims({**exchange.request.claims(), **claims}, typ=Request.TYPE)

    assert code_of(lambda: verify(exchange, changed(iss="https://elm.example"))) == "wrong-issuer"
    assert code_of(lambda: verify(exchange, changed(aud="https://elm.example"))) == "wrong-audience"
    assert code_of(lambda: verify(exchange, exchange.request_token, now=later(14 * 86_400))) == "message-expired"
    assert code_of(lambda: verify(exchange, exchange.request_token, now=later(-301))) == "message-not-yet-valid"
    assert code_of(lambda: verify(exchange, changed(exp=SECONDS + 14 * 86_400 + 1))) == "message-not-yet-valid"
    assert code_of(lambda: verify(exchange, changed(v=2))) == "unsupported-version"
    for broken in ({"v": True}, {"v": "1"}, {"jti": str(uuid4())}, {"iat": "1"}, {"iat": True}, {"iss": "alder"}, {"purpose": "x"}):
        assert code_of(lambda broken=broken: verify(exchange, changed(**broken))) in {"malformed-token", "unsupported-version"}
    verify(exchange, exchange.request_token, now=later(-300))


def test_a_refused_member_is_named_and_its_value_is_not_echoed(exchange: Exchange) -> None:
    token = exchange.birch.sign_claims({**exchange.request.claims(), "jti": "123-45-6789"}, typ=Request.TYPE)
    with pytest.raises(MalformedToken) as refused:
        verify(exchange, token)
    problem = refused.value.as_problem().model_dump_json()
    assert refused.value.field == "jti"
    assert "123-45" not in problem


def test_the_holder_s_receipt_for_a_request_proves_that_it_was_logged(exchange: Exchange) -> None:
    trusted = {
        "issuer": ALDER,
        "audience": BIRCH,
        "keys": exchange.alder.keys,
        "exchange_id": EXCHANGE_ID,
        "request_digest": exchange.request_digest,
        "logs": [exchange.alder_log.identity],
        "pinned": {},
        "now": NOW,
    }

    def check(message: Accepted, **changes: Any) -> Any:
        return verify_accepted(exchange.alder.sign(message), **{**trusted, **changes})

    good = exchange.accepted()
    verified, logged = check(good)
    assert verified.message == good
    assert logged.leaf.digests.ct == exchange.request_digest
    log = exchange.alder_log
    wrong_leaf = exchange.accepted(**log.append(log.leaf(class_="match", ct=exchange.request_digest)))
    other_leaf = exchange.accepted(**log.append(log.leaf(class_="request", ct=digest_of(b"other"))))
    assert code_of(lambda: check(wrong_leaf)) == "wrong-leaf"
    assert code_of(lambda: check(other_leaf)) == "leaf-of-another-exchange"
    assert code_of(lambda: check(good.model_copy(update={"entry": None}))) == "without-proof"
    assert code_of(lambda: check(good, request_digest=digest_of(b"other"))) == "other-exchange"
    assert code_of(lambda: check(good, exchange_id=ENVELOPE_ID)) == "other-exchange"
    assert code_of(lambda: check(good, now=later(3600))) == "message-expired"
    assert code_of(lambda: check(good, logs=[])) == "foreign-log"


def test_a_receipt_stands_alone_and_answers_one_envelope(exchange: Exchange) -> None:
    envelope, _ = exchange.sealed()
    token = exchange.alder.sign(exchange.logged(envelope))
    trusted = {"issuer": BIRCH, "audience": ALDER, "keys": exchange.birch.keys, "logs": [exchange.birch_log.identity], "pinned": {}}
    receipt = exchange.receipt(token, envelope)
    verified, logged = verify_receipt(exchange.birch.sign(receipt), **trusted)
    require_receipt_for(verified.message, logged, sent=exchange.sent(token, envelope), now=NOW)
    others = {
        "exchange_id": ENVELOPE_ID,
        "envelope_id": EXCHANGE_ID,
        "envelope_digest": digest_of(b"x"),
        "request_digest": digest_of(b"x"),
        "subject_commit": digest_of(b"x"),
        "recipient_organisation": "elm",
        "ct_digest": digest_of(b"x"),
    }
    for name, value in others.items():
        sent = exchange.sent(token, envelope, **{name: value})
        refused = code_of(lambda sent=sent: require_receipt_for(verified.message, logged, sent=sent, now=NOW))
        assert refused == "receipt-of-another-envelope"
    unacknowledged = exchange.sent(token, envelope, redisclosure_notice_digest=digest_of(b"another notice"))
    assert code_of(lambda: require_receipt_for(verified.message, logged, sent=unacknowledged, now=NOW)) == "notice-differs"
    assert code_of(lambda: require_receipt_for(verified.message, logged, sent=exchange.sent(token, envelope), now=later(-301)))
    log = exchange.birch_log
    wrong = exchange.receipt(token, envelope, **log.append(log.leaf(class_="load", ct=envelope.ct_digest)))
    assert code_of(lambda: verify_receipt(exchange.birch.sign(wrong), **trusted)) == "wrong-leaf"
    behind = exchange.receipt(token, envelope, **log.append(log.leaf(class_="receipt", ct=envelope.ct_digest)))
    assert code_of(lambda: verify_receipt(exchange.birch.sign(behind), **trusted)) == "wrong-leaf"
    applied = behind.model_copy(update={"outcome": "applied"})
    verify_receipt(exchange.birch.sign(applied), **trusted)


def test_a_rejection_says_why_and_nothing_else_does(exchange: Exchange) -> None:
    envelope, _ = exchange.sealed()
    exchange.receipt("", envelope, outcome="rejected", reason="padding-malformed")
    for changes in ({"outcome": "rejected"}, {"reason": "padding-malformed"}, {"outcome": "applied", "reason": "x"}):
        with pytest.raises(ValueError, match="rejection"):
            exchange.receipt("", envelope, **changes)


def test_the_subject_of_a_receipt_opens_to_the_person_of_the_request(exchange: Exchange) -> None:
    person = PERSON.model_dump(mode="json", exclude_none=True)
    verify_commitment(committed=exchange.selector.subject_commit, salt=SALT, payload=person)


def decided(**changes: Any) -> Decision:
    claims = {
        "iss": ALDER,
        "jti": UUID("0191ab00-0000-7000-8000-0000000000d1"),
        "sub": UUID("6f9619ff-8b86-4d01-b42d-00cf4fc964ff"),
        "action": "redisclose",
        "recipient": f"{BIRCH}#birch-elementary",
        "exchange_id": EXCHANGE_ID,
        "elements": ["identity.name", "identity.birth_date", "identity.name"],
        "policy_hash": digest_of(b"policies"),
        "iat": SECONDS,
        "exp": SECONDS + 3600,
    }
    return decision_of(**{**claims, **changes})


def test_a_decision_names_a_set_of_elements_in_one_way(exchange: Exchange) -> None:
    decision = decided()
    assert decision.elements == ("identity.birth_date", "identity.name")
    assert decision.elements_digest == element_set_digest(["identity.birth_date", "identity.name"])
    signer = exchange.alder
    assert verify_decision(signer.sign(decision), issuer=ALDER, keys=signer.keys, now=NOW) == decision
    swapped = decision.model_copy(update={"elements": decision.elements[::-1]})
    widened = decision.model_copy(update={"elements": (*decision.elements, "identity.ssn")})
    doubled = decision.model_copy(update={"elements": (*decision.elements, "identity.name")})
    for faulty in (swapped, widened, doubled):
        with pytest.raises(MalformedToken):
            verify_decision(signer.sign(faulty), issuer=ALDER, keys=signer.keys, now=NOW)
    with pytest.raises(MessageExpired):
        verify_decision(signer.sign(decision), issuer=ALDER, keys=signer.keys, now=later(3600))
    assert code_of(lambda: verify_decision(signer.sign(decision), issuer=BIRCH, keys=signer.keys, now=NOW)) == "wrong-issuer"
    too_long = decided(exp=SECONDS + 16 * 86_400)
    assert code_of(lambda: verify_decision(signer.sign(too_long), issuer=ALDER, keys=signer.keys, now=NOW)) == "message-not-yet-valid"


def test_salts_and_digests_are_32_bytes(exchange: Exchange) -> None:
    with pytest.raises(ValueError, match="validation error"):
        type(exchange.selector).model_validate({**exchange.selector.model_dump(), "subject_salt": to_base64url(bytes(16))})


def test_two_receipts_name_one_entry_of_the_arrival_and_an_outcome_may_have_one_of_its_own(exchange: Exchange) -> None:
    envelope, _ = exchange.sealed()
    first, again = exchange.receipt("token", envelope), exchange.receipt("token", envelope, outcome="applied")
    proof = exchange.birch_log.append(exchange.birch_log.leaf(class_="receipt", ct=envelope.ct_digest))
    same, own = (again.model_copy(update=members) for members in (exchange.birch_log.proof(first.index or 0), proof))
    for receipt in (same, own):
        require_one_arrival(receipt, first)
        require_one_arrival(first, receipt)
    assert code_of(lambda: require_one_arrival(again, first)) == "wrong-leaf"
    assert code_of(lambda: require_one_arrival(first, again)) == "wrong-leaf"
