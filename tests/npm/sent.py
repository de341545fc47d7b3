"""Which negatives are sent to oidc-provider: of those that it can be asked with, all that say nothing against it."""

from collections.abc import Collection
from typing import Final

from tests.gateway.negatives.negative import Negative
from tests.gateway.negatives.test_negatives import MODULES
from tests.gateway.oauth.codes import test_pushed_negatives
from tests.npm.elsewhere import KINDS

NEGATIVES: Final[dict[str, list[Negative]]] = {
    name: [one for one in negatives if one.given in KINDS and not one.not_sent] for name, negatives in MODULES.items()
}
PUSHED: Final = "PAR and PKCE"
SENT: Final[dict[str, Collection[str]]] = {
    **{name: [one.name for one in negatives] for name, negatives in NEGATIVES.items()},
    PUSHED: test_pushed_negatives.NEGATIVES,
}
