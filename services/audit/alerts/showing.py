"""Alerts as officials read them: what was found, whom it is about, and what was said of it."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.alerts import NoSuchAlert
from safepassage.problems.requests import NotPermitted
from safepassage.wire_alerts import Alert, AlertAcknowledgement
from services.audit.alerts.found import alert_digest
from services.audit.checkpoints import latest_checkpoint
from services.audit.driver import Driver
from services.audit.heads import newest_log
from services.audit.index.lookup import Query, Stretch, find, query_of
from services.audit.index.terms import Kind, TermKeys, actor_value, doer_of, term_keys, term_of
from services.audit.openings import Place, open_entries, sight_of
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import AlertAcknowledgementRow, AlertRow, LogRow
from shared.caller import Caller
from shared.clock import EPOCH

NONCE_BYTES: Final = 12
WITNESS_FINDING: Final = "witness-finding"


class Keys(NamedTuple):
    """What alerts are read with."""

    terms: TermKeys
    notes: AESGCM


async def keys_of(tx: AsyncSession, keys: SubjectKeys) -> Keys:
    """The keys as the store has them."""
    terms: TermKeys = await tx.run_sync(lambda session: term_keys(Driver(session.connection()), keys))
    return Keys(terms, AESGCM(hmac.digest(terms.words, b"alert-notes", "sha256")))


async def require_agency(tx: AsyncSession, caller: Caller) -> None:
    """Alerts are about any organisation's clients: the state agency looks at them. Raises NotPermitted, PurposeMissing."""
    if not (await sight_of(tx, caller)).whole_state:
        raise NotPermitted("the state agency looks at alerts")


async def alert_of(tx: AsyncSession, alert_id: UUID, *, lock: bool = False) -> AlertRow:
    """An alert that the log has. Raises NoSuchAlert."""
    query = select(AlertRow).where(AlertRow.id == alert_id, AlertRow.entry_idx.is_not(None))
    row: AlertRow | None = await tx.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NoSuchAlert
    return row


async def is_about(tx: AsyncSession, row: AlertRow, caller: Caller, keys: SubjectKeys) -> bool:
    """Whether an alert is about who calls: about the client, the one whose token it exchanged, the person for whom it does, or what the
    person did through another client."""
    claims, terms = caller.claims, (await keys_of(tx, keys)).terms
    clients = [one for one in (claims.client_id, claims.for_client) if one is not None]
    themselves = {doer_of(actor_value(client_id=one), claims.person or "") for one in clients}
    if claims.person is not None:
        themselves.add((Kind.SIGNED_IN, claims.person))
    if row.subject in {term_of(*one, terms, epoch) for one in themselves for epoch in terms.tags}:
        return True
    if claims.person is None or row.log is None or row.first is None or row.last is None:
        return False
    signed_in = query_of([frozenset({(Kind.SIGNED_IN, claims.person)})], terms)
    query = Query(signed_in.clauses, (frozenset({row.subject}), *signed_in.terms))
    evidence = Stretch(row.log, row.first, row.last + 1)
    found = await tx.run_sync(lambda session: find(Driver(session.connection()), keys, query, [evidence], limit=1))
    return bool(found.places)


def sealed_note(cipher: AESGCM, note: str | None, *, of: UUID) -> bytes | None:
    """A note, sealed and bound to its acknowledgement."""
    if note is None:
        return None
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, note.encode(), _bound_to(of))


async def shown_alerts(tx: AsyncSession, keys: SubjectKeys, rows: Sequence[AlertRow]) -> list[Alert]:
    """Alerts, in the order of their rows. Who they are about is read from the log."""
    origins = {row.year: row.origin for row in (await tx.scalars(select(LogRow))).all()}
    places = {row.id: Place(row.log, row.first) for row in rows if row.log is not None and row.first is not None}
    opened = {entry.place: entry for entry in await open_entries(tx, keys, sorted(set(places.values())), tags=())}
    said = await _acknowledgements(tx, (await keys_of(tx, keys)).notes, [row.id for row in rows])
    covered = await _covered(tx)

    def shown(row: AlertRow) -> Alert:
        entry = opened.get(places[row.id]) if row.id in places else None
        return Alert(
            **{name: getattr(row, name) for name in ("id", "rule", "found_at", "count", "usual", "seen_count", "reopened", "about")},
            day=day_text(row.day),
            state="open" if row.acknowledged_count is None else "acknowledged",
            actor=None if entry is None or entry.actor is None else entry.actor.payload,
            evidence_log=None if row.log is None else origins[row.log],
            first=row.first,
            last=row.last,
            log=origins[row.entry_log or 0],
            index=row.entry_idx or 0,
            proof="published" if (row.entry_log or 0, row.entry_idx or 0) < covered else "pending",
            digest=None if row.rule == WITNESS_FINDING else alert_digest(row),
            acknowledgements=tuple(said.get(row.id, ())),
        )

    return [shown(row) for row in rows]


async def _covered(tx: AsyncSession) -> tuple[int, int]:
    """The year and index of the first entry that no checkpoint covers; a new year's log has none at first."""
    log = await newest_log(tx)
    checkpoint = None if log is None else await latest_checkpoint(tx, log.year)
    return (0 if log is None else log.year, 0 if checkpoint is None else checkpoint.size)


def day_text(day: int) -> str:
    """A day, as RFC 3339 has it."""
    return (EPOCH + timedelta(days=day)).date().isoformat()


async def _acknowledgements(tx: AsyncSession, cipher: AESGCM, ids: Sequence[UUID]) -> dict[UUID, list[AlertAcknowledgement]]:
    query = select(AlertAcknowledgementRow).where(AlertAcknowledgementRow.alert_id.in_(ids))
    said: dict[UUID, list[AlertAcknowledgement]] = {}
    for row in (await tx.scalars(query.order_by(AlertAcknowledgementRow.at.desc(), AlertAcknowledgementRow.count.desc()))).all():
        members: dict[str, Any] = {name: getattr(row, name) for name in ("at", "official", "role", "reason", "count")}
        note = row.sealed_note
        opened = None if note is None else cipher.decrypt(note[:NONCE_BYTES], note[NONCE_BYTES:], _bound_to(row.id)).decode()
        said.setdefault(row.alert_id, []).append(AlertAcknowledgement(**members, note=opened))
    return said


def _bound_to(acknowledgement_id: UUID) -> bytes:
    return b"alert-note\0" + acknowledgement_id.bytes
