from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from safepassage.canonical import digest_of, from_base64url, json_object, to_base64url
from safepassage.checkpoints import Checkpoint, parse_checkpoint
from safepassage.envelope import Envelope, envelope_body, read_envelope, split_body, verify_envelope
from safepassage.logged import Logged, LogIdentity, unpacked
from safepassage.notes import ED25519, VerifierKey, parse_note
from safepassage.package import MAY_BE_HERE, NOTHING_PROVIDED, Credentials, NotProvided, Package, read_sealed
from safepassage.problems import SuiteError
from safepassage.problems.bodies import AttachmentsDiffer
from safepassage.problems.envelopes import ConsistencyNotShown, EnvelopeMalformed, OtherCiphertext, PlaintextNotCommitted
from safepassage.problems.messages import PaddingMalformed, SealedIdsDiffer
from safepassage.problems.proofs import ConsistencyNotProven
from safepassage.problems.signatures import BadSignature, MalformedToken, UnexpectedType, UnknownKey
from safepassage.sealing import padded, pt_commit, unpadded
from safepassage.suites import MLKEM1024_P384, SUITES
from tests.sdk import rfc9162
from tests.sdk.exchange import ALDER, BIRCH, ENVELOPE_ID, NOW, Exchange, MemoryLog, Signer, later


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def receive(exchange: Exchange, body: bytes, **changes: Any) -> Logged:
    trusted = {"expected": exchange.expected, "logs": [exchange.alder_log.identity], "pinned": {}, "now": NOW}
    return verify_envelope(read_envelope(body, issuer=ALDER, audience=BIRCH, keys=exchange.alder.keys), **{**trusted, **changes})


def refusal(exchange: Exchange, body: bytes, **changes: Any) -> str:
    with pytest.raises(SuiteError) as refused:
        receive(exchange, body, **changes)
    return refused.value.code


def altered_path(envelope: Envelope, path: list[bytes]) -> Envelope:
    return envelope.model_copy(update={"path": to_base64url(b"".join(path))})


def resigned(exchange: Exchange, envelope: Envelope, ciphertext: bytes) -> bytes:
    return envelope_body(exchange.alder.sign(envelope), ciphertext)


@pytest.mark.parametrize("kind", ["package", "perhaps", "credentials", "not-provided"])
def test_an_answer_that_was_logged_first_is_accepted_and_opens(exchange: Exchange, kind: str) -> None:
    body = exchange.body(kind=kind)
    logged = receive(exchange, body)
    assert logged.leaf.class_ == ("request" if kind == "not-provided" else "disclosure")
    signed = read_envelope(body, issuer=ALDER, audience=BIRCH, keys=exchange.alder.keys)
    opened = read_sealed(exchange.birch_keys.open(signed.ciphertext, signed.message.info()), envelope=signed.message.claims()).content
    if isinstance(opened, Package):
        assert opened.record.elements() == opened.manifest.elements == ("identity.birth_date",)
    elif isinstance(opened, Credentials):
        assert opened.credentials == ("{}",)
    else:
        assert opened.statement == (MAY_BE_HERE if kind == "perhaps" else NOTHING_PROVIDED)


def test_every_kind_of_answer_has_a_ciphertext_of_one_size(exchange: Exchange) -> None:
    sizes = {len(exchange.sealed(kind=kind)[1]) for kind in ("package", "perhaps", "credentials", "not-provided")}
    assert sizes == {16 * 1024 + 1136}


