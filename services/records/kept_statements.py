"""A statement of disagreement stays with the contested part for as long as that is kept (34 CFR 99.21(c)), whoever loads it anew. Pure."""

from collections.abc import Sequence

from safepassage.problems.requests import InvalidRequest
from safepassage.record import StatementOfDisagreement, StudentRecord
from services.records.statements_beside import MOST


def with_statements(record: StudentRecord, before: Sequence[StatementOfDisagreement]) -> StudentRecord:
    """`record` with the statements of `before`, wherever they stood, that relate to what it still has and that it does not bring itself.

    INVARIANT: a load never loses a statement whose contested part it keeps.

    Raises InvalidRequest where they are too many: none is left out for another.
    """
    if not before:
        return record
    present = {*record.elements(), *(name for name, _ in record.sections())}
    brought = {statement.id for statement in record.statements}
    kept = [trimmed for one in before if one.id not in brought and (trimmed := _within(one, present)) is not None]
    if not kept:
        return record
    if len(record.statements) + len(kept) > MOST:
        raise InvalidRequest(f"over {MOST} statements of disagreement with those that stand", field="record.statements")
    provenance = dict(record.provenance)
    for statement in kept:
        for section in statement.sections:
            origin = provenance[section]
            provenance[section] = origin.model_copy(update={"contested_by": (*origin.contested_by, statement.id)})
    document = {**dict(record.sections()), "provenance": provenance, "statements": (*record.statements, *kept)}
    return StudentRecord.model_validate(document)


def _within(statement: StatementOfDisagreement, present: set[str]) -> StatementOfDisagreement | None:
    targets = tuple(target for target in statement.relates_to if target in present)
    return statement.model_copy(update={"relates_to": targets}) if targets else None
