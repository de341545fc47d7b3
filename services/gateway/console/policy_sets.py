"""The sets of rules that the node holds, and from when on each decided or will."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from safepassage.wire_policy_sets import PolicyActivation, PolicyActivations, PolicySetOrigin, PolicySetPage, PolicySetSummary
from services.gateway.console.decision_words import Tone
from services.gateway.console.decisions import PATH as LIST
from services.gateway.console.exports import Form, exported, filed, rows_of
from services.gateway.console.navigation import RULE_READERS
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import said_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_set_words import REASONS, STAGES
from services.gateway.console.sorting import Orders
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Asked, Filter, WholeTable, coded
from services.gateway.console.words import spaced, word
from services.gateway.people.pages import page_responses
from shared.word_order import in_words

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/sets"
EXPORT: Final = f"{PATH}/export"
ROLES: Final = RULE_READERS
ON_A_PAGE: Final = 50
IN_AN_EXPORT: Final = 5_000
API: Final = "/v1/policy-sets"
ORDERS: Final = Orders("-recorded_at", "title", region="#sets")
ORIGINS: Final[Mapping[PolicySetOrigin, str]] = {"release": word("Come with the software"), "draft": word("Drafted here")}
ACTIVATED: Final = {"yes": word("Decide, decided or will"), "no": word("Never activated")}
COLUMNS: Final = ("policy_hash", "title", "stage", "origin", "author", "recorded_at")

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
    stage: tuple[Tone, str, str]
    author: str
    """Who drafted it, in words."""
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
        stage,
        said_official(one.author, frame.person, frame.translate),
        one.recorded_at,
    )


def standing(activations: tuple[PolicyActivation, ...], now: datetime) -> int | None:
    """The number of the activation whose set decides now."""
    begun = [one for one in activations if one.called_off_at is None and one.valid_from <= now]
    return max(begun, key=lambda one: (one.valid_from, one.number)).number if begun else None


async def _chosen(
    origin: Annotated[PolicySetOrigin | Literal[""], Query()] = "",
    activated: Annotated[Literal["yes", "no", ""], Query(description="Whether an activation of it holds.")] = "",
) -> Mapping[str, str]:
    return {name: value for name, value in (("origin", origin), ("activated", activated)) if value}


Chosen = Annotated[Mapping[str, str], Depends(_chosen)]
"""The filters that are set."""


def _asked(chosen: Mapping[str, str]) -> dict[str, str]:
    """The same as the service is asked for it."""
    return {name: {"yes": "true", "no": "false"}.get(value, value) for name, value in chosen.items()}


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_policy_sets(
    frame: Framed,
    node: Node,
    chosen: Chosen,
    activations_by: Annotated[Asked, ACTIVATIONS.asked],
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
) -> Response:
    """The sets, the newest first, and the latest activations."""
    _, number_of, more = frame.translate, frame.viewing.number, {} if cursor is None else {"cursor": cursor}
    found, following = await node.page("privacy", API, PolicySetPage, {**_asked(chosen), **more, "sort": sort, "limit": ON_A_PAGE})
    number, beside = len(found.policy_sets), ACTIVATIONS.said(activations_by)
    count = _("1 set of rules") if number == 1 else _("%(n)s sets of rules") % {"n": number_of(number)}
    kept = {**chosen, **ORDERS.kept(sort), **beside}
    return frame.page(
        "policy_sets.html",
        sets=[shown_set(one, frame) for one in found.policy_sets],
        count=_("%(n)s sets of rules, and more") % {"n": number_of(number)} if following else count,
        more=None if following is None else f"{PATH}?{urlencode({**kept, 'cursor': following['cursor']})}",
        heads=frame.heads(ORDERS, sort),
        order={**ORDERS.kept(sort), **beside},
        export=ORDERS.address(EXPORT, sort, **chosen),
        origins=[(code, _(said)) for code, said in ORIGINS.items()],
        activated=[(code, _(said)) for code, said in ACTIVATED.items()],
        chosen=chosen,
        activations=frame.table(ACTIVATIONS, await _activations(frame, node), activations_by, export=EXPORT),
        draft=f"{PATH}/draft" if node.may("policies:draft") else None,
    )


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_policy_sets(
    frame: Framed,
    node: Node,
    chosen: Chosen,
    activations_by: Annotated[Asked, ACTIVATIONS.asked],
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
    table: Annotated[Literal["sets", "activations"], Query(description="Which of the page's.")] = "sets",
    form: Form = "csv",
) -> Response:
    """The first 5,000 sets of the list's order, or the activations, as a file; the texts of a set are had over the interface."""
    if table == "activations":
        return filed(ACTIVATIONS, await _activations(frame, node), activations_by, form)
    asked = {**_asked(chosen), "sort": sort}
    found = await rows_of(node, "privacy", API, PolicySetPage, asked, lambda page: page.policy_sets, most=IN_AN_EXPORT)
    return exported("sets", form, COLUMNS, [one.model_dump(mode="json") for one in found], most=IN_AN_EXPORT)


async def _activations(frame: Frame, node: NodeReader) -> list[ShownActivation]:
    activations = (await all_activations(node)).activations
    deciding = standing(activations, frame.viewing.now)
    return [_activation(one, deciding, frame, node) for one in activations]


async def all_activations(node: NodeReader) -> PolicyActivations:
    """The latest 200."""
    return await node.read("privacy", "/v1/policy-activations", PolicyActivations)


def _activation(one: PolicyActivation, deciding: int | None, frame: Frame, node: NodeReader) -> ShownActivation:
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
        title=one.title or one.policy_hash[:8],
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
