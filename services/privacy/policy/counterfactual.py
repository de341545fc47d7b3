"""What single change would permit an element that is withheld: one fact that a person may lawfully change, never an age or a right.

Each change is tried: the rules are asked again with the one fact changed. Only evidence as a whole (a consent, an order) cannot be tried,
for what it would say is not known; then the answer says that it may not suffice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.privacy.policy.annotations import Reason
from services.privacy.policy.context import contexts
from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.expressions import Est
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.policy_set import Policy, PolicySet
from services.privacy.policy.reading import CONTEXT, RESOURCE
from services.privacy.policy.taxonomy import RECIPIENTS

Path = tuple[str, str]
"""A record of the context, and its member."""

REMEDIES: Final[Mapping[str, str]] = {
    "accreditation": "record what the accrediting organization does",
    "agreement": "amend the agreement, or make a new one",
    "application": "obtain an application of the educator that says so",
    "aid": "complete the record of the application",
    "consent": "obtain a consent of a rights holder that says so",
    "dependency": "obtain the proof for the tax year",
    "directory": "give a new public notice, with the time to refuse",
    "emergency": "complete the record of the emergency, by a second person",
    "juvenile": "obtain the written certification",
    "licensure": "complete what is said of the application",
    "litigation": "complete the record of the legal action",
    "mandate": "obtain the authority's mandate in writing",
    "meals": "obtain the evaluation's terms in writing",
    "official": "determine and record the legitimate interest",
    "onboarding": "have the vendor complete what it said when it was taken on",
    "order": "complete the record of the order, and its notice",
    "placement": "obtain the agency's papers",
    "recruiting": "complete the record of the recruiter's request",
    "registration": "record under which law the information came",
    "release": "make and record the determination",
    "risk": "determine and record the risk and the interest",
    "transfer": "complete the evidence of enrollment",
}
"""Of evidence, by its place in the context: what a person would have to do."""

OF_AGENCIES: Final[Mapping[Path, str]] = {
    ("custody", "annual_notice_school_officials"): "say who is a school official in the annual notice",
    ("custody", "keeper_party_to_agreement"): "make the district a party to the agreement",
    ("custody", "originator_party_to_agreement"): "make the district a party to the agreement",
    ("custody", "onward_transfer_agreed"): "have the district agree that transfers go on for it",
    ("custody", "onward_understood"): "have the district agree that records go on for it on this basis",
    ("recipient", "authenticated"): "authenticate the recipient",
    ("recipient", "known"): "put the recipient on record",
}
"""Facts of agencies and parties that may be changed."""

NEVER: Final = frozenset(
    {
        ("consent", "grantor_holds_rights"),
        ("consent", "grantor_rights_ended_at"),
        ("consent", "grantor_role"),
        ("consent", "refused"),
        ("directory", "former_student"),
        ("directory", "found_by_other_information"),
        ("directory", "opted_out"),
        ("emergency", "declared_at"),
        ("juvenile", "adjudicated_at"),
        ("juvenile", "adopted_after"),
        ("juvenile", "adopted_before"),
        ("juvenile", "own_state"),
        ("official", "about_student"),
        ("official", "in_agency"),
        ("onboarding", "collects_from_under_13"),
        ("onboarding", "under_13"),
        ("order", "form"),
        ("order", "issued_at"),
        ("order", "nondisclosure_ordered"),
        ("order", "parent_is_party"),
        ("recruiting", "opt_out_stands"),
        ("release", "targets_student"),
        ("transfer", "enrolled"),
        ("transfer", "seeks_enrollment"),
    }
)
"""What nobody may change to get at a record: who a child is, what a family refused, what a court ordered, what has happened."""


@dataclass(frozen=True)
class Change:
    """One change of one fact."""

    fact: str
    """`agreement.elements`; of evidence that is missing as a whole its place, `agreement`."""
    remedy: str
    citation: str
    """Where the law asks for what is missing."""
    suffices: bool
    """It was tried: the element is permitted then. False: evidence has to come, and has to say what the law asks for."""


@dataclass(frozen=True)
class Counterfactual:
    """A withheld element, and what would permit it."""

    element: str
    group: int
    reason: str
    change: Change | None
    """None: no single change that a person may lawfully make."""


def counterfactuals(policy_input: PolicyInput, policy_set: PolicySet) -> tuple[Counterfactual, ...]:
    """For each group of students and each element that is withheld. An input with a word that the taxonomy lacks has none."""
    taxonomy = policy_set.taxonomy
    if policy_input.purpose not in taxonomy.purposes or policy_input.recipient.kind not in RECIPIENTS:
        return ()
    claimed = policy_set.claims.get((policy_input.basis, policy_input.action))
    principal = entity(RECIPIENTS[policy_input.recipient.kind], policy_input.recipient.id)
    asked = _Asked(policy_set, principal, entity("Action", policy_input.action), claimed)
    found = [
        answer
        for group, context in enumerate(contexts(policy_input, taxonomy))
        if context is not None
        for element in policy_input.elements
        if element in taxonomy.elements
        for answer in asked.of(element, group, context)
    ]
    return tuple(found)


@dataclass(frozen=True)
class _Asked:
    """A request, as far as it is the same for every element."""

    policy_set: PolicySet
    principal: Entity
    action: Entity
    claimed: Policy | None

    def of(self, element: str, group: int, context: Record) -> Iterator[Counterfactual]:
        """Nothing if it is permitted."""
        resource = self.policy_set.taxonomy.elements[element]
        permits, forbids = self._matching(resource, context)
        if permits and not forbids:
            return
        standing = [self.policy_set.policies[identifier] for identifier in forbids]
        failed = [] if self.claimed is None or permits else self._failed(self.claimed, resource, context)
        reasons = [rule.annotations.reasons[0] for rule in standing] + [reason for reason, _ in failed]
        reason = reasons[0].code if reasons else "no-permit-for-this-action"
        yield Counterfactual(element, group, reason, self._change(resource, context, standing, failed))

    def _change(self, resource: Entity, context: Record, standing: list[Policy], failed: list[tuple[Reason, Est]]) -> Change | None:
        tried = [(rule.annotations.reasons[0], part) for rule in standing for part in rule.parts] + failed
        for reason, part in tried:
            for path, value in _changes(part, resource, context):
                if path[0] in context and self._permits(resource, _with(context, path, value)):
                    return Change(".".join(path), _remedy(path), reason.citation, suffices=True)
        missing = _missing(failed[0][1]) if len(failed) == 1 and not standing else None
        if missing is None or missing not in REMEDIES:
            return None
        return Change(missing, REMEDIES[missing], failed[0][0].citation, suffices=False)

    def _failed(self, claimed: Policy, resource: Entity, context: Record) -> list[tuple[Reason, Est]]:
        ancestors = self.policy_set.taxonomy.ancestors[resource]
        found: list[tuple[Reason, Est]] = []
        for rule, part in zip(claimed.conditions, claimed.parts, strict=True):
            try:
                holds = rule.condition.holds(self.principal, self.action, resource, ancestors, context)
            except (LookupError, ArithmeticError):
                continue
            if not holds:
                found.append((rule.reason, part))
        return found

    def _permits(self, resource: Entity, context: Record) -> bool:
        permits, forbids = self._matching(resource, context)
        return len(permits) == 1 and not forbids

    def _matching(self, resource: Entity, context: Record) -> tuple[list[str], list[str]]:
        ancestors = self.policy_set.taxonomy.ancestors[resource]
        return self.policy_set.grants.matching(self.principal, self.action, resource, ancestors, context)


def _changes(est: Any, resource: Entity, context: Record) -> Iterator[tuple[Path, Any]]:
    """Each fact that the expression reads and a person may change, with the value that turns it; None takes it away."""
    if isinstance(est, list):
        for part in est:
            yield from _changes(part, resource, context)
        return
    if not isinstance(est, dict):
        return
    for operator, operand in est.items():
        turned = _turned(est, operator, operand, resource, context)
        if turned is not None:
            yield from turned
        elif isinstance(operand, (dict, list)):
            yield from _changes(list(operand.values()) if isinstance(operand, dict) else operand, resource, context)


def _turned(est: Any, operator: str, operand: Any, resource: Entity, context: Record) -> list[tuple[Path, Any]] | None:
    """What turns this expression by the fact that it reads itself; None where what it reads is in its parts."""
    if operator == "." and (path := _path(est)) is not None and isinstance(_value(context, path), bool):
        return [(path, not _value(context, path))]
    if operator == "has" and operand["left"].get(".", {}).get("left") == CONTEXT:
        path = (operand["left"]["."]["attr"], operand["attr"])
        return [(path, None if _value(context, path) is not None else context["now"])] if _may_change(path) else []
    if operator in ("<", "<=", ">", ">="):
        sides = (("left", context["now"]), ("right", context["now"] + 1))
        return [(path, value) for side, value in sides if (path := _path(operand[side])) is not None]
    if operator == "contains" and (path := _path(operand["left"])) is not None:
        member = resource if operand["right"] == RESOURCE else operand["right"].get("Value")
        return [(path, frozenset(_value(context, path) or ()) | {member})]
    if operator == "in" and operand["left"] == {".": {"left": CONTEXT, "attr": "purpose"}}:
        path = _path(operand["right"])
        return [] if path is None else [(path, frozenset(_value(context, path) or ()) | {context["purpose"]})]
    return None


def _path(est: Any) -> Path | None:
    """The path of `context.a.b`, if its fact is there and may be changed."""
    access = est.get(".") if isinstance(est, dict) else None
    if access is None or access["left"].get(".", {}).get("left") != CONTEXT:
        return None
    path = (access["left"]["."]["attr"], access["attr"])
    return path if _may_change(path) else None


def _may_change(path: Path) -> bool:
    return path in OF_AGENCIES or (path[0] in REMEDIES and path not in NEVER)


def _remedy(path: Path) -> str:
    return OF_AGENCIES.get(path) or REMEDIES[path[0]]


def _value(context: Record, path: Path) -> Any:
    return context.get(path[0], {}).get(path[1])


def _with(context: Record, path: Path, value: Any) -> Record:
    place = Record(context.get(path[0], {}))
    if value is None:
        place.pop(path[1], None)
    else:
        place[path[1]] = value
    return Record(context, **{path[0]: place})


def _missing(est: Any) -> str | None:
    """The evidence whose presence alone the condition asks for."""
    has = est.get("has", {}) if isinstance(est, dict) else {}
    return str(has["attr"]) if has.get("left") == CONTEXT else None
