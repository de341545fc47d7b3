"""`/v1/registrations` and `/v1/initial-access-tokens`: for administrators' clients."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import select

from safepassage.problems.access import PartySuspended, ScopeNotGrantable
from safepassage.problems.privacy import UnknownPurpose
from safepassage.problems.registrations import InitialTokenSpent, RegistrationNotPending
from safepassage.problems.requests import InvalidRequest, NotFound
from safepassage.wire_registrations import (
    InitialToken,
    InitialTokenPage,
    IssuedInitialToken,
    NewInitialToken,
    Registration,
    RegistrationPage,
    RegistrationState,
)
from services.gateway.registration import approvals, initial_tokens
from services.gateway.registry.callers import administrator
from services.gateway.registry.client_grants import granter_of
from services.gateway.registry.paging import Page
from services.gateway.registry.reach import reached, require_reach
from services.gateway.tables import ClientRow, InitialTokenRow, RegistrationRow
from shared.actors import client_actor
from shared.database import ReadOnly, Transaction, after_commit
from shared.internal_token import CallerClaims
from shared.problems import responses
from shared.request_clock import Now

REGISTRATIONS = "/v1/registrations"
TOKENS = "/v1/initial-access-tokens"

router = APIRouter(tags=["registrations"])

Administrator = Annotated[CallerClaims, administrator("admin:clients")]
State = Annotated[RegistrationState | None, Query(description="Only those; `pending` wait for approval.")]


@router.get(REGISTRATIONS, responses=responses(InvalidRequest))
async def list_registrations(
    caller: Administrator,
    tx: ReadOnly,
    page: Page,
    state: State = None,
) -> RegistrationPage:
    """Clients that registered themselves, of the organisations that the caller reaches, in the order in which they came."""
    query = select(ClientRow, RegistrationRow).join(RegistrationRow, RegistrationRow.client_id == ClientRow.id)
    query = query.where(reached(ClientRow.organisation_id, caller))
    if state is not None:
        query = query.where(RegistrationRow.state == state)
    rows = await page.rows(
        tx,
        query,
        ClientRow.id,
        path=REGISTRATIONS,
        listed=f"registrations-{state}",
        caller=caller,
        asked=None if state is None else {"state": state},
    )
    return RegistrationPage(registrations=tuple(approvals.registration_of(row, one) for row, one in rows))


@router.post(
    f"{REGISTRATIONS}/{{client_id}}/approval", responses=responses(NotFound, RegistrationNotPending, ScopeNotGrantable, PartySuspended)
)
async def approve_registration(client_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now) -> Registration:
    """Let a client in that registered itself, with the scopes and purposes that it asked for."""
    await _require_client(tx, client_id, caller)
    after_commit(tx, request.app.state.standing.refresh)
    outbox, granter = request.app.state.outbox, granter_of(caller)
    return await approvals.approve(tx, outbox, client_id, granter=granter, actor=client_actor(caller), now=now)


@router.post(f"{REGISTRATIONS}/{{client_id}}/refusal", responses=responses(NotFound, RegistrationNotPending))
async def refuse_registration(client_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now) -> Registration:
    """Send a client away that registered itself, for good."""
    await _require_client(tx, client_id, caller)
    return await approvals.refuse(tx, request.app.state.outbox, client_id, actor=client_actor(caller), now=now)


@router.post(TOKENS, status_code=201, responses=responses(InvalidRequest, ScopeNotGrantable, UnknownPurpose))
async def issue_initial_token(
    new: NewInitialToken, caller: Administrator, request: Request, tx: Transaction, now: Now
) -> IssuedInitialToken:
    """Make a token with which one client may register, once. It is told in this answer alone; asked for again it is another one."""
    await require_reach(tx, new.organisation_id, caller)
    outbox, granter = request.app.state.outbox, granter_of(caller)
    return await initial_tokens.issue_initial_token(tx, outbox, new, granter=granter, actor=client_actor(caller), now=now)


@router.get(TOKENS, responses=responses(InvalidRequest))
async def list_initial_tokens(caller: Administrator, tx: ReadOnly, page: Page) -> InitialTokenPage:
    """Initial access tokens, used ones too, of the organisations that the caller reaches, in the order in which they came."""
    rows = await page.rows(
        tx,
        select(InitialTokenRow).where(reached(InitialTokenRow.organisation_id, caller)),
        InitialTokenRow.id,
        path=TOKENS,
        listed="initial-tokens",
        caller=caller,
    )
    return InitialTokenPage(initial_access_tokens=tuple(initial_tokens.initial_token_of(row) for (row,) in rows))


@router.post(f"{TOKENS}/{{token_id}}/withdrawal", responses=responses(NotFound, InitialTokenSpent))
async def withdraw_initial_token(token_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now) -> InitialToken:
    """Take an initial access token back before it is used."""
    query = select(InitialTokenRow.id).where(InitialTokenRow.id == token_id, reached(InitialTokenRow.organisation_id, caller, named=True))
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise NotFound
    return await initial_tokens.withdraw_initial_token(tx, request.app.state.outbox, token_id, actor=client_actor(caller), now=now)


async def _require_client(tx: Transaction, client_id: UUID, caller: CallerClaims) -> None:
    query = select(ClientRow.id).where(ClientRow.id == client_id, reached(ClientRow.organisation_id, caller, named=True))
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise NotFound
