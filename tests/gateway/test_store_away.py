"""The gateway's store is gone, in part or whole: every endpoint of its own says so, and when to come again; none fails of it."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from services.gateway.door.gateway_routes import GATEWAY
from services.gateway.door.route import Route
from shared.database import Database
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask, ask_endpoint, ask_token
from tests.gateway.family.families import FamilyBrowser
from tests.gateway.family.test_links import FILE, made, tell, wanted
from tests.gateway.house import ISSUER, House, open_house
from tests.gateway.oauth.codes.flow import Application, application
from tests.gateway.people.conftest import peoples, provider
from tests.gateway.people.openid_provider import OpenIdProvider
from tests.gateway.people.signing_in import ROLES, Browser, location_of, signed_in
from tests.gateway.registration.registering import initial_token, manage, metadata, register
from tests.postgres.relay import relayed

__all__ = ("peoples", "provider")

pytestmark = pytest.mark.anyio

ADMINISTERING: Final = ("admin:clients", "admin:organisations", "family:links")
FORM_TYPE: Final = ("content-type", "application/x-www-form-urlencoded")

SUSPENSIONS: Final = "/v1/organisations/{organisation_id}/suspensions"
LIFTING: Final = f"{SUSPENSIONS}/{{suspension_id}}/lifting"
READY: Final = ("GET", "/readyz")
"""Of all other services, too: it asks the store whether it answers, not what is in it."""
WITHOUT_IT: Final[Mapping[tuple[str, str], int]] = {
    ("GET", "/livez"): 200,
    ("GET", "/oauth/jwks"): 200,
    ("GET", "/.well-known/oauth-authorization-server"): 200,
    ("GET", "/.well-known/oauth-protected-resource"): 200,
    ("GET", "/.well-known/authzen-configuration"): 200,
    ("GET", "/.well-known/safe-passage"): 404,
    ("GET", "/openapi.json"): 200,
    ("GET", "/docs"): 200,
    ("GET", "/docs/{asset}"): 404,
    ("GET", "/assets/{version}/{name}"): 404,
    ("GET", "/console/assets/{version}/{name}"): 404,
    ("GET", "/sign-in"): 200,
    ("GET", "/sign-in/link"): 200,
    ("GET", "/sign-out/provider"): 303,
    ("GET", "/signed-out"): 200,
    ("GET", "/family/link"): 200,
    ("GET", "/family/left"): 200,
    ("POST", "/family/language"): 303,
}
"""What needs nothing of the store, and what it answers to what is asked here. Everything else says that it is away."""


@dataclass
class Scene:
    """Whoever comes to the gateway, each with all that they need."""

    house: House
    admin: Party
    token: str
    app: Application
    browsers: Mapping[str, tuple[Browser, str]]
    family: FamilyBrowser
    family_token: str
    requests: Mapping[tuple[str, str], Callable[[], Awaitable[Answer]]]
    """Those that need more than who comes to get as far as the store."""

    async def answer(self, route: Route) -> Answer:
        """What comes of a good request, as far as can be told of it beforehand."""
        asked = self.requests.get((route.method, route.template))
        if asked is not None:
            return await asked()
        target = _filled(route.template)
        if route.accepts == "clients":
            about: dict[str, Any] = {"headers": [("idempotency-key", "0123456789")]}
            return await self.house.call(self.admin, self.token, route.method, target, **about)
        browser, token = Browser(self.house), ""
        if route.accepts == "families":
            browser, token = self.family, self.family_token
        elif route.accepts == "people":
            browser, token = self.browsers[min(route.roles)]
        return await (browser.get(target) if route.method == "GET" else browser.post(target, token=token))


def _filled(template: str) -> str:
    return "/".join("019a0000-0000-7000-8000-000000000000" if "{" in part else part for part in template.split("/"))


async def _scene(house: House, provider: OpenIdProvider) -> Scene:
    """Everybody has come in before the store goes."""
    state = await house.organisation("sea")
    district = await house.organisation("lea", parent_id=state.id)
    admin = await house.party(state, *ADMINISTERING)
    server = await house.party(state, "records:read", registered={"resource": "https://lake.example"})
    app = await application(house, "decisions:read", "audit:search")
    browsers = {}
    for role in ROLES.values():
        browser = await signed_in(house, role, organisation_id=district.id if role == "district-officer" else state.id, subject=role)
        browsers[role] = browser, await browser.form_token()
    family = FamilyBrowser(house)
    assert (await family.use((await made(house)).link)).status == 303
    member = await house.app.state.families.visits.find(family.cookies[house.app.state.families.cookie.name], house.now)
    waiting = (await made(house)).link
    began = Browser(house)
    back = provider.authorize(location_of(await began.get("/sign-in/start")))
    link = (await house.hand.make_console_link()).partition("#")[2]
    own, other = Party("", ISSUER), Party("", ISSUER)
    registered = await register(house, metadata(own), token=await initial_token(house, state.id))
    assert registered.status == 201, registered.body
    registering, key, client_id = (
        await initial_token(house, state.id),
        registered.json["registration_access_token"],
        registered.json["client_id"],
    )
    auditor, auditors = browsers["auditor"]
    request = await app.pushed(scope="decisions:read")
    tokens = await app.tokens(auditor, scope="decisions:read")
    token = await house.token(admin)

    async def form(path: str, body: Mapping[str, str], *, by: Browser | None = None) -> Answer:
        headers = [FORM_TYPE, ("sec-fetch-site", "same-origin"), ("origin", ISSUER)]
        return await (by or Browser(house)).go("POST", path, headers=headers, body=urlencode(body).encode())

    async def proven(path: str, **about: str) -> Answer:
        return await ask_endpoint(house.app, path, server.proven(house.now, **about))

    async def by_token(method: str, path: str, body: Any) -> Answer:
        headers = [("idempotency-key", "0123456789")]
        return await house.call(admin, token, method, path, headers=headers, json=body)

    async def put(method: str, path: str, body: Any = None) -> Answer:
        return await manage(house, method, client_id, key, body)

    client, keys = f"/v1/clients/{admin.client_id}", {"keys": [other.jwk]}
    bounds = {"role": "reader", "scopes": ["records:read"], "purposes": []}
    initial = bounds | {"organisation_id": str(state.id)}
    publisher = initial | {"issuer": "https://apps.example", "name": "Apps", "jwks": keys}
    organisation = {"kind": "vendor", "name": "A vendor", "valid_from": "2020-01-01"}
    new_client = {"organisation_id": str(state.id), "name": "C", "kind": "information-system", "role": "reader", "scopes": ["records:read"]}
    changed = state.model_dump(mode="json")
    asked: dict[tuple[str, str], Callable[[], Awaitable[Answer]]] = {
        ("POST", "/oauth/token"): lambda: ask_token(house.app, server, house.now),
        ("POST", "/oauth/revoke"): lambda: proven("/oauth/revoke", token=tokens["refresh_token"]),
        ("POST", "/oauth/introspect"): lambda: proven("/oauth/introspect", token=token),
        ("POST", "/oauth/par"): app.push,
        ("POST", "/oauth/register"): lambda: register(house, metadata(other), token=registering),
        ("GET", "/oauth/register/{client_id}"): lambda: put("GET", key),
        ("PUT", "/oauth/register/{client_id}"): lambda: put("PUT", key, metadata(own, client_id=client_id)),
        ("DELETE", "/oauth/register/{client_id}"): lambda: put("DELETE", key),
        ("GET", "/oauth/authorize"): lambda: auditor.get(app.page(request)),
        ("POST", "/oauth/authorize"): lambda: auditor.post(
            "/oauth/authorize", token=auditors, client_id=app.party.client_id, request_uri=request, answer="approve"
        ),
        ("GET", "/sign-in/callback"): lambda: began.get(back, site="cross-site"),
        ("POST", "/sign-in/link"): lambda: form("/sign-in/link", {"link": link}),
        ("POST", "/family/link"): lambda: form("/family/link", {"link": waiting}),
        ("POST", "/sign-in/back-channel-logout"): lambda: ask(
            house.app,
            "POST",
            "/sign-in/back-channel-logout",
            headers=[FORM_TYPE],
            body=urlencode({"logout_token": provider.logout_token(sub="ada")}).encode(),
        ),
        ("POST", "/v1/organisations"): lambda: by_token("POST", "/v1/organisations", organisation),
        ("PUT", "/v1/organisations/{organisation_id}"): lambda: by_token("PUT", f"/v1/organisations/{state.id}", changed),
        ("POST", SUSPENSIONS): lambda: by_token("POST", _filled(SUSPENSIONS), {"reason": "other", "reference": "file 7"}),
        ("POST", LIFTING): lambda: by_token("POST", _filled(LIFTING), {"reference": "file 8"}),
        ("POST", "/v1/clients"): lambda: by_token("POST", "/v1/clients", new_client | {"jwks": keys}),
        ("PUT", "/v1/clients/{client_id}/grants"): lambda: by_token("PUT", f"{client}/grants", {"version": 1, "scopes": ["records:read"]}),
        ("PUT", "/v1/clients/{client_id}/keys"): lambda: by_token("PUT", f"{client}/keys", {"version": 1, "jwks": keys}),
        ("PUT", "/v1/quotas/{holder_id}"): lambda: by_token("PUT", f"/v1/quotas/{admin.client_id}", {"day": 7}),
        ("POST", "/v1/publishers"): lambda: by_token("POST", "/v1/publishers", publisher),
        ("PUT", "/v1/publishers/{publisher_id}"): lambda: by_token(
            "PUT", _filled("/v1/publishers/{}"), bounds | {"name": "Apps", "jwks": keys, "version": 1}
        ),
        ("POST", "/v1/initial-access-tokens"): lambda: by_token("POST", "/v1/initial-access-tokens", initial),
        ("POST", "/v1/family-links"): lambda: by_token("POST", "/v1/family-links", wanted()),
    }
    tell(house, 200, FILE.model_dump_json())
    return Scene(house, admin, token, app, browsers, family, member.form_token, asked)


def _is_said(route: Route, answer: Answer) -> bool:
    """That the store is away, as who asks can read it, and when to come again."""
    kind = "text/html; charset=utf-8" if route.is_page else "application/problem+json"
    return (answer.status, answer.headers.get("content-type"), answer.headers.get("retry-after")) == (503, kind, "5") and (
        b"temporarily-unavailable" in answer.body
    )


async def _holds(scene: Scene, *, answers_still: bool) -> None:
    """Each route, one after the other. `answers_still`: the store does, though it has nothing."""
    answers = {(route.method, route.template): (route, await scene.answer(route)) for route in GATEWAY}
    otherwise = {name: answer.status for name, (route, answer) in answers.items() if not _is_said(route, answer)}
    assert otherwise == (WITHOUT_IT | {READY: 200} if answers_still else WITHOUT_IT)


@asynccontextmanager
async def _opened(
    folder: Path, keys: Path, clock: StandingClock, peoples: Mapping[str, Any], provider: OpenIdProvider, **about: Any
) -> AsyncIterator[Scene]:
    settings = dict(peoples) | {"people_issuer": provider.issuer, "insecure_development": True, "anonymous_burst": 10_000}
    async with open_house(folder, keys, clock, **settings, **about) as house:
        yield await _scene(house, provider)


def _drop(store: Path, kept: Collection[str] = ()) -> None:
    """Every table, but for those that are `kept`."""
    with sqlite3.connect(store) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        ]
        for table in tables:
            if table not in kept:
                connection.execute(f'DROP TABLE "{table}"')
    connection.close()


@pytest.mark.requirement("DOOR-store-away")
async def test_it_is_said_where_an_sqlite_file_has_lost_its_tables(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any], provider: OpenIdProvider
) -> None:
    async with _opened(tmp_path, node_keys, clock, peoples, provider, template=empty_store) as scene:
        _drop(tmp_path / "gateway.db")
        await _holds(scene, answers_still=True)


@pytest.mark.postgres
async def test_it_is_said_where_postgresql_has_lost_its_tables(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str, peoples: dict[str, Any], provider: OpenIdProvider
) -> None:
    async with _opened(tmp_path, node_keys, clock, peoples, provider, database_url=postgres_url) as scene:
        other = Database(postgres_url)
        async with other.transaction() as tx:
            await tx.execute(text("ALTER SCHEMA public RENAME TO gone"))
        await other.close()
        await _holds(scene, answers_still=True)


@pytest.mark.postgres
@pytest.mark.requirement("DOOR-store-away")
async def test_it_is_said_where_postgresql_is_not_reached(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str, peoples: dict[str, Any], provider: OpenIdProvider
) -> None:
    async with relayed(postgres_url) as (url, relay), _opened(tmp_path, node_keys, clock, peoples, provider, database_url=url) as scene:
        await relay.cut()
        await _holds(scene, answers_still=False)


FOR_A_SESSION: Final = ("session", "organisation", "family_session", "family_link")
"""What the door asks for them."""


@pytest.mark.requirement("DOOR-store-away")
async def test_who_is_signed_in_is_told_so_by_the_page_that_they_asked_for_where_only_what_it_shows_is_gone(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any], provider: OpenIdProvider
) -> None:
    async with _opened(tmp_path, node_keys, clock, peoples, provider, template=empty_store) as scene:
        _drop(tmp_path / "gateway.db", FOR_A_SESSION)
        for route in GATEWAY:
            if route.template in ("/oauth/authorize", "/sign-out", "/family/leave"):
                answer = await scene.answer(route)
                assert _is_said(route, answer), (route.template, answer)
