"""The search for alerts goes through a long log beside those who ask, not before them; and reads nothing of it twice."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection

from services.audit.alerts import habits
from services.audit.alerts.activity import WorkingHours
from services.audit.alerts.habits import Habits, Span, actors_of, next_span
from services.audit.alerts.thresholds import Thresholds
from services.audit.alerts.watching import Watcher
from services.audit.driver import Driver
from services.audit.index.bitmaps import ascending, positions, set_of
from services.audit.index.terms import term_keys
from services.audit.tables import AlertCursorRow
from tests.audit.alerts.watched import by, did, read_students, rows, stop_workers, told
from tests.audit.audit_node import STATE, AuditNode
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

CLIENTS = 40


async def many_did(node: AuditNode) -> None:
    """More clients than fit into the first slice."""
    await did(node, *[by(f"client-{n}") for n in range(CLIENTS)])
    await node.app.state.projector.catch_up()


async def test_who_searches_the_log_is_answered_in_every_rest_of_the_search_for_alerts(node: AuditNode) -> None:
    await stop_workers(node, "keep_watch", "_keep_index")
    await many_did(node)
    found: list[int] = []
    began: list[int] = []
    headers = node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")

    async def rest(_: float) -> None:
        answer = await node.send("POST", "/v1/log/searches", headers, {"classes": ["read"]})
        found.append(len(json.loads(answer.body)["entries"]))
        began.append(len(await node.database.read(lambda connection: Driver(connection).rows("SELECT 1 FROM alert_cursor WHERE at > 0"))))

    await Watcher(node.app.state, rest=rest).look_at_actors()
    assert found == [CLIENTS] * len(found)
    assert len(found) >= 3
    assert not any(began)  # the day was not over yet


async def test_a_long_search_enters_what_it_has_found_of_a_day_before_it_looks_at_the_next(node: AuditNode, clock: StandingClock) -> None:
    await stop_workers(node, "keep_watch", "_keep_index")
    for _ in range(2):
        await read_students(node, 300)
        clock.advance(days=1)
    await node.app.state.projector.catch_up()
    cursors: list[tuple[int, int]] = []

    class Noting(Watcher):
        async def enter(self) -> None:
            await super().enter()
            async with node.database.reading() as tx:
                row = await tx.get_one(AlertCursorRow, 2026)
            cursors.append((row.day, len([one for one in await rows(node) if one.entry_idx is not None])))

    await Noting(node.app.state, spell_seconds=0.0).turn()
    first_day = cursors[0][0]
    assert cursors == [(first_day, 2), (first_day + 1, 3), (first_day + 1, 3)]


async def test_a_search_that_never_ends_looks_at_the_node_itself_between_its_spells(node: AuditNode, clock: StandingClock) -> None:
    await stop_workers(node, "keep_watch", "_keep_index")
    await did(node, by("busy"))
    await node.app.state.projector.catch_up()
    said: list[list[str]] = []

    class Overtaken(Watcher):
        """Whenever it is done with what is new, there is more; in between the clock is set."""

        async def enter(self) -> None:
            await super().enter()
            said.append(await told(node))
            if len(said) == 1:
                clock.advance(seconds=3_600)
            if len(said) < 3:
                await did(node, by("busy"))
                await node.app.state.projector.catch_up()

    await Overtaken(node.app.state, spell_seconds=0.0).turn()
    assert [("clock-skew" in rules) for rules in said[:2]] == [False, True]


class Counting(Driver):
    """A driver that says how many rows were read."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.read = 0

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        found = super().rows(query, *values)
        self.read += len(found)
        return found


async def test_what_was_read_of_an_actors_past_is_not_read_again_the_next_day(node: AuditNode, clock: StandingClock) -> None:
    days = 12
    for day in range(days):
        await did(node, *[by("busy", operation=f"operation-{n}") for n in range(6)], *([by("seldom")] if day % 5 == 0 else []))
        clock.advance(days=1 if day < days - 1 else 20)
    await did(node, by("busy"), by("seldom"))
    await node.app.state.projector.catch_up()
    hours, grown = WorkingHours.of(Thresholds(), clock.instant.tzinfo), Habits(Thresholds())  # type: ignore[arg-type]  # UTC is a zone here

    def follow(connection: Connection) -> list[int]:
        driver, spent = Counting(connection), list[int]()
        keys = term_keys(driver, node.app.state.keys)
        span = next_span(driver)
        assert span is not None
        whole = span
        while span.start < whole.end:
            span, actors = actors_of(driver, span)
            before = driver.read
            found = grown.of(driver, keys, span, actors, hours)
            spent.append(driver.read - before)
            assert found == Habits(Thresholds()).of(driver, keys, span, actors, hours)
            span = Span(whole.year, span.end, whole.end, span.day)
        return spent

    spent = await node.database.read(follow)
    assert len(spent) == days + 1
    assert max(spent[6:days]) <= 6 + 6 + 3 * 3


async def test_what_is_kept_of_habits_is_bounded_and_what_went_is_read_again(
    node: AuditNode, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await did(node, *[by(f"client-{n}", operation=f"operation-{n}") for n in range(4)])
        clock.advance(days=1)
    await node.app.state.projector.catch_up()
    hours, bounded = WorkingHours.of(Thresholds(), clock.instant.tzinfo), Habits(Thresholds())  # type: ignore[arg-type]  # UTC is a zone here

    def follow(connection: Connection) -> int:
        driver, days = Driver(connection), 0
        keys, span = term_keys(driver, node.app.state.keys), next_span(driver)
        assert span is not None
        whole = span
        while span.start < whole.end:
            span, actors = actors_of(driver, span)
            monkeypatch.setattr(habits, "KEPT_IN_MEMORY", 100)
            expected = Habits(Thresholds()).of(driver, keys, span, actors, hours)
            monkeypatch.setattr(habits, "KEPT_IN_MEMORY", 2)
            assert bounded.of(driver, keys, span, actors, hours) == expected
            assert len(bounded._past) == len(bounded._shapes) == 2
            days, span = days + 1, Span(whole.year, span.end, whole.end, span.day)
        return days

    assert await node.database.read(follow) == 3


async def test_one_day_is_looked_at_without_reading_those_that_come_after(node: AuditNode, clock: StandingClock) -> None:
    for day in range(5):
        await did(node, *[by(f"client-{n}") for n in range(3)], *([by("later")] if day else []))
        clock.advance(days=1)
    await node.app.state.projector.catch_up()

    def first(connection: Connection) -> tuple[int, int]:
        driver = Counting(connection)
        span = next_span(driver)
        assert span is not None
        before = driver.read
        _, actors = actors_of(driver, span)
        return driver.read - before, len(actors)

    read, actors = await node.database.read(first)
    assert actors == 3, "who acts on a later day is not among those of this one"
    assert read == actors + 3  # its day, that there is a later one, and where it ends


def test_the_first_positions_of_a_set_come_first_and_are_those_of_the_other_order() -> None:
    for places in ([], [0], [7_679], [3, 4, 900, 7_000], list(range(7_680))):
        bits = set_of(places)
        assert list(ascending(bits)) == places == list(positions(bits))[::-1]
    assert next(ascending(set_of(range(7_680)))) == 0
