"""ES384: ECDSA with P-384 and SHA-384 (FIPS 186-5), its signature in JWS as r ‖ s, 48 bytes each (RFC 7518 section 3.4)."""

from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP384R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384

from safepassage.canonical import from_base64url, to_base64url
from safepassage.problems.signatures import MalformedToken

ES384: Final = "ES384"
NUMBER_BYTES: Final = 48
SIGNATURE_BYTES: Final = 2 * NUMBER_BYTES
SIGNED_WITH: Final = ECDSA(SHA384())


def p384_members(key: EllipticCurvePublicKey) -> dict[str, str]:
    """crv, kty, x, y of the key as a JWK (RFC 7518 section 6.2)."""
    numbers = key.public_numbers()
    x, y = (to_base64url(number.to_bytes(NUMBER_BYTES, "big")) for number in (numbers.x, numbers.y))
    return {"crv": "P-384", "kty": "EC", "x": x, "y": y}


def p384_key_of(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    """The key of a public P-384 JWK. Raises MalformedToken for any other, and for a point that is not on the curve."""
    try:
        if jwk["kty"] != "EC" or jwk["crv"] != "P-384" or "d" in jwk:
            raise MalformedToken("not a public P-384 key")
        x, y = from_base64url(jwk["x"]), from_base64url(jwk["y"])
        if len(x) != NUMBER_BYTES or len(y) != NUMBER_BYTES:
            raise MalformedToken("not a public P-384 key")
        return EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP384R1()).public_key()
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise MalformedToken("not a public P-384 key") from error


def joined(der: bytes) -> bytes:
    """A signature as JWS has it, from the DER form in which it is made."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(NUMBER_BYTES, "big") + s.to_bytes(NUMBER_BYTES, "big")


def verify_es384(signature: bytes, signed: bytes, *, key: EllipticCurvePublicKey) -> None:
    """Check a signature of 96 bytes. Raises InvalidSignature."""
    if len(signature) != SIGNATURE_BYTES or not isinstance(key.curve, SECP384R1):
        raise InvalidSignature
    r, s = (int.from_bytes(part, "big") for part in (signature[:NUMBER_BYTES], signature[NUMBER_BYTES:]))
    key.verify(encode_dss_signature(r, s), signed, SIGNED_WITH)
