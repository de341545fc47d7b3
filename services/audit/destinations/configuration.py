"""What is sealed of a destination: its name, its receiver with the address, what it gets, and the keys that sign.

# INVARIANT: it is bound to the destination's id: a row that was put under another id, or altered, does not open and sends nothing.
"""

import hmac
import secrets
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.destinations import LogDestinationAltered
from safepassage.webhooks import private_text, secret_text
from safepassage.wire import Code, Instant, Wire
from safepassage.wire_destinations import Signature, SyslogReceiver, WebhookReceiver
from services.audit.driver import Driver
from services.audit.subject_keys import SubjectKeys

SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12


class HeldKey(Wire):
    """A key that signs webhooks."""

    text: Annotated[str, Field(repr=False)]
    """`whsec_...` or `whsk_...`."""
    until: Instant | None = None
    """Of one that was replaced: the first instant at which it does not sign any more."""


class Configuration(Wire):
    """A destination as it was made. But for the keys it never changes, so that an id always stands for the same entries."""

    name: str
    receiver: Annotated[WebhookReceiver | SyslogReceiver, Field(discriminator="kind")]
    classes: tuple[Code, ...]
    batch_entries: int
    purpose: Code
    keys: tuple[HeldKey, ...]
    """The newest first; none for syslog."""

    def signing_keys(self, now: datetime) -> tuple[str, ...]:
        """Those that sign what is sent now."""
        return tuple(key.text for key in self.keys if key.until is None or now < key.until)

    def with_key(self, key: str, *, former_until: datetime, now: datetime) -> "Configuration":
        """The same with a new key. Those before sign until then at the latest; what signs no more is forgotten."""
        kept = [HeldKey(text=one.text, until=min(one.until or former_until, former_until)) for one in self.keys]
        keys = (HeldKey(text=key), *(one for one in kept if one.until is not None and now < one.until))
        return self.model_copy(update={"keys": keys})

    @property
    def address(self) -> str:
        """Host and port: what may be shown of where it is."""
        host, port = self.host_and_port
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where connections go to. Raises ValueError for a URL that names none."""
        if isinstance(self.receiver, SyslogReceiver):
            return self.receiver.host.lower(), self.receiver.port
        parts = urlsplit(self.receiver.url)
        if not parts.hostname or parts.username is not None or parts.password is not None:
            raise ValueError("a URL with a host, and without a name and password in front of it")
        return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def new_key(signature: Signature) -> str:
    """A key from the operating system's randomness."""
    return secret_text(secrets.token_bytes(SECRET_BYTES)) if signature == "v1" else private_text(Ed25519PrivateKey.generate())


class DestinationSeals:
    """Seals and opens configurations with a key of audit's own."""

    def __init__(self, cipher: AESGCM) -> None:
        self._cipher = cipher

    @classmethod
    async def of(cls, tx: AsyncSession, keys: SubjectKeys) -> "DestinationSeals":
        """The key is wrapped by the key-encryption key, and goes with it."""
        key: bytes = await tx.run_sync(lambda session: keys.index_key(Driver(session.connection())))
        return cls(AESGCM(hmac.digest(key, b"log-destinations", "sha256")))

    def seal(self, destination_id: UUID, configuration: Configuration) -> bytes:
        """What is stored."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, configuration.model_dump_json(exclude_none=True).encode(), _bound_to(destination_id))

    def open(self, destination_id: UUID, sealed: bytes) -> Configuration:
        """What was sealed. Raises LogDestinationAltered where it was altered or moved."""
        try:
            plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(destination_id))
        except (InvalidTag, ValueError) as error:
            raise LogDestinationAltered from error
        return Configuration.model_validate_json(plain)

    def find(self, destination_id: UUID, sealed: bytes) -> Configuration | None:
        """The same, None where it was altered: what is wrong is to be shown and deleted."""
        try:
            return self.open(destination_id, sealed)
        except LogDestinationAltered:
            return None


def _bound_to(destination_id: UUID) -> bytes:
    return b"log-destination\0" + destination_id.bytes
