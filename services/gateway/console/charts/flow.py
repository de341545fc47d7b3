"""Records from states through purposes to states: an alluvial picture, in which a band is as wide as it has records. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.gateway.console.charts.crossings import OTHERS, Crossing, Ranked, ranked, sizes_of, united
from services.gateway.console.charts.labels import LINE_HEIGHT, shortened, spread, width_of

MOST_STATES: Final = 7
MOST_PURPOSES: Final = 5
KIND_OF_OTHERS: Final = 6
"""How charts.css draws the purposes that are united; the others are 1 to 5 by their rank."""

_BAR: Final = 14.0
_BESIDE: Final = 8.0
_TOP: Final = 40.0
"""Below the heads of the columns, and the first purpose's label."""
_BOTTOM: Final = 12.0
_GAPS: Final = (14.0, LINE_HEIGHT + 5, 14.0)
"""Between the nodes of a column; those in the middle have their labels in it."""
_LEAST_OF_RIBBONS: Final = 160.0

Column = Literal[0, 1, 2]


@dataclass(frozen=True)
class FlowWords:
    """What is written into the picture."""

    own: str
    """Code of the agency's own state, which is bold."""
    state: Callable[[str], str]
    """By code: a name where there is room, or the code."""
    purpose: Callable[[str], str]
    number: Callable[[int], str]
    """At most ten characters: in a narrow picture there is no room for more."""
    other_states: Callable[[int], str]
    """`and 43 others`."""
    other_purposes: Callable[[int], str]


@dataclass(frozen=True)
class Node:
    """A state or a purpose, and its label."""

    column: Column
    code: str
    records: int
    x: float
    y: float
    height: float
    label: str
    number: str
    label_x: float
    label_y: float
    """Where the label's line has its middle; of a purpose, which stands above its node, too."""
    anchor: Literal["start", "middle", "end"]
    is_own: bool


@dataclass(frozen=True)
class Ribbon:
    """A band from one node to the next, by one cubic Bézier curve of its middle."""

    kind: int
    """Its purpose's, from 1."""
    source: str
    target: str
    records: int
    width: float
    x0: float
    y0: float
    x1: float
    y1: float
    said: str
    """When it is pointed at."""

    @property
    def path(self) -> str:
        """Of the middle line."""
        middle = (self.x0 + self.x1) / 2
        return f"M{self.x0:.2f} {self.y0:.2f}C{middle:.2f} {self.y0:.2f} {middle:.2f} {self.y1:.2f} {self.x1:.2f} {self.y1:.2f}"


@dataclass(frozen=True)
class Flow:
    """Where it all is drawn."""

    width: float
    height: float
    bar: float
    heads: tuple[float, float, float]
    """Where the columns are named: the end of the first, the middle of the second, the start of the third."""
    nodes: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]
    """The widest first, so that narrow ones lie over them."""


def flow(crossings: Sequence[Crossing], words: FlowWords, *, width: float = 960.0, height: float = 400.0) -> Flow | None:
    """The picture, higher than `height` where its labels need it; None where nothing crossed."""
    senders = sizes_of((one.sender, one.records) for one in crossings)
    purposes = sizes_of((one.purpose, one.records) for one in crossings)
    recipients = sizes_of((one.recipient, one.records) for one in crossings)
    total = senders.total()
    if not total:
        return None
    own = {words.own}
    columns = (
        ranked(senders, most=MOST_STATES, keep=own),
        ranked(purposes, most=MOST_PURPOSES),
        ranked(recipients, most=MOST_STATES, keep=own),
    )
    ways = united(crossings, *columns)
    sizes = tuple(sizes_of((_codes(one)[column], one.records) for one in ways) for column in range(3))
    room, height = _room_of(columns, height)
    scale = room / total
    texts = tuple([_label(words, column, code, of.united) for code in of.codes] for column, of in enumerate(columns))
    left, right = (_margin_of(texts[side], [words.number(sizes[side][code]) for code in columns[side].codes], width) for side in (0, 2))
    xs = (left, (left + width - right - _BAR) / 2, width - right - _BAR)
    tops = [_tops_of(of.codes, sizes[column], scale, _GAPS[column], height) for column, of in enumerate(columns)]
    nodes = [
        node
        for column, of in enumerate(columns)
        for node in _nodes(_column(column), of.codes, texts[column], sizes[column], tops[column], scale, xs[column], words, width, height)
    ]
    ribbons = _ribbons(ways, columns, tops, xs, scale, words)
    return Flow(width, height, _BAR, (xs[0] + _BAR, xs[1] + _BAR / 2, xs[2]), tuple(nodes), tuple(ribbons))


