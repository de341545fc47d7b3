import json
from typing import Any

import pytest

from safepassage.canonical import digest_of, to_base64url
from safepassage.compact import assemble, signing_input
from safepassage.node_statement import EncryptionKey, NodeStatement, key_to_seal_to, verify_node_statement
from safepassage.notes import ED25519, VerifierKey
from safepassage.problems import SuiteError
from safepassage.problems.trust import NotAMember
from safepassage.public_keys import PublicJwk, by_kid
from safepassage.suites import MLKEM768_X25519, SUITES
from safepassage.trust_list import (
    TYPE,
    TrustList,
    VerifiedTrustList,
    require_fresh,
    root_signing_input,
    trust_list_document,
    verify_first_trust_list,
    verify_next_trust_lists,
)
from safepassage.trust_members import Endpoints, Log, LogKey, Member
from tests.sdk.exchange import ALDER, BIRCH, NOW, SECONDS, EncryptionPair, Signer, later
from tests.sdk.vectors import vectors

ROOTS = [Signer(seed) for seed in (21, 22, 23, 24, 25)]
STATEMENT = Signer(31)
DAY = 86_400


def jwk(signer: Signer) -> PublicJwk:
    return PublicJwk.model_validate(signer.jwk)


def member(entity_id: str = ALDER, **changes: Any) -> Member:
    origin = entity_id.removeprefix("https://") + "/log/2026"
    vkey = VerifierKey(origin, ED25519, Signer(3).public.public_bytes_raw()).vkey
    retired = VerifierKey(origin, ED25519, Signer(11).public.public_bytes_raw()).vkey
    logs = (Log(origin=origin, keys=(LogKey(vkey=vkey), LogKey(vkey=retired, status="retired"))),)
    members = {"entity_id": entity_id, "organisation": "Agency", "state": "AL", "endpoints": Endpoints(gateway=entity_id)}
    return Member(**{**members, "statement_keys": (jwk(STATEMENT),), "logs": logs, **changes})


def listed(**changes: Any) -> TrustList:
    content = {
        "network": "Safe Passage",
        "serial": 1,
        "issued_at": SECONDS,
        "expires_at": SECONDS + 30 * DAY,
        "previous_digest": None,
        "threshold": 3,
        "roots": tuple(map(jwk, ROOTS)),
        "members": (member(), member(BIRCH)),
    }
    return TrustList(**{**content, **changes})


def signed(content: TrustList, roots: list[Signer]) -> bytes:
    payload = content.payload()
    return trust_list_document(
        payload, signatures={root.kid: root.private.sign(root_signing_input(payload, kid=root.kid)) for root in roots}
    )


def digest(content: TrustList) -> str:
    return digest_of(content.payload())


def first(content: TrustList | None = None) -> VerifiedTrustList:
    content = content or listed()
    return verify_first_trust_list(signed(content, ROOTS[:3]), digest=digest(content), now=NOW)


def following(held: VerifiedTrustList, **changes: Any) -> TrustList:
    return listed(**{"serial": held.content.serial + 1, "previous_digest": held.digest, **changes})


def code_of(call: Any) -> str:
    with pytest.raises(SuiteError) as refused:
        call()
    return refused.value.code


def test_the_trust_list_vector_verifies() -> None:
    vector = vectors("trust_list")
    document = vector["document"].encode()
    verified = verify_first_trust_list(document, digest=vector["digest"], now=NOW)
    assert verified.content.payload().decode() == vector["payload"]
    assert verified.content.member(ALDER).log_identities()[0].origin == "alder.example/log/2026"
    assert signed(verified.content, ROOTS[:3]) == document


def test_the_first_list_needs_its_digest_and_the_threshold() -> None:
    content = listed()
    assert first().content == content
    document = signed(content, ROOTS[:3])
    assert code_of(lambda: verify_first_trust_list(document, digest=to_base64url(bytes(32)), now=NOW)) == "trust-list-digest-differs"
    for signers in (ROOTS[:2], [ROOTS[0], Signer(40), Signer(41)]):
        too_few = signed(content, signers)
        assert code_of(lambda d=too_few: verify_first_trust_list(d, digest=digest(content), now=NOW)) == "trust-list-not-signed"


