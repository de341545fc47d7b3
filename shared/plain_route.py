"""A hot operation that FastAPI describes and takes no part in: it reads the body with pydantic's JSON reader at once.

FastAPI parses JSON into objects, validates those, solves dependencies and builds the answer: 0.3 ms for a call that needs none of it, and
more the larger the body.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.caller import Caller, caller_from, principal_from
from shared.internal_token import Principal
from shared.problems import invalid_request
from shared.who_may_call import ServiceName

ForCaller = Callable[[Request, Caller], Coroutine[Any, Any, Response]]


class PlainRoute(Route):
    """A route that is looked at before all others (`PlainRoutes`), FastAPI's of the same path among them."""

    scopes: frozenset[str] = frozenset()
    """Of a client's route: one is needed."""


class PlainRoutes:
    """An application that answers its plain routes by a look into a table, and leaves every other request to `app`.

    Those with parameters in their path are few, and tried one after the other.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[PlainRoute]) -> None:
        self.app = app
        every = [(method, route) for route in routes for method in route.methods or ()]
        self._routes = {(method, route.path): route for method, route in every if "{" not in route.path}
        self._patterns = [(method, route) for method, route in every if "{" in route.path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        route = self._route(scope) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
        else:
            scope["route"] = route  # for telemetry, which FastAPI's own routes tell
            response = await route.endpoint(Request(scope, receive, send))
            await response(scope, receive, send)

    def _route(self, scope: Scope) -> PlainRoute | None:
        method, path = scope["method"], scope["path"]
        route = self._routes.get((method, path))
        if route is not None:
            return route
        for of, one in self._patterns:
            found = one.path_regex.match(path) if of == method else None
            if found is not None:
                scope["path_params"] = found.groupdict()
                return one
        return None


def caller_route(router: APIRouter, path: str, scope: str) -> Callable[[ForCaller], ForCaller]:
    """Have `POST path`, which the decorated function is FastAPI's operation of, answered by it without FastAPI."""

    def decorate(endpoint: ForCaller) -> ForCaller:
        async def answering(request: Request) -> Response:
            return await endpoint(request, caller_from(request, scope))

        route = PlainRoute(router.prefix + path, answering, methods=["POST"], include_in_schema=False)
        route.scopes = frozenset({scope})
        router.routes.insert(-1, route)
        return endpoint

    return decorate


Body = TypeVar("Body", bound=BaseModel)
Answering = Callable[[Request, Principal, Body], Awaitable[Response]]


def plain_route(
    router: APIRouter, path: str, body: type[Body], *, by: ServiceName, answer: type[BaseModel], responses: dict[int | str, dict[str, Any]]
) -> Callable[[Answering[Body]], Answering[Body]]:
    """Have `POST path`, from the sibling `by`, answered by the decorated function.

    Its name and docstring, `body` and `answer` describe the operation. Who calls is verified before the body is looked at.
    """

    def decorate(endpoint: Answering[Body]) -> Answering[Body]:
        async def answering(request: Request) -> Response:
            principal = principal_from(request, by)
            try:
                given = body.model_validate_json(await request.body())
            except ValidationError as error:
                raise invalid_request(error) from None
            return await endpoint(request, principal, given)

        async def described(_: Any) -> None:
            raise AssertionError("the plain route in front of this one answers")

        router.routes.append(PlainRoute(router.prefix + path, answering, methods=["POST"], include_in_schema=False))
        described.__name__, described.__doc__, described.__annotations__ = getattr(endpoint, "__name__", ""), endpoint.__doc__, {"_": body}
        router.add_api_route(path, described, methods=["POST"], response_model=answer, responses=responses)
        return endpoint

    return decorate
