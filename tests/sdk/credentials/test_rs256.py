"""A credential that another maker has signed with RSA, as Open Badges 3.0 has validators know it: a JWT, by a key of the document."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from safepassage.canonical import from_base64url, json_object, to_base64url
from safepassage.compact import assemble
from safepassage.credentials.data_integrity import with_proof
from safepassage.credentials.issuers import keys_of_document
from safepassage.credentials.vc_jwt import signing_input
from safepassage.problems.credentials import CredentialIssuerNotTrusted, CredentialMalformed
from safepassage.problems.signatures import BadSignature, MalformedToken
from tests.sdk.credentials.badges import ISSUER, KEY, NOW, badge, verified

RSA, EDDSA = f"{ISSUER}#rsa", f"{ISSUER}#key-1"
REGISTRY = jws.JWSRegistry(algorithms=["RS256", "PS256", "HS256"])
ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(KEY.public.public_bytes_raw())}


@cache
def private(bits: int, number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


def key_of(number: int = 1) -> RSAKey:
    return RSAKey.import_key(private(2_048, number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def jwk(bits: int = 2_048, **more: str) -> dict[str, Any]:
    numbers = private(bits, 1).public_key().public_numbers()
    n, e = (to_base64url(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e))
    return {"kty": "RSA", "n": n, "e": e, **more}


def document(of_rsa: Mapping[str, Any], *, beside: bool = True) -> bytes:
    methods = [{"id": RSA, "type": "JsonWebKey", "controller": ISSUER, "publicKeyJwk": of_rsa}]
    if beside:
        methods.append({"id": EDDSA, "type": "JsonWebKey", "controller": ISSUER, "publicKeyJwk": ED25519})
    return json.dumps({"id": ISSUER, "verificationMethod": methods, "assertionMethod": [one["id"] for one in methods]}).encode()


def token(*, algorithm: str = "RS256", key: Any = None, named: str = RSA, **claims: Any) -> str:
    payload = json_object(from_base64url(signing_input(badge(None).document(), key_id=RSA).decode().split(".")[1])) | claims
    signing = key_of() if key is None else key
    return jws.serialize_compact({"alg": algorithm, "kid": named, "typ": "JWT"}, json.dumps(payload).encode(), signing, registry=REGISTRY)


def judged(credential: Any, published: bytes | None = None) -> Any:
    _, keys = keys_of_document(document(jwk()) if published is None else published)
    return verified(credential, keys=lambda who: keys if who == ISSUER else {})


@pytest.mark.parametrize("more", [{}, {"alg": "RS256", "use": "sig", "kid": "rsa"}], ids=["a plain key", "one that says what it is for"])
@pytest.mark.requirement("VC-verified")
def test_a_jwt_of_another_library_is_verified_by_an_rsa_key_of_its_issuer(more: dict[str, str]) -> None:
    for published in (document(jwk(**more)), document(jwk(**more), beside=False)):
        assert judged(token(), published).document["name"] == badge(None).document()["name"]
    assert judged(token(named="#rsa"))


@pytest.mark.requirement("VC-refused")
def test_what_the_named_key_did_not_sign_with_its_own_algorithm_is_refused() -> None:
    head, payload, signature = token().split(".")
    altered = to_base64url(json.dumps(json_object(from_base64url(payload)) | {"name": "Algebra II"}).encode())
    of_another = token(key=key_of(2))
    for wrong in (f"{head}.{altered}.{signature}", of_another, f"{head}.{payload}.{signature[:-6]}", f"{head}.{payload}."):
        with pytest.raises(BadSignature):
            judged(wrong)
    by_eddsa = signing_input(badge(None).document(), key_id=RSA)
    for named_otherwise in (token(named=EDDSA), assemble(by_eddsa, KEY.private.sign(by_eddsa)), token(named=f"{ISSUER}#another")):
        with pytest.raises(CredentialIssuerNotTrusted):
            judged(named_otherwise)


@pytest.mark.requirement("VC-refused")
def test_no_other_algorithm_is_taken_for_an_rsa_key() -> None:
    for wrong in (token(algorithm="PS256"), token(algorithm="HS256", key=OctKey.import_key(from_base64url(jwk()["n"])))):
        with pytest.raises(CredentialMalformed):
            judged(wrong)


@pytest.mark.requirement("VC-refused")
def test_a_proof_in_the_document_is_by_no_rsa_key() -> None:
    with pytest.raises(CredentialIssuerNotTrusted):
        judged(with_proof(badge(None).document(), verification_method=RSA, created=NOW, sign=KEY.private.sign))


@pytest.mark.parametrize(
    "of_rsa",
    [jwk(1_024), jwk(alg="PS256"), jwk(use="enc"), jwk() | {"e": "AQ"}, jwk() | {"n": to_base64url(b"\xff" * 1_025)}],
    ids=["too small", "for another algorithm", "for encryption", "an exponent of 1", "too large"],
)
@pytest.mark.requirement("VC-refused")
def test_an_rsa_key_that_is_not_for_this_is_none(of_rsa: dict[str, Any]) -> None:
    _, keys = keys_of_document(document(of_rsa))
    assert list(keys) == [EDDSA]
    with pytest.raises(MalformedToken):
        keys_of_document(document(of_rsa, beside=False))


@pytest.mark.parametrize("of_rsa", [jwk(d="AQAB"), {"kty": "RSA", "n": "AQAB"}, jwk() | {"n": "!"}, jwk() | {"n": 7}])
@pytest.mark.requirement("VC-refused")
def test_a_document_with_what_is_no_public_key_is_refused(of_rsa: dict[str, Any]) -> None:
    with pytest.raises(MalformedToken):
        keys_of_document(document(of_rsa))
