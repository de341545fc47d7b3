"""`/v1/peer/reconciliations`: another node compares a day; and `/v1/reconciliations`: what came of ours, for the operators."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection, select

from safepassage.claims import Verified
from safepassage.compact import MAX_LENGTH, kid_of, split
from safepassage.logged import Logged
from safepassage.problems.reconciliations import CountsOfAnotherDay
from safepassage.problems.requests import InvalidRequest, LogUnavailable
from safepassage.problems.trust import NotAMember
from safepassage.reconciliation import COUNTERPART, RECONCILIATIONS_PATH, LinePage, Reconciliation, Stream, verify_reconciliation
from safepassage.wire_reconciliations import (
    DayCompared,
    DayOrder,
    DayReconciled,
    DayReconciledPage,
    ReconciliationState,
    StreamCompared,
)
from services.records.exchange.accepting import Peer
from services.records.exchange.deliveries import JOSE
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_logs import Pinned
from services.records.exchange.peer_routes import Overseeing
from services.records.exchange.reconciliation_lines import all_lines, counts_of, due_row, lines_of
from services.records.exchange.refusable import OF_A_MESSAGE, OF_A_PROOF
from services.records.exchange.refusals import body_of_type, compact_in, or_refused
from services.records.exchange.stating_counts import require_comparable, stated
from services.records.exchange.stored_rows import store
from services.records.tables import ReconciliationRow
from shared.cursors import Cursor, Limit, next_link
from shared.group_commit import Writing
from shared.keyset import behind
from shared.problems import responses

router = APIRouter()

PATH: Final = "/v1/reconciliations"
LINES: Final = 1000


@router.post(
    RECONCILIATIONS_PATH,
    tags=["peers"],
    responses={
        **responses(
            *OF_A_MESSAGE,
            *OF_A_PROOF,
            CountsOfAnotherDay,
            LogUnavailable,
        ),
        200: {"description": "The counts of this node", "content": {JOSE: {}}},
    },
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def reconcile(request: Request, caller: Peer) -> Response:
    """Take another node's counts of a finished day with this one (sp-reconciliation+jws), and give this node's."""
    exchange: Exchange = request.app.state.exchange
    body, peer = await body_of_type(request, content_type=JOSE, limit=MAX_LENGTH), caller.peer
    token = compact_in(body, longest=MAX_LENGTH)

    async def answer() -> Response:
        now = exchange.clock()
        day = str(split(token)[1].get("day", ""))
        require_comparable(day, now)
        await taken(exchange, peer, day, token, now)
        if not exchange.trust.member(peer).pulls:  # this side compares too, and believes no other's verdict
            await exchange.write(lambda tx: store(tx.connection, due_row(day, peer, now)))
        lines = await exchange.database.read(lambda connection: all_lines(connection, peer, day))
        return Response(await stated(exchange, peer, day, counts_of(lines), answers=token), media_type=JOSE)

    return await or_refused(exchange, request, peer=peer, jws=token, size=len(body), answer=answer)


async def taken(exchange: Exchange, peer: str, day: str, token: str, now: datetime) -> Reconciliation:
    """A peer's counts, verified; the checkpoint that they come with is pinned. Raises what `verify_reconciliation` raises."""
    await exchange.trust.refresh()
    member = exchange.trust.member(peer)
    keys = await exchange.signing_keys_of(peer, kid=kid_of(token, max_length=MAX_LENGTH))
    note = split(token)[1].get("checkpoint")

    def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[Verified[Reconciliation], Logged]:
        return verify_reconciliation(
            token,
            issuer=peer,
            audience=exchange.entity_id,
            keys=keys,
            day=day,
            logs=member.log_identities(),
            pinned=pinned,
            now=now,
            consistency=path,
        )

    def keep(_: Writing, verified: Verified[Reconciliation], __: Logged) -> Reconciliation:
        return verified.message

    return await exchange.peer_logs.take(member, note if isinstance(note, str) else None, verify, keep)


