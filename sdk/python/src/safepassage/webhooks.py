"""Webhooks as Standard Webhooks (www.standardwebhooks.com) has them: signed by a node, verified by who gets them. Pure.

What is signed is `<webhook-id>.<webhook-timestamp>.<body>`. The header `webhook-signature` has a signature by each key that counts just
now, with a space between: `v1,<base64>` is HMAC-SHA-256, `v1a,<base64>` is Ed25519.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from safepassage.canonical import from_base64
from safepassage.problems.destinations import WebhookNotFresh, WebhookNotOfTheLog, WebhookNotVerified
from safepassage.wire_destinations import LogDelivery

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
TOLERANCE: Final = timedelta(minutes=5)
"""Between the clocks of both sides."""
MOST_SIGNATURES: Final = 16

_SECRET_BYTES: Final = range(24, 65)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""No full stop: what is signed has one reading."""
_SECONDS: Final = re.compile(r"[1-9][0-9]{0,12}")


def verify_webhook(
    *, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime, tolerance: timedelta = TOLERANCE
) -> LogDelivery:
    """What a node's log sent, read from the very bytes that are signed.

    headers  of the request, in any case
    body     its bytes as they came
    keys     `whsec_...` and `whpk_...`: of this destination, as the node showed them; while one is being replaced, both

    Use `webhook-id` to leave out what came before: it is the same however often the same entries are sent.
    Raises WebhookNotVerified, WebhookNotFresh, WebhookNotOfTheLog; ValueError for a key that is none.
    """
    found = {name.lower(): value for name, value in headers.items()}
    webhook_id, timestamp = found.get(ID, ""), found.get(TIMESTAMP, "")
    if _ID.fullmatch(webhook_id) is None or _SECONDS.fullmatch(timestamp) is None:
        raise WebhookNotVerified
    signatures = found.get(SIGNATURE, "").split(" ")[:MOST_SIGNATURES]
    signed = _signed(webhook_id, timestamp, body)
    if not any(_fits(key, signed, signature) for key in keys for signature in signatures):
        raise WebhookNotVerified
    if abs(now.timestamp() - int(timestamp)) > tolerance.total_seconds():
        raise WebhookNotFresh
    try:
        return LogDelivery.model_validate_json(body, extra="ignore")
    except ValidationError:
        raise WebhookNotOfTheLog from None


def signed_headers(webhook_id: str, body: bytes, *, keys: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers of an attempt to send `body`, signed by each of `keys` (`whsec_...`, `whsk_...`)."""
    timestamp = str(int(now.timestamp()))
    signed = _signed(webhook_id, timestamp, body)
    return {ID: webhook_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(_sign(key, signed) for key in keys)}


def secret_text(secret: bytes) -> str:
    """A secret of 24 to 64 bytes as both sides write it."""
    return SECRET + b64encode(secret).decode("ascii")


def private_text(private: Ed25519PrivateKey) -> str:
    """A private key as the sender keeps it."""
    return PRIVATE + b64encode(private.private_bytes_raw()).decode("ascii")


def public_text(private: str) -> str:
    """The public half of a `whsk_...` key, for the receiver."""
    return PUBLIC + b64encode(_private(private).public_key().public_bytes_raw()).decode("ascii")


def _signed(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{webhook_id}.{timestamp}.".encode() + body


def _sign(key: str, signed: bytes) -> str:
    if key.startswith(PRIVATE):
        return "v1a," + b64encode(_private(key).sign(signed)).decode("ascii")
    return "v1," + b64encode(hmac.digest(_secret(key), signed, "sha256")).decode("ascii")


def _fits(key: str, signed: bytes, signature: str) -> bool:
    version, _, text = signature.partition(",")
    try:
        value = from_base64(text)
    except ValueError:
        value = b""
    if not key.startswith(PUBLIC):
        return hmac.compare_digest(hmac.digest(_secret(key), signed, "sha256"), value) and version == "v1"
    public = Ed25519PublicKey.from_public_bytes(from_base64(key.removeprefix(PUBLIC)))
    try:
        public.verify(value, signed)
    except InvalidSignature:
        return False
    return version == "v1a"


def _secret(key: str) -> bytes:
    secret = from_base64(key.removeprefix(SECRET))
    if not key.startswith(SECRET) or len(secret) not in _SECRET_BYTES:
        raise ValueError("a key begins with whsec_ and has 24 to 64 bytes, or begins with whpk_")
    return secret


def _private(key: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(from_base64(key.removeprefix(PRIVATE)))
