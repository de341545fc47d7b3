"""One decision: why, and why not, element by element; where the law asks for it; and what would change it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.problems import SuiteError
from safepassage.problems.policy_sets import PolicySetNotUsable
from safepassage.problems.privacy import DecisionNotReproduced, PolicySetNotHeld
from safepassage.wire_decisions import RecordedDecision, Reproduction, SubjectOutcome
from safepassage.wire_explanation import DecisionExplanation, ExplainedElement, ExplainedRule, ExplainedSubject
from services.gateway.console.code_words import said_of
from services.gateway.console.decision_words import ACTION_WORDS, OUTCOMES, RECIPIENT_WORDS, cited
from services.gateway.console.decisions import PATH as LIST
from services.gateway.console.decisions import basis_of, named
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.log_filters import LogFilters
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/{{decision_id}}"
AGAIN: Final = f"{PATH}/reproduction"

_NO_LONGER_EXPLAINED: Final = frozenset({PolicySetNotHeld.code, PolicySetNotUsable.code})

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Stayed:
    """Elements that are withheld for one reason."""

    names: list[str]
    reason: str
    citation: str | None
    rule: str | None
    failed: list[tuple[str, str]]
    """Where no rule forbids it: each condition of the law that is not met, and its paragraph."""
    change: str | None
    """What a person may lawfully do about it."""
    change_citation: str | None
    suffices: bool
    of_purpose: bool
    """The law that was claimed does not serve the purpose that was named."""


@dataclass(frozen=True)
class Students:
    """Those of whom the same was decided."""

    count: str
    identifiers: list[str]
    left: list[str]
    stayed: list[Stayed]

    @property
    def stays(self) -> int:
        """How many elements stay."""
        return sum(len(one.names) for one in self.stayed)


@dataclass(frozen=True)
class ShownRule:
    """A rule that had a say."""

    code: str
    title: str
    citation: str
    authority: str
    since: str
    reviewed: bool


@dataclass(frozen=True)
class Owed:
    """What the permission obliges to."""

    name: str
    citation: str | None
    due_at: datetime | None


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def show_decision(decision_id: UUID, frame: Framed, node: Node) -> Response:
    """A decision with its reasons."""
    return await _page(decision_id, frame, node)


@router.post(AGAIN, response_model=None, responses=page_responses(200, 404), openapi_extra=form_of({"token": "Of the page"}))
async def reproduce_decision_on_page(decision_id: UUID, frame: Framed, node: Node) -> Response:
    """Run the decision again from what was recorded, and say whether it came out the same."""
    try:
        again = await node.ask("privacy", f"/v1/decisions/{decision_id}/reproduction", None, Reproduction)
    except SuiteError as error:
        if error.code not in {*_NO_LONGER_EXPLAINED, DecisionNotReproduced.code}:
            raise
        return await _page(decision_id, frame, node, again=(False, frame.translate(error.title)))
    return await _page(decision_id, frame, node, again=(True, again.outcome_hash))


async def _page(decision_id: UUID, frame: Frame, node: NodeReader, *, again: tuple[bool, str] | None = None) -> Response:
    decision = await node.read("privacy", f"/v1/decisions/{decision_id}", RecordedDecision)
    told = await explained(node, decision_id)
    subjects = told.subjects if told is not None else tuple(map(unexplained, decision.subjects))
    rules = {} if told is None else {rule.id: rule for rule in told.rules}
    _, viewing = frame.translate, frame.viewing
    tone, mark, outcome = OUTCOMES[decision.outcome]
    basis, citation = basis_of(decision.basis, _)
    return frame.page(
        "decision.html",
        here=f"{LIST}/{decision_id}",
        decision=decision,
        status=200,
        verdict=(tone, mark, _(outcome)),
        asked=_asked(frame, len(decision.elements)),
        action=_(ACTION_WORDS[decision.action]),
        basis=basis,
        citation=citation,
        purpose=named(PURPOSE_WORDS, decision.purpose, _),
        recipient=named(RECIPIENT_WORDS, decision.recipient_kind, _),
        groups=grouped(subjects, rules, frame),
        explained=told is not None,
        rules=[_rule(rule, frame) for rule in rules.values()],
        owed=[Owed(said_of(one.kind, _), cited(one.citation or "", _), one.due_at) for one in decision.obligations],
        fallen=None
        if decision.fallen is None
        else (said_of(decision.fallen.reason, _), decision.fallen.at, cited(decision.fallen.citation or "", _)),
        over=decision.valid_until <= viewing.now,
        asked_by=decision.asked_by.client_id or decision.asked_by.job or decision.asked_by.service,
        in_log=LogFilters(decision=str(decision.id)).href("/console/log") if node.may("audit:search") else None,
        set_page=f"{LIST}/sets/{decision.policy_hash}" if node.may("policies:simulate") else None,
        again=again,
        again_at=AGAIN.format(decision_id=decision_id),
    )


def _asked(frame: Frame, elements: int) -> str:
    _ = frame.translate
    return _("1 element was asked for.") if elements == 1 else _("%(n)s elements were asked for.") % {"n": frame.viewing.number(elements)}


async def explained(node: NodeReader, decision_id: UUID) -> DecisionExplanation | None:
    """None where the rules of then cannot be read any more: then the page has what was recorded."""
    try:
        return await node.read("privacy", f"/v1/decisions/{decision_id}/explanation", DecisionExplanation)
    except SuiteError as error:
        if error.code in _NO_LONGER_EXPLAINED:
            return None
        raise


def unexplained(subject: SubjectOutcome) -> ExplainedSubject:
    """What was recorded, where the rules of then cannot be read any more."""
    left = [ExplainedElement(element=element, permitted=True) for element in subject.permitted]
    stayed = [
        ExplainedElement(element=one.element, permitted=False, rule=one.policy, reason=one.reason, citation=one.citation, failed=one.failed)
        for one in subject.withheld
    ]
    return ExplainedSubject(student_id=subject.student_id, elements=(*left, *stayed))


def grouped(subjects: tuple[ExplainedSubject, ...], rules: Mapping[str, ExplainedRule], frame: Frame) -> list[Students]:
    """Students of whom the same was decided are told once."""
    by_elements: dict[tuple[ExplainedElement, ...], list[str]] = {}
    for subject in subjects:
        students = by_elements.setdefault(subject.elements, [])
        if subject.student_id is not None:
            students.append(str(subject.student_id))
    return [students_of(elements, identifiers, rules, frame) for elements, identifiers in by_elements.items()]


def students_of(
    elements: tuple[ExplainedElement, ...], identifiers: list[str], rules: Mapping[str, ExplainedRule], frame: Frame
) -> Students:
    """What left of them and what stayed."""
    _, number = frame.translate, len(identifiers)
    count = "" if not number else _("1 student") if number == 1 else _("%(n)s students") % {"n": frame.viewing.number(number)}
    left = [named(ELEMENT_WORDS, one.element, _) for one in elements if one.permitted]
    return Students(count, identifiers, left, stayed_of([one for one in elements if not one.permitted], rules, _))


def stayed_of(elements: Iterable[ExplainedElement], rules: Mapping[str, ExplainedRule], translate: Translate) -> list[Stayed]:
    """Why elements stay; those that stay for the same reason are told together."""
    alike: dict[ExplainedElement, list[str]] = {}
    for one in elements:
        alike.setdefault(one.model_copy(update={"element": ""}), []).append(named(ELEMENT_WORDS, one.element, translate))
    return [_stayed(names, one, rules, translate) for one, names in alike.items()]


def _stayed(names: list[str], one: ExplainedElement, rules: Mapping[str, ExplainedRule], translate: Translate) -> Stayed:
    change = one.would_be_permitted_by
    rule = rules.get(one.rule or "")
    reason = one.reason or "not-permitted"
    return Stayed(
        names=names,
        reason=said_of(reason, translate),
        citation=cited(one.citation or "", translate),
        rule=None if rule is None else translate(rule.title),
        failed=[(said_of(failed.reason, translate), cited(failed.citation or "", translate)) for failed in one.failed],
        change=None if change is None else translate(change.remedy),
        change_citation=None if change is None else cited(change.citation or "", translate),
        suffices=change is not None and change.suffices,
        of_purpose=len(one.failed) == 1 and reason.startswith("purpose-"),
    )


def _rule(rule: ExplainedRule, frame: Frame) -> ShownRule:
    _ = frame.translate
    authority = _("Law") if rule.authority == "law" else _("This agency’s own rule")
    return ShownRule(rule.id, _(rule.title), cited(rule.citation, _), authority, frame.viewing.day(rule.effective), rule.reviewed)
