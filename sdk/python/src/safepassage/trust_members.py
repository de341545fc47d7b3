"""A member of the trust list: one node, by the keys and addresses under which others know it."""

from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer, model_validator

from safepassage.claims import EntityId
from safepassage.logged import LogIdentity
from safepassage.notes import ED25519, VerifierKey, parse_vkey
from safepassage.problems.proofs import VerifierKeyMalformed
from safepassage.public_keys import PublicJwk
from safepassage.wire import Name, Wire


def _vkey(value: str) -> str:
    try:
        parse_vkey(value)
    except VerifierKeyMalformed as error:
        raise ValueError("not a vkey") from error
    return value


Vkey = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_vkey)]
"""`name+key id+base64` (C2SP signed-note)."""


MOST_LOGS: Final = 20
"""Of one member: a log a year."""


class LogKey(Wire):
    """A key of a log."""

    vkey: Vkey
    status: Literal["active", "retired"] = "active"
    """retired: no checkpoint under it is accepted any more from another node."""


class Log(Wire):
    """A log of a member; one a year."""

    origin: Annotated[str, StringConstraints(pattern=r"^[!-*,-~]{1,200}$")]
    keys: Annotated[tuple[LogKey, ...], Field(min_length=1, max_length=8)]

    @model_validator(mode="after")
    def _named_by_origin(self) -> Self:
        if any(parse_vkey(key.vkey).name != self.origin for key in self.keys):
            raise ValueError("a log's key has the log's origin as its name")
        return self

    def identity(self) -> LogIdentity:
        """The log as a verifier wants it. Only Ed25519 keys are used in this version; others wait for theirs."""

        def keys(status: str) -> tuple[VerifierKey, ...]:
            parsed = (parse_vkey(key.vkey) for key in self.keys if key.status == status)
            return tuple(key for key in parsed if key.type == ED25519)

        return LogIdentity(self.origin, keys("active"), keys("retired"))


class Endpoints(Wire):
    """Where the member is reached."""

    gateway: EntityId
    """The base URL of its gateway: `/.well-known/safe-passage`, `/oauth/...` and `/v1/peer/...` are under it."""


class Member(Wire):
    """A node and the agency that runs it."""

    entity_id: EntityId
    organisation: Name
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    status: Literal["active", "suspended", "revoked"] = "active"
    endpoints: Endpoints
    statement_keys: Annotated[tuple[PublicJwk, ...], Field(min_length=1, max_length=4)]
    """They sign the node's statement."""
    logs: Annotated[tuple[Log, ...], Field(max_length=MOST_LOGS)] = ()
    witness_keys: Annotated[tuple[Vkey, ...], Field(max_length=8)] = ()
    delivery: Literal["push", "pull"] = "push"
    """pull: it is behind a firewall and cannot be called; it calls the others and fetches what is for it (safepassage.pulled)."""

    @model_serializer(mode="wrap")
    def _without_what_is_usual(self, as_ever: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Who is called is written as before there were others: nodes that know of none read the list."""
        written: dict[str, Any] = as_ever(self)
        if self.delivery == "push":
            written.pop("delivery", None)
        return written

    @property
    def pulls(self) -> bool:
        """Whether it is never called."""
        return self.delivery == "pull"

    @property
    def urls(self) -> tuple[str, ...]:
        """Every URL under which it is known or reached."""
        return (self.entity_id, self.endpoints.gateway)

    @model_validator(mode="after")
    def _over_tls(self) -> Self:
        if not all(url.startswith("https://") or is_loopback_http(url) for url in self.urls):
            raise ValueError("https, or http on the loopback in development")
        return self

    def log_identities(self) -> tuple[LogIdentity, ...]:
        """Its logs as verifiers want them."""
        return tuple(log.identity() for log in self.logs)


def is_loopback_http(url: str) -> bool:
    """Whether the URL is of the kind that is allowed in insecure development only."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
