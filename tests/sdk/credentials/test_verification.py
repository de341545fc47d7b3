"""A credential holds, or is refused with the reason: altered, by another, expired, revoked, or not to be checked."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey
from pyld import jsonld

from safepassage.canonical import from_base64url, to_base64url
from safepassage.compact import assemble
from safepassage.credentials.issuers import did_document, did_of, jwt_key_id
from safepassage.credentials.securing import as_jwt, secured, with_data_integrity
from safepassage.credentials.vc_jwt import signing_input
from safepassage.credentials.verification import verify_credential
from safepassage.problems import SuiteError
from safepassage.problems.credentials import (
    CredentialIssuerNotTrusted,
    CredentialMalformed,
    CredentialNotValidNow,
    CredentialRevoked,
    MemberNotSigned,
    StatusListNotObtained,
    UnknownContext,
)
from safepassage.problems.signatures import BadSignature
from tests.sdk.credentials.badges import (
    CASE_ITEM,
    ENTRY,
    ISSUER,
    KEY,
    LIST_URL,
    NOW,
    OTHER_KEY,
    as_file,
    badge,
    issued,
    keys_of,
    listing,
    record,
    status_list,
    verified,
)

FORMS = ("data-integrity", "jwt")
BADGE, RECORD = issued(), record()
"""Made once: the bytes are the same each time."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.requirement("VC-verified")
def test_what_is_issued_is_verified_with_its_alignment_and_its_result(form: Any) -> None:
    found = verified(issued(form), issuer=ISSUER)
    subject = found.document["credentialSubject"]
    assert (found.issuer, found.form, subject["creditsEarned"], subject["result"][0]["value"]) == (ISSUER, form, 0.5, "B+")
    assert subject["achievement"]["alignment"][0]["targetUrl"] == CASE_ITEM
    whole = verified(record(form))
    assert [part.document["name"] for part in whole.parts] == ["Algebra I", "Algebra I"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.requirement("VC-refused")
def test_who_is_not_trusted_or_not_expected_is_refused(form: Any) -> None:
    given = issued(form)
    for refused in ({"keys": lambda _: {}}, {"keys": lambda _: OTHER_KEY.keys}, {"issuer": did_of("https://birch.example")}):
        with pytest.raises(CredentialIssuerNotTrusted):
            verified(given, **refused)
    with pytest.raises(CredentialIssuerNotTrusted):  # signed with the key of another, under its own name
        verified(issued(form, key=OTHER_KEY))


def _as_alder(form: str) -> Any:
    """Signed by somebody else in the name of Alder's key."""
    if form == "jwt":
        signed = signing_input(badge().document(), key_id=jwt_key_id(ISSUER, KEY.public))
        return assemble(signed, OTHER_KEY.private.sign(signed))
    return with_data_integrity(badge().document(), key=KEY.public, sign=OTHER_KEY.private.sign, now=NOW)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.requirement("VC-refused")
def test_a_signature_by_another_in_the_issuers_name_is_refused(form: str) -> None:
    with pytest.raises(BadSignature):
        verified(_as_alder(form))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.requirement("VC-refused")
def test_before_and_after_its_time_it_does_not_hold(form: Any) -> None:
    given = issued(form, None)
    for moment in (NOW - timedelta(seconds=1), NOW + timedelta(days=365)):
        with pytest.raises(CredentialNotValidNow):
            verified(given, now=moment)
    assert verified(given, now=NOW + timedelta(days=364))


@pytest.mark.parametrize("given", [BADGE, issued("jwt"), RECORD, record("jwt")])
@pytest.mark.requirement("VC-revoked")
def test_what_was_revoked_is_refused_and_so_is_what_cannot_be_checked(given: Any) -> None:
    assert verified(given, lists=listing(ENTRY.index - 1, ENTRY.index + 1))
    with pytest.raises(CredentialRevoked):
        verified(given, lists=listing(1, ENTRY.index))
    later = NOW + timedelta(days=8)
    for lists in (
        {},
        {LIST_URL: status_list(url=f"{LIST_URL}0")},  # another list of the issuer's
        {LIST_URL: status_list(issuer=did_of("https://birch.example"))},  # somebody else's, signed or not
        {LIST_URL: json.dumps(BADGE).encode()},  # no list at all
    ):
        with pytest.raises((StatusListNotObtained, CredentialIssuerNotTrusted)):
            verified(given, lists=lists.get)
    with pytest.raises(CredentialNotValidNow):  # a list from before the revocation
        verified(given, lists=listing(), now=later)
    assert verified(given, lists={LIST_URL: status_list(now=later)}.get, now=later)
    with pytest.raises(BadSignature):  # a list that somebody has changed back
        verified(given, lists={LIST_URL: _changed_back()}.get)


def _changed_back() -> bytes:
    revoked, clean = json.loads(status_list(ENTRY.index)), json.loads(status_list())
    revoked["credentialSubject"]["encodedList"] = clean["credentialSubject"]["encodedList"]
    return json.dumps(revoked).encode()


@pytest.mark.requirement("VC-revoked")
def test_a_list_of_a_trusted_issuer_does_not_speak_for_another() -> None:
    birch = did_of("https://birch.example")
    theirs = {LIST_URL: status_list(issuer=birch, key=OTHER_KEY)}
    with pytest.raises(StatusListNotObtained):
        verified(BADGE, lists=theirs.get, keys=lambda issuer: OTHER_KEY.keys if issuer == birch else KEY.keys)


@pytest.mark.requirement("VC-refused")
def test_a_part_of_a_record_holds_only_by_its_own_issuer_and_proof() -> None:
    stranger = copy.deepcopy(RECORD)
    stranger.pop("proof")
    inside = stranger["credentialSubject"]["verifiableCredential"]
    for part, refusal in (
        ({**inside[0], "proof": {**inside[0]["proof"], "proofValue": inside[1]["proof"]["proofValue"]}}, BadSignature),
        ({**inside[0], "issuer": {**inside[0]["issuer"], "id": "did:web:mill.example"}}, CredentialIssuerNotTrusted),
        ({name: member for name, member in inside[0].items() if name != "proof"}, CredentialMalformed),
    ):
        inside[0] = part  # Alder itself signs a record that holds it
        with pytest.raises(refusal):
            verified(secured(stranger, form="data-integrity", key=KEY.public, sign=KEY.private.sign, now=NOW))


@pytest.mark.parametrize(
    "context", ["https://evil.example/context", {"name": "https://evil.example#name"}, [], "https://www.w3.org/ns/did/v1"]
)
@pytest.mark.requirement("VC-refused")
def test_a_context_that_is_not_shipped_is_neither_fetched_nor_believed(context: Any) -> None:
    for path in (("@context",), ("credentialSubject", "@context")):
        document = copy.deepcopy(BADGE)
        place = document
        for step in path[:-1]:
            place = place[step]
        place["@context"] = [*document["@context"], context]
        with pytest.raises(UnknownContext):
            verified(document)
    whole = badge(None).document()
    whole["@context"].append(context)  # a JWT's bytes are signed, and still it would mean what nobody here knows
    with pytest.raises(UnknownContext):
        verified(as_jwt(whole, key=KEY.public, sign=KEY.private.sign))


Change = Callable[[Any], None]


def _added(path: tuple[str, ...], name: str, value: Any) -> Change:
    def change(document: Any) -> None:
        for step in path:
            document = document[step]
        document[name] = value

    return change


@pytest.mark.requirement("VC-refused")
def test_what_no_context_defines_and_so_no_signature_covers_is_refused() -> None:
    subject, achievement = ("credentialSubject",), ("credentialSubject", "achievement")
    unsigned = [
        _added((), "verdict", "excellent"),
        _added(subject, "honours", "summa cum laude"),
        _added((), "type", [*BADGE["type"], "Honours"]),
        _added(achievement, "type", ["Achievement", "Honours"]),
        _added((), "evidence", []),
        _added((), "description", None),
        _added((), "https://schema.org/description", "excellent"),
        _added((), "@id", BADGE["id"]),
        _added((), "@reverse", {"name": "x"}),
    ]
    for change in unsigned:
        document = copy.deepcopy(BADGE)
        change(document)
        with pytest.raises(MemberNotSigned):
            verified(document)


def test_a_graph_that_takes_for_ever_to_put_in_order_is_refused() -> None:
    twins = [{"type": ["Evidence"], "narrative": [{"type": ["Evidence"]} for _ in range(9)]} for _ in range(2)]
    poisoned = copy.deepcopy(BADGE)
    poisoned["evidence"] = twins
    with pytest.raises(CredentialMalformed):
        verified(poisoned)


def test_a_context_that_somebody_else_in_the_process_has_fetched_is_not_believed() -> None:
    elsewhere = {"@context": {"@vocab": "https://evil.example#"}}

    def fetched(url: str, options: Any) -> dict[str, Any]:
        del options
        return {"contentType": None, "contextUrl": None, "documentUrl": url, "document": elsewhere, "tag": "static"}

    for url in BADGE["@context"]:
        jsonld.expand({"@context": url, "name": "x"}, {"documentLoader": fetched})
    assert verified(BADGE)


def test_a_whole_number_is_the_same_with_a_point_and_without() -> None:
    whole = badge(None).document()
    whole["credentialSubject"]["creditsEarned"] = 1
    data = as_file(secured(whole, form="data-integrity", key=KEY.public, sign=KEY.private.sign, now=NOW))
    assert b'"creditsEarned":1,' in data
    for same in (data, data.replace(b'"creditsEarned":1,', b'"creditsEarned":1.0,')):
        assert verify_credential(same, keys_of=keys_of, status_list_of=listing(), now=NOW)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every text and number of a document."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, (*path, name))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from leaves(member, (*path, number))
    else:
        yield path


LEAVES = [path for path in leaves(RECORD) if "@context" not in path and path != ("issuer", "name")]
"""What is signed is the graph: the issuer's name, which stands in the record and in each part, may be left out where it is told again."""


@given(st.sampled_from(LEAVES), st.one_of(st.text(max_size=20), st.integers(), st.booleans()), st.booleans())
@settings(max_examples=50, deadline=None)
@pytest.mark.requirement("VC-refused")
def test_whatever_is_changed_or_taken_away_is_found_out(path: tuple[Any, ...], value: Any, taken: bool) -> None:
    document = copy.deepcopy(RECORD)
    place = document
    for step in path[:-1]:
        place = place[step]
    if not taken and (place[path[-1]] == value and type(place[path[-1]]) is type(value)):
        return
    if taken:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    with pytest.raises(SuiteError):
        verified(document)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@context", "type", "issuer", "proof", "x"]), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
@settings(deadline=None)
def test_whatever_comes_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(SuiteError):
        verify_credential(data, keys_of=keys_of, status_list_of=listing(), now=NOW)


@given(st.sampled_from(["alg", "kid", "typ", "jwk", "crit"]), st.sampled_from(["none", "HS256", "JWT", "at+jwt", "", {"kty": "OKP"}]))
@settings(deadline=None)
def test_nothing_in_a_jwts_header_chooses_how_it_is_verified(name: str, value: Any) -> None:
    token = issued("jwt")
    first, payload, signature = token.split(".")
    header = {**json.loads(from_base64url(first)), name: value}
    again = f"{to_base64url(json.dumps(header).encode())}.{payload}"
    with pytest.raises((CredentialMalformed, CredentialIssuerNotTrusted, BadSignature)):
        verified(f"{again}.{signature}")
    resigned = to_base64url(KEY.private.sign(again.encode()))
    if (name, value) != ("typ", "JWT"):
        with pytest.raises((CredentialMalformed, CredentialIssuerNotTrusted)):
            verified(f"{again}.{resigned}")


@pytest.mark.parametrize(
    "claim", [{"iss": "did:web:birch.example"}, {"sub": "urn:x:1"}, {"jti": "urn:x:1"}, {"nbf": 1}, {"exp": 4102444800}]
)
@pytest.mark.requirement("VC-refused")
def test_claims_of_a_jwt_that_say_otherwise_than_the_credential_are_refused(claim: dict[str, Any]) -> None:
    header, payload, _ = issued("jwt").split(".")
    claims = {**json.loads(from_base64url(payload)), **claim}
    signed = f"{header}.{to_base64url(json.dumps(claims).encode())}".encode()
    with pytest.raises(CredentialMalformed):
        verified(assemble(signed, KEY.private.sign(signed)))


def test_a_jwt_verifies_with_another_library() -> None:
    key = OKPKey.import_key(did_document(ISSUER, [KEY.public])["verificationMethod"][1]["publicKeyJwk"])
    with pytest.warns(SecurityWarning):  # the older name of the algorithm, which is the one that wallets know
        payload = jws.deserialize_compact(issued("jwt"), key, algorithms=["EdDSA"]).payload
    assert json.loads(payload)["iss"] == ISSUER


def test_what_does_not_conform_is_not_signed() -> None:
    document = badge().document()
    del document["credentialSubject"]["achievement"]["criteria"]
    with pytest.raises(CredentialMalformed) as found:
        secured(document, form="data-integrity", key=KEY.public, sign=KEY.private.sign, now=NOW)
    assert found.value.field == "credentialSubject.achievement"


def test_a_node_is_an_issuer_by_its_url_and_publishes_its_keys_in_both_forms() -> None:
    assert [did_of(url) for url in ("https://alder.example", "https://alder.example:8443", "https://x.example/node/a")] == [
        "did:web:alder.example",
        "did:web:alder.example%3A8443",
        "did:web:x.example:node:a",
    ]
    document = did_document(ISSUER, [KEY.public])
    named = {method["id"]: method["type"] for method in document["verificationMethod"]}
    assert named == {BADGE["proof"]["verificationMethod"]: "Multikey", f"{ISSUER}#{KEY.kid}": "JsonWebKey"}
    assert document["assertionMethod"] == list(named)
