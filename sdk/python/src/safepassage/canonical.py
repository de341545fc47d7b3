"""Bytes that two parties compute alike: RFC 8785 JSON, base64url without padding, SHA-256."""

import base64
import binascii
import hashlib
import json
from typing import Any

import rfc8785


def canonical_json(value: Any) -> bytes:
    """The RFC 8785 (JCS) form of `value`: objects, arrays, strings, integers, Booleans and null.

    Floats are refused (TypeError): two languages print them differently. So are integers beyond 2^53 and lone surrogates (ValueError).
    """
    if not _plain(value):
        return rfc8785.dumps(value)
    # For these values the standard library's encoder, written in C, gives the same bytes at a tenth of the time (a test compares).
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False).encode()


def _plain(value: Any) -> bool:
    """Whether sorting by code point is sorting as RFC 8785 has it, and every integer is exact. Raises TypeError for a float."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-(2**53) < value < 2**53)
    if kind is dict:
        for key, member in value.items():
            if type(key) is not str or not key.isascii() or not _plain(member):
                _refuse_floats(value)
                return False
        return True
    if kind is list or kind is tuple:
        for member in value:
            if not _plain(member):
                _refuse_floats(value)
                return False
        return True
    _refuse_floats(value)
    return False


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("canonical bytes hold integers and strings, never floats")
    if isinstance(value, dict):
        for member in value.values():
            _refuse_floats(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _refuse_floats(member)


def json_object(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`. Raises ValueError for anything else, and for a member that occurs twice."""
    try:
        # Decoded here: given bytes, the library would also take UTF-16 and UTF-32.
        value = _OBJECTS.decode(data.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - what was sent is wrong, not its caller
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member occurs twice")
    return value


def _refused(_: str) -> None:
    raise ValueError("not a JSON number")


_OBJECTS = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refused)
"""Made once: json.loads makes one for each text that it reads in a way of its own."""

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def to_base64url(data: bytes) -> str:
    """RFC 4648 section 5, without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of an unpadded base64url `text`.

    Raises ValueError for anything else: padding, white space, the other alphabet, loose last bits.
    """
    try:
        data = binascii.a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"==")
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url without padding") from error
    # The decoder passes over what it does not know: bytes have one form, and nothing else is taken.
    if to_base64url(data) != text:
        raise ValueError("not the one base64url form of these bytes")
    return data


def from_base64(text: str) -> bytes:
    """The bytes of a padded base64 `text` (RFC 4648 section 4), as signed notes use it. Raises ValueError for any but the one form."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error
    if base64.b64encode(data).decode("ascii") != text:
        raise ValueError("not the one base64 form of these bytes")
    return data


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def digest_of(data: bytes) -> str:
    """SHA-256 of `data` as a wire `Digest`."""
    return to_base64url(sha256(data))


def digest_of_json(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value` as a wire `Digest`."""
    return digest_of(canonical_json(value))
