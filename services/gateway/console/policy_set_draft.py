"""Drafting a set of rules: a set that is held, with a pack of Cedar's text more, changed, or left out."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.wire_policy_sets import NewPolicySet, PolicySetDocument, PolicySetPage
from services.gateway.console.acts import MISSING, Act, Field, FormWrong, refusals_beside
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import acting_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_set import DRAFTERS
from services.gateway.console.policy_set_words import STAGES
from services.gateway.console.policy_sets import PATH as LIST
from services.gateway.console.policy_sets import all_activations, standing
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/draft"
ROLES: Final = DRAFTERS
FIELDS: Final = ("title", "based_on", "pack", "text", "without")


@router.get(PATH, response_model=None, responses=page_responses(200))
async def ask_policy_set(frame: Framed, node: Node) -> Response:
    """What a draft is, and the form for one."""
    return await _form(frame, node, {}, {})


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", **dict.fromkeys(FIELDS, "Of the draft")}),
)
async def draft_policy_set_on_page(form: Act, frame: Framed, node: Node) -> Response:
    """Draft it, once."""
    try:
        made = await _drafted(form, frame, node)
    except FormWrong as wrong:
        return await _form(frame, node, form.fields, wrong.fields)
    return RedirectResponse(f"{LIST}/{made.policy_hash}", 303)


async def _drafted(form: Act, frame: Frame, node: NodeReader) -> PolicySetDocument:
    """Raises FormWrong."""
    name, text, without = form.text("pack"), form.text("text"), form.text("without")
    if not (name or text or without):
        raise FormWrong({"pack": MISSING, "text": MISSING})
    if bool(name) != bool(text):
        raise FormWrong({"pack" if text else "text": MISSING})
    packs = [{"name": name, "text": text.replace("\r\n", "\n")}] if name else []
    try:
        new = form.model(NewPolicySet, acting_official=acting_official(frame.person), packs=packs, without=[without] if without else [])
    except FormWrong as wrong:  # a pack's own fields are one field of the form
        raise FormWrong({"pack" if name == "packs" else name: said for name, said in wrong.fields.items()}) from wrong
    with refusals_beside(*FIELDS):
        answer = await node.act("privacy", "POST", "/v1/policy-sets", key=form.key, body=new)
    return PolicySetDocument.model_validate_json(answer)


async def _form(frame: Frame, node: NodeReader, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _ = frame.translate
    page = await node.read("privacy", "/v1/policy-sets", PolicySetPage, {"limit": 100})
    activations = (await all_activations(node)).activations
    number = standing(activations, frame.viewing.now)
    active = next((one.policy_hash for one in activations if one.number == number), "")
    packs = (await node.read("privacy", f"/v1/policy-sets/{active}", PolicySetDocument)).packs if active else {}
    sets = [(one.policy_hash, f"{one.title} · {_(STAGES[one.stage][2])}") for one in page.policy_sets]
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Draft a set of rules"),
        lede=_("Another set with a pack of rules more, changed or left out. It decides nothing until two others have approved it."),
        facts=[(_("What comes next"), _("Checks, the built-in cases, a replay over past decisions, two approvals, activation"))],
        undo=_("A draft stays on record, and decides nothing by itself."),
        fields=[
            Field("title", _("Title"), _("What it is for: “Board policy 7”.")),
            Field("based_on", _("Based on"), kind="choice", options=sets),
            Field(
                "pack",
                _("Name of the pack"),
                _("Whose law, and what for: us-xa.forbids. A pack of the same name is replaced."),
                required=False,
            ),
            Field(
                "text",
                _("Rules, in Cedar"),
                _("Each with @id, @title, @citation and the other annotations: docs/policy-sets.md."),
                kind="area",
                required=False,
            ),
            Field(
                "without",
                _("Leave out this pack"),
                _("Of the set that it is based on."),
                kind="choice",
                required=False,
                options=[(name, name) for name in packs],
            ),
        ],
        kept={"based_on": active, **kept},
        wrong=wrong,
        action=PATH,
        button=_("Draft it"),
        danger=False,
        back=LIST,
    )
