"""A right request of a client in its parts, of which a negative changes one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from safepassage.canonical import from_base64url, json_object, to_base64url
from tests.gateway.by_hand import ASSERTION_TYPE, Party, encoded, signed

FORM = ("content-type", "application/x-www-form-urlencoded")


def _as_it_is(text: str) -> str:
    return text


def _once(value: str) -> list[str]:
    return [value]


def _as_dpop(token: str) -> list[str]:
    return [f"DPoP {token}"]


@dataclass(frozen=True)
class Sent:
    """A request as it goes out."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes


@dataclass
class Jwt:
    """An assertion or a proof to be made: a member that a change sets to None is left out."""

    header: dict[str, Any]
    claims: dict[str, Any]
    key: Any
    algorithm: str
    """What it is signed by, whatever the header says."""
    then: Callable[[str], str] = _as_it_is

    def text(self) -> str:
        """The compact form."""
        header, claims = ({name: value for name, value in part.items() if value is not None} for part in (self.header, self.claims))
        return self.then(signed(header, claims, self.key, algorithm=self.algorithm))


@dataclass
class Asked:
    """A request with an assertion in its form, or with a token; with a proof, where one is taken."""

    party: Party
    now: datetime
    path: str
    method: str = "POST"
    form: dict[str, str] | None = None
    token: str | None = None
    assertion: Jwt = field(init=False)
    proof: Jwt | None = field(init=False, default=None)
    proofs: Callable[[str], list[str]] = _once
    """The values of the DPoP fields, given the proof."""
    parameters: dict[str, str | None] = field(default_factory=dict)
    """Parameters that replace those of the form, or (None) are left out."""
    text: Callable[[str], str] = _as_it_is
    """What becomes of the body."""
    fields: list[tuple[str, str]] = field(default_factory=list)
    content_type: tuple[str, str] = FORM
    authorization: Callable[[str], list[str]] = _as_dpop
    query: str = ""
    before: "Asked | None" = None
    """The right one that was sent before: of it, something may be sent again."""
    others: dict[str, Party] = field(default_factory=dict)
    """Other clients, by what they are in the scene."""
    issued: Callable[..., str] | None = None
    """Signs a token as the node itself does: typ, payload."""
    made: dict[str, str] = field(default_factory=dict)
    """The assertion and the proof, once the request was built."""

    def __post_init__(self) -> None:
        seconds, party = int(self.now.timestamp()), self.party
        own = claims_of_text(party.assertion(self.now))
        self.assertion = Jwt({"alg": party.algorithm, "kid": party.kid, "typ": "JWT"}, own, party.key, party.algorithm)
        if self.token is not None or self.path in ("/oauth/token", "/oauth/par"):
            claims = claims_of_text(party.proof(self.now, self.method, self.path, token=self.token)) | {"iat": seconds}
            jwk = party.proof_key.as_dict(private=False)
            self.proof = Jwt({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}, claims, party.proof_key, "ES256")

    @property
    def seconds(self) -> int:
        """Now, in whole seconds since the epoch."""
        return int(self.now.timestamp())

    @property
    def url(self) -> str:
        """Of the endpoint."""
        return self.party.issuer + self.path

    def sent(self) -> Sent:
        """Build it."""
        fields, body = list(self.fields), b""
        if self.form is not None:
            self.made["assertion"] = self.assertion.text()
            proven = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.made["assertion"]}
            form = self.form | proven | self.parameters
            body = self.text(urlencode({name: value for name, value in form.items() if value is not None})).encode()
            fields.append(self.content_type)
        if self.token is not None:
            fields += [("authorization", value) for value in self.authorization(self.token)]
        if self.proof is not None:
            self.made["proof"] = self.proof.text()
            fields += [("dpop", value) for value in self.proofs(self.made["proof"])]
        return Sent(self.method, self.path + self.query, fields, body)


Change = Callable[[Asked], object]
"""Makes a right request wrong, in one place."""


def claims_of_text(jwt: str) -> dict[str, Any]:
    """The payload of a compact JWT."""
    return json_object(from_base64url(jwt.split(".")[1]))


# What changes are made of.


def assertion(**claims: Any) -> Change:
    """Other claims in the assertion."""
    return lambda asked: asked.assertion.claims.update(claims)


def assertion_times(**offsets: int | None) -> Change:
    """Other times in the assertion, as seconds from now."""

    def change(asked: Asked) -> None:
        times = {name: None if offset is None else asked.seconds + offset for name, offset in offsets.items()}
        asked.assertion.claims.update(times)

    return change


def assertion_header(**header: Any) -> Change:
    """Other members in the assertion's header."""
    return lambda asked: asked.assertion.header.update(header)


def assertion_text(then: Callable[[str], str]) -> Change:
    """The assertion, changed once it is signed."""
    return lambda asked: setattr(asked.assertion, "then", then)


def proof(**claims: Any) -> Change:
    """Other claims in the proof."""
    return lambda asked: _proof(asked).claims.update(claims)


def proof_made(seconds: int) -> Change:
    """The proof's time, as seconds from now."""
    return lambda asked: _proof(asked).claims.update(iat=asked.seconds + seconds)


def proof_header(**header: Any) -> Change:
    """Other members in the proof's header."""
    return lambda asked: _proof(asked).header.update(header)


def proof_text(then: Callable[[str], str]) -> Change:
    """The proof, changed once it is signed."""
    return lambda asked: setattr(_proof(asked), "then", then)


def proofs(these: Callable[[str], list[str]]) -> Change:
    """Other DPoP fields than the one proof."""
    return lambda asked: setattr(asked, "proofs", these)


def parameters(**values: str | None) -> Change:
    """Other parameters in the form."""
    return lambda asked: asked.parameters.update(values)


def body(then: Callable[[str], str]) -> Change:
    """The form, changed once it is written."""
    return lambda asked: setattr(asked, "text", then)


def fields(*more: tuple[str, str]) -> Change:
    """More header fields."""
    return lambda asked: asked.fields.extend(more)


def again(what: str) -> Change:
    """The assertion or the proof of the right request before."""

    def change(asked: Asked) -> None:
        assert asked.before is not None
        made, asked.token = asked.before.made[what], asked.before.token
        jwt = asked.assertion if what == "assertion" else _proof(asked)
        jwt.then = lambda _: made

    return change


def with_claims(text: str, **claims: Any) -> str:
    """A JWT whose claims were changed after it was signed."""
    header, _, signature = text.split(".")
    return f"{header}.{encoded(claims_of_text(text) | claims)}.{signature}"


def with_payload(text: str, payload: bytes) -> str:
    """A JWT of another payload, whose signature fits the old one."""
    header, _, signature = text.split(".")
    return f"{header}.{to_base64url(payload)}.{signature}"


def _proof(asked: Asked) -> Jwt:
    assert asked.proof is not None
    return asked.proof
