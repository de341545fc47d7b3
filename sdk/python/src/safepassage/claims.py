"""The payloads of signed messages: closed models with a version, read strictly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from safepassage.canonical import digest_of, json_object
from safepassage.compact import MAX_LENGTH, PublicKeys, verified_parts
from safepassage.problems.messages import MessageExpired, MessageNotYetValid, WrongIssuer
from safepassage.problems.requests import UnsupportedVersion
from safepassage.problems.signatures import MalformedToken, WrongAudience
from safepassage.wire import Digest, Wire

CLOCK_SKEW_SECONDS: Final = 300
"""How far ahead the issuer's clock may be."""

EntityId = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?$", max_length=200)]
"""A node's URL as the trust list has it. http only on the loopback, in development; the trust list's reader sees to that."""

OrganisationId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
"""An organisation by its id at the requester's node."""

NumericDate = Annotated[int, Field(ge=0, lt=2**40)]
"""Whole seconds since the epoch."""


Serial = Annotated[int, Field(ge=1, lt=2**53)]
"""Counts up with every issue of a list or statement; a lower one than already seen is refused."""


class Message(Wire):
    """A payload that is signed. What is signed is `claims()`, by the signer's own key (safepassage.compact)."""

    TYPE: ClassVar[str]
    """The JOSE header's `typ`."""

    BATCHED: ClassVar[bool] = False
    """Whether it may share its signature with others of its moment (safepassage.batch_signatures)."""

    v: Literal[1] = 1

    def claims(self) -> dict[str, Any]:
        """The JSON object to sign."""
        return self.model_dump(mode="json", by_alias=True)


M = TypeVar("M", bound=Message)
W = TypeVar("W", bound=Wire)


@dataclass(frozen=True)
class Verified(Generic[M]):
    """A message whose signature was verified, with the compact JWS that carried it."""

    message: M
    token: str
    kid: str
    """The key that signed it."""
    digest: Digest
    """SHA-256 of the compact JWS: what other messages and the log call it by."""


def verify_message(token: str, *, kind: type[M], keys: PublicKeys, max_length: int = MAX_LENGTH) -> Verified[M]:
    """Check signature, type, version and form of a message. Who issued it, for whom and when is checked by `require_*`.

    Raises MalformedToken (`field` names the member at fault), UnexpectedType, UnknownKey, BadSignature, UnsupportedVersion.
    """
    parts = verified_parts(token, typ=kind.TYPE, keys=keys, max_length=max_length, batched=kind.BATCHED)
    message = _read(parts.payload, parts.payload_bytes, model=kind)
    return Verified(message, token, parts.header["kid"], digest_of(token.encode("ascii")))


def require_parties(*, iss: str, aud: str, issuer: str, audience: str) -> None:
    """Raises WrongIssuer or WrongAudience unless the message is by `issuer` for `audience`."""
    if iss != issuer:
        raise WrongIssuer
    if aud != audience:
        raise WrongAudience


def require_lifetime(*, iat: int, exp: int | None, now: datetime, longest_seconds: int | None = None) -> None:
    """Raises MessageExpired from `exp` on; MessageNotYetValid when issued more than five minutes ahead, or valid for too long."""
    seconds = now.timestamp()
    if exp is not None and seconds >= exp:
        raise MessageExpired
    if iat > seconds + CLOCK_SKEW_SECONDS:
        raise MessageNotYetValid
    if exp is not None and longest_seconds is not None and exp - iat > longest_seconds:
        raise MessageNotYetValid


def read_closed(data: bytes, *, model: type[W]) -> W:
    """The JSON object in `data` as a closed model of version 1.

    Raises MalformedToken (`field` names the member at fault), UnsupportedVersion.
    """
    try:
        members = json_object(data)
    except ValueError as error:
        raise MalformedToken("not a JSON object") from error
    return _read(members, data, model=model)


def _read(members: Mapping[str, Any], data: bytes, *, model: type[W]) -> W:
    require_version_1(members)
    try:
        return model.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise MalformedToken("not of the documented form", field=_first_member(error, members)) from error


def require_version_1(members: Mapping[str, Any]) -> None:
    """Raises UnsupportedVersion unless `v` is the number 1; true is not."""
    version = members.get("v")
    if type(version) is not int or version != 1:
        raise UnsupportedVersion


def _first_member(error: ValidationError, members: Mapping[str, Any]) -> str | None:
    """Where in the message the first fault is. None where members do not go together, of which none is at fault alone.

    What pydantic calls a form that it tried, by a name of ours, is no member of the message and is left out.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    value: Any = members
    there: list[str] = []
    for part in first["loc"]:
        inside = part in value if isinstance(value, dict) else isinstance(value, list) and isinstance(part, int)
        if inside:
            value = value[part]
        if inside or (first["type"] == "missing" and part == first["loc"][-1]):
            there.append(str(part))
    return ".".join(there)[:200] or None
