"""What an access token may do, told to whoever comes with it."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Digest, Instant, Name, Wire
from safepassage.wire_organisations import OrganisationKind


class GrantedScope(Wire):
    """A scope, and what it lets the token do."""

    scope: Annotated[str, Field(max_length=100)]
    summary: str


class TokenOperation(Wire):
    """An operation that the token's scopes open. Whose records it reaches there is decided at each request."""

    method: Annotated[str, Field(pattern=r"^[A-Z]+$")]
    path: str
    """As the OpenAPI document has it."""


class TokenInfo(Wire):
    """`GET /oauth/token_info`: as Ed-Fi's, and by the same door as everything else."""

    token_id: UUID
    client_id: str
    organisation_id: UUID
    organisation_name: Name
    organisation_kind: OrganisationKind
    role: Code
    official: Code | None = None
    """Of a token that somebody who signed in lets a client have: the `pairwise_id` by which they are named where an official acts. Another
    is refused, and a token by which officials do nothing has none."""
    scopes: tuple[GrantedScope, ...]
    authorization_details: tuple[dict[str, Any], ...]
    """RFC 9396; what it is for, and what it is narrowed to. Without one it is for no purpose: what needs one refuses it."""
    operations: tuple[TokenOperation, ...]
    key: Digest | None = None
    """Thumbprint (RFC 7638) of the key that each proof has to be made by; a token of the legacy profile has none."""
    issued_at: Instant
    expires_at: Instant
