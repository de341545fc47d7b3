"""The door: one raw ASGI class in front of everything. What it does not let through, nothing behind it sees.

For each request, in this order: the name that is asked for, path and method against the routing table, how much header there is and of
which form, the size and kind of the body, who calls (token and proof), what they may do, how often; then the service, with a closed list
of header fields and the gateway's own word.

The gateway is trusted with who calls: whoever controls it can act as any client of this node. It holds no key that opens a record.
"""

import logging
import time
from datetime import datetime
from functools import partial
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safepassage.problems import SuiteError
from safepassage.problems.access import ProofNonceRequired
from safepassage.problems.requests import (
    NoSuchRoute,
    NotPermitted,
    TemporarilyUnavailable,
    TooManyRequests,
)
from services.gateway.door.bodies import CallerGone, replay, whole
from services.gateway.door.challenges import allowed_methods, challenge, challenged
from services.gateway.door.client_address import client_address, counted_as, is_trusted
from services.gateway.door.coarse_details import require_details
from services.gateway.door.door import Door
from services.gateway.door.entrances import Entrance
from services.gateway.door.header_limit import require_header
from services.gateway.door.headers import Fields, Incoming, read_headers, trace_id_of
from services.gateway.door.http_protocol import CERTIFICATE
from services.gateway.door.no_page import NO_PAGE, is_for_a_browser
from services.gateway.door.paths import MethodOfPathNotAllowed
from services.gateway.door.permission import require_permission
from services.gateway.door.refusals import Proven
from services.gateway.door.request_form import require_form
from services.gateway.door.route import API_HEADERS, Route, encoded
from services.gateway.door.service_call import Call
from services.gateway.door.shared_rates import SharedRate
from services.gateway.door.step_up import require_step_up
from services.gateway.family.member import Member
from services.gateway.oauth.client_certificates import ClientCertificate, forwarded_certificate
from services.gateway.oauth.tokens import VerifiedToken
from services.gateway.people.person import Person
from shared.internal_token import HEADER, CallerClaims
from shared.problems import told, unexpected
from shared.telemetry import tell_request
from shared.trace_names import new_request_id, new_span_id
from shared.who_may_call import ServiceName

log = logging.getLogger("safe_passage.gateway")

INTERNAL_SECONDS: Final = 5
"""An internal token serves for so long: most of its lifetime is left to the service, and to those that it calls on the caller's behalf."""

NEVER_BELIEVED: Final = frozenset({HEADER.encode(), b"x-request-id", b"traceparent"})
"""Fields that only the gateway itself gives to its own routes."""

POLICY: Final = b"content-security-policy"

Encoded = tuple[tuple[bytes, bytes], ...]
_UNROUTED: Final[Encoded] = encoded(API_HEADERS)
"""On the refusal of what has no route."""
_UNROUTED_NAMES: Final = frozenset(name for name, _ in _UNROUTED)


