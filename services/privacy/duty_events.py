"""What happens to a duty is told to the log: in codes, ids and numbers."""

from collections.abc import Mapping
from typing import Final

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_duties import CountedBy
from services.privacy.behind import event_of
from services.privacy.duties import details_of
from services.privacy.tables import DutyRow
from shared.caller import Caller
from shared.contracts.audit import Context

COUNTED_BY: Final[Mapping[CountedBy, str]] = {"residence": "counted-by-residence", "told": "counted-by-told"}
"""What the log has of the count for which a notice was started, beside the number."""


def tell(request: Request, tx: AsyncSession, caller: Caller, row: DutyRow, happened: str) -> None:
    """What happened to it is on its way to the log: in codes and ids."""
    details = details_of(request.app.state.sealer, row)
    counted = details.counted if happened == "opened" else None
    context = Context(
        operation=f"duty-{happened}",
        reason=details.kind,
        outcome=row.waived_because if counted is None else COUNTED_BY[counted.by],
        count=None if counted is None else counted.people,
        about=f"duty:{row.id}",
    )
    students = () if details.student_id is None else (details.student_id,)
    event = event_of("duty", f"duty:{row.id}:{happened}", caller, context, students=students, custodians=(row.custodian_id,))
    request.app.state.outbox.record(tx, event)
