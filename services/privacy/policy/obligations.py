"""What a permission obliges to: a strict grammar, so that an annotation can bind.

`kind` or `kind:argument`, separated by semicolons. The vocabulary is closed, each kind says what its argument is: a paragraph of the law, a
duration that starts with the decision, or a fact that holds an instant. An argument that cannot be resolved denies the element.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from services.privacy.policy.broken import PolicySetBroken
from services.privacy.policy.entities import Record
from services.privacy.policy.time_values import DAY, instant_of
from shared.contracts.privacy import Obligation

ArgumentForm = Literal["paragraph", "duration", "instant", "desk"]


@dataclass(frozen=True)
class ObligationKind:
    """A word of the vocabulary."""

    argument: ArgumentForm
    citation: str | None
    """Of a kind whose argument is not a paragraph; None where an agreement asks for it, not the law."""


KINDS: Mapping[str, ObligationKind] = {
    "after-review": ObligationKind("duration", None),
    "attach-notice": ObligationKind("paragraph", None),
    "attach-statement": ObligationKind("paragraph", None),
    "copy-on-request": ObligationKind("paragraph", None),
    "copy-to-district": ObligationKind("duration", "34 CFR 99.32(b)(2)(iii)"),
    "destroy-by": ObligationKind("instant", None),
    "destroy-on-request": ObligationKind("paragraph", None),
    "do-not-notify": ObligationKind("paragraph", None),
    "hearing-on-request": ObligationKind("paragraph", None),
    "limit-to-order": ObligationKind("paragraph", None),
    "no-identify": ObligationKind("paragraph", None),
    "no-redisclose": ObligationKind("paragraph", None),
    "notify-parent": ObligationKind("paragraph", None),
    "provide": ObligationKind("paragraph", None),
    "purpose-limit": ObligationKind("paragraph", None),
    "record": ObligationKind("paragraph", None),
    "redact-others": ObligationKind("paragraph", None),
    "respond-within": ObligationKind("duration", "34 CFR 99.10(b)"),
    "route-to": ObligationKind("desk", None),
    "status-only": ObligationKind("paragraph", None),
    "verify-identity": ObligationKind("paragraph", None),
}
"""provide: the paragraph makes the disclosure a duty, not a permission (99.31(d)). route-to: a person at that desk decides.
record with `exempt-` before the paragraph: that paragraph exempts the disclosure from the record of 99.32; it is logged all the same.
"""

INSTANTS: tuple[str, ...] = ("agreement.ends_at", "mandate.ends_at", "meals.ends_at")
"""Facts that an argument may name; the member before the dot is optional in the schema, the one after it is not."""

DESKS: tuple[str, ...] = ("custody-desk",)
"""Where a person has to decide."""

_TITLES = (("99.", "34 CFR "), ("300.6", "34 CFR "), ("1232g(", "20 U.S.C. "), ("1758(", "42 U.S.C. "), ("7908(", "20 U.S.C. "))
_PARAGRAPH = re.compile(r"(?P<exempt>exempt-)?(?P<paragraph>[0-9]+[a-z]?(\.[0-9]+)?(\([0-9A-Za-z]+\))*)")
_DURATION = re.compile(r"P(?P<days>[1-9][0-9]{0,3})D")


class ObligationUnresolved(Exception):
    """The fact that an obligation's argument names is not there."""


ObligationKey = tuple[str, str, object]
"""Kind, argument and due instant: two of the same are one obligation."""

DUE_KEPT = 64
"""Obligations of a rule that are kept by when they are due: of an agreement it is the same instant in every decision."""


