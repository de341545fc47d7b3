"""When what a node says is asked again, and when it is the answer: for commands that make many requests, each of which may come twice."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from safepassage.problems import Retry, SuiteError

A_MINUTE: Final = 60.0
LONGEST_SECONDS: Final = 900.0
"""What is waited for one thing, all in all: a node that asks for more (a quota of a day) is left, and the command called again later."""

A = TypeVar("A")


async def patiently(ask: Callable[[], Awaitable[A]], pause: Callable[[float], Awaitable[None]]) -> A:
    """Ask until there is an answer, after as many seconds as the node says each time, or a minute.

    pause  waits so many seconds

    Raises the node's problem where it says that asking again is of no use, or would have one wait longer than LONGEST_SECONDS in all.
    """
    waited = 0.0
    while True:
        try:
            return await ask()
        except SuiteError as problem:
            seconds = float(problem.retry_after_seconds or A_MINUTE)
            waited += seconds
            if not is_to_be_asked_again(problem) or waited > LONGEST_SECONDS:
                raise
        await pause(seconds)


def is_to_be_asked_again(problem: SuiteError) -> bool:
    """Whether the node said so. What is no answer of a node (it does not answer) is not, and the client has tried that more than once."""
    said: Retry | None = None if problem.problem is None else problem.problem.retry
    return said in ("after", "same-key")


def is_refusal(problem: SuiteError) -> bool:
    """Whether the node has looked at what was sent and does not take it: no fault of its own, and nothing about who sends."""
    said = problem.problem
    return said is not None and 400 <= said.status < 500 and said.status != 401 and said.retry == "never"