def test_one_root_does_not_count_twice() -> None:
    content = listed(threshold=2)
    payload = content.payload()
    once = trust_list_document(payload, signatures={ROOTS[0].kid: ROOTS[0].private.sign(root_signing_input(payload, kid=ROOTS[0].kid))})
    line = once[once.index(b'"signatures":[') + len(b'"signatures":[') : once.rindex(b"]")]
    twice = once.replace(b"]", b"," + line + b"]")
    assert code_of(lambda: verify_first_trust_list(twice, digest=digest(content), now=NOW)) == "trust-list-not-signed"


def test_one_root_does_not_count_twice_by_another_spelling_of_its_header() -> None:
    content = listed(threshold=2)
    payload = content.payload()
    lines = []
    for header in ({"alg": "Ed25519", "kid": ROOTS[0].kid, "typ": TYPE}, {"typ": TYPE, "kid": ROOTS[0].kid, "alg": "Ed25519"}):
        protected = to_base64url(json.dumps(header).encode())
        signature = ROOTS[0].private.sign(f"{protected}.{to_base64url(payload)}".encode())
        lines.append({"protected": protected, "signature": to_base64url(signature)})
    document = json.dumps({"payload": to_base64url(payload), "signatures": lines}).encode()
    assert lines[0]["signature"] != lines[1]["signature"]
    assert code_of(lambda: verify_first_trust_list(document, digest=digest(content), now=NOW)) == "trust-list-not-signed"


def test_every_change_of_a_signed_list_is_refused() -> None:
    content = listed(threshold=1)
    document = signed(content, ROOTS[:1])
    for position in range(0, len(document), 3):
        changed = bytearray(document)
        changed[position] ^= 1
        with pytest.raises(SuiteError):
            verify_first_trust_list(bytes(changed), digest=digest(content), now=NOW)


def test_a_known_root_whose_signature_fails_refuses_the_list() -> None:
    content = listed()
    payload = content.payload()
    signatures = {root.kid: root.private.sign(root_signing_input(payload, kid=root.kid)) for root in ROOTS[:3]}
    document = trust_list_document(payload, signatures={**signatures, ROOTS[4].kid: bytes(64)})
    assert code_of(lambda: verify_first_trust_list(document, digest=digest(content), now=NOW)) == "trust-list-not-signed"


def test_a_list_follows_the_one_held_and_no_other() -> None:
    held = first()
    next_list = following(held)
    assert verify_next_trust_lists([signed(next_list, ROOTS[:3])], held=held, now=NOW).content.serial == 2
    assert verify_next_trust_lists([], held=held, now=NOW) is held
    faults = {
        "trust-list-rolled-back": [
            following(held, previous_digest=to_base64url(bytes(32))),
            listed(),
            following(held, serial=3, previous_digest=to_base64url(b"\1" * 32)),
            following(held, network="Another"),
        ],
        "trust-list-not-signed": [following(held, roots=tuple(jwk(Signer(seed)) for seed in (51, 52, 53)))],
    }
    for code, lists in faults.items():
        for content in lists:
            assert code_of(lambda c=content: verify_next_trust_lists([signed(c, ROOTS[:3])], held=held, now=NOW)) == code


def test_roots_change_only_with_the_old_roots_and_the_new_ones() -> None:
    held = first()
    new = [Signer(seed) for seed in (51, 52, 53)]
    changed = following(held, roots=tuple(map(jwk, new)), threshold=2)
    assert code_of(lambda: verify_next_trust_lists([signed(changed, new)], held=held, now=NOW)) == "trust-list-not-signed"
    verified = verify_next_trust_lists([signed(changed, [*ROOTS[:3], *new[:2]])], held=held, now=NOW)
    third = following(verified, roots=tuple(map(jwk, new)), threshold=2)
    assert code_of(lambda: verify_next_trust_lists([signed(third, ROOTS)], held=verified, now=NOW)) == "trust-list-not-signed"
    assert verify_next_trust_lists([signed(third, new)], held=verified, now=NOW).content.serial == 3


