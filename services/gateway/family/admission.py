"""Who comes to the family's pages by a cookie of their own kind: the visit behind it, and whether a form is this visit's own.

Whoever controls it can act as any family member whose visit is going on, at these pages; no token leaves the node, and no official's
session opens a page here, nor a visit a page of the console.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from safepassage.problems import SuiteError
from safepassage.problems.people import FamilyVisitOver, NotSignedIn
from services.gateway.family.frame import refused_page
from services.gateway.family.member import Member
from services.gateway.family.visits import Visits
from services.gateway.people.admission import READING, PeoplesRoute
from services.gateway.people.cookies import Cookie
from services.gateway.people.forms import require_from_here, require_not_embedded, require_token, token_of

Header = Iterable[tuple[bytes, bytes]]

HOME: Final = "/family"


@dataclass(frozen=True)
class FamilyAdmission:
    """Of one node. Nothing of a visit is kept in the process."""

    origin: str
    visits: Visits
    cookie: Cookie

    async def admit(self, fields: Header, route: PeoplesRoute, now: datetime) -> Member:
        """The family member who asks for a route. Raises FamilyVisitOver, FormNotOurs."""
        if route.method in READING:
            require_not_embedded(fields)
        else:
            require_from_here(fields, origin=self.origin)
        try:
            value = self.cookie.read(fields)
        except NotSignedIn as error:
            raise FamilyVisitOver from error
        if value is None:
            raise FamilyVisitOver
        return await self.visits.find(value, now)

    def require_own_form(self, member: Member, fields: Header, body: bytes, route: PeoplesRoute) -> None:
        """Of a request that changes something. Raises FormNotOurs, MalformedBody."""
        if route.method not in READING:
            require_token(token_of(fields, body), expected=member.form_token)

    def refused(self, error: SuiteError, scope: Any, request_id: str) -> Response:
        """What is wrong, in plain words and the reader's language."""
        return refused_page(scope, error, request_id)
