"""The endpoint by which gateway projects organisations into a service."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_organisations import Organisation
from shared.caller import sibling
from shared.contracts.organisations import OrganisationProjection
from shared.database import Transaction
from shared.internal_token import Principal
from shared.tenancy import project

Then = Callable[[AsyncSession, Organisation], Awaitable[None]]


async def _nothing(_tx: AsyncSession, _organisation: Organisation) -> None:
    """The organisation is in no other row of the service."""


def organisations_router(row: type[Any], then: Then = _nothing) -> APIRouter:
    """`PUT /internal/organisations/{id}` into a service's OrganisationRow. `then`: what else of the service follows it, in the same
    transaction."""
    router = APIRouter(prefix="/internal/organisations", tags=["internal"])

    @router.put("/{organisation_id}", status_code=204)
    async def project_organisation(
        organisation_id: UUID, projection: OrganisationProjection, _: Annotated[Principal, sibling("gateway")], tx: Transaction
    ) -> Response:
        """Take an organisation from gateway, which owns it. Idempotent."""
        if projection.organisation.id != organisation_id:
            raise InvalidRequest("the id of the path and of the body differ", field="organisation.id")
        if await project(tx, row, projection):
            await then(tx, projection.organisation)
        return Response(status_code=204)

    return router
