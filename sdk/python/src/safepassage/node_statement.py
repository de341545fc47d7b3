"""sp-node+jws: the operational keys of a node, served at /.well-known/safe-passage, signed by the key that the trust list names for it.

The trust list changes seldom and by ceremony; these keys rotate by themselves. A statement is replaced by one with a higher serial.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Self
from uuid import UUID

from pydantic import Field, model_validator

from safepassage.also import Also
from safepassage.canonical import from_base64url
from safepassage.claims import EntityId, Message, NumericDate, Serial, Verified, require_lifetime, verify_message
from safepassage.compact import PublicKeys
from safepassage.packed import PACKED
from safepassage.problems.messages import EncryptionKeyUnknown, WrongIssuer
from safepassage.problems.trust import StatementRolledBack
from safepassage.public_keys import MessageJwk, PublicJwk
from safepassage.sealing import encryption_kid
from safepassage.suites import SUITES, Suite, first_supported
from safepassage.wire import Base64Url, Code, Digest, Wire

WELL_KNOWN_PATH: Final = "/.well-known/safe-passage"
CONTENT_TYPE: Final = "application/jose"
LONGEST_SECONDS: Final = 14 * 86_400
TAKEN: Final = "takes"
USED_FOR: Final = timedelta(hours=1)
"""Who has fetched one asks for it again after that, so that a key taken out of a statement counts no more."""

Keys = Annotated[tuple[PublicJwk, ...], Field(min_length=1, max_length=16)]


class EncryptionKey(Wire):
    """An HPKE public key of one epoch."""

    kid: Digest
    """SHA-256 of the public key."""
    suite: Code
    epoch: Annotated[int, Field(ge=0, lt=2**32)]
    public_key: Base64Url
    not_before: NumericDate
    not_after: NumericDate
    """From then on nothing is sealed to it; the private half is kept for what is under way, then destroyed."""

    @model_validator(mode="after")
    def _named_by_its_bytes(self) -> Self:
        public_key = from_base64url(self.public_key)
        if encryption_kid(public_key) != self.kid:
            raise ValueError("kid is not the digest of the key")
        if self.suite in SUITES and len(public_key) != SUITES[self.suite].public_key_bytes:
            raise ValueError("the key has not the length of its suite")
        return self


class NodeStatement(Message):
    """What other nodes need to write to this one and to verify what it writes."""

    TYPE: ClassVar[str] = "sp-node+jws"

    iss: EntityId
    serial: Serial
    iat: NumericDate
    exp: NumericDate
    """At most 14 days after `iat`."""
    exchange_signing: Annotated[tuple[MessageJwk, ...], Field(min_length=1, max_length=16)]
    """One at least for each suite's signature. They sign requests, receipts and envelopes.

    A key that is no longer listed counts no more.
    """
    client_authentication: Keys
    """They sign the client assertions of this node at other nodes' token endpoints."""
    suites: Annotated[tuple[Code, ...], Field(min_length=1, max_length=8)]
    """In the node's order of preference; a sender takes the first that it supports."""
    encryption: Annotated[tuple[EncryptionKey, ...], Field(min_length=1, max_length=16)]
    organisation_id: UUID | None = None
    """The agency's id at the node."""
    also: Also = None
    """What it takes besides (`TAKEN`): media types of messages that who does not know them does without."""

    @property
    def takes_packed(self) -> bool:
        """Whether envelopes may come to it packed (safepassage.packed)."""
        media_types = (self.also or {}).get(TAKEN)
        return isinstance(media_types, list) and PACKED in media_types

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        signing = [jwk.kid for jwk in (*self.exchange_signing, *self.client_authentication)]
        sealing = [key.kid for key in self.encryption]
        if len(set(signing)) != len(signing) or len(set(sealing)) != len(sealing):
            raise ValueError("a key serves one purpose and is listed once")
        return self


def verify_node_statement(token: str, *, entity_id: str, keys: PublicKeys, lowest_serial: int, now: datetime) -> Verified[NodeStatement]:
    """The statement in `token`, of the node `entity_id`.

    keys           the node statement keys that the trust list names for it
    lowest_serial  the highest serial seen so far of this node; 0 when none was

    Raises what `verify_message` raises, WrongIssuer, MessageExpired, MessageNotYetValid, StatementRolledBack.
    """
    statement = verify_message(token, kind=NodeStatement, keys=keys)
    message = statement.message
    if message.iss != entity_id:
        raise WrongIssuer
    require_lifetime(iat=message.iat, exp=message.exp, now=now, longest_seconds=LONGEST_SECONDS)
    if message.serial < lowest_serial:
        raise StatementRolledBack
    return statement


def key_to_seal_to(statement: NodeStatement, *, supported: Collection[str], now: datetime) -> tuple[Suite, EncryptionKey]:
    """The suite and key for a message to the node: its first listed suite that is supported, that suite's newest key in force.

    Raises SuiteNotSupported, EncryptionKeyUnknown.
    """
    suite = first_supported(statement.suites, supported=supported)
    seconds = now.timestamp()
    in_force = [key for key in statement.encryption if key.suite == suite.name and key.not_before <= seconds < key.not_after]
    if not in_force:
        raise EncryptionKeyUnknown("the statement lists no key in force")
    return suite, max(in_force, key=lambda key: key.epoch)