class Forwarding:
    """The outermost application. `app` answers the gateway's own routes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event: a request, or the server's lifespan, which passes."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await _Passage(self.app, scope["app"].state.door, scope, receive, send).go()
        else:
            await send({"type": "websocket.close", "code": 1008})


class _Passage:
    """One request on its way through the door."""

    __slots__ = (
        "address",
        "app",
        "certificate",
        "code",
        "door",
        "echoed",
        "limits",
        "member",
        "no_page",
        "person",
        "receive",
        "request_id",
        "route",
        "scope",
        "send",
        "started",
        "status",
        "trace_id",
        "verified",
    )

    def __init__(self, app: ASGIApp, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
        self.app, self.door, self.scope, self.receive, self.send = app, door, scope, receive, send
        self.request_id = new_request_id()
        self.trace_id, self.route, self.status, self.started = "", None, 500, False
        self.echoed, self.address, self.certificate, self.code = b"", None, None, None
        self.limits: Encoded = ()
        self.person: Person | None = None
        self.verified: VerifiedToken | None = None
        self.member: Member | None = None
        self.no_page: SuiteError | None = None

    address: str | None
    certificate: ClientCertificate | None
    code: str | None
    """Of the problem that it is refused with here."""
    route: Route | None

    @property
    def _guards(self) -> Encoded:
        return _UNROUTED if self.route is None else self.route.guards

    @property
    def _proven(self) -> Proven | None:
        """Who was found out before they were refused, if anybody was."""
        if self.verified is not None:
            return Proven.caller(self.verified.caller)
        return None if self.person is None else Proven.somebody(self.person.actor(None))

    @property
    def told_id(self) -> bytes:
        """The request id of the answer."""
        return self.echoed or self.request_id.encode()

    async def go(self) -> None:
        began = time.perf_counter()
        try:
            await self._pass()
        except CallerGone:
            self.status = 499
        except SuiteError as error:
            await self._refuse(error)
        except TimeoutError:
            await self._refuse(TemporarilyUnavailable("the request came too slowly"))
        except ConnectionAbortedError:
            raise
        except Exception as error:
            await self._refuse(unexpected(error, self.request_id))
        finally:
            self._tell(time.perf_counter() - began)

    async def _pass(self) -> None:
        door, scope = self.door, self.scope
        now = door.clock()
        self.address = client_address(scope["client"][0] if scope.get("client") else None, scope["headers"], trusted=door.trusted_proxies)
        entrance = door.entrances.of(scope)
        entrance.require_name(scope["headers"], scope["raw_path"], self.address)
        self.route = route = self._matched(entrance)
        require_header(route.header, scope)
        self.certificate = self._presented()
        incoming = read_headers(scope["headers"])
        self.trace_id = trace_id_of(incoming.traceparent)
        self.echoed = incoming.request_id if route.echoes_request_id else b""
        require_form(route, incoming, scope["query_string"])
        verified = None
        if route.accepts == "anonymous":
            self._count(door.rates.addresses, counted_as(self.address), now)
        elif route.accepts == "people":
            self._count(door.rates.addresses, counted_as(self.address), now)
            self.person = await door.people.known(scope["headers"], route, now)
            door.people.require_role(self.person, route, now)
        elif route.accepts == "families":
            self._count(door.rates.addresses, counted_as(self.address), now)
            self.member = await door.families.admit(scope["headers"], route, now)
        else:
            verified = self.verified = await door.authentication.authenticate(
                incoming,
                method=route.method,
                url=entrance.url + scope["raw_path"].decode("ascii"),
                now=now,
                address=self.address,
                bearer=route.bearer,
                certificate=self.certificate,
            )
            require_permission(route, verified)
            require_details(route, verified.claims.authorization_details)
            asked = door.people.settings
            require_step_up(route, verified.claims, seconds=asked.people_step_up_seconds, strong=asked.people_strong_acr, now=now)
            if route.accepts == "clients":
                door.scope_use.note(verified.claims.client_id, route.scopes, route.and_scopes, verified.caller.scopes)
            self._allow(route, verified, now)
        if route.service == "gateway":
            await self._answer_here(route, incoming, verified)
        else:
            await self._forward(route, incoming, verified)

    def _matched(self, entrance: Entrance) -> Route:
        """The route. Raises as Matcher.match; where a page of the console is the better answer to what is no route, that one's."""
        method, raw_path = self.scope["method"], self.scope["raw_path"]
        try:
            return entrance.routes.match(method, raw_path)
        except (NoSuchRoute, MethodOfPathNotAllowed) as error:
            if entrance is not self.door.entrances.public or not is_for_a_browser(method, raw_path, self.scope["headers"]):
                raise
            self.no_page = error
            return NO_PAGE

    def _presented(self) -> ClientCertificate | None:
        """The client's certificate: of this connection; of the one in front only where a proxy of the agency's own says so."""
        door, scope = self.door, self.scope
        der = scope.get("state", {}).get(CERTIFICATE)
        connected = scope["client"][0] if scope.get("client") else None
        if door.certificate_header is not None and is_trusted(connected, door.trusted_proxies):
            der = forwarded_certificate(scope["headers"], door.certificate_header)
        return ClientCertificate(der) if der else None

    def _count(self, rate: SharedRate, who: str, now: datetime) -> None:
        """Count the request; the answer says what is left, a refusal too. Raises TooManyRequests."""
        limit = rate.limit
        try:
            left = rate.take(who, now.timestamp())
        except TooManyRequests as error:
            self.limits = limit.fields(limit.left(0, error.retry_after_seconds or 1))
            raise
        self.limits = limit.fields(left)

    def _allow(self, route: Route, verified: VerifiedToken, now: datetime) -> None:
        """Count the request of a client or peer. Raises TooManyRequests, QuotaSpent."""
        claims, allowances = verified.claims, self.door.allowances
        if route.accepts == "peers":  # what waits for an exchange is bounded by a rate, and never stopped for a day
            self._count(self.door.rates.peers, claims.client_id, now)
            return
        self.limits, refused = allowances.take(claims.client_id, claims.organisation_id, bulk=route.bulk, now=now.timestamp())
        if refused is not None:
            raise refused

    async def _answer_here(self, route: Route, incoming: Incoming, verified: VerifiedToken | None) -> None:
        """The gateway's own routes: behind this door too, with the caller in the scope's state."""
        body = await whole(self.receive, limit=route.body_bytes) if incoming.has_body else b""
        if self.person is not None:
            self.door.people.require_own_form(self.person, self.scope["headers"], body, route)
        if self.member is not None:
            self.door.families.require_own_form(self.member, self.scope["headers"], body, route)
        caller = None if verified is None else self._from_here(verified.caller)
        token = None if verified is None else verified.claims
        state = {**self.scope.get("state", {}), "caller": caller, "token": token, "person": self.person, "address": self.address}
        state["member"] = self.member
        state["certificate"], state["no_page"] = self.certificate, self.no_page
        fields = [(name, value) for name, value in self.scope["headers"] if name not in NEVER_BELIEVED]
        fields.append((b"traceparent", f"00-{self.trace_id}-{new_span_id()}-01".encode()))
        await self.app({**self.scope, "state": state, "headers": fields}, replay(body, self.receive), self._send_guarded)

    async def _send_guarded(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            if self.status == 403 and self.verified is not None:
                self.door.refusals.count(NotPermitted.code, self.door.clock(), self._proven)
            said: Fields = list(message.get("headers", ()))
            guards = self._guards
            if self.route is not None and self.route.own_policy and any(name == POLICY for name, _ in said):
                guards = tuple(guard for guard in guards if guard[0] != POLICY)
            own = {name for name, _ in guards}
            kept = [(name, value) for name, value in said if name not in own]
            self.request_id = next((value.decode() for name, value in kept if name == b"x-request-id"), self.request_id)
            message = {**message, "headers": [*self._challenged(kept), *guards, *self.limits, *allowed_methods(self.no_page)]}
        await self.send(message)

    async def _forward(self, route: Route, incoming: Incoming, verified: VerifiedToken | None) -> None:
        upstream = self.door.upstreams.get(route.service)
        if upstream is None:
            raise TemporarilyUnavailable("the service is not configured")
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in incoming.forwarded}
        if not route.keyed:
            headers.pop("idempotency-key", None)
        headers["x-request-id"] = self.request_id
        headers["traceparent"] = f"00-{self.trace_id}-{new_span_id()}-01"
        request = Call(
            route,
            route.method,
            self.scope["raw_path"].decode("ascii"),
            self.scope["query_string"].decode("ascii"),
            headers,
            incoming.has_body,
            [*route.guards, *self.limits, (b"x-request-id", self.told_id)],
            None if verified is None else partial(self._internal_token, route.service, verified),
        )
        self.status = await upstream.forward(request, self.receive, self._send_watched)

    async def _send_watched(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if message["status"] == 403:
                self.door.refusals.count(NotPermitted.code, self.door.clock(), self._proven)
                message = {**message, "headers": self._challenged(message["headers"])}
        await self.send(message)

    def _challenged(self, fields: Fields) -> Fields:
        return challenged(fields, self.verified, issuer=self.door.authentication.issuer)

    def _internal_token(self, service: ServiceName, verified: VerifiedToken) -> str:
        """INVARIANT: kept with the very access token that proved the caller, so one caller never gets another's; and for one address."""
        now = self.door.clock()
        seconds = now.timestamp()
        made_at, address, token = verified.internal.get(service, (0.0, None, ""))
        if address != self.address or not made_at <= seconds < made_at + INTERNAL_SECONDS:
            token = self.door.internal_tokens.for_caller(service, self._from_here(verified.caller), now)
            verified.internal[service] = (seconds, self.address, token)
        return token

    def _from_here(self, caller: CallerClaims) -> CallerClaims:
        return caller.model_copy(update={"address": self.address})

    async def _refuse(self, error: SuiteError) -> None:
        """The problem as the answer, if none has begun."""
        self.status, self.code = error.status, error.code
        if error.status in (401, 403, 429):
            self.door.refusals.count(error.code, self.door.clock(), self._proven)
        if self.started:
            raise ConnectionAbortedError
        if self.route is not None and self.route.is_page:
            door = self.door.families if self.route.is_for_families else self.door.people
            response = door.refused(error, self.scope, self.request_id)
            status, said, body = response.status_code, response.raw_headers, response.body
        else:
            status, said, body = told(error, self.request_id, path=self.scope["path"])
        guards = self._guards
        guarded = _UNROUTED_NAMES if self.route is None else self.route.guarded
        fields: Fields = self._challenged([field for field in said if field[0] not in guarded])
        fields += [*guards, *self.limits, (b"x-request-id", self.told_id)]
        if error.status == 401 and not (self.route is not None and self.route.is_page):
            known = self.door.authentication
            bearer = self.certificate is not None or (known.legacy and self.route is not None and self.route.bearer)
            fields.append((b"www-authenticate", challenge(error, issuer=known.issuer, bearer=bearer).encode()))
        if isinstance(error, ProofNonceRequired):
            fields.append((b"dpop-nonce", self.door.authentication.nonces.give(self.door.clock()).encode()))
        fields += allowed_methods(error)
        await self.send({"type": "http.response.start", "status": status, "headers": fields})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    def _tell(self, seconds: float) -> None:
        """Count and log what was forwarded or refused here; the gateway's own routes tell of themselves."""
        if self.route is not None and self.route.service == "gateway" and self.started:
            return
        template = self.route.template if self.route is not None else "unrouted"
        method = self.route.method if self.route is not None else "other"
        count, time_taken = self.door.metrics.of(template, method, self.status)
        count.inc()
        time_taken.observe(seconds)
        about = {"service": "gateway", "method": method, "route": template, "request_id": self.request_id, "trace_id": self.trace_id}
        tell_request(log, **about, status=self.status, seconds=seconds, code=self.code)