def test_each_fault_of_the_proof_is_refused_with_its_own_code(exchange: Exchange) -> None:
    envelope, ciphertext = exchange.sealed()
    good = exchange.logged(envelope)
    receive(exchange, resigned(exchange, good, ciphertext))
    log = exchange.alder_log
    other_log = MemoryLog("elm.example/log/2026", 9)
    decided = {"decision": digest_of(b"decision")}

    def proven(entry: bytes, log: MemoryLog = log) -> Envelope:
        return envelope.model_copy(update=log.append(entry))

    wrong_leaf = proven(log.leaf(class_="read", ct=envelope.ct_digest, commit=envelope.pt_commit, **decided))
    no_decision = proven(log.leaf(class_="disclosure", ct=envelope.ct_digest, commit=envelope.pt_commit))
    other_exchange = proven(log.leaf(class_="disclosure", ct=digest_of(b"another"), commit=envelope.pt_commit, **decided))
    other_commit = proven(log.leaf(class_="disclosure", ct=envelope.ct_digest, commit=digest_of(b"another"), **decided))
    foreign = proven(other_log.leaf(class_="disclosure", ct=envelope.ct_digest, commit=envelope.pt_commit, **decided), other_log)
    good = exchange.logged(envelope)
    altered = from_base64url(good.entry or "").replace(b'"key_epoch":2027', b'"key_epoch":2028')
    path = unpacked(good.path or "")
    size = len(log.entries)
    faults = {
        "without-proof": [good.model_copy(update={member: None}) for member in ("entry", "index", "path", "checkpoint")],
        "foreign-log": [foreign],
        "wrong-leaf": [wrong_leaf],
        "leaf-of-another-exchange": [other_exchange, other_commit],
        "decision-missing": [no_decision],
        "index-beyond-log": [good.model_copy(update={"index": index}) for index in (size, size + 1, 2**40)],
        "wrong-path-length": [altered_path(good, changed) for changed in ([], path[:-1], [*path, path[0]])],
        "inclusion-not-proven": [
            good.model_copy(update={"entry": to_base64url(altered)}),
            altered_path(good, [path[-1], *path[1:-1], path[0]]),
            good.model_copy(update={"index": (good.index or 0) ^ 1}),
            good.model_copy(update={"checkpoint": log.checkpoint(root=bytes(32))}),
        ],
        "checkpoint-not-signed": [good.model_copy(update={"checkpoint": log.checkpoint(private=Ed25519PrivateKey.generate())})],
        "note-malformed": [good.model_copy(update={"checkpoint": "alder.example/log/2026"})],
    }
    for code, envelopes in faults.items():
        for faulty in envelopes:
            assert refusal(exchange, resigned(exchange, faulty, ciphertext)) == code


def test_a_not_provided_answer_cannot_stand_on_a_disclosure_nor_another_one_on_a_request(exchange: Exchange) -> None:
    for kind, class_ in (("package", "request"), ("perhaps", "request"), ("credentials", "request"), ("not-provided", "disclosure")):
        envelope, ciphertext = exchange.sealed(kind=kind)
        entry = exchange.alder_log.leaf(class_=class_, ct=envelope.ct_digest, commit=envelope.pt_commit, decision=digest_of(b"d"))
        proven = envelope.model_copy(update=exchange.alder_log.append(entry))
        assert refusal(exchange, resigned(exchange, proven, ciphertext)) == "wrong-leaf"


def test_a_checkpoint_by_a_retired_key_is_refused_and_says_so(exchange: Exchange) -> None:
    envelope, ciphertext = exchange.sealed()
    retired = Ed25519PrivateKey.from_private_bytes(b"\x0b" * 32)
    key = VerifierKey(exchange.alder_log.origin, ED25519, retired.public_key().public_bytes_raw())
    body = exchange.logged(envelope).model_copy(update={"checkpoint": exchange.alder_log.checkpoint(private=retired)})
    log = LogIdentity(exchange.alder_log.origin, (exchange.alder_log.key,), (key,))
    assert refusal(exchange, resigned(exchange, body, ciphertext), logs=[log]) == "checkpoint-by-retired-key"


def test_what_is_not_for_us_or_not_what_we_asked_is_refused(exchange: Exchange) -> None:
    envelope, ciphertext = exchange.sealed()
    good = exchange.logged(envelope)
    faults = {
        "other-exchange": [{"exchange_id": ENVELOPE_ID}, {"request_digest": digest_of(b"another request")}],
        "other-recipient": [{"recipient_organisation": "elm-elementary"}],
        "wrong-audience": [{"aud": "https://elm.example"}],
        "wrong-issuer": [{"iss": "https://elm.example"}],
        "suite-not-supported": [{"suite": "x25519.hkdf-sha256.aes-256-gcm.ed25519"}],
        "encryption-key-unknown": [{"enc_kid": digest_of(b"another key")}],
        "message-not-yet-valid": [{"iat": int(later(301).timestamp())}, {"exp": int(later(15 * 86_400).timestamp())}],
    }
    for code, changes in faults.items():
        for change in changes:
            assert refusal(exchange, resigned(exchange, good.model_copy(update=change), ciphertext)) == code


