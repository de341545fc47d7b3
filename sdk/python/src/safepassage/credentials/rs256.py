"""RS256 (RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 section 3.3), which other makers' credentials are signed with as JWTs. Verified alone:
nothing here signs with it.
"""

from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from safepassage.canonical import from_base64url
from safepassage.problems.signatures import BadSignature

RS256: Final = "RS256"
BITS: Final = range(2_048, 8_192 + 1)
"""Of a modulus. Below, RFC 7518 forbids it; above, a signature takes whoever verifies it long, and nobody needs it."""
EXPONENTS: Final = range(3, 1 << 32)


def rsa_key_of(jwk: Mapping[str, Any]) -> RSAPublicKey | None:
    """The key of a public RSA JWK (RFC 7518 section 6.3); None for one that is not for RS256, or of a size that is not taken.

    Raises ValueError, KeyError, TypeError for what is no key.
    """
    modulus, exponent = (int.from_bytes(from_base64url(jwk[name]), "big") for name in ("n", "e"))
    is_for_it = jwk.get("alg", RS256) == RS256 and jwk.get("use", "sig") == "sig"
    if not is_for_it or modulus.bit_length() not in BITS or exponent not in EXPONENTS:
        return None
    if "d" in jwk:
        raise ValueError("a private key")
    return RSAPublicNumbers(exponent, modulus).public_key()


def verify_rs256(key: RSAPublicKey, signature: bytes, signed: bytes) -> None:
    """Raises BadSignature."""
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise BadSignature("the credential was altered, or signed with another key") from error
