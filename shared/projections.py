"""The endpoint by which gateway projects organisations into a service."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response

from safepassage.problems.requests import InvalidRequest
from shared.caller import sibling
from shared.contracts.organisations import OrganisationProjection
from shared.database import Transaction
from shared.internal_token import Principal
from shared.tenancy import project


def organisations_router(row: type[Any]) -> APIRouter:
    """`PUT /internal/organisations/{id}` into a service's OrganisationRow."""
    router = APIRouter(prefix="/internal/organisations", tags=["internal"])

    @router.put("/{organisation_id}", status_code=204)
    async def project_organisation(
        organisation_id: UUID, projection: OrganisationProjection, _: Annotated[Principal, sibling("gateway")], tx: Transaction
    ) -> Response:
        """Take an organisation from gateway, which owns it. Idempotent."""
        if projection.organisation.id != organisation_id:
            raise InvalidRequest("the id of the path and of the body differ", field="organisation.id")
        await project(tx, row, projection)
        return Response(status_code=204)

    return router
