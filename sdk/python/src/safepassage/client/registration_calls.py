"""The operations on clients that register themselves, and on quotas, as `safepassage.client.calls`. Each needs the scope admin:clients."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_quotas import QuotaChange, Quotas
from safepassage.wire_registrations import (
    InitialToken,
    InitialTokenPage,
    IssuedInitialToken,
    NewInitialToken,
    NewPublisher,
    Publisher,
    PublisherChange,
    PublisherPage,
    Registration,
    RegistrationPage,
    RegistrationState,
)


def add_publisher(publisher: NewPublisher, *, idempotency_key: str | None = None) -> Call[Publisher]:
    """Register a publisher of software, whose signed statements register clients."""
    return writing("POST", "/v1/publishers", publisher, Publisher, idempotency_key=idempotency_key)


def list_publishers(*, limit: int | None = None) -> Call[Page[PublisherPage]]:
    """The publishers of the caller's organisation and those below."""
    return paged("/v1/publishers", PublisherPage, query={"limit": limit})


def read_publisher(publisher_id: UUID) -> Call[Publisher]:
    """A publisher."""
    return reading(path_of("/v1/publishers/{id}", id=publisher_id), Publisher)


def change_publisher(publisher_id: UUID, change: PublisherChange) -> Call[Publisher]:
    """Replace a publisher's keys and bounds, for registrations to come."""
    return writing("PUT", path_of("/v1/publishers/{id}", id=publisher_id), change, Publisher)


def disable_publisher(publisher_id: UUID) -> Call[Publisher]:
    """Take no statement of a publisher any more; its clients stay."""
    return writing("POST", path_of("/v1/publishers/{id}/disablement", id=publisher_id), None, Publisher)


def enable_publisher(publisher_id: UUID) -> Call[Publisher]:
    """Take a publisher's statements again."""
    return writing("DELETE", path_of("/v1/publishers/{id}/disablement", id=publisher_id), None, Publisher)


def list_registrations(*, state: RegistrationState | None = None, limit: int | None = None) -> Call[Page[RegistrationPage]]:
    """Clients that registered themselves; `pending` ones wait for approval."""
    return paged("/v1/registrations", RegistrationPage, query={"state": state, "limit": limit})


def approve_registration(client_id: UUID) -> Call[Registration]:
    """Let a client in that registered itself."""
    return writing("POST", path_of("/v1/registrations/{id}/approval", id=client_id), None, Registration)


def refuse_registration(client_id: UUID) -> Call[Registration]:
    """Send a client away that registered itself, for good."""
    return writing("POST", path_of("/v1/registrations/{id}/refusal", id=client_id), None, Registration)


def issue_initial_token(token: NewInitialToken) -> Call[IssuedInitialToken]:
    """Make a token with which one client may register, once."""
    return writing("POST", "/v1/initial-access-tokens", token, IssuedInitialToken)


def list_initial_tokens(*, limit: int | None = None) -> Call[Page[InitialTokenPage]]:
    """Initial access tokens, used ones too; never the tokens themselves."""
    return paged("/v1/initial-access-tokens", InitialTokenPage, query={"limit": limit})


def withdraw_initial_token(token_id: UUID) -> Call[InitialToken]:
    """Take an initial access token back before it is used."""
    return writing("POST", path_of("/v1/initial-access-tokens/{id}/withdrawal", id=token_id), None, InitialToken)


def read_quotas(holder_id: UUID) -> Call[Quotas]:
    """What a client or an organisation may have in a day, and what it has had today."""
    return reading(path_of("/v1/quotas/{id}", id=holder_id), Quotas)


def change_quotas(holder_id: UUID, change: QuotaChange) -> Call[Quotas]:
    """Give a client or an organisation other daily quotas."""
    return writing("PUT", path_of("/v1/quotas/{id}", id=holder_id), change, Quotas)
