"""What a route of the node is: who answers it, who may call it, how much of which kind it takes, in which time, under which headers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

from services.gateway.door.endings import Ending
from services.gateway.door.header_limit import BROWSER, ENDPOINT, MACHINE, TOKEN, HeaderLimit
from services.gateway.oauth.scopes import PEER_SCOPE, ROSTERING, SCOPES
from services.gateway.people.roles import ROLES, Role
from shared.who_may_call import ServiceName

API_HEADERS: Final = (
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""On every answer of the API: nothing is stored, sniffed, framed or executed."""

PAGE_HEADERS: Final = (
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("vary", "Cookie"),
)
"""On every page: only files of this node, nothing inline, no frame. Not `no-referrer`: a browser would then say `Origin: null` of the
page's own forms."""


def encoded(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    """As they are sent."""
    return tuple((name.encode(), value.encode()) for name, value in headers)


def _instead(**fields: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, fields.get(name.replace("-", "_"), value)) for name, value in API_HEADERS)


PUBLISHED_HEADERS: Final = _instead(cache_control="no-cache")
"""On what is the same for everybody: kept, and asked for by its entity tag each time."""
PUBLIC_HEADERS: Final = _instead(
    cache_control="no-cache",
    content_security_policy="default-src 'none'; style-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
)
"""On the public's page: the same for everybody, kept and asked for by its entity tag; styles of ours, and no script at all."""
DEVELOPER_HEADERS: Final = _instead(
    cache_control="no-cache",
    content_security_policy="default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
)
"""On the page of developers: scripts and styles from files of ours alone, none within the page, none made from text."""


TOTAL_SECONDS: Final = 60.0

ACTIONS: Final[Mapping[str, str]] = {
    "records:load": "load",
    "records:read": "read",
    "records:read:state": "read",
    "records:msix": "read",
    **dict.fromkeys((scope for scope in SCOPES if scope.startswith(ROSTERING)), "read"),
    "exchange:request": "request",
}
"""The first one of these that a route asks for says what it does with students' data (services.gateway.oauth.authorization_details)."""


@dataclass(frozen=True)
class Route:
    """One operation."""

    method: str
    template: str
    service: ServiceName
    accepts: Literal["clients", "peers", "people", "families", "anonymous"]
    scopes: frozenset[str]
    """One of these is needed; none for `anonymous`, `people` and `families`."""
    header: HeaderLimit
    """The largest header of a request."""
    and_scopes: frozenset[str] = frozenset()
    """All of these are needed too."""
    body_bytes: int = 0
    """The largest body; 0 where there is none."""
    media_types: tuple[str, ...] = ()
    answer_seconds: float = 10.0
    """Until the answer begins; then no pause may be longer than 15 s."""
    total_seconds: float = TOTAL_SECONDS
    """Of what a service answers: from the first look at the request until its answer has ended; inf where it takes as long as it takes."""
    headers: tuple[tuple[str, str], ...] = API_HEADERS
    echoes_request_id: bool = False
    """The caller's X-Request-ID is in the answer, as AuthZEN asks; ours goes inside and into problems as ever."""
    streams: bool = False
    """Body and answer go through a part at a time in an embedded node too, where others are whole in memory."""
    codings: tuple[bytes, ...] = ()
    """Content codings that a body may have. Who answers bounds what it becomes; `body_bytes` is of what is sent."""
    roles: frozenset[Role] = frozenset()
    """Of `people`: one of these is needed."""
    step_up: bool = False
    """Of `people`: they must have proved who they are a moment ago, as strongly as the settings say."""
    own_policy: bool = False
    """The answer's own content-security-policy counts where it has one: of a page whose form leads to another site (CSP `form-action`)."""

    @cached_property
    def guards(self) -> tuple[tuple[bytes, bytes], ...]:
        """Its headers, as they are sent; that it ends among them."""
        return encoded((*self.headers, *(() if self.ending is None else self.ending.headers)))

    @cached_property
    def guarded(self) -> frozenset[bytes]:
        """The names of `guards`."""
        return frozenset(name for name, _ in self.guards)

    @property
    def is_administration(self) -> bool:
        """Whether it changes or tells who may come in at all."""
        return any(scope.startswith("admin:") for scope in self.scopes)

    @property
    def is_page(self) -> bool:
        """Whether a browser shows what is answered, refusals too."""
        return self.headers is PAGE_HEADERS

    @property
    def is_for_families(self) -> bool:
        """Whether it is one of the family's pages, those for whoever comes among them."""
        return self.is_page and self.template.startswith("/family")

    bearer: bool = False
    """A token of the legacy profile, which is bound to no key, opens it too."""
    bulk: bool = False
    """It hands out or takes in much at once, and has daily quotas of its own."""
    cut: bool = False
    """What it answers is cut to the datatypes and districts of the token; a token that is narrowed to some opens no other route."""
    keyed: bool = False
    """It takes an Idempotency-Key, so that twice has its effect once. Where a route does not, a service never sees one."""

    ending: Ending | None = None
    """Of what answers no more from a day on."""

    @property
    def action(self) -> str | None:
        """What is done with students' data, as a token's details name it; None where it is something else."""
        return next((action for scope, action in ACTIONS.items() if scope in self.scopes | self.and_scopes), None)


