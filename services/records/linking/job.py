"""The job that finds doubles among a node's students: what is sure is united by reference, what is not is proposed to a person.

Records are opened in memory, a part at a time, and never leave it; DuckDB has no folder to spill to. Splink loads here and nowhere else.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection, insert, select

from services.records.facts_anew import facts_of_children_anew
from services.records.facts_lane import told_by_a_job
from services.records.linking.model import link_model
from services.records.linking.persons import LinkedPerson, linked_person, without_crowded
from services.records.linking.scoring import scored_pairs
from services.records.linking.verdicts import ForPerson, Linked, Verdicts, verdicts
from services.records.logged import union_event
from services.records.match_reviews import open_review
from services.records.matching_candidates import records_of
from services.records.matching_person import candidate_of
from services.records.tables import MergeProposalRow, OutboxRow, StudentRow, UnionRow
from services.records.unions import hold, ordered, pairs_on_record, unite
from services.records.vault import Vault
from shared.contracts.audit import Actor
from shared.database import Database
from shared.outbox_rows import row_of_event

_Pair = TypeVar("_Pair", Linked, ForPerson)

JOB: Final = "match"
AT_ONCE: Final = 500
WAITS: Final = timedelta(days=365)
"""How long a proposal waits for a person."""


@dataclass(frozen=True)
class Found:
    """What a run did."""

    students: int
    united: int
    proposed: int


async def find_doubles(database: Database, vault: Vault, *, jurisdiction: str, now: datetime, told: Callable[[int], None]) -> Found:
    """Compare every student of the node with every other. A second run over the same students changes nothing.

    jurisdiction  the node's (`US-XA`), for the facts that privacy is told
    told          is told how many records were opened so far

    Raises SealBroken.
    """
    people: list[LinkedPerson] = []
    custodians: dict[UUID, UUID] = {}
    after: UUID | None = None
    while True:
        part = await database.read(partial(_students, after=after))
        if not part:
            break
        after = part[-1][0]
        ids = [student_id for student_id, _ in part]
        custodians |= dict(part)
        people += await database.read(partial(_people, vault=vault, ids=ids))
        told(len(custodians))
    found, students = await database.read(_on_record), len(people)
    parted = await database.read(_parted)
    people = without_crowded(people)
    new = _new(_judged(people, parted), found)
    united = proposed = 0
    for start in range(0, len(new.automatic), AT_ONCE):
        chosen = new.automatic[start : start + AT_ONCE]
        united += await database.write(
            partial(_unite, vault=vault, pairs=chosen, custodians=custodians, jurisdiction=jurisdiction, now=now)
        )
    for start in range(0, len(new.for_person), AT_ONCE):
        waiting = new.for_person[start : start + AT_ONCE]
        proposed += await database.write(partial(_propose, pairs=waiting, now=now))
    return Found(students=students, united=united, proposed=proposed)


def _students(connection: Connection, *, after: UUID | None) -> list[tuple[UUID, UUID]]:
    query = select(StudentRow.id, StudentRow.custodian_id).order_by(StudentRow.id).limit(AT_ONCE)
    rows = connection.execute(query if after is None else query.where(StudentRow.id > after))
    return [(row.id, row.custodian_id) for row in rows]


def _people(connection: Connection, *, vault: Vault, ids: Sequence[UUID]) -> list[LinkedPerson]:
    return [linked_person(str(key), record, candidate_of(key, record)) for key, record in records_of(connection, vault, ids)]


def _judged(people: Sequence[LinkedPerson], parted: Collection[frozenset[str]]) -> Verdicts:
    model, pairs = link_model(), len(people) * (len(people) - 1) / 2
    if pairs < 1:
        return Verdicts((), ())
    thresholds = model.thresholds.for_pairs(pairs)
    scored = scored_pairs(model.linking("dedupe_only"), people, at_least=thresholds.least)
    return verdicts(scored, {one.key: one for one in people}, thresholds, parted)


def _on_record(connection: Connection) -> set[tuple[UUID, UUID]]:
    """Pairs that were united once, also if they were separated since, and pairs that were proposed: both were judged."""
    united = connection.execute(select(UnionRow.leading_id, UnionRow.other_id))
    proposed = connection.execute(select(MergeProposalRow.one_id, MergeProposalRow.other_id))
    return pairs_on_record((row[0], row[1]) for row in [*united, *proposed])


def _parted(connection: Connection) -> frozenset[frozenset[str]]:
    """Pairs whose union somebody took back, by the keys of their records."""
    rows = connection.execute(select(UnionRow.leading_id, UnionRow.other_id).where(UnionRow.separated_at.is_not(None)))
    return frozenset(frozenset((str(row.leading_id), str(row.other_id))) for row in rows)


def _new(judged: Verdicts, held: set[tuple[UUID, UUID]]) -> Verdicts:
    """What has to be done still. Of a record beside united ones one pair is put before a person, and none where any of them was."""

    def is_new(one: Linked | ForPerson) -> bool:
        return ordered(UUID(one.one), UUID(one.other)) not in held

    beside = (pairs[0] for pairs in judged.beside if all(is_new(one) for one in pairs))
    return Verdicts(tuple(filter(is_new, judged.automatic)), (*filter(is_new, judged.for_person), *beside))


def _unite(
    connection: Connection,
    *,
    vault: Vault,
    pairs: Sequence[Linked],
    custodians: dict[UUID, UUID],
    jurisdiction: str,
    now: datetime,
) -> int:
    """How many of them were."""
    actor, rows = Actor(kind="system", job=JOB), []
    pairs = _still_there(connection, pairs)
    for pair in pairs:
        leading, other = ordered(UUID(pair.one), UUID(pair.other))
        union_id = unite(connection, leading_id=leading, other_id=other, by=f"job:{JOB}", now=now)
        students = [(leading, custodians[leading]), (other, custodians[other])]
        event = union_event(actor, union_id=union_id, operation="records-united", students=students)
        rows.append(row_of_event(event, sealing=vault, now=now))
    united = [UUID(pair.one) for pair in pairs]
    facts = facts_of_children_anew(connection, vault, united, jurisdiction=jurisdiction, now=now)
    rows += [told_by_a_job(one, sealing=vault, now=now) for one in facts]
    if rows:
        connection.execute(insert(OutboxRow), rows)
    return len(pairs)


def _propose(connection: Connection, *, pairs: Sequence[ForPerson], now: datetime) -> int:
    """How many of them were."""
    pairs = _still_there(connection, pairs)
    for pair in pairs:
        one, other = ordered(UUID(pair.one), UUID(pair.other))
        match_id = open_review(connection, request_id=None, student_ids=(one, other), reasons=pair.reasons, expires_at=now + WAITS, now=now)
        connection.execute(insert(MergeProposalRow).values(match_id=match_id, one_id=one, other_id=other))
    return len(pairs)


def _still_there(connection: Connection, pairs: Sequence[_Pair]) -> list[_Pair]:
    """Those of which neither record was destroyed while all were compared, which may take minutes; held until this is committed."""
    there = hold(connection, {UUID(one) for pair in pairs for one in (pair.one, pair.other)})
    return [pair for pair in pairs if {UUID(pair.one), UUID(pair.other)} <= there]
