"""A load's report by the causes of what was not loaded as its sender meant it. Pure."""

from typing import Final

from safepassage.record.load_causes import CAUSES
from safepassage.record.load_reports import LoadCause
from safepassage.record.loads import LoadReport

SHOWN: Final = 100
"""Positions of one cause in a report by causes; the whole report of the load has more."""


def by_cause(report: LoadReport) -> tuple[LoadCause, ...]:
    """What came up in a load, the most frequent first."""
    positions: dict[str, list[str]] = {}
    for one in report.unresolved:
        positions.setdefault(one.reason, []).append(one.position)
    ordered = sorted(report.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(
        LoadCause(
            reason=reason,
            kind=CAUSES[reason].kind,
            title=CAUSES[reason].title,
            remedy=CAUSES[reason].remedy,
            count=count,
            positions=tuple(positions.get(reason, ())[:SHOWN]),
        )
        for reason, count in ordered
    )
