"""What reading a format gives: records as far as they go, and what was found on the way, by reason and position, without a value."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from safepassage.record.loads import LoadedRecord, Unresolved
from services.records.formats.not_valid import Fault, Faults, faults_of
from services.records.record_text import json_of

Model = TypeVar("Model", bound=BaseModel)

MOST_REPORTED = 10_000


@dataclass
class Findings:
    """Counts of what was read, and references that did not resolve. Positions are file and row (or element) numbers, from 1."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unresolved: list[Unresolved] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults, repr=False)
    """What is wrong with what is not valid."""
    told: Callable[[str], str] = field(default=str, repr=False, compare=False)
    """A place as a report may say it: nobody's name for a file."""

    def not_valid(self, position: str, faults: Iterable[Fault]) -> None:
        """What is there is not valid, for these reasons."""
        self.missed("not-valid", position)
        self.faults.add(position, faults)

    def missed(self, reason: str, position: str) -> None:
        """Something did not resolve."""
        self.reasons[reason] += 1
        if len(self.unresolved) < MOST_REPORTED:
            self.unresolved.append(Unresolved(reason=reason, position=position))

    def missed_of(self, count: int, reason: str, file_name: str) -> None:
        """As many of a file, told once."""
        if count:
            self.missed(reason, file_name)
            self.reasons[reason] += count - 1

    def made(self, model: type[Model], values: dict[str, Any], position: str) -> Model | None:
        """An instance of `model` from what is there (None and empty lists left out), or None and a finding `not-valid`."""
        try:
            return validated(model, _said(values))
        except ValidationError as error:
            self.not_valid(position, faults_of(error))
            return None

    def made_of(self, model: type[Model], draft: "Draft") -> Model | None:
        """The instance that `draft` is of: validated as a whole, and part by part where that fails, so that each part is found or stays."""
        made = draft.instance(model)
        if made is None:
            parts = self._part_by_part(draft)
            made = parts if isinstance(parts, model) else None
        return made

    def _part_by_part(self, draft: "Draft") -> BaseModel | None:
        values = {name: self._parts(value) for name, value in draft.values.items()}
        if draft.optional and not any(_says_something(value) for value in values.values()):
            return None
        return self.made(draft.model, values, draft.position)

    def _parts(self, value: Any) -> Any:
        if isinstance(value, Draft):
            return self._part_by_part(value)
        if isinstance(value, list):
            parts = [self._part_by_part(one) if isinstance(one, Draft) else one for one in value]
            return [part for part in parts if part is not None]
        return value


class Draft(NamedTuple):
    """What is to be an instance of `model`: its members, drafts and lists of drafts among them, as `position` has them."""

    model: type[BaseModel]
    values: Mapping[str, Any]
    position: str
    optional: bool = False
    """With nothing in it, it is left out without a finding: a section."""

    def plain(self) -> dict[str, Any]:
        """All of it as one object, without what says nothing."""
        made: dict[str, Any] = {}
        for name, value in self.values.items():
            kind = type(value)
            if kind is Draft:
                inner = value.plain()
                if inner or not value.optional:
                    made[name] = inner
            elif kind is list:
                if value:
                    made[name] = [one.plain() if type(one) is Draft else one for one in value]
            elif _says_something(value):
                made[name] = value
        return made

    def instance(self, model: type[Model]) -> Model | None:
        """The instance, or None where any of it is not valid."""
        try:
            return validated(model, self.plain())
        except ValidationError:
            return None


def validated(model: type[Model], values: Mapping[str, Any]) -> Model:
    """As `model.model_validate`, which does as much again in Python before it asks the validator. Raises ValidationError."""
    made: Model = model.__pydantic_validator__.validate_python(values)
    return made


def _says_something(value: Any) -> bool:
    """None, an empty text and an empty list say nothing; an empty object may stand for its defaults."""
    return value is not None and (bool(value) or type(value) not in _MAY_BE_EMPTY)


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """The members that say something: `_says_something` of each, written out for what is asked of every member of an upload."""
    return {name: value for name, value in values.items() if value is not None and (value or type(value) not in _MAY_BE_EMPTY)}


_MAY_BE_EMPTY: Final = frozenset({str, list, tuple})


class RestsOn(NamedTuple):
    """What reading a student rested on, and what was told of it: nothing but members that are kept beside the record."""

    digest: bytes
    """SHA-256, in memory alone."""
    told: Any
    """As the format has it, to be kept as JSON."""


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
    carries: frozenset[str] | None = None
    """The elements that it says of this student, where that is not as for all (`ParsedRoster.carries`)."""
    beside: Mapping[str, Sequence[Any]] | None = None
    """What the source said of the student that the record has no place for, verbatim, by resource: what was kept of these is replaced.
    None: a format that keeps nothing beside the record.
    """
    rests_on: "RestsOn | None" = None
    """By which the student is known when the very same comes again; None: a student who is read each time."""
    as_before: bytes | None = None
    """The student was not read: this mark, which is with what is held, says that all is as it was. `record` is None then."""
    text: bytes = field(init=False, repr=False)
    """`json_of` the record, written while that is at hand: once all of an upload is read, walking through it takes half as long again."""

    def __post_init__(self) -> None:
        """Write the record's text."""
        object.__setattr__(self, "text", b"" if self.record is None else json_of(self.record))


@dataclass(frozen=True)
class KeptStudent:
    """What is kept of a student's source, so that a later upload can say what changed alone."""

    rows: bytes
    """As JSON, with the source's id."""
    follows: int | None = None
    """The version of what was kept, of which it was made; None: it does not rest on any."""

    @classmethod
    def of(cls, identifier: str, rows: Mapping[str, Any], *, follows: int | None = None) -> "KeptStudent":
        """Of rows as they are read, with the id by which the source knows the student."""
        return cls(msgspec.json.encode({"id": identifier, **rows}), follows)


@dataclass(frozen=True)
class KeptRoster:
    """What is kept of a source: what tells of no student, and of each student by source id."""

    frame: dict[str, Any]
    students: dict[str, KeptStudent]
    follows: int | None = None
    """As in KeptStudent."""
    files: frozenset[str] = frozenset()
    """Of what rests on nothing: the files that are not read and that are there in full. What is kept of any other such file stays."""


@dataclass
class ParsedRoster:
    """A whole upload."""

    format: str
    source_system: str
    carries: frozenset[str]
    """Elements that the format says in full: they replace what was loaded before. Others are only added where nothing is."""
    updates: frozenset[str] = frozenset()
    """Elements that the format may say: where it says something they replace what was loaded before."""
    students: list[ParsedStudent] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    kept: KeptRoster | None = None
    """Of a format that has deltas."""


def section(findings: Findings, model: type[Model], values: dict[str, Any], position: str) -> Model | None:
    """A section from its elements; None without a finding where none is there."""
    present = _said(values)
    return findings.made(model, present, position) if present else None


def section_by_element(findings: Findings, model: type[Model], values: dict[str, Any], position: str) -> Model | None:
    """The section; if an element of it is not valid, the section without that element, and a finding."""
    try:
        present = _said(values)
        return validated(model, present) if present else None
    except ValidationError:
        kept = {}
    for member, value in values.items():
        if value not in (None, []) and section(findings, model, {member: value}, f"{position}:{member}") is not None:
            kept[member] = value
    return section(findings, model, kept, position)
