"""Rules as somebody could have written them by mistake: the claims must notice."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from services.privacy.policy.expressions import Est
from services.privacy.policy.reading import conjuncts
from services.privacy.policy.rule_pack import FEDERAL, Pack

Mutation = Callable[[Sequence[Pack]], list[Pack]]
TRUE: Est = {"Value": True}


def forgetting(*facts: str) -> Mutation:
    """Without what reads a fact (`consent.granted_at`, `Category::ssn`): conditions of permits are dropped, forbids as a whole."""

    def mutate(packs: Sequence[Pack]) -> list[Pack]:
        return _mapped(packs, lambda policy: _without(policy, lambda part: any(_reads(part, fact) for fact in facts)))

    return mutate


def forgetting_everywhere(condition: str) -> Mutation:
    """Permits that ask for this of no evidence."""

    def mutate(packs: Sequence[Pack]) -> list[Pack]:
        return _mapped(
            packs, lambda policy: _without(policy, lambda part: _of_record(part, condition)) if policy["effect"] == "permit" else policy
        )

    return mutate


def without_evidence(record: str) -> Mutation:
    """Permits that ask for no evidence of this kind, nor for anything in it."""

    def mutate(packs: Sequence[Pack]) -> list[Pack]:
        return _mapped(
            packs, lambda policy: _without(policy, lambda part: _of_record(part, record)) if policy["effect"] == "permit" else policy
        )

    return mutate


def bare(fact: str) -> Mutation:
    """Without the question whether `fact` is there at all, in permits."""
    asked = {"has": {"left": {"Var": "context"}, "attr": fact}}

    def mutate(packs: Sequence[Pack]) -> list[Pack]:
        return _mapped(packs, lambda policy: _without(policy, lambda part: part == asked) if policy["effect"] == "permit" else policy)

    return mutate


def flipped(packs: Sequence[Pack]) -> list[Pack]:
    """Overlays that permit what they should forbid."""
    return [
        pack
        if pack.jurisdiction == FEDERAL
        else replace(pack, policies={name: {**one, "effect": "permit"} for name, one in pack.policies.items()})
        for pack in packs
    ]


def of_any_basis(packs: Sequence[Pack]) -> list[Pack]:
    """Permits that do not ask for their basis."""
    return _mapped(packs, lambda policy: _without(policy, lambda part: _reads(part, "basis")) if policy["effect"] == "permit" else policy)


def everywhere(packs: Sequence[Pack]) -> list[Pack]:
    """Overlays about everybody's students."""
    us = {"Value": {"__entity": {"type": "SafePassage::Jurisdiction", "id": "US"}}}

    def widened(est: Any) -> Any:
        if isinstance(est, list):
            return [widened(part) for part in est]
        if not isinstance(est, dict):
            return est
        return us if _names_jurisdiction(est) else {name: widened(part) for name, part in est.items()}

    return _mapped(packs, lambda policy: {**policy, "conditions": widened(policy["conditions"])})


def obliging(obligation: str) -> Mutation:
    """Permits that oblige to something, each of them."""

    def mutate(packs: Sequence[Pack]) -> list[Pack]:
        def more(policy: Est) -> Est:
            text = policy["annotations"]["obligations"]
            if policy["effect"] == "forbid" or obligation in text:
                return policy
            return {
                **policy,
                "annotations": {**policy["annotations"], "obligations": f"{text};{obligation}" if text.strip() else obligation},
            }

        return [pack if pack.kind == "obligations" else replaced for pack, replaced in zip(packs, _mapped(packs, more), strict=True)]

    return mutate


def doubled(packs: Sequence[Pack]) -> list[Pack]:
    """A forbid that is there twice under two names: neither changes anything by itself."""
    (name, policy), pack = next((it, pack) for pack in packs if pack.kind == "forbids" for it in pack.policies.items())
    return [*packs, replace(pack, name="us.forbids.again", policies={f"{name}-again": policy})]


def _mapped(packs: Sequence[Pack], change: Callable[[Est], Est | None]) -> list[Pack]:
    changed = []
    for pack in packs:
        policies = {name: change(policy) for name, policy in pack.policies.items()}
        changed.append(replace(pack, policies={name: policy for name, policy in policies.items() if policy is not None}))
    return changed


def _without(policy: Est, concerns: Callable[[Any], bool]) -> Est | None:
    if policy["effect"] == "forbid":
        return None if concerns([policy["resource"], policy["conditions"]]) else policy
    if policy["resource"]["op"] != "All" and concerns(policy["resource"]):
        policy = {**policy, "resource": {"op": "All"}}
    conditions = []
    for condition in policy["conditions"]:
        parts = [part for part in conjuncts(condition["body"]) if not concerns(part)]
        conditions.append({**condition, "body": _conjunction(parts) if condition["kind"] == "when" else condition["body"]})
    return {**policy, "conditions": conditions}


def _conjunction(parts: Iterable[Est]) -> Est:
    whole: Est | None = None
    for part in parts:
        whole = part if whole is None else {"&&": {"left": whole, "right": part}}
    return TRUE if whole is None else whole


def _of_record(est: Any, record: str) -> bool:
    if isinstance(est, list):
        return any(_of_record(part, record) for part in est)
    if not isinstance(est, dict):
        return False
    return est.get("attr") == record or any(_of_record(part, record) for part in est.values())


def _reads(est: Any, fact: str) -> bool:
    """The expression reads the fact, asks whether it is there, or names the entity."""
    if isinstance(est, list):
        return any(_reads(part, fact) for part in est)
    if not isinstance(est, dict):
        return False
    if "::" in fact and set(est) == {"type", "id"}:
        return bool(fact == f"{est['type'].rpartition('::')[2]}::{est['id']}")
    for operator in (".", "has"):
        access = est.get(operator)
        if isinstance(access, dict) and _path(access) == fact:
            return True
    return any(_reads(part, fact) for part in est.values())


def _names_jurisdiction(est: Any) -> bool:
    value = est.get("Value")
    return isinstance(value, dict) and value.get("__entity", {}).get("type") == "SafePassage::Jurisdiction"


def _path(access: Any) -> str:
    left = access["left"]
    if left == {"Var": "context"}:
        return str(access["attr"])
    above = left.get(".") if isinstance(left, dict) else None
    return f"{_path(above)}.{access['attr']}" if isinstance(above, dict) else ""
