"""Words of officials and parties that are not taken: each refusal is on record, as the word would have been."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Depends, Request

from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from services.privacy.behind import event_of
from shared.caller import Caller
from shared.clock import Clock
from shared.contracts.audit import Context, PrivacyClass
from shared.database import Database
from shared.outbox import Outbox


def refusals_on_record(class_: PrivacyClass, operation: str, who: Any) -> Any:
    """A dependency of an operation by which a proven caller says something: a refusal leaves an entry, and is answered after it is stored.

    who  the operation's own annotation of its caller: whom that refuses, the gateway has counted

    It stands in front of the operation's transaction, which is rolled back before. Of what was sent nothing is told but the code.

    # INVARIANT: a refusal that cannot be stored is answered as a fault of ours, and nothing was taken.
    """

    async def watched(request: Request, caller: Caller) -> AsyncIterator[None]:
        try:
            yield
        except SuiteError as error:
            database: Database = request.app.state.database
            outbox: Outbox = request.app.state.outbox
            clock: Clock = request.app.state.clock
            context = Context(operation=operation, outcome="refused", reason=error.code)
            async with database.transaction() as tx:
                outbox.record(tx, event_of(class_, f"refused:{uuid7(clock())}", caller, context))
            raise

    watched.__annotations__["caller"] = who
    return Depends(watched, scope="function")
