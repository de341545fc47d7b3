"""Duties: clocks that the law starts for an organisation. Open, due, overdue or done, and never gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.wire import Code, Wire
from safepassage.wire_duties import CountedPeople, Duty
from services.privacy.clocks import DUTY_RULES, DutyRule, Undelayed, Until, overdue_from, state_of, warned_from
from services.privacy.sealing import Sealer
from services.privacy.tables import DutyRow
from shared import prepared
from shared.caller import Caller
from shared.inserts import DIALECTS, insert_of
from shared.keys import SigningKey

TABLE = "duty"

UNDONE = (DutyRow.done_at.is_(None), DutyRow.waived_at.is_(None))
"""Of a duty that still stands."""

KEY: Final = itemgetter("key")
"""The order in which rows are opened."""
DUTY_OPENED = {dialect: insert_of(dialect, DutyRow).on_conflict_do_nothing(index_elements=["key"]) for dialect in DIALECTS}


@dataclass(frozen=True)
class Clock:
    """A duty that starts now or has started."""

    kind: str
    custodian_id: UUID
    zone_name: str
    begins_at: datetime
    about: str | None = None
    student_id: UUID | None = None
    ends_at: datetime | None = None
    """Where a fact gives the end (`Until`); where the rule has a term too, the earlier counts."""
    counted: CountedPeople | None = None
    """Of a notice of a breach: how many people it was started for, and by which count."""

    @property
    def rule(self) -> DutyRule:
        """Its rule."""
        return DUTY_RULES[self.kind]

    @property
    def overdue_at(self) -> datetime:
        """The first instant that is too late. Raises ValueError for a law that names no number."""
        term = self.rule.term
        if isinstance(term, Until | Undelayed):
            if self.ends_at is None:
                raise ValueError("the end of this duty is a fact, or there is none")
            return self.ends_at
        return overdue_from(term, self.begins_at, zone_name=self.zone_name)

    def key(self, secret: SigningKey | None) -> str:
        """Which duty it is. Where its words would tell of a child only the holder of the node's key makes it: Ed25519 is deterministic."""
        of_what = digest_of(f"{self.about or '-'}:{self.student_id or '-'}".encode())
        words = f"{self.rule.kept_as}:{self.custodian_id}:{of_what}"
        if not self.rule.tells_of_a_child:
            return words
        if secret is None:
            raise ValueError("this duty is named by a key")
        return f"{self.rule.kept_as}:{digest_of(secret.sign(b'safepassage/duty-key' + bytes(1) + f'{self.kind}:{words}'.encode()))}"


class Details(Wire):
    """What a duty is, in full."""

    kind: Code
    student_id: UUID | None = None
    about: str | None = None
    counted: CountedPeople | None = None


def rows_of(
    sealer: Sealer,
    clocks: Sequence[Clock],
    *,
    now: datetime,
    secret: SigningKey | None = None,
    opened_by: str | None = None,
    evidence_ref: str | None = None,
) -> list[dict[str, Any]]:
    """The rows of duties that start, for `start`: sealed before a transaction holds a lock.

    # INVARIANT: what the store has in clear of a duty does not tell that a child is homeless, in foster care, migratory, of a military
    # family or has a disability.

    secret  names those that would tell of a child
    """
    rows = []
    for clock in clocks:
        duty_id, overdue_at, key = uuid7(now), None if isinstance(clock.rule.term, Undelayed) else clock.overdue_at, clock.key(secret)
        details = Details(kind=clock.kind, student_id=clock.student_id, about=clock.about, counted=clock.counted)
        start_sealed = None
        if evidence_ref is not None:
            start_sealed = sealer.seal(evidence_ref.encode(), table=TABLE, row=duty_id, of=f"start:{key}")
        values = {
            "id": duty_id,
            "key": key,
            "kind": clock.rule.kept_as,
            "custodian_id": clock.custodian_id,
            "about": None if clock.rule.tells_of_a_child else clock.about,
            "sealed_details": sealer.seal(
                details.model_dump_json(exclude_none=True).encode(), table=TABLE, row=duty_id, of=f"details:{key}"
            ),
            "begins_at": clock.begins_at,
            "due_from": None if overdue_at is None else warned_from(overdue_at, days=clock.rule.warn_days, zone_name=clock.zone_name),
            "overdue_at": overdue_at,
            "ranked_at": overdue_at or clock.begins_at,
            "opened_by": opened_by,
            "sealed_start": start_sealed,
        }
        rows.append(values)
    return rows


