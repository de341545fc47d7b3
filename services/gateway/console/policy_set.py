"""One set of rules: what it changes, what its checks found, what is missing before it decides, and who may do what is next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from safepassage.wire import Digest
from safepassage.wire_policy_sets import (
    NewPolicyTests,
    PolicyReplay,
    PolicyReportRequest,
    PolicySetDocument,
    PolicyTests,
)
from services.gateway.console.acts import Act
from services.gateway.console.decision_words import Tone
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import acting_official, said_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_set_words import ACKNOWLEDGEMENTS, NEEDS, REPLAY_STATES, STAGES
from services.gateway.console.policy_sets import PATH as LIST
from services.gateway.console.rule_texts import RuleText, rules_in
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/{{policy_hash}}"
CHECKS: Final = f"{PATH}/checks"
DRAFTERS: Final[tuple[Role, ...]] = ("privacy-officer",)
SHOWN_CASES: Final = 50

Hash = Annotated[Digest, Path(description="Of the set.")]


@dataclass(frozen=True)
class ChangedRule:
    """A rule that the set has otherwise than the one in force."""

    how: tuple[Tone, str, str]
    code: str
    now: RuleText | None
    before: RuleText | None

    @property
    def shown(self) -> RuleText | None:
        """Whose title is shown."""
        return self.now or self.before


@dataclass(frozen=True)
class ShownReplay:
    """A replay in a line."""

    href: str
    state: tuple[Tone, str, str]
    time: str
    losing: str | None
    gaining: str | None


def changed_rules(document: PolicySetDocument, active: Mapping[str, str], frame: Frame) -> list[ChangedRule]:
    """What is added, changed and removed; `active`: the texts of the set in force."""
    ours, theirs, difference, _ = rules_in(document.packs), rules_in(active), document.difference, frame.translate
    kinds: Sequence[tuple[tuple[Tone, str, str], tuple[str, ...]]] = (
        (("good", "check", _("New")), difference.added),
        (("warn", "half", _("Changed")), difference.changed),
        (("danger", "cross", _("Left out")), difference.removed),
    )
    return [
        ChangedRule(how, code, None if how[1] == "cross" else ours.get(code), None if how[1] == "check" else theirs.get(code))
        for how, codes in kinds
        for code in codes
    ]


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def show_policy_set(policy_hash: Hash, frame: Framed, node: Node) -> Response:
    """A set, as whoever has to approve it reads it."""
    document = await node.read("privacy", f"/v1/policy-sets/{policy_hash}", PolicySetDocument)
    active = await active_texts(document, node)
    _, here = frame.translate, PATH.format(policy_hash=policy_hash)
    tone, mark, word = STAGES[document.stage]
    may_draft = node.may("policies:draft") and document.stage not in ("active", "scheduled")
    ready = not document.needs
    return frame.page(
        "policy_set.html",
        set=document,
        stage=(tone, mark, _(word)),
        author=said_official(document.author, frame.person, _),
        based_on=None if document.based_on is None else f"{LIST}/{document.based_on}",
        rules=len(rules_in(document.packs)),
        changes=changed_rules(document, active, frame),
        needs=[_(NEEDS[one]) for one in document.needs],
        must_acknowledge=[_(ACKNOWLEDGEMENTS[one]) for one in document.must_acknowledge],
        failed=() if document.tests is None else document.tests.failed[:SHOWN_CASES],
        changed_cases=() if document.tests is None else document.tests.changed[:SHOWN_CASES],
        replays=[shown_replay(one, frame) for one in document.replays],
        approvals=[(said_official(one.official, frame.person, _), one.at) for one in document.approvals],
        checks=CHECKS.format(policy_hash=policy_hash) if may_draft else None,
        replay=f"{here}/replays" if may_draft else None,
        approve=f"{here}/approval" if node.may("policies:approve") and ready and document.stage not in ("active", "scheduled") else None,
        activate=f"{here}/activation" if node.may("policies:activate") and len(document.approvals) >= 2 else None,
    )


async def active_texts(document: PolicySetDocument, node: NodeReader) -> Mapping[str, str]:
    """The texts of the set in force."""
    if document.difference.active == document.policy_hash:
        return document.packs
    return (await node.read("privacy", f"/v1/policy-sets/{document.difference.active}", PolicySetDocument)).packs


def shown_replay(one: PolicyReplay, frame: Frame) -> ShownReplay:
    """A replay, and how far it is."""
    _, viewing = frame.translate, frame.viewing
    tone, mark, word = REPLAY_STATES[one.state]
    report = one.report
    return ShownReplay(
        href=f"{LIST}/{one.policy_hash}/replays/{one.id}",
        state=(tone, mark, _(word)),
        time=_("%(from)s to %(until)s") % {"from": viewing.instant(one.from_), "until": viewing.instant(one.until)},
        losing=None if report is None else viewing.number(report.decisions_losing),
        gaining=None if report is None else viewing.number(report.decisions_gaining),
    )


@router.post(
    CHECKS,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "meant": "yes: the built-in cases that changed are meant to"}),
)
async def check_policy_set(policy_hash: Hash, form: Act, frame: Framed, node: Node) -> Response:
    """Check the texts, and run the built-in cases; those that are no longer true are named as meant where the person says so."""
    where = f"/v1/policy-sets/{policy_hash}"
    official = acting_official(frame.person)
    await node.act("privacy", "POST", f"{where}/validation", key=form.key, body=PolicyReportRequest(acting_official=official))
    meant: tuple[str, ...] = ()
    if form.text("meant") == "yes":
        tests = (await node.read("privacy", where, PolicySetDocument)).tests
        meant = () if tests is None else _no_longer_true(tests)
    body = NewPolicyTests.model_validate({"acting_official": official, "changed_cases": meant})
    await node.act("privacy", "POST", f"{where}/tests", key=form.key, body=body)
    return RedirectResponse(f"{PATH.format(policy_hash=policy_hash)}#checks", 303)


def _no_longer_true(tests: PolicyTests) -> tuple[str, ...]:
    named = {one.id for one in (*tests.failed, *tests.changed)} - set(tests.named_in_vain)
    return tuple(sorted(named))
