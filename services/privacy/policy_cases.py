"""Tables of cases: a situation, what differs in it, an element, and what has to follow. Pure.

The built-in table is the one beside the rules in the tests, row by row (`make policies` writes it here, a test compares): a set that an
agency drafts has to keep it true, but for the rows that it names as changed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from safepassage.canonical import digest_of_json
from safepassage.wire import Digest
from safepassage.wire_policy_sets import CaseResult, PolicyCase
from services.privacy.policy import PolicyInput, PolicySet, decide

FILE = Path(__file__).parent / "policy_cases.json"

Facts = Mapping[str, Any]


class NotFacts(ValueError):
    """A situation, with the changes of a row, is not what the rules are asked about; says where, never with which value."""


class Table(NamedTuple):
    """Situations by name, and rows about them."""

    situations: Mapping[str, Facts]
    cases: tuple[PolicyCase, ...]


@cache
def built_in() -> Table:
    """The table of this version."""
    document = json.loads(FILE.read_bytes())
    return Table(document["situations"], tuple(PolicyCase.model_validate(case) for case in document["cases"]))


def case_id(case: PolicyCase) -> Digest:
    """By what a row is named: a digest of what it is about, not of what is expected."""
    return digest_of_json([case.citation, case.situation, case.element, case.changes])


def changed(facts: Facts, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which each fact of `changes`, by its path (`groups.0.student.homeless`), has another value; None takes it away.

    Raises NotFacts for a path that leads nowhere.
    """
    whole: dict[str, Any] = json.loads(json.dumps(facts))
    for path, value in changes.items():
        *parents, member = path.split(".")
        place: Any = whole
        for parent in parents:
            try:
                place = place[int(parent)] if isinstance(place, list) else place[parent]
            except (KeyError, IndexError, ValueError, TypeError) as error:
                raise NotFacts("a path of `changes` leads nowhere") from error
        if not isinstance(place, dict):
            raise NotFacts("a path of `changes` does not end in a member")
        if value is None:
            place.pop(member, None)
        else:
            place[member] = value
    return whole


def input_of(facts: Facts) -> PolicyInput:
    """The input that facts are. Raises NotFacts."""
    try:
        return PolicyInput.model_validate_json(json.dumps(facts), strict=True)
    except ValidationError as error:
        places = sorted({".".join(map(str, one["loc"])) for one in error.errors() if one["type"] != "extra_forbidden"})
        raise NotFacts("not the form of facts: " + (", ".join(places[:8]) or "an unknown member")) from error


def run(
    cases: Iterable[PolicyCase], situations: Mapping[str, Facts], policy_set: PolicySet
) -> Iterator[tuple[PolicyCase, CaseResult | None]]:
    """Each row with what came out otherwise, or None where it is true. A row that asks about no known situation is not true."""
    for case in cases:
        expected = _said(case.permitted, case.policy, case.reason, case.obligations)
        try:
            found = _found(case, _asked(case, situations), policy_set)
        except NotFacts as error:
            found = str(error)
        if found == expected:
            yield case, None
        else:
            yield (
                case,
                CaseResult(
                    id=case_id(case), citation=case.citation, situation=case.situation, element=case.element, expected=expected, found=found
                ),
            )


def _asked(case: PolicyCase, situations: Mapping[str, Facts]) -> PolicyInput:
    """What a row asks. Raises NotFacts."""
    facts = situations.get(case.situation)
    if facts is None:
        raise NotFacts("no such situation")
    return input_of({**changed(facts, case.changes), "elements": [case.element]})


def _found(case: PolicyCase, policy_input: PolicyInput, policy_set: PolicySet) -> str:
    outcome = decide(policy_input, policy_set)
    group = outcome.groups[0]
    if group.permitted != (case.element,):
        withheld = group.withheld[0]
        return _said(False, withheld.policy, withheld.reason, None)
    claimed = policy_set.claims.get((policy_input.basis, policy_input.action))
    named = case.policy is None or case.policy in outcome.policies
    permit = case.policy if named or claimed is None else claimed.annotations.id
    obligations = None if case.obligations is None else tuple(f"{one.kind}:{one.argument}" for one in outcome.obligations)
    return _said(True, permit, None, obligations)


def _said(permitted: bool, policy: str | None, reason: str | None, obligations: tuple[str, ...] | None) -> str:
    if not permitted:
        return f"{reason} by {policy or 'no policy'}"
    obliging = "" if obligations is None else f", obliging to {'; '.join(sorted(obligations)) or 'nothing'}"
    return f"permitted{f' by {policy}' if policy else ''}{obliging}"
