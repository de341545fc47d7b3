"""What a node has told its log, or is about to."""

import json
from typing import Any

from services.records.tables import OutboxRow
from tests.records.exchange.two_states import Case, State


async def waiting_for_the_log(state: State, class_: str, case: Case | None) -> list[dict[str, Any]]:
    """Events of a class that wait in the outbox, of one exchange or of any."""
    vault = state.records.state.vault
    bodies = [json.loads(vault.open_text(row.body)) for row in await state.rows(OutboxRow) if row.lane == "audit"]
    return [body for body in bodies if body["class"] == class_ and (case is None or body["context"].get("exchange_id") == str(case.id))]
