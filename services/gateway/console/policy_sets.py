"""The sets of rules that the node holds, and from when on each decided or will."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_policy_sets import PolicyActivation, PolicyActivations, PolicySetPage, PolicySetSummary
from services.gateway.console.decision_words import Tone
from services.gateway.console.decisions import PATH as LIST
from services.gateway.console.navigation import RULE_READERS
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import said_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_set_words import REASONS, STAGES
from services.gateway.console.sorting import Columns, Orders, in_words
from services.gateway.console.words import spaced
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/sets"
ROLES: Final = RULE_READERS
ON_A_PAGE: Final = 50
ORDERS: Final = Orders("-recorded_at", region="#main")

ACTIVATIONS: Final = Columns(
    {"-starts": lambda one: one.starts_at, "set": lambda one: in_words(one.title), "state": lambda one: in_words(one.state[2])},
    parameter="sort-activations",
    region="#main",
)


@dataclass(frozen=True)
class ShownSet:
    """A row of the table of sets."""

    href: str
    title: str
    policy_hash: str
    stage: tuple[Tone, str, str]
    author: str
    recorded_at: datetime


@dataclass(frozen=True)
class ShownActivation:
    """A row of the table of activations."""

    number: int
    href: str
    title: str
    starts_at: datetime
    state: tuple[Tone, str, str]
    approved_by: str
    reason: str
    called_off_at: str | None
    """Where the reader can call it off."""


def shown_set(one: PolicySetSummary, frame: Frame) -> ShownSet:
    """A set in a row."""
    tone, mark, word = STAGES[one.stage]
    stage = (tone, mark, frame.translate(word))
    return ShownSet(
        f"{PATH}/{one.policy_hash}",
        one.title,
        one.policy_hash,
        stage,
        said_official(one.author, frame.person, frame.translate),
        one.recorded_at,
    )


def standing(activations: tuple[PolicyActivation, ...], now: datetime) -> int | None:
    """The number of the activation whose set decides now."""
    begun = [one for one in activations if one.called_off_at is None and one.valid_from <= now]
    return max(begun, key=lambda one: (one.valid_from, one.number)).number if begun else None


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_policy_sets(
    frame: Framed,
    node: Node,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
    activations_by: Annotated[str, ACTIVATIONS.query] = ACTIVATIONS.usual,
) -> Response:
    """Every set, the newest first, and the latest activations."""
    more = {} if cursor is None else {"cursor": cursor}
    page = await node.read("privacy", "/v1/policy-sets", PolicySetPage, {"limit": ON_A_PAGE, "sort": sort, **more})
    activations = (await all_activations(node)).activations
    titles = {one.policy_hash: one.title for one in page.policy_sets}
    deciding = standing(activations, frame.viewing.now)
    number, _ = len(page.policy_sets), frame.translate
    order = {**ORDERS.kept(sort), **ACTIVATIONS.kept(activations_by)}
    return frame.page(
        "policy_sets.html",
        sets=[shown_set(one, frame) for one in page.policy_sets],
        activations=ACTIVATIONS.rows([_activation(one, titles, deciding, frame, node) for one in activations], activations_by),
        activation_heads=frame.heads(ACTIVATIONS, activations_by),
        count=_("1 set of rules") if number == 1 else _("%(n)s sets of rules") % {"n": frame.viewing.number(number)},
        more=None if page.next is None else f"{PATH}?{urlencode({**order, 'cursor': page.next})}",
        heads=frame.heads(ORDERS, sort),
        draft=f"{PATH}/draft" if node.may("policies:draft") else None,
    )


async def all_activations(node: NodeReader) -> PolicyActivations:
    """The latest 200."""
    return await node.read("privacy", "/v1/policy-activations", PolicyActivations)


def _activation(one: PolicyActivation, titles: Mapping[str, str], deciding: int | None, frame: Frame, node: NodeReader) -> ShownActivation:
    _, now = frame.translate, frame.viewing.now
    state: tuple[Tone, str, str] = ("plain", "dot", _("Is over"))
    if one.called_off_at is not None:
        state = ("plain", "cross", _("Called off"))
    elif one.valid_from > now:
        state = ("warn", "clock", _("Starts later"))
    elif one.number == deciding:
        state = ("good", "shield", _("In force"))
    officials = [one.first_official, one.second_official]
    to_come = one.called_off_at is None and one.valid_from > now
    return ShownActivation(
        number=one.number,
        href=f"{PATH}/{one.policy_hash}",
        title=titles.get(one.policy_hash, one.policy_hash[:8]),
        starts_at=one.valid_from,
        state=state,
        approved_by=", ".join(said_official(official, frame.person, _) for official in officials if official is not None),
        reason=_(REASONS[one.reason]) if one.reason in REASONS else spaced(one.reason),
        called_off_at=f"{LIST}/activations/{one.number}/call-off" if to_come and node.may("policies:activate") else None,
    )
