"""Lines, bars, strips and sparklines: from nothing to very much, each within its picture."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.console.charts.axis import ticks
from services.gateway.console.charts.bars import shares, stacked
from services.gateway.console.charts.labels import LINE_HEIGHT, shortened, spread, width_of
from services.gateway.console.charts.lines import Series, lines
from services.gateway.console.charts.sparkline import sparkline
from services.gateway.console.charts.strip import Moment, strip

NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
NEARLY = 0.11
"""What is drawn is rounded to a tenth."""

counts = st.integers(0, 10**18)


@given(st.lists(st.floats(-1000, 1000), max_size=20).map(sorted))
def test_labels_are_spread_within_their_bounds_in_their_order(wanted: list[float]) -> None:
    places = spread(wanted, apart=10, low=0, high=200)
    assert len(places) == len(wanted)
    assert all(after - before >= 10 - 1e-6 for before, after in pairwise(places))
    assert all(-1e-6 <= place <= 200 + 1e-6 for place in places)


def test_labels_that_have_room_stay_where_they_are_and_others_part_evenly() -> None:
    assert spread([10, 50, 52, 90], apart=10, low=0, high=100) == [10, 46, 56, 90]


def test_more_labels_than_have_room_are_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        spread([1, 2, 3], apart=10, low=0, high=19)


@given(st.text(max_size=60), st.floats(8, 300))
def test_a_shortened_text_has_room(text: str, room: float) -> None:
    assert width_of(shortened(text, room)) <= room


@given(counts)
def test_a_scale_has_few_round_steps_up_to_the_largest(top: int) -> None:
    marks = ticks(top)
    assert marks[0] == 0
    assert marks[-1] >= top
    assert 2 <= len(marks) <= 5
    assert len(marks) == 2 or marks[-2] < top
    assert len({after - before for before, after in pairwise(marks)}) == 1


@pytest.mark.parametrize(
    ("top", "marks"),
    [(0, (0, 1)), (3, (0, 1, 2, 3)), (9, (0, 5, 10)), (93, (0, 25, 50, 75, 100)), (10**12 + 1, tuple(n * 5 * 10**11 for n in range(4)))],
)
def test_a_scale_is_of_ones_twos_quarters_and_fives(top: int, marks: tuple[int, ...]) -> None:
    assert ticks(top) == marks


@given(st.lists(counts, max_size=40))
def test_a_sparkline_is_within_its_picture_and_ends_at_the_last_value(values: list[int]) -> None:
    drawn = sparkline(values)
    assert (drawn.end is None) == (not values)
    assert bool(drawn.path) == (len(values) > 1)
    points = [tuple(map(float, point.split())) for point in drawn.path.removeprefix("M").split("L") if point]
    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in points)
    assert not points or points[-1] == drawn.end


@given(st.integers(1, 60).flatmap(lambda days: st.lists(st.lists(counts, min_size=days, max_size=days), min_size=1, max_size=6)))
def test_lines_and_their_names_are_within_the_picture_and_do_not_collide(values: list[list[int]]) -> None:
    days = [f"Nov {n}" for n in range(len(values[0]))]
    for width in (720.0, 340.0):
        drawn = lines(days, [Series(f"Series {n}", one) for n, one in enumerate(values)], number=lambda n: f"{n:.0e}", width=width)
        assert drawn is not None
        assert [line.kind for line in drawn.lines] == list(range(1, len(values) + 1))
        levels = sorted(line.label_y for line in drawn.lines)
        assert all(after - before >= LINE_HEIGHT - NEARLY for before, after in pairwise(levels))
        for line in drawn.lines:
            assert len(line.points) == len(days)
            assert bool(line.path) == (len(days) > 1)
            assert all(drawn.left - NEARLY <= p.x <= drawn.right + NEARLY and 0 <= p.y <= drawn.base + NEARLY for p in line.points)
            assert 0 <= line.label_y <= drawn.height
            assert drawn.right + 10 + width_of(line.name) <= width
        assert all(after.at - before.at >= 40 for before, after in pairwise(drawn.days))
        assert drawn.days[-1].text == days[-1]


def test_no_day_and_no_series_are_no_picture() -> None:
    assert lines([], [Series("Sent", [])]) is None
    assert lines(["Nov 1"], []) is None


def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="told apart"):
        lines(["Nov 1"], [Series(str(n), [n]) for n in range(7)])
    with pytest.raises(ValueError, match="each day"):
        lines(["Nov 1", "Nov 2"], [Series("Sent", [1])])


def test_days_without_anything_are_a_line_at_the_bottom() -> None:
    drawn = lines(["Nov 1", "Nov 2"], [Series("Sent", [0, 0])])
    assert drawn is not None
    assert {point.y for point in drawn.lines[0].points} == {drawn.base}
    assert [tick.text for tick in drawn.counts] == ["0", "1"]


def test_each_line_has_its_name_at_its_own_end() -> None:
    drawn = lines(["Nov 1"], [Series("a", [50]), Series("b", [100]), Series("c", [0])])
    assert drawn is not None
    assert [line.label_y for line in drawn.lines] == [line.points[-1].y for line in drawn.lines]


def test_of_twenty_nine_days_one_weekday_is_named() -> None:
    days = [f"day {n}" for n in range(29)]
    drawn = lines(days, [Series("Sent", list(range(29)))])
    assert drawn is not None
    assert [tick.text for tick in drawn.days] == ["day 0", "day 7", "day 14", "day 21", "day 28"]


def test_bars_are_shares_of_the_largest_and_what_is_little_is_seen() -> None:
    assert shares([200, 74, 1, 0]) == ("100%", "37%", "1%", "0%")
    assert shares([0, 0]) == ("0%", "0%")
    assert shares([]) == ()


@given(st.lists(st.tuples(st.text(max_size=5), counts), max_size=8))
def test_the_parts_of_a_whole_lie_side_by_side_and_fill_it(parts: list[tuple[str, int]]) -> None:
    drawn = stacked(parts)
    assert [part.count for part in drawn] == [count for _, count in parts if count]
    at = 0.0
    for part in drawn:
        assert float(part.start.removesuffix("%")) == pytest.approx(at, abs=0.011)
        at += float(part.width.removesuffix("%"))
    assert not drawn or at == pytest.approx(100, abs=0.1)


def test_a_part_keeps_its_kind_where_one_before_it_is_nothing() -> None:
    assert [(part.kind, part.start, part.width) for part in stacked([("a", 0), ("b", 1), ("c", 3)])] == [
        (2, "0%", "25%"),
        (3, "25%", "75%"),
    ]


moments = st.lists(
    st.builds(Moment, st.integers(-(10**7), 10**7).map(lambda s: NOW + timedelta(seconds=s)), st.text("ab ", max_size=60), st.booleans())
)


@given(moments, st.sampled_from([320.0, 720.0]))
def test_a_strip_has_each_moment_in_order_and_no_two_labels_in_one_place(given_moments: list[Moment], width: float) -> None:
    drawn = strip(given_moments, now=NOW, width=width)
    assert (drawn is None) == (not given_moments)
    if drawn is None:
        return
    assert [mark.x for mark in drawn.marks] == sorted(mark.x for mark in drawn.marks)
    taken: list[tuple[float, float, float]] = []
    for mark in drawn.marks:
        room = width_of(mark.text)
        start = {"start": mark.x, "middle": mark.x - room / 2, "end": mark.x - room}[mark.anchor]
        assert start >= -NEARLY
        assert start + room <= width + NEARLY
        assert all(y != mark.text_y or start >= end or start + room <= begin for y, begin, end in taken)
        taken.append((mark.text_y, start, start + room))
        assert mark.text_y <= drawn.height
    assert drawn.now is None or drawn.start <= drawn.now <= drawn.end


def test_what_is_due_and_not_done_is_late_once_its_time_is_past_and_the_line_goes_on_to_now() -> None:
    asked, due = Moment(NOW - timedelta(days=45), "Asked"), Moment(NOW - timedelta(days=4), "Due Nov 19", done=False)
    drawn = strip([asked, due], now=NOW)
    assert drawn is not None
    assert [mark.state for mark in drawn.marks] == ["done", "late"]
    assert drawn.now == drawn.end
    early = strip([asked, due], now=due.at)
    assert early is not None
    assert [mark.state for mark in early.marks] == ["done", "due"]


def test_one_moment_is_in_the_middle() -> None:
    drawn = strip([Moment(NOW, "Asked")], now=NOW, width=320)
    assert drawn is not None
    assert [mark.x for mark in drawn.marks] == [160]
