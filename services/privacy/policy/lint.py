"""What must hold of the rules before anything is decided with them. Each breach fails the load."""

from collections import Counter
from collections.abc import Sequence

from services.privacy.policy.annotations import Annotations, annotations_of
from services.privacy.policy.broken import PolicySetBroken
from services.privacy.policy.compile import conditions_of
from services.privacy.policy.entities import NAMESPACE, Entity, entity
from services.privacy.policy.expressions import Est
from services.privacy.policy.reading import CONTEXT, claimed_basis, conjuncts, entities_named
from services.privacy.policy.rule_pack import FEDERAL, Pack
from services.privacy.policy.taxonomy import BASES, Taxonomy

_JURISDICTION = f"{NAMESPACE}::Jurisdiction"
_STUDENTS_JURISDICTION = {".": {"left": {".": {"left": CONTEXT, "attr": "student"}}, "attr": "jurisdiction"}}


def lint(packs: Sequence[Pack], taxonomy: Taxonomy) -> dict[str, Annotations]:
    """Check every pack; the annotations by policy id. Raises PolicySetBroken."""
    annotations: dict[str, Annotations] = {}
    claims: Counter[tuple[str, str]] = Counter()
    for pack in packs:
        for identifier, policy in pack.policies.items():
            annotations[identifier] = _policy(pack, identifier, policy, taxonomy)
            if pack.kind == "permits":
                claims.update(claims_of(policy))
    _require(len(annotations) == sum(len(pack.policies) for pack in packs), "all packs", "an id is there once")
    # INVARIANT: exactly one policy permits. No two permits can match the same basis and action.
    _require(all(count == 1 for count in claims.values()), "all packs", "at most one permit to a basis and action")
    return annotations


def claims_of(policy: Est) -> tuple[tuple[str, str], ...]:
    """The (basis, action) pairs for which a permit can match."""
    scope = policy["action"]
    entities = scope.get("entities") or [scope["entity"]] if scope["op"] in ("==", "in") else []
    basis = claimed_basis(policy)
    return () if basis is None else tuple((basis, reference["id"]) for reference in entities)


def _policy(pack: Pack, identifier: str, policy: Est, taxonomy: Taxonomy) -> Annotations:
    found = annotations_of(policy)
    _require(found.id == identifier, identifier, "it stands under its own id")
    expected = "forbid" if pack.kind == "forbids" else "permit"
    _require(policy["effect"] == expected, identifier, f"a pack of {pack.kind} has nothing but {expected}s")
    for uid in entities_named(policy):
        _require(uid in taxonomy.ancestors or uid in taxonomy.actions.values(), identifier, f"{uid} is not in the taxonomy")
    mentioned = {uid for uid in entities_named(policy) if uid.kind == _JURISDICTION}
    if pack.jurisdiction == FEDERAL:
        _require(not mentioned, identifier, "federal rules mention no state")
    else:
        own = entity("Jurisdiction", pack.jurisdiction)
        # INVARIANT: an overlay only narrows: it forbids, and nothing but about its own state's students.
        _require(pack.kind == "forbids", identifier, "an overlay only forbids")
        _require(mentioned == {own}, identifier, "an overlay mentions its own state and no other")
        _require(_is_bound_to(own, policy), identifier, "an overlay is bound to its own state's students")
    if pack.kind == "permits":
        _require(claimed_basis(policy) in BASES, identifier, "a permit begins with its basis")
        _require(bool(claims_of(policy)), identifier, "a permit names its actions")
        # INVARIANT: what nobody compared with the law's words can only take away.
        _require(all(source.sha256 for source in found.sources), identifier, "the words of a permit are at hand")
        _require(len(found.reasons) == len(conditions_of(policy)), identifier, "each condition has its reason and citation")
    else:
        _require(len(found.reasons) == 1, identifier, "it has one reason")
    for rule in found.obligations:
        needed = {"has": {"left": CONTEXT, "attr": rule.needs}}
        _require(rule.needs is None or needed in conditions_of(policy), identifier, "the fact of an obligation is there when it fires")
    return found


def _is_bound_to(own: Entity, policy: Est) -> bool:
    bound = {"in": {"left": _STUDENTS_JURISDICTION, "right": {"Value": {"__entity": {"type": own.kind, "id": own.partition('"')[2][:-1]}}}}}
    return any(bound in conjuncts(condition["body"]) for condition in policy["conditions"] if condition["kind"] == "when")


def _require(condition: bool, identifier: str, rule: str) -> None:
    if not condition:
        raise PolicySetBroken(f"{identifier}: {rule}")
