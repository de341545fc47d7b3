"""The addresses at which a gateway is entered: the public one, and where the settings say so another one for administration alone.

What is asked of another name than the node's is misdirected (RFC 9110 section 15.5.20), and answered by nothing behind the door. The
probes of orchestrators come by address, and say nothing of the node but a digest of its limits: they alone are answered under any name.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from safepassage.problems.access import MisdirectedRequest
from services.gateway.door.paths import Matcher
from services.gateway.door.route import Route
from services.gateway.settings import GatewaySettings

_MARK: Final = "safe_passage.administration"
_HEALTH: Final = frozenset({"/livez", "/readyz"})
_PROBES: Final = frozenset(path.encode() for path in _HEALTH)
_PORTS: Final = {"https": 443, "http": 80}
_LONGEST_NAME: Final = 300


@dataclass(frozen=True)
class Entrance:
    """One address."""

    url: str
    """What proofs name there (RFC 9449 section 4.3)."""
    routes: Matcher[Route]
    names: Collection[bytes]
    """What a Host may say there, in lower case."""

    def require_name(self, fields: Iterable[tuple[bytes, bytes]], raw_path: bytes, address: str | None) -> None:
        """Raises MisdirectedRequest for a Host that is none of the entrance's names. What else a header says of names is not looked at.

        address  whose request it is: on this machine the node is called by the machine's own name too
        """
        host = next((value for name, value in fields if name == b"host"), b"")
        if host in self.names or raw_path in _PROBES:
            return
        if len(host) > _LONGEST_NAME or not (host.lower() in self.names or (_is_loopback(address or "") and _is_of_this_machine(host))):
            raise MisdirectedRequest


@dataclass(frozen=True)
class Entrances:
    """Both, or one that is both."""

    public: Entrance
    administration: Entrance

    def of(self, scope: Scope) -> Entrance:
        """Where a request came in. Its own socket says so, and nothing in the request can."""
        return self.administration if scope.get(_MARK) else self.public


def entrances(settings: GatewaySettings, routes: Iterable[Route]) -> Entrances:
    """By the settings. What is behind the one is not there at the other."""
    every = tuple(routes)
    names = frozenset({*_names_of(settings.entity_id), *(name.lower().encode() for name in settings.other_hosts)})
    if settings.administration_port is None:
        whole = Entrance(settings.entity_id, Matcher(every), names)
        return Entrances(whole, whole)
    apart = [route for route in every if route.is_administration]
    others = [route for route in every if not route.is_administration]
    health = [route for route in others if route.template in _HEALTH]
    url = settings.administration_url or settings.entity_id
    own = f"{settings.administration_address}:{settings.administration_port}".encode()
    return Entrances(
        Entrance(settings.entity_id, Matcher(others), names),
        Entrance(url, Matcher([*apart, *health]), names | {*_names_of(url), own}),
    )


def _names_of(url: str) -> tuple[bytes, ...]:
    """As a Host says it; the port may be said where it is the scheme's own."""
    parts = urlsplit(url.lower())
    port = _PORTS.get(parts.scheme)
    host = parts.netloc.removesuffix(f":{port}")
    return (host.encode(), f"{host}:{port}".encode()) if parts.port in (None, port) else (host.encode(),)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _is_of_this_machine(host: bytes) -> bool:
    try:
        name = urlsplit(f"//{host.decode('ascii')}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)


class AdministrationListener:
    """The application as it is served at the address of administration."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mark where the request came in."""
        await self._app({**scope, _MARK: True}, receive, send)