def test_a_node_that_was_away_catches_up_list_by_list() -> None:
    held = first()
    second = following(held, issued_at=SECONDS + DAY, expires_at=SECONDS + 20 * DAY)
    third = listed(serial=3, previous_digest=digest(second), issued_at=SECONDS + 40 * DAY, expires_at=SECONDS + 70 * DAY)
    documents = [signed(second, ROOTS[:3]), signed(third, ROOTS[:3])]
    assert verify_next_trust_lists(documents, held=held, now=later(41 * DAY)).content == third
    assert code_of(lambda: verify_next_trust_lists(documents[1:], held=held, now=later(41 * DAY))) == "trust-list-rolled-back"
    assert code_of(lambda: verify_next_trust_lists(documents[:1], held=held, now=later(41 * DAY))) == "trust-list-expired"


def test_after_seven_days_only_receipts_go_out_and_after_the_end_nothing() -> None:
    content = listed()
    require_fresh(content, now=later(7 * DAY - 1))
    assert code_of(lambda: require_fresh(content, now=later(7 * DAY))) == "trust-list-stale"
    assert code_of(lambda: require_fresh(content, now=later(30 * DAY))) == "trust-list-expired"
    assert code_of(lambda: require_fresh(content, now=later(-301))) == "message-not-yet-valid"
    with pytest.raises(ValueError, match="at most 30 days"):
        listed(expires_at=SECONDS + 30 * DAY + 1)


@pytest.mark.parametrize("status", ["suspended", "revoked"])
def test_who_is_suspended_or_revoked_is_no_member(status: str) -> None:
    content = listed(members=(member(status=status), member(BIRCH)))
    assert content.member(BIRCH).entity_id == BIRCH
    for entity_id in (ALDER, "https://elm.example"):
        with pytest.raises(NotAMember):
            content.member(entity_id)


def test_http_is_for_the_loopback_in_development_only() -> None:
    local = "http://127.0.0.1:8301"
    content = listed(members=(member(endpoints=Endpoints(gateway=local)),))
    document = signed(content, ROOTS[:3])
    verify_first_trust_list(document, digest=digest(content), now=NOW, development=True)
    assert code_of(lambda: verify_first_trust_list(document, digest=digest(content), now=NOW)) == "trust-list-malformed"
    for url in ("http://alder.example", "ftp://alder.example"):
        with pytest.raises(ValueError, match="validation error"):
            member(endpoints={"gateway": url})


def test_incoherent_lists_are_refused() -> None:
    for changes in (
        {"threshold": 6},
        {"roots": (jwk(ROOTS[0]), jwk(ROOTS[0])), "threshold": 1},
        {"members": (member(), member())},
        {"serial": 2},
        {"previous_digest": to_base64url(bytes(32))},
        {"expires_at": SECONDS},
    ):
        with pytest.raises(ValueError, match="validation error"):
            listed(**changes)


def test_another_version_and_an_open_schema_are_refused() -> None:
    payload = listed().payload()
    for changed, code in (
        (payload.replace(b'"v":1', b'"v":2'), "unsupported-version"),
        (payload[:-1] + b',"x":1}', "trust-list-malformed"),
    ):
        document = trust_list_document(
            changed, signatures={root.kid: root.private.sign(root_signing_input(changed, kid=root.kid)) for root in ROOTS}
        )
        assert code_of(lambda d=document: verify_first_trust_list(d, digest=to_base64url(bytes(32)), now=NOW)) == code


def test_a_member_s_log_has_active_and_retired_keys() -> None:
    identity = member().log_identities()[0]
    assert [len(identity.keys), len(identity.retired_keys)] == [1, 1]
    with pytest.raises(ValueError, match="validation error"):
        Log(origin="birch.example/log/2026", keys=member().logs[0].keys)


PAIR = EncryptionPair()