def _codes(one: Crossing) -> tuple[str, str, str]:
    return one.sender, one.purpose, one.recipient


def _column(number: int) -> Column:
    return 0 if number == 0 else 1 if number == 1 else 2


def _room_of(columns: Sequence[Ranked], height: float) -> tuple[float, float]:
    """What is left for the ribbons in the fullest column, and how high the picture is for it and for the labels."""
    gaps = max(gap * (len(of.codes) - 1) for gap, of in zip(_GAPS, columns, strict=True))
    lines = LINE_HEIGHT * max(len(of.codes) for of in columns)
    height = max(height, _TOP + _BOTTOM + max(gaps + _LEAST_OF_RIBBONS, lines))
    return height - _TOP - _BOTTOM - gaps, height


def _label(words: FlowWords, column: int, code: str, united_count: int) -> str:
    if code == OTHERS:
        return words.other_purposes(united_count) if column == 1 else words.other_states(united_count)
    return words.purpose(code) if column == 1 else words.state(code)


def _margin_of(names: Sequence[str], numbers: Sequence[str], width: float) -> float:
    """What the labels of a side take, but never more than a third of the picture, nor too little for a head."""
    widest = max(width_of(f"{name} {number}") for name, number in zip(names, numbers, strict=True))
    return min(max(widest + 2 * _BESIDE, 48.0), width / 3)


def _tops_of(codes: Sequence[str], sizes: Counter[str], scale: float, gap: float, height: float) -> dict[str, float]:
    """Where each node of a column begins: the column stands in the middle of the height."""
    whole = sum(sizes[code] for code in codes) * scale + gap * (len(codes) - 1)
    at = _TOP + (height - _TOP - _BOTTOM - whole) / 2
    tops = {}
    for code in codes:
        tops[code] = at
        at += sizes[code] * scale + gap
    return tops


def _nodes(
    column: Column, codes: Sequence[str], texts: Sequence[str], sizes: Counter[str], tops: dict[str, float], scale: float, x: float,
    words: FlowWords, width: float, height: float,
) -> list[Node]:  # fmt: skip
    middles = [tops[code] + sizes[code] * scale / 2 for code in codes]
    beside = spread(middles, apart=LINE_HEIGHT, low=_TOP, high=height - _BOTTOM)
    nodes = []
    for code, text, level in zip(codes, texts, beside, strict=True):
        number = words.number(sizes[code])
        if column == 1:
            label_x, label_y, room = x + _BAR / 2, tops[code] - LINE_HEIGHT / 2 - 1, width * 0.64
        else:
            label_x, label_y = (x - _BESIDE if column == 0 else x + _BAR + _BESIDE), level
            room = label_x if column == 0 else width - label_x
        name = shortened(text, room - width_of(f" {number}"))
        anchor: Literal["start", "middle", "end"] = "end" if column == 0 else "middle" if column == 1 else "start"
        own = column != 1 and code == words.own
        nodes.append(Node(column, code, sizes[code], x, tops[code], sizes[code] * scale, name, number, label_x, label_y, anchor, own))
    return nodes


def _ribbons(
    ways: Sequence[Crossing],
    columns: Sequence[Ranked],
    tops: Sequence[dict[str, float]],
    xs: Sequence[float],
    scale: float,
    words: FlowWords,
) -> list[Ribbon]:
    """In each node the bands lie in the order of the nodes at their other ends, so that they cross as little as they can."""
    kinds = {code: KIND_OF_OTHERS if code == OTHERS else rank for rank, code in enumerate(columns[1].codes, start=1)}
    made = []
    for side in (0, 1):
        first, second = columns[side], columns[side + 1]
        sums: Counter[tuple[str, str]] = Counter()
        for one in ways:
            sums[_codes(one)[side], _codes(one)[side + 1]] += one.records
        leaves, arrives = dict(tops[side]), dict(tops[side + 1])
        starts = {}
        for source in first.codes:
            for target in second.codes:
                starts[source, target] = leaves[source]
                leaves[source] += sums[source, target] * scale
        for target in second.codes:
            for source in first.codes:
                records = sums[source, target]
                if not records:
                    continue
                thick = records * scale
                kind = kinds[target if side == 0 else source]
                names = [_label(words, side + end, code, columns[side + end].united) for end, code in enumerate((source, target))]
                said = f"{names[0]} → {names[1]}: {words.number(records)}"
                y0, y1 = starts[source, target] + thick / 2, arrives[target] + thick / 2
                made.append(Ribbon(kind, source, target, records, thick, xs[side] + _BAR, y0, xs[side + 1], y1, said))
                arrives[target] += thick
    return sorted(made, key=lambda one: -one.width)
