"""A browser, as far as the door sees one: it keeps cookies, says where a request comes from, and follows where it is led."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.gateway.people.person import Person
from services.gateway.people.roles import Role
from services.gateway.people.sessions import SignedIn
from tests.gateway.by_hand import Answer, ask
from tests.gateway.house import House
from tests.gateway.people.openid_provider import OpenIdProvider

PROVIDER = "https://login.example/tenant"
ROLES: dict[str, Role] = {
    "sp-auditors": "auditor",
    "sp-privacy": "privacy-officer",
    "sp-operators": "operator",
    "sp-districts": "district-officer",
    "sp-approvers": "approver",
}
PEOPLE: dict[str, Any] = {
    "people_issuer": PROVIDER,
    "people_client_id": "the-node",
    "people_client_key_file": "/nowhere/people-client.json",
    "people_roles": ROLES,
    "people_links": True,
}
"""Settings of a house in which people sign in, for `open_house`."""


@dataclass
class Browser:
    """Somebody's browser at the house."""

    house: House
    cookies: dict[str, str] = field(default_factory=dict)

    async def go(self, method: str, target: str, *, body: bytes = b"", headers: list[tuple[str, str]] | None = None) -> Answer:
        """One request, with exactly these fields beside the cookies."""
        fields = list(headers or [])
        if self.cookies:
            fields.append(("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        answer = await ask(self.house.app, method, target, headers=fields, body=body)
        for name, value in answer.fields:
            if name == "set-cookie":
                self._keep(value)
        return answer

    async def get(self, target: str, *, site: str = "none", **about: Any) -> Answer:
        """Go to a page, as a browser does."""
        headers = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html")]
        return await self.go("GET", target, headers=headers, **about)

    async def post(self, target: str, *, token: str | None = None, **form: str) -> Answer:
        """Send a form of one of the house's pages. `token`: by default the one of the page that says who is signed in."""
        if token is None:
            token = await self.form_token()
        headers = [
            ("sec-fetch-site", "same-origin"),
            ("origin", self.house.settings.entity_id),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
        ]
        return await self.go("POST", target, headers=headers, body=urlencode({"token": token, **form}).encode())

    async def form_token(self) -> str:
        """What the session's pages have in their forms."""
        page = await self.get("/signed-in")
        found = re.search(r'name="token" value="([A-Za-z0-9_-]+)"', page.body.decode())
        assert found, page
        return found[1]

    async def sign_in(self, provider: OpenIdProvider, target: str = "/sign-in/start", **changed: str | None) -> Answer:
        """There and back. `changed`: parameters of the provider's answer."""
        started = await self.get(target)
        assert started.status == 303, started
        back = provider.authorize(location_of(started), **changed)
        return await self.get(back, site="cross-site")

    def _keep(self, line: str) -> None:
        pair, *attributes = line.split("; ")
        name, _, value = pair.partition("=")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def location_of(answer: Answer) -> str:
    """Where the browser is sent."""
    return dict(answer.fields)["location"]


async def signed_in(house: House, role: Role = "operator", *, organisation_id: UUID | None = None, **about: Any) -> Browser:
    """A browser with a session, which began without a provider: for what comes after a sign-in. The house has settings PEOPLE."""
    if organisation_id is None:
        held = [one for one in await house.hand.organisations() if one.kind == "sea"]
        organisation_id = (held[0] if held else await house.organisation("sea")).id
    known: dict[str, Any] = {
        "issuer": PROVIDER,
        "subject": "subject-1",
        "provider_session": None,
        "display_name": "Ada Whitaker",
        "role": role,
        "granted_by": next(word for word, one in ROLES.items() if one == role),
        "organisation_id": organisation_id,
        "acr": None,
        "authenticated_at": house.now,
    }
    state = house.app.state
    async with state.database.transaction() as tx:
        value = await state.people.sessions.begin(tx, SignedIn(**(known | about)), house.now)
    return Browser(house, {state.people.cookie.name: value})


async def person_of(browser: Browser, now: datetime) -> Person:
    """Who the browser's session is of."""
    people = browser.house.app.state.people
    person: Person = await people.sessions.find(browser.cookies[people.cookie.name], now)
    return person
