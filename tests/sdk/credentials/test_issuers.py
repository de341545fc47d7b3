"""An issuer's document: ours begins as DID Core says, and those of other makers are read with the names that they give their keys."""

import json
from typing import Any

import pytest

from safepassage.canonical import from_base64url, to_base64url
from safepassage.compact import assemble
from safepassage.credentials.data_integrity import with_proof
from safepassage.credentials.issuers import did_document, keys_of_document
from safepassage.credentials.multikey import multikey
from safepassage.credentials.vc_jwt import signing_input
from safepassage.problems.credentials import CredentialIssuerNotTrusted, CredentialMalformed, CredentialNotValidNow
from safepassage.problems.signatures import MalformedToken
from tests.sdk.credentials.badges import ISSUER, KEY, NOW, badge, verified

MULTIKEY = {"type": "Multikey", "controller": ISSUER, "publicKeyMultibase": multikey(KEY.public)}
JWK = {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(KEY.public.public_bytes_raw())}
AS_JWK = {"id": "#key-1", "type": "JsonWebKey", "controller": ISSUER, "publicKeyJwk": JWK}


def document(*asserting: Any, methods: tuple[Any, ...] = ()) -> bytes:
    return json.dumps({"id": ISSUER, "verificationMethod": methods, "assertionMethod": asserting}).encode()


@pytest.mark.requirement("VC-verified")
def test_the_document_begins_with_the_context_of_did_core() -> None:
    """Section 6.3.1: otherwise verifiers look for a context that they do not have."""
    assert did_document(ISSUER, [KEY.public])["@context"][0] == "https://www.w3.org/ns/did/v1"


@pytest.mark.parametrize(
    "published",
    [
        document(f"{ISSUER}#key-1", methods=({**MULTIKEY, "id": f"{ISSUER}#key-1"},)),
        document("#key-1", methods=({**MULTIKEY, "id": "#key-1"},)),
        document({**MULTIKEY, "id": f"{ISSUER}#key-1"}),
        document("#key-1", methods=({**AS_JWK, "type": "JsonWebKey2020", "publicKeyJwk": JWK | {"kid": "key-1"}},)),
        document(
            "#rsa",
            "#p256",
            "#key-1",
            methods=(
                {**AS_JWK, "id": "#rsa", "publicKeyJwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
                {**MULTIKEY, "id": "#p256", "publicKeyMultibase": "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"},
                {**MULTIKEY, "id": "#key-1"},
            ),
        ),
    ],
    ids=["a multikey", "relative names", "a key in the list itself", "a JWK with a kid of its own", "keys of other kinds beside it"],
)  # fmt: skip
@pytest.mark.requirement("VC-verified")
def test_a_key_is_known_by_the_name_that_its_issuer_gives_it(published: bytes) -> None:
    issuer, keys = keys_of_document(published)
    assert (issuer, list(keys)) == (ISSUER, [f"{ISSUER}#key-1"])
    unsigned = badge(None).document()
    proven = with_proof(unsigned, verification_method=f"{ISSUER}#key-1", created=NOW, sign=KEY.private.sign)
    signed = signing_input(unsigned, key_id=f"{ISSUER}#key-1")
    for credential in (proven, assemble(signed, KEY.private.sign(signed))):
        assert verified(credential, keys=lambda who: keys if who == ISSUER else {})
    elsewhere = with_proof(unsigned, verification_method=f"{ISSUER}#key-2", created=NOW, sign=KEY.private.sign)
    with pytest.raises(CredentialIssuerNotTrusted):
        verified(elsewhere, keys=lambda _: keys)


@pytest.mark.parametrize(
    "published",
    [
        document(f"{ISSUER}#key-1", methods=({**MULTIKEY, "id": f"{ISSUER}#key-1", "controller": "did:web:mill.example"},)),
        document(methods=({**MULTIKEY, "id": "#key-1"},)),
        document("#key-2", methods=({**MULTIKEY, "id": "#key-1"},)),
        document("#key-1", methods=({**MULTIKEY, "id": "#key-1", "publicKeyMultibase": "z0"},)),
        document("#key-1", methods=({**AS_JWK, "publicKeyJwk": JWK | {"d": "AQAB"}},)),
        document("#key-1", methods=("#key-1",)),
        document(7),
    ],
    ids=["another's key", "a key that asserts nothing", "a name without a key", "no base58", "a private key", "no method", "a number"],
)
@pytest.mark.requirement("VC-refused")
def test_a_document_without_a_key_that_may_assert_is_refused(published: bytes) -> None:
    with pytest.raises(MalformedToken):
        keys_of_document(published)


@pytest.mark.parametrize("ends", [NOW.timestamp() + 60, "soon", 1e300, None, True])
@pytest.mark.requirement("VC-refused")
def test_the_end_that_a_jwt_alone_tells_counts(ends: Any) -> None:
    """Open Badges 3.0, section 8.2.4.1: `exp` sets `validUntil`."""
    unsigned = badge(None).document()
    del unsigned["validUntil"]
    first, payload = signing_input(unsigned, key_id=f"{ISSUER}#{KEY.kid}").decode().split(".")
    told = json.loads(from_base64url(payload)) | {"exp": ends}
    signed = f"{first}.{to_base64url(json.dumps(told).encode())}".encode()
    token = assemble(signed, KEY.private.sign(signed))
    if isinstance(ends, float) and ends < 1e12:
        assert verified(token)
    with pytest.raises((CredentialNotValidNow, CredentialMalformed)):
        verified(token, now=NOW.replace(year=2030))
