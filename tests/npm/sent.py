"""Which negatives are sent to oidc-provider: of those that it can be asked with, all that say nothing against it."""

from collections.abc import Collection
from typing import Final

from tests.gateway.negatives.negative import Negative
from tests.gateway.negatives.test_negatives import MODULES
from tests.gateway.negatives.whole import WHOLE, numbered
from tests.gateway.oauth.codes import test_code_negatives, test_consent_negatives, test_pushed_negatives, test_refresh
from tests.npm.elsewhere import KINDS

NEGATIVES: Final[dict[str, list[Negative]]] = {
    name: [one for one in negatives if one.given in KINDS and not one.not_sent] for name, negatives in MODULES.items()
}
CHALLENGES: Final = {
    "not-authenticated": "",
    "access-token-not-valid": "invalid_token",
    "proof-not-valid": "invalid_dpop_proof",
    "proof-used-before": "invalid_dpop_proof",
    "proof-nonce-required": "use_dpop_nonce",
}
"""What WWW-Authenticate says where a call is refused with a problem; nothing where there was no token (RFC 6750 section 3.1)."""
PUSHED: Final = "PAR and PKCE"
OF_PEOPLE: Final = {"code": test_code_negatives.NEGATIVES, "refresh": test_refresh.NEGATIVES}
"""What is exchanged after a person has agreed."""
CONSENT: Final = "consent"
IN_OAUTHS_WORDS: Final = "invalid_request"
"""What a page of the node says to a person is this, of OAuth's errors."""
REGISTRATION: Final = "registration"
SECRET: Final = "legacy secret"
SENT: Final[dict[str, Collection[str]]] = {
    **{name: [one.name for one in negatives] for name, negatives in NEGATIVES.items()},
    **OF_PEOPLE,
    PUSHED: test_pushed_negatives.NEGATIVES,
    CONSENT: numbered(*test_consent_negatives.TABLES),
    **{name: [row for row, not_sent in WHOLE[name].rows.items() if not not_sent] for name in (REGISTRATION, SECRET)},
}
