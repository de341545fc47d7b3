"""A decision as it is kept: everything that is needed to read it in full, and to run it again from the row alone."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import BigInteger, Row, String, type_coerce

from safepassage.wire import Digest, Wire
from safepassage.wire_decisions import AccessRecord, Asker, Fall, Obligation, RecordedDecision, SubjectOutcome, Withheld
from services.privacy.sealing import Sealer, packed, unpacked
from services.privacy.tables import DecisionRow
from shared.clock import EPOCH
from shared.contracts.privacy import DecisionRequest

TABLE = "decision"

KEPT_BY_COURT: Final = "sealed-order"
"""Its decisions are shown to the scope `evidence:sealed` alone."""

Part = Literal["record", "input", "outcome"]

RecordedRow = DecisionRow | Row[*tuple[Any, ...]]
"""A decision's row, or what a query found of it."""


class DecisionRecord(Wire):
    """What was asked, by whom, and on which evidence."""

    request: DecisionRequest
    asked_by: Asker
    custodian_ids: tuple[UUID, ...]
    """Who kept the record then, for each subject of the request."""
    epochs: dict[str, Any]
    """Which version of each fact was seen."""
    input_hash: Digest
    token: str | None = None
    access: AccessRecord | None = None
    statement_ids: tuple[UUID, ...] = ()
    """Statements of disagreement that had been placed in the students' records."""


@dataclass(frozen=True)
class Clear:
    """The columns of a decision that are not sealed, but bound to the seals."""

    id: UUID
    decided_at: datetime
    valid_until: datetime
    action: str
    exchange_id: UUID | None
    policy_hash: str
    agreement_id: UUID | None
    secret: bool


@dataclass(frozen=True)
class RecordedOutcome:
    """What the policies answered, read again from its canonical bytes (services.privacy.policy.outcome)."""

    outcome: Literal["permit", "permit-with-redaction", "deny"]
    subjects: tuple[SubjectOutcome, ...]
    policies: tuple[str, ...]
    citations: tuple[str, ...]
    obligations: tuple[Obligation, ...]
    reviewed: bool
    required: bool

    @classmethod
    def of(cls, canonical: bytes) -> "RecordedOutcome":
        """Read the canonical bytes."""
        said = json.loads(canonical)
        groups = [(tuple(group["permitted"]), tuple(Withheld.model_validate(one) for one in group["withheld"])) for group in said["groups"]]
        return cls(
            outcome=said["outcome"],
            subjects=tuple(
                SubjectOutcome(student_id=student_id, permitted=groups[group][0], withheld=groups[group][1])
                for student_id, group in said["subjects"]
            ),
            policies=tuple(said["policies"]),
            citations=tuple(said["citations"]),
            obligations=tuple(_obligation(one) for one in said["obligations"]),
            reviewed=said["reviewed"],
            required=said.get("required", False),
        )


def sealed_columns(  # every argument is a column
    sealer: Sealer,
    *,
    decision_id: UUID,
    decided_at: datetime,
    valid_until: datetime,
    policy_hash: str,
    record: DecisionRecord,
    policy_input: bytes,
    outcome: bytes,
) -> dict[str, Any]:
    """The columns of a decision's row."""
    request = record.request
    clear = Clear(
        decision_id,
        decided_at,
        valid_until,
        request.action,
        request.exchange_id,
        policy_hash,
        request.agreement_id,
        request.basis == KEPT_BY_COURT,
    )
    columns = _columns_of(clear)
    parts: tuple[tuple[Part, bytes], ...] = (
        ("record", record.model_dump_json(exclude_none=True).encode()),
        ("input", policy_input),
        ("outcome", outcome),
    )
    return vars(clear) | {
        f"sealed_{part}": sealer.seal(packed(said), table=TABLE, row=decision_id, of=f"{part}:{columns}") for part, said in parts
    }


def open_record(sealer: Sealer, row: RecordedRow) -> DecisionRecord:
    """What was asked. Raises SealBroken."""
    return DecisionRecord.model_validate_json(_open(sealer, row, "record", row.sealed_record))


def open_input(sealer: Sealer, row: RecordedRow) -> bytes:
    """The canonical bytes that the policies were given. Raises SealBroken."""
    return _open(sealer, row, "input", row.sealed_input)