@dataclass(frozen=True)
class ObligationRule:
    """An obligation as a policy states it."""

    kind: str
    argument: str
    citation: str | None
    days: int | None = None
    _due: dict[int, tuple[ObligationKey, Obligation]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def resolve(self, context: Record) -> Obligation:
        """The obligation of a decision on `context`. Raises ObligationUnresolved."""
        return self.keyed(context)[1]

    def keyed(self, context: Record) -> tuple[ObligationKey, Obligation]:
        """As `resolve`, with its key."""
        if not self.is_dated:
            return self.undated
        due = _instant(context, self.argument) if self.days is None else context["now"] + self.days * DAY
        found = self._due.get(due)
        if found is None:
            found = self._made(instant_of(due))
            if len(self._due) >= DUE_KEPT:
                self._due.clear()
            self._due[due] = found
        return found

    @property
    def is_dated(self) -> bool:
        """It is due at an instant that depends on the decision."""
        return KINDS[self.kind].argument not in ("paragraph", "desk")

    @cached_property
    def undated(self) -> tuple[ObligationKey, Obligation]:
        """The obligation of every decision, of a rule that is not dated."""
        return self._made(None)

    def _made(self, due_at: datetime | None) -> tuple[ObligationKey, Obligation]:
        obligation = Obligation(kind=self.kind, argument=self.argument, citation=self.citation, due_at=due_at)
        return (self.kind, self.argument, obligation.due_at), obligation

    @property
    def needs(self) -> str | None:
        """The optional member of the context that has to be there."""
        return self.argument.partition(".")[0] if KINDS[self.kind].argument == "instant" else None


@dataclass(frozen=True)
class Obliging:
    """What some policies oblige to together: what is the same in every decision is found once."""

    undated: Mapping[ObligationKey, Obligation]
    dated: tuple[ObligationRule, ...]

    @staticmethod
    def of(rules: Iterable[ObligationRule]) -> "Obliging":
        """What these rules oblige to."""
        every = tuple(rules)
        return Obliging(dict(rule.undated for rule in every if not rule.is_dated), tuple(rule for rule in every if rule.is_dated))

    def take_on(self, obligations: dict[ObligationKey, Obligation], context: Record) -> None:
        """Add to `obligations` all of it, or nothing. Raises ObligationUnresolved."""
        resolved = [rule.keyed(context) for rule in self.dated]
        obligations.update(self.undated)
        obligations.update(resolved)


def parse_obligations(text: str) -> tuple[ObligationRule, ...]:
    """The obligations of an annotation, in its order. Raises PolicySetBroken for what the grammar does not know."""
    rules = tuple(_rule(part.strip()) for part in text.split(";")) if text.strip() else ()
    if len(set(rules)) != len(rules):
        raise PolicySetBroken("an obligation stands there twice")
    return rules


def _rule(text: str) -> ObligationRule:
    name, colon, argument = text.partition(":")
    kind = KINDS.get(name)
    if kind is None or not colon:
        raise PolicySetBroken(f"unknown obligation: {text}")
    if kind.argument == "paragraph":
        return ObligationRule(name, argument, _citation(argument))
    if kind.argument == "duration":
        duration = _DURATION.fullmatch(argument)
        if duration is None:
            raise PolicySetBroken(f"not a number of days: {text}")
        return ObligationRule(name, argument, kind.citation, int(duration["days"]))
    if kind.argument == "desk":
        if argument not in DESKS:
            raise PolicySetBroken(f"no such desk: {text}")
        return ObligationRule(name, argument, None)
    if argument not in INSTANTS:
        raise PolicySetBroken(f"not a fact that holds an instant: {text}")
    return ObligationRule(name, argument, kind.citation)


def _citation(argument: str) -> str:
    found = _PARAGRAPH.fullmatch(argument)
    titles = [] if found is None else [title for start, title in _TITLES if found["paragraph"].startswith(start)]
    if found is None or len(titles) != 1:
        raise PolicySetBroken(f"not a paragraph of the law: {argument}")
    return titles[0] + found["paragraph"]


def _instant(context: Record, path: str) -> int:
    value: Any = context
    for member in path.split("."):
        if not isinstance(value, Record) or member not in value:
            raise ObligationUnresolved
        value = value[member]
    if not isinstance(value, int) or isinstance(value, bool):
        raise ObligationUnresolved
    return value
