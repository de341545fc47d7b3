"""The pictures of Today, each with what it says in words and in a table: where records went, how many a day, why some did not go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.gateway.console.charts.bars import shares
from services.gateway.console.charts.crossings import Crossing
from services.gateway.console.charts.flow import Flow, FlowWords, flow
from services.gateway.console.charts.lines import Lines, Series, lines
from services.gateway.console.code_words import said_of
from services.gateway.console.crossed import UNKNOWN, Crossed
from services.gateway.console.pages import Frame
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.words import spaced

WIDE, NARROW = 960.0, 320.0
MOST_REASONS: Final = 8


@dataclass(frozen=True)
class Told:
    """Pictures, wide and narrow, and what they show in words and rows."""

    pictures: Sequence[Any]
    finding: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Reason:
    """A bar."""

    name: str
    width: str
    count: str


def flow_of(frame: Frame, crossed: Crossed, own: str) -> Told | None:
    """From state through purpose to state; None where nothing crossed."""
    pictures = [_flow(frame, crossed.crossings, own, width) for width in (WIDE, NARROW)]
    if pictures[0] is None:
        return None
    _, number = frame.translate, frame.viewing.number
    ways = sorted(crossed.crossings, key=lambda one: (-one.records, one.sender, one.recipient, one.purpose))
    largest = ways[0]
    finding = _("Most: %(n)s from %(sender)s to %(recipient)s, for: %(purpose)s.") % {
        "n": number(largest.records),
        "sender": state_name(frame, largest.sender),
        "recipient": state_name(frame, largest.recipient),
        "purpose": purpose_name(frame, largest.purpose),
    }
    rows = [
        (state_name(frame, one.sender), purpose_name(frame, one.purpose), state_name(frame, one.recipient), number(one.records))
        for one in ways
    ]
    return Told(pictures, finding, (_("From"), _("Purpose"), _("To"), _("Records")), rows)


def _flow(frame: Frame, crossings: Sequence[Crossing], own: str, width: float) -> Flow | None:
    _, number = frame.translate, frame.viewing.number
    narrow = width == NARROW
    words = FlowWords(
        own,
        (lambda code: code) if narrow else (lambda code: state_name(frame, code)),
        lambda code: purpose_name(frame, code),
        number,
        lambda n: _("%(n)s others") % {"n": number(n)},
        lambda n: _("%(n)s other purposes") % {"n": number(n)},
    )
    return flow(crossings, words, width=width)


def state_name(frame: Frame, code: str) -> str:
    """ "Oregon"."""
    _ = frame.translate
    return _("Unknown state") if code == UNKNOWN else _(STATE_NAMES[code]) if code in STATE_NAMES else code


def purpose_name(frame: Frame, code: str) -> str:
    """ "Enrollment"."""
    _ = frame.translate
    return _(PURPOSE_WORDS[code]) if code in PURPOSE_WORDS else spaced(code) if code else _("No purpose said")


def days_of(frame: Frame, crossed: Crossed) -> Told | None:
    """Records a day, of full days; None where there was nothing at all."""
    _, number = frame.translate, frame.viewing.number
    series = [
        Series(name, counts.days[:-1])
        for name, counts in ((_("Sent"), crossed.sent), (_("Received"), crossed.received), (_("Refused"), crossed.refused))
    ]
    if not any(any(one.values) for one in series):
        return None
    names = [frame.viewing.day(day) for day in crossed.days[:-1]]
    pictures: list[Lines | None] = [lines(names, series, number=number, width=width) for width in (720.0, 340.0)]
    sums = [(one.name, number(sum(one.values))) for one in series]
    finding = "; ".join(f"{name}: {total}" for name, total in sums)
    rows = [(day, *(number(one.values[place]) for one in series)) for place, day in enumerate(names)]
    return Told(pictures, finding, (_("Day"), *(one.name for one in series)), rows[::-1])


def reasons_of(frame: Frame, crossed: Crossed) -> list[Reason]:
    """Why requests were refused, the most first."""
    _, number = frame.translate, frame.viewing.number
    shown = crossed.reasons[:MOST_REASONS]
    widths = shares([count for _code, count in shown])
    return [
        Reason(said_of(code, _) if code else _("Several reasons at once"), width, number(count))
        for (code, count), width in zip(shown, widths, strict=True)
    ]


def usual_of(frame: Frame, day: date, usual: int) -> str:
    """What a day of its weekday usually has."""
    _ = frame.translate
    return _("A usual %(day)s has %(n)s") % {"day": frame.viewing.weekday(day), "n": frame.viewing.number(usual)}
