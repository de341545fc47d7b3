"""The caller of a request, as proven by a verified internal token; never by anything in the request itself.

Each dependency verifies by itself instead of building on another: FastAPI takes about 40 µs for every level.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Depends, Request

from safepassage.problems.requests import NotAuthenticated, NotPermitted
from shared.internal_token import HEADER, CallerClaims, InternalTokens, Principal
from shared.scope_missing import ScopeMissing
from shared.who_may_call import ServiceName


@dataclass(frozen=True)
class Caller:
    """Who is asking: a client of one organisation, with its scopes. Rows are scoped by it (shared.tenancy)."""

    claims: CallerClaims
    principal: Principal

    @property
    def client_id(self) -> str:
        """The OAuth client."""
        return self.claims.client_id

    @property
    def organisation_id(self) -> UUID:
        """The client's organisation."""
        return self.claims.organisation_id

    @property
    def kind(self) -> str:
        """The organisation's kind."""
        return self.claims.organisation_kind

    @property
    def purpose(self) -> str | None:
        """The one purpose of the caller's token (authorization details), if it has one."""
        purpose = self.claims.details.get("purpose")
        return purpose if isinstance(purpose, str) else None

    @property
    def districts(self) -> tuple[UUID, ...] | None:
        """The districts to whose students the token is narrowed; None where it is not."""
        districts = self.claims.details.get("districts")
        return None if districts is None else tuple(UUID(str(one)) for one in districts)

    @property
    def peer(self) -> str:
        """The entity id of the peer node that calls. Raises NotPermitted for anybody else."""
        entity_id = self.claims.details.get("entity_id")
        if self.kind != "peer" or not isinstance(entity_id, str):
            raise NotPermitted("only another node's client may do this")
        return entity_id

    def is_about(self, student_id: UUID) -> bool:
        """Whether a student may be the caller's business at all: of a family member, their own student alone."""
        family = self.claims.family
        return family is None or family.student_id == student_id

    def speaks_for(self, person_id: UUID) -> bool:
        """Whether the caller may say that it acts for a person: a family member for themselves alone."""
        family = self.claims.family
        return family is None or family.person_id == person_id

    def require(self, *scopes: str) -> None:
        """Raises ScopeMissing unless the caller has one of `scopes`."""
        if self.claims.scopes.isdisjoint(scopes):
            raise ScopeMissing(*scopes)


def principal_of(request: Request) -> Principal:
    """The verified sender of `request`: a caller through the gateway, or a job. Raises NotAuthenticated."""
    state = request.app.state
    tokens: InternalTokens = state.internal_tokens
    now: datetime = state.clock()
    return tokens.verify(request.headers.get(HEADER), now)


def caller_from(request: Request, *scopes: str, family: bool = False) -> Caller:
    """The client behind `request`, with one of `scopes` where any are named. Raises NotAuthenticated, NotPermitted.

    INVARIANT: a family member is nobody's client: what does not ask for `family` by name is closed to them, whatever scopes they come with.
    """
    principal = principal_of(request)
    if principal.caller is None:
        raise NotAuthenticated("this operation is called by clients, through the gateway")
    if principal.caller.family is not None and not family:
        raise NotPermitted("a family member may not do this")
    caller = Caller(principal.caller, principal)
    if scopes:
        caller.require(*scopes)
    return caller


def caller_with(*scopes: str) -> Any:
    """`Annotated[Caller, caller_with("records:read")]`: a caller with one of the scopes; anybody else gets 403."""

    async def scoped(request: Request) -> Caller:
        return caller_from(request, *scopes)

    return Depends(_named(scoped, scopes))


def family_or(*scopes: str) -> Any:
    """As `caller_with`, and open to a family member: the operation narrows it by `Caller.is_about` and `Caller.speaks_for`."""

    async def scoped(request: Request) -> Caller:
        return caller_from(request, *scopes, family=True)

    return Depends(_named(scoped, scopes))


def sibling(*services: ServiceName) -> Any:
    """`Annotated[Principal, sibling("records")]`: a request that comes straight from one of the services, for a caller or a job."""

    async def from_sibling(request: Request) -> Principal:
        return principal_from(request, *services)

    return Depends(from_sibling)


def principal_from(request: Request, *services: ServiceName) -> Principal:
    """As `principal_of`, for one of `services`. Raises NotPermitted for another."""
    principal = principal_of(request)
    if principal.service not in services:
        raise NotPermitted("that service may not do this")
    return principal


def _named(dependency: Callable[..., Awaitable[Caller]], scopes: tuple[str, ...]) -> Callable[..., Awaitable[Caller]]:
    dependency.scopes = scopes  # type: ignore[attr-defined]  # read by the test that compares routes with the gateway's table
    return dependency
