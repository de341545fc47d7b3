"""What must hold of every request, not only of those that were tried: one claim to a sentence, and how rules would be that break it.

A claim says `forgets`: rules that forgot this fact, or what is done to them instead, must refute it; a claim that nothing can refute
claims nothing. Names of facts are those of schema.cedarschema.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cvc5 import pythonic as smt

from services.privacy.policy.annotations import annotations_of
from services.privacy.policy.entities import entity
from services.privacy.policy.obligations import KINDS, ObligationUnresolved
from services.privacy.policy.reading import CONTEXT, conjuncts
from services.privacy.policy.rule_pack import FEDERAL
from tests.privacy.policy.proofs.mutations import (
    Mutation,
    bare,
    everywhere,
    flipped,
    forgetting,
    forgetting_everywhere,
    obliging,
    of_any_basis,
    without_evidence,
)
from tests.privacy.policy.proofs.prover import Request, Rules
from tests.privacy.policy.proofs.schema import RecordOf
from tests.privacy.policy.proofs.symbols import all_of, any_of
from tests.privacy.policy.situations import CREDENTIALS

HOUR = 3_600_000

ORDERS: Final = ("judicial-order", "sealed-order", "child-protection-order")
RECRUITERS: Final = ("military-recruiter", "higher-education-recruiter")
WITH_AGREEMENT: Final = ("contractor", "audit-representative", "study")
VENDORS_WITHOUT_AGREEMENT: Final = (
    *("consent", "directory", "emergency", "financial-aid", "accreditation", "meal-evaluation", *ORDERS),
    *("de-identified", "de-identified-coded", "disciplinary-results", "registered-offender"),
)
"""What asks for other evidence than an agreement, or may be told to anybody."""

OF_ALL_EVIDENCE: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "names_recipient": ("evidence that names another party supports nothing", frozenset({"directory.names_recipient"})),
    "for_discloser": ("evidence of another agency supports nothing", frozenset()),
    "about_student": ("evidence about another student supports nothing", frozenset()),
    "begins_at": ("evidence supports nothing before its period begins", frozenset()),
    "ends_at": ("evidence supports nothing from the end of its period on", frozenset({"directory.ends_at"})),
}
"""A condition that evidence of several bases has, what is claimed of it, and evidence that is apart, by its path, with a claim of its own:
directory information is for anybody unless the agency limits it, and of a former student for good (99.37(b), (d))."""


@dataclass(frozen=True)
class Claim:
    """A sentence, what it says of any request, and what would refute it."""

    sentence: str
    holds: Callable[[Rules], Any]
    refuted_by: Mutation
    shown: Callable[[Rules, Request], bool] = Rules.engine_allows
    """What the solver found breaks the claim in the service's own engine too: as a rule because that permits it."""


def fact(rules: Rules, path: str) -> Any:
    """The unknown of a fact."""
    return rules.symbols.value(tuple(path.split(".")))


def there(rules: Rules, path: str) -> Any:
    """The fact is there."""
    return rules.symbols.present(tuple(path.split(".")))


def basis(rules: Rules, *names: str) -> Any:
    """The request claims one of these bases."""
    return any_of([fact(rules, "basis") == rules.symbols.text(name) for name in names])


def never(rules: Rules, *together: Any) -> Any:
    """Nothing is permitted where all of this holds."""
    return smt.Not(all_of([rules.allowed, *together]))


def about_student(rules: Rules) -> Any:
    """Not the question whether another state may be asked: there is no student yet. Nor what is about an educator."""
    return any_of([rules.symbols.is_action("disclose"), rules.symbols.is_action("redisclose")])


def about_credentials(rules: Rules) -> Any:
    """The element is an educator's credentials."""
    return rules.symbols.resource == rules.symbols.entity_codes[entity("DataElement", CREDENTIALS)]


def asked_for(rules: Rules, identifier: str) -> tuple[str, ...]:
    """The evidence that a permit asks for: `context has order`."""
    asked = []
    for condition in rules.policies[identifier]["conditions"]:
        for part in conjuncts(condition["body"]):
            question = part.get("has", {})
            if question.get("left") == CONTEXT and isinstance(rules.symbols.types.get((question["attr"],)), RecordOf):
                asked.append(question["attr"])
    return tuple(asked)


def of_evidence(rules: Rules, *, condition: str, apart: frozenset[str]) -> Any:
    """Where a permit matches, each evidence that it asks for meets a condition, if it is one of that evidence at all."""
    met = []
    for name in rules.permits:
        for record in asked_for(rules, name):
            path = f"{record}.{condition}"
            if tuple(path.split(".")) in rules.symbols.types and path not in apart:
                value = fact(rules, path)
                if condition.endswith("_at"):
                    now = fact(rules, "now")
                    value = now < value if condition == "ends_at" else value <= now
                met.append(smt.Implies(rules.matches(name), value))
    return all_of(met)


def _past(rules: Rules, path: str) -> Any:
    return all_of([there(rules, path), fact(rules, path) <= fact(rules, "now")])


