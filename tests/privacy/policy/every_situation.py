"""Every lawful situation: of the three bases of an exchange, and of those that stand on evidence of their own."""

from collections.abc import Mapping
from typing import Any, Final

from tests.privacy.policy.ground_situations import ELEMENT_OF as OF_A_GROUND
from tests.privacy.policy.ground_situations import GROUND_PERMITS, GROUND_SITUATIONS
from tests.privacy.policy.situations import CREDENTIALS
from tests.privacy.policy.situations import PERMIT_OF as OF_AN_EXCHANGE
from tests.privacy.policy.situations import SITUATIONS as IN_AN_EXCHANGE

ELEMENT_OF: Final[Mapping[str, str]] = {**OF_A_GROUND, "educator": CREDENTIALS, "educator, asked": CREDENTIALS}
"""What is asked for where the transcript may not be."""

SITUATIONS: Final[Mapping[str, dict[str, Any]]] = {**IN_AN_EXCHANGE, **GROUND_SITUATIONS}

PERMIT_OF: Final[Mapping[str, str]] = {
    **OF_AN_EXCHANGE,
    **{situation: GROUND_PERMITS[situation.removesuffix(", redisclosed")] for situation in GROUND_SITUATIONS},
}
