"""A hot operation that FastAPI describes and takes no part in: it reads the body with pydantic's JSON reader at once.

FastAPI parses JSON into objects, validates those, solves dependencies and builds the answer: 0.3 ms for a call that needs none of it, and
more the larger the body.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.routing import Route

from shared.caller import principal_from
from shared.internal_token import Principal
from shared.problems import invalid_request
from shared.who_may_call import ServiceName

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
            request.scope["route"] = route  # for telemetry, which FastAPI's own routes tell
            principal = principal_from(request, by)
            try:
                given = body.model_validate_json(await request.body())
            except ValidationError as error:
                raise invalid_request(error) from None
            return await endpoint(request, principal, given)

        async def described(_: Any) -> None:
            raise AssertionError("the plain route in front of this one answers")

        route = Route(router.prefix + path, answering, methods=["POST"], include_in_schema=False)
        router.routes.append(route)
        described.__name__, described.__doc__, described.__annotations__ = getattr(endpoint, "__name__", ""), endpoint.__doc__, {"_": body}
        router.add_api_route(path, described, methods=["POST"], response_model=answer, responses=responses)
        return endpoint

    return decorate
