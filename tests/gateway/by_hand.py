"""Assertions, proofs and requests made by hand, so that each can be wrong in exactly one way."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.types import ASGIApp, Message

from safepassage.canonical import digest_of, from_base64url, to_base64url

_REGISTRY = JWSRegistry(algorithms=["Ed25519", "Ed448", "ES256", "PS256", "RS256", "HS256"])
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def encoded(part: Mapping[str, Any]) -> str:
    """A segment of a JWS."""
    return to_base64url(json.dumps(part).encode())


def signed(header: Mapping[str, Any], payload: Mapping[str, Any], key: Any, *, algorithm: str | None = None) -> str:
    """A compact JWS; `algorithm` where it is made by another one than the header says."""
    parts = f"{encoded(header)}.{encoded(payload)}"
    name = algorithm or str(header["alg"])
    signature = _REGISTRY.get_alg("Ed25519" if name == "EdDSA" else name).sign(parts.encode(), key)
    return f"{parts}.{to_base64url(signature)}"


def spoilt(jws: str) -> str:
    """A compact JWS whose signature has one bit that is another."""
    signed_part, _, signature = jws.rpartition(".")
    data = bytearray(from_base64url(signature))
    data[len(data) // 2] ^= 1
    return f"{signed_part}.{to_base64url(bytes(data))}"


def new_key(algorithm: str) -> Any:
    """A private key for an algorithm."""
    if algorithm == "ES256":
        return ECKey.generate_key("P-256")
    if algorithm == "PS256":
        return RSAKey.generate_key(2048)
    return OKPKey.generate_key("Ed25519")


@dataclass
class Party:
    """A client with its keys: what it knows to speak for itself."""

    client_id: str
    issuer: str
    algorithm: str = "Ed25519"
    kid: str = "one"
    key: Any = None
    proof_key: Any = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def __post_init__(self) -> None:
        self.key = self.key or new_key(self.algorithm)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key to register."""
        return {**self.key.as_dict(private=False), "kid": self.kid, "alg": self.algorithm}

    def assertion(self, now: datetime, *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A client assertion; `claims` replace or (None) remove."""
        seconds = int(now.timestamp())
        payload = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "iat": seconds,
            "exp": seconds + 60,
            "jti": secrets.token_urlsafe(12),
        } | claims
        payload = {name: value for name, value in payload.items() if value is not None}
        return signed(
            {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"} | dict(header or {}), payload, self.key, algorithm=self.algorithm
        )

    def proof(
        self, now: datetime, method: str, path: str, *, token: str | None = None, header: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        """A DPoP proof; `claims` replace or (None) remove."""
        payload: dict[str, Any] = {"htm": method, "htu": self.issuer + path, "iat": int(now.timestamp()), "jti": secrets.token_urlsafe(12)}
        if token is not None:
            payload["ath"] = digest_of(token.encode())
        payload = {name: value for name, value in (payload | claims).items() if value is not None}
        own = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.proof_key.as_dict(private=False)}
        return signed(own | dict(header or {}), payload, self.proof_key, algorithm="ES256")

    def form(self, now: datetime, **parameters: str) -> dict[str, str]:
        """The parameters of a token request."""
        return {"grant_type": "client_credentials", **self.proven(now), **parameters}

    def proven(self, now: datetime, **parameters: str) -> dict[str, str]:
        """The parameters of any request that the client proves to be its own."""
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion(now), **parameters}


@dataclass
class Answer:
    """What came back."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """By name; a field that came twice is a fault of ours."""
        assert len(dict(self.fields)) == len(self.fields), self.fields
        return dict(self.fields)

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code, or OAuth's error."""
        document = self.json
        return str(document.get("code") or document.get("error"))


def alike(answer: Answer) -> tuple[tuple[str, str], ...]:
    """The fields that must not tell one token from another."""
    return tuple(sorted((name, value) for name, value in answer.fields if name not in ("x-request-id", "ratelimit")))


async def ask(
    app: ASGIApp,
    method: str,
    target: str | bytes,
    *,
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
    chunks: list[bytes] | None = None,
    address: str = "192.0.2.7",
) -> Answer:
    """One request, byte for byte as it says. `chunks` come without a Content-Length."""
    raw, _, query = (target if isinstance(target, bytes) else target.encode()).partition(b"?")
    fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers or []]
    if not any(name == b"host" for name, _ in fields):
        fields.insert(0, (b"host", _name_of(app)))
    if body and not any(name == b"content-length" for name, _ in fields):
        fields.append((b"content-length", str(len(body)).encode()))
    if chunks is not None:
        fields.append((b"transfer-encoding", b"chunked"))
    waiting = list(chunks) if chunks is not None else [body]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": raw.decode("latin-1"),
        "raw_path": raw,
        "query_string": query,
        "root_path": "",
        "headers": fields,
        "client": (address, 1),
        "server": ("node.example", 443),
        "state": {},
    }
    answer = Answer(0, [], b"")

    async def receive() -> Message:
        if not waiting:
            return {"type": "http.disconnect"}
        chunk = waiting.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.fields = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


def _name_of(app: ASGIApp) -> bytes:
    """The node's own."""
    settings = getattr(getattr(app, "state", None), "settings", None)
    return b"node.example" if settings is None else settings.host.encode()


async def ask_token(app: ASGIApp, party: Party, now: datetime, *, form: Mapping[str, str] | str | None = None, **about: Any) -> Answer:
    """A token request; `about`: proof, headers, target."""
    parameters = party.form(now) if form is None else form
    body = (parameters if isinstance(parameters, str) else urlencode(parameters)).encode()
    proof = about.get("proof", party.proof(now, "POST", "/oauth/token"))
    headers = [("content-type", "application/x-www-form-urlencoded"), *about.get("headers", [])]
    if proof is not None:
        headers.append(("dpop", proof))
    return await ask(app, "POST", about.get("target", "/oauth/token"), headers=headers, body=body)


async def ask_endpoint(app: ASGIApp, path: str, form: Mapping[str, str], **about: Any) -> Answer:
    """A request to another endpoint of the authorization server; `about`: headers, target."""
    headers = [("content-type", "application/x-www-form-urlencoded"), *about.get("headers", [])]
    return await ask(app, "POST", about.get("target", path), headers=headers, body=urlencode(form).encode())


async def call(app: ASGIApp, party: Party, now: datetime, token: str, method: str, path: str, **about: Any) -> Answer:
    """A request for a resource with a token and a fresh proof; `about`: proof, headers, body, chunks, json."""
    proof = about.pop("proof", None) or party.proof(now, method, path.partition("?")[0], token=token)
    headers = [("authorization", f"DPoP {token}"), ("dpop", proof), *about.pop("headers", [])]
    if "json" in about:
        about["body"] = json.dumps(about.pop("json")).encode()
        headers.append(("content-type", "application/json"))
    return await ask(app, method, path, headers=headers, **about)
