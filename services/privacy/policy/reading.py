"""What a policy reads, found in its EST before anything runs: which facts, and what it wants to know of the resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from services.privacy.policy.entities import Entity
from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.expressions import Est, entity_of

CONTEXT = {"Var": "context"}
RESOURCE = {"Var": "resource"}
ARITHMETIC = frozenset({"+", "-", "*", "neg", "offset", "durationSince", "toDate"})
STUDENT_FACTS = frozenset({"application", "student", "custody", "consent", *GroundFacts.model_fields})
"""The members of the context that differ from student to student of one request."""


@dataclass(frozen=True)
class ResourceUse:
    """How rules tell one element from another: by what they name above it or itself, and by sets that contain it."""

    paths: frozenset[tuple[str, ...]]
    """Sets of the context that are asked whether they contain the resource: `("agreement", "elements")`."""
    named: frozenset[Entity]
    """Entities that a rule names: elements and categories among them."""
    opaque: bool
    """The resource is used in another way: no two elements are alike."""

    @cached_property
    def by_fact(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """The paths by the fact that they begin with."""
        facts = sorted({path[0] for path in self.paths})
        return {fact: tuple(sorted(path for path in self.paths if path[0] == fact)) for fact in facts}

    @staticmethod
    def of(policies: Mapping[str, Est]) -> "ResourceUse":
        """How any of the policies uses the resource."""
        paths: set[tuple[str, ...]] = set()
        named: set[Entity] = set()
        opaque = False
        for policy in policies.values():
            named |= set(entities_named(policy))
            for condition in policy["conditions"]:
                for path in _uses_of_resource(condition["body"]):
                    if path is None:
                        opaque = True
                    elif path:
                        paths.add(path)
        return ResourceUse(frozenset(paths), frozenset(named), opaque)


def entities_named(est: Any) -> Iterator[Entity]:
    """Every entity that a policy or expression names, one for each time."""
    if isinstance(est, Mapping):
        if set(est) == {"type", "id"}:
            yield entity_of({"type": est["type"], "id": est["id"]})
        for part in est.values():
            yield from entities_named(part)
    elif isinstance(est, list):
        for part in est:
            yield from entities_named(part)


def conjuncts(est: Est) -> list[Est]:
    """The parts of a conjunction, from left to right."""
    both = est.get("&&")
    return [est] if both is None else [*conjuncts(both["left"]), *conjuncts(both["right"])]


def claimed_basis(policy: Est) -> str | None:
    """The basis for which alone a policy can match: its first conjunct is `context.basis == "..."`."""
    conditions = policy["conditions"]
    if not conditions or conditions[0]["kind"] != "when":
        return None
    comparison = conjuncts(conditions[0]["body"])[0].get("==")
    if comparison is None or comparison["left"] != {".": {"left": CONTEXT, "attr": "basis"}}:
        return None
    value = comparison["right"].get("Value")
    return value if isinstance(value, str) else None


def facts_read(est: Any) -> frozenset[str]:
    """The members of the context that an expression reads; `*` where it takes the context as a whole."""
    if isinstance(est, list):
        return frozenset().union(*(facts_read(part) for part in est))
    if not isinstance(est, dict):
        return frozenset()
    if est == CONTEXT:
        return frozenset("*")
    for operator in (".", "has"):
        access = est.get(operator)
        if isinstance(access, dict) and access.get("left") == CONTEXT:
            return frozenset((access["attr"],))
    return frozenset().union(*(facts_read(part) for part in est.values()))


def mentions_resource(est: Any) -> bool:
    """The resource has a part in it."""
    if isinstance(est, dict):
        return est == RESOURCE or any(mentions_resource(part) for part in est.values())
    return isinstance(est, list) and any(mentions_resource(part) for part in est)


def can_err(est: Any) -> bool:
    """Its evaluation can err on facts that have the form of the schema: arithmetic overflows."""
    if isinstance(est, dict):
        return not ARITHMETIC.isdisjoint(est) or any(can_err(part) for part in est.values())
    return isinstance(est, list) and any(can_err(part) for part in est)


def depends_on_student(est: Any) -> bool:
    """A fact of the student has a part in it."""
    return not facts_read(est).isdisjoint(STUDENT_FACTS | {"*"})


def _uses_of_resource(est: Any) -> Iterator[tuple[str, ...] | None]:
    """A path for each question whether a set contains the resource, () for a question of its categories, None for any other use."""
    if est == RESOURCE:
        yield None
    elif isinstance(est, dict):
        contains, within = est.get("contains"), est.get("in")
        if isinstance(contains, dict) and contains.get("right") == RESOURCE and (path := _path(contains["left"])):
            yield path
        elif isinstance(within, dict) and within.get("left") == RESOURCE and not _mentions_variable(within["right"]):
            yield ()
        else:
            for part in est.values():
                yield from _uses_of_resource(part)
    elif isinstance(est, list):
        for part in est:
            yield from _uses_of_resource(part)


def _path(est: Est) -> tuple[str, ...] | None:
    """The path of `context.a.b`."""
    if est == CONTEXT:
        return ()
    access = est.get(".")
    above = None if access is None else _path(access["left"])
    return None if above is None else (*above, access["attr"])  # type: ignore[index]  # above is None without access


def _mentions_variable(est: Any) -> bool:
    if isinstance(est, dict):
        return "Var" in est or any(_mentions_variable(part) for part in est.values())
    return isinstance(est, list) and any(_mentions_variable(part) for part in est)
