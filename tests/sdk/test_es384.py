"""ES384 against the published signature of RFC 6979, and tokens whose header and key do not agree."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, derive_private_key, generate_private_key
from pydantic import TypeAdapter, ValidationError

from safepassage.canonical import canonical_json, to_base64url
from safepassage.compact import PublicKeys, assemble, message_key_of, public_jwk, thumbprint, verify_compact
from safepassage.es384 import NUMBER_BYTES, SIGNED_WITH, joined, p384_key_of, verify_es384
from safepassage.problems import SuiteError
from safepassage.public_keys import MessageJwk, PublicJwk, by_kid
from safepassage.suites import MLKEM768_X25519, MLKEM1024_P384, SUITES
from shared.keys import SigningKey
from shared.p384_keys import P384SigningKey

# RFC 6979 appendix A.2.6: NIST P-384, SHA-384, message "sample"
PRIVATE = 0x6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5
X = "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13"
Y = "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720"
R = "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
S = "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8"
SIGNATURE = bytes.fromhex(R + S)
JWK = {"kty": "EC", "crv": "P-384", "x": to_base64url(bytes.fromhex(X)), "y": to_base64url(bytes.fromhex(Y))}


def test_the_published_signature_verifies_and_no_other() -> None:
    key = p384_key_of(JWK)
    assert derive_private_key(PRIVATE, SECP384R1()).public_key() == key
    verify_es384(SIGNATURE, b"sample", key=key)
    others: list[tuple[bytes, bytes]] = [
        (SIGNATURE, b"simple"),
        (SIGNATURE[:-1], b"sample"),
        (SIGNATURE + b"\0", b"sample"),
        (b"", b"sample"),
    ]
    others += [(bytes(2 * NUMBER_BYTES), b"sample"), (SIGNATURE[NUMBER_BYTES:] + SIGNATURE[:NUMBER_BYTES], b"sample")]
    for signature, message in others:
        with pytest.raises(InvalidSignature):
            verify_es384(signature, message, key=key)
    with pytest.raises(InvalidSignature):
        verify_es384(SIGNATURE, b"sample", key=generate_private_key(SECP256R1()).public_key())


def test_a_signature_has_96_bytes_whatever_its_numbers_are() -> None:
    key = P384SigningKey.generate()
    lengths = {len(joined(key._private.sign(b"%d" % n, SIGNED_WITH))) for n in range(300)}
    assert lengths == {2 * NUMBER_BYTES}


def test_a_message_of_a_p384_key_verifies_under_its_kid() -> None:
    key = P384SigningKey.generate()
    token = key.sign_compact(typ="t+jws", payload={"a": 1})
    assert verify_compact(token, typ="t+jws", keys={key.kid: key.public}) == {"a": 1}
    assert message_key_of(key.jwk) == key.public
    assert thumbprint(key.public) == key.kid


def forged(algorithm: str, key: Any, *, kid: str) -> str:
    header = to_base64url(canonical_json({"alg": algorithm, "kid": kid, "typ": "t+jws"}))
    signed = f"{header}.{to_base64url(canonical_json({'a': 1}))}".encode()
    return assemble(signed, key.sign(signed) if isinstance(key, SigningKey) else joined(key._private.sign(signed, SIGNED_WITH)))


def refused(token: str, keys: PublicKeys) -> str:
    with pytest.raises(SuiteError) as raised:
        verify_compact(token, typ="t+jws", keys=keys)
    return raised.value.code


def test_a_header_chooses_no_algorithm() -> None:
    curve, edwards = P384SigningKey.generate(), SigningKey.generate()
    keys: PublicKeys = {curve.kid: curve.public, edwards.kid: edwards.public}
    assert verify_compact(forged("ES384", curve, kid=curve.kid), typ="t+jws", keys=keys)
    assert verify_compact(forged("Ed25519", edwards, kid=edwards.kid), typ="t+jws", keys=keys)
    assert refused(forged("Ed25519", curve, kid=curve.kid), keys) == "bad-signature"
    assert refused(forged("ES384", edwards, kid=edwards.kid), keys) == "bad-signature"
    assert refused(forged("ES384", curve, kid=edwards.kid), keys) == "bad-signature"
    for algorithm in ("none", "ES256", "HS256", "EdDSA", "es384"):
        assert refused(forged(algorithm, curve, kid=curve.kid), keys) == "malformed-token"


@pytest.mark.parametrize(
    "change",
    [
        lambda jwk: {**jwk, "kid": "A" * 43},
        lambda jwk: {**jwk, "y": jwk["x"]},
        lambda jwk: {**jwk, "x": jwk["x"][:-4]},
        lambda jwk: {**jwk, "crv": "P-256"},
        lambda jwk: {**jwk, "alg": "ES256"},
        lambda jwk: {**jwk, "d": "AA"},
        lambda jwk: {**jwk, "kty": "OKP"},
    ],
)
def test_what_is_no_p384_key_under_its_thumbprint_is_refused(
    change: Callable[[dict[str, str]], dict[str, str]],
) -> None:
    reader: TypeAdapter[Any] = TypeAdapter(MessageJwk)
    jwk = P384SigningKey.generate().jwk
    [held] = by_kid([reader.validate_python(jwk)])
    assert held == jwk["kid"]
    with pytest.raises(ValidationError):
        reader.validate_python(change(jwk))


def test_where_ed25519_alone_is_used_a_p384_key_is_none() -> None:
    with pytest.raises(ValidationError):
        PublicJwk.model_validate(P384SigningKey.generate().jwk)
    assert PublicJwk.model_validate(public_jwk(SigningKey.generate().public))


def test_each_suite_says_with_what_its_messages_are_signed() -> None:
    assert [(suite.name, suite.signature) for suite in SUITES.values()] == [
        ("mlkem768-x25519.shake256.aes-256-gcm.ed25519", "Ed25519"),
        ("mlkem1024-p384.hkdf-sha384.aes-256-gcm.es384", "ES384"),
    ]
    assert next(iter(SUITES)) == MLKEM768_X25519.name != MLKEM1024_P384.name
