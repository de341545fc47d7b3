"""What happens in a call, without any I/O: a generator that says what to do next and is told what came of it.

Both faces drive the same generators, so that they cannot differ.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import urlencode

import httpx2
from pydantic import ValidationError

from safepassage.client.access import METADATA_PATH, NO_WORD, Access, oauth_error
from safepassage.client.call import ANSWER_SECONDS, Call
from safepassage.client.refused_headers import take_headers
from safepassage.client.retries import Failure, pause_before_next, seconds_of
from safepassage.clock import Clock
from safepassage.problems import Problem, Retry, SuiteError, problem_from
from safepassage.problems.calls import AnswerNotUnderstood, NodeUnreachable, TokenNotGranted
from safepassage.status_info import problem_in

A = TypeVar("A")


@dataclass(frozen=True)
class Send:
    """Send a request; the answer is a Response, or the TransportError that came instead."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    """As the headers kept out of what a traceback shows: tokens and assertions are in them, children in it."""
    answer_seconds: float = ANSWER_SECONDS


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class NeedToken:
    """See to it that the access has a token (one task at a time); the outcome is the token."""


NO_NODE: Final = frozenset({407, 429, 502, 503, 504})
"""Statuses that, without a problem of ours, say that the node was not reached, or not yet."""

NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
"""Of what became of an attempt: there was no connection, so that nothing can have arrived."""

Step = Send | Pause | NeedToken
Outcome = httpx2.Response | httpx2.TransportError | str | None
Random = Callable[[], float]


def token_flow(access: Access, clock: Clock, random: Random) -> Generator[Step, Outcome, str]:
    """Get a token, and give it. Raises TokenNotGranted, NodeUnreachable, AnswerNotUnderstood, or the node's problem."""
    yield from metadata_flow(access, clock, random)
    path = access.token_path or ""

    def request() -> Send:
        now = clock()
        headers = {"dpop": access.proof("POST", path, now, token=None), "content-type": "application/x-www-form-urlencoded"}
        return Send("POST", path, headers, urlencode(access.token_form(now)).encode())

    # INVARIANT: a code that may have arrived is not sent again: it would be taken for one that somebody copied, and all of it ended.
    response = yield from attempts(request, access, clock, random, may_repeat=access.person is None or access.person.is_renewed)
    if response.status_code != 200:
        raise not_granted(response, clock)
    return access.learn_token(response.content, clock())


def metadata_flow(access: Access, clock: Clock, random: Random) -> Generator[Step, Outcome, None]:
    """Learn where the endpoints are, once. Raises NodeUnreachable, AnswerNotUnderstood, or the node's problem."""
    if access.token_path is not None:
        return
    response = yield from attempts(lambda: Send("GET", METADATA_PATH), access, clock, random, may_repeat=True)
    if response.status_code != 200:
        raise refused(response, clock)
    access.learn_metadata(response.content)


def call_flow(call: Call[A], access: Access, clock: Clock, random: Random) -> Generator[Step, Outcome, A]:
    """Make a call and read its answer. Raises the node's problem, NodeUnreachable, AnswerNotUnderstood, TokenNotGranted."""
    headers = {"accept": call.accept}
    if call.content_type is not None:
        headers["content-type"] = call.content_type
    if call.idempotency_key is not None:
        headers["idempotency-key"] = call.idempotency_key
    query = "?" + urlencode(call.query) if call.query else ""

    used = ""

    def request(token: str) -> Send:
        nonlocal used
        used, signed = token, {**headers, **access.authorization(call.method, call.path, clock(), token=token)}
        return Send(call.method, call.path + query, signed, call.body, call.answer_seconds)

    for renewed in (False, True):
        response = yield from with_tokens(request, access, clock, random, may_repeat=call.may_repeat)
        if response.status_code == 401 and not renewed and _token_refused(response):
            access.forget_token(used)
            continue
        break
    if response.is_success:
        return call.read(response)
    raise refused(response, clock)


