"""Who calls the gateway's own routes: what the door has proven, put into the scope by it and by nobody else."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from safepassage.problems.requests import NotAuthenticated
from services.gateway.oauth.scopes import CLIENT_SCOPES
from shared.internal_token import CallerClaims
from shared.scope_missing import ScopeMissing


async def _caller(request: Request) -> CallerClaims:
    caller = request.scope["state"].get("caller")
    if not isinstance(caller, CallerClaims):
        raise NotAuthenticated
    return caller


def administrator(scope: str) -> Any:
    """`Annotated[CallerClaims, administrator("admin:clients")]`: a caller with the scope; anybody else gets 403."""

    async def scoped(caller: Annotated[CallerClaims, Depends(_caller)]) -> CallerClaims:
        if scope not in caller.scopes:
            raise ScopeMissing(scope)
        return caller

    return Depends(_named(scoped, (scope,)))


async def any_caller(caller: Annotated[CallerClaims, Depends(_caller)]) -> CallerClaims:
    """A client of the node's organisations, whatever scope it has."""
    return caller


any_caller.scopes = tuple(CLIENT_SCOPES)  # type: ignore[attr-defined]


def _named(dependency: Callable[..., Awaitable[CallerClaims]], scopes: tuple[str, ...]) -> Callable[..., Awaitable[CallerClaims]]:
    dependency.scopes = scopes  # type: ignore[attr-defined]  # read by the test that compares routes with the table
    return dependency
