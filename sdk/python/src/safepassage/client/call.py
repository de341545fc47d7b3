"""One call of an operation: what is sent, whether it may be sent again, and how its answer is read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import uuid4

import httpx2
from pydantic import BaseModel, TypeAdapter, ValidationError

from safepassage.problems.calls import AnswerNotUnderstood

A = TypeVar("A")
M = TypeVar("M", bound=BaseModel)

Read = Callable[[httpx2.Response], A]
Query = tuple[tuple[str, str], ...]
SAFE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
ANSWER_SECONDS: Final = 30.0
_NEXT: Final = re.compile(r'<([^<>]*)>\s*;\s*rel="?next"?')


@dataclass(frozen=True)
class Call(Generic[A]):
    """A call that is ready to be made, once or again."""

    method: str
    path: str
    """Absolute, its parts percent-encoded (`path_of`)."""
    read: Read[A]
    query: Query = ()
    body: bytes | None = field(default=None, repr=False)
    """Kept out of what a log or a traceback shows of a call: it may say who a child is."""
    content_type: str | None = None
    accept: str = "application/json"
    idempotency_key: str | None = None
    repeatable: bool = False
    """A POST that only reads: asking twice does no harm."""
    answer_seconds: float = ANSWER_SECONDS
    """The longest that a node takes for it until its answer begins; the client waits longer, and hears why there is none."""

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent again when nobody knows if it arrived."""
        return self.repeatable or self.idempotency_key is not None or self.method in SAFE


@dataclass(frozen=True)
class Page(Generic[A]):
    """One page, and the call for the next one."""

    content: A
    next: "Call[Page[A]] | None"


def path_of(template: str, **parts: object) -> str:
    """The path of `template` with its `{parts}` filled in and percent-encoded, slashes included."""
    return template.format(**{name: quote(str(part), safe="") for name, part in parts.items()})


def reading(
    path: str,
    answer: type[M],
    *,
    query: Mapping[str, object] | None = None,
) -> Call[M]:
    """A GET."""
    return Call("GET", path, _as_model(answer), query=_query(query))


def paged(path: str, answer: type[M], *, query: Mapping[str, object] | None = None) -> Call[Page[M]]:
    """A GET of a list, page by page along the Link header (RFC 8288)."""
    return _by_page(Call("GET", path, _no_page, query=_query(query)), answer)


def searching(path: str, body: BaseModel, answer: type[M], *, query: Mapping[str, object] | None = None) -> Call[Page[M]]:
    """A POST that only reads, page by page: the same body each time, the cursor in the query."""
    call: Call[Page[M]] = Call("POST", path, _no_page, query=_query(query), body=_json(body), content_type="application/json")
    return _by_page(replace(call, repeatable=True), answer)


def reading_any(path: str, read: Read[A]) -> Call[A]:
    """A GET of one of several kinds, told apart by the answer itself (`one_of`)."""
    return Call("GET", path, read)


def writing_any(path: str, body: BaseModel | None, read: Read[A], *, idempotency_key: str | None = None) -> Call[A]:
    """A POST, as `writing`, answered with one of several kinds (`one_of`)."""
    content = None if body is None else _json(body)
    key = idempotency_key or str(uuid4())
    return Call("POST", path, read, body=content, content_type="application/json" if content else None, idempotency_key=key)


def one_of(kinds: TypeAdapter[A]) -> Read[A]:
    """Reads an answer that is one of a closed union."""

    def read(response: httpx2.Response) -> A:
        try:
            return kinds.validate_json(response.content, extra="ignore")
        except ValidationError as error:
            raise AnswerNotUnderstood from error

    return read


def _by_page(call: Call[Page[M]], answer: type[M]) -> Call[Page[M]]:
    def read(response: httpx2.Response) -> Page[M]:
        return Page(_as_model(answer)(response), _next_call(response, replace(call, read=read)))

    return replace(call, read=read)


