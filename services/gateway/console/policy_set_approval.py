"""An official approves a set of rules: one of two, neither its author, each naming what its reports show."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.problems import SuiteError
from safepassage.wire_policy_sets import NewPolicyApproval, PolicySetDocument
from services.gateway.console.acts import OF_THE_FORM, Act, Field
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import acting_official, said_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_set import PATH as SET
from services.gateway.console.policy_set import Hash
from services.gateway.console.policy_set_words import ACKNOWLEDGEMENTS
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{SET}/approval"
ROLES: Final[tuple[Role, ...]] = ("approver",)


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def ask_policy_approval(policy_hash: Hash, frame: Framed, node: Node) -> Response:
    """What it means to approve it, and the form to do so."""
    return await _form(policy_hash, frame, node, {}, {})


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", **dict.fromkeys(ACKNOWLEDGEMENTS, "yes")}),
)
async def approve_policy_set_on_page(policy_hash: Hash, form: Act, frame: Framed, node: Node) -> Response:
    """Approve it, once."""
    named = [code for code in ACKNOWLEDGEMENTS if form.text(code) == "yes"]
    approval = NewPolicyApproval.model_validate({"acting_official": acting_official(frame.person), "acknowledges": named})
    try:
        await node.act("privacy", "POST", f"/v1/policy-sets/{policy_hash}/approvals", key=form.key, body=approval)
    except SuiteError as error:
        if error.status not in OF_THE_FORM:
            raise
        return await _form(policy_hash, frame, node, form.fields, {"": error.title})
    return RedirectResponse(SET.format(policy_hash=policy_hash), 303)


async def _form(policy_hash: str, frame: Frame, node: NodeReader, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    document = await node.read("privacy", f"/v1/policy-sets/{policy_hash}", PolicySetDocument)
    _ = frame.translate
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Approve a set of rules"),
        lede=_("Two officials approve it, and neither is its author. It decides once it is activated, and not before."),
        facts=[
            (_("Set of rules"), document.title),
            (_("Drafted by"), said_official(document.author, frame.person, _)),
            *what_it_changes(document, frame),
            (_("Approved so far by"), approved_by(document, frame)),
        ],
        undo=_("An approval is not taken back. A set that is approved decides nothing until it is activated."),
        fields=[Field(code, _(ACKNOWLEDGEMENTS[code]), kind="check") for code in document.must_acknowledge],
        kept=kept,
        wrong=wrong,
        action=PATH.format(policy_hash=policy_hash),
        button=_("Approve these rules"),
        danger=False,
        back=SET.format(policy_hash=policy_hash),
    )


def what_it_changes(document: PolicySetDocument, frame: Frame) -> list[tuple[str, str]]:
    """In facts of an act: rules, and who would gain or lose by the newest replay that has ended."""
    _, number, difference = frame.translate, frame.viewing.number, document.difference
    rules = {"added": number(len(difference.added)), "changed": number(len(difference.changed)), "removed": number(len(difference.removed))}
    facts = [(_("What it changes"), _("Rules that are new: %(added)s; changed: %(changed)s; left out: %(removed)s") % rules)]
    report = next((one.report for one in document.replays if one.report is not None), None)
    if report is not None:
        said = {"losing": number(report.decisions_losing), "gaining": number(report.decisions_gaining), "all": number(report.decisions)}
        facts.append((_("By the replay"), _("Decisions: %(all)s; would lose an element: %(losing)s; would gain one: %(gaining)s") % said))
    return facts


def approved_by(document: PolicySetDocument, frame: Frame) -> str:
    """Who, as a page says it."""
    _ = frame.translate
    return ", ".join(said_official(one.official, frame.person, _) for one in document.approvals) or _("Nobody")
