"""An OpenID provider of a few lines with real keys, so that each of its answers can be wrong in exactly one way.

Whoever comes to /authorize is signed in as `next`; a code is for the client, redirect URI, challenge and nonce that it was made for.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.types import Receive, Scope, Send

from safepassage.canonical import to_base64url
from shared.clock import Clock
from tests.gateway.by_hand import encoded, signed

KEY = RSAKey.generate_key(2048)
OTHER_KEY = RSAKey.generate_key(2048)
CLIENT_KEY = ECKey.generate_key("P-256")
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class OpenIdProvider:
    """One of a tenant. `clock`: the same as the house's."""

    clock: Clock
    issuer: str = ""
    node: str = ""
    """Where a real browser is led back to."""
    next: dict[str, Any] = field(default_factory=lambda: {"sub": "ada", "name": "Ada Whitaker", "roles": ["sp-operators"]})
    """Claims of who comes next; `None` leaves one out."""
    header: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: Any = field(default_factory=lambda: KEY)
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[str], tuple[int, list[tuple[bytes, bytes]], list[bytes]] | None] = lambda path: None
    """Another answer at a path: status, fields, and the body's parts."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """Parameters of authorization requests."""
    heard: list[dict[str, str]] = field(default_factory=list)
    """Forms and headers of token requests."""
    late: str = ""
    """At this path it never answers."""
    fetched: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    """Every token that it signed."""
    jwks: list[dict[str, Any]] = field(default_factory=lambda: [{**KEY.as_dict(private=False), "kid": "one", "use": "sig", "alg": "RS256"}])

    def right_again(self) -> None:
        """Forget what was made wrong: in the next token, and in what it publishes."""
        right = OpenIdProvider(self.clock)
        self.next, self.header, self.algorithm, self.key = right.next, right.header, right.algorithm, right.key
        self.metadata, self.answer = right.metadata, right.answer

    def document(self) -> dict[str, Any]:
        """What it publishes about itself."""
        own = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
        }
        return {name: value for name, value in (own | self.metadata).items() if value is not None}

    def authorize(self, location: str, **changed: str | None) -> str:
        """The person signs in: the path and query to which the browser is led back. `changed`: parameters of the answer."""
        query = location.partition("?")[2]
        asked = dict(parse_qsl(query, strict_parsing=True))
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer} | changed
        given = {name: value for name, value in answer.items() if value is not None}
        return "/sign-in/callback?" + urlencode(given)

    def id_token(self, nonce: str | None, **changed: Any) -> str:
        """Of `next`."""
        seconds = int(self.clock().timestamp())
        claims = {"iss": self.issuer, "aud": "the-node", "iat": seconds, "exp": seconds + 300, "auth_time": seconds, "nonce": nonce}
        return self.sign(claims | self.next | changed)

    def logout_token(self, **changed: Any) -> str:
        """Of Back-Channel Logout."""
        seconds = int(self.clock().timestamp())
        claims = {"iss": self.issuer, "aud": "the-node", "iat": seconds, "exp": seconds + 120, "jti": secrets.token_urlsafe(12)}
        header, self.header = self.header, {"typ": "logout+jwt", **self.header}
        token = self.sign(claims | {"events": {LOGOUT_EVENT: {}}} | changed)
        self.header = header
        return token

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT of claims that are not None, by the key and under the header that are set."""
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {name: value for name, value in ({"alg": self.algorithm, "kid": "one"} | self.header).items() if value is not None}
        if self.algorithm == "none":
            return f"{encoded({**header, 'alg': 'none'})}.{encoded(kept)}."
        if self.algorithm == "HS256":  # by hand, with the public key's file as the secret: no library would do it any more
            parts = f"{encoded(header)}.{encoded(kept)}"
            return f"{parts}.{to_base64url(hmac.digest(self.key.as_pem(private=False), parts.encode(), 'sha256'))}"
        self.made.append(signed(header, kept, self.key, algorithm=self.algorithm))
        return self.made[-1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        path, body, more = scope["path"], b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.fetched.append(path)
        if path == self.late:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        given = self.answer(path)
        if given is None and path == "/authorize":  # of a real browser
            back = f"{self.node}{self.authorize('?' + scope['query_string'].decode())}"
            given = (303, [(b"location", back.encode())], [])
        elif given is None and path == "/end":
            asked = dict(parse_qsl(scope["query_string"].decode(), strict_parsing=True))
            back = f"{asked['post_logout_redirect_uri']}?{urlencode({'state': asked['state']})}"
            given = (303, [(b"location", back.encode())], [])
        if given is None:
            status, document = self._given(path, body, dict(scope["headers"]))
            given = (status, [(b"content-type", b"application/json")], [json.dumps(document).encode()])
        await send({"type": "http.response.start", "status": given[0], "headers": given[1]})
        for part in given[2]:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _given(self, path: str, body: bytes, headers: Mapping[bytes, bytes]) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, self.document()
        if path == "/jwks":
            return 200, {"keys": self.jwks}
        if path == "/token":
            form = dict(parse_qsl(body.decode(), strict_parsing=True))
            self.heard.append(form | {"authorization": headers.get(b"authorization", b"").decode()})
            asked = self.codes.pop(form["code"], None)
            challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
                return 400, {"error": "invalid_grant"}
            if "client_assertion" in form and not self._is_client(form["client_assertion"]):
                return 401, {"error": "invalid_client"}
            return 200, {"access_token": "not-looked-at", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}
        return 404, {}

    def _is_client(self, assertion: str) -> bool:
        token = jwt.decode(assertion, CLIENT_KEY, algorithms=["ES256"])
        return token.claims["aud"] == self.issuer and token.claims["iss"] == token.claims["sub"] == "the-node"