def _one_permit(rules: Rules) -> Any:
    return smt.Sum(*[smt.If(rules.matches(name), 1, 0) for name in rules.permits]) <= 1


def _nothing_errs(rules: Rules) -> Any:
    return smt.Not(any_of([rules.errs(name) for name in rules.encoded]))


def _overlays(rules: Rules) -> list[str]:
    return [name for name, where in rules.jurisdiction.items() if where != FEDERAL]


def _only_narrow(rules: Rules) -> Any:
    overlays = _overlays(rules)
    federal = any_of([rules.matches(name) for name in rules.permits if name not in overlays])
    return smt.Implies(rules.allowed, all_of([federal, smt.Not(rules.forbidden(without=overlays))]))


def _own_state(rules: Rules) -> Any:
    where = fact(rules, "student.jurisdiction")
    return all_of(
        [
            smt.Implies(rules.matches(name), rules.symbols.within(where, "Jurisdiction", entity("Jurisdiction", rules.jurisdiction[name])))
            for name in _overlays(rules)
        ]
    )


def _obligations_resolve(rules: Rules) -> Any:
    needed = []
    for name, policy in rules.policies.items():
        for rule in annotations_of(policy).obligations:
            if KINDS[rule.kind].argument == "instant":
                needed.append(smt.Implies(rules.matches(name), there(rules, rule.argument)))
    return all_of(needed)


def _several_permit(rules: Rules, found: Request) -> bool:
    return len(rules.compiled.matching(*found.asked)[0]) > 1


def _matched(rules: Rules, found: Request) -> bool:
    return bool(rules.compiled.matching(*found.asked)[0])


def _engine_errs(rules: Rules, found: Request) -> bool:
    try:
        rules.compiled.matching(*found.asked)
    except LookupError:
        return True
    return False


def _of_another_state(rules: Rules, found: Request) -> bool:
    own = {rules.jurisdiction[name] for name in rules.compiled.matching(*found.asked)[1]} - {FEDERAL}
    return any(entity("Jurisdiction", state) != found.context["student"]["jurisdiction"] for state in own)


def _unresolved(rules: Rules, found: Request) -> bool:
    (permit,) = rules.compiled.matching(*found.asked)[0]
    try:
        for rule in annotations_of(rules.policies[permit]).obligations:
            rule.resolve(found.context)
    except ObligationUnresolved:
        return True
    return False


