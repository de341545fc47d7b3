"""A row of the table: a paragraph, a situation with what differs from the lawful one, an element, and what has to follow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from tests.privacy.policy.every_situation import ELEMENT_OF, PERMIT_OF
from tests.privacy.policy.situations import GONE, NOW, ORDINARY

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

_EVERY = frozenset({"attach-notice:99.33(d)", "attach-statement:99.21(c)", "no-redisclose:99.33(a)", "purpose-limit:99.33(a)(2)"})
_CONSENT = _EVERY | {"copy-on-request:99.30(c)", "record:exempt-99.32(d)(3)"}
_CONTRACTOR = _EVERY | {"destroy-by:agreement.ends_at"}
_TRANSFER = _EVERY | {"copy-on-request:99.34(a)(2)", "hearing-on-request:99.34(a)(3)", "notify-parent:99.34(a)(1)"}
_ONWARD = {"record:99.32(b)(2)", "copy-to-district:P30D"}

_STATEMENT = frozenset({"attach-statement:99.21(c)"})
_NOTICE = _STATEMENT | {"attach-notice:99.33(d)"}
_RECORD = {"record:99.32(a)"}
_AUDIT = _EVERY | {"no-identify:99.35(b)(1)"}
_STUDY = _EVERY | {"no-identify:99.31(a)(6)(iii)(A)", "destroy-by:agreement.ends_at"}
_ORDER = _STATEMENT | {"limit-to-order:99.31(a)(9)(i)"}
_SEALED = _ORDER | {"do-not-notify:99.31(a)(9)(ii)", "record:exempt-99.32(d)(5)"}
_EMERGENCY = _EVERY | {"record:99.32(a)(5)", "after-review:P3D"}
_WELFARE = _NOTICE | {"record:1232g(b)(4)(A)", "no-redisclose:1232g(b)(1)(L)", "purpose-limit:99.33(a)(2)"}
_RECRUITER = _STATEMENT | {"provide:7908(a)(1)"} | _RECORD

OBLIGATIONS: Final[Mapping[str, frozenset[str]]] = {
    "consent": _CONSENT,
    "consent, redisclosed": _CONSENT,
    "contractor": _CONTRACTOR | {"record:exempt-99.32(d)(2)"},
    "contractor, redisclosed": _CONTRACTOR | _ONWARD,
    "transfer": _TRANSFER | {"record:99.32(a)"},
    "transfer, redisclosed": _TRANSFER | _ONWARD,
    "request": frozenset(),
    "request on a consent": frozenset(),
    "educator": frozenset(),
    "educator, asked": frozenset(),
    "school-official": _EVERY | {"record:exempt-99.32(d)(2)"},
    "conduct-risk": _EVERY | _RECORD,
    "audit-authority": _AUDIT | {"destroy-by:mandate.ends_at"} | _RECORD,
    "audit-authority, redisclosed": _AUDIT | {"destroy-by:mandate.ends_at"} | _ONWARD,
    "audit-representative": _AUDIT | {"destroy-by:agreement.ends_at"} | _RECORD,
    "audit-representative, redisclosed": _AUDIT | {"destroy-by:agreement.ends_at"} | _ONWARD,
    "financial-aid": _EVERY | _RECORD,
    "juvenile-justice-before-1974": _EVERY | _RECORD,
    "juvenile-justice": _NOTICE | {"no-redisclose:99.38(b)", "purpose-limit:99.33(a)(2)"} | _RECORD,
    "study": _STUDY | _RECORD,
    "study, redisclosed": _STUDY | _ONWARD,
    "accreditation": _EVERY | _RECORD,
    "dependent-student": _STATEMENT | _RECORD,
    "judicial-order": _ORDER | _RECORD,
    "judicial-order, redisclosed": _ORDER | _ONWARD,
    "sealed-order": _SEALED,
    "sealed-order, redisclosed": _SEALED,
    "child-protection-order": _ORDER | _RECORD,
    "child-protection-order, redisclosed": _ORDER | _ONWARD,
    "litigation": _STATEMENT | _RECORD,
    "emergency": _EMERGENCY,
    "emergency, redisclosed": _EMERGENCY | _ONWARD,
    "directory": _STATEMENT | {"record:exempt-99.32(d)(4)"},
    "rights-holder": _STATEMENT
    | {"provide:99.31(d)", "verify-identity:99.31(c)", "respond-within:P45D", "redact-others:99.12(a)", "record:exempt-99.32(d)(1)"},
    "crime-victim": _NOTICE | {"no-redisclose:99.33(a)"} | _RECORD,
    "disciplinary-results": _STATEMENT | _RECORD,
    "substance-violation": _STATEMENT | _RECORD,
    "registered-offender": _STATEMENT | _RECORD,
    "de-identified": _STATEMENT | {"no-identify:99.31(b)(1)"},
    "de-identified-coded": _STATEMENT | {"no-identify:99.31(b)(2)(ii)"},
    "child-welfare": _WELFARE,
    "child-welfare, redisclosed": _WELFARE | _ONWARD,
    "meal-evaluation": _NOTICE
    | {"record:1232g(b)(4)(A)", "no-redisclose:1232g(b)(4)(B)", "no-identify:1232g(b)(1)(K)(i)", "destroy-by:meals.ends_at"},
    "military-recruiter": _RECRUITER,
    "higher-education-recruiter": _RECRUITER,
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
    element: str = "",
    more: Sequence[str] = (),
    less: Sequence[str] = (),
) -> Iterator[Row]:
    """It stays permitted; `more` and `less` are what it obliges to beyond, or short of, the situation's own obligations."""
    for situation in situations:
        obligations = (OBLIGATIONS[situation] | set(more)) - set(less)
        yield Row(citation, situation, changes, _element(situation, element), True, PERMIT_OF[situation], obligations=obligations)


