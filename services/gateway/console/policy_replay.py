"""A set of rules tried on decisions of the past: who would gain and who would lose, by purpose, recipient, element and rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_policy_sets import NewPolicyReplay, PolicyReplay, PolicySetDocument, ReplayReport, Shift
from services.gateway.console.acts import MISSING, NOT_READ, Act, ActForm, Field, FormWrong, refusals_beside
from services.gateway.console.charts.bars import shares
from services.gateway.console.charts.bars import stacked as stacked_bar
from services.gateway.console.decision_words import RECIPIENT_WORDS
from services.gateway.console.decisions import PATH as DECISIONS
from services.gateway.console.decisions import instant_of, named
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.exports import Form, filed
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import acting_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_replay_tables import ELEMENTS, PURPOSES, RECIPIENTS, RULES, AskedOfShifts, Shifted
from services.gateway.console.policy_set import PATH as SET
from services.gateway.console.policy_set import Hash, shown_replay
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.whole_tables import ShownTable, WholeTable
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

START: Final = f"{SET}/replays"
PATH: Final = f"{START}/{{replay_id}}"
DAYS: Final = 90
"""How far back the form begins with."""

EXPORT: Final = f"{PATH}/export"


@dataclass(frozen=True)
class ShownShifts:
    """A table of them: how many answers about one thing would change, and how wide its bars are beside the largest of its table."""

    code: str
    title: str
    shown: ShownTable[tuple[str, Shift]]
    widths: Mapping[str, tuple[str, str]]


@router.get(START, response_model=None, responses=page_responses(200, 404))
async def ask_policy_replay(policy_hash: Hash, frame: Framed, node: Node) -> Response:
    """What a replay does, and the form to start one."""
    return await _form(policy_hash, frame, node, {}, {})


@router.post(
    START,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "from": "Day", "to": "Day"}),
)
async def start_policy_replay_on_page(policy_hash: Hash, form: Act, frame: Framed, node: Node) -> Response:
    """Start it, once."""
    viewing = frame.viewing
    try:
        begins, ends = [_instant(form, name, frame) for name in ("from", "to")]
        asked = {"acting_official": acting_official(frame.person), "from": begins, "until": min(ends, viewing.now)}
        body = NewPolicyReplay.model_validate(asked)
        with refusals_beside("from", "until"):
            answer = await node.act("privacy", "POST", f"/v1/policy-sets/{policy_hash}/replays", key=form.key, body=body)
    except FormWrong as wrong:
        beside = {"to" if name == "until" else name: said for name, said in wrong.fields.items()}
        return await _form(policy_hash, frame, node, form.fields, beside)
    replay = PolicyReplay.model_validate_json(answer)
    return RedirectResponse(PATH.format(policy_hash=policy_hash, replay_id=replay.id), 303)


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def show_policy_replay(policy_hash: Hash, replay_id: UUID, frame: Framed, node: Node, asked: Shifted) -> Response:
    """How far it is, then what it found."""
    where = f"/v1/policy-sets/{policy_hash}"
    replay = await node.read("privacy", f"{where}/replays/{replay_id}", PolicyReplay)
    document = await node.read("privacy", where, PolicySetDocument)
    report, _ = replay.report, frame.translate
    return frame.page(
        "policy_replay.html",
        title=document.title,
        set_page=SET.format(policy_hash=policy_hash),
        replay=replay,
        shown=shown_replay(replay, frame),
        report=report,
        finding="" if report is None else finding_of(report, frame),
        parts=() if report is None else stacked_bar(_parts(report, _)),
        shifts=[]
        if report is None
        else shifts_of(report, frame, asked, export=EXPORT.format(policy_hash=policy_hash, replay_id=replay.id)),
        samples=[] if report is None else _samples(report, _),
    )


def _parts(report: ReplayReport, translate: Callable[[str], str]) -> Sequence[tuple[str, int]]:
    """In the order of the chart's colours: what stays as it was is the sixth, grey."""
    return (
        (translate("Would stay, and left then"), report.permit_to_deny),
        (translate("Would leave, and stayed then"), report.deny_to_permit),
        (translate("Would stay for another reason"), report.other_reason),
        ("", 0),
        ("", 0),
        (translate("As before"), report.unchanged),
    )


def finding_of(report: ReplayReport, frame: Frame) -> str:
    """What the picture shows, in a sentence."""
    _, number = frame.translate, frame.viewing.number
    if not report.permit_to_deny and not report.deny_to_permit:
        return _("No answer would change from leaving to staying or back.")
    said = {"losing": number(report.permit_to_deny), "gaining": number(report.deny_to_permit)}
    return _("Answers that would change from leaving to staying: %(losing)s; from staying to leaving: %(gaining)s.") % said


