"""What every problem has: a code, a status, a title, a remedy, and whether the same call may be tried again."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Retry = Literal["never", "after", "same-key"]
"""never: the same call fails again. after: try again after `Retry-After`. same-key: try again with the same Idempotency-Key."""

REGISTRY: dict[str, type["SuiteError"]] = {}
"""Every problem of the suite by its code."""

PREFIX = "urn:safepassage:problem:"


class Problem(BaseModel):
    """An `application/problem+json` document (RFC 9457). It never holds a value that the caller sent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str
    code: str
    title: str
    status: int
    detail: str | None = None
    remedy: str
    retry: Retry
    field: str | None = None
    request_id: str | None = None


class SuiteError(Exception):
    """Base of every error that a caller may want to handle.

    A subclass is named after a fact and fixes code, status, title, remedy and retry.

    `detail` is for people and holds no value that the caller sent; `field` names the member of the request at fault.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    remedy: ClassVar[str]
    retry: ClassVar[Retry] = "never"

    def __init__(self, detail: str | None = None, *, field: str | None = None, retry_after_seconds: int | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail, self.field, self.retry_after_seconds = detail, field, retry_after_seconds
        self.request_id: str | None = None
        self.problem: Problem | None = None
        """What a node said, where the error came from its answer."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        code = cls.__dict__.get("code")
        if code is None:
            return
        known = REGISTRY.get(code)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"problem code {code} is taken by {known.__qualname__}")
        REGISTRY[code] = cls

    def as_problem(self, request_id: str | None = None) -> Problem:
        """The document to send."""
        return problem_of(type(self), self.detail, field=self.field, request_id=request_id)


def problem_of(kind: type[SuiteError], detail: str | None, *, field: str | None, request_id: str | None = None) -> Problem:
    """The document of an error of a kind."""
    return Problem(
        type=PREFIX + kind.code,
        code=kind.code,
        title=kind.title,
        status=kind.status,
        detail=detail,
        remedy=kind.remedy,
        retry=kind.retry,
        field=field,
        request_id=request_id,
    )


class UnknownProblem(SuiteError):
    """A problem whose code this version does not know; `problem` has what was said."""

    code, status, title = "unknown-problem", 500, "A problem this version does not know"
    remedy = "Read the problem's own remedy; install the newer version of safepassage."


def problem_from(problem: Problem) -> SuiteError:
    """The error that `problem` describes, to be raised by a client."""
    kind = REGISTRY.get(problem.code, UnknownProblem)
    error = kind(problem.detail, field=problem.field)
    error.request_id, error.problem = problem.request_id, problem
    return error
