"""The figures of Today, each leading to where it is dealt with. What could not be read is said to be so, and has no figure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from safepassage.wire_alerts import AlertPage
from safepassage.wire_duties import Duty
from safepassage.wire_ed_fi import EdFiSystemsOfOrganisation
from safepassage.wire_readiness import Scorecard
from services.gateway.console.charts.sparkline import Sparkline, sparkline
from services.gateway.console.crossed import WEEK, Crossed
from services.gateway.console.duties import shown_duty
from services.gateway.console.ed_fi_rows import shown_system
from services.gateway.console.pages import Frame
from services.gateway.console.today_pictures import usual_of
from services.gateway.console.unread import Unread

MOST: Final = 200
"""A figure above it is said to be at least that."""
NO_FIGURE: Final = "–"


@dataclass(frozen=True)
class Card:
    """A figure that leads to where it is dealt with."""

    title: str
    figure: str
    note: str
    href: str | None = None
    tone: Literal["danger", "unread"] | None = None
    mark: str | None = None
    line: Sparkline | None = None


@dataclass(frozen=True)
class Owed:
    """Duties: those that are late, those in their last days, and those that come next by the clock."""

    overdue: tuple[Duty, ...]
    due: tuple[Duty, ...]
    next: tuple[Duty, ...]


def cards_of(
    frame: Frame,
    crossed: Crossed | Unread,
    owed: Owed | Unread,
    alerts: AlertPage | Unread | None,
    score: Scorecard | Unread | None,
    systems: EdFiSystemsOfOrganisation | Unread,
) -> list[Card]:
    """In their order. None: not of the person's role."""
    return [
        *_crossed(frame, crossed),
        *_owed(frame, owed),
        *_alerts(frame, alerts),
        *_systems(frame, systems),
        *_ready(frame, score),
    ]


def _unread(title: str, part: Unread, href: str | None = None) -> Card:
    return Card(title, NO_FIGURE, part.said, href, "unread", "half")


def _crossed(frame: Frame, crossed: Crossed | Unread) -> Iterator[Card]:
    _, number = frame.translate, frame.viewing.number
    names = (_("Records sent"), _("Records received"), _("Requests refused"))
    if isinstance(crossed, Unread):
        yield from (_unread(name, crossed) for name in names)
        return
    today = crossed.days[-1]
    for name, counts in zip(names, (crossed.sent, crossed.received, crossed.refused), strict=True):
        line = sparkline(counts.days[-WEEK * 2 :])
        yield Card(name, number(counts.today), usual_of(frame, today, counts.usual), line=line)


def _figure(frame: Frame, number: int) -> str:
    return f"{frame.viewing.number(number)}{'+' if number >= MOST else ''}"


def _owed(frame: Frame, owed: Owed | Unread) -> Iterator[Card]:
    _ = frame.translate
    late, soon = "/console/duties?state=overdue", "/console/duties?state=due"
    if isinstance(owed, Unread):
        yield from (_unread(_("Duties too late"), owed, late), _unread(_("In their last days"), owed, soon))
        return
    if owed.overdue:
        oldest = shown_duty(owed.overdue[0], frame.viewing, _, may_complete=False)
        note = _("Oldest: %(what)s, %(when)s") % {"what": oldest.name, "when": oldest.when}
        yield Card(_("Duties too late"), _figure(frame, len(owed.overdue)), note, late, "danger", "clock")
    else:
        yield Card(_("Duties too late"), "0", _("Every clock was kept"), late)
    yield Card(_("In their last days"), _figure(frame, len(owed.due)), _("Due soon, and not done"), soon)


def _alerts(frame: Frame, alerts: AlertPage | Unread | None) -> Iterator[Card]:
    _ = frame.translate
    if isinstance(alerts, Unread):
        yield _unread(_("Open alerts"), alerts)
    elif alerts is not None:
        yield Card(_("Open alerts"), _figure(frame, len(alerts.alerts)), _("What the log's rules found, and nobody has looked at"))


def _systems(frame: Frame, systems: EdFiSystemsOfOrganisation | Unread) -> Iterator[Card]:
    """None where the node has no such system."""
    _, number, where = frame.translate, frame.viewing.number, "/console/ed-fi-systems"
    title = _("Ed-Fi systems that do not work")
    if isinstance(systems, Unread):
        yield _unread(title, systems, where)
    elif systems.systems:
        rows = [shown_system(one, {}) for one in systems.systems]
        wrong = sum(row.is_wrong for row in rows)
        note = _("Nothing comes from them, or goes in, for a day or more") if wrong else _("Pulls and pushes do what they are for")
        yield Card(title, number(wrong), note, where, "danger" if wrong else None, "cross" if wrong else None)


def _ready(frame: Frame, score: Scorecard | Unread | None) -> Iterator[Card]:
    _, number, where = frame.translate, frame.viewing.number, "/console/readiness"
    if isinstance(score, Unread):
        yield _unread(_("Readiness"), score, where)
    elif score is not None:
        figure = frame.viewing.hundredths(100 * score.total.points // max(score.total.possible, 1))
        note = _("%(points)s of %(possible)s points") % {"points": number(score.total.points), "possible": number(score.total.possible)}
        yield Card(_("Readiness"), figure, note, where)
