"""An application and a person's browser, as far as the node sees them: pushed, asked, answered, exchanged, refreshed, each by hand."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from safepassage.canonical import digest_of, sha256
from services.gateway.oauth.client_keys import proof_key
from services.gateway.people.roles import Role
from tests.gateway.by_hand import Answer, Party, ask_endpoint, ask_token
from tests.gateway.house import ISSUER, House
from tests.gateway.people.signing_in import Browser, signed_in

CALLBACK = "https://app.example/callback"
SCOPES = ("audit:search", "decisions:read", "evidence:read", "admin:clients")
"""Of which an auditor can give all but the last."""
GIVEN = "audit:search decisions:read evidence:read"
PURPOSE = "audit-evaluation"
CODE = {"redirect_uris": (CALLBACK,), "grant_types": ("client_credentials", "authorization_code", "refresh_token")}


def changed(form: dict[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """The form with other values; None leaves a field out."""
    return {name: value for name, value in (form | dict(changes)).items() if value is not None}


@dataclass
class Application:
    """A client that acts for people, with what it remembers of one round."""

    house: House
    party: Party
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = "state-1"

    @property
    def jkt(self) -> str:
        """Thumbprint of the key that it proves to have."""
        return thumbprint_of(self.party)

    def request(self, **changes: str | None) -> dict[str, str]:
        """The parameters that it pushes."""
        return changed(
            {
                "response_type": "code",
                "redirect_uri": CALLBACK,
                "code_challenge": digest_of(self.verifier.encode()),
                "code_challenge_method": "S256",
                "state": self.state,
                **self.party.proven(self.house.now),
            },
            changes,
        )

    async def push(
        self, *, form: dict[str, str] | str | None = None, proof: str | None = "", headers: Any = (), **changes: str | None
    ) -> Answer:
        """Push a request; `proof` empty: a good one, None: none at all."""
        fields = list(headers)
        if proof == "":
            proof = self.party.proof(self.house.now, "POST", "/oauth/par")
        if proof is not None:
            fields.append(("dpop", proof))
        return await ask_endpoint(self.house.app, "/oauth/par", form or self.request(**changes), headers=fields)

    async def pushed(self, **changes: str | None) -> str:
        """The name of a request that was taken."""
        answer = await self.push(**changes)
        assert answer.status == 201, answer
        return str(answer.json["request_uri"])

    def page(self, request_uri: str) -> str:
        """Where the browser is sent."""
        return f"/oauth/authorize?{urlencode({'client_id': self.party.client_id, 'request_uri': request_uri})}"

    async def answer(self, browser: Browser, request_uri: str, answer: str = "approve") -> Answer:
        """The person presses a button."""
        return await browser.post("/oauth/authorize", client_id=self.party.client_id, request_uri=request_uri, answer=answer)

    async def code(self, browser: Browser, **changes: str | None) -> str:
        """A code for what the person agreed to."""
        answer = await self.answer(browser, await self.pushed(**changes))
        assert answer.status == 303, answer
        return answered(answer)["code"]

    async def exchange(self, made: str, *, party: Party | None = None, proof: str | None = None, **changes: str | None) -> Answer:
        """Exchange a code for tokens."""
        party = party or self.party
        form = {
            "grant_type": "authorization_code",
            "code": made,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
            **party.proven(self.house.now),
        }
        about = {} if proof is None else {"proof": proof}
        return await ask_token(self.house.app, party, self.house.now, form=changed(form, changes), **about)

    async def refresh(self, held: str, *, party: Party | None = None, app: Any = None, **changes: str | None) -> Answer:
        """Exchange a refresh token for the next tokens."""
        party = party or self.party
        form = {"grant_type": "refresh_token", "refresh_token": held, **party.proven(self.house.now)}
        return await ask_token(app or self.house.app, party, self.house.now, form=changed(form, changes))

    async def tokens(self, browser: Browser, **changes: str | None) -> dict[str, Any]:
        """The whole round."""
        answer = await self.exchange(await self.code(browser, **changes))
        assert answer.status == 200, answer
        document: dict[str, Any] = answer.json
        return document

    def with_other_key(self) -> Party:
        """The client with a proof key that nothing is bound to."""
        return replace(self.party, proof_key=Party("", ISSUER).proof_key)


def thumbprint_of(party: Party) -> str:
    """Of the key of its proofs."""
    return proof_key(party.proof_key.as_dict(private=False), algorithm="ES256").thumbprint


def answered(answer: Answer) -> dict[str, str]:
    """The parameters that the browser takes to the application."""
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query, strict_parsing=True))


async def application(house: House, *scopes: str, registered: Mapping[str, Any] | None = None, **about: Any) -> Application:
    """An application of the state agency, which asks for one purpose."""
    about = {"purposes": (PURPOSE,), **about}
    return Application(house, await house.sea_party(*(scopes or SCOPES), registered={**CODE, **(registered or {})}, **about))


async def person(house: House, role: Role = "auditor", *, organisation_id: UUID | None = None, **about: Any) -> Browser:
    """A browser with a session of the state agency's."""
    return await signed_in(house, role, organisation_id=organisation_id, **about)


def digest(text: str) -> bytes:
    """SHA-256."""
    return sha256(text.encode())


def refused_for(house: House) -> str:
    """The reason that was counted for the one refusal since this was last asked."""
    [event] = house.app.state.refusals.take(house.now, all_of_them=True)
    assert event.context.count == 1
    return str(event.context.reason)