def attempts(
    request: Callable[[], Send], access: Access, clock: Clock, random: Random, *, may_repeat: bool
) -> Generator[Step, Outcome, httpx2.Response]:
    """Send until there is an answer that is worth reading; each attempt has its own proof."""

    def next_one() -> Generator[Step, Outcome, Send]:
        yield from ()
        return request()

    return (yield from _until_answered(next_one, access, clock, random, may_repeat=may_repeat))


def with_tokens(
    request: Callable[[str], Send], access: Access, clock: Clock, random: Random, *, may_repeat: bool
) -> Generator[Step, Outcome, httpx2.Response]:
    """The same with a token each time: while one attempt waits for the next, another task may have forgotten a token that was refused."""

    def next_one() -> Generator[Step, Outcome, Send]:
        token = yield NeedToken()
        return request(token if isinstance(token, str) else "")

    return (yield from _until_answered(next_one, access, clock, random, may_repeat=may_repeat))


def _until_answered(
    next_one: Callable[[], Generator[Step, Outcome, Send]], access: Access, clock: Clock, random: Random, *, may_repeat: bool
) -> Generator[Step, Outcome, httpx2.Response]:
    attempt, nonce_given = 1, False
    while True:
        outcome = yield (yield from next_one())
        if isinstance(outcome, httpx2.Response):
            access.nonce = outcome.headers.get("dpop-nonce", access.nonce)
            if not nonce_given and _nonce_wanted(outcome):
                nonce_given = True
                continue
        failure = _failure(outcome, clock)
        if failure is None and isinstance(outcome, httpx2.Response):
            return outcome
        pause = pause_before_next(failure or Failure(None), attempt=attempt, may_repeat=may_repeat, random=random)
        if pause is None:
            if isinstance(outcome, httpx2.Response):
                return outcome
            raise NodeUnreachable from outcome if isinstance(outcome, httpx2.TransportError) else None
        yield Pause(pause)
        attempt += 1


def _failure(outcome: Outcome, clock: Clock) -> Failure | None:
    if not isinstance(outcome, httpx2.Response):
        return Failure("after" if isinstance(outcome, NEVER_SENT) else None)
    if outcome.status_code not in (429, 500, 502, 503, 504):
        return None
    problem = _read_problem(outcome)
    retry: Retry | None = problem.retry if problem is not None else "after" if outcome.status_code == 429 else None
    return Failure(retry, seconds_of(outcome.headers.get("retry-after"), now=clock()))


def _nonce_wanted(response: httpx2.Response) -> bool:
    if response.status_code not in (400, 401) or "dpop-nonce" not in response.headers:
        return False
    problem = _read_problem(response)
    return problem.code == "proof-nonce-required" if problem is not None else oauth_error(response.content) == "use_dpop_nonce"


def _token_refused(response: httpx2.Response) -> bool:
    problem = _read_problem(response)
    return problem is not None and problem.code in {"access-token-not-valid", "token-expired"}


def _read_problem(response: httpx2.Response) -> Problem | None:
    media_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if media_type == "application/json":
        return problem_in(response.content)
    if media_type != "application/problem+json":
        return None
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        return None


def refused(response: httpx2.Response, clock: Clock) -> SuiteError:
    """What an answer without success is: the node's problem, or the word of something that stands before it (a proxy, a balancer)."""
    problem = problem_of(response, clock)
    if problem is not None:
        return problem
    if response.status_code in NO_NODE:
        return NodeUnreachable(f"something that stands before the node answers, with status {response.status_code}")
    why = ", as of something that stands before the node and takes no body as large" if response.status_code == 413 else ""
    return AnswerNotUnderstood(f"status {response.status_code} without a problem document{why}")


def not_granted(response: httpx2.Response, clock: Clock) -> SuiteError:
    """A refusal of the token or pushing endpoint says OAuth's word, in JSON; what has none was not said by it."""
    word = oauth_error(response.content)
    return refused(response, clock) if word == NO_WORD or problem_of(response, clock) is not None else TokenNotGranted(word)


def problem_of(response: httpx2.Response, clock: Clock) -> SuiteError | None:
    """The problem that an answer is, if it is one."""
    problem = _read_problem(response)
    if problem is None:
        return None
    error = problem_from(problem)
    take_headers(error, response.headers, now=clock())
    return error
