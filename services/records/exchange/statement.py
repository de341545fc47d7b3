"""What the node says of its operational keys, for the operator's key to sign (`safepassage-node keys statement`). Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.compact import public_jwk
from safepassage.node_statement import LONGEST_SECONDS, TAKEN, EncryptionKey, NodeStatement
from safepassage.packed import PACKED
from safepassage.public_keys import P384Jwk, PublicJwk


def statement_payload(
    *,
    entity_id: str,
    serial: int,
    exchange_signing: Iterable[PublicJwk | P384Jwk],
    suites: Sequence[str],
    client_authentication: Iterable[Ed25519PublicKey],
    encryption: Iterable[EncryptionKey],
    organisation_id: UUID | None,
    now: datetime,
    lasts_seconds: int = LONGEST_SECONDS,
) -> NodeStatement:
    """The statement; its `claims()` are signed with typ `NodeStatement.TYPE`.

    serial      higher than that of every statement before
    encryption  of `EpochKeys.published`
    """
    issued = int(now.timestamp())
    return NodeStatement(
        iss=entity_id,
        serial=serial,
        iat=issued,
        exp=issued + lasts_seconds,
        exchange_signing=tuple(exchange_signing),
        client_authentication=_published(client_authentication),
        suites=tuple(suites),
        encryption=tuple(encryption),
        organisation_id=organisation_id,
        also={TAKEN: [PACKED]},
    )


def _published(keys: Iterable[Ed25519PublicKey]) -> tuple[PublicJwk, ...]:
    return tuple(PublicJwk.model_validate(public_jwk(key)) for key in keys)