def deny(
    citation: str,
    situations: Sequence[str],
    changes: Mapping[str, Any],
    reason: str,
    *,
    by: str | None = "",
    element: str = "",
    obliges: Sequence[str] = (),
) -> Iterator[Row]:
    """It is withheld for `reason`: by the forbid `by`, or because a condition of the permit failed; `obliges`: what then is to be done."""
    for situation in situations:
        policy = PERMIT_OF[situation] if by == "" else by
        yield Row(citation, situation, changes, _element(situation, element), False, policy, reason, frozenset(obliges))


def evidence_rows(
    citation: str, situations: Sequence[str], place: str, word: str, *, about: bool = True, begins: bool = True, passed_on: bool = True
) -> Iterator[Row]:
    """What is asked of every kind of evidence: that it is there, of whom, about whom, for whom, and from when until when."""
    yield from allow(citation, situations)
    yield from deny(citation, situations, {place: GONE}, f"{word}-missing")
    yield from deny(citation, situations, {f"{place}.for_discloser": False}, "evidence-of-another-agency")
    yield from deny(citation, situations, {f"{place}.names_recipient": False}, "evidence-names-another-party")
    if about:
        yield from deny(citation, situations, {f"{place}.about_student": False}, "evidence-about-another-student")
    if begins:
        yield from allow(citation, situations, {f"{place}.begins_at": NOW})
        yield from deny(citation, situations, {f"{place}.begins_at": NOW + 1}, "evidence-not-yet-in-force")
    yield from allow(citation, situations, {f"{place}.ends_at": NOW + 1})
    yield from deny(citation, situations, {f"{place}.ends_at": NOW}, "evidence-no-longer-in-force")
    yield from another_basis_rows(citation, situations)
    onward = [situation for situation in situations if situation.endswith(", redisclosed")]
    if onward and passed_on:
        yield from passed_on_rows(onward)
    if not onward:
        yield from deny(citation, situations, {"action": "redisclose"}, "no-permit-for-this-action", by=None)


def another_basis_rows(citation: str, situations: Sequence[str]) -> Iterator[Row]:
    """The same evidence beside a claim of another basis supports nothing."""
    for situation in situations:
        if situation.endswith(", redisclosed"):
            yield from deny(f"{citation}, not argued", [situation], {"basis": "accreditation"}, "no-permit-for-this-action", by=None)
        else:
            other, missing = ("financial-aid", "aid-missing") if situation == "accreditation" else ("accreditation", "function-missing")
            yield from deny(f"{citation}, not argued", [situation], {"basis": other}, missing, by=PERMIT_OF[other])


def passed_on_rows(onward: Sequence[str]) -> Iterator[Row]:
    """A redisclosure is of what another agency made, and disclosed with that understanding."""
    yield from deny("99.33(b)(1)", onward, {"custody.onward_understood": False}, "onward-disclosure-not-understood")
    yield from deny("99.33(b)(1)", onward, {"custody.originated_here": True}, "onward-disclosure-not-understood")
    here = [situation.removesuffix(", redisclosed") for situation in onward]
    yield from allow("99.33(b)(1), the agency's own", here, {"custody.originated_here": True})
    yield from allow("99.33(b)(1), the agency's own", here, {"custody.onward_understood": True})


def _element(situation: str, element: str) -> str:
    return element or ELEMENT_OF.get(situation, ORDINARY)