def encryption_key(**changes: Any) -> EncryptionKey:
    members = {"kid": PAIR.kid, "suite": MLKEM768_X25519.name, "epoch": 1, "public_key": to_base64url(PAIR.public_key)}
    return EncryptionKey(**{**members, "not_before": SECONDS - DAY, "not_after": SECONDS + 6 * DAY, **changes})


def statement(**changes: Any) -> NodeStatement:
    members = {
        "iss": ALDER,
        "serial": 4,
        "iat": SECONDS,
        "exp": SECONDS + 7 * DAY,
        "exchange_signing": (jwk(Signer(1)),),
        "client_authentication": (jwk(Signer(5)),),
        "suites": (MLKEM768_X25519.name,),
        "encryption": (encryption_key(),),
    }
    return NodeStatement(**{**members, **changes})


def test_a_statement_is_signed_current_and_never_older_than_one_seen() -> None:
    token = STATEMENT.sign(statement())
    trusted = {"entity_id": ALDER, "keys": by_kid(member().statement_keys), "lowest_serial": 4, "now": NOW}
    assert verify_node_statement(token, **trusted).message == statement()
    assert code_of(lambda: verify_node_statement(token, **{**trusted, "lowest_serial": 5})) == "statement-rolled-back"
    assert code_of(lambda: verify_node_statement(token, **{**trusted, "entity_id": BIRCH})) == "wrong-issuer"
    assert code_of(lambda: verify_node_statement(token, **{**trusted, "now": later(7 * DAY)})) == "message-expired"
    assert code_of(lambda: verify_node_statement(token, **{**trusted, "keys": Signer(1).keys})) == "unknown-key"
    long = STATEMENT.sign(statement(exp=SECONDS + 15 * DAY))
    assert code_of(lambda: verify_node_statement(long, **trusted)) == "message-not-yet-valid"


def test_a_sender_takes_the_newest_key_in_force_of_the_first_shared_suite() -> None:
    other = EncryptionPair()
    newer = encryption_key(kid=other.kid, public_key=to_base64url(other.public_key), epoch=2, not_before=SECONDS + DAY)
    both = statement(encryption=(encryption_key(), newer))
    assert key_to_seal_to(both, supported=SUITES, now=NOW)[1].epoch == 1
    assert key_to_seal_to(both, supported=SUITES, now=later(DAY))[1].epoch == 2
    assert code_of(lambda: key_to_seal_to(statement(), supported=SUITES, now=later(6 * DAY))) == "encryption-key-unknown"
    assert code_of(lambda: key_to_seal_to(statement(suites=("unheard-of",)), supported=SUITES, now=NOW)) == "suite-not-supported"


def test_keys_are_named_by_what_they_are_and_serve_one_purpose() -> None:
    for changes in (
        {"exchange_signing": (jwk(Signer(1)), jwk(Signer(1)))},
        {"client_authentication": (jwk(Signer(1)),)},
        {"encryption": (encryption_key(), encryption_key(epoch=2))},
        {"exchange_signing": ()},
    ):
        with pytest.raises(ValueError, match="validation error"):
            statement(**changes)
    for changes in ({"kid": to_base64url(bytes(32))}, {"public_key": to_base64url(bytes(32))}):
        with pytest.raises(ValueError, match="validation error"):
            encryption_key(**changes)
    for changes in ({"kid": to_base64url(bytes(32))}, {"d": "x"}, {"crv": "X25519"}):
        with pytest.raises(ValueError, match="validation error"):
            PublicJwk.model_validate({**Signer(1).jwk, **changes})


def test_a_message_signed_by_a_statement_key_is_not_a_statement() -> None:
    signed_input = signing_input(typ="sp-request+jws", kid=STATEMENT.kid, payload=statement().claims())
    token = assemble(signed_input, STATEMENT.private.sign(signed_input))
    assert (
        code_of(lambda: verify_node_statement(token, entity_id=ALDER, keys=STATEMENT.keys, lowest_serial=0, now=NOW)) == "unexpected-type"
    )
