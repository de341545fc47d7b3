"""Every lawful situation: of the three bases of an exchange, and of those that stand on evidence of their own."""

from collections.abc import Mapping
from typing import Any, Final

from tests.privacy.policy.ground_situations import ELEMENT_OF as ELEMENT_OF
from tests.privacy.policy.ground_situations import GROUND_PERMITS, GROUND_SITUATIONS
from tests.privacy.policy.situations import PERMIT_OF as OF_AN_EXCHANGE
from tests.privacy.policy.situations import SITUATIONS as IN_AN_EXCHANGE

SITUATIONS: Final[Mapping[str, dict[str, Any]]] = {**IN_AN_EXCHANGE, **GROUND_SITUATIONS}

PERMIT_OF: Final[Mapping[str, str]] = {
    **OF_AN_EXCHANGE,
    **{situation: GROUND_PERMITS[situation.removesuffix(", redisclosed")] for situation in GROUND_SITUATIONS},
}
