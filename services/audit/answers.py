"""What an append is answered: `AppendResponse`, written directly.

Neighbouring entries share most of their paths, so each hash is printed once.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import to_base64url
from services.audit.checkpoints import latest_checkpoint
from services.audit.group_commit import Place
from services.audit.heads import LogDamaged
from services.audit.stored_tree import StoredTree
from services.audit.tables import TreeStateRow
from services.audit.waiting import Receipt
from shared.contracts.audit import Continued
from shared.database import Database


class Proven(NamedTuple):
    """An entry from the store, with its path to the root of the checkpoint `note` where its class asks for one."""

    leaf: bytes
    path: tuple[bytes, ...] | None
    note: str | None
    size: int
    """Of that checkpoint; 0 for none."""
    log_size: int
    """Entries of the log that it is in."""


async def prove_duplicates(database: Database, receipts: Sequence[Receipt], ahead: Sequence[bool]) -> dict[tuple[int, int], Proven]:
    """By log and index, the entries of events that were in the log before.

    ahead  of each event, whether its class asks for a proof
    """
    if not any(place.duplicate for receipt in receipts for place in receipt.places):
        return {}
    wanted: dict[int, dict[int, bool]] = {}
    for place, is_ahead in zip((place for receipt in receipts for place in receipt.places), ahead, strict=True):
        if place.duplicate:
            wanted.setdefault(place.log, {})[place.at] = is_ahead
    proven: dict[tuple[int, int], Proven] = {}
    async with database.reading() as tx:
        for year, indices in wanted.items():
            for index, found in (await _prove(tx, year, indices)).items():
                proven[year, index] = found
    return proven


async def _prove(tx: AsyncSession, year: int, indices: Mapping[int, bool]) -> dict[int, Proven]:
    """The entries with these indices; with their paths where the value is true."""
    tree = StoredTree(tx, year)
    leaves = await tree.entries_at(indices)
    checkpoint = await latest_checkpoint(tx, year)
    log_size = await tx.scalar(select(TreeStateRow.size).where(TreeStateRow.log == year)) or 0
    proven = {}
    for index, ahead in indices.items():
        if not ahead:
            proven[index] = Proven(leaves[index], None, None, 0, log_size)
            continue
        if checkpoint is None or checkpoint.size <= index:
            raise LogDamaged("an ahead-entry was committed without its checkpoint")
        path = await tree.inclusion_path(index, checkpoint.size)
        proven[index] = Proven(leaves[index], path, checkpoint.note, checkpoint.size, log_size)
    return proven


def append_answer(
    receipts: Sequence[Receipt],
    ahead: Sequence[bool],
    proven: Mapping[tuple[int, int], Proven],
    continued: Sequence[Continued],
) -> bytes:
    """The AppendResponse as JSON, in the order of the events."""
    asks = iter(ahead)
    entries: list[str] = []
    for receipt in receipts:
        note, paths = json.dumps(receipt.note), _PathTexts()
        for place in receipt.places:
            is_ahead = next(asks)
            if place.duplicate:
                entries.append(_duplicate(place, proven[place.log, place.at]))
                continue
            proof = ""
            if is_ahead and receipt.growth is not None:
                proof = f',"path":[{paths.of(receipt.growth.inclusion_path(place.at))}],"checkpoint":{note}'
            size = place.at + 1 if receipt.growth is None else receipt.growth.after.size
            entries.append(f'{{"index":{place.at},"size":{size},"duplicate":false,"entry":"{receipt.text_at(place.at)}"{proof}}}')
    paths_from = f',"continued":[{",".join([one.model_dump_json() for one in continued])}]' if continued else ""
    return f'{{"entries":[{",".join(entries)}]{paths_from}}}'.encode("ascii")


def _duplicate(place: Place, found: Proven) -> str:
    proof = ""
    if found.path is not None:
        proof = f',"path":[{_PathTexts().of(found.path)}],"checkpoint":{json.dumps(found.note)}'
    return f'{{"index":{place.at},"size":{found.log_size},"duplicate":true,"entry":"{to_base64url(found.leaf)}"{proof}}}'


class _PathTexts:
    def __init__(self) -> None:
        self._texts: dict[tuple[bytes, ...], str] = {(): ""}

    def of(self, path: tuple[bytes, ...]) -> str:
        """The path's digests as JSON strings, separated by commas."""
        text = self._texts.get(path)
        if text is None:
            above = self.of(path[1:])
            text = self._texts[path] = f'"{to_base64url(path[0])}"{"," if above else ""}{above}'
        return text
