"""Paging: an opaque, signed cursor in a Link header (RFC 8288). What it holds is nobody's business and nobody's to change."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query

from safepassage.canonical import canonical_json, from_base64url, to_base64url
from safepassage.problems.requests import InvalidRequest

Limit = Annotated[int, Query(ge=1, le=1000, description="Items of a page at the most.")]
Cursor = Annotated[str | None, Query(max_length=1024, description="Opaque, from the `next` link of the page before.")]


class Cursors:
    """Signs cursors with a key of the service. A cursor holds for one operation and one caller (`bound_to`)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, position: Mapping[str, Any], *, bound_to: str) -> str:
        """The cursor of a position."""
        data = canonical_json(dict(position))
        return to_base64url(self._tag(data, bound_to) + data)

    def read(self, cursor: str | None, *, bound_to: str) -> dict[str, Any] | None:
        """The position, or None for the first page. Raises InvalidRequest for a cursor that this service did not sign for this."""
        if cursor is None:
            return None
        try:
            raw = from_base64url(cursor)
        except ValueError as error:
            raise InvalidRequest("not a cursor of this operation", field="cursor") from error
        if not hmac.compare_digest(raw[:16], self._tag(raw[16:], bound_to)):
            raise InvalidRequest("not a cursor of this operation", field="cursor")
        position: dict[str, Any] = json.loads(raw[16:])
        return position

    def _tag(self, data: bytes, bound_to: str) -> bytes:
        return hmac.new(self._key, b"cursor\0" + bound_to.encode() + b"\0" + data, sha256).digest()[:16]


def next_link(path: str, parameters: Mapping[str, str | int]) -> str:
    """The Link header of a page that has a next one."""
    return f'<{path}?{urlencode(parameters)}>; rel="next"'
