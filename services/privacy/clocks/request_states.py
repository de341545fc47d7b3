"""What may happen to a request of a rights holder, and in which order. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from safepassage.problems.rights import StepNotPossible

Steps = Mapping[str, Mapping[str, str]]
"""State, then event, then the state after it."""

_INSPECTION: Final[Steps] = {
    "outstanding": {
        "explained": "outstanding",
        "arranged": "outstanding",
        "copy-given": "complied",
        "inspected": "complied",
        "refused": "refused",
        "withdrawn": "withdrawn",
    },
}
"""Explanations (99.10(c)) and other arrangements (99.10(d)(2)) leave it outstanding; the review, or a copy (99.10(d)(1)), complies."""

_AMENDMENT: Final[Steps] = {
    "received": {"forwarded": "forwarded", "granted": "granted", "refused": "refused", "withdrawn": "withdrawn"},
    "forwarded": {"granted": "granted", "refused": "refused", "withdrawn": "withdrawn"},
    "refused": {"hearing-requested": "hearing"},
}

_HEARING: Final[Steps] = {
    "requested": {"scheduled": "scheduled", "withdrawn": "withdrawn"},
    "scheduled": {"scheduled": "scheduled", "held": "held", "withdrawn": "withdrawn"},
    "held": {"amend": "amend", "stands": "stands"},
    "stands": {"statement-placed": "stands"},
}

STEPS: Final[Mapping[str, Steps]] = {
    "inspection": _INSPECTION,
    "amendment": _AMENDMENT,
    "hearing": _HEARING,
    "statement": {"placed": {}},
}
FIRST: Final[Mapping[str, str]] = {
    "inspection": "outstanding",
    "amendment": "received",
    "hearing": "requested",
    "statement": "placed",
}


def state_after(kind: str, events: Iterable[str], then: str | None = None) -> str:
    """The state of a request of `kind` after its `events`, and after the event `then` if one is tried. Raises StepNotPossible."""
    state = FIRST[kind]
    for event in (*events, *(() if then is None else (then,))):
        following = STEPS[kind].get(state, {}).get(event)
        if following is None:
            raise StepNotPossible(f"it is {state}")
        state = following
    return state


def events_that_end(kind: str) -> frozenset[str]:
    """The events after which a request is over: nothing is outstanding any more."""
    steps = STEPS[kind]
    return frozenset(event for following in steps.values() for event, state in following.items() if state not in steps)
