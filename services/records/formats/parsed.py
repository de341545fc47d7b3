"""What reading a format gives: records as far as they go, and what was found on the way, by reason and position, without a value."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from safepassage.record.loads import LoadedRecord, Unresolved

Model = TypeVar("Model", bound=BaseModel)

MOST_REPORTED = 10_000


@dataclass
class Findings:
    """Counts of what was read, and references that did not resolve. Positions are file and row (or element) numbers, from 1."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unresolved: list[Unresolved] = field(default_factory=list)

    def missed(self, reason: str, position: str) -> None:
        """Something did not resolve."""
        self.reasons[reason] += 1
        if len(self.unresolved) < MOST_REPORTED:
            self.unresolved.append(Unresolved(reason=reason, position=position))

    def made(self, model: type[Model], values: dict[str, Any], position: str) -> Model | None:
        """An instance of `model` from what is there (None and empty lists left out), or None and a finding `not-valid`."""
        try:
            return model.model_validate({name: value for name, value in values.items() if value not in (None, "", [], ())})
        except ValidationError:
            self.missed("not-valid", position)
            return None


@dataclass(frozen=True)
class ParsedStudent:
    """One student as a file has them."""

    source_id: str
    position: str
    record: LoadedRecord | None
    """None where the source only says that the student is to be deleted."""
    ended_on: date | None = None
    """The source deletes the student: membership ends. The record stays, education records are not destroyed by a roster."""
    source_system: str | None = None
    as_of: datetime | None = None
    """Where a format says them for each student."""


@dataclass
class ParsedRoster:
    """A whole upload."""

    format: str
    source_system: str
    carries: frozenset[str]
    """Elements that the format says in full: they replace what was loaded before. Others are only added where nothing is."""
    students: list[ParsedStudent] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)


def section(findings: Findings, model: type[Model], values: dict[str, Any], position: str) -> Model | None:
    """A section from its elements; None without a finding where none is there."""
    present = {name: value for name, value in values.items() if value not in (None, "", [], ())}
    return findings.made(model, present, position) if present else None