def start(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Open duties; one that is there already is not opened again. In one order, as obligations are."""
    prepared.change_each(connection, DUTY_OPENED[connection.dialect.name], sorted(rows, key=KEY))


async def start_duties(tx: AsyncSession, sealer: Sealer, clocks: Sequence[Clock], *, now: datetime) -> None:
    """`start`, in a session, of duties that tell nothing of a child."""
    rows = rows_of(sealer, clocks, now=now)
    await tx.run_sync(lambda session: start(session.connection(), rows))


async def end_duties(
    tx: AsyncSession,
    sealer: Sealer,
    caller: Caller,
    *,
    about: str,
    kinds: Sequence[str],
    evidence_ref: str,
    now: datetime,
    custodian_id: UUID | None = None,
) -> None:
    """What it was about has happened: the duties are done, with its evidence; those of one organisation, or of all."""
    kept_as = {DUTY_RULES[kind].kept_as for kind in kinds}
    query = select(DutyRow).where(DutyRow.about == about, DutyRow.kind.in_(kept_as), *UNDONE)
    if custodian_id is not None:
        query = query.where(DutyRow.custodian_id == custodian_id)
    for row in (await tx.execute(query.order_by(DutyRow.id).with_for_update())).scalars():
        end_duty(row, sealer, by=caller.client_id, evidence_ref=evidence_ref, at=now)


def details_of(sealer: Sealer, row: DutyRow | Row[*tuple[Any, ...]]) -> Details:
    """What the duty is. Raises SealBroken."""
    return Details.model_validate_json(sealer.open(row.sealed_details, table=TABLE, row=row.id, of=f"details:{row.key}"))


def duty_of(sealer: Sealer, row: DutyRow, *, now: datetime) -> Duty:
    """The row as it is said aloud."""
    details = details_of(sealer, row)
    rule = DUTY_RULES[details.kind]
    return Duty(
        id=row.id,
        kind=details.kind,
        organisation_id=row.custodian_id,
        student_id=details.student_id,
        about=details.about,
        counted=details.counted,
        start_ref=start_of(sealer, row),
        citation=rule.citation,
        figure=rule.figure,
        checked=rule.checked,
        begins_at=row.begins_at,
        wording=rule.wording,
        due_from=row.due_from,
        overdue_at=row.overdue_at,
        state=state_of(due_from=row.due_from, overdue_at=row.overdue_at, done_at=row.done_at, waived_at=row.waived_at, now=now),
        done_at=row.done_at,
        waivable=rule.waivable,
        waived_at=row.waived_at,
        waived_because=row.waived_because,
        evidence_ref=evidence_of(sealer, row),
        late=row.overdue_at is not None and row.waived_at is None and (row.done_at or now) >= row.overdue_at,
    )


def end_duty(row: DutyRow, sealer: Sealer, *, by: str, evidence_ref: str, at: datetime) -> None:
    """It was done, on the word of `by`, with what shows it."""
    row.done_at, row.done_by = at, by
    row.sealed_evidence = sealer.seal(evidence_ref.encode(), table=TABLE, row=row.id, of=f"evidence:{row.key}")


def waive(row: DutyRow, sealer: Sealer, *, by: str, because: str, evidence_ref: str, at: datetime) -> None:
    """It does not bind, on the word of `by`, with what shows it."""
    row.waived_at, row.waived_by, row.waived_because = at, by, because
    row.sealed_evidence = sealer.seal(evidence_ref.encode(), table=TABLE, row=row.id, of=f"evidence:{row.key}")


def evidence_of(sealer: Sealer, row: DutyRow) -> str | None:
    """What shows that it was done, or that it does not bind. Raises SealBroken."""
    if row.sealed_evidence is None:
        return None
    return sealer.open(row.sealed_evidence, table=TABLE, row=row.id, of=f"evidence:{row.key}").decode()


def start_of(sealer: Sealer, row: DutyRow) -> str | None:
    """What shows that it started, where staff said so. Raises SealBroken."""
    if row.sealed_start is None:
        return None
    return sealer.open(row.sealed_start, table=TABLE, row=row.id, of=f"start:{row.key}").decode()