CLAIMS: tuple[Claim, ...] = (
    Claim("at most one permit matches any request", _one_permit, of_any_basis, _several_permit),
    Claim("no rule reads a fact that is absent", _nothing_errs, bare("consent"), _engine_errs),
    Claim("an overlay only narrows", _only_narrow, flipped),
    Claim("an overlay touches its own state's students alone", _own_state, everywhere, _of_another_state),
    Claim(
        "a fact that an obligation names is there whenever its rule matches",
        _obligations_resolve,
        obliging("destroy-by:agreement.ends_at"),
        _unresolved,
    ),
    Claim(
        "a consent that was taken back supports nothing",
        lambda r: never(r, basis(r, "consent"), _past(r, "consent.withdrawn_at")),
        forgetting("consent.withdrawn_at"),
    ),
    Claim(
        "an expired consent supports nothing",
        lambda r: never(r, basis(r, "consent"), _past(r, "consent.expires_at")),
        forgetting("consent.expires_at"),
    ),
    Claim(
        "a consent that is yet to be given supports nothing",
        lambda r: never(r, basis(r, "consent"), there(r, "consent"), fact(r, "now") < fact(r, "consent.granted_at")),
        forgetting("consent.granted_at"),
    ),
    Claim(
        "a parent's consent supports no disclosure of an eligible student",
        lambda r: never(
            r,
            basis(r, "consent"),
            there(r, "consent"),
            fact(r, "student.eligible"),
            fact(r, "consent.grantor_role") != r.symbols.text("student"),
        ),
        forgetting("student.eligible"),
    ),
    Claim(
        "a consent of a parent whose rights ended supports nothing",
        lambda r: never(
            r,
            basis(r, "consent"),
            fact(r, "consent.grantor_role") == r.symbols.text("parent"),
            _past(r, "consent.grantor_rights_ended_at"),
        ),
        forgetting("consent.grantor_rights_ended_at"),
    ),
    Claim(
        "a social security number never leaves in an exchange",
        lambda r: never(r, r.symbols.element_within("ssn"), fact(r, "recipient.in_exchange")),
        forgetting("recipient.in_exchange"),
    ),
    Claim(
        "a debarred party receives nothing",
        lambda r: never(
            r, there(r, "custody.recipient_debarred_until"), fact(r, "now") < fact(r, "custody.recipient_debarred_until"), about_student(r)
        ),
        forgetting("custody.recipient_debarred_until"),
    ),
    Claim(
        "an unknown recipient receives nothing",
        lambda r: never(r, smt.Not(fact(r, "recipient.known"))),
        forgetting("recipient.known"),
    ),
    Claim(
        "a recipient that was not authenticated receives nothing",
        lambda r: never(r, smt.Not(fact(r, "recipient.authenticated"))),
        forgetting("recipient.authenticated"),
    ),
    Claim(
        "early intervention records leave on consent, to who holds the rights, or as a court orders, alone",
        lambda r: never(r, r.symbols.element_within("part_c"), smt.Not(basis(r, "consent", "rights-holder", *ORDERS))),
        forgetting("Category::part_c"),
    ),
    Claim(
        "a protected address leaves as a court orders, and on no other basis",
        lambda r: never(
            r, r.symbols.element_within("address"), fact(r, "student.protected_address"), about_student(r), smt.Not(basis(r, *ORDERS))
        ),
        forgetting("student.protected_address"),
    ),
    Claim(
        "a social security number is never directory information",
        lambda r: never(r, r.symbols.element_within("ssn"), basis(r, "directory", *RECRUITERS)),
        forgetting("Category::directory", "Category::ssn"),
    ),
    Claim(
        "what a family opted out of is no directory information",
        lambda r: never(r, basis(r, "directory"), fact(r, "directory.opted_out")(r.symbols.resource)),
        forgetting("directory.opted_out"),
    ),
    Claim(
        "directory information that is limited to parties goes to those alone",
        lambda r: never(r, basis(r, "directory"), fact(r, "directory.limited_to_parties"), smt.Not(fact(r, "directory.names_recipient"))),
        forgetting("directory.limited_to_parties"),
    ),
    Claim(
        "a notice of directory information that is over covers former students alone",
        lambda r: never(
            r, basis(r, "directory"), fact(r, "directory.ends_at") <= fact(r, "now"), smt.Not(fact(r, "directory.former_student"))
        ),
        forgetting("directory.ends_at"),
    ),
    Claim(
        "recruiters get nothing of who opted out",
        lambda r: never(r, basis(r, *RECRUITERS), fact(r, "recruiting.opt_out_stands")),
        forgetting("recruiting.opt_out_stands"),
    ),
    Claim(
        "an emergency is over after 72 hours",
        lambda r: smt.Implies(
            all_of([r.allowed, basis(r, "emergency")]),
            all_of([there(r, "emergency"), fact(r, "now") < fact(r, "emergency.declared_at") + 72 * HOUR]),
        ),
        forgetting("emergency.declared_at"),
    ),
    Claim(
        "an emergency is not declared in the future",
        lambda r: never(r, basis(r, "emergency"), fact(r, "now") < fact(r, "emergency.declared_at")),
        forgetting("emergency.declared_at"),
    ),
    Claim(
        "an order is not used before it was issued",
        lambda r: smt.Implies(
            all_of([r.allowed, basis(r, *ORDERS)]), all_of([there(r, "order"), fact(r, "order.issued_at") <= fact(r, "now")])
        ),
        forgetting("order.issued_at"),
    ),
    Claim(
        "a vendor without an agreement receives on a basis that needs none, alone",
        lambda r: never(r, r.symbols.is_principal("Vendor"), smt.Not(there(r, "agreement")), smt.Not(basis(r, *VENDORS_WITHOUT_AGREEMENT))),
        without_evidence("agreement"),
    ),
    Claim(
        "an agreement that was terminated supports nothing",
        lambda r: never(r, basis(r, *WITH_AGREEMENT), _past(r, "agreement.terminated_at")),
        forgetting("agreement.terminated_at"),
    ),
    Claim(
        "an agreement supports nothing before it starts and from its end on",
        lambda r: smt.Implies(
            all_of([r.allowed, basis(r, *WITH_AGREEMENT), about_student(r)]),
            all_of([fact(r, "agreement.starts_at") <= fact(r, "now"), fact(r, "now") < fact(r, "agreement.ends_at")]),
        ),
        forgetting("agreement.ends_at"),
    ),
    Claim(
        "an educator's credentials leave by the rules about educators alone",
        lambda r: never(r, about_credentials(r), any_of([about_student(r), r.symbols.is_action("request")])),
        forgetting("DataElement::educator.credentials"),
    ),
    Claim(
        "the rules about educators let nothing of a student leave",
        lambda r: never(
            r,
            smt.Not(about_credentials(r)),
            any_of([r.symbols.is_action("send-credentials"), r.symbols.is_action("seek-credentials")]),
        ),
        forgetting("DataElement::educator.credentials"),
    ),
    Claim(
        "an application of another educator supports nothing",
        lambda r: never(r, r.symbols.is_action("send-credentials"), smt.Not(fact(r, "application.about_educator"))),
        forgetting("application.about_educator"),
    ),
    Claim(
        "an educator's credentials leave on an application in force alone",
        lambda r: smt.Implies(
            all_of([r.allowed, r.symbols.is_action("send-credentials")]),
            all_of([there(r, "application"), basis(r, "educator-application"), fact(r, "now") < fact(r, "application.ends_at")]),
        ),
        forgetting("application.ends_at"),
    ),
    *(
        Claim(
            sentence,
            partial(of_evidence, condition=condition, apart=apart),
            forgetting_everywhere(condition),
            _matched,
        )
        for condition, (sentence, apart) in OF_ALL_EVIDENCE.items()
    ),
)
