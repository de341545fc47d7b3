"""What crossed the state's line, day by day of the reader's: asked of the log as counts, no entry is opened."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

from safepassage.wire_log import EntrySearch
from safepassage.wire_log_tallies import Tallies, Tally, TallyQuestion, TallyRequest
from services.gateway.console.charts.crossings import Crossing
from services.gateway.console.node_reader import NodeReader
from services.gateway.console.viewing import Viewing

TALLIES: Final = "/v1/log/tallies"
FULL_DAYS: Final = 28
"""Four weeks, so that a day can be held against others of its weekday."""
WEEK: Final = 7
UNKNOWN: Final = "ZZ"
"""In place of a state's code."""

QUESTIONS: Final = (
    TallyQuestion(search=EntrySearch(classes=("disclosure",)), by=("purpose", "recipient_state")),
    TallyQuestion(search=EntrySearch(classes=("received",)), by=("purpose", "sender_state")),
    TallyQuestion(search=EntrySearch(classes=("decision",), outcomes=("deny",)), by=("reason",)),
)


@dataclass(frozen=True)
class Counts:
    """A kind of event, by day."""

    days: tuple[int, ...]
    """Today's is the last, and not over."""

    @property
    def today(self) -> int:
        """Up to now."""
        return self.days[-1]

    @property
    def usual(self) -> int:
        """Of the same weekday in the four weeks before: the median."""
        return round(median(self.days[-1 - WEEK * weeks] for weeks in range(1, FULL_DAYS // WEEK + 1)))


@dataclass(frozen=True)
class Crossed:
    """What crossed, and what was refused."""

    days: tuple[date, ...]
    sent: Counts
    received: Counts
    refused: Counts
    crossings: tuple[Crossing, ...]
    """Of the last seven days."""
    reasons: tuple[tuple[str, int], ...]
    """Of refusals of the last seven days, the most first; an empty code: several at once."""
    not_counted: int
    """Entries that the log's index has not yet."""


async def what_crossed(node: NodeReader, viewing: Viewing, *, own: str) -> Crossed:
    """`own`: the node's state, two letters. Raises LogUnavailable."""
    days = tuple(viewing.today - timedelta(days=back) for back in range(FULL_DAYS, -1, -1))
    asked = TallyRequest(bounds=(*map(viewing.start_of, days), viewing.end_of(days[-1])), tallies=QUESTIONS)
    return crossed_of(await node.ask("audit", TALLIES, asked, Tallies), days, own=own)


def crossed_of(found: Tallies, days: Sequence[date], *, own: str) -> Crossed:
    """Pure. What stayed within the state crossed no line; of a node that the trust list knows no more the state is not known."""
    sent, received, refused = found.tallies
    crossings: Counter[tuple[str, str, str]] = Counter()
    for tally, is_out in ((sent, True), (received, False)):
        for row in tally.rows:
            purpose, state = row.values[0], row.values[1] or UNKNOWN
            if row.interval >= len(days) - WEEK and state != own:
                crossings[(own, purpose, state) if is_out else (state, purpose, own)] += row.entries
    reasons: Counter[str] = Counter()
    for row in refused.rows:
        if row.interval >= len(days) - WEEK:
            reasons[row.values[0]] += row.entries
    return Crossed(
        tuple(days),
        _counts(sent, len(days), but=own),
        _counts(received, len(days), but=own),
        _counts(refused, len(days)),
        tuple(Crossing(*way, records) for way, records in sorted(crossings.items())),
        tuple(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
        found.not_looked_at,
    )


def _counts(tally: Tally, days: int, *, but: str | None = None) -> Counts:
    sums: Counter[int] = Counter()
    for row in tally.rows:
        if but is None or row.values[1] != but:
            sums[row.interval] += row.entries
    return Counts(tuple(sums[day] for day in range(days)))
