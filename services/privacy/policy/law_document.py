"""docs/law.md, made from the rules: `python -m services.privacy.policy.law_document` (`make policies`); a test compares."""

from collections.abc import Iterator
from pathlib import Path

from services.privacy.policy.ground_facts import PLACES
from services.privacy.policy.policy_set import Policy, PolicySet, load_policy_set
from services.privacy.policy.reading import facts_read
from services.privacy.policy.rule_pack import Pack, read_packs
from services.privacy.policy.taxonomy import BASES

DOCUMENT = Path(__file__).parents[3] / "docs" / "law.md"

EVIDENCE = {place: kind for kind, (place, _) in PLACES.items()} | {
    "agreement": "agreement",
    "application": "educator-application",
    "consent": "consent",
    "directory": "directory-notice",
    "licensure": "licensure evidence",
    "onboarding": "operator-onboarding",
    "transfer": "enrollment evidence",
}
"""Of a fact of the context: the kind of evidence that it is read from."""

HEAD = """# The law as rules

**Every rule is an unreviewed draft until its status says otherwise, and every answer says so.** Nothing here is legal advice.

How to read this page:

- **A request claims one basis.** One permit can match it, and every restriction can override that permit.
- **Evidence** is something recorded, with a reference to what proves it (`safepassage.wire_evidence`). A request names its id.
- **Conditions** are what a permit asks for, in its order, by the code with which a refusal names it. The paragraph of law
  behind each is in the permit's `@conditions`.
- **`institution`** marks the node's own policy: where the law is silent, or where its words were not at hand when the rule was written
  ("not checked").

Made from `services/privacy/policy/packs` (`make policies`); a test compares.
"""


def document(policy_set: PolicySet, packs: tuple[Pack, ...]) -> str:
    """The whole text."""
    return "\n".join(_lines(policy_set, packs)) + "\n"


def _lines(policy_set: PolicySet, packs: tuple[Pack, ...]) -> Iterator[str]:
    yield HEAD
    yield "## Bases"
    yield ""
    yield "| basis | action | rule | citation | evidence | conditions | obliges to | status |"
    yield "|---|---|---|---|---|---|---|---|"
    for basis, where in BASES.items():
        by_rule: dict[str, list[str]] = {}
        for (claimed, action), policy in policy_set.claims.items():
            if claimed == basis:
                by_rule.setdefault(policy.annotations.id, []).append(action)
        for identifier, actions in by_rule.items():
            yield _permit(basis, where, " ".join(sorted(actions)), policy_set.policies[identifier])
    for title, kind in (("Restrictions", "forbids"), ("Obligations that depend on facts", "obligations")):
        yield ""
        yield f"## {title}"
        yield ""
        yield "| of | rule | says | citation | authority | obliges to | status |"
        yield "|---|---|---|---|---|---|---|"
        for pack in packs:
            if pack.kind == kind:
                yield from (_other(pack.jurisdiction, policy_set.policies[identifier]) for identifier in pack.policies)


def _permit(basis: str, where: str, actions: str, policy: Policy) -> str:
    annotations = policy.annotations
    read = frozenset[str]().union(*(facts_read(part) for part in policy.parts))
    evidence = ", ".join(sorted(EVIDENCE[fact] for fact in read if fact in EVIDENCE)) or "-"
    conditions = ", ".join(f"`{rule.reason.code}`" for rule in policy.conditions)
    return _row(
        f"`{basis}` ({where})", actions, f"`{annotations.id}`", annotations.citation, evidence, conditions, _duties(policy), _status(policy)
    )


def _other(jurisdiction: str, policy: Policy) -> str:
    annotations = policy.annotations
    return _row(
        jurisdiction,
        f"`{annotations.id}`",
        annotations.title,
        annotations.citation,
        annotations.authority,
        _duties(policy),
        _status(policy),
    )


def _duties(policy: Policy) -> str:
    return ", ".join(f"`{rule.kind}:{rule.argument}`" for rule in policy.annotations.obligations) or "-"


def _status(policy: Policy) -> str:
    if any(source.sha256 is None for source in policy.annotations.sources):
        return "not checked"
    return "reviewed" if policy.annotations.reviewed else "unreviewed draft"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    DOCUMENT.write_text(document(load_policy_set(), read_packs()))
