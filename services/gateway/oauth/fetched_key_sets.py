"""A key set that is got from a client's own URL: which of its keys count, and when it is got again.

What is got is a stranger's. A set that holds a private key, or one `kid` twice, counts for nothing; keys for other uses, or of kinds that
are not taken here, are passed over (SMART App Launch 2.2: "exactly one key").
"""

import json
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from safepassage.canonical import json_object
from safepassage.problems import SuiteError
from safepassage.problems.registrations import KeySetNotHad
from safepassage.wire_clients import ClientJwk, JwkSet
from services.gateway.oauth.client_keys import client_key, client_keys

FRESH_FOR: Final = timedelta(hours=1)
"""Then a set is got again before it is used."""
USED_FOR: Final = timedelta(hours=24)
"""If it cannot be got again it counts for so long, and then no more."""
AGAIN_AFTER: Final = timedelta(minutes=1)
"""At most so often it is asked for, whatever keys assertions name."""

_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MEMBERS: Final = frozenset(ClientJwk.model_fields)
_MOST_LISTED: Final = 32


def keys_in(document: str) -> JwkSet:
    """The keys of a set that count. Raises KeySetNotHad."""
    try:
        listed = json_object(document.encode()).get("keys")
    except (ValueError, UnicodeEncodeError) as error:
        raise KeySetNotHad("not a JSON object", field="jwks_uri") from error
    if not isinstance(listed, list) or len(listed) > _MOST_LISTED or not all(isinstance(one, dict) for one in listed):
        raise KeySetNotHad("not a JWK Set of 32 keys at the most", field="jwks_uri")
    if any(_PRIVATE & one.keys() for one in listed):
        raise KeySetNotHad("it holds a private key", field="jwks_uri")
    found = [jwk for one in listed if (jwk := _usable(one)) is not None]
    try:
        jwks = JwkSet(keys=tuple(found))
        client_keys(jwks)
    except (ValidationError, SuiteError) as error:
        raise KeySetNotHad("1 to 8 public keys that can be used, each once and under a kid of its own", field="jwks_uri") from error
    return jwks


def _usable(one: dict[str, Any]) -> ClientJwk | None:
    if one.get("use", "sig") != "sig" or one.get("key_ops", ["verify"]) != ["verify"]:
        return None
    try:
        jwk = ClientJwk.model_validate_json(json.dumps({name: value for name, value in one.items() if name in _MEMBERS}))
        client_key(jwk)
    except (ValidationError, SuiteError):
        return None
    return jwk


def is_due(*, fetched_at: datetime, tried_at: datetime | None, knows_kid: bool, now: datetime) -> bool:
    """Whether the set is got again before a key of it is used.

    tried_at   when it was last asked for here
    knows_kid  the set lists the key that a message names
    """
    if tried_at is not None and now < tried_at + AGAIN_AFTER:
        return False
    if now >= fetched_at + FRESH_FOR:
        return True
    return not knows_kid and now >= fetched_at + AGAIN_AFTER


def still_counts(*, fetched_at: datetime, now: datetime) -> bool:
    """Whether keys that were got then may be used now."""
    return now < fetched_at + USED_FOR
