"""What is never told to a destination, whatever an entry has of it."""

from uuid import uuid4

import pytest

from services.audit.destinations.told import told_entry
from services.audit.openings import Place, open_entries
from tests.audit.audit_node import AuditNode, event

pytestmark = pytest.mark.anyio


async def test_names_threats_and_students_are_told_to_no_destination_and_the_rest_is(node: AuditNode) -> None:
    student = uuid4()
    named = event("match", student=student, recipient_name="canary-name", purpose="enrollment")
    threat = event("decision", student=student, operation="evidence-recorded", basis="emergency", threat="canary-threat")
    await node.append(named)
    await node.append(threat, service="privacy")
    async with node.database.reading() as tx:
        opened = await open_entries(tx, node.app.state.keys, [Place(2026, 0), Place(2026, 1)])
    told = [told_entry(one, entity_id="https://alder.example").model_dump_json() for one in opened]
    assert [entry.context is not None and "canary" in str(entry.context.payload) for entry in opened] == [True, True]
    assert not [one for one in told if "canary" in one or str(student) in one]
    assert "enrollment" in told[0]