_RAW = String()
"""As the driver has it, without a conversion for each row."""

RAW_INPUT: Final = (
    type_coerce(DecisionRow.id, _RAW).label("id"),
    type_coerce(DecisionRow.decided_at, BigInteger).label("decided_at"),
    type_coerce(DecisionRow.valid_until, BigInteger).label("valid_until"),
    DecisionRow.action,
    type_coerce(DecisionRow.exchange_id, _RAW).label("exchange_id"),
    DecisionRow.policy_hash,
    type_coerce(DecisionRow.sealed_input, _RAW).label("sealed_input"),
)
"""Columns for `open_inputs`."""
POLICY_HASH: Final = 5
"""Its place among them."""


def open_inputs(sealer: Sealer, rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """As `open_input`, of many decisions of which `RAW_INPUT` was read. Raises SealBroken."""
    each = [
        (
            bytes.fromhex(row_id) if type(row_id) is str else row_id.bytes,
            f"input:{_bound_to(decided_at, valid_until, action, exchange_id and id_of(exchange_id), policy_hash)}",
            sealed,
        )
        for row_id, decided_at, valid_until, action, exchange_id, policy_hash, sealed in rows
    ]
    return list(map(unpacked, sealer.open_each(each, table=TABLE)))


def id_of(raw: str | UUID) -> UUID:
    """An id of which `RAW_INPUT` was read."""
    return UUID(raw) if isinstance(raw, str) else raw


def open_outcome(sealer: Sealer, row: RecordedRow) -> bytes:
    """The canonical bytes that they answered. Raises SealBroken."""
    return _open(sealer, row, "outcome", row.sealed_outcome)


def recorded_decision(
    row: RecordedRow, record: DecisionRecord, outcome: RecordedOutcome, *, readers: Collection[UUID], fallen: Fall | None
) -> RecordedDecision:
    """The decision in full, for the students whose custodians are among `readers`."""
    request = record.request
    own = {one for one, custodian_id in zip(request.subject_ids, record.custodian_ids, strict=False) if custodian_id in readers}
    said = request.transfer or request.licensure
    return RecordedDecision(
        id=row.id,
        action=request.action,
        basis=request.basis,
        purpose=request.purpose,
        recipient_kind=request.recipient.kind,
        recipient_id=request.recipient.id,
        elements=request.elements,
        consent_id=request.consent_id,
        agreement_id=request.agreement_id,
        exchange_id=request.exchange_id,
        asserted_by=None if said is None else said.asserted_by,
        asked_by=record.asked_by,
        decided_at=row.decided_at,
        valid_until=row.valid_until,
        outcome=outcome.outcome,
        subjects=tuple(subject for subject in outcome.subjects if subject.student_id is None or subject.student_id in own),
        policies=outcome.policies,
        citations=outcome.citations,
        obligations=outcome.obligations,
        reviewed=outcome.reviewed,
        required=outcome.required,
        policy_hash=row.policy_hash,
        input_hash=record.input_hash,
        fallen=fallen,
        access=record.access,
    )


def _open(sealer: Sealer, row: RecordedRow, part: Part, sealed: bytes) -> bytes:
    return unpacked(sealer.open(sealed, table=TABLE, row=row.id, of=f"{part}:{_columns_of(row)}"))


def _columns_of(row: Clear | RecordedRow) -> str:
    """INVARIANT: the clear columns that a decision's meaning rests on are bound to the seal; the others repeat what is sealed."""
    return _bound_to(_milliseconds(row.decided_at), _milliseconds(row.valid_until), row.action, row.exchange_id, row.policy_hash)


def _bound_to(decided_at: int, valid_until: int, action: str, exchange_id: UUID | None, policy_hash: str) -> str:
    """Instants are milliseconds since the epoch."""
    return f"{decided_at}:{valid_until}:{action}:{exchange_id}:{policy_hash}"


def _milliseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def _obligation(said: dict[str, Any]) -> Obligation:
    due_at = None if said["due_at"] is None else EPOCH + timedelta(milliseconds=said["due_at"])
    return Obligation(kind=said["kind"], argument=said["argument"], citation=said["citation"], due_at=due_at)
