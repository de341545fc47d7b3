"""docs/access-evaluation.md does what it says: its request is sent as it stands, and is answered as it says."""

import json
import re
from pathlib import Path

import pytest

from safepassage.wire_access import AccessEvaluation, Denial
from tests.privacy.access.enforcement import Enforcer
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs" / "access-evaluation.md").read_text()
REQUEST, ANSWER = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.requirement("ALL-documents")
async def test_the_example_of_the_page_is_answered_as_it_says(world: World) -> None:
    facts, agreement = await world.student(), await world.agreement()
    ids = {"VENDOR_ID": world.vendor.id, "STUDENT_ID": facts.student_id, "AGREEMENT_ID": agreement.id}
    request = REQUEST
    for name, identifier in ids.items():
        request = request.replace(name, str(identifier))
    AccessEvaluation.model_validate_json(request)
    answer = await Enforcer(world).ask(request.encode())
    assert answer.status == 200, answer.body
    said, expected = json.loads(answer.body), json.loads(ANSWER)
    assert said["decision"] is expected["decision"]
    assert said["context"]["outcome"] == expected["context"]["outcome"]
    assert set(said["context"]["permitted"]) == set(expected["context"]["permitted"])
    told = [{name: one[name] for name in ("element", "reason")} for one in said["context"]["withheld"]]
    assert told == expected["context"]["withheld"]


def test_every_way_to_be_denied_is_on_the_page() -> None:
    for denial in Denial.__args__:  # type: ignore[attr-defined]  # of a Literal
        assert f"`{denial}`" in PAGE
