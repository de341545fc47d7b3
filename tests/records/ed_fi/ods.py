"""A small Ed-Fi API on loopback: tokens, pages with totals, change versions, deletes and key changes, upserts; with faults by name."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from services.records.formats.edfi_validation import AS_IT_SHOULD_BE, RESOURCES, conformity

CLIENT, SECRET = "node", "a secret of the system"
NATURAL = ("studentUniqueId", "contactUniqueId", "schoolId", "incidentIdentifier")

Body = dict[str, Any]


@dataclass
class Ods:
    """What it holds: by resource, bodies by id, in the order in which they came."""

    address: str = ""
    version: int = 100
    page: int = 500
    """The most that it gives at once."""
    held: dict[str, dict[str, tuple[int, Body]]] = field(default_factory=dict)
    deleted: dict[str, list[Body]] = field(default_factory=dict)
    moved: dict[str, list[Body]] = field(default_factory=dict)
    oldest: int = 0
    tokens: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    posted: list[tuple[str, Body]] = field(default_factory=list)
    secret: str = SECRET
    without: set[str] = field(default_factory=set)
    """A fault: resources that this client may not read."""
    faults: list[str] = field(default_factory=list)
    """Faults of the next requests, in order: `expired`, `busy`, `busy-until`, `torn`, `away`, `broken`, or `` for none."""
    token_faults: list[int] = field(default_factory=list)
    """The statuses with which the next requests for a token are answered."""
    while_asked: Callable[[str], None] | None = None
    """A fault: something happens before a request is answered."""
    instead_of_pages: bytes | None = None
    """A fault: what it says where a page is asked for."""
    snapshots: list[str | None] = field(default_factory=list)
    refuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    """A fault: how a POST of a resource is answered."""

    def put(self, resource: str, body: Body, key: str | None = None) -> str:
        """Hold a body, as the newest change."""
        assert resource not in RESOURCES or conformity(resource, body) == AS_IT_SHOULD_BE, (resource, body)
        key = key or f"{resource}-{len(self.held.get(resource, {})) + len(self.deleted.get(resource, []))}"
        self.version += 1
        self.held.setdefault(resource, {})[key] = (self.version, body)
        return key

    def put_all(self, bodies: dict[str, list[Body]]) -> None:
        """Hold them all."""
        for resource, those in bodies.items():
            self.held.setdefault(resource, {})
            for body in those:
                self.put(resource, body)

    def delete(self, resource: str, key: str) -> None:
        """A body goes."""
        _, body = self.held[resource].pop(key)
        self.version += 1
        self.deleted.setdefault(resource, []).append({"id": key, "changeVersion": self.version, "keyValues": _flat(body)})

    def rename(self, before: str, after: str) -> None:
        """A student is known by another id."""
        self.version += 1
        old, new = {"studentUniqueId": before}, {"studentUniqueId": after}
        self.moved.setdefault("students", []).append({"id": "x", "changeVersion": self.version, "oldKeyValues": old, "newKeyValues": new})
        for those in self.held.values():
            for key, (_, body) in list(those.items()):
                those[key] = (self.version, json.loads(json.dumps(body).replace(f'"{before}"', f'"{after}"')))

    async def token(self, request: web.Request) -> web.Response:
        self.requests.append("POST token")
        if self.token_faults:
            return web.json_response({}, status=self.token_faults.pop(0))
        given = base64.b64decode((request.headers["authorization"]).removeprefix("Basic ")).decode()
        form = await request.post()
        if given != f"{CLIENT}:{self.secret}" or form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "invalid_client"}, status=401)
        token = f"token-{len(self.requests)}"
        self.tokens.add(token)
        return web.json_response({"access_token": token, "expires_in": 1800, "token_type": "bearer"})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api")
        self.requests.append(f"{request.method} {path}")
        if self.while_asked is not None:
            self.while_asked(path)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "expired":
            self.tokens.clear()
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response({"status": 401}, status=401)
        if fault == "busy":
            return web.json_response({}, status=429, headers={"retry-after": "7"})
        if fault == "busy-until":
            return web.json_response({}, status=503, headers={"retry-after": "Tue, 20 Oct 2026 12:01:30 GMT"})
        if fault in ("away", "broken"):
            return web.json_response({}, status=503 if fault == "away" else 500)
        if request.method == "POST":
            return await self._taken(request, path.rpartition("/")[2])
        self.snapshots.append(request.headers.get("use-snapshot"))
        if path == "/changeQueries/v1/availableChangeVersions":
            return web.json_response({"oldestChangeVersion": self.oldest, "newestChangeVersion": self.version})
        return await self._page(request, path.removeprefix("/data/v3/ed-fi/"), torn=fault == "torn")

    async def _page(self, request: web.Request, path: str, *, torn: bool) -> web.StreamResponse:
        resource, _, what = path.partition("/")
        if {resource, path} & self.without or resource not in self.held:
            return web.json_response({"status": 403}, status=403)
        query = request.query
        least = int(query.get("minChangeVersion", 0))
        if what:
            told = (self.deleted if what == "deletes" else self.moved).get(resource, [])
            found = [one for one in told if one["changeVersion"] >= least]
        else:
            found = [
                {"id": key, "_etag": str(version), **body}
                for key, (version, body) in self.held[resource].items()
                if version >= least and all(query.get(name) in (None, str(_flat(body).get(name))) for name in NATURAL)
            ]
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 25))
        assert limit <= 500
        page = found[offset : offset + min(limit, self.page)]
        total = {"total-count": str(len(found))} if query.get("totalCount") == "true" else {}
        content = json.dumps(page).encode() if self.instead_of_pages is None else self.instead_of_pages
        if not torn:
            return web.Response(body=content, content_type="application/json", headers=total)
        response = web.StreamResponse(headers={**total, "content-length": str(len(content) + 1)})
        await response.prepare(request)
        await response.write(content[: len(content) // 2 + 1])
        assert request.transport is not None
        request.transport.close()
        return response

    async def _taken(self, request: web.Request, resource: str) -> web.StreamResponse:
        body = await request.json()
        if resource in self.refuses:
            status, said = self.refuses[resource]
            return web.json_response({"detail": said}, status=status)
        self.posted.append((resource, body))
        for held in ("students", "contacts", "disciplineIncidents", "studentAcademicRecords"):
            if f"{held[:-1]}Reference" in body and not self._known(held, body[f"{held[:-1]}Reference"]):
                return web.json_response({"detail": "unresolved reference"}, status=409)
        wrong = resource in RESOURCES and conformity(resource, body) != AS_IT_SHOULD_BE
        if wrong:
            return web.json_response({"detail": "validation"}, status=400)
        held = next((key for key, (_, other) in self.held.get(resource, {}).items() if _natural(other) == _natural(body)), None)
        self.put(resource, body, held)
        return web.Response(status=201 if held is None else 200)

    def _known(self, resource: str, reference: Body) -> bool:
        held = [_flat(body) for _, body in self.held.get(resource, {}).values()]
        return any(all(body.get(name) == value for name, value in reference.items()) for body in held)


def _natural(body: Body) -> Body:
    """What names a body, near enough: its references, keys and days."""
    named = {name: value for name, value in body.items() if name.endswith(("Reference", "Date")) or name in NATURAL}
    return {"studentUniqueId": body["studentUniqueId"]} if "studentUniqueId" in body else named


def _flat(body: Body) -> Body:
    """A body's own members with those of its references."""
    flat = dict(body)
    for name, value in body.items():
        if name.endswith("Reference") and isinstance(value, dict):
            flat |= value
    return flat


@asynccontextmanager
async def serving(ods: Ods) -> AsyncIterator[Ods]:
    """The API on a port of this machine."""
    app = web.Application()
    app.router.add_post("/api/oauth/token", ods.token)
    app.router.add_route("*", "/api/{path:.*}", ods.answer)
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ods.address = f"http://127.0.0.1:{runner.addresses[0][1]}/api"
    try:
        yield ods
    finally:
        await runner.cleanup()