@router.get(
    f"{RECONCILIATIONS_PATH}/{{day}}/{{stream}}", tags=["peers"], responses=responses(NotAMember, CountsOfAnotherDay, InvalidRequest)
)
async def read_reconciliation_lines(
    day: Annotated[str, Path(max_length=10)],
    stream: Stream,
    request: Request,
    response: Response,
    caller: Peer,
    after: Annotated[UUID | None, Query(description="The last id of the page before.")] = None,
) -> LinePage:
    """The messages of the day between this node and the calling one, by id and step: for a node whose counts differ."""
    exchange: Exchange = request.app.state.exchange
    peer = caller.peer
    exchange.trust.member(peer)
    require_comparable(day, exchange.clock())
    lines = await exchange.database.read(lambda connection: lines_of(connection, stream, peer, day, after=after, most=LINES))
    if len(lines) == LINES:
        response.headers["link"] = next_link(f"{RECONCILIATIONS_PATH}/{day}/{stream}", {"after": str(lines[-1].id)})
    return LinePage(lines=tuple(lines))


@router.get(PATH, tags=["exchange"], responses=responses(InvalidRequest))
async def list_reconciliations(
    request: Request,
    response: Response,
    caller: Overseeing,
    state: Annotated[ReconciliationState | None, Query(description="Only those of one state.")] = None,
    peer: Annotated[str | None, Query(max_length=200, description="Only those with one other node, by its entity id.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: Annotated[DayOrder, Query(description="With a minus the newest first.")] = "-day",
) -> DayReconciledPage:
    """Days that are compared with other nodes, newest or oldest first: what each side counted, and of those that differ what each lacks."""
    cursors, exchange = request.app.state.cursors, request.app.state.exchange
    bound_to = f"reconciliations:{state}:{peer}:{sort}:{caller.client_id}"
    after = cursors.read(cursor, bound_to=bound_to)
    rows = await exchange.database.read(lambda connection: _page(connection, state, peer, sort, after, limit + 1))
    if len(rows) > limit:
        last = rows[limit - 1]
        signed = cursors.sign({"day": last.day, "peer": last.peer}, bound_to=bound_to)
        asked = {"limit": limit, "state": state, "peer": peer, "sort": sort, "cursor": signed}
        response.headers["link"] = next_link(PATH, {name: value for name, value in asked.items() if value is not None})
    return DayReconciledPage(days=tuple(_told(row) for row in rows[:limit]))


def _page(connection: Connection, state: str | None, peer: str | None, sort: str, after: dict[str, Any] | None, limit: int) -> list[Any]:
    table = ReconciliationRow.__table__
    query = select(table)
    if state is not None:
        query = query.where(table.c.state == state)
    if peer is not None:
        query = query.where(table.c.peer == peer)
    last = None if after is None else (after["day"], after["peer"])
    return list(connection.execute(behind(query, (table.c.day, table.c.peer), last, sort=sort).limit(limit)).all())


def _told(row: Any) -> DayCompared:
    names = ("peer", "day", "state", "compared_at", "problem_code")
    findings = DayReconciled.model_validate_json(row.findings).findings if row.findings else ()
    told = {name: getattr(row, name) for name in names}
    is_believed = all(one.kind != "their-log-differs" for one in findings)
    return DayCompared.model_validate({**told, "findings": findings, "counts": _counts(row) if is_believed else ()})


def _counts(row: Any) -> tuple[StreamCompared, ...]:
    """Off the signed counts of both sides, which were verified before they were stored."""
    if row.ours is None or row.theirs is None:
        return ()
    ours, theirs = (Reconciliation.model_validate(split(token)[1]) for token in (row.ours, row.theirs))
    return tuple(StreamCompared(stream=one, ours=ours.of(one), theirs=theirs.of(other)) for one, other in COUNTERPART.items())
