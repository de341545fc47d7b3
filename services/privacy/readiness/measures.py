"""The newest measures of each service, and how long they are believed. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from safepassage.wire import Wire
from safepassage.wire_readiness import Measure, ServiceOfMeasure
from shared.contracts.readiness import AuditMeasures, GatewayMeasures, PrivacyMeasures, RecordsMeasures

M = TypeVar("M", bound=Wire)

BELIEVED_FOR: Final = timedelta(minutes=10)
"""Services report every minute; what is older than this is not evidence of what runs now."""
CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""A report may come from a clock that is ahead by so much."""

MODELS: Final[dict[ServiceOfMeasure, type[Wire]]] = {
    "gateway": GatewayMeasures,
    "privacy": PrivacyMeasures,
    "records": RecordsMeasures,
    "audit": AuditMeasures,
}


class NotReported(Exception):
    """A service has reported nothing that is recent enough: what rests on it cannot be shown."""

    def __init__(self, service: ServiceOfMeasure) -> None:
        super().__init__(service)
        self.service = service


@dataclass(frozen=True)
class Report(Generic[M]):
    """What one service measured."""

    service: ServiceOfMeasure
    of: M
    measured_at: datetime

    def shown(self, *names: str) -> tuple[Measure, ...]:
        """The named members as measures; those that are None are left out."""
        values = {name: getattr(self.of, name) for name in names}
        return tuple(self.figure(name, value) for name, value in values.items() if value is not None)

    def figure(self, name: str, value: int) -> Measure:
        """A figure that was computed from the members."""
        return Measure(name=name.replace("_", "-"), value=int(value), service=self.service, measured_at=self.measured_at)


@dataclass(frozen=True)
class Measures:
    """A report of each service, or None. What is asked for and not there raises NotReported: nothing is taken for granted."""

    from_gateway: Report[GatewayMeasures] | None = None
    from_privacy: Report[PrivacyMeasures] | None = None
    from_records: Report[RecordsMeasures] | None = None
    from_audit: Report[AuditMeasures] | None = None

    def at(self, now: datetime) -> "Measures":
        """Without those that are too old, or of a time that has not come."""
        kept = {name: report for name, report in vars(self).items() if report is not None and _is_fresh(report, now)}
        return replace(Measures(), **kept)

    @property
    def gateway(self) -> Report[GatewayMeasures]:
        """Raises NotReported."""
        return _there("gateway", self.from_gateway)

    @property
    def privacy(self) -> Report[PrivacyMeasures]:
        """Raises NotReported."""
        return _there("privacy", self.from_privacy)

    @property
    def records(self) -> Report[RecordsMeasures]:
        """Raises NotReported."""
        return _there("records", self.from_records)

    @property
    def audit(self) -> Report[AuditMeasures]:
        """Raises NotReported."""
        return _there("audit", self.from_audit)

    @property
    def not_reported(self) -> tuple[ServiceOfMeasure, ...]:
        """Services of which there is no report."""
        held: dict[ServiceOfMeasure, object] = {
            "gateway": self.from_gateway,
            "privacy": self.from_privacy,
            "records": self.from_records,
            "audit": self.from_audit,
        }
        return tuple(service for service, report in held.items() if report is None)


def _is_fresh(report: Report[Wire], now: datetime) -> bool:
    return now - BELIEVED_FOR < report.measured_at <= now + CLOCKS_DIFFER


def _there(service: ServiceOfMeasure, report: Report[M] | None) -> Report[M]:
    if report is None:
        raise NotReported(service)
    return report
