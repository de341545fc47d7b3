"""One exchange: who asked whom for what, and step by step what was answered and what the receipts say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.problems import REGISTRY
from safepassage.problems.dead_letters import NoSuchLetter
from safepassage.wire_dead_letters import DeadLetter
from safepassage.wire_exchanges import ExchangeAnswerStep, ExchangeTimeline
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.exchange_words import ABOUT, ANSWER_STATES, ANSWERS, STANDINGS, Tone
from services.gateway.console.exchanges import API, OVER
from services.gateway.console.exchanges import PATH as LIST
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.peer_problem_words import peer_remedy
from services.gateway.console.peers_named import host_of, named_peers
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/{{exchange_id}}"
UNANSWERED: Final = frozenset({"requested", "accepted", "waiting", "not-provided", "expired", "refused"})


@dataclass(frozen=True)
class Step:
    """Something that happened, or will."""

    at: datetime | None
    tone: Tone
    mark: str
    says: str
    more: str = ""


def steps_of(one: ExchangeTimeline, frame: Frame) -> list[Step]:
    """In the order in which they happened; what is awaited is last. Signed messages count whole seconds, so the order is given here."""
    _, out = frame.translate, one.direction == "out"
    steps = [
        Step(
            one.requested_at,
            "plain",
            "dot",
            _("The request was written into our log and left") if out else _("The request came and is in our log"),
        )
    ]
    if out and one.accepted_at is not None:
        steps.append(Step(one.accepted_at, "good", "check", _("The other node put it on its record"), _("By its signed receipt.")))
    for answer in one.answers:
        steps += _answer(answer, frame, out=out)
    if one.read_in_part:
        steps.append(
            Step(
                None,
                "warn",
                "half",
                _("Not all of the record is read: the other node’s version is later than ours"),
                _("What this version does not know is kept sealed beside the record, and read after an upgrade."),
            )
        )
    if one.unread_by_peer:
        named = ", ".join(_(ELEMENT_WORDS.get(element, element)) for element in one.unread_by_peer)
        steps.append(
            Step(
                None,
                "warn",
                "half",
                _("The other node does not read all of it: its version is earlier than ours"),
                _("It keeps sealed, until it is upgraded: %(elements)s. Who needs to know of them there can be told by another way.")
                % {"elements": named},
            )
        )
    if one.held_back_at is not None:
        steps.append(
            Step(one.held_back_at, "warn", "cross", _("An operator recalled the answer; no record is provided until it is sent again"))
        )
    if one.match_id is not None:
        steps.append(Step(None, "warn", "half", _("A person has to say which child it is")))
    if one.problem_code is not None:
        steps.append(Step(None, "danger", "cross", _("It came to nothing"), problem_title(one.problem_code, _)))
    if one.state == "expired":
        steps.append(Step(one.expires_at, "danger", "clock", _("The time to answer was over")))
    if one.state not in OVER and one.next_attempt_at is not None and one.state == "requested":
        steps.append(Step(one.next_attempt_at, "plain", "clock", _("It is tried again"), _tried(one.attempts, frame)))
    return steps


def _answer(answer: ExchangeAnswerStep, frame: Frame, *, out: bool) -> list[Step]:
    _ = frame.translate
    entry = "" if answer.log_index is None else _("Entry %(n)s of our log.") % {"n": frame.viewing.number(answer.log_index)}
    what, who = _(ANSWERS[answer.kind]), _("The other node answered") if out else _("We answered")
    steps = [Step(answer.made_at, "plain", "dot", f"{who}: {what}", entry)]
    if answer.stored_at is not None:
        says = _("Stored here, with our receipt") if out else _("Stored by who asked, by its signed receipt")
        steps.append(Step(answer.stored_at, "good", "check", says))
    if answer.filed_at is not None and answer.rejected_because is not None:
        steps.append(Step(answer.filed_at, "danger", "cross", _("It could not be filed"), problem_title(answer.rejected_because, _)))
    elif answer.filed_at is not None:
        says = _("Filed here, with our receipt") if out else _("Filed by who asked, by its signed receipt")
        steps.append(Step(answer.filed_at, "good", "check", says))
    elif answer.state in ("withdrawn", "expired", "rejected"):
        steps.append(Step(None, "warn", "cross", f"{what}: {_(ANSWER_STATES[answer.state])}"))
    elif answer.next_attempt_at is not None:
        says = f"{what}: {_(ANSWER_STATES[answer.state])}"
        steps.append(Step(answer.next_attempt_at, "plain", "clock", says, _tried(answer.attempts, frame)))
    return steps


def _tried(attempts: int, frame: Frame) -> str:
    _ = frame.translate
    if not attempts:
        return _("The next attempt, which is the first.")
    if attempts == 1:
        return _("The next attempt; one was in vain.")
    return _("The next attempt; %(n)s were in vain.") % {"n": frame.viewing.number(attempts)}


def problem_title(code: str, translate: Callable[[str], str]) -> str:
    """What a problem is called; the code where it is none of ours."""
    problem = REGISTRY.get(code)
    return code if problem is None else translate(problem.title)


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def show_exchange(exchange_id: UUID, frame: Framed, node: Node) -> Response:
    """One exchange, by this node's id of it."""
    _, viewing = frame.translate, frame.viewing
    one = await node.read("records", f"{API}/{exchange_id}", ExchangeTimeline)
    peers = named_peers(frame)
    peer = peers.state(one.peer)
    tone, mark, state = STANDINGS[one.state]
    facts = [
        (_("Asked for"), _(ABOUT[one.about])),
        (_("Purpose"), _(PURPOSE_WORDS.get(one.purpose, one.purpose))),
        (_("Other node"), host_of(one.peer)),
        (_("Asked"), viewing.instant(one.requested_at)),
        (_("Can be answered until"), f"{viewing.instant(one.expires_at)}{_left(one, frame)}"),
        (_("Exchange"), str(one.exchange_id)),
    ]
    code = one.problem_code
    return frame.page(
        "exchange.html",
        asked=_("We asked %(who)s") % {"who": peer} if one.direction == "out" else _("%(who)s asked us") % {"who": peer},
        tone=tone,
        mark=mark,
        state=_(state),
        facts=facts,
        steps=steps_of(one, frame),
        remedy=None if code is None else peer_remedy(code, _),
        problem_remedy=None if code not in REGISTRY else REGISTRY[code].remedy,
        match=f"/console/matches/{one.match_id}" if one.match_id is not None and node.may("matches:resolve") else None,
        letters=await _letters(node, one),
        again=None if one.requeued_as is None else f"{LIST}/{one.requeued_as}",
        back=LIST,
    )


def _left(one: ExchangeTimeline, frame: Frame) -> str:
    _ = frame.translate
    days = frame.viewing.days_until(one.expires_at)
    if one.state not in UNANSWERED or one.state in OVER or days < 0:
        return ""
    left = _("today") if days == 0 else _("in 1 day") if days == 1 else _("in %(n)s days") % {"n": days}
    return f" ({left})"


async def _letters(node: NodeReader, one: ExchangeTimeline) -> list[str]:
    """Where an operator deals with what did not arrive of it."""
    if not node.may("exchange:operate"):
        return []
    ended = [one.exchange_id] if one.direction == "out" and one.state in OVER - {"applied"} else []
    ended += [
        answer.id for answer in one.answers if one.direction == "in" and answer.state in ("withdrawn", "expired", "rejected", "received")
    ]
    found = []
    for identifier in ended:
        try:
            letter = await node.read("records", f"/v1/dead-letters/{identifier}", DeadLetter)
        except NoSuchLetter:
            continue
        found.append(f"/console/dead-letters/{letter.id}")
    return found
