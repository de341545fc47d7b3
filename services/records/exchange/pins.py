"""Keeping the largest checkpoint of each log, so that a log that goes back or forks is found out."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Update, bindparam, update

from safepassage.canonical import to_base64url
from safepassage.checkpoints import Checkpoint
from services.records.tables import PeerLogRow
from shared import prepared
from shared.inserts import insert_of

_TABLE = PeerLogRow.__table__


def pin(connection: Connection, checkpoint: Checkpoint, *, node: str, note: str, now: datetime) -> None:
    """Store a verified checkpoint of a log of `node`, unless a larger one is stored."""
    prepared.change(connection, *pinning(connection.dialect.name, checkpoint, node=node, note=note, now=now))


def pinning(dialect: str, checkpoint: Checkpoint, *, node: str, note: str, now: datetime) -> prepared.Change:
    """The change that `pin` makes."""
    return _pin(dialect), {"origin": checkpoint.origin, "node": node, **_values(checkpoint, note, now)}


def pin_after(connection: Connection, before: Checkpoint, checkpoint: Checkpoint, *, note: str, now: datetime) -> bool:
    """Store a verified checkpoint of the same log in the place of `before`; False, and nothing is stored, if another one is there."""
    return bool(prepared.change(connection, *pinning_after(before, checkpoint, note=note, now=now)))


def pinning_after(before: Checkpoint, checkpoint: Checkpoint, *, note: str, now: datetime) -> prepared.Change:
    """The change that `pin_after` makes."""
    values = {f"new_{name}": value for name, value in _values(checkpoint, note, now).items()}
    held = {"origin_": before.origin, "size_": before.size, "root_": to_base64url(before.root)}
    return _MOVE, {**held, **values}


def _values(checkpoint: Checkpoint, note: str, now: datetime) -> dict[str, Any]:
    return {"size": checkpoint.size, "root": to_base64url(checkpoint.root), "note": note, "seen_at": now}


@cache
def _pin(dialect: str) -> Insert:
    statement = insert_of(dialect, _TABLE)
    values = {name: statement.excluded[name] for name in ("size", "root", "note", "seen_at")}
    larger = _TABLE.c.size < statement.excluded.size
    pinned: Insert = statement.on_conflict_do_update(index_elements=[_TABLE.c.origin], set_=values, where=larger)
    return pinned


_MOVE: Update = (
    update(PeerLogRow.__table__)  # type: ignore[arg-type]  # a Table
    .where(_TABLE.c.origin == bindparam("origin_"), _TABLE.c.size == bindparam("size_"), _TABLE.c.root == bindparam("root_"))
    .values({name: bindparam(f"new_{name}") for name in ("size", "root", "note", "seen_at")})
)
