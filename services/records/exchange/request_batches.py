"""`POST /v1/exchange-request-batches`: a district asks for up to 100 children at once, as in August; each is a request of its own."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from safepassage.canonical import digest_of
from safepassage.problems import SuiteError
from safepassage.problems.requests import LogUnavailable, TemporarilyUnavailable
from safepassage.wire_exchange import ExchangeRequestAnswer, ExchangeRequestAnswers, NewExchangeRequest, NewExchangeRequests
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_requests import event_of
from services.records.exchange.preparing import Draft, drafted, row_of
from services.records.exchange.requests import earlier, kept, receiving_organisation, told, used_before
from services.records.exchange.states import Asked
from services.records.tables import ExchangeRequestRow
from shared.asked_once import asked_once
from shared.caller import Caller, caller_with
from shared.contracts.privacy import Decision
from shared.idempotency import IdempotencyKey
from shared.problems import responses
from shared.request_clock import Now
from shared.telemetry import request_id_of

router = APIRouter(prefix="/v1/exchange-request-batches", tags=["exchange"])

Asker = Annotated[Caller, caller_with("exchange:request")]

Made = ExchangeRequestRow | SuiteError


@router.post("", responses=responses(LogUnavailable, TemporarilyUnavailable))
async def create_exchange_requests(
    new: NewExchangeRequests, request: Request, caller: Asker, key: IdempotencyKey, now: Now
) -> ExchangeRequestAnswers:
    """Ask other states for the records of up to 100 children.

    Each is a request by itself, read by its own id; what is wrong with one is its answer alone. Sent again with the same key, those that
    were made are answered again, and the others are tried again.
    """
    exchange: Exchange = request.app.state.exchange
    members = [_Member(one, place, key) for place, one in enumerate(new.requests)]
    made, organisations = await _known(exchange, caller, members)
    missing = [(member, organisations[member.place]) for member in members if member.place in organisations]
    await _prepare(exchange, caller, missing, made, now)
    await asyncio.gather(*(_log(exchange, member, made) for member in members))
    request_id = request_id_of(request.scope)
    return ExchangeRequestAnswers(answers=tuple(_answer(made[member.place], request_id) for member in members))


class _Member:
    """One request of the batch, with the key under which its effect is kept: of the batch's key and its place."""

    def __init__(self, new: NewExchangeRequest, place: int, key: str) -> None:
        self.new, self.place = new, place
        self.key = digest_of(f"{key}\n{place}".encode())
        self.digest = digest_of(b"batch\n" + new.model_dump_json().encode())


def _answer(made: "Made | None", request_id: str | None) -> ExchangeRequestAnswer:
    if isinstance(made, ExchangeRequestRow):
        return ExchangeRequestAnswer(request=told(made))
    error = made or TemporarilyUnavailable("not made")
    return ExchangeRequestAnswer(problem=error.as_problem(request_id))


async def _known(exchange: Exchange, caller: Caller, members: Sequence[_Member]) -> tuple[dict[int, Made], dict[int, UUID]]:
    """By place, what was made before or is not to be made; and of the others the receiving organisation."""

    def read(connection: Connection) -> tuple[dict[int, Made], dict[int, UUID]]:
        with asked_once():
            return look(connection, used_before(connection, caller, [member.key for member in members]))

    def look(connection: Connection, used: Collection[str]) -> tuple[dict[int, Made], dict[int, UUID]]:
        found: dict[int, Made] = {}
        organisations: dict[int, UUID] = {}
        for member in members:
            try:
                before = earlier(connection, caller, member.key, member.digest) if member.key in used else None
                if before is not None:
                    found[member.place] = before
                else:
                    organisations[member.place] = receiving_organisation(connection, member.new, caller)
            except SuiteError as error:
                found[member.place] = error
        return found, organisations

    return await exchange.read(read)


async def _prepare(
    exchange: Exchange, caller: Caller, missing: Sequence[tuple[_Member, UUID]], made: dict[int, Made], now: datetime
) -> None:
    """Seal, sign, have permitted and store those that are not there yet."""

    async def draft(member: _Member, organisation_id: UUID) -> Draft | SuiteError:
        try:
            return await drafted(exchange, member.new, organisation_id, now)
        except SuiteError as error:
            return error

    async def keep(member: _Member, draft: Draft, decision: Decision | SuiteError) -> None:
        try:
            if isinstance(decision, SuiteError):
                raise decision
            row = row_of(exchange, draft, decision, caller, now)
            made[member.place] = await kept(exchange, row, caller, member.key, member.digest)
        except SuiteError as error:
            made[member.place] = error

    drafts = await asyncio.gather(*(draft(member, organisation_id) for member, organisation_id in missing))
    good = []
    for (member, _), one in zip(missing, drafts, strict=True):
        if isinstance(one, SuiteError):
            made[member.place] = one
        else:
            good.append((member, one))
    if good:
        decisions = await exchange.privacy.decisions_for(caller.principal, [one.question for _, one in good])
        await asyncio.gather(*(keep(member, one, decision) for (member, one), decision in zip(good, decisions, strict=True)))


async def _log(exchange: Exchange, member: _Member, made: dict[int, Made]) -> None:
    """INVARIANT: logged before it leaves, and a client is told "requested" only of what is in the log."""
    row = made[member.place]
    if not isinstance(row, ExchangeRequestRow) or row.state != Asked.PREPARED:
        return
    try:
        await exchange.own_log.append(event_of(row))
    except SuiteError as error:
        made[member.place] = error
    else:
        exchange.wake("asking", row.id, row)
