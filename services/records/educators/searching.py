"""`/v1/educator-credentials/searches`: what an agency keeps of one educator, each verified anew; who asked is logged before."""

from typing import Annotated

from fastapi import APIRouter, Request

from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.records import SealBroken
from safepassage.problems.requests import LogUnavailable, TooManyRequests
from safepassage.wire_educators import EducatorId, HeldMicroCredential, HeldMicroCredentials
from services.records.educators.kept import how_many_kept, in_the_log, kept_of
from services.records.educators.shown import shown
from services.records.educators.verifying import verified
from services.records.exchange.exchange import Exchange
from services.records.logged import log_ahead, read_event
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/educator-credentials", tags=["educators"])

Staff = Annotated[Caller, caller_with("educators:credentials")]


@router.post("/searches", responses=responses(SealBroken, LogUnavailable, TooManyRequests))
async def search_educator_credentials(educator: EducatorId, caller: Staff, request: Request, now: Now) -> HeldMicroCredentials:
    """The credentials of the educator with this number that the caller's organisation has issued or filed, and whether each still holds."""
    exchange: Exchange = request.app.state.exchange
    request.app.state.lookup_limit.count(caller.client_id, now)
    whose = (exchange.vault, caller.organisation_id, educator)
    kept, count = await exchange.read(lambda connection: (kept_of(connection, *whose), how_many_kept(connection, *whose)))
    # INVARIANT: whom was found is sealed in the entry: a breach of this client names its educators, as it does its students.
    found = sorted({in_the_log(row.educator_id, row.educator) for row, _ in kept})
    event = read_event(
        caller,
        key=f"educator:{uuid7(now)}",
        operation="educator-credentials",
        students=[(one, caller.organisation_id) for one in found],
        outcome="found" if kept else "not-found",
    )
    await log_ahead(request.app, caller, event, request.scope)
    answers: list[HeldMicroCredential] = []
    for row, content in kept:
        refusal: SuiteError | None = None
        try:
            await verified(exchange, content.credential.encode(), now=now)
        except SuiteError as error:
            refusal = error
        answers.append(shown(content, id_=row.id, educator_id=row.educator_id, node=row.node, kept_at=row.kept_at, refusal=refusal))
    return HeldMicroCredentials(credentials=tuple(answers), older=count - len(kept))