def test_a_suite_is_not_named_over_another_suite_s_signature(exchange: Exchange) -> None:
    """Who lists both suites, and is sent one under the other's signature, has been sent something that nobody made."""
    envelope, ciphertext = exchange.sealed()
    both = replace(exchange.expected, suites=set(SUITES))
    good = exchange.logged(envelope)
    receive(exchange, resigned(exchange, good, ciphertext), expected=both)
    named = good.model_copy(update={"suite": MLKEM1024_P384.name})
    assert refusal(exchange, resigned(exchange, named, ciphertext), expected=both) == "suite-not-supported"


def test_expired_means_from_exp_on(exchange: Exchange) -> None:
    body = exchange.body()
    receive(exchange, body, now=later(14 * 86_400 - 1))
    assert refusal(exchange, body, now=later(14 * 86_400)) == "message-expired"


def test_another_ciphertext_is_refused_before_anything_is_opened(exchange: Exchange) -> None:
    body = exchange.body()
    jws, ciphertext = split_body(body)
    for other in (ciphertext[:-1] + bytes([ciphertext[-1] ^ 1]), ciphertext + b"\0", ciphertext[:-1]):
        with pytest.raises(OtherCiphertext):
            read_envelope(envelope_body(jws, other), issuer=ALDER, audience=BIRCH, keys=exchange.alder.keys)


def test_a_ciphertext_of_no_size_class_is_refused(exchange: Exchange) -> None:
    envelope, ciphertext = exchange.sealed()
    short = ciphertext[:-1]
    body = resigned(exchange, exchange.logged(envelope.model_copy(update={"ct_digest": digest_of(short)})), short)
    assert refusal(exchange, body) == "envelope-malformed"


def test_a_stranger_s_signature_another_type_and_a_changed_payload_are_refused(exchange: Exchange) -> None:
    envelope, ciphertext = exchange.sealed()
    good = exchange.logged(envelope)
    stranger = Signer(7)
    with pytest.raises(UnknownKey):
        receive(exchange, envelope_body(stranger.sign(good), ciphertext))
    with pytest.raises(UnexpectedType):
        receive(exchange, envelope_body(exchange.alder.sign(good, typ="sp-receipt+jws"), ciphertext))
    jws = exchange.alder.sign(good)
    header, payload, signature = jws.split(".")
    with pytest.raises((BadSignature, MalformedToken)):
        receive(exchange, envelope_body(f"{header}.{payload[:-4]}AAAA.{signature}", ciphertext))


@pytest.mark.parametrize(
    "body", [b"", b"\0\0\0", b"\0\0\0\0", b"\0\0\0\1", b"\0\0\0\1a", b"\xff\xff\xff\xff" + bytes(80), b"\0\0\0\2\xff\xffct"]
)
def test_what_is_not_an_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(EnvelopeMalformed):
        split_body(body)


def test_a_checkpoint_that_does_not_continue_the_pinned_one_is_refused(exchange: Exchange) -> None:
    log = exchange.alder_log
    pinned = parse_checkpoint(parse_note(log.checkpoint(5)).text)
    forked = Checkpoint(log.origin, 5, bytes(32))
    envelope, ciphertext = exchange.sealed()
    good = exchange.logged(envelope)
    shown = good.model_copy(update=log.proof(good.index or 0, since=5))
    assert receive(exchange, resigned(exchange, shown, ciphertext), pinned={log.origin: pinned}).latest(pinned).size == len(log.entries)
    assert refusal(exchange, resigned(exchange, shown, ciphertext), pinned={log.origin: forked}) == "consistency-not-proven"
    assert refusal(exchange, resigned(exchange, good, ciphertext), pinned={log.origin: pinned}) == "consistency-not-shown"
    elsewhere = good.model_copy(update=log.proof(good.index or 0, since=4))
    assert refusal(exchange, resigned(exchange, elsewhere, ciphertext), pinned={log.origin: pinned}) == "consistency-not-shown"
    same_size = Checkpoint(log.origin, len(log.entries), bytes(32))
    assert refusal(exchange, resigned(exchange, shown, ciphertext), pinned={log.origin: same_size}) == "consistency-not-proven"


