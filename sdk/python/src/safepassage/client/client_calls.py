"""The operations on clients, as `safepassage.client.calls`. Each needs the scope admin:clients."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_clients import Client, ClientGrants, ClientKeys, ClientPage, NewClient


def register_client(client: NewClient, *, idempotency_key: str | None = None) -> Call[Client]:
    """Register a client by its public keys. Scope admin:clients."""
    return writing("POST", "/v1/clients", client, Client, idempotency_key=idempotency_key)


def list_clients(*, limit: int | None = None) -> Call[Page[ClientPage]]:
    """The clients of the caller's organisation and those below. Scope admin:clients."""
    return paged("/v1/clients", ClientPage, query={"limit": limit})


def read_client(client_id: UUID) -> Call[Client]:
    """A client. Scope admin:clients."""
    return reading(path_of("/v1/clients/{id}", id=client_id), Client)


def change_client_grants(client_id: UUID, grants: ClientGrants) -> Call[Client]:
    """Change what a client's tokens may have. Scope admin:clients."""
    return writing("PUT", path_of("/v1/clients/{id}/grants", id=client_id), grants, Client)


def replace_client_keys(client_id: UUID, keys: ClientKeys) -> Call[Client]:
    """Replace a client's keys. Scope admin:clients."""
    return writing("PUT", path_of("/v1/clients/{id}/keys", id=client_id), keys, Client)


def disable_client(client_id: UUID) -> Call[Client]:
    """Let a client in no more; its tokens end at once. Scope admin:clients."""
    return writing("POST", path_of("/v1/clients/{id}/disablement", id=client_id), None, Client)


def enable_client(client_id: UUID) -> Call[Client]:
    """Let a client in again. Scope admin:clients."""
    return writing("DELETE", path_of("/v1/clients/{id}/disablement", id=client_id), None, Client)
