"""Another authorization server (oidc-provider), to which the same requests are sent."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from safepassage.canonical import digest_of
from services.gateway.oauth.client_keys import proof_key
from shared.clock import system_clock
from tests.gateway.by_hand import Party
from tests.gateway.negatives.asked import Asked, Sent
from tests.gateway.negatives.scene import ODS, token_request
from tests.npm.scripts import running

SCOPES = ["decisions:read", "exchange:request", "audit:search"]
CALLBACK = "https://app.example/callback"
VERIFIER = "v" * 43
ACCEPTED = "accepted"
RESOURCE = "/v1/decisions"
"""What it takes its own tokens at."""
KINDS = ("token", "details", "resource", "revocation", "introspection", "call")
"""Of right requests that it can be sent."""


@dataclass
class Elsewhere:
    """The same clients as in the node's scene, registered there."""

    session: aiohttp.ClientSession
    machine: Party
    server: Party
    application: Party
    """It asks people, and is led back to CALLBACK."""
    another: Party
    """So does this one."""

    async def send(self, sent: Sent) -> tuple[int, dict[str, Any]]:
        """One request: status and JSON of the answer."""
        async with self.session.request(sent.method, self.machine.issuer + sent.target, data=sent.body, headers=sent.fields) as answer:
            text = await answer.read()
            return answer.status, await answer.json(content_type=None) if text else {}

    async def verdict(self, sent: Sent) -> str:
        """Whether it accepts a request, or the error that it answers with."""
        status, document = await self.send(sent)
        return ACCEPTED if status in (200, 201) else str(document.get("error"))

    async def later(self, seconds: int) -> None:
        """Put its clock so many seconds ahead of the real one."""
        async with self.session.post(f"{self.machine.issuer}/made/later/{seconds}") as answer:
            assert answer.status == 200

    def pushed(self, changes: Mapping[str, str | None]) -> Asked:
        """A request that the application pushes (RFC 9126), with other parameters; None leaves one out."""
        challenge = {"code_challenge": digest_of(VERIFIER.encode()), "code_challenge_method": "S256"}
        own = {"response_type": "code", "client_id": self.application.client_id, "redirect_uri": CALLBACK, "state": "state-1"}
        return Asked(self.application, system_clock(), "/oauth/par", form=own | challenge, parameters=dict(changes))

    async def exchange(self, changes: Mapping[str, str | None]) -> Asked:
        """A request that exchanges a code of a person's, a new one, with other parameters."""
        async with self.session.post(f"{self.machine.issuer}/made/code") as answer:
            code = str((await answer.json())["code"])
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return Asked(self.application, system_clock(), "/oauth/token", form=form, parameters=dict(changes))

    async def refresh(self, changes: Mapping[str, str | None]) -> Asked:
        """The same of what such a code gave."""
        held = (await self.send((await self.exchange({})).sent()))[1]["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": str(held)}
        return Asked(self.application, system_clock(), "/oauth/token", form=form, parameters=dict(changes))

    async def registered(self, members: Mapping[str, Any] | bytes, whose: str | None) -> str:
        """Whether a client registers itself there. `whose`: its initial token, as the rows of registration name them."""
        async with self.session.post(f"{self.machine.issuer}/made/token") as answer:
            good = str((await answer.json())["token"])
        tokens = {"good": good, "shortened": good[:-1], "unknown": "A" * len(good)}
        fields = [("content-type", "application/json")]
        if whose is not None:
            fields.append(("authorization", f"Bearer {tokens[whose]}"))
        body = members if isinstance(members, bytes) else json.dumps(members).encode()
        return await self.verdict(Sent("POST", "/oauth/register", fields, body))

    async def right(self, given: str) -> Asked:
        """A new right request of a kind."""
        now = system_clock()
        if given == "call":
            jwk = self.application.proof_key.as_dict(private=False)
            jkt = proof_key(jwk, algorithm="ES256").thumbprint
            async with self.session.post(f"{self.machine.issuer}/made/access/{jkt}") as answer:
                token = str((await answer.json())["access"])
            return Asked(self.application, now, RESOURCE, method="GET", token=token)
        if given in ("revocation", "introspection"):
            asked = token_request(self.machine, now, "resource")
            token = (await self.send(asked.sent()))[1]["access_token"]
            party, path = (self.machine, "/oauth/revoke") if given == "revocation" else (self.server, "/oauth/introspect")
            return Asked(party, now, path, form={"token": token})
        return token_request(self.machine, now, given)


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """It runs until the block ends."""
    parties = [Party(client_id, "") for client_id in ("machine", "server", "application", "another")]
    led_back = {"application": [CALLBACK], "another": [CALLBACK]}
    clients = [
        {"client_id": one.client_id, "scope": " ".join(SCOPES), "jwk": one.jwk, "redirect_uris": led_back.get(one.client_id, [])}
        for one in parties
    ]
    about = {"clients": clients, "scopes": SCOPES, "resources": [ODS], "types": ["student_data_access"]}
    about |= {"challenge": digest_of(VERIFIER.encode())}
    jar = aiohttp.DummyCookieJar()  # each browser has its own
    async with running("authorization_server.mjs", **about) as said, aiohttp.ClientSession(cookie_jar=jar) as session:
        for party in parties:
            party.issuer = said["issuer"]
        yield Elsewhere(session, *parties)
