"""What would be answered if …: the rules asked on facts that somebody supposes. Nothing leaves on it, and it is about nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_explanation import ExplainedElement
from safepassage.wire_policy_sets import PolicySetPage
from safepassage.wire_simulation import NewSimulation, SimulatedGroup, Simulation, SimulationSituation, SimulationSituations
from services.gateway.console.code_words import said_of
from services.gateway.console.decision_page import Owed, Students, students_of
from services.gateway.console.decision_words import ACTION_WORDS, OUTCOMES, RECIPIENT_WORDS, cited
from services.gateway.console.decisions import PATH as LIST
from services.gateway.console.decisions import basis_of
from services.gateway.console.element_words import ELEMENT_WORDS, SECTION_WORDS
from services.gateway.console.navigation import RULE_READERS
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import acting_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_set_words import STAGES
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.simulated_facts import EDUCATOR_SECTION, FACT, SECTION, Fact, begun, changes_of, facts_of
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.people.forms import read_form
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/simulation"
ROLES: Final = RULE_READERS
FIRST: Final = "transfer"
"""The situation that the form begins with."""


@dataclass(frozen=True)
class Answered:
    """What one set of rules would answer."""

    set_name: str
    verdict: tuple[str, str, str]
    group: Students
    owed: list[Owed]
    rules: list[str]
    reviewed: bool


@router.get(PATH, response_model=None, responses=page_responses(200))
async def ask_simulation(
    frame: Framed,
    node: Node,
    situation: Annotated[str, Query(max_length=200)] = FIRST,
    rules: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The form, with the facts of a situation that is lawful."""
    return await _Form(frame, node).page(situation, rules, None, [])


@router.post(
    PATH,
    response_model=None,
    responses=page_responses(200, 422),
    openapi_extra=form_of({"token": "Of the page", "situation": "Of the list", "purpose": "Code", "recipient": "Kind of recipient"}),
)
async def simulate_on_page(request: Request, frame: Framed, node: Node) -> Response:
    """Ask the rules, and say what they would answer and why."""
    form = read_form(await request.body())
    return await _Form(frame, node).answered(form)


class _Form:
    """For one request."""

    def __init__(self, frame: Frame, node: NodeReader) -> None:
        self._frame, self._node = frame, node

    async def answered(self, form: Mapping[str, str]) -> Response:
        """The form as it was sent, and the answer over it."""
        name, rules = form.get("situation", ""), form.get("rules", "")
        situation = await self._situation(name)
        changes = changes_of(situation.facts, form)
        if not changes["elements"]:
            return await self.page(name, rules, form, [], wrong=True)
        answers = [await self._answer(name, rules, changes)]
        if rules and not answers[0][1].in_force:
            answers.append(await self._answer(name, "", changes))
        return await self.page(name, rules, form, [one for one, _ in answers])

    async def page(
        self, name: str, rules: str, form: Mapping[str, str] | None, answers: Sequence[Answered], *, wrong: bool = False
    ) -> Response:
        """The page. Raises InvalidRequest where there is no such situation."""
        situation = await self._situation(name)
        _ = self._frame.translate
        kept = begun(situation.facts) if form is None else form
        basis, citation = basis_of(situation.facts["basis"], _)
        return self._frame.page(
            "simulation.html",
            status=422 if wrong else 200,
            here=PATH,
            action=PATH,
            wrong=wrong,
            situations=await self._situations(),
            sets=await self._sets(),
            situation=name,
            rules=rules,
            basis=basis,
            citation=citation,
            act=_(ACTION_WORDS[situation.facts["action"]]),
            kept=kept,
            purposes=_choices(PURPOSE_WORDS, self._frame),
            recipients=_choices(RECIPIENT_WORDS, self._frame),
            states=_choices(STATE_NAMES, self._frame) if "groups" in situation.facts else [],
            sections=self._sections(kept),
            places=_by_place(facts_of(situation.facts), kept, self._frame),
            answers=answers,
        )

    async def _answer(self, name: str, rules: str, changes: Mapping[str, Any]) -> tuple[Answered, Simulation]:
        asked = {"acting_official": acting_official(self._frame.person), "situation": name, "changes": dict(changes)}
        body = NewSimulation.model_validate(asked | ({"policy_hash": rules} if rules else {}))
        simulation = await self._node.ask("privacy", "/v1/simulations", body, Simulation)
        _ = self._frame.translate
        tone, mark, outcome = OUTCOMES[{"would-permit": "permit", "would-deny": "deny"}.get(simulation.outcome, "permit-with-redaction")]  # type: ignore[index]
        return (
            Answered(
                set_name=_("The rules in force") if simulation.in_force else _("The set that was chosen"),
                verdict=(tone, mark, _(outcome)),
                group=students_of(_explained(simulation.groups[0]), [], {}, self._frame),
                owed=[Owed(said_of(one.kind, _), cited(one.citation or "", _), one.due_at) for one in simulation.would_oblige_to],
                rules=list(simulation.policies),
                reviewed=simulation.reviewed,
            ),
            simulation,
        )

    async def _all(self) -> tuple[SimulationSituation, ...]:
        return (await self._node.read("privacy", "/v1/simulation-situations", SimulationSituations)).situations

    async def _situation(self, name: str) -> SimulationSituation:
        found = next((one for one in await self._all() if one.name == name), None)
        if found is None:
            raise InvalidRequest("no such situation", field="situation")
        return found

    async def _situations(self) -> list[tuple[str, str]]:
        _ = self._frame.translate
        named = [(one.name, f"{basis_of(one.facts['basis'], _)[0]} · {_(ACTION_WORDS[one.facts['action']])}") for one in await self._all()]
        return sorted(named, key=lambda one: one[1])

    async def _sets(self) -> list[tuple[str, str]]:
        page = await self._node.read("privacy", "/v1/policy-sets", PolicySetPage, {"limit": 50})
        _ = self._frame.translate
        return [(one.policy_hash, f"{one.title} · {_(STAGES[one.stage][2])}") for one in page.policy_sets if one.stage != "active"]

    def _sections(self, kept: Mapping[str, str]) -> list[tuple[str, str, bool]]:
        _ = self._frame.translate
        words = {**SECTION_WORDS, EDUCATOR_SECTION: ELEMENT_WORDS["educator.credentials"]}
        return [(SECTION + code, _(name), SECTION + code in kept) for code, name in words.items()]


def _explained(group: SimulatedGroup) -> tuple[ExplainedElement, ...]:
    changes = {one.element: one.change for one in group.would_be_permitted_by}
    left = [ExplainedElement(element=element, permitted=True) for element in group.would_permit]
    stayed = [
        ExplainedElement(
            element=one.element,
            permitted=False,
            rule=one.policy,
            reason=one.reason,
            citation=one.citation,
            failed=one.failed,
            would_be_permitted_by=changes.get(one.element),
        )
        for one in group.would_withhold
    ]
    return (*left, *stayed)


def _by_place(facts: Sequence[Fact], kept: Mapping[str, str], frame: Frame) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    places: dict[str, list[tuple[str, str, bool]]] = {}
    for fact in facts:
        field = FACT + fact.path
        places.setdefault(frame.translate(fact.place), []).append((field, frame.translate(fact.name), field in kept))
    return list(places.items())


def _choices(words: Mapping[str, str], frame: Frame) -> list[tuple[str, str]]:
    return sorted(((code, frame.translate(word)) for code, word in words.items()), key=lambda one: one[1])
