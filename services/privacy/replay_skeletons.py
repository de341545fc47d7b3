"""What of a recorded input a set of policies can tell apart: two decisions with the same skeleton are answered alike, so that a replay of a
million decisions decides some hundreds. Pure.

Left out are the student's id, the recipient's id and the references of the evidence, which no rule may name; of an instant only whether it
is before, at or after the decision's own remains, where every rule compares it with nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.privacy.policy.reading import ARITHMETIC
from services.privacy.replay_layouts import Layout

NOW_ATTRIBUTE: Final = {".": {"left": {"Var": "context"}, "attr": "now"}}
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_ABSOLUTE: Final = frozenset({"datetime", "toDate", "toTime"})
FORMS_KEPT: Final = 20_000
"""Forms of inputs that are known again; then it begins anew."""
_Had = dict[tuple[bytes, ...], tuple[bytes, ...]]
"""Each by itself: what is found is one object for all that are equal to it, whose hash and equality cost nothing again."""

_SQUARE: Final = ord("[")

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
        self._layouts: dict[tuple[int, int], dict[Layout, _Had]] = {}
        """By length and a place, and what inputs of the layout had between its places."""
        self._forms = 0

    def of(self, canonical: bytes) -> tuple[Skeleton, bytes]:
        """The skeleton of an input, and its students (`"<id>",<version>,<group>],["<id>",...`), none for the action `request`."""
        found = len(canonical), canonical.find(b'"evidence":')
        layouts = self._layouts.get(found)
        if layouts is not None:
            for layout, had in layouts.items():
                parts = layout.cut(canonical)
                kept = had.get(parts[::2])
                if kept is not None:
                    relations = layout.relations(parts[1::2])
                    if relations is not None:
                        students = b"" if layout.subjects is None else parts[2 * layout.subjects + 1]
                        return (kept, relations, _groups(students)), students
        return self._first_of_its_form(found, canonical)

    def _first_of_its_form(self, found: tuple[int, int], canonical: bytes) -> tuple[Skeleton, bytes]:
        layout = Layout.of(canonical, self._exact, instants_are_kept=self._absolute)
        if layout is None:
            return (canonical,), b""
        parts = layout.cut(canonical)
        kept, places = parts[::2], parts[1::2]
        relations = layout.relations(places)
        if relations is None:
            return (canonical,), b""
        if self._forms >= FORMS_KEPT:
            self._layouts.clear()
            self._forms = 0
        self._layouts.setdefault(found, {}).setdefault(layout, {})[kept] = kept
        self._forms += 1
        students = b"" if layout.subjects is None else places[layout.subjects]
        return (kept, relations, _groups(students)), students


def _groups(students: bytes) -> bytes:
    """Of one student its group; of a page, which groups are used is told by the groups themselves."""
    return students[students.rfind(b",") + 1 :] if _SQUARE not in students else b"null" if b"null" in students else b""


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
