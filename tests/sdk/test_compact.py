import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from safepassage.canonical import canonical_json, to_base64url
from safepassage.compact import assemble, public_jwk, public_key_of, signing_input, thumbprint, verify_compact
from safepassage.problems.signatures import BadSignature, MalformedToken, UnexpectedType, UnknownKey
from tests.sdk.exchange import Signer

KEY = Signer(1)
TYPE = "sp-request+jws"
TOKEN = KEY.sign_claims({"v": 1, "iss": "https://birch.example"}, typ=TYPE)


def with_header(header: Any, payload: bytes = b'{"v":1}') -> str:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    signed = f"{to_base64url(raw)}.{to_base64url(payload)}".encode()
    return assemble(signed, KEY.private.sign(signed))


def test_the_rfc_8037_key_has_the_published_thumbprint() -> None:
    """RFC 8037 appendix A.2 and A.3."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(public_key_of(jwk)) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_what_we_sign_verifies_with_another_library_and_the_other_way_round() -> None:
    key = OKPKey.import_key({**KEY.jwk, "d": to_base64url(KEY.private.private_bytes_raw())})
    assert jws.deserialize_compact(TOKEN, key, algorithms=["Ed25519"]).payload == canonical_json({"v": 1, "iss": "https://birch.example"})
    theirs = jws.serialize_compact({"alg": "Ed25519", "kid": KEY.kid, "typ": TYPE}, b'{"v":1}', key, algorithms=["Ed25519"])
    assert verify_compact(theirs, typ=TYPE, keys=KEY.keys) == {"v": 1}


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA", "kid": KEY.kid, "typ": TYPE},
        {"alg": "none", "kid": KEY.kid, "typ": TYPE},
        {"alg": "HS256", "kid": KEY.kid, "typ": TYPE},
        {"alg": "Ed25519", "typ": TYPE},
        {"alg": "Ed25519", "kid": KEY.kid},
        {"alg": "Ed25519", "kid": KEY.kid, "typ": TYPE, "crit": ["b64"], "b64": False},
        {"alg": "Ed25519", "kid": KEY.kid, "typ": TYPE, "jwk": KEY.jwk},
        {"alg": "Ed25519", "kid": KEY.kid, "typ": TYPE, "jku": "https://elm.example/jwks"},
        {"alg": "Ed25519", "kid": KEY.kid, "typ": TYPE, "x5u": "https://elm.example/cert"},
        {"alg": "Ed25519", "kid": 1, "typ": TYPE},
        {"alg": ["Ed25519"], "kid": KEY.kid, "typ": TYPE},
        [],
        b'{"alg":"Ed25519","kid":"%s","typ":"sp-request+jws","typ":"sp-request+jws"}' % KEY.kid.encode(),
        b"\xff",
    ],
)
def test_a_header_that_says_anything_else_is_refused(header: Any) -> None:
    with pytest.raises(MalformedToken):
        verify_compact(with_header(header), typ=TYPE, keys=KEY.keys)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b'{"v":1,"v":1}', b'{"v":NaN}', b"\xff", b"[" * 20_000])
def test_a_payload_that_is_not_one_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(MalformedToken):
        verify_compact(with_header({"alg": "Ed25519", "kid": KEY.kid, "typ": TYPE}, payload), typ=TYPE, keys=KEY.keys)


def test_every_single_bit_change_is_refused() -> None:
    data = TOKEN.encode()
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((MalformedToken, UnexpectedType, UnknownKey, BadSignature)):
            verify_compact(changed.decode("latin-1"), typ=TYPE, keys=KEY.keys)


def test_type_key_and_length_are_the_verifier_s_to_name() -> None:
    with pytest.raises(UnexpectedType):
        verify_compact(TOKEN, typ="sp-receipt+jws", keys=KEY.keys)
    with pytest.raises(UnknownKey):
        verify_compact(TOKEN, typ=TYPE, keys=Signer(2).keys)
    with pytest.raises(BadSignature):
        verify_compact(TOKEN, typ=TYPE, keys={KEY.kid: Signer(2).public})
    with pytest.raises(MalformedToken):
        verify_compact(TOKEN, typ=TYPE, keys=KEY.keys, max_length=len(TOKEN) - 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token + ".",
        lambda token: token + "=",
        lambda token: token.replace(".", "", 1),
        lambda token: " " + token,
        lambda token: token + "\n",
        lambda token: token[: token.rindex(".") + 1],
    ],
)
def test_another_spelling_of_the_same_token_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises((MalformedToken, BadSignature)):
        verify_compact(change(TOKEN), typ=TYPE, keys=KEY.keys)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC"},
        {"crv": "X25519"},
        {"x": "AAAA"},
        {"x": 1},
        {"d": "secret"},
        {"kid": "another"},
        {"x": KEY.jwk["x"] + "="},
    ],
)
def test_only_a_public_ed25519_key_under_its_thumbprint_is_taken(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedToken):
        public_key_of({**public_jwk(KEY.public), **change})


@given(st.text(max_size=200))
def test_any_text_is_refused_with_a_problem(text: str) -> None:
    with pytest.raises(MalformedToken):
        verify_compact(text, typ=TYPE, keys=KEY.keys)


def test_the_signing_input_is_canonical() -> None:
    assert signing_input(typ=TYPE, kid=KEY.kid, payload={"b": 1, "a": 2}) == signing_input(typ=TYPE, kid=KEY.kid, payload={"a": 2, "b": 1})
