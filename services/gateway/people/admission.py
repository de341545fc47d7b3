"""Who comes in by a cookie: the session behind it, what the person's role opens, and whether a form is this session's own.

Whoever controls it can act as any person who signs in here, at the pages of this node; no token for the API comes of it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from safepassage.problems import SuiteError
from safepassage.problems.people import NotSignedIn, StepUpNeeded
from safepassage.problems.requests import NotPermitted
from services.gateway.people import pages
from services.gateway.people.cookies import Cookie
from services.gateway.people.forms import require_from_here, require_not_embedded, require_token, token_of
from services.gateway.people.person import Person
from services.gateway.people.return_path import return_path
from services.gateway.people.roles import Role
from services.gateway.people.sessions import Sessions
from services.gateway.people.settings import PeopleSettings

Header = Iterable[tuple[bytes, bytes]]

READING: Final = frozenset({"GET", "HEAD"})


class PeoplesRoute(Protocol):
    """What of a route matters here."""

    @property
    def method(self) -> str: ...
    @property
    def roles(self) -> Collection[Role]: ...
    @property
    def step_up(self) -> bool: ...


@dataclass(frozen=True)
class Admission:
    """Of one node. Nothing of a session is kept in the process."""

    settings: PeopleSettings
    sessions: Sessions
    cookie: Cookie

    async def known(self, fields: Header, route: PeoplesRoute, now: datetime) -> Person:
        """The person who asks for a route; what they may is asked next, by `require_role`. Raises NotSignedIn, FormNotOurs."""
        if route.method in READING:
            require_not_embedded(fields)
        else:
            require_from_here(fields, origin=self.settings.entity_id)
        value = self.cookie.read(fields)
        if value is None:
            raise NotSignedIn
        return await self.sessions.find(value, now)

    def require_role(self, person: Person, route: PeoplesRoute, now: datetime) -> None:
        """Raises NotPermitted, StepUpNeeded unless the route is for somebody of their role, and now."""
        if person.role not in route.roles:
            raise NotPermitted("your role does not open this page")
        if route.step_up:
            self.require_step_up(person, now)

    def require_step_up(self, person: Person, now: datetime) -> None:
        """Raises StepUpNeeded unless the person proved who they are a moment ago, as strongly as the settings say.

        Who came in by a one-time link has no provider that could say how: the moment alone counts.
        """
        if now >= person.authenticated_at + timedelta(seconds=self.settings.people_step_up_seconds):
            raise StepUpNeeded
        strong = self.settings.people_strong_acr
        if strong and person.issuer != self.settings.entity_id and person.acr not in strong:
            raise StepUpNeeded("a stronger sign-in is needed")

    def require_own_form(self, person: Person, fields: Header, body: bytes, route: PeoplesRoute) -> None:
        """Of a request that changes something. Raises FormNotOurs, MalformedBody."""
        if route.method not in READING:
            require_token(token_of(fields, body), expected=person.form_token)

    def refused(self, error: SuiteError, scope: Any, request_id: str) -> Response:
        """What a browser is shown instead of a page: the way to sign in where that is all that is missing, else what is wrong."""
        asked = scope["raw_path"].decode("latin-1") + (f"?{query}" if (query := scope["query_string"].decode("latin-1")) else "")
        if isinstance(error, (NotSignedIn, StepUpNeeded)) and scope["method"] in READING:
            about = {"back": return_path(asked), **({"step": "up"} if isinstance(error, StepUpNeeded) else {})}
            return RedirectResponse(f"/sign-in?{urlencode(about)}", 303)
        return pages.refused(error, scope, request_id)
