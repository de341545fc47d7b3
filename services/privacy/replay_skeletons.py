"""What of a recorded input a set of policies can tell apart: two decisions with the same skeleton are answered alike, so that a replay of a
million decisions decides some hundreds. Pure.

Left out are the student's id, the recipient's id and the references of the evidence, which no rule may name; of an instant only whether it
is before, at or after the decision's own remains, where every rule compares it with nothing else.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.privacy.policy.reading import ARITHMETIC

NOW_ATTRIBUTE: Final = {".": {"left": {"Var": "context"}, "attr": "now"}}
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_ABSOLUTE: Final = frozenset({"datetime", "toDate", "toTime"})
_INSTANT: Final = re.compile(rb'":(\d{12,14})(?=[,}\]])')
"""An instant of 1973 to 5138 in milliseconds; any other number stays as it is."""
_INSTANT_NAMES: Final = (b"_at", b"_until", b'"now')

Skeleton = tuple[object, ...]


@dataclass(frozen=True)
class InstantUse:
    """How rules use instants."""

    exact: frozenset[str]
    """Facts that are added to, subtracted or compared with another fact than `now`: their distance from `now` matters."""
    absolute: bool
    """A rule names a date, or cuts one out of an instant: nothing can be left out."""

    @staticmethod
    def of(policies: Iterable[Mapping[str, Any]]) -> "InstantUse":
        """How any of the policies uses them."""
        exact: set[str] = set()
        absolute = False
        for policy in policies:
            for condition in policy["conditions"]:
                absolute |= _reads_calendar(condition["body"])
                exact |= set(_not_only_compared_with_now(condition["body"]))
        return InstantUse(frozenset(exact), absolute)

    def __or__(self, other: "InstantUse") -> "InstantUse":
        return InstantUse(self.exact | other.exact, self.absolute or other.absolute)


class Skeletons:
    """Gives the skeletons of canonical inputs, for sets that use instants in one way."""

    def __init__(self, use: InstantUse) -> None:
        self._exact = tuple(name.encode() for name in sorted(use.exact) if name.endswith(("_at", "_until")))
        self._absolute = use.absolute

    def of(self, canonical: bytes) -> tuple[Skeleton, bytes]:
        """The skeleton of an input, and its subjects as JSON (`[["<student>",<version>,<group>],...]`)."""
        rest, subjects = _without(canonical, b'"subjects":[[', b"]]")
        rest, _ = _without(rest, b'"evidence":{', b"}")
        rest = _without_recipient_id(rest)
        if self._absolute:
            return (rest, _groups(subjects)), subjects
        at = rest.find(b'"now":')
        now = rest[at + 6 : rest.find(b",", at)]
        parts: list[Any] = _INSTANT.split(rest)
        for place in range(1, len(parts), 2):
            before, instant = parts[place - 1], parts[place]
            if not before.endswith(_INSTANT_NAMES):
                continue
            if len(instant) != len(now) or before.endswith(self._exact):
                parts[place] = int(instant) - int(now)
            else:  # as many digits: the order of the bytes is that of the numbers
                parts[place] = (instant > now) - (instant < now)
        parts.append(_groups(subjects))
        return tuple(parts), subjects


def _without(canonical: bytes, opening: bytes, closing: bytes) -> tuple[bytes, bytes]:
    """The bytes without the member that begins so and ends at the first `closing`, and that member's value; whole if it nests deeper."""
    start = canonical.find(opening)
    if start < 0:
        return canonical, b""
    end = canonical.find(closing, start + len(opening))
    inner = canonical[start + len(opening) : end]
    if b"{" in inner or end < 0:
        return canonical, b""
    value = canonical[canonical.find(b":", start) + 1 : end + len(closing)]
    return canonical[:start] + canonical[end + len(closing) :], value


def _without_recipient_id(canonical: bytes) -> bytes:
    start = canonical.find(b'"recipient":{')
    identifier = canonical.find(b'"id":"', start)
    end = canonical.find(b'"', identifier + 6)
    if start < 0 or identifier < 0 or canonical.find(b"}", start) < identifier or b"\\" in canonical[identifier:end]:
        return canonical
    return canonical[:identifier] + canonical[end:]


def _groups(subjects: bytes) -> bytes:
    """Of one student whether there is a group; of a page, which groups are used is told by the groups themselves."""
    return subjects[subjects.rfind(b",") + 1 :] if subjects.count(b"[") == 2 else b"null" if b"null" in subjects else b""


def _reads_calendar(est: Any) -> bool:
    if isinstance(est, dict):
        return not _ABSOLUTE.isdisjoint(est) or any(map(_reads_calendar, est.values()))
    return isinstance(est, list) and any(map(_reads_calendar, est))


def _not_only_compared_with_now(est: Any, *, within_arithmetic: bool = False) -> Iterable[str]:
    """Names of the facts that have a part in arithmetic, or in a comparison with another fact."""
    if isinstance(est, list):
        for part in est:
            yield from _not_only_compared_with_now(part, within_arithmetic=within_arithmetic)
    if not isinstance(est, dict):
        return
    for operator, operand in est.items():
        if operator in _COMPARISONS and NOW_ATTRIBUTE in (operand["left"], operand["right"]) and _is_fact(operand):
            continue
        if operator == "." and within_arithmetic:
            yield operand["attr"]
        deeper = within_arithmetic or operator in ARITHMETIC or operator in _COMPARISONS
        yield from _not_only_compared_with_now(operand, within_arithmetic=deeper)


def _is_fact(operand: Mapping[str, Any]) -> bool:
    """Both sides are facts as they are: `context.consent.granted_at <= context.now`."""
    return all(set(operand[side]) == {"."} for side in ("left", "right"))
