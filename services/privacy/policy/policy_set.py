"""The rules that decide, ready to be asked: compiled, linted, and known by the hash of everything that they are.

A PolicySet is immutable. Two of the same hash decide alike.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from safepassage.canonical import digest_of_json
from safepassage.wire import Digest
from services.privacy.policy.annotations import Annotations, Reason
from services.privacy.policy.asked_elements import AskedElements
from services.privacy.policy.broken import PolicySetBroken
from services.privacy.policy.compile import REMEMBERED, Compiled, Condition, compile_policies, conditions_of
from services.privacy.policy.entities import Entity
from services.privacy.policy.expressions import Est
from services.privacy.policy.lint import claims_of, lint
from services.privacy.policy.obligations import INSTANTS, KINDS, Obliging
from services.privacy.policy.reading import ResourceUse, depends_on_student, entities_named
from services.privacy.policy.rule_pack import SCHEMA, Pack, read_packs, sha256_of
from services.privacy.policy.taxonomy import TAXONOMY, Taxonomy

ENGINE = 2
"""Of compile.py, evaluate.py and explain.py: a change that could change an outcome raises it."""

READY_FOR: Final = 128
"""Combinations of basis, action, recipient and state whose code is made for a set before it decides: of each some ms."""
LISTS_KEPT: Final = 1024
"""Of what was found for a list of elements, or a combination of policies: then it begins anew."""


@dataclass(frozen=True)
class ConditionRule:
    """A condition of a permit, to be tried alone when an answer has to say what failed."""

    reason: Reason
    condition: Condition
    depends_on_student: bool


@dataclass(frozen=True)
class Policy:
    """A rule and what stands beside it."""

    annotations: Annotations
    conditions: tuple[ConditionRule, ...]
    """Of a permit of a basis; () of a forbid or an obligation."""
    depends_on_student: bool
    parts: tuple[Est, ...] = field(default=(), repr=False)
    """What a permit or a forbid asks for, conjunct by conjunct; of a permit in the order of `conditions`."""
    named: frozenset[Entity] = field(default=frozenset(), repr=False)
    """Entities that it names: elements and categories among them."""


@dataclass(frozen=True, repr=False)
class PolicySet:
    """Everything that decides."""

    policies: Mapping[str, Policy]
    grants: Compiled
    """Permits of a basis, and forbids."""
    duties: Compiled
    """Permits whose matches are obligations."""
    claims: Mapping[tuple[str, str], Policy]
    """The one permit of a basis and action."""
    resource_use: ResourceUse
    taxonomy: Taxonomy
    policy_hash: Digest
    reviewed: bool
    """Every policy was reviewed: an answer rests on all of them, on those that did not match too."""
    memory: dict[object, Any] = field(default_factory=dict, compare=False)
    """Explanations that were made before; what is in it has no part in any answer."""
    answers: dict[object, Any] = field(default_factory=dict, compare=False)
    """Answers for a group that were made before: the same elements, each permitted or withheld for the same reason."""
    _alike: dict[tuple[str, Entity, str], Mapping[Entity, object]] = field(default_factory=dict, compare=False)
    _asked: dict[tuple[tuple[str, ...], str, Entity, str], AskedElements] = field(default_factory=dict, compare=False)
    _obliging: dict[tuple[str, ...], Obliging] = field(default_factory=dict, compare=False)
    _citations: dict[frozenset[str], tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict, compare=False)

    def asked(self, elements: tuple[str, ...], basis: str, action: Entity, kind: str) -> AskedElements:
        """The elements of such a request, and which of them its rules cannot tell apart but by the sets of `resource_use`."""
        key = (elements, basis, action, kind)
        found = self._asked.get(key)
        if found is None:
            found = AskedElements.of(elements, self._keys(basis, action, kind), self.taxonomy)
            if not found.unknown:  # of words that nobody knows there is no end
                remember(self._asked, key, found)
        return found

    def obliging(self, policies: tuple[str, ...]) -> Obliging:
        """What these policies oblige to together."""
        found = self._obliging.get(policies)
        if found is None:
            found = Obliging.of(rule for identifier in policies for rule in self.policies[identifier].annotations.obligations)
            remember(self._obliging, policies, found)
        return found

    def cited(self, policies: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The policies in their order, and what they cite, each once."""
        found = self._citations.get(policies)
        if found is None:
            ids = tuple(sorted(policies))
            found = ids, tuple(dict.fromkeys(self.policies[identifier].annotations.citation for identifier in ids))
            remember(self._citations, policies, found)
        return found

    def make_ready_for(self, other: "PolicySet") -> None:
        """Make the code for what `other` was asked about first: where this set takes over from it, nobody waits for code to be made."""
        self.grants.make(other.grants.met()[:READY_FOR])
        self.duties.make(other.duties.met()[:READY_FOR])
        for key in tuple(other._alike)[:READY_FOR]:
            self._keys(*key)

    def _keys(self, basis: str, action: Entity, kind: str) -> Mapping[Entity, object]:
        """Of each element a key: the same for those that rules of such a request cannot tell apart, but by the sets of `resource_use`."""
        key = (basis, action, kind)
        found = self._alike.get(key)
        if found is None:
            asked = {*self.grants.left(*key), *self.duties.left(*key)}
            named = frozenset[Entity]().union(*(self.policies[identifier].named for identifier in asked))
            found = _alike(ResourceUse(self.resource_use.paths, named, self.resource_use.opaque), self.taxonomy)
            if len(self._alike) < REMEMBERED:
                self._alike[key] = found
        return found

    def __repr__(self) -> str:
        return f"PolicySet({self.policy_hash})"