def test_an_envelope_overtaken_by_a_larger_checkpoint_needs_the_path_between_both(exchange: Exchange) -> None:
    log = exchange.alder_log
    body = exchange.body()
    size = len(log.entries)
    log.append(log.leaf(class_="load", number=7), after=9)
    pinned = parse_checkpoint(parse_note(log.checkpoint()).text)
    with pytest.raises(ConsistencyNotShown) as asked:
        receive(exchange, body, pinned={log.origin: pinned})
    assert (asked.value.old_size, asked.value.new_size) == (size, len(log.entries))
    path = rfc9162.proof(size, log.entries)
    assert receive(exchange, body, pinned={log.origin: pinned}, consistency=path).latest(pinned) == pinned
    with pytest.raises(ConsistencyNotProven):
        receive(exchange, body, pinned={log.origin: pinned}, consistency=[*path[:-1], bytes(32)])


def test_a_ciphertext_opens_only_under_the_claims_it_was_sealed_for(exchange: Exchange) -> None:
    envelope, ciphertext = exchange.sealed()
    moved = {
        "iss": BIRCH,
        "aud": ALDER,
        "recipient_organisation": "elm-elementary",
        "exchange_id": ENVELOPE_ID,
        "envelope_id": envelope.exchange_id,
        "request_digest": digest_of(b"x"),
        "kind": "not-provided",
        "enc_kid": digest_of(b"x"),
    }
    for member, value in moved.items():
        with pytest.raises(InvalidTag):
            exchange.birch_keys.open(ciphertext, envelope.model_copy(update={member: value}).info())


def test_opened_content_must_repeat_the_ids_and_be_what_was_committed(exchange: Exchange) -> None:
    envelope, ciphertext = exchange.sealed()
    plaintext = exchange.birch_keys.open(ciphertext, envelope.info())
    claims = envelope.claims()
    read_sealed(plaintext, envelope=claims)
    for member in ("iss", "aud", "recipient_organisation", "exchange_id", "envelope_id", "request_digest"):
        with pytest.raises(SealedIdsDiffer):
            read_sealed(plaintext, envelope={**claims, member: "another"})
    with pytest.raises(PlaintextNotCommitted):
        read_sealed(plaintext, envelope={**claims, "pt_commit": digest_of(b"another")})
    with pytest.raises(MalformedToken):
        read_sealed(plaintext, envelope={**claims, "kind": "not-provided"})
    with pytest.raises(PaddingMalformed):
        read_sealed(plaintext[:-1], envelope=claims)


@pytest.mark.parametrize(
    ("element", "refused"),
    [("health.immunizations", False), ("identity.birth_date", True), ("health.alerts", True)],
)
def test_a_document_belongs_to_an_element_of_the_record_that_takes_documents(exchange: Exchange, element: str, refused: bool) -> None:
    envelope, ciphertext = exchange.sealed()
    package = json_object(unpadded(exchange.birch_keys.open(ciphertext, envelope.info())))
    record = {**package["record"], "health": {"immunizations": {"as_of": "2026-09-01"}}}
    record["provenance"] = {**record["provenance"], "health": record["provenance"]["identity"]}
    one = {"element": element, "media_type": "application/pdf", "size": 5, "digest": digest_of(b"%PDF-"), "first": 0, "key": "A" * 43}
    plaintext = padded({**package, "record": record, "attachments": [one]})
    commitment = pt_commit(salt=from_base64url(package["pt_salt"]), plaintext=plaintext)
    claims = envelope.claims() | {"pt_commit": commitment, "body": {"chunks": 1}}
    with pytest.raises(AttachmentsDiffer) if refused else nullcontext():
        read_sealed(plaintext, envelope=claims)


def test_not_provided_says_nothing_of_whether_a_record_exists() -> None:
    members = set(NotProvided.model_fields) - set(Package.model_fields)
    assert members == {"statement"}
    assert "does not state whether one exists" in NOTHING_PROVIDED
