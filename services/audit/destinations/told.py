"""What a destination is told of an entry: the OCSF event that an export writes, less than an export may have, and where the entry is. Pure.

# INVARIANT: no student, no parent, no person on whose behalf somebody acted, no free text, nothing of what a court keeps secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from safepassage import __version__
from safepassage.canonical import to_base64url
from safepassage.proofs import leaf_hash
from safepassage.wire_destinations import DeliveredEntries, DeliveredEntry, LogDelivery
from services.audit.drafts import SEALED_BY_COURT
from services.audit.exports.exported import exported
from services.audit.exports.ocsf import ocsf_event
from services.audit.openings import OpenedEntry
from shared.actors import FAMILY

NOT_TOLD: Final = frozenset({"peer_checkpoint", "recipient_name", "threat"})
"""Members of a context: one is long and is verified elsewhere, the others are text."""
OF_A_SECRET_ORDER: Final = frozenset({"operation", "outcome"})
"""All that is told of what rests on an order that is not to be known of (34 CFR 99.31(a)(9)(ii))."""


def told_entry(entry: OpenedEntry, *, entity_id: str) -> DeliveredEntry:
    """The entry as every destination gets it."""
    told = exported(entry)
    actor = None if told.actor is None else _actor(told.actor)
    context = None if told.context is None else _context(told.context)
    narrowed = replace(told, student_ids=(), actor=actor, context=context)
    event = ocsf_event(narrowed, entity_id=entity_id, product_version=__version__)
    digest = to_base64url(leaf_hash(entry.entry))
    event["unmapped"]["leaf_hash"] = digest
    return DeliveredEntry(index=entry.place.at, leaf_hash=digest, event=event)


def _actor(actor: Mapping[str, Any]) -> dict[str, Any]:
    """Staff who signed in are told of by what the node calls them; a family is not."""
    hidden = {"acting_for", "person"} if "acting_for" in actor or actor.get("client_id") == FAMILY else set()
    return {name: value for name, value in actor.items() if name not in hidden}


def _context(context: Any) -> dict[str, Any]:
    if context.get("basis") in SEALED_BY_COURT:
        return {name: value for name, value in context.items() if name in OF_A_SECRET_ORDER}
    return {name: value for name, value in context.items() if name not in NOT_TOLD}


def delivery_of(destination_id: UUID, log: str, entries: Sequence[DeliveredEntry]) -> LogDelivery:
    """The body of a webhook with entries of one log, at least one."""
    logged_at = datetime.fromtimestamp(entries[-1].event["time"] / 1000, UTC)
    data = DeliveredEntries(destination_id=destination_id, log=log, entries=tuple(entries))
    return LogDelivery(type="log.entries", timestamp=logged_at, data=data)


def webhook_id(destination_id: UUID, log: str, start: int, end: int) -> str:
    """The id of the entries [start, end) of a log on their way to a destination: the same however often they are sent."""
    return f"{destination_id.hex}_{log.rpartition('/')[2]}_{start}_{end}"
