"""The flow picture: whatever crossed, it is drawn whole, in proportion, and its labels can be read."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.console.charts.crossings import OTHERS, Crossing, ranked, sizes_of
from services.gateway.console.charts.flow import MOST_PURPOSES, MOST_STATES, Flow, FlowWords, Node, flow
from services.gateway.console.charts.labels import LINE_HEIGHT, width_of

STATES = [first + second for first in "ACIMN" for second in "ADEHIKLMORT"][:50]
PURPOSES = ["enrollment", "special-education", "military-family", "audit", "foster-care", "research", "emergency", "reporting"]
NEARLY = 1e-6
WORDS = FlowWords(
    own=STATES[0],
    state=lambda code: {STATES[0]: "Oregon", STATES[1]: "The Commonwealth of the Northern Mariana Islands"}.get(code, code),
    purpose=lambda code: code.replace("-", " ").capitalize(),
    number=lambda count: f"{count:,}" if count < 10**7 else f"{count // 10**6:,}M",
    other_states=lambda count: f"and {count} others",
    other_purposes=lambda count: f"{count} other purposes",
)

crossings = st.lists(
    st.builds(Crossing, st.sampled_from(STATES), st.sampled_from(PURPOSES), st.sampled_from(STATES), st.integers(0, 9_999_999)),
    max_size=200,
)
widths = st.sampled_from([320.0, 960.0])


def drawn(given_crossings: list[Crossing], width: float = 960.0) -> Flow:
    """The picture, where there is one."""
    picture = flow(given_crossings, WORDS, width=width)
    assert picture is not None
    return picture


def column(picture: Flow, number: int) -> dict[str, Node]:
    """The nodes of one column, from the top."""
    return {node.code: node for node in picture.nodes if node.column == number}


@given(crossings, widths)
def test_every_record_is_in_each_column_and_on_each_side(given_crossings: list[Crossing], width: float) -> None:
    total = sum(one.records for one in given_crossings)
    picture = flow(given_crossings, WORDS, width=width)
    if picture is None:
        assert total == 0
        return
    for number in (0, 1, 2):
        assert sum(node.records for node in column(picture, number).values()) == total
    left = [one for one in picture.ribbons if one.x1 < picture.heads[1]]
    assert sum(one.records for one in left) == sum(one.records for one in picture.ribbons if one not in left) == total


@given(crossings, widths)
def test_a_band_is_as_wide_as_its_records_and_within_its_nodes_without_overlap(given_crossings: list[Crossing], width: float) -> None:
    picture = flow(given_crossings, WORDS, width=width)
    if picture is None:
        return
    scale = picture.nodes[0].height / picture.nodes[0].records
    for side in (0, 1):
        sources, targets = column(picture, side), column(picture, side + 1)
        bands = [one for one in picture.ribbons if (one.x1 < picture.heads[1]) == (side == 0)]
        for nodes, end in ((sources, 0), (targets, 1)):
            for code, node in nodes.items():
                own = [one for one in bands if (one.source, one.target)[end] == code]
                spans = sorted(((one.y0, one.y1)[end] - one.width / 2, (one.y0, one.y1)[end] + one.width / 2) for one in own)
                assert spans[0][0] == pytest.approx(node.y, abs=NEARLY)
                assert spans[-1][1] == pytest.approx(node.y + node.height, abs=NEARLY)
                assert all(before[1] == pytest.approx(after[0], abs=NEARLY) for before, after in pairwise(spans))
        assert all(one.width == pytest.approx(one.records * scale, abs=NEARLY) for one in bands)


@given(crossings, widths)
def test_labels_are_a_line_apart_and_all_is_within_the_picture(given_crossings: list[Crossing], width: float) -> None:
    picture = flow(given_crossings, WORDS, width=width)
    if picture is None:
        return
    assert picture.width == width
    for number in (0, 1, 2):
        levels = [node.label_y for node in column(picture, number).values()]
        assert all(after - before >= LINE_HEIGHT - NEARLY for before, after in pairwise(levels))
    for node in picture.nodes:
        assert node.y >= 0
        assert node.y + node.height <= picture.height
        assert LINE_HEIGHT / 2 <= node.label_y <= picture.height - LINE_HEIGHT / 2
        room = width_of(f"{node.label} {node.number}")
        start = {"start": node.label_x, "middle": node.label_x - room / 2, "end": node.label_x - room}[node.anchor]
        assert start >= 0
        assert start + room <= picture.width


@given(crossings)
def test_nodes_are_sorted_by_size_and_the_others_come_last(given_crossings: list[Crossing]) -> None:
    picture = flow(given_crossings, WORDS)
    if picture is None:
        return
    for number, most in ((0, MOST_STATES + 1), (1, MOST_PURPOSES), (2, MOST_STATES + 1)):
        nodes = list(column(picture, number).values())
        named = [node.records for node in nodes if node.code != OTHERS]
        assert named == sorted(named, reverse=True)
        assert len(nodes) <= most + 1
        assert all(node.code != OTHERS for node in nodes[:-1])
        assert [node.y for node in nodes] == sorted(node.y for node in nodes)


def test_nothing_that_crossed_is_no_picture() -> None:
    assert flow([], WORDS) is None
    assert flow([Crossing("CA", "audit", "IA", 0)], WORDS) is None


def test_of_fifty_states_the_largest_are_named_with_the_own_one_and_the_others_counted() -> None:
    others = [Crossing(code, "audit", STATES[0], 100 + place) for place, code in enumerate(STATES[1:])]
    picture = drawn([*others, Crossing(STATES[0], "audit", STATES[1], 1)])
    senders = column(picture, 0)
    assert len(STATES) == len(set(STATES)) == 50
    assert len(senders) == MOST_STATES + 2
    assert senders[STATES[0]].is_own
    assert senders[STATES[0]].label == "Oregon"
    assert senders[OTHERS].label == f"and {50 - MOST_STATES - 1} others"
    assert [node.is_own for node in column(picture, 2).values()] == [True, False]


def test_a_picture_grows_where_its_labels_have_no_room() -> None:
    ways = [Crossing(code, "audit", STATES[0], 1 + place) for place, code in enumerate(STATES)]
    picture = flow(ways, WORDS, height=50)
    assert picture is not None
    assert picture.height > 50
    assert all(one.width > 0 for one in picture.ribbons)
    assert max(node.y + node.height for node in picture.nodes) <= picture.height


def test_one_other_is_named_itself() -> None:
    sizes = Counter({"CA": 3, "IA": 2, "NE": 1})
    assert ranked(sizes, most=2).codes == ("CA", "IA", "NE")
    assert ranked(sizes, most=1).codes == ("CA", OTHERS)
    assert ranked(sizes, most=1).united == 2
    assert ranked(sizes, most=1, keep={"NE"}).codes == ("CA", "IA", "NE")


def test_equal_sizes_are_in_the_order_of_their_codes() -> None:
    assert ranked(sizes_of([("NE", 1), ("CA", 1), ("IA", 0)]), most=7).codes == ("CA", "NE")


def test_a_way_of_one_state_is_one_band_on_each_side() -> None:
    picture = drawn([Crossing("CA", "audit", "CA", 4), Crossing("CA", "audit", "CA", 3)])
    assert [(one.records, one.kind) for one in picture.ribbons] == [(7, 1), (7, 1)]
    assert picture.ribbons[0].said == "CA → Audit: 7"


def test_a_band_has_the_colour_of_its_purpose_on_both_sides() -> None:
    ways = [Crossing("CA", purpose, "IA", 10 - place) for place, purpose in enumerate(PURPOSES)]
    kinds = {node.code: place for place, node in enumerate(column(drawn(ways), 1).values(), start=1)}
    for one in drawn(ways).ribbons:
        assert one.kind == kinds[one.target if one.target in kinds else one.source]
    assert kinds[OTHERS] == 6


def test_a_long_name_is_shortened_in_the_picture_and_whole_when_pointed_at() -> None:
    picture = drawn([Crossing(STATES[1], "audit", STATES[0], 5)], width=320.0)
    assert column(picture, 0)[STATES[1]].label.endswith("…")
    assert "Northern Mariana Islands" in picture.ribbons[0].said
