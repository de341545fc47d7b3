"""Secrets of clients that can do no better: made here, 256 bits, shown once, kept as scrypt, with what it was made with in the row.

A secret begins with its own id, so that each look-up is one comparison, whether there is such a client or not.
"""

import asyncio
import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import scrypt
from typing import Final
from urllib.parse import unquote_plus
from uuid import UUID

from safepassage.canonical import from_base64url, to_base64url
from services.gateway.oauth.oauth_errors import ClientNotAuthenticated, SecondMethod, TokenRequestInvalid

COST: Final = 2**14
BLOCK_SIZE: Final = 8
PARALLELISM: Final = 1
"""16 MiB and some 40 ms. The secret is random: this guards it where somebody has the store, not against guessing."""
SALT_BYTES: Final = 16
RANDOM_BYTES: Final = 32
MAX_BASIC: Final = 1024


@dataclass(frozen=True)
class Kept:
    """What a secret is compared by."""

    salt: bytes
    digest: bytes
    cost: int = COST
    block_size: int = BLOCK_SIZE
    parallelism: int = PARALLELISM


@dataclass(frozen=True)
class Presented:
    """What a client sent to prove who it is; not verified."""

    client_id: str
    secret: str
    in_header: bool


STAND_IN: Final = Kept(bytes(SALT_BYTES), bytes(32))
"""Of no secret: compared with in place of one that is not there, so that it takes as long."""


def new_secret(secret_id: UUID) -> tuple[str, Kept]:
    """A secret of 64 characters, and what is kept of it."""
    secret = to_base64url(secret_id.bytes + secrets.token_bytes(RANDOM_BYTES))
    kept = Kept(secrets.token_bytes(SALT_BYTES), b"")
    return secret, Kept(kept.salt, _derived(secret, kept))


def secret_id_of(secret: str) -> UUID | None:
    """Which secret this says that it is, or None."""
    try:
        data = from_base64url(secret)
    except ValueError:
        return None
    return UUID(bytes=data[:16]) if len(data) == 16 + RANDOM_BYTES else None


def kid_of(secret_id: UUID) -> str:
    """By what a token names the secret that asked for it: when that one goes, the token goes."""
    return f"secret:{secret_id}"


async def verify_secret(secret: str, kept: Kept | None) -> None:
    """Compare, in a thread. `kept` is None where there is no such secret: as much work. Raises ClientNotAuthenticated."""
    derived = await asyncio.to_thread(_derived, secret, kept or STAND_IN)
    if not hmac.compare_digest(derived, (kept or STAND_IN).digest) or kept is None:
        raise ClientNotAuthenticated("secret")


def read_presented(form: Mapping[str, str], authorization: str | None) -> Presented | None:
    """The client and its secret, in the header (RFC 6749 section 2.3.1) or in the form and never in both; None where there is none.

    Raises SecondMethod, TokenRequestInvalid, ClientNotAuthenticated.
    """
    if authorization is None and "client_secret" not in form:
        return None
    if "client_assertion" in form or "client_assertion_type" in form:
        raise SecondMethod("authenticate by a secret or by an assertion, not by both")
    if authorization is None:
        if "client_id" not in form:
            raise TokenRequestInvalid("client_id is needed with client_secret")
        return Presented(form["client_id"], form["client_secret"], in_header=False)
    if "client_secret" in form:
        raise SecondMethod("the secret is sent in the header or in the body, not in both")
    client_id, secret = _basic(authorization)
    if form.get("client_id", client_id) != client_id:
        raise TokenRequestInvalid("client_id is the client that authenticates")
    return Presented(client_id, secret, in_header=True)


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic" or len(value) > MAX_BASIC:
        raise ClientNotAuthenticated("secret-malformed")
    try:
        client_id, colon, secret = base64.b64decode(value.strip(), validate=True).decode("ascii").partition(":")
    except (ValueError, binascii.Error) as error:
        raise ClientNotAuthenticated("secret-malformed") from error
    if not colon:
        raise ClientNotAuthenticated("secret-malformed")
    return unquote_plus(client_id), unquote_plus(secret)


def _derived(secret: str, kept: Kept) -> bytes:
    return scrypt(secret.encode()[:1024], salt=kept.salt, n=kept.cost, r=kept.block_size, p=kept.parallelism, maxmem=2**26, dklen=32)