@router.get(EXPORT, response_model=None, responses=page_responses(200, 404))
async def export_policy_replay(
    policy_hash: Hash,
    replay_id: UUID,
    frame: Framed,
    node: Node,
    asked: Shifted,
    table: Annotated[Literal["purpose", "recipient", "element", "rule"], Query(description="By what.")] = "purpose",
    form: Form = "csv",
) -> Response:
    """What would change by one of them, as a file; nothing while it is under way."""
    replay = await node.read("privacy", f"/v1/policy-sets/{policy_hash}/replays/{replay_id}", PolicyReplay)
    found = {} if replay.report is None else {whole.name: (whole, rows) for whole, _title, rows in _tables(replay.report, frame)}
    whole, rows = found.get(table, (PURPOSES, []))
    return filed(whole, rows, asked.by[table], form)


def shifts_of(report: ReplayReport, frame: Frame, asked: AskedOfShifts, *, export: str) -> list[ShownShifts]:
    """A table each, by what a person asks first; one in which nothing shifts is left out."""
    shown = []
    for whole, title, rows in _tables(report, frame):
        widths = shares([count for _name, one in rows for count in (one.permit_to_deny, one.deny_to_permit)])
        wide = {one.name: (widths[2 * place], widths[2 * place + 1]) for place, (_name, one) in enumerate(rows)}
        shown.append(ShownShifts(whole.name, title, frame.table(whole, rows, asked.by[whole.name], export=export), wide))
    return shown


def _tables(report: ReplayReport, frame: Frame) -> list[tuple[WholeTable, str, list[tuple[str, Shift]]]]:
    _ = frame.translate
    tables: Sequence[tuple[WholeTable, str, tuple[Shift, ...], Mapping[str, str]]] = (
        (PURPOSES, _("By purpose"), report.by_purpose, PURPOSE_WORDS),
        (RECIPIENTS, _("By recipient"), report.by_recipient_kind, RECIPIENT_WORDS),
        (ELEMENTS, _("By element"), report.by_element, ELEMENT_WORDS),
        (RULES, _("By rule"), report.by_policy, {}),
    )
    return [(whole, title, _called(shifts, words, frame)) for whole, title, shifts, words in tables if shifts]


def _called(shifts: tuple[Shift, ...], words: Mapping[str, str], frame: Frame) -> list[tuple[str, Shift]]:
    most_first = sorted(shifts, key=lambda one: (-one.permit_to_deny - one.deny_to_permit, one.name))
    return [(named(words, one.name, frame.translate) if words else one.name, one) for one in most_first]


def _samples(report: ReplayReport, translate: Callable[[str], str]) -> list[tuple[str, list[tuple[str, str]]]]:
    kinds = ((translate("Some that would lose"), report.samples_losing), (translate("Some that would gain"), report.samples_gaining))
    return [(title, [(f"{DECISIONS}/{one}", str(one)) for one in ids]) for title, ids in kinds if ids]


def _instant(form: ActForm, name: str, frame: Frame) -> datetime:
    """Where a day begins, or the last one ends. Raises FormWrong."""
    try:
        found = instant_of(form.text(name), frame.viewing, field=name, last=name == "to")
    except InvalidRequest as error:
        raise FormWrong({name: NOT_READ}) from error
    if found is None:
        raise FormWrong({name: MISSING})
    return found


async def _form(policy_hash: str, frame: Frame, node: NodeReader, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    document = await node.read("privacy", f"/v1/policy-sets/{policy_hash}", PolicySetDocument)
    _, today = frame.translate, frame.viewing.today
    begins = {"from": (today - timedelta(days=DAYS)).isoformat(), "to": today.isoformat()}
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Try a set of rules on past decisions"),
        lede=_("Each decision of that time is made again by this set, and compared with what was decided. Nothing is changed by it."),
        facts=[(_("Set of rules"), document.title), (_("What is shown"), _("Counts by purpose, recipient, element and rule; no student"))],
        undo=_("There is nothing to undo: decisions stay as they were decided."),
        fields=[Field("from", _("From day"), kind="date"), Field("to", _("To day"), kind="date")],
        kept={**begins, **kept},
        wrong=wrong,
        action=START.format(policy_hash=policy_hash),
        button=_("Start the replay"),
        danger=False,
        back=SET.format(policy_hash=policy_hash),
    )
