"""What a refusal asks of its caller, in its header: another token or proof (401), a scope (403), another method (405)."""

import re
from typing import Final

from safepassage.problems import SuiteError
from safepassage.problems.access import AccessTokenNotValid, ProofNonceRequired, ProofNotValid
from safepassage.problems.people import PersonNotRecentlySeen
from services.gateway.door.headers import Fields
from services.gateway.door.paths import MethodOfPathNotAllowed
from services.gateway.oauth.client_keys import PROOF_ALGORITHMS
from services.gateway.oauth.tokens import AccessClaims, VerifiedToken
from shared.scope_missing import FIELD as NEEDED_SCOPE

_WORD: Final = re.compile(r"[!#-\[\]-~]+")
"""What may stand between the quotes."""


def challenge(error: Exception, *, issuer: str, bearer: bool = False) -> str:
    """The WWW-Authenticate of a 401 (RFC 9449 section 7.1, RFC 9470 section 3, RFC 9728 section 5.1).

    bearer  whoever asks could come with a token without a proof: with a secret, or a certificate (RFC 6750 section 3)
    """
    metadata = _metadata(issuer)
    if bearer:
        wrong = ', error="invalid_token"' if isinstance(error, AccessTokenNotValid) else ""
        return f"{challenge(error, issuer=issuer)}, Bearer {metadata}{wrong}"
    algorithms = _dpop(issuer)
    if isinstance(error, ProofNonceRequired):
        return f'{algorithms}, error="use_dpop_nonce"'
    if isinstance(error, ProofNotValid):
        return f'{algorithms}, error="invalid_dpop_proof"'
    if isinstance(error, AccessTokenNotValid):
        return f'{algorithms}, error="invalid_token"'
    if isinstance(error, PersonNotRecentlySeen):
        words = " ".join(one for one in error.acr_values if _WORD.fullmatch(one))
        wanted = f', acr_values="{words}"' if words else ""
        return f'{algorithms}, error="insufficient_user_authentication", max_age="{error.max_age_seconds}"{wanted}'
    return algorithms


def scope_challenge(claims: AccessClaims, scopes: str, *, issuer: str) -> str:
    """The WWW-Authenticate of a 403 to a token that opens too little, in its scheme (RFC 6750 section 3.1, RFC 9449 section 7.1)."""
    scheme = f"Bearer {_metadata(issuer)}" if claims.key is None else _dpop(issuer)
    return f'{scheme}, error="insufficient_scope"' + (f', scope="{scopes}"' if scopes else "")


def challenged(fields: Fields, verified: VerifiedToken | None, *, issuer: str) -> Fields:
    """The fields of a 403: that a token opens too little goes out as a challenge in that token's scheme (RFC 6750 section 3.1)."""
    needed = [value for name, value in fields if name == NEEDED_SCOPE]
    if not needed:
        return fields
    kept = [field for field in fields if field[0] != NEEDED_SCOPE]
    if verified is not None:
        kept.append((b"www-authenticate", scope_challenge(verified.claims, needed[0].decode("ascii"), issuer=issuer).encode()))
    return kept


def allowed_methods(error: SuiteError | None) -> Fields:
    """The Allow of a 405 (RFC 9110 section 15.5.6); nothing of any other refusal, nor of none."""
    return [(b"allow", ", ".join(error.allowed).encode())] if isinstance(error, MethodOfPathNotAllowed) else []


def _dpop(issuer: str) -> str:
    return f'DPoP algs="{" ".join(PROOF_ALGORITHMS)}", {_metadata(issuer)}'


def _metadata(issuer: str) -> str:
    return f'resource_metadata="{issuer}/.well-known/oauth-protected-resource"'
