"""PKCE (RFC 7636), S256 only: who exchanges the code has what the one who asked for it had. `plain` does not exist here."""

import hmac
import re
from collections.abc import Mapping
from typing import Final

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from services.gateway.oauth.oauth_errors import AuthorizationRequestRefused, GrantRefused

METHOD: Final = "S256"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""base64url of a SHA-256: the grammar of section 4.2 has up to 128 characters, no S256 has other than 43."""
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def read_challenge(form: Mapping[str, str]) -> str:
    """The challenge of an authorization request. Raises AuthorizationRequestRefused."""
    if form.get("code_challenge_method") != METHOD:
        raise AuthorizationRequestRefused("challenge-method", "code_challenge_method is S256, said aloud")
    challenge = form.get("code_challenge")
    if challenge is None or _CHALLENGE.fullmatch(challenge) is None:
        raise AuthorizationRequestRefused("challenge", "code_challenge is needed: base64url of a SHA-256, 43 characters")
    return challenge


def require_verifier(form: Mapping[str, str], *, challenge: str) -> None:
    """Raises GrantRefused unless the form's `code_verifier` is the one whose challenge was sent."""
    verifier = form.get("code_verifier")
    if verifier is None:
        raise GrantRefused("verifier-missing", "code_verifier is needed")
    if _VERIFIER.fullmatch(verifier) is None:
        raise GrantRefused("verifier-malformed", "code_verifier has 43 to 128 unreserved characters")
    if not hmac.compare_digest(create_s256_code_challenge(verifier), challenge):
        raise GrantRefused("verifier", "code_verifier is not the one of this code")
