"""The operations on statistics, as `safepassage.client.calls`. `safepassage.wire_statistics.across_nodes` sums several nodes' answers."""

from uuid import UUID

from safepassage.client.call import Call, asking, fetching, path_of, reading, taking
from safepassage.wire_statistics import KeptStatisticsList, StatisticsAnswer, StatisticsBudget, StatisticsQuestion


def ask_statistics(question: StatisticsQuestion) -> Call[StatisticsAnswer]:
    """Counts and rates by group, charged to the organisation's budget. Scope records:statistics; the state agency also needs
    records:read:state and a purpose."""
    return taking(60, asking("/v1/statistics", question, StatisticsAnswer))


def list_statistics() -> Call[KeptStatisticsList]:
    """The answers that the organisation was given, without their numbers. Scope records:statistics."""
    return reading("/v1/statistics", KeptStatisticsList)


def read_statistics(statistics_id: UUID) -> Call[StatisticsAnswer]:
    """An answer that was given before. Scope records:statistics."""
    return reading(path_of("/v1/statistics/{id}", id=statistics_id), StatisticsAnswer)


def export_statistics_page(statistics_id: UUID) -> Call[bytes]:
    """The same as one HTML file, to read and to print. Scope records:statistics."""
    return fetching(path_of("/v1/statistics/{id}/page", id=statistics_id), accept="text/html")


def export_statistics_table(statistics_id: UUID) -> Call[bytes]:
    """The same as CSV. Scope records:statistics."""
    return fetching(path_of("/v1/statistics/{id}/table", id=statistics_id), accept="text/csv")


def read_statistics_budget() -> Call[StatisticsBudget]:
    """What may still be asked in this school year. Scope records:statistics."""
    return reading("/v1/statistics-budget", StatisticsBudget)
