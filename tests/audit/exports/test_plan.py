"""A plan's parts are its ranges, whole and once; its tokens hold for their client, plan and week, and for complete parts alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import digest_of
from safepassage.problems.exports import ExportTokenInvalid, NoSuchPart, PartsMissing
from safepassage.wire_exports import ExportedPart, ExportedRange, ExportPlan
from services.audit.exports.plan import PART_ENTRIES, PART_OPENED, ExportTokens, entries_of_a_part, parts_of, piece_of
from shared.cursors import Cursors

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
CURSORS = Cursors(b"k" * 32)
MINE, THEIRS = ExportTokens(CURSORS, "mine"), ExportTokens(CURSORS, "theirs")
INSTANT = timedelta(microseconds=1)


def planned(*spans: tuple[int, int], part_entries: int = 4, number: int = 7) -> ExportPlan:
    ranges = tuple(
        ExportedRange(log=f"alder.example/log/{year}", year=year, start=start, end=end, checkpoint="c")
        for year, (start, end) in enumerate(spans, 2026)
    )
    return ExportPlan(
        id=UUID(int=number),
        node="https://alder.example",
        format="jsonl",
        search_digest=digest_of(b"search"),
        planned_at=NOW,
        ranges=ranges,
        part_entries=part_entries,
        parts=parts_of(ranges, part_entries=part_entries),
    )


spans = st.tuples(st.integers(0, 20), st.integers(1, 20)).map(lambda one: (one[0], one[0] + one[1]))


@given(st.lists(spans, max_size=4), st.integers(1, 7))
def test_the_pieces_are_the_ranges_each_entry_once_and_none_larger_than_a_part(given_: list[tuple[int, int]], most: int) -> None:
    plan = planned(*given_, part_entries=most)
    pieces = [piece_of(plan, part) for part in range(plan.parts)]
    looked_at = [(one.range.year, at) for one in pieces for at in range(one.start, one.end)]
    assert looked_at == [(one.year, at) for one in plan.ranges for at in range(one.start, one.end)]
    assert all(0 < one.end - one.start <= most for one in pieces)
    with pytest.raises(NoSuchPart):
        piece_of(plan, plan.parts)


def test_a_plan_holds_for_a_week_for_who_made_it_and_as_it_was_made() -> None:
    plan = planned((0, 9))
    token = MINE.of_plan(plan)
    for at in (NOW, NOW + timedelta(days=7) - INSTANT):
        MINE.require_plan(plan, token, now=at)
    for at in (NOW - INSTANT, NOW + timedelta(days=7)):
        with pytest.raises(ExportTokenInvalid):
            MINE.require_plan(plan, token, now=at)
    with pytest.raises(ExportTokenInvalid):
        THEIRS.require_plan(plan, token, now=NOW)
    with pytest.raises(ExportTokenInvalid):
        MINE.require_plan(plan.model_copy(update={"parts": 4}), token, now=NOW)
    with pytest.raises(ExportTokenInvalid):
        MINE.require_plan(plan, MINE.of_part(plan, part(0)), now=NOW)


def part(number: int, kind: str = "entries") -> ExportedPart:
    return ExportedPart.model_validate({"part": number, "kind": kind, "entries": 4, "bytes": 9, "sha256": digest_of(b"x")})


def test_parts_are_taken_when_entries_are_complete_and_proofs_too_or_not_there() -> None:
    plan = planned((0, 9))
    entries, proofs = ([MINE.of_part(plan, part(number, kind)) for number in range(3)] for kind in ("entries", "proofs"))
    assert [(one.kind, one.part) for one in MINE.parts(plan, entries[::-1])] == [("entries", number) for number in range(3)]
    both = [(one.kind, one.part) for one in MINE.parts(plan, [*proofs, *entries])]
    assert both == [(kind, number) for kind in ("entries", "proofs") for number in range(3)]
    more = MINE.of_part(plan, part(3))
    for wrong in ([], entries[1:], entries[:-1], proofs, [*entries, *proofs[1:]], [*entries, entries[0]], [*entries, more]):
        with pytest.raises(PartsMissing):
            MINE.parts(plan, wrong)


def test_a_part_of_another_plan_or_client_is_none_of_these() -> None:
    plan, other = planned((0, 9)), planned((0, 9), number=8)
    good = [MINE.of_part(plan, part(number)) for number in range(2)]
    for tokens, of in ((MINE, other), (THEIRS, plan)):
        with pytest.raises(ExportTokenInvalid):
            MINE.parts(plan, [*good, tokens.of_part(of, part(2))])
    with pytest.raises(ExportTokenInvalid):
        MINE.parts(plan, [*good, MINE.of_plan(plan)])
    with pytest.raises(ExportTokenInvalid):
        MINE.parts(plan, [*good, "AAAA"])


@given(st.floats(1, 1e7))
def test_a_part_has_an_entry_at_least_and_no_more_than_are_opened_in_time(opened: float) -> None:
    entries = entries_of_a_part(opened)
    assert 1 <= entries <= PART_ENTRIES
    assert entries == 1 or entries * opened <= PART_OPENED
