"""A row of the table: a paragraph, a situation with what differs from the lawful one, an element, and what has to follow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from tests.privacy.policy.situations import ORDINARY, PERMIT_OF

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

_EVERY = frozenset({"attach-notice:99.33(d)", "attach-statement:99.21(c)", "no-redisclose:99.33(a)", "purpose-limit:99.33(a)(2)"})
_CONSENT = _EVERY | {"copy-on-request:99.30(c)", "record:exempt-99.32(d)(3)"}
_CONTRACTOR = _EVERY | {"destroy-by:agreement.ends_at"}
_TRANSFER = _EVERY | {"copy-on-request:99.34(a)(2)", "hearing-on-request:99.34(a)(3)", "notify-parent:99.34(a)(1)"}
_ONWARD = {"record:99.32(b)(2)", "copy-to-district:P30D"}

OBLIGATIONS: Final[Mapping[str, frozenset[str]]] = {
    "consent": _CONSENT,
    "consent, redisclosed": _CONSENT,
    "contractor": _CONTRACTOR | {"record:exempt-99.32(d)(2)"},
    "contractor, redisclosed": _CONTRACTOR | _ONWARD,
    "transfer": _TRANSFER | {"record:99.32(a)"},
    "transfer, redisclosed": _TRANSFER | _ONWARD,
    "request": frozenset(),
    "request on a consent": frozenset(),
}
"""What each lawful situation obliges to."""


@dataclass(frozen=True)
class Row:
    """`policy` and `obligations` of what permits, or `reason` and `policy` of what withholds."""

    citation: str
    situation: str
    changes: Mapping[str, Any]
    element: str
    permitted: bool
    policy: str | None
    reason: str | None = None
    obligations: frozenset[str] = frozenset()

    def __str__(self) -> str:
        facts = ", ".join(f"{path}={value if isinstance(value, (bool, int, str)) else '...'}" for path, value in self.changes.items())
        return f"{self.citation}: {self.situation}: {self.element} [{facts}] {'permitted' if self.permitted else self.reason}"


def allow(
    citation: str,
    situations: Sequence[str],
    changes: Mapping[str, Any] = NOTHING,
    *,
    element: str = ORDINARY,
    more: Sequence[str] = (),
    less: Sequence[str] = (),
) -> Iterator[Row]:
    """It stays permitted; `more` and `less` are what it obliges to beyond, or short of, the situation's own obligations."""
    for situation in situations:
        obligations = (OBLIGATIONS[situation] | set(more)) - set(less)
        yield Row(citation, situation, changes, element, True, PERMIT_OF[situation], obligations=obligations)


def deny(
    citation: str, situations: Sequence[str], changes: Mapping[str, Any], reason: str, *, by: str | None = "", element: str = ORDINARY
) -> Iterator[Row]:
    """It is withheld for `reason`: by the forbid `by`, or because a condition of the permit failed."""
    for situation in situations:
        yield Row(citation, situation, changes, element, False, PERMIT_OF[situation] if by == "" else by, reason)
