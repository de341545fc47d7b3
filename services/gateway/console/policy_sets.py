"""The sets of rules that the node holds, and from when on each decided or will."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_policy_sets import PolicyActivation, PolicyActivations, PolicySetPage, PolicySetSummary
from services.gateway.console.decision_words import Tone
from services.gateway.console.decisions import PATH as LIST
from services.gateway.console.exports import Form, filed
from services.gateway.console.navigation import RULE_READERS
from services.gateway.console.node_reader import Node, NodeReader, all_pages
from services.gateway.console.officials import said_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_set_words import REASONS, STAGES
from services.gateway.console.sorting import in_words
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Asked, Filter, WholeTable, coded
from services.gateway.console.words import spaced, word
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/sets"
EXPORT: Final = f"{PATH}/export"
ROLES: Final = RULE_READERS
MOST: Final = 1_000
"""Sets, the newest: all that a node will have, for each takes two officials."""

SETS: Final = WholeTable(
    "sets",
    {"-recorded": lambda one: one.recorded_at, "set": lambda one: in_words(one.title), "stage": lambda one: list(STAGES).index(one.code)},
    filters={
        "stage": Filter(word("How far it is"), lambda one, _: [(one.code, one.stage[2])], STAGES),
    },
    file={
        "policy_hash": lambda one: one.policy_hash,
        "title": lambda one: one.title,
        "stage": lambda one: one.code,
        "author": lambda one: one.of,
        "recorded_at": lambda one: utc(one.recorded_at),
    },
    is_first=True,
)
ACTIVATION_STATES: Final[Mapping[str, tuple[Tone, str, str]]] = {
    "in-force": ("good", "shield", word("In force")),
    "later": ("warn", "clock", word("Starts later")),
    "over": ("plain", "dot", word("Is over")),
    "called-off": ("plain", "cross", word("Called off")),
}
"""Tone, mark and word."""

ACTIVATIONS: Final = WholeTable(
    "activations",
    {"-starts": lambda one: one.starts_at, "set": lambda one: in_words(one.title), "state": lambda one: in_words(one.state[2])},
    filters={
        "state": Filter(word("State"), lambda one, _: [(one.code, one.state[2])], ACTIVATION_STATES),
        "reason": Filter(word("Reason"), lambda one, _: [(coded(one.because), one.reason)]),
    },
    file={
        "number": lambda one: one.number,
        "policy_hash": lambda one: one.policy_hash,
        "title": lambda one: one.title,
        "starts_at": lambda one: utc(one.starts_at),
        "state": lambda one: one.code,
        "officials": lambda one: list(one.officials),
        "reason": lambda one: one.because,
    },
)


@dataclass(frozen=True)
class ShownSet:
    """A row of the table of sets."""

    href: str
    title: str
    policy_hash: str
    code: str
    """Of its stage."""
    stage: tuple[Tone, str, str]
    of: str
    author: str
    """Who drafted it, as the record has it and in words."""
    recorded_at: datetime


@dataclass(frozen=True)
class ShownActivation:
    """A row of the table of activations."""

    number: int
    href: str
    title: str
    policy_hash: str
    starts_at: datetime
    code: str
    """Of its state."""
    state: tuple[Tone, str, str]
    officials: tuple[str, ...]
    approved_by: str
    """By whom, as the record has it and in words."""
    because: str
    reason: str
    """The code, and in words."""
    called_off_at: str | None
    """Where the reader can call it off."""


def shown_set(one: PolicySetSummary, frame: Frame) -> ShownSet:
    """A set in a row."""
    tone, mark, said = STAGES[one.stage]
    stage = (tone, mark, frame.translate(said))
    return ShownSet(
        f"{PATH}/{one.policy_hash}",
        one.title,
        one.policy_hash,
        one.stage,
        stage,
        one.author,
        said_official(one.author, frame.person, frame.translate),
        one.recorded_at,
    )


def standing(activations: tuple[PolicyActivation, ...], now: datetime) -> int | None:
    """The number of the activation whose set decides now."""
    begun = [one for one in activations if one.called_off_at is None and one.valid_from <= now]
    return max(begun, key=lambda one: (one.valid_from, one.number)).number if begun else None


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_policy_sets(
    frame: Framed, node: Node, asked: Annotated[Asked, SETS.asked], activations_by: Annotated[Asked, ACTIVATIONS.asked]
) -> Response:
    """Every set, the newest first, and the latest activations."""
    sets, activations = await _held(frame, node)
    shown, _ = frame.table(SETS, sets, asked, export=EXPORT), frame.translate
    number = shown.number
    return frame.page(
        "policy_sets.html",
        sets=shown,
        activations=frame.table(ACTIVATIONS, activations, activations_by, export=EXPORT),
        count=_("1 set of rules") if number == 1 else _("%(n)s sets of rules") % {"n": frame.viewing.number(number)},
        draft=f"{PATH}/draft" if node.may("policies:draft") else None,
    )


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_policy_sets(
    frame: Framed,
    node: Node,
    asked: Annotated[Asked, SETS.asked],
    activations_by: Annotated[Asked, ACTIVATIONS.asked],
    table: Annotated[Literal["sets", "activations"], Query(description="Which of the page's.")] = "sets",
    form: Form = "csv",
) -> Response:
    """The sets, or the activations, as a file; the texts of a set are had over the interface."""
    sets, activations = await _held(frame, node)
    return filed(SETS, sets, asked, form) if table == "sets" else filed(ACTIVATIONS, activations, activations_by, form)


async def _held(frame: Frame, node: NodeReader) -> tuple[list[ShownSet], list[ShownActivation]]:
    pages = all_pages(node, "privacy", "/v1/policy-sets", PolicySetPage, {}, most=MOST)
    sets = [one async for page in pages for one in page.policy_sets]
    activations = (await all_activations(node)).activations
    titles = {one.policy_hash: one.title for one in sets}
    deciding = standing(activations, frame.viewing.now)
    return [shown_set(one, frame) for one in sets], [_activation(one, titles, deciding, frame, node) for one in activations]


async def all_activations(node: NodeReader) -> PolicyActivations:
    """The latest 200."""
    return await node.read("privacy", "/v1/policy-activations", PolicyActivations)


def _activation(one: PolicyActivation, titles: Mapping[str, str], deciding: int | None, frame: Frame, node: NodeReader) -> ShownActivation:
    _, now = frame.translate, frame.viewing.now
    code = "over"
    if one.called_off_at is not None:
        code = "called-off"
    elif one.valid_from > now:
        code = "later"
    elif one.number == deciding:
        code = "in-force"
    tone, mark, said = ACTIVATION_STATES[code]
    officials = [one.first_official, one.second_official]
    to_come = one.called_off_at is None and one.valid_from > now
    return ShownActivation(
        number=one.number,
        href=f"{PATH}/{one.policy_hash}",
        title=titles.get(one.policy_hash, one.policy_hash[:8]),
        starts_at=one.valid_from,
        policy_hash=one.policy_hash,
        code=code,
        state=(tone, mark, _(said)),
        officials=tuple(official for official in officials if official is not None),
        because=one.reason,
        approved_by=", ".join(said_official(official, frame.person, _) for official in officials if official is not None),
        reason=_(REASONS[one.reason]) if one.reason in REASONS else spaced(one.reason),
        called_off_at=f"{LIST}/activations/{one.number}/call-off" if to_come and node.may("policies:activate") else None,
    )
