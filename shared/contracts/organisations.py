"""The tree of organisations, owned by gateway and projected to the other services by its outbox (decisions 8)."""

from typing import Annotated

from pydantic import Field

from safepassage.wire import Wire
from safepassage.wire_organisations import Organisation


class OrganisationProjection(Wire):
    """`PUT /internal/organisations/{id}`: idempotent; an older `version` than the one held is ignored."""

    version: Annotated[int, Field(ge=1)]
    organisation: Organisation
