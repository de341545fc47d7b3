"""A node's door in memory, for the client's tests. It verifies what a real one verifies and fails on demand, by name."""

import json
import secrets
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.canonical import digest_of, from_base64url, json_object
from safepassage.compact import public_key_of, thumbprint, verify_compact
from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.access import AccessTokenNotValid, ProofNonceRequired, ProofNotValid, ProofUsedBefore
from safepassage.problems.requests import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InternalFault,
    NotFound,
    TemporarilyUnavailable,
    TooManyRequests,
)
from shared.status_info import is_of_1edtech, status_info
from tests.sdk.exchange import NOW

ISSUER = "https://alder.example"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Any:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class FakeNode:
    """Answers requests; `faults` names what happens to the next ones, `received` holds what arrived."""

    def __init__(self, client_id: str, key: Ed25519PublicKey, clock: Clock, *, nonces: bool = False) -> None:
        self.client_id, self.keys, self.clock, self.nonces = client_id, {thumbprint(key): key}, clock, nonces
        self.nonce = secrets.token_urlsafe(8)
        self.faults: deque[str] = deque()
        self.received: list[httpx2.Request] = []
        self.spent: set[str] = set()
        self.tokens: dict[str, tuple[str, float]] = {}
        self.consents: dict[str, tuple[str, dict[str, Any]]] = {}
        self.token_forms: list[dict[str, list[str]]] = []
        self.students = [str(UUID(int=number)) for number in range(1, 6)]
        self.next_link: Callable[[int], str] | None = None
        self.issuer = ISSUER
        self.metadata: dict[str, Any] = {"issuer": ISSUER, "token_endpoint": ISSUER + "/oauth/token", "other": 1}
        self.token_type = "DPoP"
        self.log: Path | None = None

    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.received.append(request)
        fault = self.faults.popleft() if self.faults else ""
        if fault == "connection-refused":
            raise httpx2.ConnectError("refused")
        try:
            response = self._fault(fault) or self._route(request)
        except SuiteError as error:
            headers = {"content-type": "application/problem+json"}
            content = error.as_problem("r-1").model_dump_json().encode()
            if is_of_1edtech(request.url.path):
                headers, content = {"content-type": "application/json"}, bytes(status_info(error).body)
            if error.retry_after_seconds is not None:
                headers["retry-after"] = str(error.retry_after_seconds)
            response = httpx2.Response(error.status, headers=headers, content=content)
        if fault == "answer-lost":
            raise httpx2.ReadError("lost")
        if self.nonces:
            response.headers["dpop-nonce"] = self.nonce
        return response

    def _fault(self, fault: str) -> httpx2.Response | None:
        if fault == "bad-gateway":
            return httpx2.Response(502, content=b"<html>")
        if fault == "unavailable":
            raise TemporarilyUnavailable
        if fault.startswith("too-many"):
            raise TooManyRequests(retry_after_seconds=int(fault.partition(":")[2]))
        if fault == "internal-fault":
            raise InternalFault
        if fault == "token-revoked":
            self.tokens.clear()
        if fault == "garbage":
            return httpx2.Response(200, content=b"[]")
        if fault == "redirect":
            return httpx2.Response(302, headers={"location": "https://elsewhere.example/"})
        return None

    def _route(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path == "/.well-known/oauth-authorization-server":
            return httpx2.Response(200, json=self.metadata)
        if path == "/oauth/token":
            return self._token(request)
        self._authorise(request)
        if path == "/v1/consents":
            return self._consent(request)
        if path.startswith("/v1/log/"):
            return self._log(path.removeprefix("/v1/log/"))
        if path == "/ims/oneroster/rostering/v1p2/students":
            return httpx2.Response(200, json={"users": []}, headers={"x-total-count": "0"})
        if path == "/v1/matches":
            return self._matches(request)
        if path == "/v1/students/lookup":
            return httpx2.Response(200, json={"students": self.students[:1], "something_newer": True})
        raise NotFound

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        form = parse_qs(request.content.decode())
        self.token_forms.append(form)
        thumbprint = self._proof(request, None)
        claims = verify_compact(form["client_assertion"][0], typ="client-authentication+jwt", keys=self.keys)
        seconds = self.clock().timestamp()
        assert claims["iss"] == claims["sub"] == self.client_id
        assert claims["aud"] == self.issuer
        assert 0 < claims["exp"] - seconds <= 60
        self._spend("assertion" + claims["jti"])
        if form.get("scope") == ["records:write"]:
            return httpx2.Response(400, json={"error": "invalid_scope"})
        token = secrets.token_urlsafe(16)
        self.tokens[token] = (thumbprint, seconds + 300)
        return httpx2.Response(200, json={"access_token": token, "token_type": self.token_type, "expires_in": 300})

    def _authorise(self, request: httpx2.Request) -> None:
        scheme, _, token = request.headers["authorization"].partition(" ")
        assert scheme == "DPoP"
        bound, expires = self.tokens.get(token, ("", 0.0))
        if self.clock().timestamp() >= expires:
            raise AccessTokenNotValid
        assert self._proof(request, token) == bound

    def _proof(self, request: httpx2.Request, token: str | None) -> str:
        proof = request.headers["dpop"]
        header = json_object(from_base64url(proof.split(".")[0]))
        assert set(header) == {"typ", "alg", "jwk"}
        assert "d" not in header["jwk"]
        key = public_key_of(header["jwk"])
        key.verify(from_base64url(proof.split(".")[2]), proof.rpartition(".")[0].encode())
        claims = json_object(from_base64url(proof.split(".")[1]))
        if (claims["htm"], claims["htu"]) != (request.method, self.issuer + request.url.path):
            raise ProofNotValid
        assert claims.get("ath") == (None if token is None else digest_of(token.encode()))
        assert abs(claims["iat"] - self.clock().timestamp()) < 60
        if self.nonces and claims.get("nonce") != self.nonce:
            raise ProofNonceRequired
        self._spend("proof" + claims["jti"])
        return thumbprint(key)

    def _spend(self, jti: str) -> None:
        if jti in self.spent:
            raise ProofUsedBefore
        self.spent.add(jti)

    def _consent(self, request: httpx2.Request) -> httpx2.Response:
        key, digest = request.headers.get("idempotency-key"), digest_of(request.content)
        if key is None:
            raise IdempotencyKeyMissing
        if key not in self.consents:
            made = {**json.loads(request.content), "id": str(uuid7(self.clock())), "grantor_role": "parent"}
            self.consents[key] = (digest, {**made, "granted_at": "2026-09-01T12:00:00.000Z"})
        held, consent = self.consents[key]
        if held != digest:
            raise IdempotencyKeyReused
        return httpx2.Response(201, json=consent)

    def _log(self, name: str) -> httpx2.Response:
        file = (self.log or Path("nowhere")) / name
        if not file.is_file():
            raise NotFound
        return httpx2.Response(200, content=file.read_bytes())

    def _matches(self, request: httpx2.Request) -> httpx2.Response:
        position = int(request.url.params.get("cursor", "0"))
        review = {
            "id": self.students[position],
            "request_id": self.students[0],
            "candidates": [],
            "reasons": [],
            "opened_at": "2026-09-01T12:00:00.000Z",
            "expires_at": "2026-09-15T12:00:00.000Z",
        }
        headers = {}
        if position + 1 < len(self.students):
            target = self.next_link(position) if self.next_link else f"/v1/matches?limit=1&cursor={position + 1}"
            headers["link"] = f'<{target}>; rel="next"'
        return httpx2.Response(200, json={"matches": [review]}, headers=headers)
