"""Every error leaves as application/problem+json (or as its path's own standard has it), and none repeats what was sent."""

import json
import logging
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from safepassage.problems import Problem, SuiteError
from safepassage.problems.problem import problem_of
from safepassage.problems.requests import (
    IdempotencyKeyMissing,
    InternalFault,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    NoSuchRoute,
    TemporarilyUnavailable,
)
from shared.scope_missing import FIELD, TokenTooNarrow
from shared.status_info import StatusInfo, is_of_1edtech, status_info
from shared.store_faults import is_of_the_store
from shared.telemetry import note_problem, request_id_of

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_MEDIA_TYPE = MEDIA_TYPE.encode()


def render(error: SuiteError, request_id: str | None, *, path: str = "") -> Response:
    """The response for an error of a request to `path`: a problem, or what the path's own standard has instead."""
    status, fields, body = told(error, request_id, path=path)
    response = Response(body, status)
    response.raw_headers = fields
    return response


def told(error: SuiteError, request_id: str | None, *, path: str = "") -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """As `render`, without the object: status, fields, body."""
    if is_of_1edtech(path):
        response = status_info(error)
        status, fields, body = response.status_code, response.raw_headers, bytes(response.body)
    else:
        status, body = error.status, _document(type(error), error.detail, error.field)  # type: ignore[arg-type]  # a class can be hashed
        if request_id is not None:
            body = b'%b,"request_id":%b}' % (body[:-1], json.dumps(request_id).encode())
        fields = [(b"cache-control", b"no-store"), (b"content-length", b"%d" % len(body)), (b"content-type", _MEDIA_TYPE)]
    if isinstance(error, TokenTooNarrow):
        fields.append((FIELD, " ".join(error.enough).encode()))
    if error.retry_after_seconds is not None or error.retry != "never":
        fields.append((b"retry-after", b"%d" % (error.retry_after_seconds or 5)))
    return status, fields, body


@lru_cache(maxsize=1024)
def _document(kind: type[SuiteError], detail: str | None, field: str | None) -> bytes:
    """The problem but for the request's id: the same few come again and again."""
    return problem_of(kind, detail, field=field).model_dump_json(exclude_none=True).encode()


def invalid_request(error: RequestValidationError | ValidationError) -> SuiteError:
    """The names of the fields at fault and what each should be; never their values."""
    key = next((one for one in error.errors() if one["loc"] == ("header", "Idempotency-Key")), None)
    if key is not None:
        if key["type"] == "missing":
            return IdempotencyKeyMissing()
        return InvalidRequest("8 to 64 letters, digits and hyphens", field="Idempotency-Key")
    first = error.errors()[0] if error.errors() else {"loc": (), "type": "value_error"}
    if first["type"] == "json_invalid":
        return MalformedBody("the body is not JSON", field="body")
    fields = [_field(one["loc"], unknown=one["type"] == "extra_forbidden") for one in error.errors()]
    kinds = [one["type"].replace("_", " ") for one in error.errors()]
    detail = "; ".join(f"{field}: {kind}" for field, kind in list(zip(fields, kinds, strict=True))[:20])
    return InvalidRequest(detail, field=fields[0] if fields else None)


def _field(place: tuple[int | str, ...], *, unknown: bool) -> str:
    """The place of a fault in the request. The name of an unknown member is the caller's own word, so it is not repeated."""
    parts = [str(part) for part in place if part not in ("body", "query", "path", "header")]
    if unknown and parts:
        parts[-1] = "(unknown member)"
    return ".".join(parts) or "body"


def install(app: FastAPI) -> None:
    """Render every error as a problem."""

    @app.exception_handler(SuiteError)
    async def known(request: Request, error: SuiteError) -> Response:
        note_problem(request.scope, error.code)
        return render(error, request_id_of(request.scope), path=request.scope["path"])

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return await known(request, invalid_request(error))

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            response = await known(request, MethodNotAllowed())
            response.headers.update(error.headers or {})
            return response
        return await known(request, NoSuchRoute() if error.status_code == 404 else MalformedBody())


def unexpected(error: Exception, request_id: str | None) -> SuiteError:
    """A fault of ours: logged with its place, never with its text, which may hold a value; the caller gets the request id alone.

    Of the store's: that it does not answer, and to come again.
    """
    if is_of_the_store(error):
        return store_away(error, request_id)
    place, traceback = "?", error.__traceback__
    while traceback is not None:
        place = f"{traceback.tb_frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    log.error("unexpected fault", extra={"fault": type(error).__name__, "place": place, "request_id": request_id})
    return InternalFault()


def store_away(error: Exception, request_id: str | None) -> SuiteError:
    """What is told where the store is at fault; logged without its text."""
    log.error("store unavailable", extra={"fault": type(error).__name__, "request_id": request_id})
    return TemporarilyUnavailable("the store does not answer")


def responses(*errors: type[SuiteError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses=` entries for the errors that an operation may raise."""
    by_status: dict[int, list[type[SuiteError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {
        status: {"description": "; ".join(f"{e.title} (`{e.code}`)" for e in kinds), "content": _CONTENT}
        for status, kinds in by_status.items()
    }


def _is_text(response: dict[str, Any]) -> bool:
    """A protocol that is not ours has an answer of its own there (C2SP tlog-witness: 409)."""
    return any(media_type.startswith("text/") for media_type in response.get("content", ()))


_STATUS_INFO = {"application/json": {"schema": {"$ref": "#/components/schemas/StatusInfo"}}}
_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _described(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes)
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    if any(is_of_1edtech(path) for path in schema["paths"]):
        told = StatusInfo.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**told.pop("$defs"), "StatusInfo": told}
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            _tell_problems(operation["responses"], _STATUS_INFO if is_of_1edtech(path) else _CONTENT)
    for leftover in ("HTTPValidationError", "ValidationError"):
        schemas.pop(leftover, None)
    return schema


def _tell_problems(answers: dict[str, Any], content: dict[str, Any]) -> None:
    """Of one operation: what any may answer, and the form of each error that is no text."""
    for status in ("400", "401", "403", "422", "500", "503"):
        answers.setdefault(status, {"description": "Problem"})
    for status, answer in answers.items():
        if status >= "400" and not _is_text(answer):
            answer["content"] = content


def document(app: FastAPI) -> None:
    """Make the OpenAPI document tell the truth: every error is a Problem."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
