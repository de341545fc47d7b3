"""Each negative is refused for its own reason, and is right but for what makes it wrong."""

from collections.abc import Sequence

import pytest

from tests.gateway.house import House
from tests.gateway.negatives.assertions import ASSERTIONS
from tests.gateway.negatives.calls import CALLS
from tests.gateway.negatives.details import DETAILS
from tests.gateway.negatives.exchanges import EXCHANGES
from tests.gateway.negatives.forms import FORMS
from tests.gateway.negatives.negative import Negative, Refusal
from tests.gateway.negatives.proofs import PROOFS
from tests.gateway.negatives.scene import Scene
from tests.gateway.negatives.taken_back import INTROSPECTIONS, REVOCATIONS

pytestmark = pytest.mark.anyio

MODULES: dict[str, list[Negative]] = {
    "assertion": ASSERTIONS,
    "DPoP": PROOFS,
    "form": FORMS,
    "details": DETAILS,
    "revocation": REVOCATIONS,
    "introspection": INTROSPECTIONS,
    "call": CALLS,
    "exchange": EXCHANGES,
}


@pytest.mark.requirement("DOOR-negatives")
@pytest.mark.parametrize("module", MODULES)
async def test_each_is_refused_for_its_own_reason_and_is_right_otherwise(house: House, module: str) -> None:
    await require_refused(house, MODULES[module])


async def require_refused(house: House, negatives: Sequence[Negative]) -> None:
    """Each is refused for its own reason, and nothing is wrong with what it was made from."""
    scene = await Scene.of(house)
    wrongly = {}
    for negative in negatives:
        right, wrong = await scene.right(negative.given), await scene.right(negative.given)
        accepted = await scene.send(right.sent())
        assert accepted.status == 200, (negative.name, accepted.body)
        wrong.before = right
        negative.change(wrong)
        counted(house)
        answer = await scene.send(wrong.sent())
        document = answer.json
        says = str(document.get("error_description") or document.get("detail") or "")
        told = Refusal(answer.status, answer.code, counted(house), negative.refusal.says if negative.refusal.says in says else says)
        if told != negative.refusal:
            wrongly[negative.name] = told
    assert wrongly == {}


def counted(house: House) -> str | None:
    """The reason that was counted for the log since this was last asked."""
    events = house.app.state.refusals.take(house.now, all_of_them=True)
    assert len(events) <= 1
    return events[0].context.reason if events else None
