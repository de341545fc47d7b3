"""What a district leaves with its own system: of a record the node keeps what finds the child and what is decided on, and no more. Pure.

What stays is sealed as any part is. Beside it stands a part that says whose system has the rest, under which id it knows the child, and
what a decision rests on that only the rest would show: it is sealed with the student's own key, and leaves no way.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from safepassage.record import SECTION_MODELS, StatementOfDisagreement, StudentRecord
from safepassage.record.contacts import Guardian
from safepassage.record.loads import LoadedRecord
from safepassage.wire import Wire
from services.records.guardians import same_person
from services.records.record_sources import LEFT, Part
from services.records.subject_facts import flags_of, military_service_of
from services.records.tables.students import OWN
from shared.contracts.privacy import Flag, MilitaryService

KEPT: Final = frozenset(
    {
        "identity.name",
        "identity.other_names",
        "identity.birth_date",
        "identity.multiple_birth",
        "identity.sex",
        "identity.identifiers",
        "enrollment.enrollments",
        "contacts.guardians",
    }
)
"""What finds a child, tells twins apart, and says who may see, hold rights and decide. Of guardians not where they can be reached."""
GUARDIANS: Final = "contacts.guardians"
REACHED_BY: Final = ("addresses", "telephones", "emails")
SHOWN_BY: Final[Mapping[Flag, frozenset[str]]] = {
    "special-education": frozenset({"special_education.eligibility", "special_education.iep"}),
    "part-c": frozenset({"special_education.early_intervention"}),
    "foster": frozenset({"programmes.foster"}),
    "homeless": frozenset({"programmes.homeless"}),
    "migrant": frozenset({"programmes.migrant"}),
    "military": frozenset({"demographics.military_connection"}),
    "protected-address": frozenset({"contacts.addresses"}),
}
"""Flags that what is left would show. `dual-enrollment` is shown by enrolments, which are kept."""
_MEMBER: Final = "left"


class Left(Wire):
    """Where the rest of a record is, and what is known of it here."""

    organisation_id: UUID
    system: str
    student_unique_id: str
    elements: frozenset[str]
    """Those that the system says; of these, all but `KEPT` are not here."""
    flags: frozenset[Flag] = frozenset()
    military_service: MilitaryService | None = None
    statements: tuple[StatementOfDisagreement, ...] = ()
    """Of disagreement with what is left. They are the family's, and no system of the district's has a place for them."""

    @property
    def gone(self) -> frozenset[str]:
        """The elements that are not here."""
        return self.elements - KEPT

    @property
    def written(self) -> bytes:
        """In one form, to be compared by: without statements, which no roster says."""
        facts = self.military_service.model_dump_json() if self.military_service else ""
        said = (self.organisation_id.hex, self.system, self.student_unique_id, *sorted(self.elements), *sorted(self.flags), facts)
        return "\0".join(said).encode()


def left_in(parts: Iterable[Part]) -> Left | None:
    """What is left of a record, by its parts; None where all of it is kept."""
    for part in parts:
        if part.section == LEFT and part.source == OWN:
            return Left.model_validate_json(part.members[_MEMBER])
    return None


def part_left(left: Left | None, *, version: int) -> list[Part]:
    """The part to store."""
    return [] if left is None else [Part(LEFT, OWN, version, {_MEMBER: left.model_dump_json(exclude_none=True).encode()})]


def now_left(said: Left, held: Left | None, record: StudentRecord | LoadedRecord) -> Left:
    """`said` with what the whole `record` shows. What was known before and the record does not say anew still counts.

    said  the system as the load names it; `held` itself where something else than the system is loaded
    """
    flags = set(flags_of(record)) & SHOWN_BY.keys()
    service = military_service_of(record)
    if held is not None:
        fresh: frozenset[str] = frozenset() if said is held else said.elements
        flags |= {flag for flag in held.flags if not SHOWN_BY[flag] <= fresh}
        if service is None and not SHOWN_BY["military"] <= fresh:
            service = held.military_service
    return said.model_copy(update={"flags": frozenset(flags), "military_service": service, "statements": ()})


def divided(record: StudentRecord, left: Left) -> tuple[StudentRecord, Left]:
    """What is kept of a record, and `left` with the statements of disagreement that relate to the rest."""
    staying = kept_sections(record, left.gone)
    elements = {f"{name}.{member}" for name, section in staying.items() for member in section.model_fields_set}
    here = {*staying, *elements}
    kept = tuple(one for statement in record.statements if (one := _about(statement, here, within=True)) is not None)
    rest = tuple(one for statement in record.statements if (one := _about(statement, here, within=False)) is not None)
    provenance = {
        name: record.provenance[name].model_copy(update={"contested_by": tuple(one.id for one in kept if name in one.sections)})
        for name in staying
    }
    made = StudentRecord.model_validate({**staying, "provenance": provenance, "statements": kept})
    return made, left.model_copy(update={"statements": rest})


def kept_sections(record: StudentRecord | LoadedRecord, gone: Collection[str]) -> dict[str, Any]:
    """The sections without the elements that are `gone`, and without where guardians are reached."""
    staying: dict[str, Any] = {}
    for name, section in record.sections():
        members = {
            member: _here(f"{name}.{member}", value)
            for member, value in section.__dict__.items()
            if value is not None and f"{name}.{member}" not in gone
        }
        if members:
            staying[name] = SECTION_MODELS[name](**members)
    return staying


def sections_left(record: StudentRecord | LoadedRecord, gone: Collection[str]) -> frozenset[str]:
    """The sections of which something is not kept."""
    return frozenset(element.partition(".")[0] for element in record.elements() if element in gone)


def joined(one: Sequence[StatementOfDisagreement], other: Sequence[StatementOfDisagreement]) -> tuple[StatementOfDisagreement, ...]:
    """Statements that were divided, each whole again."""
    whole = {statement.id: statement for statement in one}
    for statement in other:
        before = whole.get(statement.id)
        related = statement.relates_to if before is None else tuple(dict.fromkeys((*before.relates_to, *statement.relates_to)))
        whole[statement.id] = statement.model_copy(update={"relates_to": related})
    return tuple(whole.values())


def with_reach(held: LoadedRecord, said: LoadedRecord) -> LoadedRecord:
    """What is held of a record, its guardians with where the source says that they are reached."""
    ours = held.contacts.guardians if held.contacts else None
    theirs = said.contacts.guardians if said.contacts else None
    if held.contacts is None or not ours or not theirs:
        return held
    guardians = tuple(_reached(guardian, theirs) for guardian in ours)
    return held.model_copy(update={"contacts": held.contacts.model_copy(update={"guardians": guardians})})


def _reached(guardian: Guardian, said: Sequence[Guardian]) -> Guardian:
    same = next((one for one in said if same_person(one, guardian)), None)
    return guardian if same is None else guardian.model_copy(update={name: getattr(same, name) for name in REACHED_BY})


def _here(element: str, value: Any) -> Any:
    if element != GUARDIANS:
        return value
    return tuple(guardian.model_copy(update=dict.fromkeys(REACHED_BY)) for guardian in value)


def _about(statement: StatementOfDisagreement, here: Collection[str], *, within: bool) -> StatementOfDisagreement | None:
    targets = tuple(target for target in statement.relates_to if (target in here) is within)
    return statement.model_copy(update={"relates_to": targets}) if targets else None