JSON: Final = ("application/json",)
FORM: Final = ("application/x-www-form-urlencoded",)
KIB: Final = 1024
MIB: Final = 1024 * 1024


def get(
    template: str, service: ServiceName, *scopes: str, and_scopes: tuple[str, ...] = (), seconds: float = 10.0, cut: bool = False
) -> Route:
    """Of clients, without a body. One of `scopes` is needed, and all of `and_scopes`."""
    return Route("GET", template, service, "clients", frozenset(scopes), TOKEN, frozenset(and_scopes), answer_seconds=seconds, cut=cut)


def send(
    method: str,
    template: str,
    service: ServiceName,
    *scopes: str,
    body: int = 64 * KIB,
    types: tuple[str, ...] = JSON,
    and_scopes: tuple[str, ...] = (),
    seconds: float = 10.0,
    cut: bool = False,
) -> Route:
    """Of clients, with a body."""
    return Route(method, template, service, "clients", frozenset(scopes), TOKEN, frozenset(and_scopes), body, types, seconds, cut=cut)


def keyed(method: str, template: str, service: ServiceName, *scopes: str, **limits: Any) -> Route:
    """As `send`, of what takes an Idempotency-Key (shared.idempotency)."""
    return replace(send(method, template, service, *scopes, **limits), keyed=True)


def also_bearer(*routes: Route) -> tuple[Route, ...]:
    """The same, opened by tokens of the legacy profile too."""
    return tuple(replace(route, bearer=True) for route in routes)


def peers(method: str, template: str, service: ServiceName, *, body: int = 0, types: tuple[str, ...] = (), seconds: float = 20.0) -> Route:
    """Of other nodes."""
    return Route(method, template, service, "peers", frozenset({PEER_SCOPE}), TOKEN, frozenset(), body, types, seconds)


def anonymous(
    method: str,
    template: str,
    service: ServiceName,
    *,
    header: HeaderLimit = MACHINE,
    body: int = 0,
    types: tuple[str, ...] = (),
    codings: tuple[bytes, ...] = (),
) -> Route:
    """Of whoever comes."""
    return Route(method, template, service, "anonymous", frozenset(), header, frozenset(), body, types, codings=codings)


def endpoint(template: str) -> Route:
    """Of OAuth: a form of whoever proves in it who they are."""
    return anonymous("POST", template, "gateway", header=ENDPOINT, body=32 * KIB, types=FORM)


def published(template: str, headers: tuple[tuple[str, str], ...]) -> Route:
    """What the gateway shows to whoever comes with a browser, and is the same for all."""
    return replace(anonymous("GET", template, "gateway", header=BROWSER), headers=headers)


def page(method: str, template: str, *, body: int = 0) -> Route:
    """A page of the gateway for whoever comes."""
    types = FORM if body else ()
    return Route(method, template, "gateway", "anonymous", frozenset(), BROWSER, body_bytes=body, media_types=types, headers=PAGE_HEADERS)


def people(method: str, template: str, *roles: Role, body: int = 0, step_up: bool = False, own_policy: bool = False) -> Route:
    """A page of the gateway for people who are signed in: of one of `roles`, or of any where none is named."""
    return Route(
        method,
        template,
        "gateway",
        "people",
        frozenset(),
        BROWSER,
        body_bytes=body,
        media_types=FORM if body else (),
        headers=PAGE_HEADERS,
        roles=frozenset(roles or ROLES),
        step_up=step_up,
        own_policy=own_policy,
    )


def families(method: str, template: str, *, body: int = 0) -> Route:
    """A page of the gateway for a family member whose visit is going on (services.gateway.family)."""
    return replace(page(method, template, body=body), accepts="families")


def shape(template: str) -> str:
    """The template without the names of its parameters."""
    segments = template.split("/")
    return "/".join("{rest}" if one.endswith(":path}") else "{}" if one.startswith("{") else one for one in segments)