def asking(path: str, body: BaseModel | None, answer: type[M], *, query: Mapping[str, object] | None = None) -> Call[M]:
    """A POST that only reads; its parameters are in the body so that no URL and no log of URLs holds them."""
    content, type_ = (None, None) if body is None else (_json(body), "application/json")
    return Call("POST", path, _as_model(answer), query=_query(query), body=content, content_type=type_, repeatable=True)


def writing(method: str, path: str, body: BaseModel | None, answer: type[M], *, idempotency_key: str | None = None) -> Call[M]:
    """A write, with a key of its own unless one is given: all attempts of one call have the same key."""
    key = idempotency_key or str(uuid4())
    content = None if body is None else _json(body)
    return Call(method, path, _as_model(answer), body=content, content_type="application/json" if content else None, idempotency_key=key)


def writing_once(path: str, answer: type[M], body: BaseModel | None = None) -> Call[M]:
    """A POST that is never sent twice: what it makes cannot be told again."""
    content = None if body is None else _json(body)
    return Call("POST", path, _as_model(answer), body=content, content_type="application/json" if content else None)


def uploading(
    path: str,
    body: bytes,
    content_type: str,
    answer: type[M],
    *,
    query: Mapping[str, object] | None = None,
    idempotency_key: str | None = None,
) -> Call[M]:
    """A POST of a file."""
    return Call(
        "POST",
        path,
        _as_model(answer),
        query=_query(query),
        body=body,
        content_type=content_type,
        idempotency_key=idempotency_key or str(uuid4()),
    )


def putting(path: str, body: bytes, content_type: str, answer: type[M], *, query: Mapping[str, object] | None = None) -> Call[M]:
    """A PUT of a file, as `uploading`."""
    call = uploading(path, body, content_type, answer, query=query)
    return replace(call, method="PUT")


def asking_for_file(path: str, body: BaseModel, read: Read[A]) -> Call[A]:
    """A POST that only reads, answered with a file and what its headers say of it."""
    return Call("POST", path, read, body=_json(body), content_type="application/json", accept="*/*", repeatable=True)


def fetching(path: str, *, accept: str = "application/octet-stream", query: Mapping[str, object] | None = None) -> Call[bytes]:
    """A GET of bytes as they are: a checkpoint, a tile, a proof file."""
    return Call("GET", path, lambda response: response.content, query=_query(query), accept=accept)


def taking(seconds: float, call: Call[A]) -> Call[A]:
    """The same call, for which a node may take longer than for most."""
    return replace(call, answer_seconds=seconds)


def _as_model(answer: type[M]) -> Read[M]:
    def read(response: httpx2.Response) -> M:
        try:
            # A newer node may say more than this version knows; what it does not know is left out.
            return answer.model_validate_json(response.content, extra="ignore")
        except ValidationError as error:
            raise AnswerNotUnderstood from error

    return read


def _no_page(_: httpx2.Response) -> Any:
    raise AnswerNotUnderstood


def _next_call(response: httpx2.Response, call: "Call[Page[M]]") -> "Call[Page[M]] | None":
    link = _NEXT.search(response.headers.get("link", ""))
    if link is None:
        return None
    target = urlsplit(link.group(1))
    # INVARIANT: a page never leads elsewhere; only its query is the server's to choose.
    if target.scheme or target.netloc or target.path != call.path:
        raise AnswerNotUnderstood("the link to the next page leads elsewhere")
    return replace(call, query=tuple(parse_qsl(target.query)))


def _json(body: BaseModel) -> bytes:
    return body.model_dump_json(exclude_none=True, by_alias=True).encode()


def _query(parameters: Mapping[str, object] | None) -> Query:
    """Parameters in order; None is left out, a tuple is a parameter that comes several times."""
    pairs = []
    for name, value in (parameters or {}).items():
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        pairs += [(name, str(each).lower() if isinstance(each, bool) else str(each)) for each in values]
    return tuple(pairs)
