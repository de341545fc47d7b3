"""docs/evidence.md says what the code does: its table is the code's, its example is recorded."""

import json
import re
from pathlib import Path

import pytest

from services.privacy.evidence_rules import RULES
from tests.privacy.grounds import ALL_SCOPES, Grounds
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"


def line_of(kind: str) -> str:
    """The line of the table."""
    rule = RULES[kind]
    bases = ", ".join(f"`{basis}`" for basis in rule.bases) or "—"
    names = {"lea": "district", "sea": "state agency"}
    recorders, agencies = (", ".join(names[one] for one in sorted(kinds)) for kinds in (rule.recorders, rule.agencies))
    return f"| `{kind}` | {bases} | {rule.citation} | {recorders} | {agencies} |"


def test_the_table_is_the_one_of_the_rules() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert lines == [line_of(kind) for kind in sorted(RULES)]


async def test_the_example_is_recorded(world: World) -> None:
    grounds, facts = await Grounds.of(world), await world.student()
    (example,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    body = json.loads(example)
    body |= {"agency_id": str(world.oak.id), "recipient_id": str(grounds.agency.id), "student_ids": [str(facts.student_id)]}
    answer = await world.node.client(world.oak, *ALL_SCOPES).post("/v1/evidence", body)
    assert answer.status == 201, answer.body
