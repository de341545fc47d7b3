"""What a sibling asks who decided before and would ask the same again: did anything change of what decisions rest on?"""

from typing import Annotated

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from safepassage.problems.policy_sets import PoliciesUnavailable
from services.privacy.policy_schedule import deciding_hash
from services.privacy.tables import ChangeMarkRow
from shared.caller import sibling
from shared.change_marks import changes_in
from shared.contracts.privacy import FactsMark
from shared.database import Database
from shared.internal_token import Principal
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/internal/facts-mark", tags=["internal"])


@router.get("", responses=responses(PoliciesUnavailable))
async def mark_facts(request: Request, _: Annotated[Principal, sibling("records")], now: Now) -> FactsMark:
    """What stands at this instant. It says nothing of what time alone changes: until when a decision holds, the decision says."""
    database: Database = request.app.state.database

    def read(connection: Connection) -> FactsMark:
        return FactsMark(changes=changes_in(connection, ChangeMarkRow), policy_hash=deciding_hash(connection, now))

    return await database.read(read)
