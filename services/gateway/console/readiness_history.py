"""The scorecard over time: a picture of the days, and a table of every scorecard that was kept."""

from collections.abc import Sequence
from datetime import UTC
from typing import Final

from safepassage.wire_readiness import SnapshotPage, SnapshotSummary
from services.gateway.console.charts.lines import Lines, Series, lines
from services.gateway.console.node_reader import NodeReader, all_pages
from services.gateway.console.pages import Frame
from services.gateway.console.today_pictures import Told
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Filter, WholeTable
from services.gateway.console.words import word

LOOKED_AT: Final = 800
"""Scorecards, the newest: one a day for two years, and some that officials wanted."""
IN_A_PICTURE: Final = 90
"""Days, the newest."""
OCCASIONS: Final = {"daily": word("Of a day"), "on-demand": word("When an official wanted it")}

HISTORY: Final = WholeTable(
    "history",
    {"-taken": lambda one: one.taken_at, "-points": lambda one: one.total.points},
    filters={"occasion": Filter(word("Why it was kept"), lambda one, _: [(one.occasion, _(OCCASIONS[one.occasion]))], OCCASIONS)},
    file={
        "id": lambda one: str(one.id),
        "taken_at": lambda one: utc(one.taken_at.astimezone(UTC)),
        "occasion": lambda one: one.occasion,
        "points": lambda one: one.total.points,
        "possible": lambda one: one.total.possible,
        "shown_by_the_node": lambda one: one.total.live_points,
        "attested": lambda one: one.total.attested_points,
        "questions_at_level_0": lambda one: one.total.absent,
    },
    region="#history",
)
"""What it was at each instant, in points."""


async def kept_scorecards(node: NodeReader) -> list[SnapshotSummary]:
    """The newest first."""
    pages = all_pages(node, "privacy", "/v1/readiness/snapshots", SnapshotPage, {}, most=LOOKED_AT)
    return [one async for page in pages for one in page.snapshots][:LOOKED_AT]


def pictured(kept: Sequence[SnapshotSummary], frame: Frame) -> Told | None:
    """The points of the days; None where fewer than two days have any, of which there is no way to draw."""
    days = [one for one in kept if one.occasion == "daily"][:IN_A_PICTURE][::-1]
    if len(days) < 2:
        return None
    _, viewing = frame.translate, frame.viewing
    names = [viewing.dated(one.taken_at.astimezone(UTC).date()) for one in days]
    series = [
        Series(_("Points"), [one.total.points for one in days]),
        Series(_("Shown by the node"), [one.total.live_points for one in days]),
        Series(_("Attested"), [one.total.attested_points for one in days]),
    ]
    pictures: list[Lines | None] = [lines(names, series, number=viewing.number, width=width) for width in (720.0, 340.0)]
    first, last = days[0].total.points, days[-1].total.points
    finding = _("%(first)s points on %(then)s, %(last)s on %(now)s.") % {
        "first": viewing.number(first),
        "then": names[0],
        "last": viewing.number(last),
        "now": names[-1],
    }
    rows = [(name, *(viewing.number(one.values[place]) for one in series)) for place, name in enumerate(names)]
    return Told(pictures, finding, (_("Day (UTC)"), *(one.name for one in series)), rows[::-1])
