"""Calls about secrets of clients that can do no better than one."""

from uuid import UUID

from safepassage.client.call import Call, path_of, reading, writing, writing_once
from safepassage.wire_clients import ClientSecret, ClientSecrets, NewClientSecret

_ALL = "/v1/clients/{id}/secrets"


def list_client_secrets(client_id: UUID) -> Call[ClientSecrets]:
    """When each secret of a client was made. Scope admin:clients."""
    return reading(path_of(_ALL, id=client_id), ClientSecrets)


def make_client_secret(client_id: UUID) -> Call[NewClientSecret]:
    """Make a secret, told in this answer and never again. If the answer is lost, remove what was made. Scope admin:clients."""
    return writing_once(path_of(_ALL, id=client_id), NewClientSecret)


def remove_client_secret(client_id: UUID, secret_id: UUID) -> Call[ClientSecret]:
    """Remove a secret, and the tokens that were asked for with it. Scope admin:clients."""
    return writing("DELETE", path_of(_ALL + "/{secret}", id=client_id, secret=secret_id), None, ClientSecret)