def remember(memory: dict[Any, Any], key: Hashable, found: object) -> None:
    """Keep what was found. What is kept has no part in any answer: when it is too much, it begins anew."""
    if len(memory) >= LISTS_KEPT:
        memory.clear()
    memory[key] = found


@cache
def load_policy_set() -> PolicySet:
    """The policy set of this version of the suite, from the checked-in EST: one in a process, which no file changes under it.

    Raises PolicySetBroken: then nothing can be served.
    """
    return assemble(read_packs(), schema_sha256=sha256_of(SCHEMA))


def assemble(packs: Sequence[Pack], *, schema_sha256: str, taxonomy: Taxonomy = TAXONOMY) -> PolicySet:
    """Lint, compile and hash. The order of packs and policies has no part in the result. Raises PolicySetBroken."""
    try:
        annotations = lint(packs, taxonomy)
        deciding = _policies_of(packs, "permits", "forbids")
        obliging = _policies_of(packs, "obligations")
        grants, duties = compile_policies(deciding, taxonomy.ancestors), compile_policies(obliging, taxonomy.ancestors)
        policy_hash = digest_of_json(contents(packs, schema_sha256=schema_sha256, taxonomy=taxonomy))
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise PolicySetBroken("a policy does not have the form of an EST, or a number that JSON does not hold exactly") from error
    use = ResourceUse.of(deciding | obliging)
    policies = {
        identifier: Policy(
            annotations[identifier],
            _conditions(identifier, policy, annotations[identifier], grants) if policy["effect"] == "permit" else (),
            depends_on_student(policy["conditions"]),
            tuple(conditions_of(policy)),
            frozenset(entities_named(policy)),
        )
        for identifier, policy in deciding.items()
    }
    policies |= {
        identifier: Policy(annotations[identifier], (), True, named=frozenset(entities_named(policy)))
        for identifier, policy in obliging.items()
    }
    return PolicySet(
        policies=policies,
        grants=grants,
        duties=duties,
        claims={claim: policies[identifier] for identifier, policy in deciding.items() for claim in _claims(policy)},
        resource_use=use,
        taxonomy=taxonomy,
        policy_hash=policy_hash,
        reviewed=all(found.reviewed for found in annotations.values()),
    )


def _policies_of(packs: Sequence[Pack], *kinds: str) -> dict[str, Est]:
    found = {identifier: policy for pack in packs if pack.kind in kinds for identifier, policy in pack.policies.items()}
    return dict(sorted(found.items()))


def _claims(policy: Est) -> tuple[tuple[str, str], ...]:
    return claims_of(policy) if policy["effect"] == "permit" else ()


def _conditions(identifier: str, policy: Est, annotations: Annotations, compiled: Compiled) -> tuple[ConditionRule, ...]:
    expressions = conditions_of(policy)
    functions = compiled.conditions[identifier]
    return tuple(
        ConditionRule(reason, function, depends_on_student(expression))
        for reason, function, expression in zip(annotations.reasons, functions, expressions, strict=True)
    )


def _alike(use: ResourceUse, taxonomy: Taxonomy) -> dict[Entity, object]:
    kinds: dict[frozenset[Entity], int] = {}
    return {
        uid: uid if use.opaque else kinds.setdefault(taxonomy.ancestors[uid] & use.named, len(kinds)) for uid in taxonomy.elements.values()
    }


def contents(packs: Sequence[Pack], *, schema_sha256: str, taxonomy: Taxonomy = TAXONOMY) -> dict[str, Any]:
    """Everything that a set is, as JSON: the policy hash is its digest."""
    return {
        "engine": ENGINE,
        "packs": {pack.name: {"text_sha256": pack.text_sha256, "policies": pack.policies} for pack in packs},
        "schema_sha256": schema_sha256,
        "taxonomy": taxonomy.as_json(),
        "obligations": {"kinds": {kind: [it.argument, it.citation] for kind, it in KINDS.items()}, "instants": list(INSTANTS)},
    }
