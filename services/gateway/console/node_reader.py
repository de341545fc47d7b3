"""The node's services as one person sees them: each call in their name, with the scopes of their role, narrowed by the services themselves.

Whoever controls this can read what any role of the console may read. No token of it leaves the node.
"""

import re
from collections.abc import AsyncIterator, Mapping
from copy import copy
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from pydantic import BaseModel

from services.gateway.console.role_scopes import PURPOSE_OF_ROLES, SCOPES_OF_ROLES
from services.gateway.people.person import Person
from services.gateway.people.signed_in import SignedInPerson
from shared.actors import CONSOLE
from shared.internal_token import CallerClaims
from shared.siblings import Model, Query, Siblings, as_json, parsed
from shared.who_may_call import ServiceName

CLIENT: Final = CONSOLE
"""What the log calls the application that a person works with here."""

AT_ONCE: Final = 1_000
"""Items of a page, where all of them are wanted."""

NEXT: Final = re.compile(r'<([^<>]+)>; *rel="next"')


class NodeReader:
    """For one request of one person."""

    def __init__(self, siblings: Siblings, claims: CallerClaims, *, scope: Mapping[str, Any] | None = None) -> None:
        self._siblings, self._scope = siblings, scope
        self.claims = claims

    def may(self, scope: str) -> bool:
        """Whether the person's role has `scope`."""
        return scope in self.claims.scopes

    def for_purpose(self, purpose: str) -> "NodeReader":
        """The same person's, for another purpose than their role's: answering a family is not overseeing."""
        other = copy(self)
        other.claims = self.claims.model_copy(update={"details": {"purpose": purpose}})
        return other

    async def read(self, service: ServiceName, path: str, answer: type[Model], query: Query | None = None) -> Model:
        """GET. Raises the service's problem; LogUnavailable or TemporarilyUnavailable where it does not answer."""
        return await self._siblings.call(service, "GET", path, answer=answer, by=self.claims, query=query, scope=self._scope)

    async def ask(
        self,
        service: ServiceName,
        path: str,
        body: BaseModel | None,
        answer: type[Model],
        *,
        query: Query | None = None,
        method: str = "POST",
    ) -> Model:
        """POST, or another method that has a body. Raises as `read`."""
        return await self._siblings.call(service, method, path, answer=answer, by=self.claims, body=body, query=query, scope=self._scope)

    async def page(
        self,
        service: ServiceName,
        path: str,
        answer: type[Model],
        query: Query | None = None,
        *,
        body: BaseModel | None = None,
    ) -> tuple[Model, Mapping[str, str] | None]:
        """A page of a list, and what to ask for the next one, where there is one. POST where there is a `body`. Raises as `read`."""
        content = b"" if body is None else as_json(body)
        method = "GET" if body is None else "POST"
        given = await self._siblings.answered(service, method, path, by=self.claims, content=content, query=query, scope=self._scope)
        return parsed(service, answer, given.body), next_query(given.headers.get("link", ""))

    async def act(self, service: ServiceName, method: str, path: str, *, key: str, body: BaseModel | None = None) -> bytes:
        """What changes something, done once under `key` (console.acts). Raises as `read`."""
        content = b"" if body is None else as_json(body)
        asked = self._siblings.answered(service, method, path, by=self.claims, content=content, idempotency_key=key, scope=self._scope)
        return (await asked).body

    async def bytes_of(self, service: ServiceName, path: str, query: Query | None = None) -> bytes:
        """A file: whole, for what is bounded. Raises as `read`."""
        return await self._siblings.send(service, "GET", path, by=self.claims, query=query, scope=self._scope)

    async def file(self, service: ServiceName, path: str, body: BaseModel) -> bytes:
        """A file that is asked for by a POST that reads. Raises as `read`."""
        return await self._siblings.send(service, "POST", path, by=self.claims, content=as_json(body), scope=self._scope)


async def all_pages(
    node: NodeReader,
    service: ServiceName,
    path: str,
    answer: type[Model],
    query: Query,
    *,
    most: int,
    body: BaseModel | None = None,
) -> AsyncIterator[Model]:
    """The pages of a list, one after the other, until `most` of it were asked for. Raises as `NodeReader.read`."""
    asked: Mapping[str, Any] | None = {**query, "limit": AT_ONCE}
    for _ in range(-(-most // AT_ONCE)):
        if asked is None:
            break
        page, asked = await node.page(service, path, answer, asked, body=body)
        yield page


def next_query(link: str) -> Mapping[str, str] | None:
    """The query of the next page, off a Link header (RFC 8288) of one of the node's services."""
    found = NEXT.search(link)
    return None if found is None else dict(parse_qsl(urlsplit(found[1]).query))


def claims_of(person: Person, *, address: str | None) -> CallerClaims:
    """Who calls, as the services and the log are told.

    INVARIANT: scopes are those of the role that the door has found in the session, never more, and the organisation is the person's.
    """
    return CallerClaims(
        client_id=CLIENT,
        organisation_id=person.organisation_id,
        organisation_kind=person.organisation_kind,
        role=person.role,
        scopes=SCOPES_OF_ROLES[person.role],
        details={"purpose": PURPOSE_OF_ROLES[person.role]},
        address=address,
        person=person.identifier,
        authenticated_at=person.authenticated_at,
    )


async def _reader(request: Request, person: SignedInPerson) -> NodeReader:
    address = request.scope["state"].get("address")
    return NodeReader(request.app.state.siblings, claims_of(person, address=address), scope=request.scope)


Node = Annotated[NodeReader, Depends(_reader)]
"""What the person who asks may see of the node."""
