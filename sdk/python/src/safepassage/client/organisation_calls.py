"""The operations on organisations, as `safepassage.client.calls`. Each needs the scope admin:organisations."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_organisations import NewOrganisation, Organisation, OrganisationPage


def add_organisation(organisation: NewOrganisation, *, idempotency_key: str | None = None) -> Call[Organisation]:
    """Add an organisation. Scope admin:organisations."""
    return writing("POST", "/v1/organisations", organisation, Organisation, idempotency_key=idempotency_key)


def list_organisations(*, limit: int | None = None) -> Call[Page[OrganisationPage]]:
    """The caller's organisation and those below. Scope admin:organisations."""
    return paged("/v1/organisations", OrganisationPage, query={"limit": limit})


def read_organisation(organisation_id: UUID) -> Call[Organisation]:
    """An organisation. Scope admin:organisations."""
    return reading(path_of("/v1/organisations/{id}", id=organisation_id), Organisation)


def change_organisation(organisation: Organisation) -> Call[Organisation]:
    """Change an organisation at the version that was read. Scope admin:organisations."""
    return writing("PUT", path_of("/v1/organisations/{id}", id=organisation.id), organisation, Organisation)
