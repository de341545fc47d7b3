"""The addresses at which a gateway is entered: the public one, and where the settings say so another one for administration alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.door.paths import Matcher
from services.gateway.door.route import Route
from services.gateway.settings import GatewaySettings

_MARK: Final = "safe_passage.administration"
_HEALTH: Final = frozenset({"/livez", "/readyz"})


@dataclass(frozen=True)
class Entrance:
    """One address."""

    url: str
    """What proofs name there (RFC 9449 section 4.3)."""
    routes: Matcher[Route]


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
    if settings.administration_port is None:
        whole = Entrance(settings.entity_id, Matcher(every))
        return Entrances(whole, whole)
    apart = [route for route in every if route.is_administration]
    others = [route for route in every if not route.is_administration]
    health = [route for route in others if route.template in _HEALTH]
    url = settings.administration_url or settings.entity_id
    return Entrances(Entrance(settings.entity_id, Matcher(others)), Entrance(url, Matcher([*apart, *health])))


class AdministrationListener:
    """The application as it is served at the address of administration."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mark where the request came in."""
        await self._app({**scope, _MARK: True}, receive, send)
