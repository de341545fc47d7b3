"""Refusals as the 1EdTech standards say them (`imsx_StatusInfo`): the same problems as everywhere, found by what they are called.

The standard's form has no place for a code: a node writes title, detail and remedy, a sentence each.
"""

from functools import cache
from typing import Final

from safepassage.canonical import json_object
from safepassage.problems import REGISTRY, Problem, SuiteError
from safepassage.problems.problem import problem_of

SAYS: Final = "imsx_description"


def said_of(error: SuiteError) -> str:
    """The description of an error: what happened, and what to do."""
    return ". ".join(part.rstrip(".") for part in (error.title, error.detail, error.remedy) if part) + "."


def problem_in(content: bytes) -> Problem | None:
    """The problem that a StatusInfo tells of. None where it is no StatusInfo, or one of a problem that this version does not know."""
    try:
        said = json_object(content).get(SAYS)
    except ValueError:
        return None
    if not isinstance(said, str):
        return None
    title = next((title for title in _by_title() if said.startswith(f"{title}. ")), None)
    if title is None:
        return None
    kind = _by_title()[title]
    detail = said.removeprefix(f"{title}. ").removesuffix(f"{kind.remedy.rstrip('.')}.").removesuffix(". ")
    return problem_of(kind, detail or None, field=None)


@cache
def _by_title() -> dict[str, type[SuiteError]]:
    return {kind.title: kind for kind in REGISTRY.values()}
