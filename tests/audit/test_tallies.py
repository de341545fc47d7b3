"""Counting entries by what they say: as many as there are, in the intervals that they lie in, and of a district its own."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_log_tallies import Dimension, Tallies
from shared.contracts.audit import Actor, Event
from tests.audit.audit_node import ELM, ENTITY, OAK, STATE, AuditNode, event, give_organisations, running
from tests.audit.peer_log import BIRCH, PeerLog, member, trust_settings
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

CEDAR = "https://cedar.example"
STATES = {BIRCH: "XB", CEDAR: "XC", ENTITY: "XA"}


@pytest.fixture
async def known(store_url: str, node_keys: Path, tmp_path: Path, clock: StandingClock) -> AsyncIterator[AuditNode]:
    """A node whose trust list has two others."""
    members = [member(node, PeerLog(node).as_log()).model_copy(update={"state": state}) for node, state in STATES.items()]
    async with running(store_url, node_keys, clock, **trust_settings(tmp_path, *members, now=clock())) as node:
        await give_organisations(node)
        yield node


def state(node: AuditNode) -> dict[str, str]:
    return node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")


def some_event(draw: Random) -> Event:
    """Of any kind, about a student of either district, to or from anybody."""
    said: dict[str, Any] = {"outcome": draw.choice(["permit", "deny"])}
    for name, values in (("purpose", ["enrollment", "military"]), ("reason", ["no-agreement", "hold"])):
        if draw.random() < 0.7:
            said[name] = draw.choice(values)
    if draw.random() < 0.7:
        node = draw.choice([BIRCH, CEDAR, "https://gone.example", None])
        said |= {"recipient_organisation": f"{node}#1" if node else str(OAK)} | ({"recipient_node": node} if node else {})
    made = event(draw.choice(["match", "receipt", "load"]), student=uuid4(), custodian=draw.choice([OAK, ELM]), **said)
    if draw.random() < 0.5:
        made = made.model_copy(update={"actor": Actor(kind="peer", client_id=draw.choice([BIRCH, CEDAR, "https://gone.example"]))})
    return made


def values_of(one: Event, by: tuple[Dimension, ...]) -> tuple[str, ...]:
    """What a tally is to say of an event."""
    context, client = one.context, one.actor.client_id or ""
    node = context.recipient_node or (ENTITY if context.recipient_organisation else "")
    every = {
        "class": one.class_,
        "outcome": context.outcome,
        "purpose": context.purpose,
        "reason": context.reason,
        "recipient_state": STATES.get(node),
        "sender_state": STATES.get(client),
    }
    return tuple(every[name] or "" for name in by)


async def tallied(node: AuditNode, headers: dict[str, str], bounds: list[datetime], *tallies: dict[str, Any]) -> Tallies:
    body = {"bounds": [one.isoformat() for one in bounds], "tallies": list(tallies)}
    answer = await node.send("POST", "/v1/log/tallies", headers, body)
    assert answer.status == 200, answer.body
    return Tallies.model_validate_json(answer.body)


async def three_hours(node: AuditNode, clock: StandingClock) -> list[tuple[int, Event]]:
    """Events in three hours, those of the last one not in the index yet."""
    draw, made = Random(7), []
    for hour in range(3):
        several = [some_event(draw) for _ in range(40)]
        await node.append(*several)
        made += [(hour, one) for one in several]
        if hour == 1:
            await node.app.state.projector.catch_up()
        clock.advance(hours=1)
    return made


@pytest.mark.requirement("CON-crossings")
@pytest.mark.parametrize(
    "by", [(), ("class",), ("purpose", "recipient_state"), ("purpose", "sender_state"), ("reason", "outcome"), ("sender_state",)]
)
async def test_a_tally_counts_what_one_would_count_entry_by_entry(
    known: AuditNode, clock: StandingClock, by: tuple[Dimension, ...]
) -> None:
    start, made = clock(), await three_hours(known, clock)
    bounds = [start + timedelta(hours=hour) for hour in range(4)]
    for search, meets in (
        ({}, lambda one: True),
        (
            {"classes": ["match", "load"], "outcomes": ["deny"]},
            lambda one: one.class_ in ("match", "load") and one.context.outcome == "deny",
        ),
        ({"recipient_states": ["XB"]}, lambda one: one.context.recipient_node == BIRCH),
    ):
        search = search or {"classes": ["match", "receipt", "load"]}
        answer = await tallied(known, state(known), bounds, {"search": search, "by": by})
        counted = Counter((hour, values_of(one, by)) for hour, one in made if meets(one))
        assert {(row.interval, row.values): row.entries for row in answer.tallies[0].rows} == counted
        assert answer.not_looked_at == 0


@pytest.mark.requirement("CON-crossings")
async def test_a_district_counts_what_is_about_its_own_students(known: AuditNode, clock: StandingClock) -> None:
    start, made = clock(), await three_hours(known, clock)
    for district in (OAK, ELM):
        answer = await tallied(known, known.as_caller("audit:search", organisation=district), [start, clock()], {"by": ["class"]})
        own = Counter(one.class_ for _, one in made if district in one.custodians)
        assert {row.values[0]: row.entries for row in answer.tallies[0].rows} == own


async def test_several_questions_are_one_entry_that_names_what_was_done(known: AuditNode, clock: StandingClock) -> None:
    start = clock()
    await three_hours(known, clock)
    answer = await tallied(known, state(known), [start, clock()], {"by": ["class"]}, {"search": {"classes": ["match"]}})
    assert len(answer.tallies) == 2
    clock.advance(hours=1)
    again = await tallied(known, state(known), [start, clock()], {"search": {"operations": ["tally-log"]}, "by": ["class"]})
    assert [(row.values, row.entries) for row in again.tallies[0].rows] == [(("search",), 1)]


@pytest.mark.parametrize(
    ("bounds", "tally", "field"),
    [
        ([0, 0], {}, "body"),
        ([1, 0], {}, "body"),
        ([0], {}, "bounds"),
        ([0, 1], {"by": ["class", "class"]}, "tallies.0"),
        ([0, 1], {"by": ["student"]}, "tallies.0.by.0"),
        ([0, 1], {"search": {"student_id": str(uuid4())}}, "tallies.0"),
    ],
)
async def test_what_cannot_be_counted_is_refused_by_its_field(
    known: AuditNode, clock: StandingClock, bounds: list[int], tally: dict[str, Any], field: str
) -> None:
    body = {"bounds": [(clock() + timedelta(hours=one)).isoformat() for one in bounds], "tallies": [tally]}
    answer = await known.send("POST", "/v1/log/tallies", state(known), body)
    assert (answer.status, answer.body.decode().count(f'"field":"{field}"')) == (422, 1), answer.body


async def test_nobody_counts_without_a_purpose_or_a_part_in_the_log(known: AuditNode, clock: StandingClock) -> None:
    body = {"bounds": [clock().isoformat(), (clock() + timedelta(hours=1)).isoformat()], "tallies": [{}]}
    for headers in (
        known.as_caller("audit:search", kind="sea", organisation=STATE),
        known.as_caller("audit:search", kind="vendor", organisation=uuid4()),
        known.as_caller("alerts:read", organisation=OAK),
    ):
        assert (await known.send("POST", "/v1/log/tallies", headers, body)).status == 403
